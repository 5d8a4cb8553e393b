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
from capgateway.clock import monotonic, utc_now
from capgateway.errors import StoreError
from capgateway.feeds.health import window
from capgateway.feeds.http.certificate import certificate_end
from capgateway.feeds.pace import floor
from capgateway.feeds.status import FeedStatus, PollResult
from capgateway.feeds.stream.listen import follow
from capgateway.ingest import gaps, server_clock
from capgateway.ingest.erasing import Erasing
from capgateway.ingest.folder import sweep
from capgateway.ingest.hand import submit
from capgateway.ingest.intake import LOGGER
from capgateway.ingest.jobs import Jobs
from capgateway.ingest.poll import poll, retry_missing
from capgateway.ingest.silence import Silence
from capgateway.ingest.stream import hear
from capgateway.ingest.watch import Watch
from capgateway.store import feeds as stored_feeds
from capgateway.store import gaps as stored_gaps
from capgateway.store import retention
from capgateway.tasks import Faults, Task, keep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from datetime import datetime

    import aiohttp

    from capgateway.errors import FetchError
    from capgateway.feeds import Feed
    from capgateway.feeds.http.answer import Validators
    from capgateway.feeds.status import Submitted
    from capgateway.ingest.intake import Intake
    from capgateway.store.gaps import Gap

EXPIRE_EVERY = timedelta(seconds=1)
EACH_SECOND = timedelta(seconds=1)
ERASE_EVERY = timedelta(seconds=5)
"""What is to be erased is within a minute, and a retention may be as short as a second."""
PRUNE_EVERY = timedelta(hours=1)
LOOK_FOR_GAPS_EVERY = timedelta(seconds=1)
REMEMBERED_WITHIN = timedelta(seconds=30)
"""How much of the last complete answer's time a crash may lose, where no shorter window makes a gap of that."""
A_WINDOW = 4
"""A crash may lose so small a part of a feed's window."""
FIRST_POLLS_APART = timedelta(milliseconds=20)
"""The first polls are spread: all at once they would hold the loop up."""
FIRST_POLLS_WITHIN = timedelta(seconds=60)
HURRIED_APART = timedelta(seconds=30)
"""When an outage ends, one feed after the other has its gap ended: the others are not asked again for each of them."""
BEGIN_AT_ONCE = 100
"""Feeds added to the schedule before others get their turn; each takes some 60 µs."""
CERTIFICATES_EVERY = timedelta(hours=6)
CONNECTIONS_A_HOST = 100
"""Of all feeds with the same settings: so many links of one may hang, and the index of another does not wait for them."""
EXPIRY_LATE_SECONDS = 30.0
"""So long without a look for cards whose time has come is trouble; it comes each second."""


