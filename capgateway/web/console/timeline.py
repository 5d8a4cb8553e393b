"""The time line of a card: from when its alert was sent to each acknowledgement and each confirmed removal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from capgateway.web.console.words import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.store import StoredAlert, StoredDelivery
    from capgateway.store.audit import Entry
    from capgateway.store.case import Case

MOST_EVENTS = 400
"""Shown; the newest. A card with many receivers has a few dozens."""
ACTS = {
    "card.withdrawn": "withdrew the card",
    "card.restored": "restored the card",
    "card.corrected": "removed facts",
    "card.verified": "verified the card",
    "card.held": "keeps the data of the card",
    "card.hold_lifted": "no longer keeps the data of the card",
    "card.exported": "exported the evidence",
    "incident.erased": "had everything erased",
}
SHORT = timedelta(seconds=1)


class Event(NamedTuple):
    """Something that happened. ``rank`` orders what happened at one moment."""

    at: datetime
    rank: int
    tone: str
    title: str
    detail: str = ""


def timeline(found: Case) -> list[Event]:
    """Everything that happened to a card, the oldest first."""
    events = [*_said(found), *_shown(found), *_sent(found), *_done(found)]
    return sorted(events, key=lambda one: (one.at, one.rank))[-MOST_EVENTS:]


def _said(found: Case) -> Iterator[Event]:
    for one in found.alerts:
        name = f"{one.msg_type or 'Alert'} {one.identifier or one.id}"
        sent = _moment(one.sent)
        if sent is not None and sent <= one.received_at:
            yield Event(sent, 0, "calm", f"{name} was sent", one.sender or "")
        yield Event(one.received_at, 1, "info", f"{name} arrived through {one.feed}", _arrival(one, sent))


def _arrival(one: StoredAlert, sent: datetime | None) -> str:
    late = f"{_took(one.received_at - sent)} after it was sent; " if sent and sent <= one.received_at else ""
    return f"{late}{one.decision}{f' ({one.reason})' if one.reason else ''}"


def _shown(found: Case) -> Iterator[Event]:
    stored = found.stored
    for one in found.revisions:
        yield Event(one.created_at, 2, "good", f"Revision {one.revision} was made")
    if stored.unverified_since:
        yield Event(
            stored.unverified_since, 2, "warn", "The card is unverified", f"since a gap of the feed {stored.feed}"
        )
    if stored.ended_at:
        reason = (stored.end_reason or "ended").replace("_", " ")
        yield Event(
            stored.ended_at, 2, "warn", f"The card ended: {reason}", "Its take-down goes to everyone who shows it."
        )
    if stored.erased_at:
        yield Event(stored.erased_at, 8, "calm", "The words of the card were erased")


def _sent(found: Case) -> Iterator[Event]:
    for one in found.deliveries:
        yield from _delivered(one)


def _delivered(one: StoredDelivery) -> Iterator[Event]:
    what = "the take-down" if one.action == "take_down" else f"revision {one.revision}"
    failed = [attempt for attempt in one.attempts if attempt.outcome != "delivered"]
    if failed:
        last = failed[-1]
        why = last.outcome.replace("_", " ") + (f" {last.status}" if last.status else "")
        count = "One attempt" if len(failed) == 1 else f"{len(failed)} attempts"
        yield Event(last.started_at, 4, "bad", f"{count} to send {what} to {one.receiver} failed", why)
    if one.state == "delivered" and one.ended_at:
        took = f"{_took(one.ended_at - one.created_at)} after it was made"
        if one.confirmed:
            does = "confirmed the removal" if one.action == "take_down" else f"confirmed that it shows {what}"
            yield Event(one.ended_at, 5, "good", f"{one.receiver} {does}", took)
        else:
            yield Event(one.ended_at, 5, "good", f"{one.receiver} acknowledged {what}", took)
    elif one.state == "dead" and one.ended_at:
        yield Event(one.ended_at, 5, "bad", f"Sending {what} to {one.receiver} was given up", one.reason or "")
    elif one.state == "pending":
        tone = "bad" if failed else "warn"
        since = failed[-1].started_at if failed else one.created_at
        yield Event(since, 6, tone, f"{one.receiver} has not acknowledged {what} yet")


def _done(found: Case) -> Iterator[Event]:
    for one in found.audit:
        yield Event(one.at, 3, "info", f"{one.actor} {ACTS.get(one.action, one.action)}", _why(one))


def _why(one: Entry) -> str:
    removed = ", ".join(str(pointer) for pointer in (one.detail or {}).get("removed", ()))
    return ": ".join(part for part in (removed, one.reason or "") if part)


def _took(length: timedelta) -> str:
    if length < SHORT:
        return f"{length // timedelta(milliseconds=1)} ms"
    return span(length)


def _moment(text: str | None) -> datetime | None:
    """When an alert says that it was sent."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
