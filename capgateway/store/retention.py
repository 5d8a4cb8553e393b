"""What is not kept for ever: personal data is erased, and rows that only save work are deleted.

::

    cards of one chain or incident, all ended for longer than the retention ─▶ their chains and they are erased together
    alerts of chains without such a card ────────────────────────────────────▶ each is erased that long after its receipt
    bodies of feeds, which may contain anything ─────────────────────────────▶ after the shortest retention in force

Each step is a unit of work of bounded size that looks again at what it erases, so it may be done at any time, by any gateway.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, delete, exists, or_, select

from capgateway.cards import retention_of, shortest_retention
from capgateway.store import erasure, feeds, gaps
from capgateway.store.audit import ERASURE
from capgateway.store.tables import (
    HAS_DATA,
    IS_WHOLE,
    addresses,
    alerts,
    attention,
    audit,
    bodies,
    card_media,
    cards,
    entries,
    gateway,
    held_take_downs,
    sightings,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping, Select

    from capgateway.cards import Policy
    from capgateway.store.write import Write

KEPT = timedelta(days=30)
"""How long we remember that an entry was taken in, that a copy was seen, that a body was fetched. Long past the time for
which any feed lists an alert; should one come again, its alert is known all the same."""
AT_ONCE = 200
"""Alerts or bodies that are erased in one unit of work: the writer's other work must not wait for long."""
LOOKED_AT = 200
"""Ended cards read at once. Some may have to wait for others of their incident, or are held."""


class Family(NamedTuple):
    """Cards that are erased together, as any of them may name the same child: those of one chain or incident, and of each other
    chain or incident that these have."""

    cards: tuple[RowMapping, ...]

    @property
    def chains(self) -> frozenset[str]:
        return frozenset(card["chain_id"] for card in self.cards if card["chain_id"])

    @property
    def card_ids(self) -> frozenset[str]:
        return frozenset(card["id"] for card in self.cards)


def family(connection: Connection, chains: Collection[str], incidents: Collection[str] = ()) -> Family:
    """The cards of these chains and incidents, and of all that these lead to."""
    found: dict[str, RowMapping] = {}
    new_chains, new_incidents = set(chains), set(incidents)
    while new_chains or new_incidents:
        rows = [
            row
            for column, ids in ((cards.c.chain_id, new_chains), (cards.c.incident_id, new_incidents))
            for some in erasure.portions(ids)
            for row in connection.execute(select(cards).where(column.in_(some))).mappings()
        ]
        known_chains = {row["chain_id"] for row in found.values()} | new_chains
        known_incidents = {row["incident_id"] for row in found.values()} | new_incidents
        found |= {row["id"]: row for row in rows}
        new_chains = {row["chain_id"] for row in rows if row["chain_id"]} - known_chains
        new_incidents = {row["incident_id"] for row in rows} - known_incidents
    return Family(tuple(found.values()))


def due(connection: Connection, policy: Policy, now: datetime) -> str | None:
    """An ended card that may be erased now together with its family, the one that ended first; ``None`` if there is none."""
    seen: tuple[datetime, str] | None = None
    while True:
        query = select(cards.c.id, cards.c.chain_id, cards.c.incident_id, cards.c.ended_at)
        query = query.where(HAS_DATA, cards.c.held_at.is_(None), cards.c.ended_at <= now - shortest_retention(policy))
        if seen is not None:
            query = query.where(
                or_(cards.c.ended_at > seen[0], and_(cards.c.ended_at == seen[0], cards.c.id > seen[1]))
            )
        rows = connection.execute(query.order_by(cards.c.ended_at, cards.c.id).limit(LOOKED_AT)).all()
        for row in rows:
            if _is_over(family(connection, {row.chain_id} - {None}, {row.incident_id}), policy, now):
                return str(row.id)
        if len(rows) < LOOKED_AT:
            return None
        seen = rows[-1].ended_at, rows[-1].id


def erase_card(write: Write, card_id: str, policy: Policy) -> bool:
    """Erase an ended card with its family, as far as one unit of work goes; whether that was all of it. Nothing is erased while
    one of them is live, held, or has not ended for long enough. What came later than that, and became no card, has its
    own time."""
    row = write.execute(select(cards.c.chain_id, cards.c.incident_id).where(cards.c.id == card_id)).one()
    related = family(write.connection, {row.chain_id} - {None}, {row.incident_id})
    if not _is_over(related, policy, write.now):
        return True
    before = write.now - max(retention_of(card["programme"], policy) for card in related.cards)
    for some in erasure.portions(related.chains):
        old = _is_old(write.connection, policy, write.now, before)
        found = write.execute(_whole(alerts.c.chain_id.in_(some) & old)).scalars().all()
        erasure.wipe_alerts(write, found)
        if len(found) == AT_ONCE:
            return False
    erasure.wipe_cards(write, related.card_ids)
    return True


def erase_unshown(write: Write, policy: Policy) -> int:
    """Erase alerts that became no card, some at once; how many. Those of a chain with a card that is not erased stay."""
    found = write.execute(_unshown(write.connection, policy, write.now)).scalars().all()
    erasure.wipe_alerts(write, found)
    return len(found)


def are_unshown(connection: Connection, policy: Policy, now: datetime) -> bool:
    """Whether :func:`erase_unshown` has anything to do."""
    return connection.execute(_unshown(connection, policy, now).limit(1)).first() is not None


