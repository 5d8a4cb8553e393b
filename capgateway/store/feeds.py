"""Feeds: what was read of each, so that a poll takes in only what is new and nothing is skipped by a crash."""

from __future__ import annotations

import hashlib
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, select, type_coerce, update

from capgateway import ids
from capgateway.feeds.http.answer import Validators
from capgateway.store.dialect import upserts
from capgateway.store.many import Many
from capgateway.store.records import Body, MissingEntry, TakenEntry
from capgateway.store.tables import Moment, bodies, entries, feed_status, feeds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.store.write import Write

KEYS_A_QUERY = 500
"""Both databases limit the parameters of a statement."""
LONGEST_KEY = 64
"""The width of the column. A longer key is replaced by its hash: links may have thousands of characters, index rows not."""

_KNOWN = select(entries.c.key).where(
    entries.c.feed == bindparam("feed"), entries.c.key.in_(bindparam("keys", expanding=True))
)
_MISSING = (
    select(entries)
    .where(entries.c.feed == bindparam("feed"), entries.c.state == "missing", entries.c.retry_at.is_not(None))
    .order_by(entries.c.retry_at)
)
_ENTRY = Many(
    upserts(
        entries,
        lambda row: row.on_conflict_do_update(
            index_elements=["feed", "key"],
            set_={name: row.excluded[name] for name in ("state", "failures", "retry_at", "error")},
        ),
    )
)
_VALIDATORS = upserts(
    feeds,
    lambda row: row.on_conflict_do_update(
        index_elements=["name", "part"],
        set_={name: row.excluded[name] for name in ("etag", "last_modified", "sha256", "changed_at")},
    ),
)
_COMPLETE = upserts(
    feed_status,
    lambda row: row.on_conflict_do_update(index_elements=["name"], set_={"complete_at": row.excluded.complete_at}),
)


_MOVE_RETRIES = (
    update(entries)
    .where(entries.c.state == "missing", entries.c.retry_at > bindparam("now"))
    .values(
        retry_at=type_coerce(
            type_coerce(entries.c.retry_at, BigInteger) + type_coerce(bindparam("by", type_=BigInteger), BigInteger),
            Moment,
        )
    )
)


def validators(connection: Connection) -> dict[str, dict[str, Validators]]:
    """What the last bodies of all feeds said of themselves, by feed and part; nothing of feeds never read."""
    found: dict[str, dict[str, Validators]] = {}
    for row in connection.execute(select(feeds)).mappings():
        said = Validators(etag=row["etag"], last_modified=row["last_modified"], sha256=row["sha256"])
        found.setdefault(row["name"], {})[row["part"]] = said
    return found


def save_validators(write: Write, feed: str, part: str, said: Validators, news: Sequence[Body] = ()) -> None:
    """To be called when every entry of the body is taken in or remembered as missing, not before: after a crash the
    body is then read again rather than skipped. ``news`` are bodies that brought something, kept beside it."""
    values = {"etag": said.etag, "last_modified": said.last_modified, "sha256": said.sha256, "changed_at": write.now}
    write.execute(_VALIDATORS[write.dialect], {"name": feed, "part": part, **values})
    for body in news:
        write.add(bodies, _body_row(feed, body, write.now))


def complete(connection: Connection) -> dict[str, datetime]:
    """When each feed last gave an answer whose every entry was accounted for."""
    rows = connection.execute(select(feed_status.c.name, feed_status.c.complete_at))
    return {name: moment for name, moment in rows if moment is not None}


def save_complete(write: Write, answers: Mapping[str, datetime]) -> None:
    """Remember when feeds last gave a complete answer."""
    rows = [{"name": name, "complete_at": moment} for name, moment in sorted(answers.items())]
    if rows:
        write.execute(_COMPLETE[write.dialect], rows)


def known_entries(connection: Connection, feed: str, keys: Sequence[str]) -> set[str]:
    """Which of these entries need no fetching: taken in, or waiting as missing."""
    stored = {_stored(key): key for key in keys}
    names, known = list(stored), set[str]()
    for start in range(0, len(names), KEYS_A_QUERY):
        found = connection.execute(_KNOWN, {"feed": feed, "keys": names[start : start + KEYS_A_QUERY]})
        known.update(stored[key] for key in found.scalars())
    return known


def entries_taken(write: Write, taken: Sequence[TakenEntry]) -> None:
    """The alerts of these entries are stored."""
    rows = [
        _row(one.feed, one.key, one.link, write.now)
        | {"state": "taken", "failures": 0, "retry_at": None, "error": None}
        for one in taken
    ]
    write.execute_many(_ENTRY, rows)


def entry_missing(write: Write, feed: str, entry: MissingEntry, error: str) -> None:
    """The entry's CAP could not be fetched; to be tried again at its ``retry_at``, or no more."""
    row = _row(feed, entry.key, entry.link, write.now) | {"envelope_status": entry.envelope_status}
    said = {"state": "missing", "failures": entry.failures, "retry_at": entry.retry_at, "error": error}
    write.execute_many(_ENTRY, [row | said])


def clock_stepped(write: Write, by: timedelta) -> None:
    """The clock went back: what waits to be fetched again waits no longer than before."""
    if by < timedelta(0):
        write.execute(_MOVE_RETRIES, {"by": by // timedelta(microseconds=1), "now": write.now})


def missing_entries(connection: Connection, feed: str) -> list[MissingEntry]:
    """Entries whose CAP is still to be fetched, the next due first."""
    rows = connection.execute(_MISSING, {"feed": feed}).mappings()
    return [MissingEntry(**{name: row[name] for name in MissingEntry.__struct_fields__}) for row in rows]


def _row(feed: str, key: str, link: str | None, now: datetime) -> dict[str, Any]:
    return {"feed": feed, "key": _stored(key), "link": link, "seen_at": now, "envelope_status": None}


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


def _stored(key: str) -> str:
    """The key as its column contains it. Doing so twice is the same as once: missing entries come back under it."""
    if len(key) <= LONGEST_KEY and key.isprintable():
        return key
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
