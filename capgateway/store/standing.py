"""What is known of each receiver: how it answers, what its breaker lets through, whether it is suspended."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, case, func, null, or_, select, update

from capgateway.store import operators, outbox
from capgateway.store.dialect import upserts
from capgateway.store.tables import Moment, deliveries, lanes, messages, receivers
from capgateway.webhooks import Breaker, Dead, OperatorData, needs_operator

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.store.records import Finished
    from capgateway.store.write import Write

_NOTED = upserts(
    receivers,
    lambda row: row.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "last_attempt_at": row.excluded.last_attempt_at,
            "last_success_at": func.coalesce(row.excluded.last_success_at, receivers.c.last_success_at),
            "failures": case((row.excluded.failures == 0, 0), else_=receivers.c.failures + 1),
            "last_outcome": row.excluded.last_outcome,
            "last_status": row.excluded.last_status,
        },
    ),
)
_SECONDS = bindparam("seconds", type_=Integer)
_REMEMBER = (
    update(receivers)
    .where(receivers.c.name == bindparam("receiver"))
    .values(
        opened_at=case(
            (_SECONDS > 0, func.coalesce(receivers.c.opened_at, bindparam("now", type_=Moment))), else_=null()
        ),
        pause=func.nullif(_SECONDS, 0),
    )
)
_NOW = bindparam("now", type_=Moment)
_BRING_FORWARD = (
    update(lanes)
    .where(lanes.c.receiver == bindparam("whose"), lanes.c.in_flight.is_(None), lanes.c.due_at > _NOW)
    .where(or_(lanes.c.not_before.is_(None), lanes.c.not_before < lanes.c.due_at))
    .values(due_at=case((lanes.c.not_before > _NOW, lanes.c.not_before), else_=_NOW))
)
_SUSPEND = (
    update(receivers)
    .where(receivers.c.name == bindparam("receiver"), receivers.c.suspended_at.is_(None))
    .values(suspended_at=bindparam("now"))
)
LATE = timedelta(minutes=1)
"""What is attempted at all is given up by its courier before."""
AT_ONCE = 100
_OVERDUE = (
    select(deliveries, messages.c.type)
    .select_from(lanes)
    .join(deliveries, deliveries.c.id == lanes.c.delivery_id)
    .join(messages, messages.c.id == deliveries.c.message_id)
    .where(lanes.c.due_at.is_not(None), lanes.c.in_flight.is_(None))
    .where(deliveries.c.state == "pending", deliveries.c.deadline < bindparam("before", type_=Moment))
    .limit(AT_ONCE)
)
_BURY = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("over"))
    .values(state="dead", reason="deadline", ended_at=bindparam("now", type_=Moment))
)
_CLOSE_LANE = update(lanes).where(lanes.c.delivery_id == bindparam("over")).values(due_at=None, not_before=None)
_LIFT = update(receivers).where(receivers.c.suspended_at.is_not(None)).values(suspended_at=None)


def answered(connection: Connection) -> dict[str, dict[str, Any]]:
    """What is known of each receiver."""
    rows = [dict(row) for row in connection.execute(select(receivers)).mappings()]
    return {row.pop("name"): row for row in rows}


def revived(connection: Connection) -> dict[str, datetime]:
    """When a person last had the state of a receiver sent again."""
    found = select(receivers.c.name, receivers.c.revived_at).where(receivers.c.revived_at.is_not(None))
    return {row.name: row.revived_at for row in connection.execute(found)}


def note(write: Write, finished: Sequence[Finished]) -> None:
    """What the receivers' answers say of them."""
    for name, attempt in {one.claim.receiver: one.attempt for one in finished}.items():
        succeeded = attempt.outcome == "delivered"
        said = {
            "name": name,
            "last_attempt_at": attempt.started_at,
            "last_success_at": attempt.started_at if succeeded else None,
            "failures": 0 if succeeded else 1,
            "last_outcome": attempt.outcome,
            "last_status": attempt.status,
        }
        write.execute(_NOTED[write.dialect], said)


