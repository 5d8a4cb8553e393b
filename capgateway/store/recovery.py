"""Sending again what a receiver lost, by the rules of the lane: only the newest delivery of each, and no display of a card that
has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import and_, bindparam, false, literal_column, null, or_, select, update

from capgateway.store import audit, readiness
from capgateway.store.many import Many
from capgateway.store.tables import Moment, cards, deliveries, lanes, messages, receivers
from capgateway.webhooks import REMIND_AFTER, Priority
from capgateway.webhooks.lane import TAKE_DOWN_PATIENCE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, RowMapping, Select

    from capgateway.store.audit import Act
    from capgateway.store.write import Write

Mode = Literal["state", "failed", "log"]
ENDED_SINCE = timedelta(days=7)
"""Take-downs that are sent again with the state: as far back as receivers keep their fences."""
LOG_SINCE = timedelta(hours=24)

_HEADS = (
    select(
        deliveries.c.id,
        deliveries.c.message_id,
        deliveries.c.receiver,
        deliveries.c.card_id,
        deliveries.c.action,
        deliveries.c.state,
        deliveries.c.deadline,
        deliveries.c.reissue,
        lanes.c.delivery_id,
        lanes.c.in_flight,
        lanes.c.priority,
        messages.c.body.is_not(None).label("has_body"),
        cards.c.state.label("card_state"),
    )
    .select_from(deliveries)
    .join(lanes, and_(lanes.c.receiver == deliveries.c.receiver, lanes.c.subject == deliveries.c.subject))
    .join(messages, messages.c.id == deliveries.c.message_id)
    .outerjoin(cards, cards.c.id == deliveries.c.card_id)
)
_NEWEST = _HEADS.where(lanes.c.delivery_id == deliveries.c.id)
_ANEW = Many(
    update(deliveries)
    .where(deliveries.c.id == bindparam("again"))
    .values(
        state=literal_column("'pending'"),
        ended_at=null(),
        reason=null(),
        confirmed=false(),
        gone_at=null(),
        earlier=deliveries.c.attempts,
        deadline=bindparam("until"),
    )
)
_DUE = Many(
    update(lanes)
    .where(lanes.c.delivery_id == bindparam("again"))
    .values(
        due_at=bindparam("now"),
        not_before=null(),
        priority=bindparam("urgency"),
        remind_at=bindparam("remind"),
        reminders=literal_column("0"),
    )
)
_REVIVE = (
    update(receivers)
    .where(receivers.c.name == bindparam("whose"))
    .values(revived_at=bindparam("now", type_=Moment), suspended_at=None, opened_at=None, pause=None, failures=0)
)


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent again: ``displays``, ``take_downs`` and ``others``, counted."""

    receiver: str
    displays: int = 0
    take_downs: int = 0
    others: int = 0


def redeliver(write: Write, delivery_id: str, act: Act) -> str:
    """Send one delivery again; the id of the one that is sent, which differs where a take-down was sent once more since.
    ``LookupError`` and ``ValueError`` say why that cannot be."""
    row = write.execute(_HEADS.where(deliveries.c.id == delivery_id)).mappings().first()
    if row is None:
        raise LookupError(f"there is no delivery {delivery_id}")
    newest = write.execute(_NEWEST.where(deliveries.c.id == row["delivery_id"])).mappings().one()
    if newest["message_id"] != row["message_id"]:
        raise ValueError(f"the delivery {delivery_id} is superseded: a newer message about its card took its place")
    if refusal := _refusal(newest, write.now):
        raise ValueError(f"the delivery {delivery_id} cannot be sent again: {refusal}")
    _send(write, [newest])
    told = {"delivery": newest["id"], "receiver": newest["receiver"]}
    audit.record(write, act, "delivery.redelivered", card_id=newest["card_id"], detail=told)
    return str(newest["id"])


def recover(write: Write, receiver: str, mode: Mode, act: Act, *, since: datetime | None = None) -> Again:
    """Send a receiver its state again, what was given up, or everything since then; and forget that it failed or was
    suspended. Displays go no sooner than updates do."""
    write.execute(_REVIVE, {"whose": receiver, "now": write.now})
    readiness.again(write, receiver)
    rows = write.execute(_wanted(receiver, mode, write.now, since)).mappings().all()
    wanted = [row for row in rows if _refusal(row, write.now) is None]
    _send(write, wanted, urgency={"display": int(Priority.UPDATED)})
    again = Again(
        receiver=receiver,
        displays=sum(row["action"] == "display" for row in wanted),
        take_downs=sum(row["action"] == "take_down" for row in wanted),
        others=sum(row["action"] is None for row in wanted),
    )
    told = msgspec.structs.asdict(again) | {"mode": mode}
    audit.record(write, act, "receiver.recovered", detail=told)
    return again


def _wanted(receiver: str, mode: Mode, now: datetime, since: datetime | None) -> Select[Any]:
    of_mode: dict[Mode, ColumnElement[bool]] = {
        "state": or_(
            deliveries.c.action == "display",
            and_(deliveries.c.action == "take_down", cards.c.ended_at >= (since or now - ENDED_SINCE)),
        ),
        "failed": deliveries.c.state == "dead",
        "log": messages.c.created_at >= (since or now - LOG_SINCE),
    }
    return _NEWEST.where(lanes.c.receiver == receiver, of_mode[mode])


def _refusal(row: RowMapping, now: datetime) -> str | None:
    """Why the newest delivery of a lane cannot be sent again."""
    if row["in_flight"] is not None:
        return "it is being sent at this moment"
    if row["reissue"] and row["state"] == "pending":
        return "it is sent once more soon"
    if row["priority"] == Priority.PASSING:
        return "the next one replaces it"
    if row["action"] == "display" and (row["card_state"] != "active" or row["deadline"] <= now):
        return "its card has ended"
    return None if row["has_body"] else "what it said is erased"


def _send(write: Write, rows: list[RowMapping], urgency: dict[str, int] | None = None) -> None:
    urgencies = urgency or {}
    patience = write.now + TAKE_DOWN_PATIENCE
    anew = [
        {"again": row["id"], "until": row["deadline"] if row["action"] == "display" else max(row["deadline"], patience)}
        for row in rows
    ]
    due = [
        {
            "again": row["id"],
            "now": write.now,
            "urgency": urgencies.get(row["action"], row["priority"]),
            "remind": write.now + REMIND_AFTER[0] if row["action"] == "take_down" else None,
        }
        for row in rows
    ]
    write.execute_many(_ANEW, anew)
    write.execute_many(_DUE, due)
