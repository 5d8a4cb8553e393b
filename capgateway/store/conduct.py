"""The report of conduct: what was displayed in a period, how fast it went up and came down, and what was declined.

It has no personal data, and is the same before and after the retention or an order has erased the cards: it is made of moments,
codes and names of programmes, feeds and receivers, which stay. Acknowledgements are read from the attempts, because a delivery
that a person sends again forgets how it ended before.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BigInteger, Select, and_, func, select, type_coerce

from capgateway.store import erasure, tallies
from capgateway.store.tables import (
    EPOCH,
    alerts,
    attempts,
    audit,
    card_revisions,
    cards,
    corrections,
    deliveries,
    gaps,
    messages,
)
from capgateway.store.tallies import (
    CardConduct,
    Correction,
    Declined,
    Ended,
    Hold,
    MissedPeriod,
    ReceiverConduct,
    Totals,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, RowMapping

MOST_CARDS = 20_000
"""Cards of one report: some years of a nation. A longer period is to be asked for in parts."""
DRAWN = "~"
"""Marks, in the store, a region in which a shape lies that no unit is known for."""
HELD, LIFTED = "card.held", "card.hold_lifted"

_SUCCESS = and_(attempts.c.delivery_id == deliveries.c.id, attempts.c.outcome == "delivered")
_AT = type_coerce(attempts.c.started_at, BigInteger) + attempts.c.microseconds
_CONFIRMED_AT = func.min(_AT).filter(attempts.c.confirmed)


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a period: the cards that were first displayed in it, or kept as copies, the oldest first; and the alerts that
    came in it and were declined, by reason."""

    since: datetime
    until: datetime
    generated_at: datetime
    cards: list[CardConduct]
    totals: Totals
    declined: list[Declined]


def conduct(connection: Connection, since: datetime, until: datetime, now: datetime) -> Conduct:
    """The report from ``since`` until before ``until``. Raises ``ValueError`` with a sentence for who asks where there are more
    cards than one report has."""
    rows = connection.execute(_cards(since, until)).mappings().all()
    if len(rows) > MOST_CARDS:
        raise ValueError(f"the period has more than {MOST_CARDS:,} cards: ask for a shorter one")
    made = [one for some in _portions(rows) for one in _some(connection, some, now)]
    return Conduct(
        since=since,
        until=until,
        generated_at=now,
        cards=made,
        totals=tallies.totals(made),
        declined=_declined(connection, since, until),
    )


def _cards(since: datetime, until: datetime) -> Select[Any]:
    """The cards of a period, each with what its first alert and the one that ended it say of their times."""
    ender = alerts.alias("ender")
    return (
        select(
            cards,
            alerts.c.sender,
            alerts.c.sent_at,
            alerts.c.received_at,
            ender.c.sent_at.label("end_sent_at"),
            ender.c.received_at.label("end_received_at"),
        )
        .outerjoin(card_revisions, and_(card_revisions.c.card_id == cards.c.id, card_revisions.c.revision == 1))
        .outerjoin(alerts, alerts.c.id == card_revisions.c.alert_id)
        .outerjoin(ender, ender.c.id == cards.c.ended_by)
        .where(cards.c.published_at >= since, cards.c.published_at < until)
        .order_by(cards.c.published_at, cards.c.id)
        .limit(MOST_CARDS + 1)
    )


def _portions(rows: Sequence[RowMapping]) -> list[Sequence[RowMapping]]:
    return [rows[start : start + erasure.AT_ONCE] for start in range(0, len(rows), erasure.AT_ONCE)]


