"""What an operator on call looks at first, each part found through an index: what is displayed and who has confirmed it, which
take-downs are not acknowledged, what waits for a person, and what was decided last."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, select

from capgateway.store import lists
from capgateway.store.records import Quarantined, StoredAlert, StoredCard
from capgateway.store.tables import IS_OPEN_TAKE_DOWN, WAITS_FOR_A_PERSON, alerts, cards, deliveries, lanes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

MOST_CARDS = 50
MOST_TAKE_DOWNS = 20
MOST_UNVERIFIED = 20
MOST_REVIEWS = 6
MOST_DECISIONS = 12
MOST_COUNTED = 1_000
"""Waiting alerts are counted no further: nobody acts otherwise on more."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The newest delivery of a card to a receiver."""

    receiver: str
    card_id: str
    action: str | None
    state: str
    reason: str | None
    attempts: int
    confirmed: bool
    since: datetime
    ended_at: datetime | None
    last_status: int | None

    @property
    def is_acknowledged(self) -> bool:
        """Whether the receiver took it."""
        return self.state == "delivered"


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Each list may be the beginning of a longer one; its count is that of all. ``meant`` are the cards that take-downs, waiting
    alerts and decisions are about."""

    shown: list[StoredCard]
    shown_count: int
    receipts: dict[str, list[Receipt]]
    take_downs: list[Receipt]
    decisions: list[StoredAlert]
    meant: dict[str, StoredCard]
    take_down_count: int
    unverified: list[StoredCard]
    unverified_count: int
    marked_count: int
    waiting: list[Quarantined]
    waiting_count: int


_RECEIPT = (
    select(
        lanes.c.receiver,
        lanes.c.card_id,
        lanes.c.action,
        lanes.c.since,
        deliveries.c.state,
        deliveries.c.reason,
        deliveries.c.attempts,
        deliveries.c.confirmed,
        deliveries.c.ended_at,
        deliveries.c.last_status,
    )
    .join(deliveries, deliveries.c.id == lanes.c.delivery_id)
    .where(lanes.c.card_id.is_not(None))
)


def overview(connection: Connection) -> Overview:
    """All of it, as it is at one moment."""
    shown = lists.card_page(connection, state="active", limit=MOST_CARDS).items
    person, take_downs = lists.needs_person(connection), _take_downs(connection)
    waiting = lists.quarantine_page(connection, limit=MOST_REVIEWS).items
    decisions = lists.alert_page(connection, limit=MOST_DECISIONS).items
    of_take_downs = (one.card_id for one in take_downs)
    of_waiting = (card_id for one in waiting for card_id in one.cards)
    of_decisions = (one.card_id for one in decisions if one.card_id)
    return Overview(
        shown=shown,
        shown_count=_count(connection, select(func.count()).where(cards.c.state == "active")),
        receipts=receipts(connection, [one.card_id for one in shown]),
        take_downs=take_downs,
        take_down_count=_count(connection, select(func.count()).select_from(lanes).where(IS_OPEN_TAKE_DOWN)),
        unverified=lists.card_page(connection, is_unverified=True, limit=MOST_UNVERIFIED).items,
        unverified_count=person.unverified,
        marked_count=person.held,
        waiting=waiting,
        waiting_count=_count(connection, _counted_waiting()),
        decisions=decisions,
        meant=lists.cards_of(connection, {*of_take_downs, *of_waiting, *of_decisions}),
    )


def receipts(connection: Connection, card_ids: Sequence[str]) -> dict[str, list[Receipt]]:
    """The newest delivery of each of these cards to each receiver."""
    found: dict[str, list[Receipt]] = {}
    query = _RECEIPT.where(lanes.c.card_id.in_(card_ids)).order_by(lanes.c.receiver)
    for row in connection.execute(query).mappings():
        found.setdefault(row["card_id"], []).append(Receipt(**row))
    return found


def _take_downs(connection: Connection) -> list[Receipt]:
    """The oldest take-downs that are not acknowledged."""
    query = _RECEIPT.where(IS_OPEN_TAKE_DOWN).order_by(lanes.c.since, lanes.c.receiver).limit(MOST_TAKE_DOWNS)
    return [Receipt(**row) for row in connection.execute(query).mappings()]


def _counted_waiting() -> Select[int]:
    some = select(alerts.c.id).where(WAITS_FOR_A_PERSON).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some)


def _count(connection: Connection, query: Select[int]) -> int:
    return connection.execute(query).scalar_one()
