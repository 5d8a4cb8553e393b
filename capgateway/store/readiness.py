"""Whether each receiver is ready although nothing happens: challenges and snapshots, when they are due and what came of them.

A snapshot says what a receiver should display. Its list and its sequence come from one unit of work that is alone: whatever
was committed before is in the list, whatever comes after has a higher sequence. None of these is a message of the outbox: the
next one replaces each, so nothing of them is kept but the outcome.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from sqlalchemy import bindparam, func, null, select, update

from capgateway import webhooks
from capgateway.store import audit, lists, standing, troubles
from capgateway.store.dialect import upserts
from capgateway.store.tables import (
    EPOCH,
    Moment,
    cards,
    deliveries,
    feed_status,
    gateway,
    lanes,
    messages,
    readiness,
    receivers,
)
from capgateway.webhooks import ActiveCard, Claim, Passing

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

    from capgateway.store.audit import Act
    from capgateway.store.write import Write
    from capgateway.webhooks import Attempt, Message, Receiver

Kind = Literal["challenge", "snapshot", "test"]

PROVED_FOR = timedelta(hours=24)
"""How long a challenge that was passed is good for."""
AGAIN_AFTER = timedelta(minutes=5)
"""Until a receiver that failed one, or is suspended, is challenged again."""
MISSES = 2
"""Snapshots in a row that are not acknowledged until somebody is told."""
AT_ONCE = 50
"""Of one unit of work: others wait for its end."""
NONCE_BYTES = 24

_REGISTER = upserts(
    readiness,
    lambda row: row.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "fingerprint": row.excluded.fingerprint,
            "challenge_at": row.excluded.challenge_at,
            "snapshot_at": row.excluded.snapshot_at,
            "misses": 0,
            "challenged_at": null(),
            "proved_at": null(),
            "acknowledged_at": null(),
        },
    ),
)
_ROWS = select(readiness, receivers.c.suspended_at).outerjoin(receivers, receivers.c.name == readiness.c.name)
_MINE = readiness.c.name == bindparam("whose")
_TAKE: dict[Kind, Any] = {
    "challenge": update(readiness)
    .where(_MINE, readiness.c.challenge_at == bindparam("was", type_=Moment))
    .values(challenge_at=bindparam("then", type_=Moment)),
    "snapshot": update(readiness)
    .where(_MINE, readiness.c.snapshot_at == bindparam("was", type_=Moment))
    .values(snapshot_at=bindparam("then", type_=Moment)),
}
_SAME = (_MINE, readiness.c.fingerprint == bindparam("print"))
_ON_DISPLAY = (
    select(
        lanes.c.receiver,
        lanes.c.card_id,
        messages.c.revision,
        messages.c.sequence,
        cards.c.expires_at,
        func.coalesce(cards.c.verified_at, cards.c.published_at).label("verified_at"),
    )
    .select_from(cards)
    .join(lanes, lanes.c.card_id == cards.c.id)
    .join(deliveries, deliveries.c.id == lanes.c.delivery_id)
    .join(messages, messages.c.id == deliveries.c.message_id)
    .where(cards.c.state == "active", cards.c.expires_at > bindparam("now", type_=Moment))
    .where(lanes.c.action == "display", lanes.c.receiver.in_(bindparam("receivers", expanding=True)))
)


class Due(NamedTuple):
    """What a receiver is to be sent; ``was`` is since when, by which of two gateways only one sends it."""

    kind: Kind
    receiver: str
    was: datetime


class Errand(NamedTuple):
    """What is to be sent to a receiver now, once. ``nonce`` is that of a challenge."""

    kind: Kind
    receiver: Receiver
    claim: Claim
    nonce: str = ""


class Stood(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a receiver's readiness."""

    challenged_at: datetime | None = None
    proved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    misses: int = 0


class Known(NamedTuple):
    """What is known of receivers, by their names."""

    answered: Mapping[str, dict[str, Any]]
    troubles: Mapping[str, list[troubles.Trouble]]
    readiness: Mapping[str, Stood]
    pending: Mapping[str, int]


def of_receivers(connection: Connection) -> Known:
    """All that is known of receivers."""
    return Known(
        answered=standing.answered(connection),
        troubles=troubles.of_receivers(connection),
        readiness=known(connection),
        pending=lists.waiting(connection).pending,
    )


