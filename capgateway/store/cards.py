"""Cards: what a decision changes on display becomes card rows, messages and deliveries, in the same unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, delete, func, select, update

from capgateway import cards as card_stage
from capgateway import ids, webhooks
from capgateway.cards import Card, Display, End
from capgateway.cards.area import stored_codes
from capgateway.store import chains, gaps, outbox
from capgateway.store.tables import attention, card_revisions, cards
from capgateway.webhooks import Stamp, reopens, route_display, route_take_down

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.cards import Change
    from capgateway.store.write import Write
    from capgateway.webhooks import Lane

_ONE = select(cards).where(cards.c.id == bindparam("card"))
_UNMARK = delete(attention).where(attention.c.card_id == bindparam("card"))
_MARKS = select(attention).where(attention.c.card_id == bindparam("card"))
_MOVE_ON = update(cards).where(cards.c.id == bindparam("card"))
_VERIFY = (
    update(cards)
    .where(cards.c.id == bindparam("card"), cards.c.alert_id != bindparam("shown"))
    .values(verified_at=bindparam("now"), unverified_since=None)
)


class Written(NamedTuple):
    """The card that the first change concerned, and how many messages were written."""

    card_id: str | None
    messages: int


def expire(write: Write, limit: int) -> int:
    """End the active cards whose time has come, the longest overdue first; how many there were."""
    query = select(cards).where(cards.c.state == "active", cards.c.expires_at <= write.now)
    due = write.execute(query.order_by(cards.c.expires_at).limit(limit)).mappings().all()
    for row in due:
        apply(write, card_stage.expire(chains.state(row)).changes, {}, row["chain_id"])
    return len(due)


def next_expiry(connection: Connection) -> datetime | None:
    """When the next active card ends."""
    return connection.execute(select(func.min(cards.c.expires_at)).where(cards.c.state == "active")).scalar()


def apply(write: Write, changes: Sequence[Change], shown: Mapping[str, Card], chain_id: str) -> Written:
    """Write the changes of one decision: rows, messages, and one delivery per receiver concerned. ``shown`` are the
    cards that it puts on display, by their ids."""
    written = [_apply(write, change, shown, chain_id) for change in changes]
    return Written(written[0].card_id if written else None, sum(one.messages for one in written))


def _apply(write: Write, change: Change, shown: Mapping[str, Card], chain_id: str) -> Written:
    if isinstance(change, End):
        return Written(change.card_id, _end(write, change))
    return _show(write, change, shown[change.card_id], chain_id)


def _show(write: Write, change: Display, card: Card, chain_id: str) -> Written:
    """Put a card on display. Where a receiver that it has left is meant again, it takes a new card to show it there."""
    lanes = outbox.lanes(write, card.card_id) if card.revision > 1 else []
    if not reopens(card, write.outlets.receivers, lanes):
        told = _display(write, change.alert_id, card, chain_id, lanes)
        late = gaps.displayed(write, card.card_id, change.alert_id) if card.revision == 1 else 0
        return Written(card.card_id, told + late)
    successor, messages = _succeed(write, card, change.alert_id, chain_id)
    return Written(successor, messages)


def _succeed(write: Write, card: Card, alert_id: str, chain_id: str) -> tuple[str, int]:
    """End a card and show it again as another one, which has the same marks; how many messages that took."""
    marks = write.execute(_MARKS, {"card": card.card_id}).mappings().all()
    ended = _end(write, End(card_id=card.card_id, revision=card.revision, reason="superseded"))
    successor = ids.derived("crd", card.card_id, str(card.revision))
    renewed = msgspec.structs.replace(card, card_id=successor, revision=1)
    shown = _display(write, alert_id, renewed, chain_id, [])
    for mark in marks:
        write.add(attention, {**mark, "card_id": successor})
    return successor, ended + shown


def _display(write: Write, alert_id: str, card: Card, chain_id: str, lanes: Sequence[Lane]) -> int:
    """A new card or revision, to whom it concerns; how many messages that took."""
    body = webhooks.encode(card)
    stamp = _stamp(write, card.card_id, card.revision, card.expires_at, card.status)
    _save(write, alert_id, card, chain_id, stamp.sequence, body)
    message = webhooks.display(stamp, body, card_url=_card_url(write, card.card_id))
    route = route_display(card, message.type, write.outlets.receivers, lanes)
    outbox.post(write, message, route.show, lanes)
    return 1 + _leave(write, card, route.leave, lanes)


def _leave(write: Write, card: Card, receivers: Sequence[str], lanes: Sequence[Lane]) -> int:
    """Take a card down where its area no longer takes part; how many messages that took."""
    if not receivers:
        return 0
    left = _stamp(write, card.card_id, card.revision, card.expires_at, card.status)
    outbox.post(write, webhooks.take_down(left, "left_region", ended_at=write.now), receivers, lanes)
    return 1


def route_again(write: Write) -> int:
    """Send live cards where other receivers or their other regions want them now, and take them down where they no
    longer do; how many messages that took."""
    query = select(cards, card_revisions.c.body).join(
        card_revisions,
        and_(card_revisions.c.card_id == cards.c.id, card_revisions.c.revision == cards.c.revision),
    )
    rows = write.execute(query.where(cards.c.state == "active", cards.c.expires_at > write.now)).mappings().all()
    return sum(_route_again(write, row) for row in rows if row["body"] is not None)


def _route_again(write: Write, row: RowMapping) -> int:
    card, lanes = msgspec.json.decode(row["body"], type=Card), outbox.lanes(write, row["id"])
    if reopens(card, write.outlets.receivers, lanes):
        onward = msgspec.structs.replace(card, revision=card.revision + 1)
        return _reopen(write, row, onward)
    message_type = webhooks.display_type(card.revision, exercise=card.status == "exercise")
    route = route_display(card, message_type, write.outlets.receivers, lanes)
    new = [name for name in route.show if name not in {lane.receiver for lane in lanes}]
    if new:
        stamp = _stamp(write, card.card_id, card.revision, card.expires_at, card.status)
        outbox.post(
            write, webhooks.display(stamp, webhooks.encode(card), card_url=_card_url(write, card.card_id)), new, lanes
        )
    return bool(new) + _leave(write, card, route.leave, lanes)


def _reopen(write: Write, row: RowMapping, card: Card) -> int:
    successor, messages = _succeed(write, card, row["alert_id"], row["chain_id"])
    standing = {"verified_at": row["verified_at"], "unverified_since": row["unverified_since"]}
    write.execute(_MOVE_ON.values(**standing), {"card": successor})  # it says what its predecessor said
    return messages


def _card_url(write: Write, card_id: str) -> str:
    return f"{write.outlets.public_url}/api/v1/cards/{card_id}"


def _end(write: Write, change: End) -> int:
    row = write.execute(_ONE, {"card": change.card_id}).mappings().one()
    stamp = _stamp(write, change.card_id, change.revision, row["expires_at"], row["status"])
    moved = {"state": "ended", "revision": change.revision, "sequence": stamp.sequence, "updated_at": write.now}
    ended = {"ended_at": write.now, "end_reason": change.reason, "card": change.card_id}
    write.execute(_MOVE_ON, moved | ended)
    write.execute(_UNMARK, {"card": change.card_id})
    message = webhooks.take_down(stamp, change.reason, ended_at=write.now)
    lanes = outbox.lanes(write, change.card_id)
    outbox.post(write, message, route_take_down(lanes), lanes)
    return 1


def _stamp(write: Write, card_id: str, revision: int, expires_at: datetime, status: str) -> Stamp:
    return Stamp(
        deployment=write.deployment,
        card_id=card_id,
        revision=revision,
        sequence=write.next_sequence(),
        timestamp=write.now,
        expires_at=expires_at,
        exercise=status == "exercise",
    )


def _save(write: Write, alert_id: str, card: Card, chain_id: str, sequence: int, body: bytes) -> None:
    """The card's row, new or moved on, and the revision with its text."""
    moving = {
        "revision": card.revision,
        "sequence": sequence,
        "alert_id": alert_id,
        "chain_id": chain_id,
        "target": " ".join(stored_codes(card.area)),
        "updated_at": write.now,
        "expires_at": card.expires_at,
    }
    if card.revision == 1:
        row = {"id": card.card_id, "incident_id": card.incident_id, "state": "active", "status": card.status}
        started = {"feed": card.source.feed, "published_at": write.now, "ended_at": None, "end_reason": None}
        started |= {"verified_at": write.now, "unverified_since": None}
        write.add(cards, row | moving | started)
    else:
        write.execute(_VERIFY, {"card": card.card_id, "shown": alert_id, "now": write.now})
        write.execute(_MOVE_ON, moving | {"card": card.card_id})
    revision = {"card_id": card.card_id, "revision": card.revision, "alert_id": alert_id, "sequence": sequence}
    write.add(card_revisions, revision | {"created_at": write.now, "body": body.decode()})