class Watching:
    """All feeds of one gateway process. ``each_second`` is other work that waits for a time to come, by its name."""

    def __init__(
        self,
        intake: Intake,
        user_agent: str,
        faults: Faults | None = None,
        *,
        each_second: Mapping[str, Callable[[], Awaitable[object]]] | None = None,
    ) -> None:
        self.feeds: tuple[Feed, ...] = ()
        self._faults = faults or Faults(intake.metrics)
        self._replacing = asyncio.Lock()
        self._intake, self._user_agent = intake, user_agent
        self._watches: dict[str, Watch] = {}
        self._sessions: dict[object, aiohttp.ClientSession] = {}
        self._streams: dict[str, list[asyncio.Task[None]]] = {}
        self._remembered: dict[str, datetime] = {}
        self._asks_others: set[str] = set()
        self._erasing = Erasing(intake)
        self._silence = Silence(intake)
        self._each_second = each_second or {}
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
        with contextlib.suppress(StoreError):  # reminders are then late by as much as the clock went back
            await self._intake.store.write(stored_gaps.not_ahead)
        self.jobs.start()
        self.jobs.every("expire", self._intake.expire, EXPIRE_EVERY)
        for name, work in self._each_second.items():
            self.jobs.every(name, work, EACH_SECOND)
        self.jobs.every("erase", self._erasing.look, ERASE_EVERY)
        self.jobs.every("prune", self._prune, PRUNE_EVERY, first=soon)
        self.jobs.every("gaps", self._look_for_gaps, LOOK_FOR_GAPS_EVERY, first=LOOK_FOR_GAPS_EVERY)
        self.jobs.every("silence", self._look_for_silence, EACH_SECOND, first=EACH_SECOND)
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
        known, complete, gaps_of = await self._remembered_of_feeds()
        self.feeds = tuple(feeds)
        wanted = {feed.name: feed for feed in feeds if feed.enabled}
        for name, watch in list(self._watches.items()):
            if wanted.get(name) != watch.feed:
                self._forget(name)
        new = [feed for name, feed in wanted.items() if name not in self._watches]
        apart = min(FIRST_POLLS_APART, FIRST_POLLS_WITHIN / max(len(new), 1))
        for feed in new:
            self._watches[feed.name] = Watch(
                feed, self._session(feed), known.get(feed.name, {}), complete.get(feed.name), gaps_of.get(feed.name)
            )
            if feed.name in complete:
                self._remembered[feed.name] = complete[feed.name]
        with contextlib.suppress(StoreError):  # each poll looks again
            await self._notice_gaps()
        for number, feed in enumerate(new):
            watch = self._watches[feed.name]
            self._begin(watch, number * apart)
            if number % BEGIN_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _remembered_of_feeds(
        self,
    ) -> tuple[Mapping[str, Mapping[str, Validators]], Mapping[str, datetime], Mapping[str, Gap]]:
        """What the store knows of feeds. While it cannot be asked nothing is known, and feeds are read in full."""
        read = self._intake.store.read
        try:
            return (
                await read(stored_feeds.validators),
                await read(stored_feeds.complete),
                await read(stored_gaps.latest),
            )
        except StoreError as error:
            log.event(LOGGER, "feeds.unknown", level=logging.ERROR, trouble=str(error))
            return {}, {}, {}

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
        feed, watch.on_retry, watch.on_gap = watch.feed, self._retry_soon, self._ask_others_soon
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

    async def _prune(self) -> None:
        await self._intake.store.write(retention.prune)

    async def _look_for_gaps(self) -> None:
        """Each second: feeds that are away for too long, what others may know of them, and what operators are to be reminded
        of."""
        await self._notice_gaps()
        self._ask_others()
        await self.remember(within=REMEMBERED_WITHIN)
        await gaps.remind(self._intake, utc_now())

    async def _look_for_silence(self) -> None:
        await self._silence.look(list(self._watches.values()), utc_now())

    async def _notice_gaps(self) -> None:
        overdue = [watch for watch in self._watches.values() if watch.is_overdue]
        await asyncio.gather(*(gaps.notice(self._intake, watch) for watch in overdue))

    def _ask_others_soon(self, watch: Watch) -> None:
        """Within a second: many feeds may have a gap at once."""
        self._asks_others.add(watch.feed.name)

    def _ask_others(self) -> None:
        """Ask the other feeds what feeds with a gap may have missed: each once, without conditions, the NWS first as it keeps
        its cancels for days."""
        names, self._asks_others = self._asks_others, set()
        but = next(iter(names)) if len(names) == 1 else None
        others = [watch for name, watch in self._watches.items() if names and name != but and not watch.is_paused]
        polled = [watch for watch in others if watch.feed.kind not in ("naads", "push", "directory")]
        idle = [watch for watch in polled if not watch.reads_whole]  # the others are about to be asked, or in trouble
        for number, watch in enumerate(sorted(idle, key=lambda one: one.feed.kind != "nws")):
            waits = floor(watch.feed.url) - (utc_now() - watch.last_try) if watch.last_try else timedelta()
            again = HURRIED_APART - timedelta(seconds=monotonic() - watch.hurried_at) if watch.hurried_at > 0 else waits
            watch.reads_whole, watch.hurried_at = True, monotonic()
            self.jobs.hurry(_job(watch.feed.name), max(number * FIRST_POLLS_APART, waits, again))

    async def remember(self, *, within: timedelta = timedelta()) -> None:
        """When feeds last gave a complete answer, where what is stored is older by more than that: a poll alone writes nothing.
        What an answer shows to be missing goes first."""
        news = {
            name: watch.complete_at
            for name, watch in self._watches.items()
            if watch.complete_at
            and watch.strangers is None
            and watch.unjudged_since is None
            and not watch.has_open_gap
            and _is_stale(self._remembered.get(name), watch, within)
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
            await self.remember()
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


def _is_stale(stored: datetime | None, watch: Watch, within: timedelta) -> bool:
    """Whether the stored time of the last answer is too old to be started with."""
    if stored is None or watch.complete_at is None:
        return True
    allowed = min(within, (window(watch.feed) or within * A_WINDOW) / A_WINDOW)
    return abs(watch.complete_at - stored) > allowed


def _missing(name: str) -> str:
    return f"missing:{name}"


def _job(name: str) -> str:
    return f"feed:{name}"


def _tasks_of(name: str) -> list[Task]:
    """What works for a feed as long as it is watched."""
    return [Task("listener", name), Task("catch-up", name), Task("job", _job(name)), Task("job", _missing(name))]