def _some(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> list[CardConduct]:
    card_ids = [row["id"] for row in rows]
    shown = set(connection.execute(_displayed(card_ids)).scalars())
    receivers, holds = _receivers(connection, card_ids), _holds(connection, card_ids)
    removed, missed = _corrections(connection, card_ids), _gaps(connection, rows, now)
    return [
        CardConduct(
            card_id=row["id"],
            programme=row["programme"],
            status=row["status"],
            state=row["state"],
            issuer=row["sender"],
            area=[code.removeprefix(DRAWN) for code in row["target"].split()],
            sent_at=row["sent_at"],
            received_at=row["received_at"],
            published_at=row["published_at"] if row["id"] in shown else None,
            receivers=receivers.get(row["id"], []),
            end=_end(row),
            holds=holds.get(row["id"], []),
            corrections=removed.get(row["id"], []),
            gaps=missed.get(row["id"], []),
            erased_at=row["erased_at"],
        )
        for row in rows
    ]


def _end(row: RowMapping) -> Ended | None:
    if row["ended_at"] is None:
        return None
    return Ended(
        reason=row["end_reason"],
        sent_at=row["end_sent_at"],
        received_at=row["end_received_at"],
        ended_at=row["ended_at"],
    )


def _displayed(card_ids: Sequence[str]) -> Select[tuple[str | None]]:
    """Of these cards, those that were ever displayed: a copy never is."""
    return select(messages.c.card_id).where(messages.c.card_id.in_(card_ids), messages.c.action == "display").distinct()


def _receivers(connection: Connection, card_ids: Sequence[str]) -> dict[str, list[ReceiverConduct]]:
    """What each receiver acknowledged of these cards, by the end of the request that it answered with success."""
    query = (
        select(
            deliveries.c.card_id,
            deliveries.c.receiver,
            deliveries.c.action,
            func.min(_AT).label("first"),
            func.max(_AT).label("last"),
            _CONFIRMED_AT.label("confirmed"),
        )
        .outerjoin(attempts, _SUCCESS)
        .where(deliveries.c.card_id.in_(card_ids))
        .group_by(deliveries.c.card_id, deliveries.c.receiver, deliveries.c.action)
        .order_by(deliveries.c.card_id, deliveries.c.receiver)
    )
    of_each: dict[tuple[str, str], dict[str | None, Row[Any]]] = {}
    for row in connection.execute(query):
        of_each.setdefault((row.card_id, row.receiver), {})[row.action] = row
    found: dict[str, list[ReceiverConduct]] = {}
    for (card_id, receiver), by_action in of_each.items():
        shown, removed = by_action.get("display"), by_action.get("take_down")
        told = ReceiverConduct(
            receiver=receiver,
            first_acknowledged_at=_moment(shown and shown.first),
            last_acknowledged_at=_moment(shown and shown.last),
            is_taken_down=removed is not None,
            take_down_acknowledged_at=_moment(removed and removed.first),
            take_down_confirmed_at=_moment(removed and removed.confirmed),
        )
        found.setdefault(card_id, []).append(told)
    return found


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + timedelta(microseconds=microseconds)


def _holds(connection: Connection, card_ids: Sequence[str]) -> dict[str, list[Hold]]:
    query = select(audit.c.card_id, audit.c.action, audit.c.at)
    query = query.where(audit.c.card_id.in_(card_ids), audit.c.action.in_([HELD, LIFTED])).order_by(audit.c.id)
    found: dict[str, list[Hold]] = {}
    for row in connection.execute(query):
        mine = found.setdefault(row.card_id, [])
        if row.action == HELD:
            mine.append(Hold(held_at=row.at))
        elif mine:
            mine[-1] = Hold(held_at=mine[-1].held_at, lifted_at=row.at)
    return found


def _corrections(connection: Connection, card_ids: Sequence[str]) -> dict[str, list[Correction]]:
    """Which facts persons removed: their names in the card, never their values."""
    query = select(corrections.c.card_id, corrections.c.pointer, corrections.c.corrected_at)
    query = query.where(corrections.c.card_id.in_(card_ids)).order_by(corrections.c.corrected_at, corrections.c.id)
    found: dict[str, list[Correction]] = {}
    for row in connection.execute(query):
        found.setdefault(row.card_id, []).append(Correction(removed=row.pointer, corrected_at=row.corrected_at))
    return found


def _gaps(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> dict[str, list[MissedPeriod]]:
    """The gaps of the feeds that brought a card, while it was live."""
    query = select(card_revisions.c.card_id, alerts.c.feed).join(alerts, alerts.c.id == card_revisions.c.alert_id)
    query = query.where(card_revisions.c.card_id.in_([row["id"] for row in rows])).distinct()
    feeds: dict[str, set[str]] = {}
    for card_id, feed in connection.execute(query):
        feeds.setdefault(card_id, set()).add(feed)
    begin = min(row["published_at"] for row in rows)
    known = connection.execute(
        select(gaps).where(gaps.c.ended_at.is_(None) | (gaps.c.ended_at > begin)).order_by(gaps.c.since)
    ).all()
    found: dict[str, list[MissedPeriod]] = {}
    for row in rows:
        until = row["ended_at"] or now
        found[row["id"]] = [
            MissedPeriod(feed=gap.feed, since=gap.since, ended_at=gap.ended_at)
            for gap in known
            if gap.feed in feeds.get(row["id"], ())
            and gap.since < until
            and (gap.ended_at is None or gap.ended_at > row["published_at"])
        ]
    return found


def _declined(connection: Connection, since: datetime, until: datetime) -> list[Declined]:
    query = select(alerts.c.decision, alerts.c.reason, func.count().label("many")).where(
        alerts.c.decision.in_(["ignored", "quarantined"]),
        alerts.c.received_at >= since,
        alerts.c.received_at < until,
    )
    rows = connection.execute(query.group_by(alerts.c.decision, alerts.c.reason))
    found = [Declined(decision=row.decision, reason=row.reason, count=row.many) for row in rows]
    return sorted(found, key=lambda one: (one.decision, one.reason or ""))
