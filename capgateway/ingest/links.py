"""The entries of an index: take in what they hold, fetch what they link to, and try again what could not be fetched."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from capgateway import cap, log
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.feeds.http.fetch import Fetched, fetch
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.ingest.intake import LOGGER, unwrap
from capgateway.store import MissingEntry, TakenEntry, feeds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from capgateway.feeds import Entry
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch
    from capgateway.store import Arrival

T = TypeVar("T")
LINKS_AT_ONCE = 4
"""CAP documents of one feed fetched side by side; a busy index links to hundreds on the same host."""
LINKS_WITHIN = 60.0
"""Seconds in which a poll begins to take entries. A server that lets each of hundreds of links time out must not keep us
from the index: what is left over waits for the next poll, where what is newest comes first."""
MOST_TRIES = 100
"""Tries for an entry that stays missing; with the backoff that is more than a day."""
FIRST_RETRY = timedelta(seconds=5)
"""After a CAP document could not be fetched; later tries come ever more seldom. An AMBER Alert may wait behind it."""


async def each(items: Sequence[T], take: Callable[[T], Awaitable[bool]]) -> tuple[int, list[T]]:
    """Take items in their order, a few side by side, while there is time: how many were new, and what is left over."""
    now, left = asyncio.get_running_loop().time, iter(items)
    end = now() + LINKS_WITHIN

    troubles: list[StoreError] = []

    async def work() -> int:
        new = 0
        while now() < end and (item := next(left, None)) is not None:
            try:
                new += await take(item)
            except StoreError as error:  # its neighbours go on; this one is read again with the body
                troubles.append(error)
        return new

    new = sum(await asyncio.gather(*(work() for _ in range(LINKS_AT_ONCE))))
    if troubles:
        raise troubles[0]
    return new, list(left)


async def take_link(intake: Intake, watch: Watch, entry: Entry) -> bool:
    """Whether what the entry links to gave an alert that was new."""
    missing = MissingEntry(key=entry.key, link=entry.link or "", failures=0, envelope_status=entry.envelope_status)
    return await _take_link(intake, watch, missing)


async def _take_link(intake: Intake, watch: Watch, entry: MissingEntry) -> bool:
    """Fetch the CAP an entry links to, which may come in an envelope. What cannot be fetched or read is tried again, and
    shown as missing."""
    found = await fetch(
        watch.session, entry.link, feed=watch.feed, now=utc_now(), limit=cap.MAX_BYTES, hosts=intake.hosts
    )
    if not isinstance(found, Fetched):
        message = found.message if found else "answered 304 to a request without conditions"
        await _miss(intake, watch, entry, message, found.retry_at if found else None)
        return False
    inside = await unwrap(found.body)
    documents = [(document, _weightier(entry.envelope_status, status)) for document, status in inside]
    arrivals = await intake.examine_all(documents, watch.feed)
    if all(arrival.gate == "unreadable" for arrival in arrivals):
        await _miss(intake, watch, entry, "the link does not lead to a CAP message", None)
        return any(one.is_new for one in await intake.take_all(arrivals))
    return await taken(intake, watch, entry, arrivals)


def _weightier(outer: str | None, inner: str | None) -> str | None:
    """Of two envelopes one inside the other: whichever says that it is not real."""
    return inner if outer in (None, "Actual") else outer


async def taken(intake: Intake, watch: Watch, entry: Entry | MissingEntry, arrivals: Sequence[Arrival]) -> bool:
    """Store what an entry contains, and that it needs no more fetching; whether any of it was new."""
    done = TakenEntry(feed=watch.feed.name, key=entry.key, link=entry.link)
    stored = await intake.take_all(arrivals, [done])
    return sum(watch.took(arrival, one) for arrival, one in zip(arrivals, stored, strict=True)) > 0


async def _miss(intake: Intake, watch: Watch, entry: MissingEntry, trouble: str, retry_at: datetime | None) -> None:
    failures = entry.failures + 1
    again = next_poll(
        interval=min(FIRST_RETRY, interval_of(watch.feed)),
        failures=failures,
        now=utc_now(),
        chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
        retry_at=retry_at,
    )
    missed = msgspec.structs.replace(entry, failures=failures, retry_at=again if failures < MOST_TRIES else None)
    await intake.store.write(feeds.entry_missing, watch.feed.name, missed, trouble)
    watch.misses(again)
    log.event(
        LOGGER,
        "entry.missing",
        level=logging.WARNING,
        feed=watch.feed.name,
        link=entry.link,
        failures=failures,
        trouble=trouble,
    )


async def retry_missing(intake: Intake, watch: Watch) -> int:
    """Try again what could not be fetched before and is due; the store is asked only if there is any. How many alerts
    were new; ``watch.retry_at`` then says when the next is due."""
    if not watch.missing and watch.looked_for_missing:
        return 0
    watch.looked_for_missing = False  # until all goes well: what fails on the way is counted anew
    entries, now = await intake.store.read(feeds.missing_entries, watch.feed.name), utc_now()
    due = [entry for entry in entries if entry.retry_at and entry.retry_at <= now]
    watch.missing = len(entries) - len(due)  # those that fail again are counted again
    watch.retry_at = min((entry.retry_at for entry in entries if entry.retry_at and entry.retry_at > now), default=None)
    new, left_over = await each(due, lambda entry: _take_link(intake, watch, entry))
    watch.missing += len(left_over)
    watch.looked_for_missing = True
    return new
