"""The audit trail: who did what, when and why. Written in the same unit of work as what was done."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import or_, select

from capgateway.store.records import Page
from capgateway.store.tables import audit

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, RowMapping

    from capgateway.store.write import Write

LONGEST_ID = 9
"""Digits of an id: both databases count to two thousand millions."""
ERASURE = "incident.erased"
"""An erasure by order. Its reason has no words of what it erased, and stays."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for something, and why: ``actor`` is the token's name, or ``local`` without tokens."""

    actor: str
    reason: str | None = None


def record(
    write: Write,
    act: Act,
    action: str,
    *,
    card_id: str | None = None,
    alert_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record an action, such as ``card.withdrawn``. ``detail`` must not contain personal data: it outlives an erasure."""
    told = {
        "actor": act.actor,
        "reason": act.reason,
        "detail": msgspec.json.encode(detail).decode() if detail else None,
    }
    write.execute(audit.insert().values(at=write.now, action=action, card_id=card_id, alert_id=alert_id, **told))


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One act of a person."""

    id: int
    at: datetime
    actor: str
    action: str
    card_id: str | None
    alert_id: str | None
    reason: str | None
    detail: dict[str, Any] | None


def page(
    connection: Connection,
    *,
    card_id: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page[Entry]:
    """What persons did, the newest first. A made-up cursor is a ``ValueError``."""
    query = select(audit)
    query = query if card_id is None else query.where(audit.c.card_id == card_id)
    query = query if since is None else query.where(audit.c.at >= since)
    if after is not None:
        query = query.where(audit.c.id < _cursor(after))
    rows = connection.execute(query.order_by(audit.c.id.desc()).limit(limit + 1)).mappings().all()
    items = [entry(row) for row in rows[:limit]]
    return Page(items=items, next=str(items[-1].id) if len(rows) > limit else None)


def about(connection: Connection, card_ids: Collection[str], alert_ids: Collection[str]) -> list[Entry]:
    """What persons did about these cards and alerts, the oldest first."""
    mine = or_(audit.c.card_id.in_(card_ids), audit.c.alert_id.in_(alert_ids))
    return [entry(row) for row in connection.execute(select(audit).where(mine).order_by(audit.c.id)).mappings()]


def entry(row: RowMapping) -> Entry:
    """A row of the trail."""
    detail = None if row["detail"] is None else msgspec.json.decode(row["detail"])
    return Entry(**{**row, "detail": detail})


def _cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise ValueError(f"{text[:40]!r} is not a cursor of the list")
    return int(text)
