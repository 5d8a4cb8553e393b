"""Feeds: what was read of each, so that a poll takes in only what is new and nothing is skipped by a crash."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from capgateway.store.dialect import upsert
from capgateway.store.records import FeedState, MissingEntry
from capgateway.store.tables import entries, feeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

KEYS_A_QUERY = 500
"""Both databases limit the parameters of a statement."""
LONGEST_KEY = 64
"""The width of the column. Longer keys stand as their hash: links may have thousands of characters, index rows not."""


def feed_state(connection: Connection, feed: str) -> FeedState:
    """What the last body that brought something new said of itself; empty for a feed never read."""
    row = connection.execute(select(feeds).where(feeds.c.name == feed)).mappings().first()
    if row is None:
        return FeedState()
    return FeedState(etag=row["etag"], last_modified=row["last_modified"], sha256=row["sha256"])


def save_feed_state(connection: Connection, feed: str, state: FeedState, now: datetime) -> None:
    """To be called when every entry of the body is taken in or remembered as missing, not before: after a crash the
    body is then read again rather than skipped."""
    values = {"etag": state.etag, "last_modified": state.last_modified, "sha256": state.sha256, "changed_at": now}
    statement = upsert(connection, feeds).values(name=feed, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def known_entries(connection: Connection, feed: str, keys: Sequence[str]) -> set[str]:
    """Which of these entries are taken in, or waiting as missing."""
    stored = {_stored(key): key for key in keys}
    known: set[str] = set()
    for start in range(0, len(keys), KEYS_A_QUERY):
        part = list(stored)[start : start + KEYS_A_QUERY]
        query = select(entries.c.key).where(entries.c.feed == feed, entries.c.key.in_(part))
        known.update(stored[key] for key in connection.execute(query).scalars())
    return known


def entry_taken(connection: Connection, feed: str, key: str, link: str | None, now: datetime) -> None:
    """The entry's alert is stored."""
    values = {"state": "taken", "failures": 0, "retry_at": None, "error": None}
    statement = upsert(connection, entries).values(feed=feed, key=_stored(key), link=link, seen_at=now, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["feed", "key"], set_=values))


def entry_missing(
    connection: Connection, feed: str, entry: MissingEntry, error: str, retry_at: datetime | None, now: datetime
) -> None:
    """The entry's CAP could not be fetched; to be tried again at ``retry_at``, or no more."""
    values = {"state": "missing", "failures": entry.failures, "retry_at": retry_at, "error": error}
    row = {"feed": feed, "key": _stored(entry.key), "link": entry.link, "seen_at": now}
    statement = upsert(connection, entries).values(**row, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["feed", "key"], set_=values))


def missing_entries(connection: Connection, feed: str) -> list[MissingEntry]:
    """Entries whose CAP is still to be fetched, the next due first."""
    query = select(entries).where(entries.c.feed == feed, entries.c.state == "missing", entries.c.retry_at.is_not(None))
    rows = connection.execute(query.order_by(entries.c.retry_at)).mappings()
    return [MissingEntry(**{name: row[name] for name in MissingEntry.__struct_fields__}) for row in rows]


def _stored(key: str) -> str:
    """The key as its column holds it. Doing so twice is the same as once: missing entries come back under it."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
