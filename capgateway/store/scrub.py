"""What is erased must be gone from the disk too, as far as a database can do that.

SQLite: ``secure_delete`` overwrites what is deleted or blanked with zeros. Two places are left. The write-ahead log still has
the pages as they were: a checkpoint that truncates it removes them. And when SQLite moved a row from one page to another
earlier, it left the bytes in the gap of the old page: only rewriting the file (``VACUUM``) removes those.

PostgreSQL keeps the old version of a changed row until ``VACUUM``, which frees its space but does not overwrite it; its
write-ahead log is recycled in its own time.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.exc import DBAPIError

from capgateway.store.tables import PERSONAL

if TYPE_CHECKING:
    from sqlalchemy import Engine

BUSY_MILLISECONDS = 200
"""How long a checkpoint waits for readers, during which nobody else can write. It is tried again later."""


class Scrubbed(NamedTuple):
    """Whether the log is truncated (on PostgreSQL: the tables were vacuumed), and whether the file was rewritten."""

    is_done: bool
    is_rewritten: bool = False


def scrub(engine: Engine, largest: int) -> Scrubbed:
    """Remove what was erased from the files. A SQLite file of up to ``largest`` bytes is rewritten, which blocks writers for about
    a second per 100 MB. What cannot be done now, because of a reader or a full disk, may be tried again."""
    try:
        return _scrub_sqlite(engine, largest) if engine.dialect.name == "sqlite" else _vacuum(engine)
    except (sqlite3.OperationalError, DBAPIError):
        return Scrubbed(is_done=False)


def _scrub_sqlite(engine: Engine, largest: int) -> Scrubbed:
    """Outside any transaction, so by the driver's own connection."""
    pooled = engine.raw_connection()
    try:
        run = pooled.cursor().execute
        (usual,) = run("PRAGMA busy_timeout").fetchone()
        run(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        try:
            size = run("PRAGMA page_count").fetchone()[0] * run("PRAGMA page_size").fetchone()[0]
            if size <= largest:
                run("PRAGMA temp_store=MEMORY")  # the copy has names in it, too
                run("VACUUM")
            is_busy, *_ = run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            run(f"PRAGMA busy_timeout={usual}")
        return Scrubbed(is_done=not is_busy, is_rewritten=size <= largest)
    finally:
        pooled.close()


def _vacuum(engine: Engine) -> Scrubbed:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in sorted({column.table.name for column in PERSONAL}):
            connection.exec_driver_sql(f"VACUUM {name}")
    return Scrubbed(is_done=True)
