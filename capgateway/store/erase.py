"""Erasure by order: what a card or an alert is about is taken down and wiped, and tombstones keep it away.

::

    card or identifier ─▶ its case ─▶ live cards end ─▶ words are wiped ─▶ tombstones ─▶ audit
                            └─ every card of the incident, and whatever their chains say of them, on hold or not

A take-down that is still to be delivered contains nothing personal and stays.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from sqlalchemy import or_, select, tuple_

from capgateway import cards as card_stage
from capgateway.cards import End, Gist
from capgateway.store import audit, chains, erasure, feeds, tombstones
from capgateway.store import cards as card_rows
from capgateway.store.tables import alerts, card_revisions, cards, deliveries, sightings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection, RowMapping, Select

    from capgateway.cards import Member, Policy
    from capgateway.store.audit import Act
    from capgateway.store.write import Write

MASK = "[…]"
_WORD = re.compile(r"\w[\w'’-]*")
_SHORT_NUMBER = re.compile(r"\d{1,2}")
"""Of an order, a day or a page; a plate or a telephone number has more digits in a row or letters."""
PLAIN = frozenset(
    """a about after again all an and as asked asks at be because been before by case child court data deletion erase erased
    erasure family father first for from had has have in is it its judge law mother no not of on or order ordered parents per
    police privacy protection receiver removal repeated request requested second sheriff that the their they this ticket to until
    was were which who with""".split()  # noqa: SIM905  (a list of them would have eighty lines)
)
"""Words of a reason that stay, whatever the erased texts say: they name nobody, and a reason without them cannot be read."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased. ``ended`` are the cards that were live until then."""

    card_ids: tuple[str, ...]
    ended: tuple[str, ...]
    alert_ids: tuple[str, ...]


