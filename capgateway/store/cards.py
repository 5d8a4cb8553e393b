"""Cards: what a decision changes on display becomes card rows, messages and deliveries, in the same unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, delete, select, update

from capgateway import cards as card_stage
from capgateway import ids, webhooks
from capgateway.cards import Card, Display, End
from capgateway.cards.area import stored_codes
from capgateway.store import gaps, media_rows, outbox
from capgateway.store.tables import alerts, attention, card_revisions, cards
from capgateway.webhooks import Stamp, reopens, route_display, route_take_down

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.cards import Change, EndReason
    from capgateway.store.write import Write
    from capgateway.webhooks import Lane, Route

_ONE = select(cards).where(cards.c.id == bindparam("card"))
_UNMARK = delete(attention).where(attention.c.card_id == bindparam("card"))
_MARKS = select(attention).where(attention.c.card_id == bindparam("card"))
_MOVE_ON = update(cards).where(cards.c.id == bindparam("card"))
_VERIFY = (
    update(cards)
    .where(cards.c.id == bindparam("card"), cards.c.alert_id != bindparam("shown"))
    .values(verified_at=bindparam("now"), unverified_since=None)
)

_LET_GO = (
    update(alerts)
    .where(alerts.c.id == bindparam("shown"), alerts.c.decision == "quarantined")
    .values(decision=bindparam("word"), reason=None, decided_at=bindparam("now"), card_id=bindparam("card"))
)

_UNTOUCHED = dict.fromkeys(
    [
        "ended_at",
        "end_reason",
        "ended_by",
        "unverified_since",
        "superseded_by",
        "supersede_at",
        "restored_at",
        "held_at",
        "erased_at",
    ]
)
"""What has not happened to a new card yet."""


class Written(NamedTuple):
    """The card that the first change concerned, and how many messages were written."""

    card_id: str | None
    messages: int


def shown_by(connection: Connection, alert_id: str) -> str | None:
    """The text of the latest revision that shows an alert; ``None`` where none does, or it is erased."""
    mine = select(card_revisions.c.body).where(card_revisions.c.alert_id == alert_id)
    found: str | None = connection.execute(mine.order_by(card_revisions.c.sequence.desc()).limit(1)).scalar()
    return found


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
    """Put a card on display, or keep it as a copy. Where a receiver that it has left is meant again, it takes a new card to show
    it there. What is displayed waits for nobody any more: another alert of the chain may have brought it up."""
    if card.state != "active":
        _save(write, change.alert_id, card, chain_id, write.next_sequence(), webhooks.encode(card), is_new=False)
        return Written(card.card_id, 0)
    is_new = card.revision == 1 or _is_copy(write, card.card_id)
    word = "published" if is_new else "updated"
    write.execute(_LET_GO, {"shown": change.alert_id, "now": write.now, "word": word, "card": card.card_id})
    lanes = outbox.lanes(write, card.card_id) if card.revision > 1 else []
    if not _reopens(write, card, lanes):
        told = _display(write, change.alert_id, card, chain_id, lanes, is_new=is_new)
        late = gaps.displayed(write, card.card_id, change.alert_id) if is_new else 0
        return Written(card.card_id, told + late)
    successor, messages = _succeed(write, card, change.alert_id, chain_id)
    return Written(successor, messages)


def _reopens(write: Write, card: Card, lanes: Sequence[Lane]) -> bool:
    """Whether it takes a new card now. In a pause nobody would be shown that, and everybody would lose the old one."""
    return write.paused_since is None and reopens(card, write.outlets.receivers, lanes)


def _succeed(write: Write, card: Card, alert_id: str, chain_id: str) -> tuple[str, int]:
    """End a card and show it again as another one, which has the same marks; how many messages that took."""
    marks = write.execute(_MARKS, {"card": card.card_id}).mappings().all()
    successor = ids.derived("crd", card.card_id, str(card.revision))
    media = media_rows.succeed(write, card, successor)
    ended = _end(write, End(card_id=card.card_id, revision=card.revision, reason="superseded"))
    renewed = msgspec.structs.replace(card, card_id=successor, revision=1, media=media)
    shown = _display(write, alert_id, renewed, chain_id, [], is_new=True)
    for mark in marks:
        write.add(attention, {**mark, "card_id": successor})
    return successor, ended + shown


def _is_copy(write: Write, card_id: str) -> bool:
    """Whether a known card was never on display."""
    return bool(write.execute(_ONE, {"card": card_id}).mappings().one()["state"] != "active")


def _display(write: Write, alert_id: str, card: Card, chain_id: str, lanes: Sequence[Lane], *, is_new: bool) -> int:
    """A new card or revision, to whom it concerns; how many messages that took."""
    body = webhooks.encode(card)
    stamp = _stamp(write, card.card_id, card.revision, card.expires_at, card.status)
    _save(write, alert_id, card, chain_id, stamp.sequence, body, is_new=is_new)
    message = webhooks.display(stamp, body, card_url=_card_url(write, card.card_id), is_new=is_new)
    route = route_display(card, message.type, write.outlets.receivers, lanes)
    outbox.post(write, message, route.show, lanes)
    return 1 + _leave(write, card, route, lanes)


def _leave(write: Write, card: Card, route: Route, lanes: Sequence[Lane]) -> int:
    """Take a card down where its area or its programme no longer takes part; how many messages that took."""
    whom: list[tuple[EndReason, tuple[str, ...]]] = [("left_region", route.leave), ("withdrawn", route.lose)]
    told = 0
    for reason, receivers in whom:
        if receivers:
            left = _stamp(write, card.card_id, card.revision, card.expires_at, card.status)
            outbox.post(write, webhooks.take_down(left, reason, ended_at=write.now), receivers, lanes)
            told += 1
    return told


def route_again(write: Write) -> int:
    """Send live cards where other receivers or their other regions want them now, or want them again and missed a revision
    meanwhile, and take them down where they no longer do; how many messages that took."""
    query = select(cards, card_revisions.c.body).join(
        card_revisions,
        and_(card_revisions.c.card_id == cards.c.id, card_revisions.c.revision == cards.c.revision),
    )
    rows = write.execute(query.where(cards.c.state == "active", cards.c.expires_at > write.now)).mappings().all()
    return sum(_route_again(write, row) for row in rows if row["body"] is not None)


def _route_again(write: Write, row: RowMapping) -> int:
    card, lanes = msgspec.json.decode(row["body"], type=Card), outbox.lanes(write, row["id"])
    if _reopens(write, card, lanes):
        onward = msgspec.structs.replace(card, revision=card.revision + 1)
        return _reopen(write, row, onward)
    is_new = card.revision == 1
    message_type = webhooks.display_type(exercise=card.status == "exercise", is_new=is_new)
    route = route_display(card, message_type, write.outlets.receivers, lanes)
    known = {lane.receiver: lane.revision for lane in lanes}
    lacking = [name for name in route.show if known.get(name) != card.revision]
    if lacking:
        stamp = _stamp(write, card.card_id, card.revision, card.expires_at, card.status)
        url = _card_url(write, card.card_id)
        outbox.post(write, webhooks.display(stamp, webhooks.encode(card), card_url=url, is_new=is_new), lacking, lanes)
    return bool(lacking) + _leave(write, card, route, lanes)


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
    ended = {"ended_at": write.now, "end_reason": change.reason, "ended_by": change.by}
    ended |= {"supersede_at": None, "card": change.card_id}
    if change.by_policy:
        ended["restored_at"] = write.now
    write.execute(_MOVE_ON, moved | ended)
    write.execute(_UNMARK, {"card": change.card_id})
    media_rows.forget(write, change.card_id)
    if row["state"] != "active":
        return 0  # a copy, which nobody was shown
    message = webhooks.take_down(stamp, change.reason, ended_at=write.now)
    lanes = outbox.lanes(write, change.card_id)
    outbox.post(write, message, route_take_down(lanes), lanes)
    outbox.close(write, change.card_id)
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


def _save(write: Write, alert_id: str, card: Card, chain_id: str, sequence: int, body: bytes, *, is_new: bool) -> None:
    """The card's row, new or moved on, and the revision with its text. A copy that goes on display is new there."""
    moving = {
        "incident_id": card.incident_id,
        "state": card.state,
        "revision": card.revision,
        "sequence": sequence,
        "alert_id": alert_id,
        "chain_id": chain_id,
        "target": " ".join(stored_codes(card.area)),
        "updated_at": write.now,
        "expires_at": card.expires_at,
    }
    if card.revision == 1:
        row = {"id": card.card_id, "status": card.status}
        row |= {"programme": card.kind, "sender_key": card_stage.key(card.source.sender), "feed": card.source.feed}
        write.add(cards, _UNTOUCHED | row | moving | {"published_at": write.now, "verified_at": write.now})
    else:
        write.execute(_VERIFY, {"card": card.card_id, "shown": alert_id, "now": write.now})
        started = {"published_at": write.now} if is_new else {}
        write.execute(_MOVE_ON, moving | started | {"card": card.card_id})
    revision = {"card_id": card.card_id, "revision": card.revision, "alert_id": alert_id, "sequence": sequence}
    write.add(card_revisions, revision | {"created_at": write.now, "body": body.decode()})
