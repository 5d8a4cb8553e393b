"""Tombstones: what remains of an alert that was erased by order, so that it does not come back.

Only hashes are kept: of each triple, and of each name that an alert of the erased chain has or gives. What comes later is
*buried* if it is such an alert or refers to one, by a full triple or by its name. A sender may use an identifier again: what
was sent after the erasure is not buried for its name, but a person has to look at it first.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from capgateway import cap
from capgateway import cards as card_stage
from capgateway.store import chains
from capgateway.store.dialect import upsert
from capgateway.store.erasure import portions
from capgateway.store.tables import microseconds, tombstones

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.cards import Gist
    from capgateway.store.arrivals import Arrival
    from capgateway.store.chains import Name
    from capgateway.store.write import Write


class Grave(NamedTuple):
    """Whether an alert is, or refers to, one that was erased; or else uses the name of one again."""

    is_buried: bool = False
    is_reuse: bool = False


NO_GRAVE = Grave()


def of_triple(sender_key: str, identifier_key: str, sent_at: datetime) -> str:
    """The tombstone of an alert, whichever feed brings it."""
    return _hash("triple", sender_key, identifier_key, str(microseconds(sent_at)))


def of_name(name: Name) -> str:
    """The tombstone of a name, under which a chain is found."""
    return _hash("name", *name)


def of_alert(gist: Gist, *, rehearsal: bool) -> set[str]:
    """The tombstones of one alert: its triple and its own name."""
    name = (gist.sender_key, chains.world(gist, rehearsal=rehearsal), gist.identifier_key)
    triple = {of_triple(gist.sender_key, gist.identifier_key, gist.sent_at)} if gist.sent_at else set[str]()
    return triple | {of_name(name)}


def bury(write: Write, hashes: Collection[str]) -> None:
    """Set these tombstones. One that stands already stays as it is."""
    rows = [{"triple_sha256": one, "erased_at": write.now} for one in sorted(hashes)]
    if rows:
        write.execute(upsert(write.connection, tombstones).on_conflict_do_nothing(), rows)


def are_any(connection: Connection) -> bool:
    """Whether anything was ever erased by order."""
    return connection.execute(select(tombstones.c.triple_sha256).limit(1)).first() is not None


def grave(connection: Connection, arrival: Arrival) -> Grave:
    """What tombstones say of an alert that comes in."""
    gist = arrival.gist
    if gist is None:
        return NO_GRAVE
    world = chains.world(gist, rehearsal=arrival.rehearsal)
    given = [(gist.sender_key, gist.identifier_key, gist.sent_at), *_references(gist)]
    triples = {of_triple(sender, identifier, sent) for sender, identifier, sent in given if sent}
    named: dict[str, list[datetime | None]] = {}
    for sender, identifier, sent in given:
        if sender == gist.sender_key:
            named.setdefault(of_name((sender, world, identifier)), []).append(sent)
    for name in _more_names(arrival):
        named.setdefault(of_name(name), [None])
    found = _found(connection, triples | named.keys())
    hits = {one: found[one] for one in named if one in found}
    is_before = any(sent is None or sent <= erased_at for one, erased_at in hits.items() for sent in named[one])
    is_buried = is_before or not triples.isdisjoint(found)
    return Grave(is_buried, is_reuse=bool(hits) and not is_buried)


def _references(gist: Gist) -> Iterable[tuple[str, str, datetime | None]]:
    found = cap.references(gist.references, gist.cap_version) if gist.references else ()
    return [(card_stage.key(one.sender), card_stage.key(one.identifier), one.sent.instant) for one in found]


def _more_names(arrival: Arrival) -> Iterable[Name]:
    """The names that it gives without saying when they were sent. A Cancel is read leniently."""
    names = arrival.names
    return (*names.sure, *names.maybe[: chains.MAX_CANDIDATES], *names.guesses)


def _found(connection: Connection, hashes: Collection[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for some in portions(hashes):
        query = select(tombstones.c.triple_sha256, tombstones.c.erased_at).where(tombstones.c.triple_sha256.in_(some))
        found.update({row.triple_sha256: row.erased_at for row in connection.execute(query)})
    return found


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
