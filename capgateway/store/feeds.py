"""Feeds: what was read of each, so that a poll takes in only what is new and nothing is skipped by a crash."""

from __future__ import annotations

import hashlib
import re
import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import BigInteger, and_, bindparam, case, literal_column, null, or_, select, type_coerce, update

from capgateway import ids
from capgateway.feeds.http.answer import Validators
from capgateway.store import erasure, operators
from capgateway.store.dialect import upserts
from capgateway.store.erasure import NO_LINK
from capgateway.store.many import Many
from capgateway.store.records import Body, Document, MissingEntry, TakenEntry
from capgateway.store.tables import Moment, addresses, alerts, bodies, cards, entries, feed_status, sightings
from capgateway.webhooks import OperatorData

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from capgateway.store.write import Write

KEYS_A_QUERY = 500
"""Both databases limit the parameters of a statement."""
_HASH = re.compile(r"[0-9a-f]{64}")
MOST_RECENT = 500
"""Documents of a feed that are asked for again after a restart, until its index is read again."""

_IS_FORGOTTEN = and_(entries.c.state == literal_column("'missing'"), entries.c.link.is_(None))
"""Its address was erased while it was to be fetched: a listing has to announce it again."""
_KNOWN = select(entries.c.key).where(
    entries.c.feed == bindparam("feed"),
    entries.c.key.in_(bindparam("keys", expanding=True)),
    or_(~_IS_FORGOTTEN, entries.c.retry_at.is_(None)),
)
_MISSING = (
    select(entries)
    .where(
        entries.c.feed == bindparam("feed"),
        entries.c.state == "missing",
        entries.c.retry_at.is_not(None),
        entries.c.link.is_not(None),
    )
    .order_by(entries.c.retry_at)
)
_ENTRY = Many(
    upserts(
        entries,
        lambda row: row.on_conflict_do_update(
            index_elements=["feed", "key"],
            set_={name: row.excluded[name] for name in ("state", "failures", "retry_at")}
            | {name: case((_IS_FORGOTTEN, null()), else_=row.excluded[name]) for name in ("link", "others", "error")},
        ),
    )
)
_NOTE = Many(upserts(entries, lambda row: row.on_conflict_do_nothing()))
_ADDRESS = Many(
    upserts(
        addresses,
        lambda row: row.on_conflict_do_update(
            index_elements=["feed", "address"],
            set_={
                name: row.excluded[name]
                for name in ("link", "alert_id", "etag", "last_modified", "sha256", "changed_at")
            },
        ),
    )
)
_DOCUMENTS = select(addresses).where(
    addresses.c.feed == bindparam("feed"), addresses.c.address.in_(bindparam("addresses", expanding=True))
)
_RECENT = (
    select(addresses)
    .where(addresses.c.feed == bindparam("feed"), addresses.c.link != NO_LINK)
    .order_by(addresses.c.changed_at.desc())
    .limit(MOST_RECENT)
)
_ON_DISPLAY = alerts.join(cards, cards.c.chain_id == alerts.c.chain_id)
_LIVE = (
    select(alerts.c.feed).select_from(_ON_DISPLAY).where(cards.c.state == "active").distinct(),
    select(sightings.c.feed)
    .select_from(_ON_DISPLAY.join(sightings, sightings.c.alert_id == alerts.c.id))
    .where(cards.c.state == "active")
    .distinct(),
)
_LIVE_DOCUMENTS = (
    select(addresses)
    .select_from(_ON_DISPLAY.join(addresses, addresses.c.alert_id == alerts.c.id))
    .where(cards.c.state == "active", addresses.c.link.is_not(None))
)
_COMPLETE = upserts(
    feed_status,
    lambda row: row.on_conflict_do_update(index_elements=["name"], set_={"complete_at": row.excluded.complete_at}),
)
_SILENT = upserts(
    feed_status,
    lambda row: row.on_conflict_do_update(index_elements=["name"], set_={"silent_since": row.excluded.silent_since}),
)
_UNJUDGED = upserts(
    feed_status,
    lambda row: row.on_conflict_do_update(
        index_elements=["name"], set_={"unjudged_since": row.excluded.unjudged_since}
    ),
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
    """What the last bodies of all feeds said of themselves, by feed and address; nothing of feeds never read."""
    found: dict[str, dict[str, Validators]] = {}
    for row in connection.execute(select(addresses).where(addresses.c.link.is_(None))).mappings():
        found.setdefault(row["feed"], {})[row["address"]] = _said(row)
    return found


def save_validators(write: Write, feed: str, address: str, said: Validators, news: Sequence[Body] = ()) -> None:
    """To be called when every entry of the body is taken in or remembered as missing, not before: after a crash the
    body is then read again rather than skipped. ``news`` are bodies that brought something, kept beside it."""
    write.execute_many(_ADDRESS, [_address_row(feed, address, None, said, write.now)])
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


class Stood(NamedTuple):
    """How a feed stood: when it last gave a complete answer, and since when what it brings is not judged; ``None`` where it never
    did, and where all is."""

    complete_at: datetime | None = None
    unjudged_since: datetime | None = None


def stood(connection: Connection, feed: str) -> Stood:
    """How a feed stood when that was last stored."""
    query = select(feed_status.c.complete_at, feed_status.c.unjudged_since).where(feed_status.c.name == feed)
    row = connection.execute(query).first()
    return Stood(*row) if row else Stood()


def silent(connection: Connection) -> set[str]:
    """The feeds of which operators were told that they are silent, and which have not answered since."""
    return set(connection.execute(select(feed_status.c.name).where(feed_status.c.silent_since.is_not(None))).scalars())


def fell_silent(write: Write, feed: str, since: datetime, last_answer: str | None) -> bool:
    """A feed is silent since then; whether operators are told, as they are once while that lasts. The unit has to be alone."""
    if feed in silent(write.connection):
        return False
    write.execute(_SILENT[write.dialect], {"name": feed, "silent_since": since})
    advice = (
        "The feed has not answered for its `silent_after`: alerts and take-downs may be missing. `capgateway feeds show"
        f" {feed}` says what is wrong; if it lasts, submit what its issuers say with `capgateway feeds submit {feed} FILE`."
    )
    said = OperatorData(severity="critical", feed=feed, last_answer=last_answer, since=since, advice=advice)
    operators.tell(write, "feed_silent", said)
    return True


def spoke_again(write: Write, names: Collection[str]) -> None:
    """Feeds are not silent any more."""
    write.execute(update(feed_status).where(feed_status.c.name.in_(sorted(names))).values(silent_since=None))


def note_unjudged(write: Write, feed: str) -> datetime:
    """An answer shows nothing that was known; what comes from now on is no sign that the feed goes on where it was."""
    write.execute(_UNJUDGED[write.dialect], [{"name": feed, "unjudged_since": write.now}])
    return write.now


def forget_unjudged(write: Write, feed: str) -> None:
    """It is judged."""
    write.execute(update(feed_status).where(feed_status.c.name == feed).values(unjudged_since=None))


def known_entries(
    connection: Connection, feed: str, keys: Sequence[str], *, before: datetime | None = None
) -> set[str]:
    """Which of these entries need no fetching: taken in, or waiting as missing; or only those seen ``before`` then."""
    query = _KNOWN if before is None else _KNOWN.where(entries.c.seen_at < before)
    stored = {_stored(key): key for key in keys}
    known = set[str]()
    for some in _portions(list(stored)):
        found = connection.execute(query, {"feed": feed, "keys": some})
        known.update(stored[key] for key in found.scalars())
    return known


def has_had(connection: Connection, feed: str) -> bool:
    """Whether the feed ever announced anything."""
    query = select(entries.c.key).where(entries.c.feed == feed).limit(1)
    return connection.execute(query).first() is not None


def entries_taken(write: Write, taken: Sequence[TakenEntry]) -> None:
    """The alerts of these entries are stored. What is taken in is known by its key: where it was is forgotten, and so is where
    an erased alert was."""
    rows = [
        _row(one.feed, one.key, None, write.now) | {"state": "taken", "failures": 0, "retry_at": None, "error": None}
        for one in taken
        if one.key
    ]
    if rows:
        write.execute_many(_ENTRY, rows)
    documents = [(one.feed, one.document) for one in taken if one.document]
    erased = _erased(write, {document.alert_id or "" for _, document in documents})
    read = [
        _address_row(feed, document.address, document, document.said, write.now)
        | ({"link": NO_LINK} if document.alert_id in erased else {})
        for feed, document in documents
    ]
    if read:
        write.execute_many(_ADDRESS, read)


def _erased(write: Write, alert_ids: Iterable[str]) -> set[str]:
    found = set[str]()
    for some in _portions(list(alert_ids)):
        query = select(alerts.c.id).where(alerts.c.id.in_(some), alerts.c.erased_at.is_not(None))
        found.update(write.execute(query).scalars())
    return found


def entries_announced(write: Write, feed: str, announced: Sequence[MissingEntry]) -> None:
    """These entries are still to be fetched: remembered before the first of them is, so that none is lost with the index."""
    rows = [_missing_row(feed, entry, write.now) | {"error": None} for entry in announced]
    if rows:
        write.execute_many(_NOTE, rows)


def entries_missing(write: Write, feed: str, missed: Sequence[tuple[MissingEntry, str]]) -> None:
    """The CAP of these entries could not be fetched, and why; to be tried again at ``retry_at``, or no more: then its address
    is forgotten."""
    nothing = {"link": None, "others": None, "error": None}
    rows = [
        _missing_row(feed, entry, write.now) | ({"error": error} if entry.retry_at else nothing)
        for entry, error in missed
    ]
    write.execute_many(_ENTRY, rows)


def clock_stepped(write: Write, by: timedelta) -> None:
    """The clock went back: what waits to be fetched again waits no longer than before."""
    if by < timedelta(0):
        write.execute(_MOVE_RETRIES, {"by": by // timedelta(microseconds=1), "now": write.now})


def missing_entries(connection: Connection, feed: str) -> list[MissingEntry]:
    """Entries whose CAP is still to be fetched, the next due first."""
    rows = connection.execute(_MISSING, {"feed": feed}).mappings()
    return [
        MissingEntry(
            key=row["key"],
            link=row["link"],
            failures=row["failures"],
            retry_at=row["retry_at"],
            envelope_status=row["envelope_status"],
            address=row["address"] or address_of([row["link"]], row["envelope_status"]),
            others=tuple((row["others"] or "").splitlines()),
        )
        for row in rows
    ]


def documents(connection: Connection, feed: str, wanted: Iterable[str]) -> dict[str, Document]:
    """What is known of documents, by the addresses that :func:`address_of` gives."""
    found: dict[str, Document] = {}
    for some in _portions(list(wanted)):
        rows = connection.execute(_DOCUMENTS, {"feed": feed, "addresses": some}).mappings()
        found.update({row["address"]: _document(row) for row in rows})
    return found


def recent_documents(connection: Connection, feed: str) -> dict[str, Document]:
    """The documents of a feed that were read last, the newest first."""
    return {row["address"]: _document(row) for row in connection.execute(_RECENT, {"feed": feed}).mappings()}


def live(connection: Connection) -> dict[str, dict[str, Document]]:
    """By feed, the documents that cards on display came from; also of feeds that brought one without any document."""
    found: dict[str, dict[str, Document]] = {
        feed: {} for query in _LIVE for feed in connection.execute(query).scalars()
    }
    for row in connection.execute(_LIVE_DOCUMENTS).mappings():
        found.setdefault(row["feed"], {})[row["address"]] = _document(row)
    return found


def address_of(links: Sequence[str], envelope_status: str | None = None) -> str:
    """Under which address the document behind these links is known. What an envelope calls a test is another document."""
    said = () if envelope_status in {None, "Actual"} else (envelope_status or "",)
    return hashlib.sha256("\n".join((*links, *said)).encode(errors="surrogatepass")).hexdigest()


def are_old_links(connection: Connection, before: datetime) -> bool:
    """Whether :func:`forget_links` has anything to do."""
    return connection.execute(select(entries.c.feed).where(_is_old_link(before)).limit(1)).first() is not None


def forget_links(write: Write, before: datetime) -> int:
    """Forget where documents are that were announced until then and could not be fetched since; how many. This process goes on
    trying; the next one reads the listings in full, to learn of them again."""
    return _forget_links(write, _is_old_link(before))


def forget(write: Write, names: Collection[str]) -> None:
    """Forget what these feeds listed, as it may name somebody: their bodies, and the links that are still to be fetched."""
    erasure.blank(write, bodies, bodies.c.feed.in_(sorted(names)) & bodies.c.content.is_not(None))
    _forget_links(write, and_(entries.c.feed.in_(sorted(names)), _is_old_link(write.now)))


def lists_erased(connection: Connection, feed: str, listed: Iterable[str], hashes: Iterable[str]) -> bool:
    """Whether a listing has anything that is erased, by the addresses of its documents and the hashes of those it contains."""
    documents = select(alerts.c.id).join(addresses, addresses.c.alert_id == alerts.c.id)
    documents = documents.where(addresses.c.feed == feed, alerts.c.erased_at.is_not(None)).limit(1)
    held = select(alerts.c.id).where(alerts.c.erased_at.is_not(None)).limit(1)
    asked = ((documents, addresses.c.address, list(listed)), (held, alerts.c.sha256, list(hashes)))
    return any(
        connection.execute(query.where(column.in_(some))).first() is not None
        for query, column, ids in asked
        for some in _portions(ids)
    )


def _forget_links(write: Write, which: ColumnElement[bool]) -> int:
    names = write.execute(select(entries.c.feed).where(which).distinct()).scalars().all()
    unread = {"etag": None, "last_modified": None, "sha256": None}
    write.execute(update(addresses).where(addresses.c.link.is_(None), addresses.c.feed.in_(names)).values(unread))
    return erasure.blank(write, entries, which)


def _is_old_link(before: datetime) -> ColumnElement[bool]:
    return and_(entries.c.state == "missing", entries.c.link.is_not(None), entries.c.seen_at <= before)


def _row(feed: str, key: str, link: str | None, now: datetime) -> dict[str, Any]:
    return {
        "feed": feed,
        "key": _stored(key),
        "link": link,
        "seen_at": now,
        "envelope_status": None,
        "address": None,
        "others": None,
    }


def _missing_row(feed: str, entry: MissingEntry, now: datetime) -> dict[str, Any]:
    facts = {
        "envelope_status": entry.envelope_status,
        "address": entry.address or None,
        "others": "\n".join(entry.others) or None,
    }
    said = {"state": "missing", "failures": entry.failures, "retry_at": entry.retry_at}
    return _row(feed, entry.key, entry.link, now) | facts | said


def _address_row(feed: str, address: str, document: Document | None, said: Validators, now: datetime) -> dict[str, Any]:
    return {
        "feed": feed,
        "address": address,
        "link": document.link if document else None,
        "envelope_status": document.envelope_status if document else None,
        "alert_id": document.alert_id if document else None,
        "etag": said.etag,
        "last_modified": said.last_modified,
        "sha256": said.sha256,
        "changed_at": now,
    }


def _said(row: RowMapping) -> Validators:
    return Validators(etag=row["etag"], last_modified=row["last_modified"], sha256=row["sha256"])


def _document(row: RowMapping) -> Document:
    return Document(
        address=row["address"],
        link=row["link"],
        envelope_status=row["envelope_status"],
        alert_id=row["alert_id"],
        said=_said(row),
    )


def _portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + KEYS_A_QUERY] for start in range(0, len(keys), KEYS_A_QUERY))


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
    """The key as its column contains it: hashed, as it has the entry's address in it. Doing so twice is the same as once:
    missing entries come back under it."""
    if _HASH.fullmatch(key):
        return key
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
