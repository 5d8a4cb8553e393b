"""The walk from feed to store: poll, take in, expire.

::

    feed.url ─▶ fetch ─▶ read_entries ─▶ each new entry: inside, or fetched ─▶ take_in ─▶ remember the body
                  │304                                                          │
                  ▼                                                             ▼
               nothing                              parse ─▶ validate ─▶ unusable? ─▶ decide ─▶ store, durably

Everything here may be repeated: taking the same document in again is ``unchanged``. A body is remembered only after
all its entries are stored or noted as missing, so a crash at any point reads again rather than skips. This walk knows
nothing of deliveries: it calls ``on_messages`` when the store holds some.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING, TypeVar

from capgateway import cap, cards, log
from capgateway.errors import StoreError
from capgateway.feeds import read_entries
from capgateway.feeds.fetch import Fetched, FetchFailed, Validators, fetch
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.store import Arrival, FeedState, MissingEntry, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import aiohttp

    from capgateway.cards import CardState, Decision, Member, Policy
    from capgateway.feeds import Entry, Feed, Index
    from capgateway.metrics import Metrics
    from capgateway.store import Store, Taken
    from capgateway.webhooks import Outlets

T = TypeVar("T")
LOGGER = logging.getLogger("capgateway.ingest")
THREAD_ABOVE = 32_000
"""Bytes: below, parsing costs less than handing it to a thread; above, it would hold the loop up."""
LINKS_AT_ONCE = 4
"""CAP documents of one feed fetched side by side; a busy index links to hundreds on the same host."""
MOST_TRIES = 100
"""Tries for an entry that stays missing; with the backoff that is more than a day."""
EXPIRE_AT_ONCE = 100
"""Cards ended in one transaction."""


class Watch:
    """One feed being watched: what we know of its last body, and how it is doing."""

    def __init__(self, feed: Feed, session: aiohttp.ClientSession, known: FeedState) -> None:
        self.feed, self.session = feed, session
        self.known = Validators(etag=known.etag, last_modified=known.last_modified, sha256=known.sha256)
        self.failures = 0
        self.last_success: datetime | None = None
        self.last_error: str | None = None
        self.has_missing = True  # until the store says otherwise


class Ingest:
    """The walk with what it needs. ``policy`` and ``outlets`` may be replaced at run time."""

    def __init__(
        self,
        store: Store,
        schemas: cap.Schemas,
        policy: Policy,
        outlets: Outlets,
        *,
        metrics: Metrics,
        on_messages: Callable[[], None],
    ) -> None:
        self.policy, self.outlets = policy, outlets
        self._store, self._schemas = store, schemas
        self._metrics, self._on_messages = metrics, on_messages

    async def poll(self, watch: Watch) -> datetime:
        """Ask one feed, take in what is new, and say when to ask again. Trouble with the feed is logged, never raised."""
        started, now = time.monotonic(), utc_now()
        found = await fetch(watch.session, watch.feed.url, feed=watch.feed, now=now, known=watch.known)
        failure = found if isinstance(found, FetchFailed) else None
        new = 0
        try:
            if isinstance(found, Fetched):
                new, failure = await self._read(watch, found)
            new += await self._retry_missing(watch)
        except StoreError as error:  # our own trouble: the body stays unread, and is read at the next poll
            failure = FetchFailed(reason="store", message=str(error))
        self._note(watch, failure, now)
        outcome = failure.reason if failure else "ok" if isinstance(found, Fetched) else "not_modified"
        self._metrics.polled(feed=watch.feed.name, outcome=outcome)
        seconds = round(time.monotonic() - started, 3)
        level = logging.WARNING if failure else logging.INFO if new else logging.DEBUG
        log.event(
            LOGGER,
            "feed.polled",
            level=level,
            feed=watch.feed.name,
            outcome=outcome,
            new=new,
            failures=watch.failures,
            trouble=watch.last_error,
            seconds=seconds,
        )
        return _next(watch, failure, found.fresh_until if isinstance(found, Fetched) else None)

    async def take_in(self, document: bytes, feed: Feed, received_at: datetime) -> Taken:
        """Parse, validate, decide and store one document; durable when this returns. Never raises for what it holds."""
        return await self._take(await self._examine(document, feed, received_at))

    async def expire(self) -> int:
        """End every card whose time has come; how many there were."""
        ended = 0
        while (next_end := await self._store.next_expiry()) is not None and next_end <= utc_now():
            count = await self._store.expire(cards.expire, self.outlets, EXPIRE_AT_ONCE)
            ended += count
            log.event(LOGGER, "cards.expired", count=count)
            self._on_messages()
        return ended

    async def decide_again(self) -> int:
        """Decide anew what a change of the policy's regions may decide otherwise; how many alerts that were."""
        alert_ids = await self._store.undecided_by_region(utc_now())
        for alert_id in alert_ids:
            taken = await self._store.decide_again(alert_id, self._decide, self.outlets)
            if taken.messages:
                log.event(LOGGER, "alert.decided", alert=alert_id, again=True, decision=taken.decision.word)
                self._on_messages()
        return len(alert_ids)

    async def _examine(self, document: bytes, feed: Feed, received_at: datetime) -> Arrival:
        return await _off_loop(len(document), lambda: self._arrival(document, feed, received_at))

    async def _take(self, arrival: Arrival) -> Taken:
        started = time.monotonic()
        taken = await self._store.take_in(arrival, self._decide, self.outlets)
        self._tell(taken, arrival, time.monotonic() - started)
        return taken

    async def _read(self, watch: Watch, found: Fetched) -> tuple[int, FetchFailed | None]:
        """Take in what a new body announces, then remember it; how many alerts were new, and what was wrong."""
        if watch.feed.kind == "cap":
            return await self._read_document(watch, found)
        index = await _off_loop(len(found.body), lambda: _index(watch.feed, found))
        faults = [finding for finding in index.findings if finding.level == "error"]
        if faults and not index.entries:
            if not watch.failures:  # keep what cannot be read, once a failure: an error page may change at each poll
                await self.take_in(found.body, watch.feed, utc_now())
            return 0, FetchFailed(reason="unreadable", message=faults[0].message)
        known = await self._store.known_entries(watch.feed.name, [entry.key for entry in index.entries])
        new = await self._take_entries(watch, [entry for entry in index.entries if entry.key not in known])
        await self._remember(watch, found)
        return new, None

    async def _read_document(self, watch: Watch, found: Fetched) -> tuple[int, FetchFailed | None]:
        """Take in the one document of a feed without index."""
        arrival = await self._examine(found.body, watch.feed, utc_now())
        if arrival.gate != "unreadable":
            taken = await self._take(arrival)
            await self._remember(watch, found)
            return int(taken.is_new), None
        if not watch.failures:  # once a failure, as above
            await self._take(arrival)
        return 0, FetchFailed(reason="unreadable", message=arrival.report.findings[0].message)

    async def _take_entries(self, watch: Watch, entries: Sequence[Entry]) -> int:
        gate = asyncio.Semaphore(LINKS_AT_ONCE)

        async def take(entry: Entry) -> bool:
            async with gate:
                return await self._take_entry(watch, entry)

        results = await asyncio.gather(*map(take, entries), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result  # after its neighbours are done; the body is read again, and they are known then
        return sum(map(bool, results))

    async def _take_entry(self, watch: Watch, entry: Entry) -> bool:
        """Whether the entry gave an alert that was new."""
        if entry.document is not None:
            taken = await self.take_in(entry.document, watch.feed, utc_now())
            await self._store.entry_taken(watch.feed.name, entry.key, None)
            return taken.is_new
        if entry.link is None:
            return False  # a finding of the index says so
        return await self._take_link(watch, MissingEntry(key=entry.key, link=entry.link, failures=0))

    async def _take_link(self, watch: Watch, entry: MissingEntry) -> bool:
        """Fetch the CAP an entry links to. What cannot be fetched or read is tried again, and shown as missing."""
        found = await fetch(watch.session, entry.link, feed=watch.feed, now=utc_now(), limit=cap.MAX_BYTES)
        if not isinstance(found, Fetched):
            message = found.message if found else "answered 304 to a request without conditions"
            await self._miss(watch, entry, message, found.retry_at if found else None)
            return False
        arrival = await self._examine(found.body, watch.feed, utc_now())
        taken = await self._take(arrival)
        if arrival.gate == "unreadable":
            await self._miss(watch, entry, "what the link leads to is no CAP", None)
        else:
            await self._store.entry_taken(watch.feed.name, entry.key, entry.link)
        return taken.is_new

    async def _miss(self, watch: Watch, entry: MissingEntry, error: str, retry_at: datetime | None) -> None:
        failures, watch.has_missing = entry.failures + 1, True
        missed = MissingEntry(key=entry.key, link=entry.link, failures=failures)
        again = next_poll(
            interval=interval_of(watch.feed),
            failures=failures,
            now=utc_now(),
            chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
            retry_at=retry_at,
        )
        await self._store.entry_missing(watch.feed.name, missed, error, again if failures < MOST_TRIES else None)
        log.event(
            LOGGER,
            "entry.missing",
            level=logging.WARNING,
            feed=watch.feed.name,
            link=entry.link,
            failures=failures,
            trouble=error,
        )

    async def _retry_missing(self, watch: Watch) -> int:
        if not watch.has_missing:
            return 0
        missing, now = await self._store.missing_entries(watch.feed.name), utc_now()
        watch.has_missing = bool(missing)
        return sum(
            [await self._take_link(watch, entry) for entry in missing if entry.retry_at and entry.retry_at <= now]
        )

    async def _remember(self, watch: Watch, found: Fetched) -> None:
        said = found.validators
        state = FeedState(etag=said.etag, last_modified=said.last_modified, sha256=said.sha256)
        await self._store.save_feed_state(watch.feed.name, state)
        watch.known = said

    def _arrival(self, document: bytes, feed: Feed, received_at: datetime) -> Arrival:
        parsed = cap.parse(document)
        report = cap.validate(parsed, self._schemas, now=received_at, profile=feed.profile, source=feed.name)
        return Arrival(
            feed=feed.name,
            document=document,
            received_at=received_at,
            alert=parsed.alert,
            report=report,
            gate=cards.unusable(parsed.alert, report, feed.senders),
        )

    def _decide(
        self, arrived: Member, known: Sequence[Member], states: Sequence[CardState], deployment: str
    ) -> Decision:
        return cards.decide(arrived, known, states, self.policy, now=utc_now(), deployment=deployment)

    def _tell(self, taken: Taken, arrival: Arrival, seconds: float) -> None:
        word, reason = taken.decision.word, taken.decision.reason
        self._metrics.decided(feed=arrival.feed, decision=word, reason=reason)
        log.event(
            LOGGER,
            "alert.decided",
            level=logging.INFO if taken.is_new else logging.DEBUG,
            feed=arrival.feed,
            alert=taken.alert_id,
            decision=word,
            reason=reason,
            verdict=arrival.report.verdict,
            findings=len(arrival.report.findings),
            messages=taken.messages,
            seconds=round(seconds, 4),
        )
        if taken.messages:
            self._on_messages()

    def _note(self, watch: Watch, failure: FetchFailed | None, now: datetime) -> None:
        watch.failures = watch.failures + 1 if failure else 0
        watch.last_error = failure.message if failure else None
        if failure is None:
            watch.last_success = now


def _next(watch: Watch, failure: FetchFailed | None, fresh_until: datetime | None) -> datetime:
    return next_poll(
        interval=interval_of(watch.feed),
        failures=watch.failures,
        now=utc_now(),
        chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
        retry_at=failure.retry_at if failure else fresh_until,
    )


def _index(feed: Feed, found: Fetched) -> Index:
    return read_entries(found.body, kind="rss" if feed.kind == "rss" else "atom", base_url=found.url)


async def _off_loop(size: int, work: Callable[[], T]) -> T:
    return work() if size < THREAD_ABOVE else await asyncio.to_thread(work)
