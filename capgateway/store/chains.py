"""Chains: all alerts tied together by references of the same sender, and the cards they made.

Each name of a sender's alert, received or only referred to, belongs to one chain (``chain_names``). Whoever brings names
of several chains ties these into one. So a chain is found by one look-up, however long it is and however its messages
refer to each other: the first alert may never have reached us, and its Cancel finds its Update all the same. ``sent`` is
not compared: producers rewrite it, and a sender's identifiers are unique by the standard.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from capgateway import cards as card_stage
from capgateway.cards import CardState, Gist, Member, SignatureNote, references
from capgateway.store.reasons import BARRED
from capgateway.store.tables import alerts, cards, chain_names, corrections, sightings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from capgateway.cap import Reference
    from capgateway.cards import Policy
    from capgateway.store.write import Write

MAX_REFERENCES = 500
"""References of one alert that tie chains; real ones name some dozens at most, and each is a row."""
MAX_CHAIN = 500
"""Alerts of one chain that are looked at, Cancels and the newest first, and last what may not say what it says; a hostile
sender could tie thousands together."""
MAX_CHAIN_CHARACTERS = 4_000_000
"""Of the gists of one chain. Real ones have a thousand; what is left out is older than what is looked at."""
MAX_CANDIDATES = 2_000
"""Names that one Cancel ties to it, whether they are known or not: each is a row."""
MAX_LOOKED_UP = 20_000
"""Parts of a Cancel's references that are looked up: the one that is live may be the last."""
LARGE_ONES = 10
"""Alerts of a chain that are looked at whatever their size, Cancels first."""
NAMES_AT_ONCE = 500
"""Both databases limit the parameters of a statement."""

Name = tuple[str, str, str]
"""Sender, world and identifier, as keys."""

MEMBER = (
    alerts.c.id,
    alerts.c.gist,
    alerts.c.feed,
    alerts.c.received_at,
    alerts.c.sha256,
    alerts.c.profile,
    alerts.c.signature,
    alerts.c.signer,
    alerts.c.rehearsal,
    alerts.c.decision,
    alerts.c.reason,
    alerts.c.card_id,
    alerts.c.handled,
    alerts.c.handled_at,
    alerts.c.decided_at,
    alerts.c.published_as,
)
_MEMBERS = (
    select(*MEMBER)
    .where(alerts.c.chain_id.in_(bindparam("chains", expanding=True)))
    .order_by(
        func.coalesce(alerts.c.reason, "").in_(sorted(BARRED)),
        (alerts.c.msg_type == "Cancel").desc(),
        alerts.c.sent_at.desc(),
        alerts.c.id,
    )
    .limit(MAX_CHAIN)
)
_HEADS = select(*MEMBER).where(alerts.c.id.in_(bindparam("heads", expanding=True)))
_ONE = select(*MEMBER, alerts.c.chain_id).where(alerts.c.id == bindparam("alert"))
_CARDS = select(cards).where(cards.c.chain_id.in_(bindparam("chains", expanding=True)))
_NAMES = select(chain_names.c.identifier_key, chain_names.c.chain_id).where(
    chain_names.c.sender_key == bindparam("sender"),
    chain_names.c.world == bindparam("world"),
    chain_names.c.identifier_key.in_(bindparam("identifiers", expanding=True)),
)
IS_COPY = and_(
    alerts.c.id != bindparam("alert"),
    alerts.c.sender_key == bindparam("sender"),
    alerts.c.identifier_key == bindparam("identifier"),
    alerts.c.sent_at == bindparam("sent"),
)
"""Whether a row is another copy of an alert: the same triple. Its parameters are those of :func:`copied`."""
_STATEMENT = (
    select(alerts.c.feed, alerts.c.signature)
    .distinct()
    .where(
        alerts.c.id != bindparam("alert"),
        alerts.c.msg_type.in_(["Alert", "Update"]),
        alerts.c.status == bindparam("status"),
        alerts.c.sender_key == bindparam("sender"),
        alerts.c.identifier_key.in_(bindparam("identifiers", expanding=True)),
    )
)
_HOLDS = select(alerts.c.id).where(
    alerts.c.sender_key == bindparam("sender"),
    alerts.c.identifier_key == bindparam("identifier"),
    alerts.c.sent_at == bindparam("sent"),
    func.coalesce(alerts.c.reason, "") != "unreadable",  # what was cut off is still to be fetched
    or_(
        alerts.c.feed == bindparam("feed"),
        exists().where(sightings.c.alert_id == alerts.c.id, sightings.c.feed == bindparam("feed")),
        and_(alerts.c.keyed, alerts.c.decision.not_in(["ignored", "quarantined"])),
    ),
)