def erase_bodies(write: Write, before: datetime) -> int:
    """Erase the content of feeds' bodies that were fetched until then, some at once, and the addresses of documents announced or
    read until then in which no alert is known; that they were fetched, and their hash, stays. How many."""
    old = write.execute(_bodies(before)).scalars().all()
    erasure.blank(write, bodies, bodies.c.id.in_(old))
    strays = erasure.blank(write, addresses, _is_nobodys(before))
    return len(old) + strays + feeds.forget_links(write, before)


def are_bodies(connection: Connection, before: datetime) -> bool:
    """Whether :func:`erase_bodies` has anything to do."""
    strays = select(addresses.c.address).where(_is_nobodys(before))
    return feeds.are_old_links(connection, before) or any(
        connection.execute(query.limit(1)).first() is not None for query in (_bodies(before), strays)
    )


def erase_reasons(write: Write, before: datetime) -> int:
    """Erase what persons said until then of cards and alerts that are erased, or of none, as when they paused; how many. The reason
    for erasing them stays: it has no words of theirs."""
    return erasure.blank(write, audit, _are_said(before))


def are_reasons(connection: Connection, before: datetime) -> bool:
    """Whether :func:`erase_reasons` has anything to do."""
    return connection.execute(select(audit.c.id).where(_are_said(before)).limit(1)).first() is not None


def erase_alerts(write: Write, alert_ids: Sequence[str]) -> None:
    """Blank the personal part of alerts. What is left decides as before."""
    erasure.wipe_alerts(write, alert_ids)


def prune(write: Write) -> int:
    """Delete rows of entries, sightings, bodies, held take-downs and pictures of ended cards that are older than anyone needs; how
    many."""
    before = write.now - KEPT
    moments = (
        entries.c.seen_at,
        sightings.c.seen_at,
        bodies.c.fetched_at,
        held_take_downs.c.since,
        card_media.c.gone_at,
    )
    documents = delete(addresses).where(addresses.c.link.is_not(None), addresses.c.changed_at < before)
    gaps.prune(write)
    rows = [delete(moment.table).where(moment < before) for moment in moments]
    return sum(write.execute(row).rowcount for row in (*rows, documents))


def _is_over(related: Family, policy: Policy, now: datetime) -> bool:
    return all(
        card["ended_at"] is not None
        and card["held_at"] is None
        and card["ended_at"] <= now - retention_of(card["programme"], policy)
        for card in related.cards
    )


def _is_old(connection: Connection, policy: Policy, now: datetime, before: datetime) -> ColumnElement[bool]:
    """Alerts received until then, but for those that wait for a review, which must have the time that the policy gives, or for
    the end of a pause, and take-downs that mark a live card."""
    is_paused = connection.execute(select(gateway.c.paused_since)).scalar() is not None
    waits = and_(alerts.c.decision == "quarantined", alerts.c.handled.is_(None))
    patience = and_(waits, alerts.c.reason == "review", alerts.c.received_at > now - policy.review_timeout)
    paused = and_(waits, alerts.c.reason == "paused") if is_paused else None
    marks = exists().where(attention.c.alert_id == alerts.c.id)
    old = and_(alerts.c.received_at <= before, ~patience, ~marks)
    return old if paused is None else and_(old, ~paused)


def _unshown(connection: Connection, policy: Policy, now: datetime) -> Select[tuple[str]]:
    has_card = exists().where(cards.c.chain_id == alerts.c.chain_id, HAS_DATA)
    old = [_is_old(connection, policy, now, now - policy.retention)]
    if shortest_retention(policy) < policy.retention:  # what came after a card's end is of its programme
        for programme in connection.execute(select(cards.c.programme).distinct()).scalars():
            had_card = exists().where(cards.c.chain_id == alerts.c.chain_id, cards.c.programme == programme)
            old.append(had_card & _is_old(connection, policy, now, now - retention_of(programme, policy)))
    return _whole(~has_card & or_(*old))


def _whole(which: ColumnElement[bool]) -> Select[tuple[str]]:
    """Some alerts whose personal data is not erased, those that came first before others."""
    return select(alerts.c.id).where(IS_WHOLE, which).order_by(alerts.c.received_at).limit(AT_ONCE)


def _bodies(before: datetime) -> Select[tuple[str]]:
    old = and_(bodies.c.fetched_at <= before, bodies.c.content.is_not(None))
    return select(bodies.c.id).where(old).order_by(bodies.c.fetched_at).limit(AT_ONCE)


def _are_said(before: datetime) -> ColumnElement[bool]:
    about_card = exists().where(cards.c.id == audit.c.card_id, ~HAS_DATA)
    about_alert = exists().where(alerts.c.id == audit.c.alert_id, ~IS_WHOLE)
    is_other = and_(audit.c.reason.is_not(None), audit.c.action != ERASURE)
    is_general = and_(audit.c.card_id.is_(None), audit.c.alert_id.is_(None))
    return and_(is_other, audit.c.at <= before, or_(about_card, about_alert, is_general))


def _is_nobodys(before: datetime) -> ColumnElement[bool]:
    """Addresses of documents that are not of any alert; nothing would erase them with it."""
    return and_(addresses.c.alert_id.is_(None), addresses.c.link != erasure.NO_LINK, addresses.c.changed_at <= before)
