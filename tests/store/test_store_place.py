"""A SQLite database's files: whose they are, and whether they are still there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from capgateway.errors import StoreError
from capgateway.store import Store, check
from capgateway.store import store as store_module


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{path}")
    try:
        yield store
    finally:
        store.close()


@pytest.mark.usefixtures("umask")
def test_only_the_owner_reads_the_database(tmp_path: Path) -> None:
    """Whatever the umask says: it holds names of children. Directories that exist stay as they are."""
    tmp_path.chmod(0o755)
    with opened(tmp_path / "new" / "deep" / "cap.db"):
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").rglob("*")}
    files = {"cap.db": 0o600, "cap.db-wal": 0o600, "cap.db-shm": 0o600, "cap.db.lock": 0o600}
    assert modes == {"deep": 0o700, **files}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("link", ["file", "directory"])
def test_no_second_gateway_through_a_link(tmp_path: Path, link: str) -> None:
    """A link to the database, or to its directory, leads to the same lock."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "cap.db"
    if link == "file":
        other = tmp_path / "other.db"
        other.symlink_to(real)
    else:
        (tmp_path / "linked").symlink_to(tmp_path / "real")
        other = tmp_path / "linked" / "cap.db"
    with opened(real), pytest.raises(StoreError, match="another gateway is using"):
        Store.open(f"sqlite:///{other}")
    with opened(other), pytest.raises(StoreError, match="another gateway is using"):
        Store.open(f"sqlite:///{real}")


async def test_a_database_that_is_written_to_is_well(store: Store) -> None:
    """And the check leaves nothing behind."""
    assert await store.trouble() is None
    name = await store.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM feed_status").scalar())
    assert name == 0


@pytest.mark.parametrize("lost", ["cap.db", "cap.db-wal"])
async def test_a_deleted_file_is_trouble(tmp_path: Path, lost: str) -> None:
    """What is written to it would be gone with the process."""
    with opened(tmp_path / "cap.db") as store:
        (tmp_path / lost).unlink()
        assert await store.trouble() is not None


async def test_a_locked_database_is_trouble_until_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's transaction holds it: that is said in time, and so is that it is over."""
    monkeypatch.setattr(check, "GOOD_FOR_SECONDS", 0)
    with opened(tmp_path / "cap.db") as store:
        with closing(sqlite3.connect(tmp_path / "cap.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert await store.trouble(seconds=0.2) == "the database took no write within 0 s"
        async with asyncio.timeout(60):
            while await store.trouble():
                await asyncio.sleep(0.05)


async def test_many_who_ask_share_one_write(store: Store) -> None:
    """A hundred probes at once, and more within the next seconds, cost one commit."""
    commits: list[object] = []
    event.listen(store._engine, "commit", commits.append)
    assert await asyncio.gather(*(store.trouble() for _ in range(100))) == [None] * 100
    assert await store.trouble() is None
    assert len(commits) == 1


async def test_the_writer_outlives_whatever_happens_in_its_thread(store: Store) -> None:
    """A unit that ends the thread's work is a fault that its caller and the operator are told; the next goes well."""
    told: list[BaseException] = []
    store.on_fault = told.append

    def end(_: object) -> None:
        raise SystemExit

    with pytest.raises(StoreError, match="SystemExit"):
        await store.write(end)
    assert [type(error) for error in told] == [SystemExit]
    assert await store.trouble() is None


def test_the_checks_wait_is_shorter_than_a_probes() -> None:
    """Orchestrators commonly give a probe five seconds."""
    assert store_module.CHECK_SECONDS < 5
