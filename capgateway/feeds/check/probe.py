"""Look at a feed once, as it is configured, store nothing, and say what it is like and what is wrong with it.

::

    look ─▶ polled: fetch, ask again with conditions, read, the first few messages ─┐
            stream: connect, wait for a message, look for what it names ────────────┼─▶ judge ─▶ Look
            folder: what waits there ───────────────────────────────────────────────┘

``check`` has the sentences about a fetched index; what only a second look shows is said here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Iterable
from contextlib import aclosing
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, net
from capgateway.cap.place import local
from capgateway.errors import FetchError
from capgateway.feeds import directory
from capgateway.feeds.check import advice
from capgateway.feeds.check.manners import Remarks, manners, say_certificate
from capgateway.feeds.feed import Feed, FeedKind
from capgateway.feeds.http.certificate import certificate_end
from capgateway.feeds.http.fetch import ACCEPT, Fetched, FetchFailed, fetch
from capgateway.feeds.plan import questions
from capgateway.feeds.read.entries import read_entries
from capgateway.feeds.read.judge import judge
from capgateway.feeds.read.page import page_instead
from capgateway.feeds.stream import listen, naads
from capgateway.masking import mask_addresses, mask_query

if TYPE_CHECKING:
    import aiohttp

    from capgateway.feeds.read.entry import Entry, Index

__all__ = ["Look", "look"]

#: Messages read of one feed: enough to see how its issuer writes, few enough to be polite.
MESSAGES = 5
#: What a feed of kind `cap` should be configured as, by the root of what is there.
CONTAINERS: dict[str, FeedKind] = {
    "feed": "atom",
    "rss": "rss",
    "RDF": "rss",
    "alerts": "ipaws",
    "EDXLDistribution": "edxl",
}
_AMBER = re.compile(rb">\s*CAE\s*<|child abduction emergency|amber alert", re.IGNORECASE)
#: A stream sends a heartbeat a minute; a little more than that must bring one.
PATIENCE = timedelta(seconds=75)

Say = Callable[[str], None]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at a feed showed. ``facts`` tell what it is like, ``advice`` what could be better, ``troubles`` what
    is wrong; each is a sentence for an operator or the feed's issuer. ``reports`` judge the first few messages."""

    feed: str
    kind: FeedKind
    facts: tuple[str, ...]
    advice: tuple[str, ...]
    troubles: tuple[str, ...]
    reports: tuple[cap.Report, ...]


async def look(
    feed: Feed,
    session: aiohttp.ClientSession,
    schemas: cap.Schemas,
    *,
    now: datetime,
    trust: bytes = b"",
    patience: timedelta = PATIENCE,
    progress: Say = lambda _: None,
) -> Look:
    """Look at a feed. Never raises for what the feed is or says; ``progress`` gets what takes a while."""
    seen = _Seen(feed, session, schemas, now, trust)
    match feed.kind:
        case "naads":
            progress(f"listening for up to {patience.total_seconds():g} s")
            await asyncio.gather(*(_stream(seen, url, patience) for url in feed.urls))
        case "directory":
            _folder(seen)
        case "push":
            seen.facts.append(
                f"Nothing is fetched: alerts are submitted with POST /api/v1/feeds/{feed.name}/alerts, "
                f"or by hand with `capgateway feeds submit {feed.name} FILE`."
            )
        case _:
            asked = questions(feed, last_success=None, now=now)
            for question in asked:
                progress(f"asking {mask_query(question.url)}")
                before = len(seen.troubles)
                await _polled(seen, question.url, question.accept or ACCEPT)
                if len(asked) > 1:
                    seen.troubles[before:] = [f"{question.name}: {trouble}" for trouble in seen.troubles[before:]]
    if feed.kind not in {"push", "directory"} and seen.facts and not seen.has_amber:
        seen.facts.append(
            "None of the messages that were read is an AMBER Alert. That is normal: in most places weeks pass without one."
        )
    return seen.told()


def is_amber(document: bytes) -> bool:
    """Whether a document looks as if it held an AMBER Alert. What the gateway makes of it, its policy says."""
    return bool(_AMBER.search(document))


class _Seen:
    """What is gathered during one look."""

    def __init__(
        self, feed: Feed, session: aiohttp.ClientSession, schemas: cap.Schemas, now: datetime, trust: bytes
    ) -> None:
        self.feed, self.session, self.now = feed, session, now
        self.facts: list[str] = []
        self.advice: list[str] = []
        self.troubles: list[str] = []
        self.has_amber = False
        self._schemas, self._trust = schemas, trust
        self._reports: list[cap.Report] = []

    def judge(self, document: bytes, source: str) -> None:
        """Judge a message, or the first messages in an envelope."""
        reports = judge(
            document,
            self._schemas,
            now=self.now,
            profile=self.feed.profile,
            trust=self._trust,
            source=mask_addresses(source),
        )
        self.has_amber = self.has_amber or is_amber(document)
        for report in islice(reports, MESSAGES):
            self._reports.append(report)
            errors = [finding for finding in report.findings if finding.level == "error"]
            if errors:
                more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
                self.troubles.append(f"{report.identifier or source} is invalid: {errors[0].message}{more}")

    def told(self) -> Look:
        return Look(
            feed=self.feed.name,
            kind=self.feed.kind,
            facts=tuple(map(mask_addresses, self.facts)),
            advice=tuple(map(mask_addresses, self.advice)),
            troubles=tuple(map(mask_addresses, self.troubles)),
            reports=tuple(self._reports),
        )