def known(connection: Connection) -> dict[str, Stood]:
    """What is known of the readiness of each receiver that was ever registered."""
    return {
        row.name: Stood(
            challenged_at=row.challenged_at,
            proved_at=row.proved_at,
            acknowledged_at=row.acknowledged_at,
            misses=row.misses,
        )
        for row in connection.execute(select(readiness))
    }


def register(write: Write, configured: Sequence[Receiver]) -> int:
    """Receivers as they are configured now; how many of them are new, or are reached in another way: those are challenged, and
    what was known of them is void."""
    prints = {row.name: row.fingerprint for row in write.execute(select(readiness.c.name, readiness.c.fingerprint))}
    others = [one for one in configured if one.enabled and prints.get(one.name) != fingerprint(one)]
    for one in others:
        row = {"name": one.name, "fingerprint": fingerprint(one), "misses": 0}
        row |= {"challenge_at": write.now, "snapshot_at": write.now}
        row |= dict.fromkeys(("challenged_at", "proved_at", "acknowledged_at"))
        write.execute(_REGISTER[write.dialect], row)
        troubles.forget(write, one.name)
    return len(others)


def fingerprint(receiver: Receiver) -> str:
    """By what a change of address, secret, key or certificates is noticed. It is made with the secret, which it does not
    give away."""
    ways = (receiver.url, receiver.ca, receiver.client_cert, receiver.client_key, receiver.proxy)
    keys = b"".join(hashlib.sha256(key).digest() for key in (*receiver.secrets, receiver.signing_key or b""))
    return hmac.new(keys, msgspec.json.encode(ways), "sha256").hexdigest()


def due(connection: Connection, now: datetime, configured: Sequence[Receiver], *, snapshots: bool) -> list[Due]:
    """What is to be sent now. What seems to be due later than ever was written before the clock went back."""
    rows = {row["name"]: row for row in connection.execute(_ROWS).mappings()}
    found: list[Due] = []
    for one in configured:
        if not one.enabled or (row := rows.get(one.name)) is None:
            continue
        if _is_due(row["challenge_at"], now, PROVED_FOR) or _is_due_while_suspended(row, now):
            found.append(Due("challenge", one.name, row["challenge_at"]))
        if snapshots and _is_due(row["snapshot_at"], now, one.snapshot):
            found.append(Due("snapshot", one.name, row["snapshot_at"]))
    return found


def take(write: Write, wanted: Sequence[Due]) -> list[Errand]:
    """Make what is due, and see to it that no other gateway does. The unit has to be alone."""
    by_name = {one.name: one for one in write.outlets.receivers if one.enabled}
    ours = [one for one in wanted[:AT_ONCE] if one.receiver in by_name and _take(write, one, by_name[one.receiver])]
    shown = _on_display(write, [one.receiver for one in ours if one.kind == "snapshot"])
    return [_errand(write, one.kind, by_name[one.receiver], shown.get(one.receiver, ())) for one in ours]


def ping(write: Write, receiver: Receiver, act: Act) -> Errand:
    """A message that changes nothing, which a person wants to be sent. The unit has to be alone: it takes a sequence."""
    audit.record(write, act, "receiver.pinged", detail={"receiver": receiver.name})
    return Errand("test", receiver, _claim(receiver, webhooks.test(_stamp(write, receiver, AGAIN_AFTER), _nonce())))


def challenged(write: Write, errand: Errand, trouble: str | None) -> bool:
    """How a challenge ended, ``trouble`` saying why it failed; whether that lifted a suspension. Where it failed the unit has
    to be alone."""
    name = errand.receiver.name
    said = {"challenged_at": write.now}
    if trouble is None:
        said |= {"proved_at": write.now, "challenge_at": write.now + PROVED_FOR}
    if not _say(write, errand.receiver, said):
        return False
    if trouble is not None:
        troubles.begin(write, name, "challenge", trouble)
        return False
    troubles.end(write, name, ["challenge"])
    return standing.lift(write, name) > 0