class TakenDown(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver made of the take-down of a card. ``confirmed``: it answered that it has removed the card."""

    receiver: str
    card_id: str
    state: str
    confirmed: bool
    ended_at: datetime | None


Files = Literal["rewritten", "vacuumed", "too_large", "pending"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an order came to: the cards, those of them that were live, how many alerts, what became of the take-downs, and of the
    files: ``rewritten``, ``vacuumed`` (PostgreSQL), ``too_large`` to rewrite while the gateway runs, or ``pending``: a reader kept us
    from it, and it is tried again."""

    cards: tuple[str, ...]
    ended: tuple[str, ...]
    alerts: int
    take_downs: list[TakenDown]
    files: Files


class Case(NamedTuple):
    """What an order concerns: cards, alerts, and the tombstones that keep them away."""

    cards: tuple[RowMapping, ...]
    alert_ids: frozenset[str]
    tombstones: frozenset[str]


def erase(
    write: Write, act: Act, policy: Policy, *, card_id: str | None = None, identifier: str | None = None
) -> Erased:
    """Erase what a card, or the alerts of an identifier, are about. Raises ``LookupError`` for what does not exist, and
    ``ValueError`` where an identifier may mean more than one case."""
    seeds = _seeds_of_card(write, card_id) if card_id else _seeds_of_alerts(write, identifier or "")
    case = _case(write.connection, seeds, policy)
    ended = [card for card in case.cards if card["ended_at"] is None]
    for card in ended:
        change = End(card_id=card["id"], revision=card["revision"] + 1, reason="erased")
        card_rows.apply(write, (change,), {}, card["chain_id"] or "")
    card_ids = {card["id"] for card in case.cards}
    is_known = not _are_erased(write, card_ids, case.alert_ids)
    reason = masked(act.reason, _words(write, card_ids, case.alert_ids) if is_known else None)
    _wipe(write, card_ids, case.alert_ids)
    tombstones.bury(write, case.tombstones)
    first = min((card["id"] for card in case.cards), default=None)
    audit.record(
        write,
        msgspec.structs.replace(act, reason=reason),
        audit.ERASURE,
        card_id=first,
        alert_id=None if first else min(case.alert_ids, default=None),
        detail={"cards": sorted(card_ids), "alerts": len(case.alert_ids)},
    )
    return Erased(
        card_ids=tuple(sorted(card_ids)),
        ended=tuple(sorted(card["id"] for card in ended)),
        alert_ids=tuple(sorted(case.alert_ids)),
    )


def acknowledgements(connection: Connection, card_ids: Collection[str]) -> list[TakenDown]:
    """What each receiver made of the take-downs of these cards."""
    query = select(deliveries).where(deliveries.c.card_id.in_(sorted(card_ids)), deliveries.c.action == "take_down")
    rows = connection.execute(query.order_by(deliveries.c.receiver, deliveries.c.card_id, deliveries.c.created_at))
    return [
        TakenDown(
            receiver=row["receiver"],
            card_id=row["card_id"],
            state=row["state"],
            confirmed=row["confirmed"],
            ended_at=row["ended_at"],
        )
        for row in rows.mappings()
        if row["state"] != "superseded"
    ]


def masked(reason: str | None, words: Collection[str] | None) -> str | None:
    """A person's reason without the words that the erased texts have as well, in whatever case: it stays in the audit trail.
    ``words`` are ``None`` where texts were erased before, so that nobody knows them any more: then only plain words and short
    numbers stay."""
    if reason is None:
        return None

    def is_hidden(part: str) -> bool:
        if part in PLAIN or len(part) == 1 or _SHORT_NUMBER.fullmatch(part):
            return False
        return words is None or part in words

    def hidden(found: re.Match[str]) -> str:
        return MASK if any(is_hidden(part) for part in _parts(found[0])) else found[0]

    return _WORD.sub(hidden, reason)


def _parts(word: str) -> set[str]:
    """A word and what it is joined of: a possessive, or a double name."""
    whole = word.casefold()
    return {whole, *re.split(r"['’-]", whole)} - {""}


def _seeds_of_card(write: Write, card_id: str) -> list[RowMapping]:
    """The alerts that made the cards of an incident."""
    incident = write.execute(select(cards.c.incident_id).where(cards.c.id == card_id)).scalar()
    if incident is None:
        raise LookupError(f"there is no card {card_id}")
    made = select(cards.c.alert_id).where(cards.c.incident_id == incident)
    return _alerts(write.connection, made)


def _seeds_of_alerts(write: Write, identifier: str) -> list[RowMapping]:
    """The alerts of an identifier, or the one of that id."""
    meant = or_(alerts.c.id == identifier, alerts.c.identifier_key == card_stage.key(identifier))
    found = _alerts(write.connection, select(alerts.c.id).where(meant))
    if not found:
        raise LookupError(f"there is no alert {identifier}")
    if len({row["sender_key"] for row in found}) > 1:
        ids = ", ".join(f"{row['id']} ({row['sender']})" for row in found)
        raise ValueError(f"several senders have an alert {identifier}; say which one by its id: {ids}")
    return found


def _alerts(connection: Connection, ids: object) -> list[RowMapping]:
    """What is needed of alerts; ``ids`` is a query or a list."""
    columns = [alerts.c[name] for name in _SEED]
    return list(connection.execute(select(*columns).where(alerts.c.id.in_(ids)).order_by(alerts.c.id)).mappings())  # type: ignore[arg-type]


_SEED = ("id", "chain_id", "sender", "sender_key", "identifier_key", "gist", "rehearsal", "feed")


def _case(connection: Connection, seeds: Sequence[RowMapping], policy: Policy) -> Case:
    """All that the seeds lead to: the strands they are in, the cards of these, and what else is of the incidents of these. A
    Cancel that names other cases too leads there only where it is a seed itself."""
    asked, found, stones = {row["id"] for row in seeds}, {row["id"] for row in seeds}, set[str]()
    mine: dict[str, RowMapping] = {}
    left = list(seeds)
    while left:
        for chain_id in {row["chain_id"] for row in left if row["chain_id"]}:
            part, buried = _part(connection, chain_id, asked, policy)
            found |= part
            stones |= buried
        left = _alerts(connection, sorted(_incidents(connection, found, mine) - asked))
        asked |= {row["id"] for row in left}
        found |= asked
    every = [row for some in erasure.portions(found) for row in _alerts(connection, some)]
    every += _copies(connection, every)
    for row in every:
        if row["gist"]:
            stones |= tombstones.of_alert(msgspec.json.decode(row["gist"], type=Gist), rehearsal=row["rehearsal"])
    return Case(tuple(mine.values()), frozenset(row["id"] for row in every), frozenset(stones))


def _part(connection: Connection, chain_id: str, seeds: set[str], policy: Policy) -> tuple[set[str], set[str]]:
    """The alerts of a chain that are of the case, and the tombstones of the names that they give."""
    states = chains.card_states(connection, [chain_id])
    heads = {state.alert_id for state in states} | (seeds & _of(connection, chain_id))
    members = chains.members(connection, [chain_id], heads=heads)
    case = card_stage.case_of(seeds, members, states, policy)
    names = {tombstones.of_name(name) for name in _names(case.members, case.names)}
    if case.is_all:
        return _of(connection, chain_id), names
    return {member.alert_id for member in case.members}, names


def _of(connection: Connection, chain_id: str) -> set[str]:
    return set(connection.execute(select(alerts.c.id).where(alerts.c.chain_id == chain_id)).scalars())


def _names(members: Iterable[Member], identifiers: Collection[str]) -> set[chains.Name]:
    worlds = {(one.gist.sender_key, chains.world(one.gist, rehearsal=one.rehearsal)) for one in members}
    return {(sender, world, identifier) for sender, world in worlds for identifier in identifiers}


def _incidents(connection: Connection, alert_ids: set[str], mine: dict[str, RowMapping]) -> set[str]:
    """The alerts on the cards of the incidents to which the cards of these alerts belong; ``mine`` grows by these cards."""
    shown = [
        row
        for some in erasure.portions(alert_ids)
        for row in connection.execute(
            select(cards).where(or_(cards.c.alert_id.in_(some), cards.c.id.in_(_made_by(some))))
        ).mappings()
    ]
    incidents = {row["incident_id"] for row in shown}
    mine |= {row["id"]: row for row in shown}
    for some in erasure.portions(incidents):
        mine |= {
            row["id"]: row for row in connection.execute(select(cards).where(cards.c.incident_id.in_(some))).mappings()
        }
    return {row["alert_id"] for row in mine.values()}


def _made_by(alert_ids: Sequence[str]) -> Select[tuple[str]]:
    """The cards whose revisions these alerts made."""
    return select(card_revisions.c.card_id).where(card_revisions.c.alert_id.in_(alert_ids))


def _copies(connection: Connection, rows: Iterable[RowMapping]) -> list[RowMapping]:
    """Broken, refused and conflicting copies under the names of these alerts: they are in no chain."""
    names = sorted({(row["sender_key"], row["identifier_key"]) for row in rows if row["sender_key"]})
    found: list[RowMapping] = []
    columns = [alerts.c[name] for name in _SEED]
    for start in range(0, len(names), erasure.AT_ONCE // 2):
        some = names[start : start + erasure.AT_ONCE // 2]
        same = tuple_(alerts.c.sender_key, alerts.c.identifier_key).in_(some)
        found += connection.execute(select(*columns).where(same, alerts.c.chain_id.is_(None))).mappings()
    return found


def _wipe(write: Write, card_ids: Collection[str], alert_ids: Collection[str]) -> None:
    erasure.wipe_alerts(write, alert_ids)
    erasure.wipe_cards(write, card_ids)
    names = set[str]()
    for some in erasure.portions(alert_ids):
        names.update(write.execute(select(alerts.c.feed).where(alerts.c.id.in_(some))).scalars())
        names.update(write.execute(select(sightings.c.feed).where(sightings.c.alert_id.in_(some))).scalars())
    feeds.forget(write, names)


def _words(write: Write, card_ids: Collection[str], alert_ids: Collection[str]) -> set[str]:
    """The words of what is about to be erased."""
    texts = [
        text
        for some in erasure.portions(card_ids)
        for text in write.execute(select(card_revisions.c.body).where(card_revisions.c.card_id.in_(some))).scalars()
    ]
    for some in erasure.portions(alert_ids):
        rows = write.execute(select(alerts.c.draft, alerts.c.original).where(alerts.c.id.in_(some)))
        texts += [text for row in rows for text in (row.draft, (row.original or b"").decode(errors="replace"))]
    return {part for text in texts if text for word in _WORD.findall(text) for part in _parts(word)}


def _are_erased(write: Write, card_ids: Collection[str], alert_ids: Collection[str]) -> bool:
    """Whether some of their texts were erased before, after the retention or by an earlier order."""
    return any(
        write.execute(select(table.c.id).where(table.c.id.in_(some), table.c.erased_at.is_not(None)).limit(1)).first()
        is not None
        for table, ids in ((cards, card_ids), (alerts, alert_ids))
        for some in erasure.portions(ids)
    )
