"""A consistent copy of the database, written while a gateway may be using it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from capgateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Engine


def write(engine: Engine, path: Path) -> int:
    """Copy what ``engine`` reads into a new file that only its owner may read; its size in bytes. SQLite: a database without
    the free pages, in which traces of what was erased might be. PostgreSQL: an archive for ``pg_restore``."""
    with _new(path):
        if engine.dialect.name == "sqlite":
            _copy(engine, path)
        else:
            _dump(engine.url, path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return path.stat().st_size


@contextmanager
def _new(path: Path) -> Iterator[None]:
    """A new, empty file; gone again if what follows fails."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise StoreError(f"{path} exists already; a backup never replaces a file") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _copy(engine: Engine, path: Path) -> None:
    connection = engine.raw_connection()  # VACUUM refuses to run inside a transaction
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(path),))
    except sqlite3.Error as error:
        raise StoreError(f"the copy could not be written to {path}: {error}") from error
    finally:
        connection.close()


def _dump(url: URL, path: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise StoreError("a backup of PostgreSQL needs pg_dump, which is in the package postgresql-client")
    address = url._replace(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(  # noqa: S603
        [program, "--format=custom", "--no-owner", f"--file={path}", f"--dbname={address}"],
        env={**os.environ, **password},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StoreError(f"the backup failed: {' '.join(done.stderr.split())}")
