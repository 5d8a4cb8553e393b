"""Take-downs that a receiver does not acknowledge: operators are told after a minute, after five and after fifteen.

The time for the next message is in the row of the lane, so that a restart neither forgets nor repeats one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, select, type_coerce, update

from capgateway.store import operators
from capgateway.store.tables import Moment, attempts, deliveries, lanes, messages
from capgateway.webhooks import REMIND_AFTER, OperatorData

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, RowMapping

    from capgateway.store.write import Write

AT_ONCE = 200
"""Take-downs of one unit of work: others wait for its end."""

_DUE = (
    select(
        deliveries.c.id,
        deliveries.c.receiver,
        deliveries.c.subject,
        deliveries.c.card_id,
        deliveries.c.attempts,
        deliveries.c.created_at,
        lanes.c.due_at,
        lanes.c.remind_at,
        lanes.c.reminders,
        messages.c.type,
    )
    .select_from(lanes)
    .join(deliveries, deliveries.c.id == lanes.c.delivery_id)
    .join(messages, messages.c.id == deliveries.c.message_id)
    .where(lanes.c.remind_at <= bindparam("now", type_=Moment))
    .order_by(lanes.c.remind_at)
    .limit(AT_ONCE)
)
_LAST = (
    select(attempts.c.outcome, attempts.c.status)
    .where(attempts.c.delivery_id == bindparam("delivery"))
    .order_by(attempts.c.number.desc())
    .limit(1)
)
_SET = (
    update(lanes)
    .where(lanes.c.receiver == bindparam("whose"), lanes.c.subject == bindparam("which"))
    .values(remind_at=bindparam("at", type_=Moment), reminders=bindparam("count"))
)
_MOVE = (
    update(lanes)
    .where(lanes.c.remind_at > bindparam("now", type_=Moment))
    .values(
        remind_at=type_coerce(
            type_coerce(lanes.c.remind_at, BigInteger) + type_coerce(bindparam("by", type_=BigInteger), BigInteger),
            Moment,
        )
    )
)
_IS_DUE = select(lanes.c.subject).where(lanes.c.remind_at <= bindparam("now", type_=Moment)).limit(1)


def are_due(connection: Connection, now: datetime) -> bool:
    """Whether :func:`remind` has anything to do."""
    return connection.execute(_IS_DUE, {"now": now}).first() is not None


def remind(write: Write) -> int:
    """Tell operators of take-downs that wait for so long; how many messages that took. The unit has to be alone."""
    return sum(_remind(write, row) for row in write.execute(_DUE, {"now": write.now}).mappings().all())


def clock_stepped(write: Write, by: timedelta) -> None:
    """The clock went back: messages come after as long as before."""
    write.execute(_MOVE, {"by": by // by.resolution, "now": write.now})


def _remind(write: Write, row: RowMapping) -> int:
    """One message, however many times for it have passed since somebody looked."""
    began = row["remind_at"] - REMIND_AFTER[row["reminders"]]
    passed = sum(began + after <= write.now for after in REMIND_AFTER)
    is_over = row["due_at"] is None or passed >= len(REMIND_AFTER)
    at = None if is_over else began + REMIND_AFTER[passed]
    write.execute(_SET, {"whose": row["receiver"], "which": row["subject"], "at": at, "count": passed})
    if row["due_at"] is None:  # acknowledged, or given up
        return 0
    return operators.tell(write, "takedown_unconfirmed", _unconfirmed(write, row))


def _unconfirmed(write: Write, row: RowMapping) -> OperatorData:
    last: Any = write.execute(_LAST, {"delivery": row["id"]}).first()
    answer = None if last is None else f"answered {last.status}" if last.status else last.outcome
    return OperatorData(
        severity="critical",
        card_id=row["card_id"],
        receiver=row["receiver"],
        message_type=row["type"],
        attempts=row["attempts"],
        last_answer=answer,
        since=row["created_at"],
        advice="The receiver may still display this card: take it down there by hand, or have its operators do so."
        f" `capgateway cards show {row['card_id']}` lists its deliveries; they are repeated meanwhile.",
    )
