"""Deliveries: handing them out under the lane's rules, and writing down how each attempt ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, insert, or_, select, update

from capgateway.store.tables import attempts, deliveries, messages
from capgateway.webhooks import Attempt, Claim, Dead, Delivered, Next, Retry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection


def claim(
    connection: Connection, receiver: str, *, now: datetime, limit: int, lease: timedelta, take_downs_only: bool
) -> list[Claim]:
    """Lease what is due to one receiver, take-downs first. The rules of the lane stand in this one statement."""
    query = (
        select(deliveries, messages.c.type, messages.c.body)
        .join(messages, messages.c.id == deliveries.c.message_id)
        .where(deliveries.c.receiver == receiver, _is_due(now), _is_newest_and_alone(now), messages.c.body.is_not(None))
        .order_by(deliveries.c.priority, deliveries.c.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=deliveries)  # PostgreSQL: what another gateway is claiming is its own
    )
    if take_downs_only:
        query = query.where(deliveries.c.action == "take_down")
    rows = connection.execute(query).mappings().all()
    if rows:
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id.in_([row["id"] for row in rows]))
            .values(lease_until=now + lease, attempts=deliveries.c.attempts + 1)
        )
        _supersede_forgotten(connection, receiver, rows, now)
    return [_claim(row) for row in rows]


def record_attempt(connection: Connection, claimed: Claim, attempt: Attempt, after: Next, now: datetime) -> bool:
    """Write the attempt, the delivery's new state and its next time, all or nothing. ``False`` when the fencing number
    is no longer ours: the lease ran out and somebody else has the delivery, so only the attempt is written."""
    connection.execute(insert(attempts).values(_attempt_row(claimed, attempt)))
    changed = connection.execute(
        update(deliveries)
        .where(deliveries.c.id == claimed.delivery_id, deliveries.c.attempts == claimed.number)
        .where(deliveries.c.state == "pending")
        .values(lease_until=None, last_status=attempt.status, **_outcome(connection, claimed, attempt, after, now))
    )
    return changed.rowcount == 1


def next_due(connection: Connection, receivers: Sequence[str], now: datetime) -> datetime | None:
    """When to look again: the earliest time a delivery to one of these receivers falls due, or a lease runs out.

    What waits for a request of its own lane is left out: the end of that request wakes the dispatcher.
    """
    mine = select(func.min(deliveries.c.next_at)).where(
        deliveries.c.state == "pending", deliveries.c.receiver.in_(receivers)
    )
    waiting = mine.where(_is_free(now), _is_newest_and_alone(now))
    leased = mine.with_only_columns(func.min(deliveries.c.lease_until)).where(~_is_free(now))
    moments = [connection.execute(query).scalar() for query in (waiting, leased)]
    return min((moment for moment in moments if moment is not None), default=None)


def overtaken(connection: Connection, now: datetime) -> list[str]:
    """Deliveries under way whose lane holds a take-down of a higher sequence that waits for them (rule R4)."""
    newer = deliveries.alias("newer")
    query = select(deliveries.c.id).where(
        deliveries.c.state == "pending",
        deliveries.c.lease_until > now,
        deliveries.c.action == "display",
        exists().where(
            newer.c.card_id == deliveries.c.card_id,
            newer.c.receiver == deliveries.c.receiver,
            newer.c.action == "take_down",
            newer.c.state == "pending",
        ),
    )
    return list(connection.execute(query).scalars())


def release_leases(connection: Connection) -> int:
    """Give up every lease: for a database that only this process uses, whoever held them is gone."""
    changed = connection.execute(update(deliveries).where(deliveries.c.state == "pending").values(lease_until=None))
    return changed.rowcount


def _supersede_forgotten(connection: Connection, receiver: str, claimed: Sequence[Any], now: datetime) -> None:
    """What was under way when its lane moved on, and whose end nobody wrote down, ends when the newest goes (rule R3)."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.receiver == receiver, deliveries.c.card_id.in_([row["card_id"] for row in claimed]))
        .where(deliveries.c.state == "pending", deliveries.c.id.not_in([row["id"] for row in claimed]))
        .values(state="superseded", ended_at=now, lease_until=None)
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        deliveries.c.state == "pending",
        deliveries.c.next_at <= now,
        _is_free(now),
    )


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= now)


def _is_newest_and_alone(now: datetime) -> ColumnElement[bool]:
    """R1: nothing else of the lane is under way. R2, R5: nothing newer stands in the lane, whatever became of it.

    A take-down may share its revision with a display (a receiver whose regions an update left), and goes before it.
    """
    other = deliveries.alias("other")
    newer = or_(
        other.c.revision > deliveries.c.revision,
        and_(other.c.action == "take_down", deliveries.c.action == "display"),
    )
    under_way = and_(other.c.state == "pending", other.c.lease_until > now)
    return ~exists().where(
        other.c.card_id == deliveries.c.card_id,
        other.c.receiver == deliveries.c.receiver,
        other.c.id != deliveries.c.id,
        or_(newer, under_way),
    )


def _claim(row: Any) -> Claim:
    return Claim(
        delivery_id=row["id"],
        message_id=row["message_id"],
        receiver=row["receiver"],
        card_id=row["card_id"],
        revision=row["revision"],
        type=row["type"],
        action=row["action"],
        body=row["body"],
        number=row["attempts"] + 1,
        created_at=row["created_at"],
        deadline=row["deadline"],
        last_status=row["last_status"],
    )


def _attempt_row(claimed: Claim, attempt: Attempt) -> dict[str, Any]:
    return {
        "delivery_id": claimed.delivery_id,
        "number": claimed.number,
        "started_at": attempt.started_at,
        "microseconds": int(attempt.duration.total_seconds() * 1_000_000),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "error": attempt.error,
        "ambiguous": attempt.ambiguous,
        "response_excerpt": attempt.response_excerpt,
    }


def _outcome(connection: Connection, claimed: Claim, attempt: Attempt, after: Next, now: datetime) -> dict[str, Any]:
    match after:
        case Delivered():
            return {"state": "delivered", "ended_at": now, "confirmed": attempt.confirmed}
        case _ if _has_newer(connection, claimed):
            return {"state": "superseded", "ended_at": now}
        case Retry(at=at):
            return {"next_at": at}
        case Dead(reason=reason):
            return {"state": "dead", "ended_at": now, "reason": reason}


def _has_newer(connection: Connection, claimed: Claim) -> bool:
    """Whether the lane moved on while this delivery was under way (rule R3)."""
    newer = or_(
        deliveries.c.revision > claimed.revision,
        and_(deliveries.c.action == "take_down", deliveries.c.id != claimed.delivery_id),
    )
    query = select(deliveries.c.id).where(
        deliveries.c.card_id == claimed.card_id, deliveries.c.receiver == claimed.receiver, newer
    )
    return connection.execute(query.limit(1)).first() is not None
