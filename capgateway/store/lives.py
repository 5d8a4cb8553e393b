"""The whole life of an alert: where it came from, what was found and decided, what it made, where that went, and what persons did.

Reads only. One alert may be long known under a CAP identifier that others have too, so a name may mean several.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from capgateway import explained
from capgateway.cards.meaning import meaning
from capgateway.masking import mask_query
from capgateway.store import audit, lists
from capgateway.store.gaps import Gap
from capgateway.store.records import StoredAlert, StoredDelivery
from capgateway.store.tables import (
    addresses,
    alerts,
    attention,
    card_revisions,
    cards,
    gaps,
    held_take_downs,
    messages,
    sightings,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

MOST_NAMED = 20
"""Alerts of one identifier: copies, conflicts, and what other senders call the same."""
MOST_GAPS = 50
"""The newest; a feed that comes and goes may have many."""
MOST_OF_A_CHAIN = 200
"""Alerts and cards of its chain; a real one has some dozens."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """A later copy of the alert."""

    feed: str
    sha256: str
    seen_at: datetime


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A document that a feed links to, in which the alert was."""

    feed: str
    link: str | None
    envelope_status: str | None
    changed_at: datetime


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A revision of a card, and the alert that it shows."""

    revision: int
    alert_id: str
    sequence: int
    created_at: datetime


class CardLife(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the alert's chain."""

    card_id: str
    incident_id: str
    programme: str
    state: str
    end_reason: str | None
    published_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    unverified_since: datetime | None
    held_at: datetime | None
    revisions: list[Revision]


class SentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message about a card of the chain; never its body."""

    id: str
    sequence: int
    type: str
    card_id: str | None
    revision: int
    created_at: datetime


class ChainAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Another alert of the chain."""

    id: str
    identifier: str | None
    msg_type: str | None
    sent: str | None
    received_at: datetime
    feed: str
    decision: str
    reason: str | None
    card_id: str | None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one alert; ``meaning`` is its decision in words, ``remarks`` say what a person did with
    it, and what it waits for."""

    alert: StoredAlert
    meaning: str
    remarks: list[str]
    signer: str | None
    published_as: str | None
    erased_at: datetime | None
    entries: list[Entry]
    sightings: list[Sighting]
    chain: list[ChainAlert]
    cards: list[CardLife]
    messages: list[SentMessage]
    deliveries: list[StoredDelivery]
    held_since: datetime | None
    marked_cards: list[str]
    gaps: list[Gap]
    audit: list[audit.Entry]


def named(connection: Connection, name: str) -> list[Life]:
    """The lives of the alert of that id, or of those with that CAP identifier, the newest first."""
    query = select(*lists.LISTED, alerts.c.chain_id, alerts.c.signer, alerts.c.published_as, alerts.c.erased_at)
    query = query.order_by(alerts.c.received_at.desc(), alerts.c.id).limit(MOST_NAMED)
    for column in (alerts.c.id, alerts.c.identifier):
        if rows := connection.execute(query.where(column == name)).mappings().all():
            return [_life(connection, dict(row)) for row in rows]
    return []


def gaps_of_all(connection: Connection) -> list[Gap]:
    """The gaps that are known, the newest first: an alert that is not here may have been announced in one."""
    return _gaps(connection)


def _gaps(connection: Connection, feed: str | None = None) -> list[Gap]:
    query = select(gaps).order_by(gaps.c.since.desc(), gaps.c.feed).limit(MOST_GAPS)
    rows = connection.execute(query if feed is None else query.where(gaps.c.feed == feed))
    return [Gap(feed=row.feed, since=row.since, noticed_at=row.noticed_at, ended_at=row.ended_at) for row in rows]


def _life(connection: Connection, row: dict[str, Any]) -> Life:
    alert = lists.alert_of(row)
    made = _cards(connection, alert, row["chain_id"])
    card_ids = [one.card_id for one in made]
    held_since = connection.execute(
        select(held_take_downs.c.since).where(held_take_downs.c.alert_id == alert.id).order_by(held_take_downs.c.since)
    ).scalar()
    marked = select(attention.c.card_id).where(attention.c.alert_id == alert.id).order_by(attention.c.card_id)
    held: dict[str, Any] = {"held_since": held_since, "marked_cards": list(connection.execute(marked).scalars())}
    return Life(
        alert=alert,
        meaning=meaning(alert.decision, alert.reason),
        remarks=list(explained.remarks({"alert": msgspec.structs.asdict(alert)} | held)),
        signer=row["signer"],
        published_as=row["published_as"],
        erased_at=row["erased_at"],
        entries=_entries(connection, alert.id),
        sightings=_sightings(connection, alert.id),
        chain=_chain(connection, alert.id, row["chain_id"]),
        cards=made,
        messages=_messages(connection, card_ids),
        deliveries=[one for card_id in card_ids for one in _deliveries(connection, card_id)],
        **held,
        gaps=_gaps(connection, alert.feed),
        audit=audit.about(connection, card_ids, [alert.id]),
    )


def _entries(connection: Connection, alert_id: str) -> list[Entry]:
    mine = select(addresses).where(addresses.c.alert_id == alert_id).order_by(addresses.c.changed_at)
    return [
        Entry(
            feed=row.feed,
            link=mask_query(row.link) if row.link else None,
            envelope_status=row.envelope_status,
            changed_at=row.changed_at,
        )
        for row in connection.execute(mine)
    ]


def _sightings(connection: Connection, alert_id: str) -> list[Sighting]:
    mine = select(sightings).where(sightings.c.alert_id == alert_id).order_by(sightings.c.seen_at)
    return [Sighting(feed=row.feed, sha256=row.sha256, seen_at=row.seen_at) for row in connection.execute(mine)]


def _chain(connection: Connection, alert_id: str, chain_id: str | None) -> list[ChainAlert]:
    if chain_id is None:
        return []
    query = select(*(alerts.c[name] for name in ChainAlert.__struct_fields__))
    mine = query.where(alerts.c.chain_id == chain_id, alerts.c.id != alert_id)
    rows = connection.execute(mine.order_by(alerts.c.sent_at, alerts.c.id).limit(MOST_OF_A_CHAIN)).mappings()
    return [ChainAlert(**row) for row in rows]


def _cards(connection: Connection, alert: StoredAlert, chain_id: str | None) -> list[CardLife]:
    """The cards of its chain; for one that takes part in none, the card that it made or ended."""
    mine = cards.c.chain_id == chain_id if chain_id else cards.c.id == alert.card_id
    rows = connection.execute(select(cards).where(mine).order_by(cards.c.published_at, cards.c.id)).mappings().all()
    found = []
    for row in rows[:MOST_OF_A_CHAIN]:
        fields = {name: row[name] for name in CardLife.__struct_fields__ if name in row}
        found.append(CardLife(card_id=row["id"], revisions=_revisions(connection, row["id"]), **fields))
    return found


def _revisions(connection: Connection, card_id: str) -> list[Revision]:
    mine = select(*(card_revisions.c[name] for name in Revision.__struct_fields__))
    rows = connection.execute(mine.where(card_revisions.c.card_id == card_id).order_by(card_revisions.c.revision))
    return [Revision(**row) for row in rows.mappings()]


def _messages(connection: Connection, card_ids: Collection[str]) -> list[SentMessage]:
    mine = select(*(messages.c[name] for name in SentMessage.__struct_fields__))
    rows = connection.execute(mine.where(messages.c.card_id.in_(card_ids)).order_by(messages.c.sequence)).mappings()
    return [SentMessage(**row) for row in rows]


def _deliveries(connection: Connection, card_id: str) -> list[StoredDelivery]:
    found = lists.delivery_page(connection, card_id=card_id, limit=MOST_OF_A_CHAIN).items
    return sorted(found, key=lambda one: (one.sequence, one.receiver))
