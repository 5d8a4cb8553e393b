"""Poll a feed over HTTP: ask, take in what is new, remember what was read."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, log
from capgateway.errors import StoreError
from capgateway.feeds import MAX_PAGES, Question, questions, read_entries
from capgateway.feeds.fetch import ACCEPT, Fetched, FetchFailed, fetch
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.feeds.status import PollResult
from capgateway.ingest.intake import LOGGER, off_loop
from capgateway.store import Body, FeedState, MissingEntry, utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.feeds import Entry
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch
    from capgateway.store import Arrival

LINKS_AT_ONCE = 4
"""CAP documents of one feed fetched side by side; a busy index links to hundreds on the same host."""
MOST_TRIES = 100
"""Tries for an entry that stays missing; with the backoff that is more than a day."""
NO_CHANGE = "not_modified"
PAGE = "page"
"""The part of a feed that a listing's further pages are: their addresses change, so nothing is known of them."""


async def poll(intake: Intake, watch: Watch) -> PollResult:
    """Ask one feed and take in what is new; ``watch.next_try`` then says when to ask again. Trouble with the feed is
    logged, never raised. A poll that waits for another of the same feed asks again all the same."""
    async with watch.busy:
        started, now = time.monotonic(), utc_now()
        try:
            failure, outcome, new = await _ask(intake, watch, now)
            new += await _retry_missing(intake, watch)
        except StoreError as error:  # our own trouble: the body stays unread, and is read at the next poll
            failure, outcome, new = FetchFailed(reason="store", message=str(error)), "store", 0
        if failure:
            watch.failed(failure.message, now)
        else:
            watch.succeeded(now)
        watch.next_try = _next_try(watch, failure)
        result = PollResult(feed=watch.feed.name, outcome=outcome, new=new, trouble=watch.trouble)
        _tell(intake, watch, result, time.monotonic() - started)
        return result


async def _ask(intake: Intake, watch: Watch, now: datetime) -> tuple[FetchFailed | None, str, int]:
    """Every address of one poll, and the pages they lead to; the first failure ends it."""
    outcome, new = NO_CHANGE, 0
    asked = list(questions(watch.feed, last_success=watch.last_success, now=now))
    pages = len(asked) - 1 + MAX_PAGES
    while asked and pages >= 0:
        question, pages = asked.pop(0), pages - 1
        found = await fetch(
            watch.session,
            question.url,
            feed=watch.feed,
            now=now,
            known=watch.validators(question.part),
            accept=question.accept or ACCEPT,
        )
        if isinstance(found, FetchFailed):
            return found, found.reason, new
        if found is None:
            continue
        outcome = "ok"
        watch.note(found)
        count, next_url, failure = await _read(intake, watch, question, found)
        new += count
        if failure:
            return failure, failure.reason, new
        if next_url:
            asked.append(Question(part=PAGE, url=next_url, accept=question.accept))
    return None, outcome, new


async def _read(
    intake: Intake, watch: Watch, question: Question, found: Fetched
) -> tuple[int, str | None, FetchFailed | None]:
    """Take in what a new body announces, then remember it: how many alerts were new, where it goes on, what was
    wrong."""
    feed = watch.feed
    index = await off_loop(len(found.body), lambda: read_entries(found.body, kind=feed.kind, base_url=found.url))
    faults = [finding for finding in index.findings if finding.level == "error"]
    if faults and not index.entries:
        if not watch.failures:  # keep what cannot be read, once a failure: an error page may change at each poll
            await intake.take_in(found.body, feed)
        return 0, None, FetchFailed(reason="unreadable", message=faults[0].message)
    entries = index.distinct
    known = await intake.store.known_entries(feed.name, [entry.key for entry in entries])
    fresh = [entry for entry in entries if entry.key not in known]
    new, failure = await _take_entries(intake, watch, fresh)
    if failure is None:
        await _remember(intake, watch, question, found, keep=bool(fresh))
    return new, index.next_url, failure