def acknowledged(write: Write, errand: Errand, attempt: Attempt) -> None:
    """How a snapshot ended. Where it was missed the unit has to be alone: two in a row are told."""
    name = errand.receiver.name
    if attempt.outcome == "delivered":
        if _say(write, errand.receiver, {"acknowledged_at": write.now, "misses": 0}):
            troubles.end(write, name, ["snapshot"])
        return
    if not _say(write, errand.receiver, {"misses": readiness.c.misses + 1}):
        return
    row = write.execute(_ROWS.where(readiness.c.name == name)).mappings().one()
    if row["misses"] >= MISSES and row["suspended_at"] is None:  # of a suspended one operators know already
        troubles.begin(write, name, "snapshot", attempt.last_answer)


def again(write: Write, receiver: str) -> None:
    """A person says that the receiver is well: ask it at once, and forget what was wrong."""
    troubles.forget(write, receiver)
    now = {"challenge_at": write.now, "snapshot_at": write.now, "misses": 0}
    write.execute(update(readiness).where(readiness.c.name == receiver).values(now))


def is_caught_up(connection: Connection, feeds: Collection[str], since: datetime) -> bool:
    """Whether each of these feeds has answered completely since then."""
    done = select(feed_status.c.name).where(feed_status.c.complete_at >= since)
    return set(feeds) <= set(connection.execute(done).scalars())


def was_caught_up(connection: Connection) -> bool:
    """Whether that was so at any time in the life of this database."""
    return connection.execute(select(gateway.c.caught_up_at)).scalar() is not None


def catch_up(write: Write) -> None:
    """It is so now."""
    write.execute(update(gateway).where(gateway.c.caught_up_at.is_(None)).values(caught_up_at=write.now))


def _is_due(at: datetime, now: datetime, interval: timedelta) -> bool:
    return at <= now or at > now + interval


def _is_due_while_suspended(row: RowMapping, now: datetime) -> bool:
    if row["suspended_at"] is None:
        return False
    last = max(row["suspended_at"], row["challenged_at"] or EPOCH)
    return bool(last + AGAIN_AFTER <= now and row["challenge_at"] > now + AGAIN_AFTER)


def _take(write: Write, one: Due, receiver: Receiver) -> bool:
    wait = AGAIN_AFTER if one.kind == "challenge" else receiver.snapshot
    asked = {"whose": one.receiver, "was": one.was, "then": write.now + wait}
    return write.execute(_TAKE[one.kind], asked).rowcount > 0


def _on_display(write: Write, names: Sequence[str]) -> Mapping[str, list[ActiveCard]]:
    """What each receiver should display: the cards of its lanes that are live, whether it acknowledged them or not."""
    found: dict[str, list[ActiveCard]] = {}
    if not names:
        return found
    for row in write.execute(_ON_DISPLAY, {"receivers": list(names), "now": write.now}).mappings():
        fields = dict(row)
        found.setdefault(fields.pop("receiver"), []).append(ActiveCard(**fields))
    return found


def _errand(write: Write, kind: Kind, receiver: Receiver, shown: Sequence[ActiveCard]) -> Errand:
    if kind == "snapshot":
        message = webhooks.snapshot(_stamp(write, receiver, receiver.snapshot), tuple(shown))
        return Errand(kind, receiver, _claim(receiver, message))
    nonce = _nonce()
    message = webhooks.challenge(_stamp(write, receiver, AGAIN_AFTER), nonce)
    return Errand(kind, receiver, _claim(receiver, message), nonce)


def _nonce() -> str:
    return secrets.token_urlsafe(NONCE_BYTES)


def _stamp(write: Write, receiver: Receiver, interval: timedelta) -> Passing:
    return Passing(
        deployment=write.deployment,
        receiver=receiver.name,
        sequence=write.next_sequence(),
        timestamp=write.now,
        expires_at=write.now + interval,
    )


def _claim(receiver: Receiver, message: Message) -> Claim:
    return Claim(
        delivery_id=message.id,
        message_id=message.id,
        receiver=receiver.name,
        card_id=None,
        revision=0,
        type=message.type,
        action=None,
        body=message.body,
        sha256=hashlib.sha256(message.body).hexdigest(),
        number=1,
        created_at=message.timestamp,
        due_at=message.timestamp,
    )


def _say(write: Write, receiver: Receiver, said: Mapping[str, Any]) -> bool:
    """Write down what came of an errand, if the receiver is still reached in the same way."""
    asked = {"whose": receiver.name, "print": fingerprint(receiver)}
    return write.execute(update(readiness).where(*_SAME).values(**said), asked).rowcount > 0
