"""Cards: what a decision changes on display becomes card rows, messages and deliveries, in the same transaction."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import and_, case, func, insert, not_, or_, select, update

from capgateway import ids, webhooks
from capgateway.cards import Card, CardState, Display, End
from capgateway.store.dialect import upsert
from capgateway.store.tables import card_revisions, cards, deliveries, gateway, messages, microseconds
from capgateway.webhooks import Lane, Stamp, reopens, route_display, route_take_down

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.cards import Change, Decision
    from capgateway.webhooks import Message, Outlets


class Written(NamedTuple):
    """The card that the first change concerned, and how many messages were written."""

    card_id: str | None
    messages: int


def hold(connection: Connection) -> None:
    """One decision at a time, until its commit: of two gateways that share a PostgreSQL one might take in an Alert and
    the other its Cancel, and neither see the other's. (SQLite has one writer and knows no such clause.)"""
    connection.execute(select(gateway.c.id).with_for_update())


def deployment(connection: Connection) -> str:
    """The random name of this database."""
    return str(connection.execute(select(gateway.c.deployment)).scalar_one())


def next_sequence(connection: Connection, now: datetime) -> int:
    """The next number of the whole gateway: the microsecond of the commit, made strictly growing, so that it goes on
    growing over restarts and over databases restored from a backup."""
    last: int = connection.execute(select(gateway.c.sequence)).scalar_one()
    number = max(last + 1, microseconds(now))
    connection.execute(update(gateway).values(sequence=number))
    return number


def state(row: RowMapping) -> CardState:
    """A card row as the life cycle knows it."""
    return CardState(
        card_id=row["id"],
        incident_id=row["incident_id"],
        revision=row["revision"],
        active=row["state"] == "active",
        alert_id=row["alert_id"],
        published_at=row["published_at"],
        target=tuple(row["target"].split()),
        end_reason=row["end_reason"],
    )


def expire(
    connection: Connection, end: Callable[[CardState], Decision], outlets: Outlets, limit: int, now: datetime
) -> int:
    """End the active cards whose time has come, the longest overdue first; how many there were."""
    hold(connection)
    query = select(cards).where(cards.c.state == "active", cards.c.expires_at <= now)
    due = connection.execute(query.order_by(cards.c.expires_at).limit(limit)).mappings().all()
    for row in due:
        apply(connection, end(state(row)).changes, outlets, now)
    return len(due)


def next_expiry(connection: Connection) -> datetime | None:
    """When the next active card ends."""
    return connection.execute(select(func.min(cards.c.expires_at)).where(cards.c.state == "active")).scalar()


def apply(connection: Connection, changes: Sequence[Change], outlets: Outlets, now: datetime) -> Written:
    """Write the changes of one decision: rows, messages, and one delivery for each receiver concerned."""
    written = [_apply(connection, change, outlets, now) for change in changes]
    return Written(written[0].card_id if written else None, sum(one.messages for one in written))


def _apply(connection: Connection, change: Change, outlets: Outlets, now: datetime) -> Written:
    if isinstance(change, End):
        return Written(change.card_id, _end(connection, change, now))
    card, lanes = change.card, _lanes(connection, change.card.card_id)
    if not reopens(card, outlets.receivers, lanes):
        return Written(card.card_id, _display(connection, change, outlets, now))
    ended = _end(connection, End(card_id=card.card_id, revision=card.revision, reason="superseded"), now)
    renewed = msgspec.structs.replace(card, card_id=_successor(card), revision=1)
    change = msgspec.structs.replace(change, card=renewed)
    return Written(renewed.card_id, ended + _display(connection, change, outlets, now))


def _successor(card: Card) -> str:
    """The name of the card that takes the place of one whose receivers have come back."""
    return ids.derived("crd", card.card_id, str(card.revision))


def _display(connection: Connection, change: Display, outlets: Outlets, now: datetime) -> int:
    """A new card or revision, to whom it concerns; how many messages that took."""
    card, body = change.card, msgspec.json.encode(change.card)
    stamp = _stamp(connection, card.card_id, card.revision, card.expires_at, card.status, now)
    _save(connection, change, stamp.sequence, body, now)
    message = webhooks.display(stamp, body, card_url=_card_url(outlets, card.card_id))
    route = route_display(card, message.type, outlets.receivers, _lanes(connection, card.card_id))
    _send(connection, message, route.show, now)
    return 1 + _leave(connection, card, route.leave, now)


def _leave(connection: Connection, card: Card, receivers: Sequence[str], now: datetime) -> int:
    """Take a card down where its area no longer takes part; how many messages that took."""
    if not receivers:
        return 0
    left = _stamp(connection, card.card_id, card.revision, card.expires_at, card.status, now)
    _send(connection, webhooks.take_down(left, "left_region", ended_at=now), receivers, now)
    return 1


def route_again(connection: Connection, outlets: Outlets, now: datetime) -> int:
    """Send live cards where other receivers or their other regions want them now, and take them down where they no
    longer do; how many messages that took."""
    hold(connection)
    query = select(cards, card_revisions.c.body).join(
        card_revisions,
        and_(card_revisions.c.card_id == cards.c.id, card_revisions.c.revision == cards.c.revision),
    )
    rows = connection.execute(query.where(cards.c.state == "active", cards.c.expires_at > now)).mappings().all()
    return sum(_route_again(connection, row, outlets, now) for row in rows if row["body"] is not None)


