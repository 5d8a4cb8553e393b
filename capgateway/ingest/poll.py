"""Poll a feed over HTTP: ask, take in what is new, remember what was read.

::

    parts ─▶ pages ─▶ entries ─┬▶ with their alert: examined, stored (``body``)
                               └▶ with a link: noted as missing at once, then fetched beside the polls (``walk``)

A body is remembered when each of its entries is stored or noted.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from capgateway import log
from capgateway.cap.xml import DOCTYPE, SIZE, SYNTAX, WIDTH
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.feeds import MAX_PAGES, questions, read_entries
from capgateway.feeds.health import lists_strangers
from capgateway.feeds.http.fetch import ACCEPT, Fetched, FetchFailed, fetch
from capgateway.feeds.pace import interval_of
from capgateway.feeds.read.entry import READABLE
from capgateway.feeds.read.nws import JSON
from capgateway.feeds.read.page import page_instead
from capgateway.feeds.status import PollResult
from capgateway.ingest import gaps
from capgateway.ingest.absence import Absence, Stamp
from capgateway.ingest.body import store, take_plain, take_together
from capgateway.ingest.intake import LOGGER, off_loop
from capgateway.ingest.links import again, first_errand
from capgateway.ingest.watch import Strangers
from capgateway.store import Body, Document, TakenEntry, feeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from capgateway.cap import Finding
    from capgateway.feeds import Entry, Index, Question
    from capgateway.feeds.http.answer import Validators
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.parts import Part
    from capgateway.ingest.watch import Watch

NO_CHANGE = "not_modified"
NO_INDEX = frozenset({READABLE.id, JSON.id, SYNTAX.id, DOCTYPE.id, SIZE.id, WIDTH.id})
"""Rules that a document breaks which is no index at all. A sloppy index without entries is a quiet feed."""
NOTHING_THERE = frozenset({204, 404, 410})
"""How servers say that a feed has nothing, where it never had anything."""
ACTUAL = (None, "Actual")
"""What an envelope says of an alert that is as real as its own status."""
PARTS_WITHIN = 5.0
"""Seconds that the parts of a feed wait for each other; a slow one goes on beside the next polls."""
BEYOND = f"its listing goes on after {MAX_PAGES} pages: what is behind them was not read"
STAMPED = 20
"""Entries with new times under known links, from which on an index that renews most of its times is not believed."""


class Asked(NamedTuple):
    """What asking one address came to. A damaged answer may lack some of what there is."""

    failure: FetchFailed | None = None
    changed: bool = False
    new: int = 0
    is_damaged: bool = False
    is_cut: bool = False


class BodyRead(NamedTuple):
    """One body of a poll, as it was read: how many alerts were new, whether any entry was, whether all were known, whether it
    may be taken for what the feed has to say, where it goes on, the documents it links to, how many of its entries were known,
    whether the feed had any before, the alerts among those ``sought`` that it lists, whether some of it may be lost, and the hashes of the messages that it
    contains."""

    found: Fetched
    new: int
    is_news: bool = False
    is_sound: bool = True
    next_url: str | None = None
    failure: FetchFailed | None = None
    documents: tuple[Document, ...] = ()
    unusable: int = 0
    keys: frozenset[str] = frozenset()
    known: int = 0
    had_before: bool = False
    seen: frozenset[str] = frozenset()
    is_damaged: bool = False
    held: tuple[str, ...] = ()


async def poll(intake: Intake, watch: Watch) -> PollResult:
    """Ask one feed and take in what is new; ``watch.next_try`` then says when to ask again. Trouble with the feed is
    logged, never raised. A poll that waits for another of the same feed asks again all the same."""
    async with watch.busy:
        started, stamp = time.monotonic(), Stamp.now()
        read_whole = watch.reads_whole  # what is wished meanwhile, the next poll does
        now = stamp.at
        try:
            await _load(intake, watch)
            await gaps.notice(intake, watch)
            complete = watch.complete
            outcome, new = await _poll(intake, watch, stamp)
            is_complete = watch.complete is not complete and not watch.failures
            await gaps.settle(intake, watch, is_complete=is_complete)
            if is_complete:
                watch.reads_whole = watch.reads_whole and not read_whole
                watch.sought_in_vain = None if watch.is_walking and watch.walk.is_open else watch.sought
        except StoreError as error:  # our own trouble: the body stays unread, and is read at the next poll
            outcome, new = "store", 0
            watch.failed(str(error), now)
            watch.next_try = now + interval_of(watch.feed)
        except Exception as error:  # noqa: BLE001  (a fault of ours over one body must not end the feed)
            log.event(LOGGER, "feed.fault", level=logging.ERROR, error=error, feed=watch.feed.name)
            outcome, new = "fault", 0
            watch.failed(f"a fault of capgateway itself: {type(error).__name__}", now)
            watch.next_try = now + interval_of(watch.feed)
        result = PollResult(feed=watch.feed.name, outcome=outcome, new=new, trouble=watch.trouble)
        tell(intake, watch, result, time.monotonic() - started)
        return result


async def retry_missing(intake: Intake, watch: Watch) -> None:
    """Try again what could not be fetched before and is due, beside the polls. Raises :class:`StoreError`."""
    await _load(intake, watch)
    watch.walk.retry(utc_now())
    watch.walk.go(intake, watch)


async def _poll(intake: Intake, watch: Watch, stamp: Stamp) -> tuple[str, int]:
    now, live = stamp.at, await intake.live.documents(watch.feed.name)
    watch.begin_poll()
    watch.sought = await intake.live.sought(watch.feed.name)
    asked = await _ask(intake, watch, stamp, is_live=live is not None)
    new = sum(one.new for one in asked)
    if watch.is_walking or live or watch.has_looks:
        is_due = watch.looks.are_due(live, is_public=watch.is_public)
        if not is_due and not watch.is_walking:
            return _outcome(watch, asked, stamp), new
        if is_due:
            await _look_again(intake, watch, live)
        watch.walk.retry(now)
        watch.walk.go(intake, watch)
        new += await watch.walk.settle()
    return _outcome(watch, asked, stamp), new


def _outcome(watch: Watch, asked: Sequence[Asked], stamp: Stamp) -> str:
    watch.sum_up(stamp)
    failure = next((one.failure for one in asked if one.failure), None)
    if failure:
        return failure.reason
    return "ok" if any(one.changed for one in asked) else NO_CHANGE


async def _look_again(intake: Intake, watch: Watch, live: Mapping[str, Document] | None) -> None:
    """Ask for documents that were read before: those behind cards on display first."""
    urgent, others = await watch.looks.due(
        intake, watch.feed.name, live, is_public=watch.is_public, but=watch.walk.missing
    )
    watch.walk.fetch(urgent)
    watch.walk.look_again(others)


async def _load(intake: Intake, watch: Watch) -> None:
    """What an earlier process knew, once."""
    if watch.is_recalled:
        return
    documents = await intake.store.read(feeds.recent_documents, watch.feed.name)
    missing = await intake.store.read(feeds.missing_entries, watch.feed.name)
    if documents:
        watch.looks.recall(documents)
    if missing:
        watch.walk.recall(missing)
    stood = await intake.store.read(feeds.stood, watch.feed.name)
    watch.unjudged_since = watch.unjudged_since or stood.unjudged_since
    if watch.complete is None:  # the store may not have answered when the watch began
        watch.complete_at = stood.complete_at
    watch.is_recalled = True


async def _ask(intake: Intake, watch: Watch, stamp: Stamp, *, is_live: bool) -> list[Asked]:
    """The addresses of one poll. One that fails or is slow does not keep us from the others: these may hold the cancels."""
    now, codes = stamp.at, await intake.live.codes() if watch.feed.kind == "nws" else ()
    since = watch.complete.since_now if watch.complete else None
    every = questions(watch.feed, last_success=since, now=now, codes=codes)
    if len(every) == 1:
        return [await _ask_part(intake, watch, every[0], stamp, is_live=is_live)]
    leeway = interval_of(watch.feed) / 2
    own = [one for one in every if not one.is_aside]
    wanted = [one for one in every if (part := watch.part(one)).is_due(now, leeway) or _hurries(watch, part)]
    due = wanted if any(not one.is_aside for one in wanted) else [*wanted, *own]
    for one in due:
        part = watch.part(one)
        if not part.is_under_way:
            part.task = asyncio.create_task(_ask_beside(intake, watch, one, stamp, is_live=is_live))
    tasks = [part.task for one in due if (part := watch.part(one)).task is not None]
    done, _ = await asyncio.wait(tasks, timeout=PARTS_WITHIN)
    asked = [task.result() for task in tasks if task in done]
    trouble = next((one for one in asked if isinstance(one, StoreError)), None)
    if trouble:
        raise trouble
    return [one for one in asked if isinstance(one, Asked)]


def _hurries(watch: Watch, part: Part) -> bool:
    """Whether it is asked before its time; a server that is in trouble, or asked for a pause, is not."""
    return watch.reads_whole and not part.failures


async def _ask_beside(
    intake: Intake, watch: Watch, question: Question, stamp: Stamp, *, is_live: bool
) -> Asked | StoreError:
    """One of several addresses: what they link to is decided together, where they answer in time."""
    watch.walk.reading += 1
    try:
        return await _ask_part(intake, watch, question, stamp, is_live=is_live)
    except StoreError as error:
        return error
    finally:
        watch.walk.reading -= 1
        watch.walk.go(intake, watch)


async def _ask_part(intake: Intake, watch: Watch, question: Question, stamp: Stamp, *, is_live: bool) -> Asked:
    """One address and the pages it leads to, and when to ask it again."""
    part, now = watch.part(question), stamp.at
    is_whole = part.asks_whole(now, is_live=is_live) or watch.must_read
    try:
        asked = await _pages(intake, watch, question, now, is_whole=is_whole)
    except StoreError as error:
        part.failed(watch.feed, FetchFailed(reason="store", message=str(error)), now)
        raise
    part.remark = BEYOND if asked.is_cut else None
    if asked.failure and await _is_empty(intake, watch, asked.failure):
        part.remark = f"{asked.failure.message}; taken as a feed that has nothing yet"
        asked = Asked()
    if asked.failure:
        part.failed(watch.feed, asked.failure, utc_now())
        return Asked(changed=asked.changed, new=asked.new) if question.is_aside else asked
    if is_whole:
        part.whole_at = now
    if not asked.is_damaged and not asked.is_cut:
        part.complete = Absence.since(stamp)
    part.is_whole = not asked.is_cut
    part.cut_at = None if not asked.is_cut else part.cut_at if part.was_cut_lately(now) else now
    part.succeeded(watch.feed, utc_now(), is_live=is_live)
    return asked


async def _is_empty(intake: Intake, watch: Watch, failure: FetchFailed) -> bool:
    """Whether a failure is how a server says that there is nothing: as long as there never was anything."""
    if failure.reason != "empty" and failure.status not in NOTHING_THERE:
        return False
    watch.has_had = watch.has_had or await intake.store.read(feeds.has_had, watch.feed.name)
    return not watch.has_had


async def _pages(intake: Intake, watch: Watch, question: Question, now: datetime, *, is_whole: bool) -> Asked:
    """The pages of one address. They are remembered together, after the last: a page that fails must not be hidden by a first
    one that has not changed since."""
    part, url, pages, asked = watch.part(question), question.url, list[BodyRead](), set[str]()
    is_cut = False
    while not is_cut:
        asked.add(url)
        found = await fetch(
            watch.session,
            url,
            feed=watch.feed,
            now=now,
            known=None if pages or watch.must_read else watch.validators(question),
            accept=question.accept or ACCEPT,
            hosts=intake.hosts,
            whole=is_whole,
        )
        if isinstance(found, FetchFailed):
            return Asked(found, bool(pages), sum(page.new for page in pages))
        if found is None:
            break
        page = await _read(intake, watch, found)
        pages.append(page)
        if page.failure:
            return Asked(page.failure, True, sum(page.new for page in pages))
        if page.next_url is None or page.next_url in asked:
            break  # where it leads in circles, all that it lists was read too
        if part.is_whole and not is_whole and _was_known(pages):
            break  # the newest come first: what is behind was read before
        is_cut = len(pages) == MAX_PAGES or (part.was_cut_lately(now) and _was_known(pages))
        url = page.next_url
    if pages:
        documents = [document for page in pages for document in page.documents]
        if (documents or watch.has_looks) and not question.is_aside:
            watch.looks.listed(question.part, documents)
        _judge(watch, question, pages, now, is_cut=is_cut)
        part.unusable = sum(page.unusable for page in pages)
        part.fresh_until, watch.moved_to = pages[0].found.fresh_until, pages[0].found.moved_to
        if all(page.is_sound for page in pages) and not is_cut:
            await _remember(intake, watch, question, pages)
    is_damaged = any(page.is_damaged for page in pages)
    return Asked(None, bool(pages), sum(page.new for page in pages), is_damaged, is_cut)


def _judge(watch: Watch, question: Question, pages: Sequence[BodyRead], now: datetime, *, is_cut: bool) -> None:
    """What an answer says of what may have been missed: whether it shows anything that was known, and which alerts it lists
    that are sought. That a history lists an alert says nothing; it lists all."""
    if not question.is_aside:
        watch.seen.update(*(page.seen for page in pages))
    keys = frozenset[str]().union(*(page.keys for page in pages))
    known = sum(page.known for page in pages)
    if any(page.is_damaged for page in pages) or (is_cut and not known):
        return
    watch.is_judged = True
    if watch.complete_at and pages[0].had_before and lists_strangers(watch.feed, len(keys), known):
        watch.strangers = Strangers(keys, since=watch.complete_at, before=watch.unjudged_since or now)


def _was_known(pages: Sequence[BodyRead]) -> bool:
    """Whether all of the last page was known before this poll. While a listing is read it may grow, and show once more what
    an earlier page had."""
    return not pages[-1].is_news and not any(pages[-1].keys & page.keys for page in pages[:-1])


async def _read(intake: Intake, watch: Watch, found: Fetched) -> BodyRead:
    """Take in what a new body announces."""
    feed = watch.feed
    if not found.body.strip():
        return BodyRead(found, 0, failure=FetchFailed(reason="empty", message="the answer is empty"))
    index = await off_loop(len(found.body), lambda: read_entries(found.body, kind=feed.kind, base_url=found.url))
    errors = [finding for finding in index.findings if finding.level == "error"]
    faults = [finding for finding in errors if finding.rule in NO_INDEX]
    if faults and not index.entries:
        return await _not_an_index(intake, watch, found, _without_words(faults[0]))
    entries = index.distinct
    had_before = watch.has_had
    if entries and not had_before:
        had_before = await intake.store.read(feeds.has_had, feed.name)
    watch.has_had = had_before or bool(index.entries)
    known = await intake.store.read(feeds.known_entries, feed.name, [entry.key for entry in entries])
    fresh = [entry for entry in entries if entry.key not in known]
    known = await _before(intake, watch, entries, known, had_before=had_before)
    if feed.kind == "cap" and fresh:
        new, failure = await _take_only(intake, watch, fresh[0])
        return BodyRead(found, new, is_news=True, failure=failure)
    documents = [_document(entry) for entry in entries if entry.document is None]
    announced = await _announce(intake, watch, [entry for entry in fresh if entry.document is None], len(documents))
    held = [entry for entry in fresh if entry.document is not None]
    new = await _take_held(intake, watch, held)
    # A faulty index without entries may be somebody's error page under the right address and with the right ETag: it is
    # read as a quiet feed, and asked for again in full. So is a damaged one, which may have been cut off.
    is_sound = (bool(index.entries) or not errors) and not any(finding.rule == SYNTAX.id for finding in errors)
    _tell_unusable(watch, index)
    return BodyRead(
        found,
        new,
        bool(held) or announced.unread > 0,
        is_sound=is_sound,
        next_url=index.next_url,
        documents=tuple(documents),
        unusable=index.unusable,
        keys=frozenset(entry.key for entry in entries),
        known=len(known) + announced.known,
        had_before=had_before,
        seen=_seen(watch, entries, but=announced.renewed),
        is_damaged=any(finding.rule == SYNTAX.id for finding in errors),
        held=tuple(hashlib.sha256(one.document).hexdigest() for one in entries if one.document is not None),
    )


async def _before(
    intake: Intake, watch: Watch, entries: Sequence[Entry], known: set[str], *, had_before: bool
) -> set[str]:
    """Of the known entries those that came before an answer that is still to be judged. That there is one is noted before its
    entries are: a crash, a lost page or a damaged body must not make them known."""
    feed = watch.feed
    if watch.unjudged_since is not None:
        return await intake.store.read(feeds.known_entries, feed.name, list(known), before=watch.unjudged_since)
    if had_before and watch.complete_at and lists_strangers(feed, len(entries), len(known)):
        watch.unjudged_since = await intake.store.write(feeds.note_unjudged, feed.name)
    return known


def _seen(watch: Watch, entries: Sequence[Entry], *, but: frozenset[str]) -> frozenset[str]:
    """Which of the alerts that are sought these entries show. Known ones are not taken in again; of those that are asked for
    anew, the answer says so."""
    sought = watch.sought
    if sought is None:
        return frozenset()
    held = (
        hashlib.sha256(one.document).hexdigest() for one in entries if one.document and one.envelope_status in ACTUAL
    )
    linked = (first_errand(one).address for one in entries if one.document is None)
    found = [
        *(sought.hashes.get(one) for one in held),
        *(sought.documents.get(one) for one in linked if one not in but),
    ]
    return frozenset(one for one in found if one)


async def _take_held(intake: Intake, watch: Watch, held: Sequence[Entry]) -> int:
    """The entries that carry their alert, decided together with what others of the body link to."""
    kept, plain = await take_plain(intake, watch, held)
    if watch.is_walking and watch.walk.is_open:
        await watch.walk.keep(intake, watch, kept)
        return plain.checked()
    new = await take_together(intake, watch, kept)
    return new + plain.checked()


class Announced(NamedTuple):
    """How many documents were never read, and how many were; the addresses of those that are asked for because their entries
    have a new time."""

    unread: int = 0
    known: int = 0
    renewed: frozenset[str] = frozenset()


async def _announce(intake: Intake, watch: Watch, fresh: Sequence[Entry], listed: int) -> Announced:
    """Note the entries that link to what was never read, and have them fetched; how many there are. Where a document was
    read before, its entry has a new time: it is asked for again, conditionally. An index that gives most of its entries a new
    time at each poll is not believed; its documents are asked for in rotation."""
    if not fresh:
        return Announced()
    errands = {errand.address: errand for errand in map(first_errand, fresh)}
    wanted = [address for address in errands if address not in watch.walk.missing]
    known = await intake.store.read(feeds.documents, watch.feed.name, wanted) if wanted else {}
    unread = [errands[address] for address in wanted if address not in known]
    renewed = [
        again(known[address], key=errands[address].entry.key, link=errands[address].entry.link)
        for address in wanted
        if address in known
    ]
    is_believed = len(renewed) <= STAMPED or len(renewed) * 2 <= listed
    if is_believed:
        watch.walk.fetch(renewed)
    await watch.walk.announce(intake, watch, unread)
    addresses = frozenset(one.address for one in renewed) if is_believed else frozenset[str]()
    return Announced(len(unread), len(errands) - len(unread), addresses)


def _document(entry: Entry) -> Document:
    errand = first_errand(entry)
    return Document(address=errand.address, link=errand.entry.link, envelope_status=entry.envelope_status)


async def _not_an_index(intake: Intake, watch: Watch, found: Fetched, fault: str) -> BodyRead:
    """What cannot be read is kept, once a failure: an error page may change at each poll."""
    if not watch.failures:
        await intake.take_in(found.body, watch.feed)
    return BodyRead(found, 0, failure=FetchFailed(reason="unreadable", message=_named(found, fault)))


def _without_words(finding: Finding) -> str:
    """What is wrong with an answer, for the log: what breaks a document may be a name, and the finding quotes it."""
    if finding.rule != SYNTAX.id:
        return finding.message
    return "the answer is not well-formed XML" + (f" (line {finding.line})" if finding.line else "")


def _named(found: Fetched, fault: str) -> str:
    page = page_instead(found.body)
    return f"{found.url} answered with {page} instead of the feed" if page else fault


async def _take_only(intake: Intake, watch: Watch, entry: Entry) -> tuple[int, FetchFailed | None]:
    """The one document of a feed without index. An error page in its place is the feed's failure."""
    document = entry.document or b""
    arrival = await intake.examine(document, watch.feed)
    if arrival.gate != "unreadable":
        return await store(intake, watch, [(arrival, TakenEntry(feed=watch.feed.name, key=entry.key))]), None
    if not watch.failures:  # once a failure, as above
        await intake.take(arrival)
    page = page_instead(document)
    message = f"the answer is {page}, not CAP" if page else _without_words(arrival.report.findings[0])
    return 0, FetchFailed(reason="unreadable", message=message)


async def _remember(intake: Intake, watch: Watch, question: Question, pages: Sequence[BodyRead]) -> None:
    """Now that all entries are accounted for: the first page's validators, and the bodies that brought any. One that still lists
    something that is erased is not kept: it has its title, or all of it."""
    said: Validators = pages[0].found.validators
    bodies = [
        Body(url=page.found.url, status=page.found.status, media_type=page.found.media_type, content=page.found.body)
        for page in pages
        if page.is_news and not await _lists_erased(intake, watch, page)
    ]
    await intake.store.write(feeds.save_validators, watch.feed.name, question.address, said, bodies)
    watch.known[question.address] = said


async def _lists_erased(intake: Intake, watch: Watch, page: BodyRead) -> bool:
    documents = [one.address for one in page.documents]
    return await intake.store.read(feeds.lists_erased, watch.feed.name, documents, page.held)


def _tell_unusable(watch: Watch, index: Index) -> None:
    if index.unusable and index.unusable != watch.unusable:
        log.event(LOGGER, "feed.unusable", level=logging.WARNING, feed=watch.feed.name, entries=index.unusable)


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
