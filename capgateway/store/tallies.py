"""What the report of conduct says of a card and of all of them together: how long each step took, in seconds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import ceil

import msgspec


class ReceiverConduct(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver acknowledged of a card: its first and last display, and its take-down. ``is_taken_down``: a take-down was
    sent to it; ``take_down_confirmed_at`` is when it said that it has removed the card."""

    receiver: str
    first_acknowledged_at: datetime | None
    last_acknowledged_at: datetime | None
    is_taken_down: bool
    take_down_acknowledged_at: datetime | None
    take_down_confirmed_at: datetime | None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a card ended. ``sent_at`` and ``received_at`` are those of the alert that ended it, where one did."""

    reason: str
    sent_at: datetime | None
    received_at: datetime | None
    ended_at: datetime


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A time for which a person suspended the retention; ``lifted_at`` is null while it lasts."""

    held_at: datetime
    lifted_at: datetime | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that a person removed: its JSON Pointer in the card, never its value."""

    removed: str
    corrected_at: datetime


class MissedPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A gap of a feed that brought the card, while the card was live; ``ended_at`` is null while the source is away."""

    feed: str
    since: datetime
    ended_at: datetime | None


class CardConduct(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a card. ``issuer`` is the sender of its first alert, ``sent_at`` and ``received_at`` are that alert's;
    ``published_at`` is null for a copy that was never displayed. ``area`` are the codes of the latest target."""

    card_id: str
    programme: str
    status: str
    state: str
    issuer: str | None
    area: list[str]
    sent_at: datetime | None
    received_at: datetime | None
    published_at: datetime | None
    receivers: list[ReceiverConduct]
    end: Ended | None
    holds: list[Hold]
    corrections: list[Correction]
    gaps: list[MissedPeriod]
    erased_at: datetime | None


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts of the period became no card, for one reason."""

    decision: str
    reason: str | None
    count: int


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Half of ``count`` durations were no longer than ``p50`` seconds, and 95 of a hundred no longer than ``p95``."""

    count: int
    p50: float | None
    p95: float | None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """All actual cards of the period together; ``exercises`` are only counted. ``copies`` were never displayed. ``take_downs`` count
    each receiver of each card that ended. ``durations`` are named by their two ends; those to an acknowledgement have one
    value for each receiver of each card."""

    cards: int
    copies: int
    exercises: int
    live: int
    ended: dict[str, int]
    held: int
    corrected: int
    with_gaps: int
    take_downs: int
    take_downs_acknowledged: int
    take_downs_confirmed: int
    durations: dict[str, Spread]


Pair = tuple[datetime | None, datetime | None]


def _of_receivers(ends: Callable[[CardConduct, ReceiverConduct], Pair]) -> Callable[[CardConduct], Iterable[Pair]]:
    return lambda card: (ends(card, one) for one in card.receivers)


def _end(card: CardConduct, name: str) -> datetime | None:
    return getattr(card.end, name) if card.end else None


def _removal(card: CardConduct, moment: datetime | None) -> datetime | None:
    """The moment, unless the receiver lost the card before its end, as when its area left the receiver's regions."""
    ended = _end(card, "ended_at")
    return moment if moment and ended and moment >= ended else None


DURATIONS: dict[str, Callable[[CardConduct], Iterable[Pair]]] = {
    "sent_to_received": lambda card: [(card.sent_at, card.received_at)],
    "received_to_published": lambda card: [(card.received_at, card.published_at)],
    "published_to_acknowledged": _of_receivers(lambda card, one: (card.published_at, one.first_acknowledged_at)),
    "sent_to_acknowledged": _of_receivers(lambda card, one: (card.sent_at, one.first_acknowledged_at)),
    "end_sent_to_received": lambda card: [(_end(card, "sent_at"), _end(card, "received_at"))],
    "end_to_acknowledged": _of_receivers(
        lambda card, one: (_end(card, "ended_at"), _removal(card, one.take_down_acknowledged_at))
    ),
    "end_to_confirmed": _of_receivers(
        lambda card, one: (_end(card, "ended_at"), _removal(card, one.take_down_confirmed_at))
    ),
    "end_sent_to_acknowledged": _of_receivers(
        lambda card, one: (_end(card, "sent_at"), _removal(card, one.take_down_acknowledged_at))
    ),
}
"""Which two moments of a card each duration lies between. One that misses either is not counted."""


def totals(every: Sequence[CardConduct]) -> Totals:
    """What all cards come to."""
    actual = [card for card in every if card.status == "actual"]
    displayed = [card for card in actual if card.published_at is not None]
    ended = [card.end.reason for card in displayed if card.end]
    removed = [one for card in displayed if card.end for one in card.receivers if one.is_taken_down]
    return Totals(
        cards=len(displayed),
        copies=len(actual) - len(displayed),
        exercises=len(every) - len(actual),
        live=sum(card.end is None for card in displayed),
        ended={reason: ended.count(reason) for reason in sorted(set(ended))},
        held=sum(bool(card.holds) for card in displayed),
        corrected=sum(bool(card.corrections) for card in displayed),
        with_gaps=sum(bool(card.gaps) for card in displayed),
        take_downs=len(removed),
        take_downs_acknowledged=sum(one.take_down_acknowledged_at is not None for one in removed),
        take_downs_confirmed=sum(one.take_down_confirmed_at is not None for one in removed),
        durations={name: spread(_seconds(displayed, ends)) for name, ends in DURATIONS.items()},
    )


def spread(seconds: Sequence[float]) -> Spread:
    """The percentiles by nearest rank: each is a value that was measured."""
    ranked = sorted(seconds)
    if not ranked:
        return Spread(count=0, p50=None, p95=None)
    return Spread(count=len(ranked), p50=_percentile(ranked, 50), p95=_percentile(ranked, 95))


def _percentile(ranked: Sequence[float], percent: int) -> float:
    return ranked[ceil(len(ranked) * percent / 100) - 1]


def _seconds(displayed: Iterable[CardConduct], ends: Callable[[CardConduct], Iterable[Pair]]) -> list[float]:
    pairs = [pair for card in displayed for pair in ends(card)]
    return [(until - since).total_seconds() for since, until in pairs if since is not None and until is not None]
