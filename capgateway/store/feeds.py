"""Feeds: what was read of each, so that a poll takes in only what is new and nothing is skipped by a crash."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from capgateway import ids
from capgateway.store.dialect import upsert
from capgateway.store.records import Body, FeedState, MissingEntry
from capgateway.store.tables import bodies, entries, feeds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

KEYS_A_QUERY = 500
"""Both databases limit the parameters of a statement."""
LONGEST_KEY = 64
"""The width of the column. Longer keys stand as their hash: links may have thousands of characters, index rows not."""


def feed_states(connection: Connection) -> dict[str, dict[str, FeedState]]:
    """What the last bodies of all feeds said of themselves, by feed and part; nothing of feeds never read."""
    states: dict[str, dict[str, FeedState]] = {}
    for row in connection.execute(select(feeds)).mappings():
        state = FeedState(etag=row["etag"], last_modified=row["last_modified"], sha256=row["sha256"])
        states.setdefault(row["name"], {})[row["part"]] = state
    return states


def save_feed_state(
    connection: Connection, feed: str, part: str, state: FeedState, news: Sequence[Body], now: datetime
) -> None:
    """To be called when every entry of the body is taken in or remembered as missing, not before: after a crash the
    body is then read again rather than skipped. ``news`` are bodies that brought something, kept beside it."""
    values = {"etag": state.etag, "last_modified": state.last_modified, "sha256": state.sha256, "changed_at": now}
    statement = upsert(connection, feeds).values(name=feed, part=part, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name", "part"], set_=values))
    for body in news:
        connection.execute(insert(bodies).values(_body_row(feed, body, now)))


def _body_row(feed: str, body: Body, now: datetime) -> dict[str, Any]:
    digest = hashlib.sha256(body.content).hexdigest()
    return {
        "id": ids.derived("bdy", feed, body.url, now.isoformat(), digest),
        "feed": feed,
        "url": body.url,
        "status": body.status,
        "media_type": body.media_type,
        "fetched_at": now,
        "sha256": digest,
        "content": zlib.compress(body.content, level=1),  # fast, and a tenth of the size even so
    }


def erase_bodies(connection: Connection, before: datetime) -> int:
    """Erase the content of bodies fetched before then; that they were fetched, and their hash, stays. How many."""
    old = update(bodies).where(bodies.c.fetched_at < before, bodies.c.content.is_not(None))
    return connection.execute(old.values(content=None)).rowcount


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


def entry_missing(connection: Connection, feed: str, entry: MissingEntry, error: str, now: datetime) -> None:
    """The entry's CAP could not be fetched; to be tried again at its ``retry_at``, or no more."""
    values = {"state": "missing", "failures": entry.failures, "retry_at": entry.retry_at, "error": error}
    statement = upsert(connection, entries).values(
        feed=feed,
        key=_stored(entry.key),
        link=entry.link,
        envelope_status=entry.envelope_status,
        seen_at=now,
        **values,
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["feed", "key"], set_=values))


def missing_entries(connection: Connection, feed: str) -> list[MissingEntry]:
    """Entries whose CAP is still to be fetched, the next due first."""
    query = select(entries).where(entries.c.feed == feed, entries.c.state == "missing", entries.c.retry_at.is_not(None))
    rows = connection.execute(query.order_by(entries.c.retry_at)).mappings()
    return [MissingEntry(**{name: row[name] for name in MissingEntry.__struct_fields__}) for row in rows]


def _stored(key: str) -> str:
    """The key as its column holds it. Doing so twice is the same as once: missing entries come back under it."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
