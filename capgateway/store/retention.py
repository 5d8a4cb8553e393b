"""What is not kept for ever: personal data is erased, and rows that only save work are deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, delete, update

from capgateway.store import gaps
from capgateway.store.tables import PERSONAL, addresses, alerts, bodies, card_media, entries, held_take_downs, sightings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Table

    from capgateway.store.write import Write

KEPT = timedelta(days=30)
"""How long we remember that an entry was taken in, that a copy was seen, that a body was fetched. Long past the time for
which any feed lists an alert; should one come again, its alert is known all the same."""


def erase_bodies(write: Write, before: datetime) -> int:
    """Erase the content of feeds' bodies that were fetched before then; that they were fetched, and their hash, stays. How
    many."""
    old = update(bodies).where(bodies.c.fetched_at < before, bodies.c.content.is_not(None))
    return write.execute(old.values(content=None, url="")).rowcount


def erase_alerts(write: Write, alert_ids: Sequence[str]) -> None:
    """Blank the personal part of alerts. What is left decides as before."""
    _erase(write, alerts, alerts.c.id.in_(alert_ids))


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


def _erase(write: Write, table: Table, which: ColumnElement[bool]) -> None:
    """Blank every personal column of these rows; where a column may not be null, it becomes empty."""
    values = {column.name: None if column.nullable else _blank(column) for column in PERSONAL if column.table is table}
    write.execute(update(table).where(which).values(values))


def _blank(column: ColumnElement[object]) -> bytes | str:
    if isinstance(column.type, LargeBinary):
        return b""
    return "[]" if column is alerts.c.findings else ""
