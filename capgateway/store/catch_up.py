"""What went out, in order, for a receiver that was away for long, or for an archive.

A sequence is given out and committed while nobody else gives one out (``Write.next_sequence``), so they become visible in
order: who has read up to one has missed none.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, case, exists, select

from capgateway.store.tables import deliveries, lanes, messages

if TYPE_CHECKING:
    from sqlalchemy import Connection


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message. ``body`` is ``None`` once it is erased; a receiver is not shown what displayed a card that was taken down
    there."""

    sequence: int
    id: str
    type: str
    action: str | None
    card_id: str | None
    revision: int
    created_at: datetime
    body: msgspec.Raw | None


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in order; ``next`` is the sequence of the last of them, ``None`` if none follows."""

    items: list[StoredMessage]
    next: int | None


def messages_after(connection: Connection, after: int, *, limit: int = 50, receiver: str | None = None) -> Messages:
    """Messages above this sequence: all, or those to one receiver."""
    columns: list[Any] = [messages.c[name] for name in StoredMessage.__struct_fields__ if name != "body"]
    body: Any = messages.c.body
    query = select(*columns, body).where(messages.c.sequence > after)
    if receiver is not None:
        mine = and_(deliveries.c.message_id == messages.c.id, deliveries.c.receiver == receiver)
        ended = exists().where(
            lanes.c.receiver == receiver, lanes.c.subject == messages.c.card_id, lanes.c.action == "take_down"
        )
        body = case((and_(messages.c.action == "display", ended), None), else_=messages.c.body)
        query = select(*columns, body.label("body")).where(messages.c.sequence > after, exists().where(mine))
    rows = connection.execute(query.order_by(messages.c.sequence).limit(limit + 1)).mappings().all()
    items = [_message(dict(row)) for row in rows[:limit]]
    return Messages(items=items, next=items[-1].sequence if len(rows) > limit else None)


def _message(row: dict[str, Any]) -> StoredMessage:
    body = row.pop("body")
    return StoredMessage(**row, body=None if body is None else msgspec.Raw(bytes(body)))
