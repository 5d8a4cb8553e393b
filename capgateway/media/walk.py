"""The walk of pictures: what live cards wait for is fetched or read out of its alert, decoded, and shown in their next revision.

::

    due ─▶ claim ─▶ bring: fetch or read ─▶ digest ─▶ decode, in a child ─▶ settle: rows, the next revision, messages
              ▲                │ not now
              └── later ───────┘

No card waits for it, and no fault in it ends anything. It needs nothing but the store, so any process that polls may do it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from capgateway import log, threads
from capgateway.cap import digest
from capgateway.cards.pictures import host_of, is_listed
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.media import child, embedded
from capgateway.media.fetch import Source, fetch
from capgateway.store import lists, pictures
from capgateway.store.pictures import Done, Errand, Failed, Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from capgateway.cards import Policy
    from capgateway.feeds import Feed
    from capgateway.metrics import Metrics
    from capgateway.store import Store
    from capgateway.store.pictures import Place

LOGGER = logging.getLogger("capgateway.media")
AT_ONCE = 4
"""Pictures under way. They are few, and a sender of many must not fill the memory."""
DECODERS = 2
"""Child processes at once: each may take as much memory as it is given."""
LOOK_SECONDS = 1.0
"""The longest pause between two looks: another process may have displayed a card, and wakes nobody here."""
GATHER_SECONDS = 0.5
"""For so long, pictures that are ready wait for others, so that they come in one revision."""
TROUBLE_SECONDS = 1.0
"""The pause after the database failed us."""
PATIENCE = 10.0
LONGEST_PATIENCE = 60.0
"""Seconds for one fetch. It doubles with each failure: a slow server must have its turn, and must not keep others from theirs."""
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0
"""Seconds until a failure is tried again, doubled each time and spread by chance."""
MOST_DOUBLINGS = 10


class Pictures:
    """Runs until :meth:`stop`. ``policy`` and ``feeds``, by name, may be replaced at run time."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        feeds: Mapping[str, Feed],
        *,
        user_agent: str,
        metrics: Metrics,
        on_messages: Callable[[], None],
    ) -> None:
        self.policy, self.feeds = policy, feeds
        self._store, self._user_agent, self._metrics, self._on_messages = store, user_agent, metrics, on_messages
        self._under_way: dict[asyncio.Task[Done], str] = {}
        self._done: list[Done] = []
        self._decoders = asyncio.Semaphore(DECODERS)
        self._woken = asyncio.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """Something was stored: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Let :meth:`run` return. What is under way is begun again when its lease ends."""
        self._is_stopping = True
        self._woken.set()

    async def try_again(self) -> None:
        """The configuration may have changed: what could not be fetched is tried now."""
        if await self._store.write(pictures.try_again):
            self.wake()

    async def run(self) -> None:
        """Bring pictures until stopped. After a fault it may be run again."""
        try:
            with suppress(StoreError):
                await self.try_again()
            while not self._is_stopping:
                await self._turn()
        finally:
            under_way, self._under_way = self._under_way, {}
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _turn(self) -> None:
        self._woken.clear()
        try:
            await self._begin()
            self._done += await self._finished()
            await self._settle()
        except StoreError as error:
            log.event(LOGGER, "pictures.waiting", level=logging.WARNING, trouble=str(error))
            await asyncio.sleep(TROUBLE_SECONDS)

    async def _begin(self) -> None:
        """Begin what may begin now."""
        room, ours = AT_ONCE - len(self._under_way), list(self._under_way.values())
        if room > 0 and await self._store.read(pictures.is_due, utc_now(), ours):
            for errand in await self._store.write(pictures.claim, room, ours):
                self._under_way[asyncio.create_task(self._do(errand))] = errand.id

    async def _finished(self) -> list[Done]:
        """What is done; nothing when it is time to look again."""
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            waits = {woken, *self._under_way}
            done, _ = await asyncio.wait(waits, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if self._under_way and done - {woken}:
                await asyncio.wait(self._under_way, timeout=GATHER_SECONDS)
        finally:
            woken.cancel()
        finished = [task for task in self._under_way if task.done()]
        for task in finished:
            del self._under_way[task]
        return [task.result() for task in finished]

    async def _settle(self) -> None:
        """Write down what is done. Should a fault of the gateway break that, each is written down by itself, and the one over which it
        breaks is tried again later."""
        done = self._done
        try:
            await self._write(done)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001
            for one in done:
                await self._write_alone(one, error)
        self._done = []

    async def _write_alone(self, one: Done, error: Exception) -> None:
        try:
            await self._write([one])
        except StoreError:
            raise
        except Exception:  # noqa: BLE001
            log.event(LOGGER, "picture.crashed", level=logging.ERROR, fault=type(error).__name__)
            await self._write([_later(one.errand, _fault(error))])

    async def _write(self, done: list[Done]) -> None:
        if not done:
            return
        messages = await self._store.write_alone(pictures.settle, done, self.policy)
        for one in done:
            self._tell(one)
        if messages:
            self._on_messages()

    async def _do(self, errand: Errand) -> Done:
        """Do an errand. Never raises for what strangers send; a fault of the gateway is logged, and it is tried again."""
        try:
            result = await self._bring(errand)
        except Exception as error:  # noqa: BLE001  (whatever it is: the card stays as it is)
            log.event(LOGGER, "picture.crashed", level=logging.ERROR, fault=type(error).__name__)
            result = _fault(error)
        if isinstance(result, Failed) and result.is_for_now:
            return _later(errand, result)
        return Done(errand=errand, result=result)

    async def _bring(self, errand: Errand) -> Made | Failed:
        found = await (self._fetch(errand) if errand.uri is not None else self._read(errand.places))
        if isinstance(found, Failed):
            return found
        content, text = found
        stated = errand.digest
        is_other = stated is not None and not await threads.parse(lambda: digest.matches(stated, content, text))
        if is_other and errand.uri is not None:
            return Failed(finding="digest", trouble="it is not the file that the alert means")
        async with self._decoders:
            made = await child.decode(content)
        if isinstance(made, Made) and is_other:
            return msgspec.structs.replace(made, finding="digest")
        return made

    async def _fetch(self, errand: Errand) -> tuple[bytes, None] | Failed:
        """Ask in the name of the feeds that announce it, in turn, until one may have it."""
        failed = Failed(finding="fetch", trouble="no feed that announces it is configured")
        uri, patience = errand.uri or "", min(PATIENCE * 2 ** min(errand.failures, MOST_DOUBLINGS), LONGEST_PATIENCE)
        for source in self._sources(errand):
            try:
                async with asyncio.timeout(patience):
                    found = await fetch(uri, source, user_agent=self._user_agent, now=utc_now())
            except TimeoutError:
                return Failed(finding="fetch", trouble=f"no whole answer within {patience:g} s", is_for_now=True)
            if isinstance(found, bytes):
                return found, None
            failed = found
            if found.is_for_now or found.finding != "fetch":
                break
        return failed

    def _sources(self, errand: Errand) -> list[Source]:
        """The feeds that announce it, those first which may have pictures from there."""
        names = dict.fromkeys(place.feed for place in errand.places)
        sources = [source_of(self.feeds[name]) for name in names if name in self.feeds]
        host = host_of(errand.uri or "")
        return sorted(sources, key=lambda source: not is_listed(host, source.hosts))

    async def _read(self, places: Iterable[Place]) -> tuple[bytes, str] | Failed:
        """The file out of an alert that still has it."""
        found: tuple[bytes, str] | Failed = Failed(finding="fetch", trouble="the alert is no longer stored")
        for place in places:
            document = await self._store.read(lists.original, place.alert_id)
            if document:
                found = await threads.parse(
                    lambda document=document, place=place: embedded.read(document, place.info, place.resource)  # type: ignore[misc]
                )
            if not isinstance(found, Failed):
                break
        return found

    def _tell(self, done: Done) -> None:
        """Never where it is: an address is often named after the child."""
        result = done.result
        is_made = isinstance(result, Made)
        outcome = "ready" if is_made else "later" if done.due_at else result.finding or ""
        self._metrics.pictured(outcome=outcome)
        feeds = ",".join(dict.fromkeys(place.feed for place in done.errand.places))
        alerts = ",".join(dict.fromkeys(place.alert_id for place in done.errand.places))
        if is_made:
            log.event(LOGGER, "picture.ready", feed=feeds, alert=alerts, finding=result.finding)
            return
        log.event(
            LOGGER,
            "picture.failed",
            level=logging.WARNING,
            feed=feeds,
            alert=alerts,
            finding=result.finding,
            failures=done.errand.failures + 1,
            again=done.due_at is not None,
        )


def source_of(feed: Feed) -> Source:
    """A feed as far as its pictures go: nothing that shows who we are goes along."""
    bare = msgspec.structs.replace(feed, headers={}, client_cert=None, client_key=None)
    return Source(feed=bare, hosts=hosts_of(feed))


def hosts_of(feed: Feed) -> tuple[str, ...]:
    """From which hosts pictures of a feed may come: those that are configured, else its own."""
    if feed.media_hosts:
        return feed.media_hosts
    own = (urlsplit(address).hostname or "" for address in (feed.url, *feed.urls, *feed.archives) if address)
    return tuple(dict.fromkeys(name for name in own if name))


def _fault(error: Exception) -> Failed:
    """A fault of the gateway, by its kind: its text may quote an address."""
    return Failed(finding="fetch", trouble=f"a fault of the gateway: {type(error).__name__}", is_for_now=True)


def _later(errand: Errand, result: Failed) -> Done:
    pause = min(FIRST_PAUSE * 2 ** min(errand.failures, MOST_DOUBLINGS), LONGEST_PAUSE)
    due_at = utc_now() + timedelta(seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311  (spreads load)
    return Done(errand=errand, result=result, due_at=max(due_at, result.retry_at or due_at))