async def _take_entries(intake: Intake, watch: Watch, entries: Sequence[Entry]) -> tuple[int, FetchFailed | None]:
    gate = asyncio.Semaphore(LINKS_AT_ONCE)

    async def take(entry: Entry) -> bool:
        async with gate:
            return await _take_entry(intake, watch, entry)

    if watch.feed.kind == "cap" and len(entries) == 1:
        return await _take_only(intake, watch, entries[0])
    results = await asyncio.gather(*map(take, entries), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result  # after its neighbours are done; the body is read again, and they are known then
    return sum(map(bool, results)), None


async def _take_only(intake: Intake, watch: Watch, entry: Entry) -> tuple[int, FetchFailed | None]:
    """The one document of a feed without index. An error page in its place is the feed's failure."""
    arrival = await intake.examine(entry.document or b"", watch.feed)
    if arrival.gate != "unreadable":
        taken = await _taken(intake, watch, entry, arrival)
        return int(taken), None
    if not watch.failures:  # once a failure, as above
        await intake.take(arrival)
    return 0, FetchFailed(reason="unreadable", message=arrival.report.findings[0].message)


async def _take_entry(intake: Intake, watch: Watch, entry: Entry) -> bool:
    """Whether the entry gave an alert that was new."""
    if entry.document is not None:
        arrival = await intake.examine(entry.document, watch.feed, envelope_status=entry.envelope_status)
        return await _taken(intake, watch, entry, arrival)
    missing = MissingEntry(key=entry.key, link=entry.link or "", failures=0, envelope_status=entry.envelope_status)
    return await _take_link(intake, watch, missing)


async def _take_link(intake: Intake, watch: Watch, entry: MissingEntry) -> bool:
    """Fetch the CAP an entry links to. What cannot be fetched or read is tried again, and shown as missing."""
    found = await fetch(watch.session, entry.link, feed=watch.feed, now=utc_now(), limit=cap.MAX_BYTES)
    if not isinstance(found, Fetched):
        message = found.message if found else "answered 304 to a request without conditions"
        await _miss(intake, watch, entry, message, found.retry_at if found else None)
        return False
    arrival = await intake.examine(found.body, watch.feed, envelope_status=entry.envelope_status)
    if arrival.gate == "unreadable":
        taken = await intake.take(arrival)
        await _miss(intake, watch, entry, "what the link leads to is no CAP", None)
        return taken.is_new
    return await _taken(intake, watch, entry, arrival)


async def _taken(intake: Intake, watch: Watch, entry: Entry | MissingEntry, arrival: Arrival) -> bool:
    """Store an examined entry, and that it needs no more fetching; whether its alert was new."""
    taken = await intake.take(arrival)
    await intake.store.entry_taken(watch.feed.name, entry.key, entry.link)
    if taken.is_new:
        watch.brought(arrival.received_at, arrival.alert.sent.instant if arrival.alert and arrival.alert.sent else None)
    return taken.is_new


async def _miss(intake: Intake, watch: Watch, entry: MissingEntry, trouble: str, retry_at: datetime | None) -> None:
    failures = entry.failures + 1
    again = next_poll(
        interval=interval_of(watch.feed),
        failures=failures,
        now=utc_now(),
        chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
        retry_at=retry_at,
    )
    missed = msgspec.structs.replace(entry, failures=failures, retry_at=again if failures < MOST_TRIES else None)
    await intake.store.entry_missing(watch.feed.name, missed, trouble)
    watch.missing += 1
    log.event(
        LOGGER,
        "entry.missing",
        level=logging.WARNING,
        feed=watch.feed.name,
        link=entry.link,
        failures=failures,
        trouble=trouble,
    )


async def _retry_missing(intake: Intake, watch: Watch) -> int:
    """Try again what could not be fetched before and is due; the store is asked only if there is any."""
    if not watch.missing and watch.looked_for_missing:
        return 0
    entries, now = await intake.store.missing_entries(watch.feed.name), utc_now()
    watch.looked_for_missing, watch.missing = True, len(entries)
    due = [entry for entry in entries if entry.retry_at and entry.retry_at <= now]
    watch.missing -= len(due)  # those that fail again are counted again
    return sum([await _take_link(intake, watch, entry) for entry in due])


async def _remember(intake: Intake, watch: Watch, question: Question, found: Fetched, *, keep: bool) -> None:
    """Now that all its entries are accounted for: the body's validators, and the body itself if it brought any."""
    said = found.validators
    state = FeedState(etag=said.etag, last_modified=said.last_modified, sha256=said.sha256)
    body = Body(url=found.url, status=found.status, media_type=found.media_type, content=found.body) if keep else None
    await intake.store.save_feed_state(watch.feed.name, question.part, state, body)
    if question.part != PAGE:
        watch.known[question.part] = said


def _next_try(watch: Watch, failure: FetchFailed | None) -> datetime:
    return next_poll(
        interval=interval_of(watch.feed),
        failures=watch.failures,
        now=utc_now(),
        chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
        retry_at=failure.retry_at if failure else watch.fresh_until,
    )


def _tell(intake: Intake, watch: Watch, result: PollResult, seconds: float) -> None:
    intake.metrics.polled(feed=result.feed, outcome=result.outcome)
    log.event(
        LOGGER,
        "feed.polled",
        level=logging.WARNING if result.trouble else logging.INFO if result.new else logging.DEBUG,
        feed=result.feed,
        outcome=result.outcome,
        new=result.new,
        failures=watch.failures,
        trouble=result.trouble,
        seconds=round(seconds, 3),
    )
