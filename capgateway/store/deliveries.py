"""Deliveries: handing them out under the lane's rules, and writing down how each attempt ended.

A claim is a lease with a fencing number. While a request is under way its lane is due when the lease ends: so what nobody
ends comes back by itself, and nothing else of the lane is handed out before (rule R1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Integer,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    update,
)

from capgateway import webhooks
from capgateway.store import erasure, outbox, standing, troubles
from capgateway.store.dialect import upserts
from capgateway.store.many import Many
from capgateway.store.records import Finished
from capgateway.store.tables import (
    EPOCH,
    Moment,
    attempts,
    cards,
    deliveries,
    gateway,
    lanes,
    messages,
    microseconds,
    receivers,
)
from capgateway.webhooks import Breaker, Cause, Claim, Dead, Delivered, Priority, Retry
from capgateway.webhooks.retry import GONE

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping, TextClause

    from capgateway.store.write import Write

RECEIVERS_AT_ONCE = 50
"""Receivers asked for in one statement; SQLite takes 500 parts."""


class Room(NamedTuple):
    """How many deliveries of any kind may begin, and how many more that are take-downs. A probe finds out whether the receiver
    is well again: of what is no take-down, the newest that was tried least goes."""

    any: int = 0
    take_downs: int = 0
    is_probe: bool = False


class Turn(NamedTuple):
    """What a courier gets for what it brings: deliveries to carry out, and for each attempt that it recorded whether the
    delivery was still its own."""

    claims: list[Claim]
    ours: list[bool]


@cache
def _next_due(count: int) -> TextClause:
    """When the first delivery of each priority falls due to so many receivers: one step in the index each, however many wait.
    In the words of both databases: SQLAlchemy would build two hundred parts anew each time."""
    part = (
        "SELECT {0} AS place, {1} AS priority, due_at FROM (SELECT due_at FROM lanes WHERE receiver = :receiver_{0} AND priority = {1}"
        " AND due_at IS NOT NULL AND (action IS NULL OR action <> 'display' OR :displays_{0} = 1)"
        " ORDER BY due_at LIMIT 1) AS first_{0}_{1}"
    )
    parts = [part.format(place, int(priority)) for place in range(count) for priority in Priority]
    return text(" UNION ALL ".join(parts))


_DUE = (
    select(
        lanes.c.in_flight,
        lanes.c.receiver,
        lanes.c.due_at,
        deliveries.c.id,
        deliveries.c.message_id,
        deliveries.c.card_id,
        deliveries.c.revision,
        deliveries.c.action,
        deliveries.c.created_at,
        deliveries.c.deadline,
        deliveries.c.reissue,
        deliveries.c.attempts,
        deliveries.c.earlier,
        deliveries.c.gone_at,
        messages.c.type,
        messages.c.sha256,
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
        or_(bindparam("displays", type_=Boolean), lanes.c.action.is_distinct_from("display")),
        messages.c.body.is_not(None),
    )
    .limit(bindparam("room"))
    .with_for_update(skip_locked=True, of=lanes)  # PostgreSQL: what another gateway is claiming is its own
)
_DUE_FIRST = _DUE.order_by(lanes.c.due_at)
_NEWEST_FIRST = _DUE.order_by(deliveries.c.attempts, lanes.c.since.desc())
_LEASE = Many(
    update(lanes)
    .where(lanes.c.delivery_id == bindparam("claimed"))
    .values(
        in_flight=lanes.c.delivery_id,
        lease_until=bindparam("until"),
        due_at=bindparam("until"),
        not_before=null(),
        unclear=lanes.c.unclear + bindparam("shown", type_=Integer),
    )
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
        lanes.c.not_before.label("newest_not_before"),
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
        gone_at=func.coalesce(deliveries.c.gone_at, bindparam("said_gone", type_=Moment)),
    )
)
_LAND = Many(
    update(lanes)
    .where(
        lanes.c.in_flight == bindparam("finished"),
        exists().where(deliveries.c.id == bindparam("finished"), deliveries.c.attempts == bindparam("number")),
    )
    .values(
        in_flight=null(),
        lease_until=null(),
        due_at=bindparam("due"),
        not_before=bindparam("wish"),
        unclear=lanes.c.unclear - bindparam("clear", type_=Integer),
    )
)


_PAUSED = select(gateway.c.paused_since)
_ALL_SUSPENDED = select(receivers.c.name).where(receivers.c.suspended_at.is_not(None))
_ATTEMPTED = Many(upserts(attempts, lambda row: row.on_conflict_do_nothing()))


class Ask(NamedTuple):
    """What a courier brings and wants: what has ended, and room for what is due. ``held`` are the deliveries that it carries
    out: whatever the clock says of their leases, their lanes are not handed out. ``note``: with what the attempts say of the
    receiver. ``breaker`` is to be remembered. ``begun`` and ``ended`` are causes for which the receiver is degraded."""

    receiver: str
    lease: timedelta
    room: Room = Room()
    finished: Sequence[Finished] = ()
    held: Collection[str] = ()
    note: bool = True
    breaker: Breaker | None = None
    begun: Mapping[Cause, Finished] = MappingProxyType({})
    ended: Collection[Cause] = ()


def turns(write: Write, asks: Sequence[Ask]) -> list[Turn]:
    """The turns of several couriers, which share their statements: record what has ended, and hand out what is due."""
    ours: Iterator[bool] = iter(())
    if finished := [one for ask in asks for one in ask.finished]:
        ours = iter(record(write, finished, note=False))
        standing.note(write, [one for ask in asks if ask.note for one in ask.finished])
    for ask in asks:
        if ask.breaker is not None:
            standing.remember(write, ask.receiver, ask.breaker)
        if ask.begun or ask.ended:
            troubles.note(write, ask.receiver, ask.begun, ask.ended)
    claims = _claims(write, asks)
    return [Turn(found, [next(ours) for _ in ask.finished]) for ask, found in zip(asks, claims, strict=True)]


def claim(
    write: Write,
    receiver: str,
    *,
    room: int,
    lease: timedelta,
    reserve: int = 0,
    held: Collection[str] = (),
    probe: bool = False,
) -> list[Claim]:
    """Lease what is due to one receiver, take-downs first."""
    (found,) = _claims(write, [Ask(receiver, lease, Room(room, reserve, probe), held=held)])
    return found


def _claims(write: Write, asks: Sequence[Ask]) -> list[list[Claim]]:
    """What is due to each, take-downs first. In a pause, and to a receiver that is suspended, no display is."""
    due, suspended = _due_now(write, asks)
    found = [_of_one(write, ask, due.get(ask.receiver, ()), suspended) for ask in asks]
    leased = [
        {"claimed": row["id"], "until": write.now + ask.lease, "shown": int(row["action"] == "display")}
        for ask, rows in zip(asks, found, strict=True)
        for row in rows
    ]
    if leased:
        write.execute_many(_LEASE, leased)
        write.execute_many(_COUNT, [{"claimed": one["claimed"]} for one in leased])
        every = [row for rows in found for row in rows]
        outbox.supersede(write, [row["in_flight"] for row in every if row["in_flight"] not in (None, row["id"])])
    return [[_claim(row, is_suspended=row["receiver"] in suspended) for row in rows] for rows in found]


def _due_now(write: Write, asks: Sequence[Ask]) -> tuple[dict[str, list[int]], set[str]]:
    """Of those that have room, the priorities of what is due, and which are suspended."""
    names = [ask.receiver for ask in asks if ask.room.any + ask.room.take_downs > 0]
    due: dict[str, list[int]] = {}
    suspended: set[str] = set()
    for start in range(0, len(names), RECEIVERS_AT_ONCE):
        some = names[start : start + RECEIVERS_AT_ONCE]
        asked: dict[str, Any] = {f"receiver_{place}": name for place, name in enumerate(some)}
        asked |= {f"displays_{place}": 1 for place in range(len(some))}
        rows: Iterable[Any] = write.execute(_next_due(len(some)), asked)
        for place, priority, due_at in rows:
            if due_at <= microseconds(write.now):
                due.setdefault(some[place], []).append(priority)
    if due:
        suspended = set(write.execute(_ALL_SUSPENDED).scalars())
    return due, suspended


def _of_one(write: Write, ask: Ask, priorities: Iterable[int], suspended: Collection[str]) -> list[RowMapping]:
    asked = {"receiver": ask.receiver, "now": write.now, "held": list(ask.held)}
    asked |= {"displays": ask.receiver not in suspended and write.paused_since is None}
    rows: list[RowMapping] = []
    for priority in sorted(priorities):
        left = ask.room.any + ask.room.take_downs * (priority == Priority.TAKE_DOWN) - len(rows)
        if left > 0:
            due = _NEWEST_FIRST if ask.room.is_probe and priority != Priority.TAKE_DOWN else _DUE_FIRST
            rows += write.execute(due, asked | {"priority": priority, "room": left}).mappings()
    return rows


def record(write: Write, finished: Sequence[Finished], *, note: bool = True) -> list[bool]:
    """Write attempts down, with the new state of their deliveries and lanes, all or nothing. ``False`` where the fencing
    number is no longer ours: the lease ran out and somebody else has the delivery, so only the attempt is written.
    ``note``: with what they say of the receiver. What is given up is told to operators: such a unit has to be alone."""
    known = {row.id: row for row in write.execute(_NOW, {"finished": [one.claim.delivery_id for one in finished]})}
    write.execute_many(_ATTEMPTED, [_attempt_row(one, known.get(one.claim.delivery_id)) for one in finished])
    ours = [_is_ours(one, known.get(one.claim.delivery_id)) for one in finished]
    if note:
        standing.note(write, finished)
    if any(ours):
        _end(write, [(one, known[one.claim.delivery_id]) for one, mine in zip(finished, ours, strict=True) if mine])
    return ours


def _end(write: Write, mine: Sequence[tuple[Finished, Any]]) -> None:
    """The new state of deliveries and lanes, and what follows from it."""
    ended = [_ended(one, row, write.now) for one, row in mine]
    write.execute_many(_END, ended)
    write.execute_many(_LAND, [_landed(one, row, write.now) for one, row in mine])
    over = [(one.claim, state["to_state"]) for (one, _), state in zip(mine, ended, strict=True)]
    outbox.send_again(write, [claim.delivery_id for claim, state in over if _may_be_sent_again(claim, state)])
    for card_id in {claim.card_id for claim, state in over if claim.action == "take_down" and state != "pending"}:
        outbox.close(write, card_id or "")
    standing.give_up(write, [one for (one, _), state in zip(mine, ended, strict=True) if state["to_state"] == "dead"])


def _may_be_sent_again(claim: Claim, state: str) -> bool:
    return claim.action == "take_down" and state == "delivered" and not claim.reissue


def next_due(
    connection: Connection, names: Sequence[str], *, take_downs_only: Collection[str] = ()
) -> dict[str, datetime]:
    """For each of these receivers, when its next delivery falls due or a lease runs out; without those where nothing
    waits. Of some only the take-downs count. In a pause, and of those that are suspended, displays do not."""
    due: dict[str, datetime] = {}
    is_paused = connection.execute(_PAUSED).scalar() is not None
    suspended = names if is_paused else set(connection.execute(_ALL_SUSPENDED).scalars())
    for start in range(0, len(names), RECEIVERS_AT_ONCE):
        some = names[start : start + RECEIVERS_AT_ONCE]
        asked: dict[str, Any] = {f"receiver_{place}": name for place, name in enumerate(some)}
        asked |= {f"displays_{place}": int(name not in suspended) for place, name in enumerate(some)}
        for place, priority, due_at in connection.execute(_next_due(len(some)), asked):
            name, moment = some[place], EPOCH + timedelta(microseconds=due_at)
            if priority != Priority.TAKE_DOWN and name in take_downs_only:
                continue
            due[name] = min(moment, due.get(name, moment))
    return due


def overtaken(connection: Connection, flights: Sequence[str]) -> list[str]:
    """Of these deliveries under way, the displays whose lane holds a take-down that waits for them (rule R4)."""
    query = select(lanes.c.in_flight).where(
        lanes.c.in_flight.in_(flights), lanes.c.in_flight != lanes.c.delivery_id, lanes.c.action == "take_down"
    )
    return list(connection.execute(query).scalars())


def _claim(row: RowMapping, *, is_suspended: bool) -> Claim:
    return Claim(
        delivery_id=row["id"],
        message_id=webhooks.sent_as(row["message_id"], row["reissue"]),
        receiver=row["receiver"],
        card_id=row["card_id"],
        revision=row["revision"],
        type=row["type"],
        action=row["action"],
        body=row["body"],
        sha256=row["sha256"],
        number=row["attempts"] + 1,
        created_at=row["created_at"],
        due_at=row["due_at"],
        deadline=row["deadline"],
        earlier=row["earlier"],
        gone_at=row["gone_at"],
        is_suspended=is_suspended,
        reissue=row["reissue"],
    )


def _attempt_row(one: Finished, known: Any) -> dict[str, Any]:
    """What was answered about a card that is erased may repeat it: the card may have been erased while it was under way."""
    attempt = one.attempt
    return {
        "delivery_id": one.claim.delivery_id,
        "number": one.claim.number,
        "started_at": attempt.started_at,
        "microseconds": _microseconds(attempt.duration),
        "outcome": attempt.outcome,
        "status": attempt.status,
        "error": attempt.error,
        "ambiguous": attempt.ambiguous,
        "confirmed": attempt.confirmed,
        "response_excerpt": attempt.response_excerpt,
        "remote": attempt.remote,
        "tls": attempt.tls,
        "queued": _microseconds(queued(one)),
        "looked_up": _microseconds(attempt.looked_up),
        "connected": _microseconds(attempt.connected),
        "answered": _microseconds(attempt.answered),
    } | (erasure.BLANKS[attempts] if known is not None and known.erased_at else {})


def queued(one: Finished) -> timedelta | None:
    """From when the delivery was due until its request began."""
    return None if one.claim.due_at is None else max(one.attempt.started_at - one.claim.due_at, timedelta(0))


def _microseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // timedelta(microseconds=1)


def _is_ours(one: Finished, row: Any) -> bool:
    return row is not None and row.state == "pending" and row.attempts == one.claim.number


def _ended(one: Finished, row: Any, now: datetime) -> dict[str, Any]:
    state, why = "pending", None
    match one.following:
        case Delivered():
            state = "delivered"
        case _ if row.newest != one.claim.delivery_id:  # the lane moved on while it was under way (rule R3)
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
        "said_gone": now if one.attempt.status == GONE else None,
    }


def _landed(one: Finished, row: Any, now: datetime) -> dict[str, Any]:
    due: datetime | None = None
    wish: datetime | None = None
    if row.newest != one.claim.delivery_id:  # what overtook it
        wish = row.newest_not_before
        due = max(now, wish or now)
    elif isinstance(one.following, Retry):
        due, wish = one.following.at, one.following.not_before
    clear = int(one.claim.action == "display" and not one.attempt.ambiguous)
    return {"finished": one.claim.delivery_id, "number": one.claim.number, "due": due, "wish": wish, "clear": clear}
