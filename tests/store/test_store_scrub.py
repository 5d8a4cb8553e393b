"""What is erased is gone from the files, not only from the rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from store_story import NOW

from capgateway.store import Store
from capgateway.store.tables import bodies

MARK = b"Quillfeather"
ALL = 1_000_000_000


def rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Bodies of many sizes, so that pages are split and joined."""
    plain = {"feed": "f", "url": "", "status": 200, "media_type": "", "fetched_at": NOW, "sha256": ""}
    return [
        plain
        | {"id": f"{number * 7919 % 10_007:05}", "content": (MARK + b" " * (number % 23)) * (1 + number * 31 % 97)}
        for number in range(start, start + count)
    ]


def come_and_go(write: Any, turn: int) -> None:
    """Some rows come, and of all that are there some are blanked."""
    write.execute(insert(bodies), rows(60, turn * 60))
    some = select(bodies.c.id).where(bodies.c.content.is_not(None)).limit(40)
    write.execute(update(bodies).where(bodies.c.id.in_(some)).values(content=None))


def in_files(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if MARK in path.read_bytes()}


async def test_nothing_is_left_in_the_files_of_sqlite(sqlite_url: str, tmp_path: Path) -> None:
    """Neither in the log nor in a page that a row has left: with many rows that come and go, each would be somewhere."""
    store = Store.open(sqlite_url)
    for turn in range(12):
        await store.write(come_and_go, turn)
    assert in_files(tmp_path) >= {"gateway.db-wal"}
    await store.write(lambda write: write.execute(update(bodies).values(content=None)))
    scrubbed = await store.scrub(ALL)
    assert (scrubbed.is_done, scrubbed.is_rewritten, store.is_dirty) == (True, True, False)
    assert in_files(tmp_path) == set()
    store.close()


async def test_what_is_freed_is_overwritten_at_once(sqlite_url: str, tmp_path: Path) -> None:
    """Where a file is too large to be rewritten, its rows are zeroed all the same, and its log is cut off."""
    store = Store.open(sqlite_url)
    await store.write(lambda write: write.execute(insert(bodies), rows(1)))
    await store.write(lambda write: write.execute(delete(bodies)))
    scrubbed = await store.scrub(0)
    assert (scrubbed.is_done, scrubbed.is_rewritten) == (True, False)
    assert in_files(tmp_path) == set()
    store.close()


async def test_a_reader_only_delays_it(sqlite_url: str, tmp_path: Path) -> None:
    """A page or a backup may hold the log: then it is tried again, and nobody else waits for that."""
    store = Store.open(sqlite_url)
    await store.write(lambda write: write.execute(insert(bodies), rows(3)))
    with store._reader.connect() as reading:
        assert reading.execute(select(bodies.c.id)).all()
        await store.write(lambda write: write.execute(update(bodies).values(content=None)))
        assert not (await store.scrub(ALL)).is_done
        assert store.is_dirty
        await store.write(lambda write: write.execute(update(bodies).values(url="still written")))
    assert (await store.scrub(ALL)).is_done
    assert in_files(tmp_path) == set()
    store.close()


async def test_postgresql_is_vacuumed(postgresql_url: str) -> None:
    """The old versions of its rows are given up."""
    store = Store.open(postgresql_url)
    await store.write(lambda write: write.execute(insert(bodies), rows(2000)))
    await store.write(lambda write: write.execute(delete(bodies)))
    size = text("SELECT pg_relation_size('bodies')")
    before = await store.read(lambda connection: connection.scalar(size))
    assert (await store.scrub(0)).is_done
    assert await store.read(lambda connection: connection.scalar(size)) < before
    store.close()
