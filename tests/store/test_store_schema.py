"""The database's schema, and who may open it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from capgateway.errors import StoreError
from capgateway.store import Store, TakenEntry, feeds, lists
from capgateway.store.tables import metadata


def test_migrations_make_what_tables_say(store: Store) -> None:
    """The migrations lead to exactly the tables of the code, on both databases."""
    with store._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_new_database_is_brought_up(database_url: str) -> None:
    """An empty database has no version; opening it brings it to this one's, and again changes nothing."""
    untouched = Store(database_url)
    status = untouched.schema_status()
    assert (status.current, status.is_current, status.is_known) == (None, False, True)
    untouched.close()
    for _ in range(2):
        store = Store.open(database_url)
        assert store.schema_status().is_current
        store.close()


def test_a_newer_schema_is_refused(database_url: str) -> None:
    """A database that a later version wrote is opened neither for writing nor for reading, and stays as it is."""
    store = Store.open(database_url)
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match="newer version"):
        Store.open(database_url)
    with pytest.raises(StoreError, match="9999, written by a newer version"):
        Store.open_read_only(database_url)
    late = Store(database_url, read_only=True)
    assert not late.schema_status().is_known
    late.close()


async def test_one_gateway_a_file(sqlite_url: str) -> None:
    """A second gateway on the same SQLite file is refused in one sentence; a reader beside it is welcome."""
    store = Store.open(sqlite_url)
    with pytest.raises(StoreError, match="another gateway is using"):
        Store.open(sqlite_url)
    reader = Store.open_read_only(sqlite_url)
    assert (await reader.read(lists.card_page)).items == []
    with pytest.raises(StoreError, match="reading only"):
        await reader.write(feeds.entries_taken, [TakenEntry(feed="a", key="b")])
    reader.close()
    store.close()
    Store.open(sqlite_url).close()


@pytest.mark.postgresql
async def test_several_gateways_share_a_postgresql(postgresql_url: str) -> None:
    """Two gateways may have a PostgreSQL open, and know each other's rows."""
    one, other = Store.open(postgresql_url), Store.open(postgresql_url)
    await one.write(feeds.entries_taken, [TakenEntry(feed="feed", key="key")])
    assert await other.read(feeds.known_entries, "feed", ["key", "other"]) == {"key"}
    one.close()
    other.close()


def test_reading_makes_no_database(tmp_path: Path) -> None:
    """Who only wants to read a database that is not there is told so, and none is made."""
    with pytest.raises(StoreError, match="there is no database"):
        Store.open_read_only(f"sqlite:///{tmp_path / 'none.db'}")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    """A file of another kind, and a directory that cannot be: trouble in words, not a traceback of the driver."""
    (tmp_path / "letter.db").write_text("Dear reader, this is no database at all, however long it is." * 20)
    with pytest.raises(StoreError, match="cannot use the database"):
        Store.open(f"sqlite:///{tmp_path / 'letter.db'}")
    with pytest.raises(StoreError, match="cannot use the database"):
        Store.open(f"sqlite:///{tmp_path / 'letter.db' / 'below.db'}")


async def test_no_answer_is_said_so(tmp_path: Path) -> None:
    """A database that is not reached is said to be so, and its password stays out of the sentence."""
    store = Store(f"postgresql://gateway:hush@127.0.0.1:1/none?host={tmp_path}", read_only=True)
    with pytest.raises(StoreError, match="cannot use the database") as caught:
        await store.read(lists.waiting)
    assert "hush" not in str(caught.value)
    store.close()


def test_a_database_where_nobody_can_write_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a medium that is mounted read-only: no log beside the file, nothing written, the same answers."""
    url = f"sqlite:///{tmp_path}/cap.db"
    Store.open(url).close()
    before = sorted(path.name for path in tmp_path.iterdir())
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and real(path, mode))
    store = Store.open_read_only(url)
    assert asyncio.run(store.read(lists.card_page)).items == []
    assert store.name == url
    store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
