"""The store's front: asynchronous calls outside, one writing thread and short reads inside.

SQLite is opened with a write-ahead log and ``synchronous=FULL``: what a caller was told is stored survives the loss
of power. Only one gateway uses a SQLite file (a lock beside it sees to that); several share a PostgreSQL.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import create_engine, event, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError

from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.store import alerts, cards, chains, deliveries, feeds, lists, schema
from capgateway.store.tables import gateway
from capgateway.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import URL, Connection, Engine

    from capgateway.cap import Reference
    from capgateway.cards import CardState, Decision
    from capgateway.store.records import (
        Arrival,
        Body,
        Decide,
        FeedState,
        MissingEntry,
        Page,
        StoredAlert,
        StoredCard,
        StoredDelivery,
        Taken,
        Waiting,
    )
    from capgateway.webhooks import Attempt, Claim, Next, Outlets

T = TypeVar("T")
BUSY_SECONDS = 5.0
"""How long SQLite waits for a reader or a backup that holds the file."""


class Store:
    """Open with :meth:`open`, close with :meth:`close`. Every method is one transaction. ``name`` is the database's
    address without its password."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._url = database_url(url)
        self.name = self._url.render_as_string(hide_password=True)
        self._lock: IO[bytes] | None = None
        if not read_only:
            self._lock = _lock(self._url)
        elif path := _file(self._url):
            if not path.exists():
                raise StoreError(f"there is no database at {path}; `capgateway run` makes it")
            if not os.access(path.parent, os.W_OK):  # a backup on a medium that nobody can write to
                self._url = _immutable(self._url)
        self._engine = _engine(self._url, writes=not read_only)
        self._reader = _engine(self._url, writes=False)
        self._writer: Writer | None = None

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database, create or upgrade its schema, and start the writer."""
        store = cls(url)
        try:
            store.upgrade()
            if store._url.get_backend_name() == "sqlite":
                with store._engine.begin() as connection:
                    deliveries.release_leases(connection)
        except BaseException:
            store.close()
            raise
        store._writer = Writer(store._engine)
        return store

    @classmethod
    def open_read_only(cls, url: str) -> Self:
        """Open for reading, beside a gateway that may be running; the schema must be current."""
        store = cls(url, read_only=True)
        status = store.schema_status()
        if not status.is_current:
            store.close()
            raise StoreError(f"{store.name} has schema {status.current or 'none'}, {status.trouble}")
        return store

    def schema_status(self) -> schema.SchemaStatus:
        """Which schema the database has and which it should have."""
        with _trouble(self.name), self._reader.connect() as connection:
            return schema.status(connection)

    def upgrade(self) -> None:
        """Bring the schema to this version's, and give a new database its name."""
        with _trouble(self.name), self._engine.begin() as connection:
            status = schema.status(connection)
            if not status.is_known:
                raise StoreError(f"{self.name} has schema {status.current}, {status.trouble}")
            if not status.is_current:
                schema.upgrade(connection)
            if connection.execute(select(gateway.c.id)).first() is None:
                name = secrets.token_hex(16)
                connection.execute(insert(gateway).values(id=1, deployment=name, sequence=0))

    def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        if self._writer:
            self._writer.close()
        self._engine.dispose()
        self._reader.dispose()
        if self._lock:
            self._lock.close()

    async def ping(self) -> None:
        """Raises :class:`StoreError` when the database does not answer."""
        await self._read(lambda connection: connection.execute(text("SELECT 1")).scalar())

    # The walk from feed to store

    async def take_in(self, arrival: Arrival, decide: Decide, outlets: Outlets) -> Taken:
        """Store a document with everything that follows from it; durable when this returns."""
        return await self._write(lambda connection: alerts.take_in(connection, arrival, decide, outlets, utc_now()))

    async def decide_again(self, alert_id: str, decide: Decide, outlets: Outlets) -> Taken:
        """Decide a stored alert anew, as after a change of policy."""
        return await self._write(
            lambda connection: alerts.decide_again(connection, alert_id, decide, outlets, utc_now())
        )

    async def undecided_by_region(self, now: datetime, since: datetime) -> list[str]:
        """Alerts that a change of the policy's regions may decide otherwise: the heads of live cards, and what was
        left out for its region ``since`` then."""
        return await self._read(lambda connection: alerts.undecided_by_region(connection, now, since))

    async def route_again(self, outlets: Outlets) -> int:
        """Send live cards where receivers want them now, and take them down where they no longer do; how many messages."""
        return await self._write(lambda connection: cards.route_again(connection, outlets, utc_now()))

    async def expire(self, end: Callable[[CardState], Decision], outlets: Outlets, limit: int) -> int:
        """End the cards whose time has come; how many there were."""
        return await self._write(lambda connection: cards.expire(connection, end, outlets, limit, utc_now()))

    async def next_expiry(self) -> datetime | None:
        """When the next active card ends, or ``None`` when none is active."""
        return await self._read(cards.next_expiry)

    async def feed_states(self) -> dict[str, dict[str, FeedState]]:
        """What the last bodies of all feeds said of themselves, by feed and part."""
        return await self._read(feeds.feed_states)

    async def save_feed_state(self, feed: str, part: str, state: FeedState, news: Sequence[Body] = ()) -> None:
        """Remember a body; to be called when all its entries are accounted for. ``news`` are kept whole."""
        await self._write(lambda connection: feeds.save_feed_state(connection, feed, part, state, news, utc_now()))

    async def erase_bodies(self, before: datetime) -> int:
        """Erase the content of feeds' bodies that were fetched before then; how many."""
        return await self._write(lambda connection: feeds.erase_bodies(connection, before))

    async def known_entries(self, feed: str, keys: Sequence[str]) -> set[str]:
        """Which of these entries need no fetching: taken in, or waiting as missing."""
        return await self._read(lambda connection: feeds.known_entries(connection, feed, keys))

    async def entry_taken(self, feed: str, key: str, link: str | None) -> None:
        """The entry's alert is stored."""
        await self._write(lambda connection: feeds.entry_taken(connection, feed, key, link, utc_now()))

    async def entry_missing(self, feed: str, entry: MissingEntry, error: str) -> None:
        """The entry's CAP could not be fetched; to be tried again at its ``retry_at``, or no more."""
        await self._write(lambda connection: feeds.entry_missing(connection, feed, entry, error, utc_now()))

    async def missing_entries(self, feed: str) -> list[MissingEntry]:
        """Entries whose CAP is still to be fetched, the next due first."""
        return await self._read(lambda connection: feeds.missing_entries(connection, feed))

    async def holds(self, reference: Reference) -> bool:
        """Whether the message a reference names was taken in."""
        return await self._read(lambda connection: chains.holds(connection, reference))

    # The walk from store to receiver

    async def claim(
        self, receiver: str, *, now: datetime, limit: int, lease: timedelta, take_downs_only: bool = False
    ) -> list[Claim]:
        """Lease what is due to one receiver, take-downs first, under the rules of its lanes."""
        take = partial(
            deliveries.claim, receiver=receiver, now=now, limit=limit, lease=lease, take_downs_only=take_downs_only
        )
        return await self._write(take)

    async def record_attempt(self, claim: Claim, attempt: Attempt, after: Next) -> bool:
        """Write how an attempt ended and what follows; ``False`` when the delivery is no longer ours."""
        return await self._write(
            lambda connection: deliveries.record_attempt(connection, claim, attempt, after, utc_now())
        )

    async def next_due(self, receivers: Sequence[str]) -> datetime | None:
        """When to look for deliveries to these receivers again, or ``None`` when none waits."""
        return await self._read(lambda connection: deliveries.next_due(connection, receivers, utc_now()))

    async def overtaken(self) -> list[str]:
        """Deliveries under way that a take-down of their lane waits for."""
        return await self._read(lambda connection: deliveries.overtaken(connection, utc_now()))

    # What people ask

    async def alerts(
        self,
        *,
        decision: str | None = None,
        feed: str | None = None,
        identifier: str | None = None,
        card_id: str | None = None,
        since: datetime | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[StoredAlert]:
        """Alerts, the newest first. A made-up cursor is a ``ValueError``, here and below."""
        return await self._read(
            partial(
                lists.alert_page,
                decision=decision,
                feed=feed,
                identifier=identifier,
                card_id=card_id,
                since=since,
                limit=limit,
                after=after,
            )
        )

    async def alert(self, alert_id: str) -> StoredAlert | None:
        """One alert, or ``None``."""
        return await self._read(lambda connection: lists.one_alert(connection, alert_id))

    async def original(self, alert_id: str) -> bytes | None:
        """An alert's bytes as received, or ``None``."""
        return await self._read(lambda connection: lists.original(connection, alert_id))

    async def cards(self, *, state: str | None = None, limit: int = 50, after: str | None = None) -> Page[StoredCard]:
        """Cards, the newest first."""
        return await self._read(partial(lists.card_page, state=state, limit=limit, after=after))

    async def card(self, card_id: str) -> StoredCard | None:
        """One card, or ``None``."""
        return await self._read(lambda connection: lists.one_card(connection, card_id))

    async def deliveries(
        self,
        *,
        state: str | None = None,
        receiver: str | None = None,
        card_id: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[StoredDelivery]:
        """Deliveries with their attempts, the newest first."""
        return await self._read(
            partial(lists.delivery_page, state=state, receiver=receiver, card_id=card_id, limit=limit, after=after)
        )

    async def waiting(self) -> Waiting:
        """What operators watch: the deliveries that wait, by receiver."""
        return await self._read(lists.waiting)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        if self._writer is None:
            raise StoreError(f"{self.name} is open for reading only")
        return await self._writer.write(work)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with _trouble(self.name), self._reader.connect() as connection:
                return work(connection)

        return await asyncio.to_thread(run)


@contextmanager
def _trouble(name: str) -> Iterator[None]:
    """Turns the database's own exceptions into one sentence for the user."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"cannot use the database {name}: {error.orig}") from error


def database_url(text_url: str) -> URL:
    """The address with the driver we use; PostgreSQL goes through psycopg 3."""
    url = make_url(text_url)
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


def _engine(url: URL, *, writes: bool) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints
        if "immutable" not in url.query:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _file(url: URL) -> Path | None:
    """The file of a SQLite database; ``None`` for a database elsewhere."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _immutable(url: URL) -> URL:
    """The address of a SQLite database that nobody changes: its log needs no file beside it."""
    return url.set(database=f"file:{url.database}").update_query_dict({"immutable": "1", "mode": "ro", "uri": "true"})


def _lock(url: URL) -> IO[bytes] | None:
    """Hold the lock file beside a SQLite database, so that two gateways never deliver from one file."""
    path = _file(url)
    if path is None:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.lock").open("ab")
    except OSError as error:
        raise StoreError(f"cannot use the database {path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StoreError(f"another gateway is using {path}; stop it first, or share a PostgreSQL database") from None
    return lock