class Ledger:
    """Which chains the names of some alerts belong to: read once for all of them, kept up as they are tied in."""

    def __init__(self, write: Write, given: Iterable[Names]) -> None:
        self._write = write
        self._chains: dict[Name, str] = {}
        wanted: dict[tuple[str, str], set[str]] = {}
        for names in given:
            for sender, world, identifier in (*names.sure, *names.maybe, *names.guesses):
                wanted.setdefault((sender, world), set()).add(identifier)
        for (sender, world), identifiers in wanted.items():
            self._read(sender, world, sorted(identifiers))

    def chains_of(self, names: Names) -> set[str]:
        """The chains that the names of an alert belong to by now."""
        return {chain_id for name in self._meant(names) if (chain_id := self._chains.get(name))}

    def tie(self, alert_id: str, names: Names) -> str:
        """Make an alert and all that it names one chain; the name of the chain."""
        found = self.chains_of(names)
        chain_id = min(found, default=alert_id)
        if len(found) > 1:
            self._merge(found - {chain_id}, chain_id)
        for name in self._meant(names):
            if name not in self._chains:
                self._chains[name] = chain_id
                sender, world, identifier = name
                row = {"sender_key": sender, "world": world, "identifier_key": identifier, "chain_id": chain_id}
                self._write.add(chain_names, row)
        return chain_id

    def _meant(self, names: Names) -> tuple[Name, ...]:
        """The sure ones, and of the others those that are known, the longest first; where none is, all that may be meant. The
        longest of these always: another Cancel's guess may be what makes a shorter one known."""
        if names.gist is None:
            return names.sure
        known = {name[2]: name for name in names.maybe if name in self._chains}
        found = tuple(known[identifier] for identifier in references.matched(names.gist, known))
        return tuple(dict.fromkeys((*names.sure, *(found or names.guesses), *names.guesses[:1])))

    def _read(self, sender: str, world: str, identifiers: Sequence[str]) -> None:
        left = iter(identifiers)
        while some := list(islice(left, NAMES_AT_ONCE)):
            found = self._write.execute(_NAMES, {"sender": sender, "world": world, "identifiers": some})
            self._chains.update({(sender, world, row.identifier_key): row.chain_id for row in found})

    def _merge(self, others: Collection[str], chain_id: str) -> None:
        _unite(self._write, others, chain_id)
        self._chains = {name: chain_id if one in others else one for name, one in self._chains.items()}


class Named(NamedTuple):
    """The chains that a take-down names, its sender's own and others', and whether we have any alert of a name that it gives,
    usable or not."""

    own: frozenset[str]
    others: frozenset[str]
    is_stored: bool


class Names(NamedTuple):
    """The names that an alert gives: ``sure`` are its own and those it surely means. A Cancel is read leniently: ``maybe``
    are those that count only where the name is known, ``guesses``, the longest first, those it may mean where none is. ``gist`` is the alert's."""

    sure: tuple[Name, ...] = ()
    maybe: tuple[Name, ...] = ()
    guesses: tuple[Name, ...] = ()
    gist: Gist | None = None


def names_of(gist: Gist, *, rehearsal: bool) -> Names:
    """The alert's own name, and those it gives of other alerts of its sender."""
    mine = world(gist, rehearsal=rehearsal)

    def full(identifiers: Iterable[str], limit: int) -> tuple[Name, ...]:
        return tuple((gist.sender_key, mine, one) for one in islice(identifiers, limit))

    if gist.msg_type != "Cancel":
        named = sorted(gist.names_of_its_own() - {gist.identifier_key})
        return Names(full([gist.identifier_key, *named], MAX_REFERENCES + 1))
    surely = sorted(gist.surely_named() - {gist.identifier_key})
    return Names(
        full([gist.identifier_key, *surely], MAX_CANDIDATES),
        full(sorted(references.candidates(gist)), MAX_LOOKED_UP),
        full(sorted(references.guesses(gist), key=lambda name: (-len(name), name)), MAX_CANDIDATES),
        gist,
    )


def world(gist: Gist, *, rehearsal: bool) -> str:
    """What an alert speaks to: what is practice never meets what is real."""
    apart = "" if gist.is_public else f"apart {gist.scope} {gist.msg_type}"
    return f"{gist.status} {'rehearsal' if rehearsal else ''} {apart}".casefold()[:40].strip()


def named(write: Write, take_down: Member, policy: Policy) -> Named:
    """What a take-down names of what we have. What a push feed brought under somebody's name is nothing that is meant."""
    gist = take_down.gist
    names = names_of(gist, rehearsal=take_down.rehearsal)
    mine = world(gist, rehearsal=take_down.rehearsal)
    others = tuple(
        (sender, mine, identifier) for sender, identifier in gist.named()[:MAX_CANDIDATES] if sender != gist.sender_key
    )
    ledger = Ledger(write, [names, Names(others)])
    own, strange = ledger.chains_of(names), ledger.chains_of(Names(others))
    identifiers = sorted({name[2] for name in (*names.sure, *names.maybe, *names.guesses)})[:NAMES_AT_ONCE]
    parameters = {"alert": take_down.alert_id, "sender": gist.sender_key, "identifiers": identifiers}
    is_stored = any(
        card_stage.is_of_sender(row.feed, row.signature, take_down, policy)
        for row in write.execute(_STATEMENT, parameters | {"status": gist.status})
    )
    return Named(frozenset(own), frozenset(strange - own), is_stored)


