"""Erasing: which rows contain personal data of an alert or a card, and what stays of them.

Rows, hashes, gists and decisions stay, so that nothing is decided otherwise and reports still have their figures. The
columns of :data:`~capgateway.store.tables.PERSONAL` are blanked, and those only. A take-down contains nothing personal: it
stays, and is delivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, delete, select, update

from capgateway.store.audit import ERASURE
from capgateway.store.tables import (
    HAS_DATA,
    IS_WHOLE,
    PERSONAL,
    addresses,
    alert_traits,
    alerts,
    attempts,
    audit,
    card_revisions,
    cards,
    corrections,
    deliveries,
    messages,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Table

    from capgateway.store.write import Write

AT_ONCE = 500
"""Both databases limit the parameters of a statement."""
NO_LINK = ""
"""The link of a document that was erased. Null is the link of a feed's own address, which is never erased."""


def wipe_alerts(write: Write, alert_ids: Collection[str]) -> None:
    """Erase the personal data of alerts: their words, the addresses they came from, and what persons said of them."""
    for some in portions(alert_ids):
        blank(write, alerts, alerts.c.id.in_(some))
        write.execute(update(alerts).where(alerts.c.id.in_(some), IS_WHOLE).values(erased_at=write.now))
        blank(write, addresses, addresses.c.alert_id.in_(some))
        blank(write, audit, audit.c.alert_id.in_(some) & (audit.c.action != ERASURE))
        write.execute(delete(alert_traits).where(alert_traits.c.alert_id.in_(some)))


def wipe_cards(write: Write, card_ids: Collection[str]) -> None:
    """Erase the personal data of cards that have ended: what they said, what was sent of them and answered to it."""
    for some in portions(card_ids):
        sent = select(deliveries.c.id).where(deliveries.c.card_id.in_(some))
        blank(write, card_revisions, card_revisions.c.card_id.in_(some))
        blank(write, messages, messages.c.card_id.in_(some) & (messages.c.action == "display"))
        blank(write, attempts, attempts.c.delivery_id.in_(sent))
        blank(write, corrections, corrections.c.card_id.in_(some))
        blank(write, audit, audit.c.card_id.in_(some) & (audit.c.action != ERASURE))
        write.execute(update(cards).where(cards.c.id.in_(some), HAS_DATA).values(erased_at=write.now))


def portions(ids: Collection[str]) -> Iterator[Sequence[str]]:
    """These ids, as many at once as a statement takes."""
    ordered = sorted(ids)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def blank(write: Write, table: Table, which: ColumnElement[bool]) -> int:
    """Blank every personal column of these rows; how many rows."""
    return write.execute(update(table).where(which).values(BLANKS[table])).rowcount


def _blank(column: ColumnElement[Any]) -> bytes | str | None:
    if column is addresses.c.link:
        return NO_LINK
    if column is alerts.c.findings:
        return "[]"
    if column.nullable:
        return None
    return b"" if isinstance(column.type, LargeBinary) else ""


BLANKS: dict[Table, dict[str, bytes | str | None]] = {
    table: {column.name: _blank(column) for column in PERSONAL if column.table is table}
    for table in {column.table for column in PERSONAL}
}
"""What the personal columns of each table contain once they are erased."""