async def _polled(seen: _Seen, url: str, accept: str) -> None:
    """One address of a feed over HTTP."""
    found = await fetch(seen.session, url, feed=seen.feed, now=seen.now, accept=accept)
    if not isinstance(found, Fetched):
        failed = found or FetchFailed(reason="protocol", message="answered 304 to a request without conditions")
        seen.troubles += advice.describe(seen.feed, failed, None, seen.now)
        return
    page = page_instead(found.body)
    if page:
        seen.troubles.append(f"{found.url} answered with {page} instead of the feed. {advice.ADVICE['page']}")
        return
    index = read_entries(found.body, kind=seen.feed.kind, base_url=found.url)
    seen.facts += advice.describe(seen.feed, found, index, seen.now)
    seen.troubles += _troubles(found, index)
    if seen.feed.kind == "cap":
        seen.troubles += _not_a_message(found)
    remarks = await manners(seen.session, seen.feed, found, accept=accept, now=seen.now)
    seen.facts += remarks.facts
    seen.advice += remarks.advice
    await _messages(seen, index.distinct[:MESSAGES], found.url)


def _troubles(found: Fetched, index: Index) -> Iterable[str]:
    errors = sum(finding.level == "error" for finding in index.findings)
    unusable = index.unusable
    if errors:
        yield f"{found.url} breaks {errors} of a feed's rules; the findings above name the places."
    if unusable:
        yield f"{unusable} of {len(index.entries)} entries lead to no message."


def _not_a_message(found: Fetched) -> Iterable[str]:
    """What keeps the gateway from reading the one document of a feed: it may be a container of messages."""
    parsed = cap.parse(found.body)
    if parsed.alert is not None:
        return
    name = local(parsed.root) if parsed.root is not None else ""
    kind = CONTAINERS.get(name)
    advice = f' Change its kind to "{kind}".' if kind else ""
    what = f"its root element is `{name}`, not `alert`" if name else parsed.findings[0].message.rstrip(".")
    yield f'The feed is configured as "cap", but {found.url} is not one CAP message: {what}.{advice}'


async def _messages(seen: _Seen, entries: Iterable[Entry], url: str) -> None:
    """The first few messages of an index, inside it or where it links to."""
    for number, entry in enumerate(entries, 1):
        document, source = entry.document, entry.link or f"message {number} of {url}"
        if document is None and entry.link is not None:
            found = await fetch(seen.session, entry.link, feed=seen.feed, now=seen.now, limit=cap.MAX_BYTES)
            if not isinstance(found, Fetched):
                message = found.message if found else "answered 304 to a request without conditions"
                seen.troubles.append(f"{entry.link} could not be fetched: {message}.")
                continue
            document = found.body
            if page := page_instead(document):
                seen.troubles.append(f"{entry.link} leads to {page}, not to CAP.")
                continue
        if document is not None:
            seen.judge(document, source)


async def _stream(seen: _Seen, url: str, patience: timedelta) -> None:
    """One address of a stream: does it connect, does it speak, do the archives have what it names?"""
    start = asyncio.get_running_loop().time()
    try:
        async with aclosing(listen.messages(url, seen.feed, silence=patience.total_seconds())) as documents:
            document = await anext(documents)
    except FetchError as error:
        seen.troubles.append(f"{url}: {error}. {advice.advise(error.reason, str(error))}".strip())
        return
    waited = asyncio.get_running_loop().time() - start
    await _stream_certificate(seen, url)
    alert = cap.parse(document).alert
    if alert is None or not naads.is_heartbeat(alert):
        seen.facts.append(f"{url} sent a message of {len(document):,} bytes after {waited:.0f} s.")
        seen.judge(document, url)
        return
    named = naads.announced(alert)
    seen.facts.append(f"{url} sent a heartbeat after {waited:.0f} s; it names {len(named)} alerts.")
    if named:
        await _archived(seen, named[-1])


async def _stream_certificate(seen: _Seen, url: str) -> None:
    remarks = Remarks()
    with contextlib.suppress(*net.TROUBLE, ValueError):  # the first connection was good
        say_certificate(remarks, await certificate_end(url, seen.feed), seen.now)
    seen.facts += remarks.facts
    seen.advice += remarks.advice


async def _archived(seen: _Seen, reference: cap.Reference) -> None:
    found = await listen.recover(seen.session, reference, seen.feed, seen.now)
    if isinstance(found, FetchFailed):
        seen.troubles.append(f"The archives do not have {reference.identifier}, which it names: {found.message}.")
        return
    seen.facts.append(f"The last of them is in the archive, at {found.url}.")
    seen.judge(found.body, found.url)


def _folder(seen: _Seen) -> None:
    """What waits in a folder, and whether it can be put away."""
    folder = Path(seen.feed.path)
    try:
        waiting = directory.waiting(folder, now=seen.now)
    except FetchError as error:
        seen.troubles.append(f"{folder}: {error}.")
        return
    files = "1 file that waits" if len(waiting) == 1 else f"{len(waiting)} files that wait"
    seen.facts.append(f"{folder} contains {files} to be read.")
    if not os.access(folder, os.W_OK):
        seen.troubles.append(f"{folder} cannot be written to, so no file could be put away when it is done.")
    for path in waiting[:MESSAGES]:
        try:
            seen.judge(directory.read(path), path.name)
        except FetchError as error:
            seen.troubles.append(f"{error}.")
