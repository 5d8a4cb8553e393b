"""One card with all that its page shows: its revisions, its alerts, where it went, what persons did, and its incident."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import or_, select

from capgateway.cards import Card
from capgateway.cards.card import Evidence
from capgateway.store import audit, lists, media_rows, overview
from capgateway.store.records import StoredAlert, StoredCard, StoredDelivery
from capgateway.store.tables import alerts, card_revisions, cards

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_REVISIONS = 50
"""The newest; a real card has a few."""
MOST_ALERTS = 100
MOST_DELIVERIES = 200
MOST_OF_INCIDENT = 50


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A revision that was displayed; ``card`` is ``None`` once it is erased."""

    revision: int
    alert_id: str
    created_at: datetime
    card: Card | None


class Mate(msgspec.Struct, frozen=True, kw_only=True):
    """Another card of the incident, or of the chain: what came before it or took its place."""

    card_id: str
    state: str
    feed: str
    incident_id: str
    published_at: datetime
    end_reason: str | None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, as it is at one moment."""

    stored: StoredCard
    evidence: dict[str, Evidence]
    revisions: list[Revision]
    alerts: list[StoredAlert]
    deliveries: list[StoredDelivery]
    receipts: list[overview.Receipt]
    audit: list[audit.Entry]
    mates: list[Mate]
    pictures: list[str]
    is_restored: bool


def case(connection: Connection, card_id: str) -> Case | None:
    """The case of a card, ``None`` where there is no such card."""
    stored = lists.one_card(connection, card_id)
    if stored is None:
        return None
    row = connection.execute(select(cards.c.chain_id, cards.c.restored_at).where(cards.c.id == card_id)).one()
    return Case(
        stored=stored,
        evidence=lists.evidence_of(connection, stored.card) if stored.card else {},
        revisions=_revisions(connection, card_id),
        alerts=lists.alert_page(connection, card_id=card_id, limit=MOST_ALERTS).items,
        deliveries=lists.delivery_page(connection, card_id=card_id, limit=MOST_DELIVERIES).items,
        receipts=overview.receipts(connection, [card_id]).get(card_id, []),
        audit=audit.about(connection, [card_id], []),
        mates=_mates(connection, stored, row.chain_id),
        pictures=[finding.message for _, finding in media_rows.findings(connection, card_id)],
        is_restored=row.restored_at is not None,
    )


def named(connection: Connection, name: str) -> list[str]:
    """The cards that are meant by a card's id, or by the CAP identifier of an alert."""
    if connection.execute(select(cards.c.id).where(cards.c.id == name)).first():
        return [name]
    made = select(alerts.c.card_id).where(alerts.c.identifier == name, alerts.c.card_id.is_not(None))
    return list(dict.fromkeys(connection.execute(made.limit(MOST_ALERTS)).scalars()))


def _revisions(connection: Connection, card_id: str) -> list[Revision]:
    query = select(card_revisions).where(card_revisions.c.card_id == card_id)
    rows = connection.execute(query.order_by(card_revisions.c.revision.desc()).limit(MOST_REVISIONS)).mappings()
    return [
        Revision(
            revision=row["revision"],
            alert_id=row["alert_id"],
            created_at=row["created_at"],
            card=msgspec.json.decode(row["body"], type=Card) if row["body"] else None,
        )
        for row in rows
    ]


def _mates(connection: Connection, stored: StoredCard, chain_id: str | None) -> list[Mate]:
    mine = cards.c.incident_id == stored.incident_id
    mine = mine if chain_id is None else or_(mine, cards.c.chain_id == chain_id)
    query = select(
        *(cards.c[name] for name in Mate.__struct_fields__ if name != "card_id"), cards.c.id.label("card_id")
    )
    query = query.where(mine, cards.c.id != stored.card_id).order_by(cards.c.published_at.desc(), cards.c.id)
    return [Mate(**row) for row in connection.execute(query.limit(MOST_OF_INCIDENT)).mappings()]