def remember(write: Write, receiver: str, breaker: Breaker) -> None:
    """What a receiver's breaker does, for whoever delivers to it after us. When it closes, what waits is due at once, but for
    what the receiver asked not to have."""
    if not breaker.is_open:
        write.execute(_BRING_FORWARD, {"whose": receiver, "now": write.now})
    write.execute(_REMEMBER, {"receiver": receiver, "seconds": ceil(breaker.pause), "now": write.now})


def lift(write: Write, receiver: str | None = None) -> int:
    """Let a suspended receiver, or every one, have displays again; how many were suspended."""
    which = _LIFT if receiver is None else _LIFT.where(receivers.c.name == receiver)
    return write.execute(which).rowcount


def give_up(write: Write, dead: Sequence[Finished]) -> None:
    """Tell operators of deliveries that are given up, and suspend receivers that said for a second time that they are gone.
    The unit has to be alone."""
    for one in dead:
        if needs_operator(one.claim, one.following):
            operators.tell(write, "dead_letter", _dead_letter(one))
        if one.following == Dead("gone") and _suspend(write, one.claim.receiver):
            operators.tell(write, "receiver_degraded", _suspended(one))


def are_overdue(connection: Connection, now: datetime) -> bool:
    """Whether :func:`bury` has anything to do."""
    return connection.execute(_OVERDUE, {"before": now - LATE}).first() is not None


def bury(write: Write) -> None:
    """Give up deliveries whose time is over and that nobody attempts: their receiver is disabled, or cannot be reached any
    more. The unit has to be alone."""
    for row in write.execute(_OVERDUE, {"before": write.now - LATE}).mappings().all():
        write.execute(_BURY, {"over": row["id"], "now": write.now})
        write.execute(_CLOSE_LANE, {"over": row["id"]})
        if row["card_id"] is None:
            continue
        operators.tell(write, "dead_letter", _buried(row))
        if row["action"] == "take_down":
            outbox.close(write, row["card_id"])


def _buried(row: RowMapping) -> OperatorData:
    is_take_down = row["action"] == "take_down"
    return OperatorData(
        severity="critical" if is_take_down else "warning",
        card_id=row["card_id"],
        receiver=row["receiver"],
        message_type=row["type"],
        attempts=row["attempts"],
        last_answer=f"answered {row['last_status']}" if row["last_status"] else None,
        since=row["created_at"],
        advice=_advice(is_take_down=is_take_down),
    )


def _suspend(write: Write, receiver: str) -> bool:
    return write.execute(_SUSPEND, {"receiver": receiver, "now": write.now}).rowcount > 0


def _dead_letter(one: Finished) -> OperatorData:
    is_take_down = one.claim.action == "take_down"
    return _about(one, _advice(is_take_down=is_take_down), is_critical=is_take_down)


def _advice(*, is_take_down: bool) -> str:
    what = (
        "The receiver may still display this card: take it down there by hand."
        if is_take_down
        else "The receiver does not display what this message says."
    )
    return f"{what} `capgateway deliveries dead` lists what was given up."


def _suspended(one: Finished) -> OperatorData:
    advice = (
        "The receiver said twice that it is gone (410): it gets no displays until it passes a challenge, the configuration is"
        f" reloaded, or `capgateway receivers recover {one.claim.receiver}` is run. Its take-downs continue."
    )
    return _about(one, advice, is_critical=True)


def _about(one: Finished, advice: str, *, is_critical: bool) -> OperatorData:
    attempt = one.attempt
    return OperatorData(
        severity="critical" if is_critical else "warning",
        card_id=one.claim.card_id,
        receiver=one.claim.receiver,
        message_type=one.claim.type,
        attempts=one.claim.number,
        last_answer=f"answered {attempt.status}" if attempt.status else attempt.outcome,
        since=one.claim.created_at,
        advice=advice,
    )