def join(write: Write, alert_id: str, chains: Collection[str]) -> str:
    """Make an alert one of these chains, and them one; the name of the chain."""
    chain_id, *others = sorted(chains)
    if others:
        _unite(write, others, chain_id)
    write.execute(update(alerts).where(alerts.c.id == alert_id).values(chain_id=chain_id))
    return chain_id


def _unite(write: Write, others: Collection[str], chain_id: str) -> None:
    for table in (chain_names, alerts, cards, corrections):
        write.execute(update(table).where(table.c.chain_id.in_(others)).values(chain_id=chain_id))


def members(
    connection: Connection, chains: Collection[str], *, but: str = "", heads: Collection[str] = ()
) -> tuple[Member, ...]:
    """The alerts of these chains, without one. ``heads``, those on display, are among them however long the chains are."""
    found: list[Member] = []
    left = MAX_CHAIN_CHARACTERS
    for row in connection.execute(_MEMBERS, {"chains": list(chains)}).mappings():
        left -= len(row["gist"] or "")
        if left < 0 and len(found) >= LARGE_ONES:
            break
        if row["id"] != but:
            found.append(member(row))
    left_out = set(heads) - {member.alert_id for member in found} - {but}
    rows = connection.execute(_HEADS, {"heads": sorted(left_out)}).mappings() if left_out else ()
    return (*found, *(member(row) for row in rows))


def one(connection: Connection, alert_id: str) -> tuple[Member, str]:
    """A stored alert that takes part in a chain, and the name of the chain."""
    row = connection.execute(_ONE, {"alert": alert_id}).mappings().one()
    return member(row), row["chain_id"]


def chain_of(connection: Connection, alert_id: str) -> str | None:
    """The chain of a stored alert, if it takes part in one."""
    found: str | None = connection.execute(select(alerts.c.chain_id).where(alerts.c.id == alert_id)).scalar()
    return found


def card_states(connection: Connection, chains: Collection[str]) -> tuple[CardState, ...]:
    """Every card that alerts of these chains ever made."""
    return tuple(state(row) for row in connection.execute(_CARDS, {"chains": list(chains)}).mappings())


def state(row: RowMapping | Mapping[str, Any]) -> CardState:
    """A card row as the life cycle knows it."""
    return CardState(
        card_id=row["id"],
        incident_id=row["incident_id"],
        revision=row["revision"],
        state=row["state"],
        programme=row["programme"],
        alert_id=row["alert_id"],
        published_at=row["published_at"],
        target=tuple(row["target"].split()),
        end_reason=row["end_reason"],
        ended_at=row["ended_at"],
        restored_at=row["restored_at"],
        superseded_by=row["superseded_by"],
    )


def holds(connection: Connection, reference: Reference, feed: str) -> bool:
    """Whether the message a reference names was taken in: from this feed, or as another feed brought it, if that counted. An
    identifier may be used twice, as by a Cancel under its Alert's name; a copy that was left aside for the way it came, or for
    what it lost, does not do instead."""
    name: dict[str, Any] = {
        "feed": feed,
        "sent": reference.sent.instant,
        "sender": card_stage.key(reference.sender),
        "identifier": card_stage.key(reference.identifier),
    }
    return connection.execute(_HOLDS.limit(1), name).first() is not None


def copied(alert: Member) -> dict[str, Any]:
    """The alert whose copies :data:`IS_COPY` looks for."""
    gist = alert.gist
    name = {"sender": gist.sender_key, "identifier": gist.identifier_key, "sent": gist.sent_at}
    return {"alert": alert.alert_id, **name}


def member(row: RowMapping) -> Member:
    """An alert's row as the life cycle knows it."""
    return Member(
        alert_id=row["id"],
        gist=msgspec.json.decode(row["gist"], type=Gist),
        feed=row["feed"],
        received_at=row["received_at"],
        sha256=row["sha256"],
        profile=row["profile"],
        signature=SignatureNote(status=row["signature"], signer=row["signer"]),
        rehearsal=row["rehearsal"],
        released_at=row["handled_at"] if row["handled"] == "released" else None,
        was_barred=row["reason"] in BARRED,
        card_id=row["card_id"],
        had_effect=row["decision"] in ("published", "updated", "linked", "ended"),
        was_shown=row["decision"] in ("published", "updated", "linked"),
        was_dismissed=row["handled"] == "dismissed",
        published_as=row["published_as"],
        published_at=row["handled_at"] if row["handled"] == "published" else None,
        waits_since=row["decided_at"] if (row["decision"], row["reason"]) == ("quarantined", "review") else None,
    )
