"""Watch the configured feeds: a job for each that is polled or swept, a task for each stream, and how they are doing.

The first polls are spread and each next one comes when the feed's own pace says so; a failing feed backs off and
disturbs no other. Replacing the feeds keeps the schedule of those that are as they were. A fault in what listens or
comes again is noted, and it begins again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import structs

from capgateway import log, net
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.feeds.http.certificate import certificate_end
from capgateway.feeds.status import FeedStatus, PollResult
from capgateway.feeds.stream.listen import follow
from capgateway.ingest import server_clock
from capgateway.ingest.folder import sweep
from capgateway.ingest.hand import submit
from capgateway.ingest.intake import LOGGER
from capgateway.ingest.jobs import Jobs
from capgateway.ingest.poll import poll, retry_missing
from capgateway.ingest.stream import hear
from capgateway.ingest.watch import Watch
from capgateway.store import feeds as stored_feeds
from capgateway.store import retention
from capgateway.tasks import Faults, Task, keep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from datetime import datetime

    import aiohttp

    from capgateway.errors import FetchError
    from capgateway.feeds import Feed
    from capgateway.feeds.http.answer import Validators
    from capgateway.feeds.status import Submitted
    from capgateway.ingest.intake import Intake

EXPIRE_EVERY = timedelta(seconds=1)
ERASE_EVERY = timedelta(hours=1)
REMEMBER_EVERY = timedelta(seconds=30)
"""How much of the last complete answer's time a crash may lose. Gaps are longer."""
FIRST_POLLS_APART = timedelta(milliseconds=20)
"""The first polls are spread: all at once they would hold the loop up."""
FIRST_POLLS_WITHIN = timedelta(seconds=60)
BEGIN_AT_ONCE = 100
"""Feeds added to the schedule before others get their turn; each takes some 60 µs."""
CERTIFICATES_EVERY = timedelta(hours=6)
CONNECTIONS_A_HOST = 100
"""Of all feeds with the same settings: so many links of one may hang, and the index of another does not wait for them."""
EXPIRY_LATE_SECONDS = 30.0
"""So long without a look for cards whose time has come is trouble; it comes each second."""


