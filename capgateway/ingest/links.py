"""One document that an entry links to: fetched, examined, and what came of it. Nothing is stored here."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, ids, log
from capgateway.clock import utc_now
from capgateway.feeds.http.fetch import Fetched, FetchFailed, fetch
from capgateway.feeds.read.page import page_instead
from capgateway.ingest.body import is_plain
from capgateway.ingest.intake import LOGGER, unwrap
from capgateway.masking import mask_paths
from capgateway.store import Arrival, Document, MissingEntry, TakenEntry
from capgateway.store.feeds import address_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.feeds import Entry
    from capgateway.feeds.http.hosts import Lane
    from capgateway.ingest.followed import Followed
    from capgateway.ingest.intake import Intake


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A document to fetch: for an entry that was not taken in yet, or ``known`` from before and asked for again. ``is_whole``
    asks without conditions."""

    address: str
    entry: MissingEntry
    known: Document | None = None
    is_whole: bool = False


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What an errand came to. ``taken`` is set when the entry needs no more fetching: its arrivals are new, or there are none
    because the document is what it was. Otherwise ``trouble`` says why not; ``is_slow``: there was no answer in time."""

    arrivals: tuple[Arrival, ...] = ()
    taken: TakenEntry | None = None
    trouble: str | None = None
    retry_at: datetime | None = None
    is_slow: bool = False


def first_errand(entry: Entry) -> Errand:
    """The errand for an entry that links to its alert."""
    links = [entry.link or ""] if entry.is_named else [entry.link or "", *entry.others]
    missing = MissingEntry(
        key=entry.key,
        link=entry.link or "",
        address=address_of(links, entry.envelope_status),
        failures=0,
        retry_at=utc_now(),
        envelope_status=entry.envelope_status,
        others=entry.others,
    )
    return Errand(address=missing.address, entry=missing)


def again(document: Document, *, key: str = "", link: str | None = None, is_whole: bool = False) -> Errand:
    """The errand for a document that was read before; with the key of the entry that announces it anew, if one does. ``link`` is
    where a listing has it: of one whose alert is erased nothing else knows that."""
    document = msgspec.structs.replace(document, link=document.link or link or "")
    entry = MissingEntry(
        key=key, link=document.link, failures=0, address=document.address, envelope_status=document.envelope_status
    )
    return Errand(address=document.address, entry=entry, known=document, is_whole=is_whole)


async def run(intake: Intake, watch: Followed, errand: Errand, *, lane: Lane, patience: float) -> Brought:
    """Do an errand within so many seconds. Never raises for what a server does; a fault of ours over one document is
    logged, and it is tried again."""
    try:
        async with asyncio.timeout(patience):
            return await _run(intake, watch, errand, lane)
    except TimeoutError:
        return Brought(trouble=f"no answer within {patience:g} s", is_slow=True)
    except Exception as error:  # noqa: BLE001  (whatever it is: the entry is still missing, its neighbours go on)
        if watch.session.closed:  # our own end
            return Brought(trouble="the gateway stops")
        link = mask_paths(errand.entry.link)
        log.event(LOGGER, "link.crashed", level=logging.ERROR, feed=watch.feed.name, link=link, error=error)
        return Brought(trouble=f"a fault of the gateway: {type(error).__name__}")


async def _run(intake: Intake, watch: Followed, errand: Errand, lane: Lane) -> Brought:
    """Try the links of an entry in turn, until one leads to CAP."""
    entry, failed, useless = errand.entry, None, None
    for link in (entry.link, *entry.others):
        known = errand.known.said if errand.known and link == errand.known.link else None
        found = await fetch(
            watch.session,
            link,
            feed=watch.feed,
            now=utc_now(),
            known=known,
            limit=cap.MAX_BYTES,
            hosts=intake.hosts,
            lane=lane,
            whole=errand.is_whole,
        )
        if found is None and known is not None:
            return Brought(taken=TakenEntry(feed=watch.feed.name, key=entry.key, link=entry.link))
        if not isinstance(found, Fetched):
            failed = (
                failed or found or FetchFailed(reason="status", message="answered 304 to a request without conditions")
            )
            if failed.reason in {"throttled", "timeout"}:
                break
            continue
        arrivals = await _examine(intake, watch, entry, found)
        if any(arrival.gate != "unreadable" for arrival in arrivals):
            telling = next((one for one in arrivals if not is_plain(one, intake.policy)), arrivals[0])
            return Brought(arrivals=tuple(arrivals), taken=_taken(watch, errand, link, found, telling))
        useless = useless or Brought(arrivals=tuple(arrivals), trouble=_useless(link, found))
    if useless:
        return useless
    failed = failed or FetchFailed(reason="url", message="no link")
    return Brought(trouble=failed.message, retry_at=failed.retry_at, is_slow=failed.reason == "timeout")


async def _examine(intake: Intake, watch: Followed, entry: MissingEntry, found: Fetched) -> Sequence[Arrival]:
    """The messages in a document, which may come in an envelope."""
    inside = await unwrap(found.body)
    documents = [(document, _weightier(entry.envelope_status, status)) for document, status in inside]
    arrivals = await intake.examine_all(documents, watch.feed)
    if entry.key:
        return arrivals
    return [msgspec.structs.replace(arrival, is_second_look=True) for arrival in arrivals]


def _taken(watch: Followed, errand: Errand, link: str, found: Fetched, telling: Arrival) -> TakenEntry:
    document = Document(
        address=errand.address,
        link=link,
        envelope_status=errand.entry.envelope_status,
        alert_id=ids.from_digest("alt", bytes.fromhex(telling.identity)),
        said=found.validators,
    )
    return TakenEntry(feed=watch.feed.name, key=errand.entry.key, link=errand.entry.link, document=document)


def _useless(link: str, found: Fetched) -> str:
    page = page_instead(found.body)
    return f"{link} leads to {page}, not to CAP" if page else f"what {link} leads to is not CAP"


def _weightier(outer: str | None, inner: str | None) -> str | None:
    """Of two envelopes one inside the other: whichever says that it is not real."""
    return inner if outer in (None, "Actual") else outer
