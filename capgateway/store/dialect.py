"""The one statement that SQLite and PostgreSQL spell alike, but SQLAlchemy keeps in two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Executable, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert


def upsert(connection: Connection, table: Table) -> SqliteInsert | PostgresInsert:
    """An INSERT that knows ON CONFLICT."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def upserts(table: Table, build: Callable[[Any], Executable]) -> Mapping[str, Executable]:
    """The same, built once for either database, by the database's name; ``build`` adds what is done on a conflict."""
    return {"sqlite": build(sqlite.insert(table)), "postgresql": build(postgresql.insert(table))}
