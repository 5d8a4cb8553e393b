"""Why receivers are degraded. Each cause is a row while it lasts, and operators are told when it begins, in the same unit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, delete, exists, or_, select

from capgateway.store import operators
from capgateway.store.dialect import upserts
from capgateway.store.tables import deliveries, receiver_troubles, receivers
from capgateway.webhooks.causes import Cause, degraded
from capgateway.webhooks.retry import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from capgateway.store.records import Finished
    from capgateway.store.write import Write

FAILING_AFTER = timedelta(minutes=5)
"""How long a breaker may be open before operators are told: most outages are shorter."""
VOID: tuple[Cause, ...] = ("refused", "clock", "moved", "blocked", "failing", "mismatch", "snapshot")
"""What says nothing of another address, or after a person had the state sent again. Whether the receiver has the secret is
asked anew."""

_BEGUN = upserts(receiver_troubles, lambda row: row.on_conflict_do_nothing())
_STILL_REFUSES = exists().where(
    deliveries.c.receiver == receiver_troubles.c.receiver,
    deliveries.c.state == "pending",
    deliveries.c.last_status.in_(sorted(REFUSALS)),
)
_OPEN = select(receivers.c.name, receivers.c.opened_at, receivers.c.last_outcome, receivers.c.last_status)
_ANSWERED = receivers.c.last_outcome == "delivered"
"""The last message was accepted. The breaker waits for a second success, which takes hours where nothing is to be sent; nobody is
woken for that."""
_IS_FAILING = exists().where(receiver_troubles.c.receiver == receivers.c.name, receiver_troubles.c.cause == "failing")


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One cause for which a receiver is degraded. ``last_answer`` is what it answered when that began."""

    cause: Cause
    since: datetime
    last_answer: str | None


def of_receivers(connection: Connection) -> dict[str, list[Trouble]]:
    """Those that are degraded, and why, the oldest cause first."""
    found: dict[str, list[Trouble]] = {}
    for row in connection.execute(select(receiver_troubles).order_by(receiver_troubles.c.since)):
        one = Trouble(cause=row.cause, since=row.since, last_answer=row.last_answer)
        found.setdefault(row.receiver, []).append(one)
    return found


def note(write: Write, receiver: str, begun: Mapping[Cause, Finished], ended: Collection[Cause]) -> None:
    """What attempts say of a receiver. Where something begins the unit has to be alone."""
    if ended:
        end(write, receiver, ended)
    for cause, one in begun.items():
        begin(write, receiver, cause, one.attempt.last_answer, about=one)


def begin(
    write: Write,
    receiver: str,
    cause: Cause,
    last_answer: str | None,
    *,
    about: Finished | None = None,
    since: datetime | None = None,
) -> bool:
    """A cause begins, if it does not last already: operators are told. The unit has to be alone."""
    row = {"receiver": receiver, "cause": cause, "since": since or write.now, "last_answer": last_answer}
    if not write.execute(_BEGUN[write.dialect], row).rowcount:
        return False
    contact = next((one.contact for one in write.outlets.receivers if one.name == receiver), "")
    claim = about.claim if about else None
    said = degraded(cause, receiver, last_answer=last_answer, since=since or write.now, claim=claim, contact=contact)
    operators.tell(write, "receiver_degraded", said)
    return True


def end(write: Write, receiver: str, causes: Collection[Cause]) -> None:
    """Causes are over. A receiver that takes one message and still refuses another goes on refusing."""
    lasting = receiver_troubles.c.cause.in_(("refused", "clock")) & _STILL_REFUSES
    mine = and_(receiver_troubles.c.receiver == receiver, receiver_troubles.c.cause.in_(sorted(causes)))
    write.execute(delete(receiver_troubles).where(mine, ~lasting))


def forget(write: Write, receiver: str, causes: Sequence[Cause] = VOID) -> None:
    """What was known of a receiver is void."""
    mine = and_(receiver_troubles.c.receiver == receiver, receiver_troubles.c.cause.in_(causes))
    write.execute(delete(receiver_troubles).where(mine))


def are_failing(connection: Connection, now: datetime) -> bool:
    """Whether :func:`fail` has anything to do."""
    begins = and_(receivers.c.opened_at <= now - FAILING_AFTER, ~_ANSWERED, ~_IS_FAILING)
    ends = and_(receivers.c.opened_at.is_(None), _IS_FAILING)
    return connection.execute(select(receivers.c.name).where(or_(begins, ends)).limit(1)).first() is not None


def fail(write: Write) -> int:
    """Tell operators of receivers that have failed for long, and note those that are well again; how many messages that took.
    The unit has to be alone."""
    told = 0
    for row in write.execute(_OPEN).all():
        if row.opened_at is None:
            forget(write, row.name, ("failing",))
        elif row.opened_at <= write.now - FAILING_AFTER and row.last_outcome != "delivered":
            answer = f"answered {row.last_status}" if row.last_status else row.last_outcome
            told += begin(write, row.name, "failing", answer, since=row.opened_at)
    return told