def _route_again(connection: Connection, row: RowMapping, outlets: Outlets, now: datetime) -> int:
    body = row["body"].encode()
    card, lanes = msgspec.json.decode(body, type=Card), _lanes(connection, row["id"])
    if reopens(card, outlets.receivers, lanes):
        onward = msgspec.structs.replace(card, revision=card.revision + 1)
        return _apply(connection, Display(card=onward, alert_id=row["alert_id"]), outlets, now).messages
    stamp = _stamp(connection, card.card_id, card.revision, card.expires_at, card.status, now)
    message = webhooks.display(stamp, body, card_url=_card_url(outlets, card.card_id))
    route = route_display(card, message.type, outlets.receivers, lanes)
    new = [name for name in route.show if name not in {lane.receiver for lane in lanes}]
    if new:
        _send(connection, message, new, now)
    return bool(new) + _leave(connection, card, route.leave, now)


def _card_url(outlets: Outlets, card_id: str) -> str:
    return f"{outlets.public_url}/api/v1/cards/{card_id}"


def _end(connection: Connection, change: End, now: datetime) -> int:
    row = connection.execute(select(cards).where(cards.c.id == change.card_id)).mappings().one()
    stamp = _stamp(connection, change.card_id, change.revision, row["expires_at"], row["status"], now)
    connection.execute(
        update(cards)
        .where(cards.c.id == change.card_id)
        .values(
            state="ended",
            revision=change.revision,
            sequence=stamp.sequence,
            updated_at=now,
            ended_at=now,
            end_reason=change.reason,
        )
    )
    message = webhooks.take_down(stamp, change.reason, ended_at=now)
    _send(connection, message, route_take_down(_lanes(connection, change.card_id)), now)
    return 1


def _stamp(
    connection: Connection, card_id: str, revision: int, expires_at: datetime, status: str, now: datetime
) -> Stamp:
    return Stamp(
        deployment=deployment(connection),
        card_id=card_id,
        revision=revision,
        sequence=next_sequence(connection, now),
        timestamp=now,
        expires_at=expires_at,
        exercise=status == "exercise",
    )


def _save(connection: Connection, change: Display, sequence: int, body: bytes, now: datetime) -> None:
    """The card's row, new or moved on, and the revision with its text."""
    card = change.card
    moving = {
        "revision": card.revision,
        "sequence": sequence,
        "alert_id": change.alert_id,
        "target": " ".join(target.code for target in card.area.target),
        "updated_at": now,
        "expires_at": card.expires_at,
    }
    if card.revision == 1:
        row = {"id": card.card_id, "incident_id": card.incident_id, "state": "active", "status": card.status}
        connection.execute(insert(cards).values(**row, **moving, feed=card.source.feed, published_at=now))
    else:
        connection.execute(update(cards).where(cards.c.id == card.card_id).values(**moving))
    connection.execute(
        insert(card_revisions).values(
            card_id=card.card_id,
            revision=card.revision,
            alert_id=change.alert_id,
            sequence=sequence,
            created_at=now,
            body=body.decode(),
        )
    )


def _lanes(connection: Connection, card_id: str) -> list[Lane]:
    """Every receiver that a display of the card was ever meant for, and whether its take-down is written already."""
    taken_down = func.max(case((deliveries.c.action == "take_down", 1), else_=0))
    query = select(deliveries.c.receiver, taken_down).where(deliveries.c.card_id == card_id)
    rows = connection.execute(query.group_by(deliveries.c.receiver).order_by(deliveries.c.receiver))
    return [Lane(receiver=receiver, taken_down=bool(ended)) for receiver, ended in rows]


def _send(connection: Connection, message: Message, receivers: Sequence[str], now: datetime) -> None:
    """One delivery for each receiver; what waits in their lanes for an older revision is superseded (rule R3). A message
    that was written before stays as it is: its id says that it is the same."""
    connection.execute(
        upsert(connection, messages)
        .values(
            id=message.id,
            sequence=message.sequence,
            type=message.type,
            action=message.action,
            card_id=message.card_id,
            revision=message.revision,
            created_at=now,
            sha256=hashlib.sha256(message.body).hexdigest(),
            body=message.body,
        )
        .on_conflict_do_nothing()
    )
    if not receivers:
        return
    in_flight = deliveries.c.lease_until > now  # what is under way ends by itself, and is superseded then
    connection.execute(
        update(deliveries)
        .where(deliveries.c.card_id == message.card_id, deliveries.c.receiver.in_(receivers))
        .where(deliveries.c.state == "pending", or_(deliveries.c.lease_until.is_(None), not_(in_flight)))
        .values(state="superseded", ended_at=now)
    )
    deadline = webhooks.deadline(message.action, expires_at=message.expires_at, created_at=now)
    connection.execute(
        insert(deliveries),
        [
            {
                "id": ids.derived("dlv", message.id, receiver),
                "message_id": message.id,
                "receiver": receiver,
                "card_id": message.card_id,
                "revision": message.revision,
                "action": message.action,
                "priority": webhooks.priority(message.type, message.action),
                "state": "pending",
                "created_at": now,
                "next_at": now,
                "deadline": deadline,
                "attempts": 0,
                "confirmed": False,
            }
            for receiver in receivers
        ],
    )
