"""Pictures on their way: which are due, who works for them, and what came of it.

A claim is a lease with a fencing number, as for deliveries: of several gateways one fetches a picture, and what nobody ends comes
back by itself.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, bindparam, or_, select, update

from capgateway.store import chains, copies, outcomes
from capgateway.store.media_rows import IS_WANTED
from capgateway.store.tables import Moment, alerts, card_media, cards, pictures

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from capgateway.cards import Policy
    from capgateway.store.write import Write

LEASE = timedelta(minutes=3)
"""Longer than a picture can take, its turn at the decoder included."""
LONGEST_WAIT = timedelta(minutes=20)
"""Longer than any pause or lease: what is due later was written before the clock went back, and is due now."""
MIME_TYPE = "image/jpeg"
"""Of whatever came, one format is served."""

_AT = bindparam("now", type_=Moment)
_IS_DUE = or_(pictures.c.due_at <= _AT, pictures.c.due_at > bindparam("astray", type_=Moment))
_DUE = (
    select(*(pictures.c[name] for name in ("id", "uri", "digest", "attempts", "failures")))
    .where(_IS_DUE, pictures.c.id.not_in(bindparam("ours", expanding=True)))
    .order_by(pictures.c.due_at, pictures.c.id)
)
_LEASE = (
    update(pictures)
    .where(pictures.c.id == bindparam("one"))
    .values(attempts=bindparam("number"), due_at=bindparam("until"))
)
_WANTED_BY = (
    select(*(card_media.c[name] for name in ("picture_id", "alert_id", "info", "resource")), alerts.c.feed)
    .join(alerts, alerts.c.id == card_media.c.alert_id)
    .where(card_media.c.picture_id.in_(bindparam("ids", expanding=True)), IS_WANTED)
    .order_by(card_media.c.token)
)
_IS_OURS = and_(
    pictures.c.id == bindparam("one"), pictures.c.attempts == bindparam("number"), pictures.c.state == "pending"
)
_SAVE = update(pictures).where(_IS_OURS)
_TO_RENEW = (
    select(cards.c.id, cards.c.alert_id)
    .distinct()
    .join(card_media, card_media.c.card_id == cards.c.id)
    .where(card_media.c.picture_id.in_(bindparam("ids", expanding=True)), IS_WANTED, cards.c.state != "ended")
    .order_by(cards.c.id)
)
_LET_GO = update(pictures).where(pictures.c.state == "pending").values(due_at=bindparam("now"))
_TRY_AGAIN = (
    update(pictures)
    .where(pictures.c.finding == "fetch", pictures.c.state == "failed")
    .values(state="pending", due_at=bindparam("now"))
)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as it is served; ``finding`` is what is odd of it all the same."""

    content: bytes
    width: int
    height: int
    source_sha256: str
    finding: str | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no picture. ``is_for_now``: it is worth trying again, not before ``retry_at`` if that is set."""

    finding: str
    trouble: str
    is_for_now: bool = False
    retry_at: datetime | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One of the places that announce a picture: an alert of a feed, and where in it."""

    feed: str
    alert_id: str
    info: int
    resource: int


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to bring. ``number`` is the claim's; ``failures`` is how often in a row it failed before."""

    id: str
    uri: str | None
    digest: str | None
    number: int
    failures: int
    places: tuple[Place, ...]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What an errand came to; ``due_at`` is when to try again what failed for now."""

    errand: Errand
    result: Made | Failed
    due_at: datetime | None = None


def is_due(connection: Connection, now: datetime, ours: Collection[str]) -> bool:
    """Whether there is a picture to bring, beside those that this process works for."""
    return connection.execute(_DUE.limit(1), _when(now, ours)).first() is not None


def claim(write: Write, room: int, ours: Collection[str]) -> list[Errand]:
    """Take so many of the pictures that are due. PostgreSQL: what another gateway is claiming is its own."""
    query = _DUE.limit(room).with_for_update(skip_locked=True, of=pictures)
    rows = write.execute(query, _when(write.now, ours)).mappings().all()
    if not rows:
        return []
    for row in rows:
        write.execute(_LEASE, {"one": row["id"], "number": row["attempts"] + 1, "until": write.now + LEASE})
    places: dict[str, list[Place]] = {row["id"]: [] for row in rows}
    for place in write.execute(_WANTED_BY, {"ids": list(places)}).mappings():
        where = {name: place[name] for name in ("feed", "alert_id", "info", "resource")}
        places[place["picture_id"]].append(Place(**where))
    return [
        Errand(
            id=row["id"],
            uri=row["uri"],
            digest=row["digest"],
            number=row["attempts"] + 1,
            failures=row["failures"],
            places=tuple(places[row["id"]]),
        )
        for row in rows
    ]


def settle(write: Write, done: Sequence[Done], policy: Policy) -> int:
    """Write down what came of errands, and show the pictures that are ready; how many messages that took. What another claim has
    overtaken, or no card wants any more, changes nothing."""
    ready = [one.errand.id for one in done if _save(write, one) and isinstance(one.result, Made)]
    if not ready:
        return 0
    live = write.execute(_TO_RENEW, {"ids": ready}).all()
    return sum(_renew(write, row.id, row.alert_id, policy) for row in live)


def try_again(write: Write) -> int:
    """Let what could not be fetched be tried now, as after a change of the configuration; how many there are."""
    return write.execute(_TRY_AGAIN, {"now": write.now}).rowcount


def release(connection: Connection, now: datetime) -> None:
    """Give up every lease, for a database that only this process uses: whoever held it is gone."""
    connection.execute(_LET_GO, {"now": now})


def _when(now: datetime, ours: Collection[str]) -> dict[str, Any]:
    return {"now": now, "astray": now + LONGEST_WAIT, "ours": sorted(ours)}


def _save(write: Write, done: Done) -> bool:
    """Whether the picture was still this errand's."""
    errand, result = done.errand, done.result
    if isinstance(result, Made):
        values: dict[str, Any] = {"state": "ready", "failures": 0, "due_at": None, "mime_type": MIME_TYPE}
        values |= {name: getattr(result, name) for name in ("content", "width", "height", "finding", "source_sha256")}
        values |= {"sha256": hashlib.sha256(result.content).hexdigest(), "trouble": None}
    else:
        state = "failed" if done.due_at is None else "pending"
        values = {"state": state, "failures": errand.failures + 1, "due_at": done.due_at}
        values |= {"finding": result.finding, "trouble": result.trouble}
    which = {"one": errand.id, "number": errand.number}
    return bool(write.execute(_SAVE.values(values), which).rowcount)


def _renew(write: Write, card_id: str, alert_id: str, policy: Policy) -> int:
    """The next revision of a card about which nothing new was said; in a pause it is sent when that is over."""
    member, chain_id = chains.one(write.connection, alert_id)
    made = outcomes.outcome(write, member, [chain_id], policy, None, anew=frozenset({card_id}), is_for_later=True)
    return copies.apply(write, made, chain_id, policy).messages
