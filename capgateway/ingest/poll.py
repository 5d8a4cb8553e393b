"""Poll a feed over HTTP: ask, take in what is new, remember what was read."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from capgateway import cap, log
from capgateway.cap.xml import DOCTYPE, SIZE, SYNTAX, WIDTH
from capgateway.errors import StoreError
from capgateway.feeds import MAX_PAGES, questions, read_entries
from capgateway.feeds.entry import READABLE
from capgateway.feeds.fetch import ACCEPT, Fetched, FetchFailed, fetch
from capgateway.feeds.nws import JSON
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.feeds.status import PollResult
from capgateway.ingest.intake import LOGGER, off_loop, unwrap
from capgateway.store import Body, FeedState, MissingEntry, utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from capgateway.feeds import Entry, Question
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch
    from capgateway.store import Arrival

LINKS_AT_ONCE = 4
"""CAP documents of one feed fetched side by side; a busy index links to hundreds on the same host."""
LINKS_WITHIN = 60.0
"""Seconds in which a poll begins to take entries. A server that lets each of hundreds of links time out must not keep us
from the index: what is left over waits for the next poll, where what is newest comes first."""
MOST_TRIES = 100
"""Tries for an entry that stays missing; with the backoff that is more than a day."""
NO_CHANGE = "not_modified"
NO_INDEX = frozenset({READABLE.id, JSON.id, SYNTAX.id, DOCTYPE.id, SIZE.id, WIDTH.id})
"""Rules that a document breaks which is no index at all. A sloppy index without entries is a quiet feed."""
T = TypeVar("T")


class Page(NamedTuple):
    """One body of a poll, as it was read: how many alerts were new, whether any entry was, whether all were taken, where it
    goes on."""

    found: Fetched
    new: int
    is_news: bool = False
    is_whole: bool = True
    next_url: str | None = None
    failure: FetchFailed | None = None


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
    """Every address of one poll. One that fails does not keep us from the others: these may hold the cancels."""
    failure, outcome, new = None, NO_CHANGE, 0
    for question in questions(watch.feed, last_success=watch.last_success, now=now):
        failed, changed, count = await _ask_part(intake, watch, question, now)
        new += count
        failure = failure or failed
        outcome = "ok" if changed else outcome
    return failure, failure.reason if failure else outcome, new


async def _ask_part(
    intake: Intake, watch: Watch, question: Question, now: datetime
) -> tuple[FetchFailed | None, bool, int]:
    """One address and the pages it leads to. They are remembered together, after the last: a page that fails must not
    be hidden by a first one that has not changed since."""
    url, new, pages = question.url, 0, list[Page]()
    for _ in range(MAX_PAGES):
        found = await fetch(
            watch.session,
            url,
            feed=watch.feed,
            now=now,
            known=None if pages else watch.validators(question.part),
            accept=question.accept or ACCEPT,
            hosts=intake.hosts,
        )
        if isinstance(found, FetchFailed):
            return found, bool(pages), new
        if found is None:
            break
        page = await _read(intake, watch, found)
        new += page.new
        if page.failure or not page.is_whole:
            return page.failure, True, new
        pages.append(page)
        if page.next_url is None:
            break
        url = page.next_url
    if pages:
        await _remember(intake, watch, question, pages)
    return None, bool(pages), new


async def _read(intake: Intake, watch: Watch, found: Fetched) -> Page:
    """Take in what a new body announces."""
    feed = watch.feed
    index = await off_loop(len(found.body), lambda: read_entries(found.body, kind=feed.kind, base_url=found.url))
    faults = [finding for finding in index.findings if finding.level == "error" and finding.rule in NO_INDEX]
    if faults and not index.entries:
        if not watch.failures:  # keep what cannot be read, once a failure: an error page may change at each poll
            await intake.take_in(found.body, feed)
        return Page(found, 0, failure=FetchFailed(reason="unreadable", message=faults[0].message))
    entries = index.distinct
    known = await intake.store.known_entries(feed.name, [entry.key for entry in entries])
    fresh = [entry for entry in entries if entry.key not in known]
    if feed.kind == "cap" and fresh:
        new, failure = await _take_only(intake, watch, fresh[0])
        return Page(found, new, is_news=True, failure=failure)
    new, left_over = await _each(fresh, lambda entry: _take_entry(intake, watch, entry))
    return Page(found, new, is_news=bool(fresh), is_whole=not left_over, next_url=index.next_url)


async def _each(items: Sequence[T], take: Callable[[T], Awaitable[bool]]) -> tuple[int, list[T]]:
    """Take items in their order, a few side by side, while there is time: how many were new, and what is left over."""
    now, left = asyncio.get_running_loop().time, iter(items)
    end = now() + LINKS_WITHIN

    async def work() -> int:
        new = 0
        while now() < end and (item := next(left, None)) is not None:
            new += await take(item)
        return new

    results = await asyncio.gather(*(work() for _ in range(LINKS_AT_ONCE)), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result  # after its neighbours are done; the body is read again, and what they took is known then
    return sum(count for count in results if isinstance(count, int)), list(left)


async def _take_only(intake: Intake, watch: Watch, entry: Entry) -> tuple[int, FetchFailed | None]:
    """The one document of a feed without index. An error page in its place is the feed's failure."""
    arrival = await intake.examine(entry.document or b"", watch.feed)
    if arrival.gate != "unreadable":
        taken = await _taken(intake, watch, entry, [arrival])
        return int(taken), None
    if not watch.failures:  # once a failure, as above
        await intake.take(arrival)
    return 0, FetchFailed(reason="unreadable", message=arrival.report.findings[0].message)


