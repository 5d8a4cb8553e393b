"""What a unit of work gets from the writer: one connection, one time, and rows that are inserted together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import bindparam, insert, select, update

from capgateway.store.many import Many
from capgateway.store.tables import gateway, metadata, microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, CursorResult, Executable, Table

    from capgateway.webhooks import Outlets

T = TypeVar("T")
_INSERTS = {table: Many(insert(table)) for table in metadata.sorted_tables}
_IDENTITY = select(gateway.c.deployment, gateway.c.sequence, gateway.c.paused_since)
_IDENTITY_ALONE = _IDENTITY.with_for_update()
_IDENTITY_SHARED = _IDENTITY.with_for_update(read=True)
_SEQUENCE = update(gateway).values(sequence=bindparam("last"))


class Commit:
    """One transaction of the writer, shared by the units of a group.

    The gateway's row is locked before any other. Who decides locks it for itself: of two gateways that share a PostgreSQL
    one might take in an Alert and the other its Cancel, and neither see the other's. The others lock it together, so that
    they wait for a decision and never for each other. (SQLite has one writer and knows no such clause.)
    """

    def __init__(
        self,
        connection: Connection,
        *,
        now: datetime,
        outlets: Outlets,
        deployment: str,
        sequence: int,
        paused_since: datetime | None,
        alone: bool,
    ) -> None:
        self.connection, self.now, self.outlets, self.deployment, self.alone = (
            connection,
            now,
            outlets,
            deployment,
            alone,
        )
        self.sequence = self._stored = sequence
        self.paused_since = paused_since
        self.is_dirty = False

    @classmethod
    def begin(cls, connection: Connection, *, now: datetime, outlets: Outlets, alone: bool) -> Commit:
        """Lock the gateway's row, which says what the database is called and which sequence was given out last."""
        known = connection.execute(_IDENTITY_ALONE if alone else _IDENTITY_SHARED).one()
        return cls(connection, now=now, outlets=outlets, alone=alone, **known._mapping)

    def unit(self, work: Callable[[Write], T]) -> T:
        """Do one unit of work, all its rows included."""
        write = Write(self)
        result = work(write)
        write.flush()
        return result

    def finish(self) -> None:
        """To be called before the commit."""
        if self.sequence != self._stored:
            self.connection.execute(_SEQUENCE, {"last": self.sequence})


class Write:
    """One unit of work. ``now`` is the time of everything it stores; ``outlets`` are the receivers of this moment."""

    def __init__(self, commit: Commit) -> None:
        self._commit, self._connection = commit, commit.connection
        self._rows: dict[Table, list[Mapping[str, Any]]] = {}
        self.now, self.outlets, self.deployment = commit.now, commit.outlets, commit.deployment
        self.dialect = commit.connection.dialect.name

    @property
    def connection(self) -> Connection:
        """The connection, for reading; whatever was to be inserted is there by then."""
        self.flush()
        return self._connection

    def add(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a row, together with others of its table, before anything is read. Every row of a table has the same
        columns."""
        self._rows.setdefault(table, []).append(row)

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """What the statement gives, after whatever was to be inserted."""
        self.flush()
        return self._connection.execute(statement, parameters)

    def execute_many(self, statement: Many, rows: Sequence[Mapping[str, Any]]) -> None:
        """A statement for each of these rows, after whatever was to be inserted."""
        self.flush()
        if rows:
            statement.execute(self._connection, rows)

    def flush(self) -> None:
        """Insert what waits, in the order of the tables' foreign keys."""
        if not self._rows:
            return
        rows, self._rows = self._rows, {}
        for table, inserts in _INSERTS.items():
            if table in rows:
                inserts.execute(self._connection, rows[table])

    @property
    def paused_since(self) -> datetime | None:
        """Since when no display starts, as every gateway of this database knows it; ``None`` while displays are sent."""
        return self._commit.paused_since

    def pause(self, since: datetime | None) -> None:
        """Let no display start from now on, or let them start again; what follows in the same commit knows it."""
        if not self._commit.alone:
            raise AssertionError("only a unit that is alone pauses: nobody claims a display meanwhile")
        self.execute(update(gateway).values(paused_since=since))
        self._commit.paused_since = since

    def leaves_traces(self) -> None:
        """Something was erased that must be gone from the files too: they are scrubbed soon."""
        self._commit.is_dirty = True

    def next_sequence(self) -> int:
        """The next number of the whole gateway: the microsecond of the commit, made strictly growing, so that it goes on
        growing over restarts and over databases restored from a backup."""
        if not self._commit.alone:
            raise AssertionError("only a unit that is alone gives out sequences")
        self._commit.sequence = max(self._commit.sequence + 1, microseconds(self.now))
        return self._commit.sequence
