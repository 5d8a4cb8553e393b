"""Words and colours of states, and how times read: in UTC, with how long ago that was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class State(NamedTuple):
    """A word, and the tone of its colour: ``good``, ``warn``, ``bad``, ``info`` or ``calm``."""

    word: str
    tone: str


CARD_STATES = {
    "active": State("On display", "good"),
    "linked": State("Linked", "info"),
    "waiting": State("Waits for a person", "warn"),
    "ended": State("Ended", "calm"),
}
DECISIONS = {
    "published": State("Published", "good"),
    "updated": State("Updated", "good"),
    "ended": State("Ended", "calm"),
    "unchanged": State("Unchanged", "calm"),
    "linked": State("Linked", "info"),
    "ignored": State("Ignored", "calm"),
    "quarantined": State("Quarantined", "warn"),
}
FEEDS = {
    "ok": State("Healthy", "good"),
    "waiting": State("Starting", "info"),
    "failing": State("Failing", "bad"),
    "silent": State("Silent", "bad"),
    "disabled": State("Off", "calm"),
}
DELIVERIES = {
    "pending": State("Pending", "warn"),
    "delivered": State("Delivered", "good"),
    "superseded": State("Superseded", "calm"),
    "dead": State("Given up", "bad"),
}
RECEIVERS = {
    "well": State("Well", "good"),
    "failing": State("Failing", "bad"),
    "degraded": State("Degraded", "warn"),
    "suspended": State("Suspended", "bad"),
    "disabled": State("Off", "calm"),
}
LEVELS = {
    "error": State("Error", "bad"),
    "warning": State("Warning", "warn"),
    "info": State("Note", "info"),
}
VERDICTS = {
    "valid": State("Valid", "good"),
    "invalid": State("Invalid", "bad"),
}
_STATES: Mapping[str, Mapping[str, State]] = {
    "card": CARD_STATES,
    "decision": DECISIONS,
    "feed": FEEDS,
    "delivery": DELIVERIES,
    "receiver": RECEIVERS,
    "level": LEVELS,
    "verdict": VERDICTS,
}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def state(value: str, of: str) -> State:
    """The word and tone of a state; one of another version is shown as it is."""
    return _STATES[of].get(value, State(value, "calm"))


def clock(moment: datetime, now: datetime) -> str:
    """A moment in UTC; the date only where it is another day than today."""
    there = moment.astimezone(UTC)
    if there.date() == now.astimezone(UTC).date():
        return f"{there:%H:%M} UTC"
    year = f" {there:%Y}" if there.year != now.year else ""
    return f"{there.day} {there:%b}{year}, {there:%H:%M} UTC"


def exact(moment: datetime) -> str:
    """A moment to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def day(moment: datetime) -> str:
    """The day of a moment."""
    there = moment.astimezone(UTC)
    return f"{there.day} {there:%B %Y}"


def second(moment: datetime) -> str:
    """The time of day of a moment, to the second."""
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def span(length: timedelta) -> str:
    """A length of time in at most two units."""
    length = abs(length)
    if length < MINUTE:
        return f"{length.seconds} s"
    if length < HOUR:
        return f"{length // MINUTE} min"
    if length < 2 * DAY:
        minutes = length % HOUR // MINUTE
        return f"{length // HOUR} h {minutes} min" if minutes else f"{length // HOUR} h"
    return f"{length // DAY} days"


def distance(moment: datetime, now: datetime) -> str:
    """How long ago a moment was, or how far ahead it is."""
    return f"{span(now - moment)} ago" if moment <= now else f"in {span(moment - now)}"


def iso(moment: datetime) -> str:
    """A moment for machines."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def sentence(text: str) -> str:
    """A message of the gateway as a sentence."""
    told = text[:1].upper() + text[1:]
    return told if told.endswith((".", "!", "?", ":")) else f"{told}."


def count(number: int, one: str, several: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else several}"


FILTERS: dict[str, Callable[..., object]] = {
    "state": state,
    "clock": clock,
    "exact": exact,
    "day": day,
    "second": second,
    "span": span,
    "distance": distance,
    "iso": iso,
    "sentence": sentence,
    "counted": count,
}
