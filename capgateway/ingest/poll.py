"""Poll a feed over HTTP: ask, take in what is new, remember what was read."""

from __future__ import annotations

import logging
import random
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from capgateway import log
from capgateway.cap.xml import DOCTYPE, SIZE, SYNTAX, WIDTH
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.feeds import MAX_PAGES, questions, read_entries
from capgateway.feeds.http.fetch import ACCEPT, Fetched, FetchFailed, fetch
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.feeds.read.entry import READABLE
from capgateway.feeds.read.nws import JSON
from capgateway.feeds.status import PollResult
from capgateway.ingest.body import take_body
from capgateway.ingest.intake import LOGGER, off_loop
from capgateway.ingest.links import each, retry_missing, take_link, taken
from capgateway.store import Body, feeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.feeds import Entry, Question
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch

NO_CHANGE = "not_modified"
NO_INDEX = frozenset({READABLE.id, JSON.id, SYNTAX.id, DOCTYPE.id, SIZE.id, WIDTH.id})
"""Rules that a document breaks which is no index at all. A sloppy index without entries is a quiet feed."""
T = TypeVar("T")


class BodyRead(NamedTuple):
    """One body of a poll, as it was read: how many alerts were new, whether any entry was, whether all were taken, whether it
    may be taken for what the feed has to say, where it goes on."""

    found: Fetched
    new: int
    is_news: bool = False
    is_whole: bool = True
    is_sound: bool = True
    next_url: str | None = None
    failure: FetchFailed | None = None


async def poll(intake: Intake, watch: Watch) -> PollResult:
    """Ask one feed and take in what is new; ``watch.next_try`` then says when to ask again. Trouble with the feed is
    logged, never raised. A poll that waits for another of the same feed asks again all the same."""
    async with watch.busy:
        started, now = time.monotonic(), utc_now()
        try:
            failure, outcome, new = await _ask(intake, watch, now)
            new += await retry_missing(intake, watch)
        except StoreError as error:  # our own trouble: the body stays unread, and is read at the next poll
            failure, outcome, new = FetchFailed(reason="store", message=str(error)), "store", 0
        except Exception as error:  # noqa: BLE001  (a fault of ours over one body must not end the feed)
            log.event(LOGGER, "feed.fault", level=logging.ERROR, error=error, feed=watch.feed.name)
            failure = FetchFailed(reason="fault", message=f"a fault of capgateway itself: {type(error).__name__}")
            outcome, new = "fault", 0
        if failure:
            watch.failed(failure.message, now)
        else:
            watch.succeeded(now)
        watch.next_try = _next_try(watch, failure)
        result = PollResult(feed=watch.feed.name, outcome=outcome, new=new, trouble=watch.trouble)
        tell(intake, watch, result, time.monotonic() - started)
        return result


async def _ask(intake: Intake, watch: Watch, now: datetime) -> tuple[FetchFailed | None, str, int]:
    """Every address of one poll. One that fails does not keep us from the others: these may hold the cancels."""
    failure, outcome, new = None, NO_CHANGE, 0
    for question in questions(watch.feed, last_success=watch.complete_at, now=now):
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
    url, new, pages = question.url, 0, list[BodyRead]()
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
    if pages and all(page.is_sound for page in pages):
        await _remember(intake, watch, question, pages)
    return None, bool(pages), new


async def _read(intake: Intake, watch: Watch, found: Fetched) -> BodyRead:
    """Take in what a new body announces."""
    feed = watch.feed
    index = await off_loop(len(found.body), lambda: read_entries(found.body, kind=feed.kind, base_url=found.url))
    errors = [finding for finding in index.findings if finding.level == "error"]
    faults = [finding for finding in errors if finding.rule in NO_INDEX]
    if faults and not index.entries:
        if not watch.failures:  # keep what cannot be read, once a failure: an error page may change at each poll
            await intake.take_in(found.body, feed)
        return BodyRead(found, 0, failure=FetchFailed(reason="unreadable", message=faults[0].message))
    entries = index.distinct
    known = await intake.store.read(feeds.known_entries, feed.name, [entry.key for entry in entries])
    fresh = [entry for entry in entries if entry.key not in known]
    if feed.kind == "cap" and fresh:
        new, failure = await _take_only(intake, watch, fresh[0])
        return BodyRead(found, new, is_news=True, failure=failure)
    new = await take_body(intake, watch, [entry for entry in fresh if entry.document is not None])
    links = [entry for entry in fresh if entry.document is None]
    linked, left_over = await each(links, lambda entry: take_link(intake, watch, entry))
    # A faulty index without entries may be somebody's error page under the right address and with the right ETag: it is
    # read as a quiet feed, and asked for again in full.
    is_sound = bool(index.entries) or not errors
    return BodyRead(
        found, new + linked, bool(fresh), is_whole=not left_over, is_sound=is_sound, next_url=index.next_url
    )


async def _take_only(intake: Intake, watch: Watch, entry: Entry) -> tuple[int, FetchFailed | None]:
    """The one document of a feed without index. An error page in its place is the feed's failure."""
    arrival = await intake.examine(entry.document or b"", watch.feed)
    if arrival.gate != "unreadable":
        return int(await taken(intake, watch, entry, [arrival])), None
    if not watch.failures:  # once a failure, as above
        await intake.take(arrival)
    return 0, FetchFailed(reason="unreadable", message=arrival.report.findings[0].message)


async def _remember(intake: Intake, watch: Watch, question: Question, pages: Sequence[BodyRead]) -> None:
    """Now that all entries are accounted for: the first page's validators, and the bodies that brought any."""
    said = pages[0].found.validators
    bodies = [
        Body(url=page.found.url, status=page.found.status, media_type=page.found.media_type, content=page.found.body)
        for page in pages
        if page.is_news
    ]
    await intake.store.write(feeds.save_validators, watch.feed.name, question.part, said, bodies)
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


def tell(intake: Intake, watch: Watch, result: PollResult, seconds: float) -> None:
    """Count and log how a look at a feed went."""
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
