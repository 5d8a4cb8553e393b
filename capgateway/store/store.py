"""The database: asynchronous calls outside, one writing thread and short reads inside.

::

    await store.read(lists.alert_page, limit=50)          a function of a connection, in one of the readers' threads
    await store.write(feeds.entry_taken, feed, key)       a function of a Write, durable when this returns
    await store.write_alone(alerts.take_in, arrivals)     the same, while no other gateway writes: for who decides

The modules of this package are such functions. SQLite is opened with a write-ahead log and ``synchronous=FULL``: what a
caller was told is stored survives the loss of power. Only one gateway uses a SQLite file (a lock beside it sees to that);
several share a PostgreSQL.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import bindparam, create_engine, delete, event, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError

from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.store import backup, gists, leases, pictures, schema
from capgateway.store.check import Check
from capgateway.store.place import Place, file_of, immutable
from capgateway.store.scrub import Scrubbed, scrub
from capgateway.store.seal import Seal, seal_of
from capgateway.store.tables import feed_status, gateway
from capgateway.store.writer import Writer
from capgateway.webhooks import Outlets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

    from capgateway.store.write import Write

_TOUCH = insert(feed_status).values(name=bindparam("name"))
_LEAVE_NOTHING = delete(feed_status).where(feed_status.c.name == bindparam("touched"))

P = ParamSpec("P")
T = TypeVar("T")
BUSY_SECONDS = 5.0
"""How long SQLite waits for a reader or a backup that holds the file."""
CHECK_SECONDS = 3.0
"""How long a write may take before the database is in trouble; orchestrators commonly give a probe five."""
UPGRADING = 0x43_41_50
"""The name of PostgreSQL's lock for whoever upgrades the schema: CAP."""
GONE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""How libpq notices within half a minute that the server's machine is gone, which says no word. Without this, a connection waits for
two hours. The address may have other values."""
READERS = 4
"""Threads that read: enough for a page, a scrape and the walks side by side."""


class Store:
    """Open with :meth:`open`, close with :meth:`close`. ``name`` is the database's address without its password;
    ``outlets``, where cards leave, ``clock``, by which the writer goes, and ``on_fault``, told in the writer's thread of
    faults in it, may be replaced at run time. ``is_dirty``: something was erased since the files were scrubbed, perhaps by an
    earlier process."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._url = database_url(url)
        self.name = self._url.render_as_string(hide_password=True)
        self.outlets = Outlets(receivers=(), public_url="")
        self.clock: Callable[[], datetime] = utc_now
        self.on_fault: Callable[[BaseException], None] = lambda _: None
        self.is_dirty = True
        self._place: Place | None = None
        if (path := file_of(self._url)) is not None:
            if not read_only:
                self._place = Place(path)
            elif not path.exists():
                raise StoreError(f"there is no database at {path}; `capgateway run` makes it")
            elif not os.access(path.parent, os.W_OK):  # a backup on a medium that nobody can write to
                self._url = immutable(self._url)
        self._engine = _engine(self._url, writes=not read_only)
        self._reader = _engine(self._url, writes=False)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._writer: Writer | None = None
        self._check = Check(self._write_something)
        self._closed = False

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database, create or upgrade its schema, and start the writer."""
        store = cls(url)
        try:
            store.upgrade()
            if store.is_ours_alone:
                with _trouble(store.name), store._engine.begin() as connection:
                    leases.release(connection, store.clock())
                    pictures.release(connection, store.clock())
        except BaseException:
            store.close()
            raise
        store._writer = Writer(store._engine, store)
        return store

    @cached_property
    def seal(self) -> Seal:
        """What keeps secrets readable for this gateway alone. Making the key takes a moment; call it in a thread."""
        with _trouble(self.name), self._reader.connect() as connection:
            deployment = connection.execute(select(gateway.c.deployment)).scalar_one()
        return seal_of(self._url, deployment)

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

    def size(self) -> int:
        """How many bytes the database takes on disk, the write-ahead log of SQLite included."""
        if (path := file_of(self._url)) is not None:
            parts = (path, path.with_name(f"{path.name}-wal"))
            return sum(part.stat().st_size for part in parts if part.exists())
        with _trouble(self.name), self._reader.connect() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    def backup(self, path: Path) -> int:
        """Write a consistent copy to a new file, also while a gateway uses the database; its size in bytes."""
        with _trouble(self.name):
            return backup.write(self._reader, path)

    def upgrade(self) -> None:
        """Bring the schema to this version's, and give a new database its name. Gists of another version are made again
        from the bytes that still exist."""
        with _trouble(self.name), self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # two gateways may be started at once
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADING})
            status = schema.status(connection)
            if not status.is_known:
                raise StoreError(f"{self.name} has schema {status.current}, {status.trouble}")
            if not status.is_current:
                schema.upgrade(connection)
            if connection.execute(select(gateway.c.id)).first() is None:
                name = secrets.token_hex(16)
                connection.execute(insert(gateway).values(id=1, deployment=name, sequence=0))
            gists.renew(connection)

    def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        self._closed = True
        if self._writer:
            self._writer.close()
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()
        self._reader.dispose()
        if self._place:
            self._place.close()

    @property
    def is_ours_alone(self) -> bool:
        """Whether no other process delivers from this database."""
        return self._url.get_backend_name() == "sqlite"

    async def trouble(self, seconds: float = CHECK_SECONDS) -> str | None:
        """Why the database takes no writes now, ``None`` if it does; a durable write says so, at most every few seconds."""
        return await self._check.trouble(seconds)

    async def _write_something(self) -> None:
        await self.write(_touch)
        if self._place and (trouble := await self.read(lambda _: self._place and self._place.trouble())):
            raise StoreError(trouble)

    async def write(self, work: Callable[Concatenate[Write, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a unit of work; durable when this returns."""
        return await self._the_writer().write(partial(_call, work, args, kwargs), alone=False)

    async def write_alone(self, work: Callable[Concatenate[Write, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a unit of work that decides, or gives out sequences, while no other gateway writes to this database."""
        return await self._the_writer().write(partial(_call, work, args, kwargs), alone=True)

    @property
    def writes_waiting(self) -> int:
        """About how many units of work wait for the thread that writes."""
        return self._writer.waiting if self._writer else 0

    async def read(self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """What a function reads from the database. A reader never waits for the writer, nor for anything but the disk."""

        def run() -> T:
            with _trouble(self.name), self._reader.connect() as connection:
                return work(connection, *args, **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, run)
        except RuntimeError as error:
            if self._closed:
                raise StoreError("the store is closed") from error
            raise

    async def scrub(self, largest: int) -> Scrubbed:
        """Remove from the files what was erased; a SQLite file of up to ``largest`` bytes is rewritten."""
        self.is_dirty = False  # what is erased meanwhile comes after it
        scrubbed = await self._the_writer().apart(lambda engine: scrub(engine, largest))
        self.is_dirty = self.is_dirty or not scrubbed.is_done
        return scrubbed

    def _the_writer(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self.name} is open for reading only")
        return self._writer


def _touch(write: Write) -> None:
    """Write something, and leave nothing. (SQLite would skip an update that changes nothing.)"""
    name = f"check {secrets.token_hex(8)}"
    write.execute(_TOUCH, {"name": name})
    write.execute(_LEAVE_NOTHING, {"touched": name})


def _call(work: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], write: Write) -> T:
    return work(write, *args, **kwargs)


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
        noticing = {key: value for key, value in GONE.items() if key not in url.query}
        return create_engine(url, pool_pre_ping=True, connect_args=noticing)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late for savepoints
        if "immutable" not in url.query:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
