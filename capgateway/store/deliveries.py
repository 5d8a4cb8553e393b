"""Deliveries: handing them out under the lane's rules, and writing down how each attempt ended.

A claim is a lease with a fencing number. While a request is under way its lane is due when the lease ends: so what nobody
ends comes back by itself, and nothing else of the lane is handed out before (rule R1).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    text,
    type_coerce,
    union_all,
    update,
)

from capgateway.store import erasure, outbox
from capgateway.store.dialect import upserts
from capgateway.store.many import Many
from capgateway.store.tables import EPOCH, Moment, attempts, cards, deliveries, gateway, lanes, messages, receivers
from capgateway.webhooks import Attempt, Claim, Dead, Delivered, Next, Priority, Retry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select, TextClause

    from capgateway.store.write import Write

LANES_AT_ONCE = 500
"""Both databases limit the parameters of a statement."""
LONGEST_URGENT_WAIT = timedelta(minutes=15)
"""Longer than any retry of a take-down or a new card, and than any lease."""
LONGEST_WAIT = timedelta(days=1)
"""A receiver may ask for a pause before an update. A card that waits longer is over, or the clock went back."""
RECEIVERS_AT_ONCE = 50
"""Receivers asked for in one statement; SQLite takes 500 parts."""


class Finished(NamedTuple):
    """An attempt that is over, and what follows from it."""

    claim: Claim
    attempt: Attempt
    following: Next


class Turn(NamedTuple):
    """What a courier gets for what it brings: deliveries to carry out, and for each attempt that it recorded whether the
    delivery was still its own."""

    claims: list[Claim]
    ours: list[bool]


def _first(receiver: Any, priority: Priority) -> Select[Any]:
    """When the first delivery of this priority falls due: one step in the index, however many wait."""
    return (
        select(literal(int(priority)).label("priority"), lanes.c.due_at.label("due_at"))
        .where(lanes.c.receiver == receiver, lanes.c.priority == int(priority), lanes.c.due_at.is_not(None))
        .order_by(lanes.c.due_at)
        .limit(1)
    )


_FIRSTS = union_all(*(select(_first(bindparam("receiver"), priority).subquery()) for priority in Priority))


@cache
def _next_due(count: int, *, in_a_pause: bool) -> TextClause:
    """The same for so many receivers, in the words of both databases: SQLAlchemy would build two hundred parts anew each
    time. In a pause displays are not due."""
    displays = " AND (action IS NULL OR action <> 'display')" if in_a_pause else ""
    part = (
        "SELECT {0} AS place, {1} AS priority, due_at FROM (SELECT due_at FROM lanes WHERE receiver = :receiver_{0} AND priority = {1}"
        " AND due_at IS NOT NULL{2} ORDER BY due_at LIMIT 1) AS first_{0}_{1}"
    )
    parts = [part.format(place, int(priority), displays) for place in range(count) for priority in Priority]
    return text(" UNION ALL ".join(parts))


_DUE = (
    select(
        lanes.c.in_flight,
        lanes.c.receiver,
        lanes.c.subject,
        deliveries.c.id,
        deliveries.c.message_id,
        deliveries.c.card_id,
        deliveries.c.revision,
        deliveries.c.action,
        deliveries.c.created_at,
        deliveries.c.deadline,
        deliveries.c.attempts,
        deliveries.c.last_status,
        messages.c.type,
        messages.c.body,
    )
    .select_from(lanes)
    .join(deliveries, deliveries.c.id == lanes.c.delivery_id)
    .join(messages, messages.c.id == deliveries.c.message_id)
    .where(
        lanes.c.receiver == bindparam("receiver"),
        lanes.c.priority == bindparam("priority"),
        lanes.c.due_at <= bindparam("now"),
        or_(lanes.c.in_flight.is_(None), lanes.c.in_flight.not_in(bindparam("held", expanding=True))),
        messages.c.body.is_not(None),
    )
    .order_by(lanes.c.due_at)
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True, of=lanes)  # PostgreSQL: what another gateway is claiming is its own
)
_IS_NO_DISPLAY = lanes.c.action.is_distinct_from("display")
_DUE_IN_A_PAUSE = _DUE.where(_IS_NO_DISPLAY)
_LEASE = Many(
    update(lanes)
    .where(lanes.c.delivery_id == bindparam("claimed"))
    .values(in_flight=lanes.c.delivery_id, lease_until=bindparam("until"), due_at=bindparam("until"))
)
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
_MOVE_WAITS = (
    update(lanes)
    .where(lanes.c.in_flight.is_(None), lanes.c.due_at > _AT)
    .values(due_at=type_coerce(_DUE_AT + _BY, Moment))
)
_COUNT = Many(
    update(deliveries)
    .where(deliveries.c.id == bindparam("claimed"))
    .values(attempts=deliveries.c.attempts + literal_column("1"))
)
_NOW = (
    select(
        deliveries.c.id,
        deliveries.c.state,
        deliveries.c.attempts,
        lanes.c.delivery_id.label("newest"),
        cards.c.erased_at,
    )
    .join(lanes, (lanes.c.receiver == deliveries.c.receiver) & (lanes.c.subject == deliveries.c.subject))
    .outerjoin(cards, cards.c.id == deliveries.c.card_id)
    .where(deliveries.c.id.in_(bindparam("finished", expanding=True)))
)
_END = Many(
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("finished"),
        deliveries.c.attempts == bindparam("number"),
        deliveries.c.state == literal_column("'pending'"),
    )
    .values(
        state=bindparam("to_state"),
        ended_at=bindparam("at"),
        reason=bindparam("why"),
        confirmed=bindparam("is_confirmed"),
        last_status=bindparam("status"),
    )
)
_LAND = Many(
    update(lanes)
    .where(
        lanes.c.in_flight == bindparam("finished"),
        exists().where(deliveries.c.id == bindparam("finished"), deliveries.c.attempts == bindparam("number")),
    )
    .values(in_flight=null(), lease_until=null(), due_at=bindparam("due"))
)


_ATTEMPTED = Many(upserts(attempts, lambda row: row.on_conflict_do_nothing()))
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


def turn(
    write: Write,
    receiver: str,
    finished: Sequence[Finished],
    *,
    room: int,
    reserve: int,
    lease: timedelta,
    note: bool = True,
    held: Collection[str] = (),
) -> Turn:
    """Record what a courier has finished, and hand it what is due: ``room`` deliveries of any kind, and ``reserve`` more if
    they are take-downs. ``held`` are the deliveries that it carries out: whatever the clock says of their leases, their
    lanes are not handed out."""
    ours = record(write, finished, note=note) if finished else []
    return Turn(claim(write, receiver, room=room, reserve=reserve, lease=lease, held=held), ours)


def claim(
    write: Write, receiver: str, *, room: int, lease: timedelta, reserve: int = 0, held: Collection[str] = ()
) -> list[Claim]:
    """Lease what is due to one receiver, take-downs first."""
    firsts = write.execute(_FIRSTS, {"receiver": receiver})
    due = sorted(row.priority for row in firsts if row.due_at <= write.now)
    rows: list[RowMapping] = []
    for priority in due:
        left = room + reserve * (priority == Priority.TAKE_DOWN) - len(rows)
        if left > 0:
            asked = {"receiver": receiver, "priority": priority, "now": write.now, "room": left, "held": list(held)}
            rows += write.execute(_DUE_IN_A_PAUSE if write.paused_since else _DUE, asked).mappings()
    if rows:
        until = write.now + lease
        write.execute_many(_LEASE, [{"claimed": row["id"], "until": until} for row in rows])
        write.execute_many(_COUNT, [{"claimed": row["id"]} for row in rows])
        forgotten = [row["in_flight"] for row in rows if row["in_flight"] not in (None, row["id"])]
        outbox.supersede(write, forgotten)
    return [_claim(row) for row in rows]


def record(write: Write, finished: Sequence[Finished], *, note: bool = True) -> list[bool]:
    """Write attempts down, with the new state of their deliveries and lanes, all or nothing. ``False`` where the fencing
    number is no longer ours: the lease ran out and somebody else has the delivery, so only the attempt is written.
    ``note``: with what they say of the receiver."""
    known = {row.id: row for row in write.execute(_NOW, {"finished": [one.claim.delivery_id for one in finished]})}
    write.execute_many(_ATTEMPTED, [_attempt_row(one, known.get(one.claim.delivery_id)) for one in finished])
    ours = [_is_ours(one, known.get(one.claim.delivery_id)) for one in finished]
    mine = [one for one, is_ours in zip(finished, ours, strict=True) if is_ours]
    if mine:
        newest = {one.claim.delivery_id: known[one.claim.delivery_id].newest for one in mine}
        is_newest = [newest[one.claim.delivery_id] == one.claim.delivery_id for one in mine]
        write.execute_many(_END, [_ended(one, head, write.now) for one, head in zip(mine, is_newest, strict=True)])
        write.execute_many(_LAND, [_landed(one, head, write.now) for one, head in zip(mine, is_newest, strict=True)])
    if note:
        _note(write, finished)
    return ours


def next_due(
    connection: Connection, names: Sequence[str], *, take_downs_only: Collection[str] = ()
) -> dict[str, datetime]:
    """For each of these receivers, when its next delivery falls due or a lease runs out; without those where nothing
    waits. Of some only the take-downs count."""
    due: dict[str, datetime] = {}
    in_a_pause = connection.execute(select(gateway.c.paused_since)).scalar() is not None
    for start in range(0, len(names), RECEIVERS_AT_ONCE):
        some = names[start : start + RECEIVERS_AT_ONCE]
        asked = {f"receiver_{place}": name for place, name in enumerate(some)}
        for place, priority, due_at in connection.execute(_next_due(len(some), in_a_pause=in_a_pause), asked):
            name, moment = some[place], EPOCH + timedelta(microseconds=due_at)
            if priority != Priority.TAKE_DOWN and name in take_downs_only:
                continue
            due[name] = min(moment, due.get(name, moment))
    return due


def answered(connection: Connection) -> dict[str, dict[str, Any]]:
    """What is known of each receiver from its answers."""
    rows = [dict(row) for row in connection.execute(select(receivers)).mappings()]
    return {row.pop("name"): row for row in rows}


def overtaken(connection: Connection, flights: Sequence[str]) -> list[str]:
    """Of these deliveries under way, the displays whose lane holds a take-down that waits for them (rule R4)."""
    query = select(lanes.c.in_flight).where(
        lanes.c.in_flight.in_(flights), lanes.c.in_flight != lanes.c.delivery_id, lanes.c.action == "take_down"
    )
    return list(connection.execute(query).scalars())


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


def clock_stepped(write: Write, by: timedelta, held: Collection[str]) -> None:
    """The clock was set: what is under way has as long a lease as before, and where it went back, what waits waits no
    longer than before. Several gateways may do this, each with its own clock: waiting too briefly harms nobody."""
    moved = {"by": by // timedelta(microseconds=1)}
    ours = list(held)
    for start in range(0, len(ours), LANES_AT_ONCE):
        write.execute(_MOVE_LEASES, moved | {"ours": ours[start : start + LANES_AT_ONCE]})
    if by < timedelta(0):
        write.execute(_MOVE_WAITS, moved | {"now": write.now})


def _is_astray(now: datetime) -> ColumnElement[bool]:
    urgent = (lanes.c.priority <= int(Priority.PUBLISHED)) & (lanes.c.due_at > now + LONGEST_URGENT_WAIT)
    return (lanes.c.due_at > now + LONGEST_WAIT) | urgent


def _claim(row: RowMapping) -> Claim:
    return Claim(
        delivery_id=row["id"],
        message_id=row["message_id"],
        receiver=row["receiver"],
        card_id=row["card_id"],
        revision=row["revision"],
        type=row["type"],
        action=row["action"],
        body=row["body"],
        number=row["attempts"] + 1,
        created_at=row["created_at"],
        deadline=row["deadline"],
        last_status=row["last_status"],
    )


def _attempt_row(one: Finished, known: Any) -> dict[str, Any]:
    """What was answered about a card that is erased may repeat it: the card may have been erased while it was under way."""
    attempt = one.attempt
    return {
        "delivery_id": one.claim.delivery_id,
        "number": one.claim.number,
        "started_at": attempt.started_at,
        "microseconds": int(attempt.duration.total_seconds() * 1_000_000),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "error": attempt.error,
        "ambiguous": attempt.ambiguous,
        "response_excerpt": attempt.response_excerpt,
    } | (erasure.BLANKS[attempts] if known is not None and known.erased_at else {})


def _is_ours(one: Finished, row: Any) -> bool:
    return row is not None and row.state == "pending" and row.attempts == one.claim.number


def _ended(one: Finished, is_newest: bool, now: datetime) -> dict[str, Any]:
    state, why = "pending", None
    match one.following:
        case Delivered():
            state = "delivered"
        case _ if not is_newest:  # the lane moved on while it was under way (rule R3)
            state = "superseded"
        case Dead(reason=reason):
            state, why = "dead", reason
        case Retry():
            pass
    return {
        "finished": one.claim.delivery_id,
        "number": one.claim.number,
        "to_state": state,
        "at": None if state == "pending" else now,
        "why": why,
        "is_confirmed": state == "delivered" and one.attempt.confirmed,
        "status": one.attempt.status,
    }


def _landed(one: Finished, is_newest: bool, now: datetime) -> dict[str, Any]:
    due: datetime | None = None
    if not is_newest:
        due = now  # what overtook it
    elif isinstance(one.following, Retry):
        due = one.following.at
    return {"finished": one.claim.delivery_id, "number": one.claim.number, "due": due}


def _note(write: Write, finished: Sequence[Finished]) -> None:
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
