"""Leases and waits that the course of things leaves behind: of a gateway that is gone, and after a jump of the clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, case, func, select, type_coerce, update

from capgateway.store import outbox
from capgateway.store.tables import Moment, deliveries, lanes
from capgateway.webhooks import Priority

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from capgateway.store.write import Write

LANES_AT_ONCE = 500
"""Both databases limit the parameters of a statement."""
LONGEST_URGENT_WAIT = timedelta(minutes=15)
"""Longer than any retry of a take-down or a new card, and than any lease."""
LONGEST_WAIT = timedelta(days=1)
"""A receiver may ask for a pause before an update. A card that waits longer is over, or the clock went back."""

_UNDER_WAY = select(lanes.c.in_flight).where(lanes.c.in_flight.is_not(None))
_LOST = lanes.c.in_flight.in_(bindparam("lost", expanding=True))
_GIVE_UP = (
    update(deliveries)
    .where(
        deliveries.c.id.in_(select(lanes.c.in_flight).where(_LOST, lanes.c.in_flight != lanes.c.delivery_id)),
        deliveries.c.state == "pending",
    )
    .values(state="superseded", ended_at=func.coalesce(deliveries.c.ended_at, deliveries.c.created_at))
)
_AT = bindparam("now", type_=Moment)
_LET_GO = (
    update(lanes)
    .where(_LOST)
    .values(in_flight=None, lease_until=None, due_at=case((lanes.c.since < _AT, lanes.c.since), else_=_AT))
)
_BY = type_coerce(bindparam("by", type_=BigInteger), BigInteger)
_DUE_AT, _LEASE_UNTIL = type_coerce(lanes.c.due_at, BigInteger), type_coerce(lanes.c.lease_until, BigInteger)
_MOVE_LEASES = (
    update(lanes)
    .where(lanes.c.in_flight.in_(bindparam("ours", expanding=True)))
    .values(due_at=type_coerce(_LEASE_UNTIL + _BY, Moment), lease_until=type_coerce(_LEASE_UNTIL + _BY, Moment))
)
_NOT_BEFORE = type_coerce(lanes.c.not_before, BigInteger)
_MOVE_WAITS = (
    update(lanes)
    .where(lanes.c.in_flight.is_(None), lanes.c.due_at > _AT)
    .values(due_at=type_coerce(_DUE_AT + _BY, Moment), not_before=type_coerce(_NOT_BEFORE + _BY, Moment))
)


def release(connection: Connection, now: datetime, held: Collection[str] = ()) -> int:
    """Give up every lease but those of deliveries that are under way, for a database that only this process uses; how many
    that were. Whoever held the others is gone, or never learned of them."""
    lost = [one for one in connection.execute(_UNDER_WAY).scalars() if one not in held]
    for start in range(0, len(lost), LANES_AT_ONCE):
        some: dict[str, Any] = {"lost": lost[start : start + LANES_AT_ONCE]}
        connection.execute(_GIVE_UP, some)
        connection.execute(_LET_GO, some | {"now": now})
    return len(lost)


def astray(connection: Connection, now: datetime) -> bool:
    """Whether a delivery waits for longer than any delivery ever does: the clock went back after that was written."""
    return connection.execute(select(lanes.c.subject).where(_is_astray(now)).limit(1)).first() is not None


def bring_back(write: Write) -> None:
    """Let what waits for longer than any delivery ever does be due now. A lease so long is nobody's."""
    overtaken_ones = select(lanes.c.in_flight).where(
        _is_astray(write.now), lanes.c.in_flight.is_not(None), lanes.c.in_flight != lanes.c.delivery_id
    )
    outbox.supersede(write, list(write.execute(overtaken_ones).scalars()))
    write.execute(update(lanes).where(_is_astray(write.now)).values(in_flight=None, lease_until=None, due_at=write.now))


def clock_stepped(write: Write, by: timedelta, held: Collection[str], *, alone: bool = False) -> None:
    """The clock was set: what is under way has as long a lease as before, and what waits waits as long. Several gateways may
    do this, each with its own clock: then waits are only ever shortened. ``alone`` says that there is only this one."""
    moved = {"by": by // timedelta(microseconds=1)}
    ours = list(held)
    for start in range(0, len(ours), LANES_AT_ONCE):
        write.execute(_MOVE_LEASES, moved | {"ours": ours[start : start + LANES_AT_ONCE]})
    if by < timedelta(0) or alone:
        write.execute(_MOVE_WAITS, moved | {"now": write.now - max(by, timedelta(0))})


def _is_astray(now: datetime) -> ColumnElement[bool]:
    is_urgent = (lanes.c.priority <= int(Priority.PUBLISHED)) | lanes.c.in_flight.is_not(None)
    return (lanes.c.due_at > now + LONGEST_WAIT) | (is_urgent & (lanes.c.due_at > now + LONGEST_URGENT_WAIT))
