"""The pause: no display starts from any gateway of this database, and take-downs continue. It survives restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, func, select, update

from capgateway.store import audit
from capgateway.store.copies import HAND_OVER
from capgateway.store.tables import cards, deliveries, gateway, lanes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.store.audit import Act
    from capgateway.store.write import Write

_UNDER_WAY = (
    select(func.count())
    .select_from(lanes)
    .join(deliveries, deliveries.c.id == lanes.c.in_flight)
    .where(deliveries.c.action == "display")
)

_HAND_OVER = (
    update(cards)
    .where(cards.c.state == "active", cards.c.supersede_at.is_not(None))
    .values(supersede_at=bindparam("at"))
)
"""A card that gives way stays while the one that takes its place was not sent."""


class Paused(msgspec.Struct, frozen=True, kw_only=True):
    """Since when displays are paused, whether that is new, and how many requests with displays were under way: they are not
    stopped."""

    since: datetime
    is_new: bool
    under_way: int


def since(connection: Connection) -> datetime | None:
    """Since when displays are paused; ``None`` while they are sent."""
    return connection.execute(select(gateway.c.paused_since)).scalar()


def pause(write: Write, act: Act) -> Paused:
    """Let no display start. Twice is the same as once."""
    is_new = write.paused_since is None
    if is_new:
        write.pause(write.now)
        audit.record(write, act, "gateway.paused")
    under_way: int = write.execute(_UNDER_WAY).scalar_one()
    return Paused(since=write.paused_since or write.now, is_new=is_new, under_way=under_way)


def resume(write: Write, act: Act) -> datetime | None:
    """Let displays start again; since when they were paused, ``None`` where they were not. What waits is to be decided again."""
    paused_since = write.paused_since
    if paused_since is not None:
        write.pause(None)
        write.execute(_HAND_OVER, {"at": write.now + HAND_OVER})
        audit.record(write, act, "gateway.resumed", detail={"paused_since": paused_since.isoformat()})
    return paused_since
