"""What leaves: a message is written once, and each receiver's lane gets it as its newest delivery.

A lane is a row: its newest delivery, when that is due, and what is under way. Only the newest is ever attempted, so a
newer one supersedes what waits before it (rule R3), and a take-down, which nothing follows, closes the lane for good (R5).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, or_, select, update

from capgateway import ids, webhooks
from capgateway.store.many import Many
from capgateway.store.tables import cards, deliveries, messages
from capgateway.store.tables import lanes as lane_rows
from capgateway.webhooks import REISSUE_AFTER, Lane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from capgateway.store.write import Write
    from capgateway.webhooks import Message

_LANES = (
    select(lane_rows.c.receiver, lane_rows.c.action, lane_rows.c.revision)
    .where(lane_rows.c.card_id == bindparam("card"))
    .order_by(lane_rows.c.receiver)
)
_HEADS = select(
    lane_rows.c.receiver,
    lane_rows.c.delivery_id,
    lane_rows.c.in_flight,
    lane_rows.c.lease_until,
    lane_rows.c.not_before,
).where(lane_rows.c.subject == bindparam("subject"), lane_rows.c.receiver.in_(bindparam("receivers", expanding=True)))
_MOVED = (
    "card_id",
    "delivery_id",
    "revision",
    "action",
    "priority",
    "since",
    "due_at",
    "not_before",
    "in_flight",
    "lease_until",
    "remind_at",
    "reminders",
)
_MOVE_ON = Many(
    update(lane_rows)
    .where(lane_rows.c.receiver == bindparam("to_receiver"), lane_rows.c.subject == bindparam("to_subject"))
    .values({name: bindparam(f"to_{name}") for name in _MOVED})
)
_SUPERSEDE = (
    update(deliveries)
    .where(deliveries.c.id.in_(bindparam("overtaken", expanding=True)), deliveries.c.state == "pending")
    .values(state="superseded", ended_at=bindparam("now"))
)
_UNCLEAR = (
    select(deliveries, lane_rows.c.priority)
    .join(lane_rows, lane_rows.c.delivery_id == deliveries.c.id)
    .where(deliveries.c.id.in_(bindparam("acknowledged", expanding=True)))
    .where(deliveries.c.action == "take_down", deliveries.c.reissue == 0, lane_rows.c.unclear > 0)
)
_IS_OPEN = or_(lane_rows.c.due_at.is_not(None), lane_rows.c.action == "display")
_CLOSE = (
    update(messages)
    .where(messages.c.card_id == bindparam("card"), messages.c.action == "display", messages.c.body.is_not(None))
    .where(exists().where(cards.c.id == bindparam("card"), cards.c.state == "ended", cards.c.held_at.is_(None)))
    .where(~exists().where(lane_rows.c.card_id == bindparam("card"), _IS_OPEN))
    .values(body=None)
)


def lanes(write: Write, card_id: str) -> list[Lane]:
    """Every receiver that a display of the card was ever meant for, and whether its take-down is written already."""
    found = write.execute(_LANES, {"card": card_id})
    return [Lane(receiver=row.receiver, taken_down=row.action == "take_down", revision=row.revision) for row in found]


def post(
    write: Write, message: Message, receivers: Sequence[str], known: Sequence[Lane], *, subject: str | None = None
) -> None:
    """Store a message, and one delivery per receiver as the newest of its lane. ``known`` are the lanes that the subject
    has; ``subject`` is the card unless it is given."""
    lane = subject or message.card_id or message.id
    write.add(
        messages,
        {
            "id": message.id,
            "sequence": message.sequence,
            "type": message.type,
            "action": message.action,
            "card_id": message.card_id,
            "revision": message.revision,
            "created_at": write.now,
            "sha256": hashlib.sha256(message.body).hexdigest(),
            "body": message.body,
        },
    )
    existing = {one.receiver for one in known}
    heads = [_head(write, message, receiver, lane) for receiver in receivers]
    if moving := [head for head in heads if head["receiver"] in existing]:
        _move_on(write, moving, lane)
    for head in heads:
        if head["receiver"] not in existing:
            write.add(lane_rows, head)


def supersede(write: Write, delivery_ids: Sequence[str]) -> None:
    """End deliveries that their lanes have moved past (rule R3)."""
    if delivery_ids:
        write.execute(_SUPERSEDE, {"overtaken": list(delivery_ids), "now": write.now})


def send_again(write: Write, acknowledged: Sequence[str]) -> None:
    """Send acknowledged take-downs once more where a display ended in an unclear way (rule R7)."""
    if not acknowledged:
        return
    for row in write.execute(_UNCLEAR, {"acknowledged": list(acknowledged)}).mappings().all():
        at = write.now + REISSUE_AFTER
        again = {name: row[name] for name in ("message_id", "receiver", "subject", "card_id", "revision", "action")}
        again["id"] = ids.derived("dlv", row["message_id"], row["receiver"], "1")
        times = {"created_at": write.now, "deadline": webhooks.deadline("take_down", expires_at=at, created_at=at)}
        write.add(deliveries, _NEW | again | times | {"reissue": 1})
        head = {**again, "delivery_id": again["id"], "priority": row["priority"], "since": at, "due_at": at}
        head |= {"not_before": at, "in_flight": None, "lease_until": None, "remind_at": None, "reminders": 0}
        write.execute_many(_MOVE_ON, [{f"to_{name}": head[name] for name in (*_MOVED, "receiver", "subject")}])


def close(write: Write, card_id: str) -> None:
    """Erase what displays of a card say, if it has ended and every lane of it is closed. Nothing can send them any more; what a
    person keeps stays."""
    write.execute(_CLOSE, {"card": card_id})


_NEW = {"state": "pending", "reissue": 0, "attempts": 0, "earlier": 0, "confirmed": False}
"""A delivery that nobody has attempted."""


def _head(write: Write, message: Message, receiver: str, subject: str) -> dict[str, Any]:
    """Write the delivery, and give the lane that has it as its newest, due at once."""
    delivery_id = ids.derived("dlv", message.id, receiver)
    write.add(
        deliveries,
        _NEW
        | {
            "id": delivery_id,
            "message_id": message.id,
            "receiver": receiver,
            "subject": subject,
            "card_id": message.card_id,
            "revision": message.revision,
            "action": message.action,
            "created_at": write.now,
            "deadline": webhooks.deadline(message.action, expires_at=message.expires_at, created_at=write.now),
        },
    )
    return {
        "receiver": receiver,
        "subject": subject,
        "card_id": message.card_id,
        "delivery_id": delivery_id,
        "revision": message.revision,
        "action": message.action,
        "priority": int(webhooks.priority(message.type, message.action)),
        "since": write.now,
        "due_at": write.now,
        "not_before": None,
        "in_flight": None,
        "lease_until": None,
        "remind_at": write.now + webhooks.REMIND_AFTER[0] if message.action == "take_down" else None,
        "reminders": 0,
    }


def _move_on(write: Write, heads: Sequence[Mapping[str, Any]], subject: str) -> None:
    """Let lanes go on to newer deliveries. What is under way ends by itself, and is superseded then: until its lease ends
    the newer one waits for it (rule R1)."""
    names = [head["receiver"] for head in heads]
    before = {row.receiver: row for row in write.execute(_HEADS, {"subject": subject, "receivers": names})}
    under_way = {
        name: row for name, row in before.items() if row.in_flight and row.lease_until and row.lease_until > write.now
    }
    supersede(
        write,
        [
            row.delivery_id
            for name, row in before.items()
            if name not in under_way or under_way[name].in_flight != row.delivery_id
        ],
    )
    moved: list[dict[str, Any]] = []
    for head in heads:
        flight, was = under_way.get(head["receiver"]), before[head["receiver"]]
        values = dict(head)
        if was.not_before and was.not_before > write.now and head["action"] != "take_down":  # the receiver's wish
            values |= {"due_at": was.not_before, "not_before": was.not_before}
        if flight:
            values |= {"due_at": flight.lease_until, "in_flight": flight.in_flight, "lease_until": flight.lease_until}
        elif was.in_flight:  # its lease is over: nobody will say how it ended
            supersede(write, [was.in_flight])
        moved.append({f"to_{name}": value for name, value in values.items()})
    write.execute_many(_MOVE_ON, moved)