class Watching:
    """All feeds of one gateway process."""

    def __init__(self, intake: Intake, user_agent: str, faults: Faults | None = None) -> None:
        self.feeds: tuple[Feed, ...] = ()
        self._faults = faults or Faults(intake.metrics)
        self._replacing = asyncio.Lock()
        self._intake, self._user_agent = intake, user_agent
        self._watches: dict[str, Watch] = {}
        self._sessions: dict[object, aiohttp.ClientSession] = {}
        self._streams: dict[str, list[asyncio.Task[None]]] = {}
        self._remembered: dict[str, datetime] = {}
        self.jobs = Jobs(self._faults)

    @property
    def is_running(self) -> bool:
        return self.jobs.is_running

    def troubles(self) -> list[str]:
        """Why this walk does not do its part."""
        if not self.is_running:
            return ["the scheduler does not run"]
        idle = self.jobs.seconds_since("expire")
        if idle is not None and idle > EXPIRY_LATE_SECONDS:
            return [f"for {idle:.0f} s the gateway has not ended the cards whose time has come"]
        return []

    @contextlib.asynccontextmanager
    async def running(self, feeds: Sequence[Feed]) -> AsyncIterator[None]:
        """Watch these feeds, and end cards whose time has come, while the context lasts."""
        soon = FIRST_POLLS_WITHIN
        self.jobs.start()
        self.jobs.every("expire", self._intake.expire, EXPIRE_EVERY)
        self.jobs.every("erase", self._erase, ERASE_EVERY, first=soon)
        self.jobs.every("remember", self._remember, REMEMBER_EVERY, first=soon)
        self.jobs.every("certificates", self._look_at_certificates, CERTIFICATES_EVERY, first=soon)
        try:
            await self.replace(feeds)
            yield
        finally:
            await self._stop()

    async def replace(self, feeds: Sequence[Feed]) -> None:
        """Watch these feeds and no others. Who replaces them meanwhile comes after."""
        async with self._replacing:
            if self.is_running:
                await self._replace(feeds)

    async def _replace(self, feeds: Sequence[Feed]) -> None:
        known, complete = await self._remembered_of_feeds()
        self.feeds = tuple(feeds)
        wanted = {feed.name: feed for feed in feeds if feed.enabled}
        for name, watch in list(self._watches.items()):
            if wanted.get(name) != watch.feed:
                self._forget(name)
        new = [feed for name, feed in wanted.items() if name not in self._watches]
        apart = min(FIRST_POLLS_APART, FIRST_POLLS_WITHIN / max(len(new), 1))
        for number, feed in enumerate(new):
            watch = self._watches[feed.name] = Watch(
                feed, self._session(feed), known.get(feed.name, {}), complete.get(feed.name)
            )
            self._begin(watch, number * apart)
            if number % BEGIN_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _remembered_of_feeds(self) -> tuple[Mapping[str, Mapping[str, Validators]], Mapping[str, datetime]]:
        """What the store knows of feeds. While it cannot be asked nothing is known, and feeds are read in full."""
        try:
            return await self._intake.store.read(stored_feeds.validators), await self._intake.store.read(
                stored_feeds.complete
            )
        except StoreError as error:
            log.event(LOGGER, "feeds.unknown", level=logging.ERROR, trouble=str(error))
            return {}, {}

    def statuses(self) -> list[FeedStatus]:
        """How every configured feed is doing, in the order of the configuration."""
        return list(self._statuses())

    def find(self, name: str) -> Watch | None:
        """The watch of an enabled feed."""
        return self._watches.get(name)

    async def poll_now(self, watch: Watch) -> PollResult:
        """Ask one feed now; a stream is listened to anyway."""
        if watch.feed.kind == "directory":
            return await sweep(self._intake, watch)
        with server_clock.asking(watch):
            return await poll(self._intake, watch)

    async def submit(self, watch: Watch, document: bytes) -> list[Submitted]:
        """Take in a document that was handed over."""
        return await submit(self._intake, watch, document)

    def _statuses(self) -> Iterator[FeedStatus]:
        now = utc_now()
        for feed in self.feeds:
            if watch := self._watches.get(feed.name):
                fault = self._faults.of(*_tasks_of(feed.name))
                yield structs.replace(watch.status(now), fault=fault and str(fault))
            else:
                yield FeedStatus(name=feed.name, kind=feed.kind, enabled=False, health="disabled", url=feed.address)

    def _begin(self, watch: Watch, after: timedelta) -> None:
        feed, watch.on_retry = watch.feed, self._retry_soon
        if feed.kind == "naads":
            self._streams[feed.name] = [asyncio.create_task(self._listen(watch, url)) for url in feed.urls]
        elif feed.kind != "push":
            self.jobs.paced(_job(feed.name), self._poll, watch, first=after)

    def _forget(self, name: str) -> None:
        watch = self._watches.pop(name)
        for task in _tasks_of(name):
            self._faults.forget(task)
        for task in [*self._streams.pop(name, ()), *watch.tasks]:
            task.cancel()
        if watch.feed.kind not in ("naads", "push"):
            self.jobs.drop(_job(name))
            self.jobs.drop(_missing(name))

    async def _poll(self, watch: Watch) -> None:
        """One poll by the clock."""
        await self.poll_now(watch)
        if not self._is_ours(watch):
            return
        if watch.wants_other_time and watch.next_try:
            self.jobs.move(_job(watch.feed.name), watch.next_try - utc_now())

    async def _retry(self, watch: Watch) -> None:
        """Look for missing entries between two polls."""
        with server_clock.asking(watch), contextlib.suppress(StoreError):  # the next poll looks again
            await retry_missing(self._intake, watch)

    def _retry_soon(self, watch: Watch) -> None:
        if self._is_ours(watch) and watch.retry_at and (watch.next_try is None or watch.retry_at < watch.next_try):
            self.jobs.once(_missing(watch.feed.name), self._retry, watch, after=watch.retry_at - utc_now())

    def _is_ours(self, watch: Watch) -> bool:
        """Whether the feed was not replaced meanwhile."""
        return self._watches.get(watch.feed.name) is watch and self.is_running

    async def _listen(self, watch: Watch, url: str) -> None:
        task = Task("listener", watch.feed.name)

        async def take(document: bytes) -> None:
            watch.spoke(url)
            try:
                await hear(self._intake, watch, document, self._faults)
            except Exception as error:  # noqa: BLE001  (a fault of ours over one document must not end the stream)
                self._faults.note(task, error)
            else:
                self._faults.mended(task)

        def lost(error: FetchError, failures: int) -> None:
            watch.lost(url, str(error), utc_now())
            log.event(
                LOGGER,
                "stream.lost",
                level=logging.WARNING,
                feed=watch.feed.name,
                url=url,
                reason=error.reason,
                failures=failures,
                trouble=str(error),
            )

        async def listen() -> None:
            await follow(url, watch.feed, take=take, lost=lost)

        with server_clock.asking(watch):
            await keep(task, listen, self._faults)

    async def _look_at_certificates(self) -> None:
        """Until when the servers' certificates are valid; what cannot be asked now is asked next time."""
        ends: dict[tuple[str, str, str | None], datetime | None] = {}
        for watch in list(self._watches.values()):
            url = urlsplit(watch.feed.address)
            server = (url.scheme, url.netloc, watch.feed.ca)
            if server not in ends:
                ends[server] = None
                with contextlib.suppress(*net.TROUBLE, ValueError):  # the poll itself says what is wrong
                    ends[server] = await certificate_end(watch.feed.address, watch.feed)
            watch.certificate_expires_at = ends[server] or watch.certificate_expires_at

    async def _erase(self) -> None:
        """What feeds sent is evidence for a while, and then only a store of names."""
        store, before = self._intake.store, utc_now() - self._intake.policy.retention
        await store.write(retention.erase_bodies, before)
        await store.write(retention.prune)

    async def _remember(self) -> None:
        """When feeds last gave a complete answer, of those that have given one since: a poll alone writes nothing."""
        news = {
            name: watch.complete_at
            for name, watch in self._watches.items()
            if watch.complete_at and watch.complete_at != self._remembered.get(name)
        }
        if news:
            await self._intake.store.write(stored_feeds.save_complete, news)
            self._remembered |= news

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: what was to happen at a time happens after as long as before."""
        self.jobs.clock_stepped(by)
        for watch in self._watches.values():
            watch.clock_stepped(by)
        self._intake.hosts.clock_stepped(by)

    async def _stop(self) -> None:
        self.jobs.is_running = False  # whoever would replace the feeds now comes too late
        with contextlib.suppress(StoreError):  # the gap is then measured from a little earlier
            await self._remember()
        streams = [task for tasks in self._streams.values() for task in tasks]
        await self.jobs.stop([*streams, *(task for watch in self._watches.values() for task in watch.tasks)])
        for session in self._sessions.values():
            await session.close()

    def _session(self, feed: Feed) -> aiohttp.ClientSession:
        """Feeds with the same network settings share a session."""
        key = (feed.allow_networks, feed.ca, feed.client_cert, feed.client_key, feed.proxy)
        if key not in self._sessions:
            self._sessions[key] = net.new_session(
                user_agent=self._user_agent,
                allow_networks=feed.allow_networks,
                ca=feed.ca,
                client_cert=feed.client_cert,
                client_key=feed.client_key,
                proxy=feed.proxy,
                limit_per_host=CONNECTIONS_A_HOST,
                traces=[server_clock.trace()],
            )
        return self._sessions[key]


def _missing(name: str) -> str:
    return f"missing:{name}"


def _job(name: str) -> str:
    return f"feed:{name}"


def _tasks_of(name: str) -> list[Task]:
    """What works for a feed as long as it is watched."""
    return [Task("listener", name), Task("catch-up", name), Task("job", _job(name)), Task("job", _missing(name))]