async def _take_entry(intake: Intake, watch: Watch, entry: Entry) -> bool:
    """Whether the entry gave an alert that was new."""
    if entry.document is not None:
        arrival = await intake.examine(entry.document, watch.feed, envelope_status=entry.envelope_status)
        return await _taken(intake, watch, entry, [arrival])
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
    arrivals = [
        await intake.examine(document, watch.feed, envelope_status=_weightier(entry.envelope_status, status))
        for document, status in inside
    ]
    if all(arrival.gate == "unreadable" for arrival in arrivals):
        await _miss(intake, watch, entry, "what the link leads to is no CAP", None)
        return any([(await intake.take(arrival)).is_new for arrival in arrivals])
    return await _taken(intake, watch, entry, arrivals)


def _weightier(outer: str | None, inner: str | None) -> str | None:
    """Of two envelopes one inside the other: whichever says that it is not real."""
    return inner if outer in (None, "Actual") else outer


async def _taken(intake: Intake, watch: Watch, entry: Entry | MissingEntry, arrivals: Sequence[Arrival]) -> bool:
    """Store what an entry holds, then that it needs no more fetching; whether any of it was new."""
    is_new = [watch.took(arrival, await intake.take(arrival)) for arrival in arrivals]
    await intake.store.entry_taken(watch.feed.name, entry.key, entry.link)
    return any(is_new)


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
    watch.looked_for_missing = False  # until all goes well: what fails on the way is counted anew
    entries, now = await intake.store.missing_entries(watch.feed.name), utc_now()
    due = [entry for entry in entries if entry.retry_at and entry.retry_at <= now]
    watch.missing = len(entries) - len(due)  # those that fail again are counted again
    new, left_over = await _each(due, lambda entry: _take_link(intake, watch, entry))
    watch.missing += len(left_over)
    watch.looked_for_missing = True
    return new


async def _remember(intake: Intake, watch: Watch, question: Question, pages: Sequence[Page]) -> None:
    """Now that all entries are accounted for: the first page's validators, and the bodies that brought any."""
    said = pages[0].found.validators
    state = FeedState(etag=said.etag, last_modified=said.last_modified, sha256=said.sha256)
    bodies = [
        Body(url=page.found.url, status=page.found.status, media_type=page.found.media_type, content=page.found.body)
        for page in pages
        if page.is_news
    ]
    await intake.store.save_feed_state(watch.feed.name, question.part, state, bodies)
    watch.known[question.part] = said
    watch.note(pages[0].found)


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
