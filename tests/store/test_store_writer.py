"""Group commit: many units of work share one durable commit, and nobody is told before it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, make_url, text
from store_story import at

from capgateway.errors import StoreError
from capgateway.store import Store, TakenEntry, feeds
from capgateway.store.feeds import entries_taken
from capgateway.store.tables import EPOCH, microseconds
from capgateway.store.write import Write

MOMENT = datetime.fromisoformat("2026-11-22T07:00:00Z")


def saving(name: str) -> Callable[[Write], str]:
    """Work that leaves a row, and says so."""

    def work(write: Write) -> str:
        entries_taken(write, [TakenEntry(feed="feed", key=name)])
        return name

    return work


def failing(write: Write) -> None:
    saving("half done")(write)
    raise LookupError("a fault of ours")


def refused(write: Write) -> None:
    saving("half done")(write)
    write.execute(text("SELECT no_such_column FROM entries"))


class Gate:
    """Holds the writer until it is opened."""

    def __init__(self) -> None:
        self._reached, self._open = threading.Event(), threading.Event()

    def work(self, _: Write) -> None:
        self._reached.set()
        assert self._open.wait(60)

    async def reached(self) -> None:
        await asyncio.to_thread(self._reached.wait, 20)

    def open(self) -> None:
        self._open.set()


async def stored(store: Store) -> set[str]:
    return await store.read(feeds.known_entries, "feed", ["a", "b", "c", "half done"])


async def test_a_failing_unit_leaves_its_neighbours_alone(store: Store) -> None:
    """In one group two units fail, one by its own fault, one by the database's: the others are stored."""
    gate = Gate()
    held = asyncio.create_task(store.write(gate.work))
    await gate.reached()
    group = asyncio.gather(
        *(store.write(work) for work in (saving("a"), failing, saving("b"), refused, saving("c"))),
        return_exceptions=True,
    )
    await asyncio.sleep(0)  # all five wait in the queue now
    gate.open()
    a, own, b, databases, c = await group
    await held
    assert (a, b, c) == ("a", "b", "c")
    assert isinstance(own, LookupError)
    assert isinstance(databases, StoreError)
    assert await stored(store) == {"a", "b", "c"}


async def test_nobody_is_told_before_the_commit(store: Store) -> None:
    """A unit that is done waits with its answer until the last of its group is done too and all are durable."""
    first, last = Gate(), Gate()
    held = asyncio.create_task(store.write(first.work))
    await first.reached()
    early = asyncio.create_task(store.write(saving("a")))
    late = asyncio.create_task(store.write(last.work))
    await asyncio.sleep(0)
    first.open()
    await last.reached()  # so the work of the first of the group is done
    assert not early.done()
    assert await stored(store) == set()
    last.open()
    assert await early == "a"
    await asyncio.gather(held, late)
    assert await stored(store) == {"a"}


async def test_closing_finishes_what_was_handed_in(database_url: str) -> None:
    """What waits in the queue is committed before the store lets go; what comes after is refused."""
    store = Store.open(database_url)
    gate = Gate()
    held = asyncio.create_task(store.write(gate.work))
    waiting = asyncio.create_task(store.write(saving("a")))
    await gate.reached()
    gate.open()
    store.close()
    assert await waiting == "a"
    await held
    with pytest.raises(StoreError, match="closed"):
        await store.write(saving("b"))


def test_a_caller_whose_loop_is_gone_harms_nobody(store: Store) -> None:
    """The writer outlives a caller that no longer waits."""
    gate = Gate()

    async def leave() -> None:
        task = asyncio.create_task(store.write(gate.work))
        await gate.reached()
        task.cancel()

    asyncio.run(leave())
    gate.open()
    assert asyncio.run(store.write(saving("a"))) == "a"


@pytest.mark.postgresql
async def test_a_lost_connection_is_told_and_mended(postgresql_url: str) -> None:
    """When the server ends our connection in the middle of a group, all of it is refused, and the next goes well."""
    store = Store.open(postgresql_url)
    try:
        with pytest.raises(StoreError):
            await store.write(
                lambda write: write.execute(text("SELECT pg_terminate_backend(pg_backend_pid())")).scalar()
            )
        assert await store.write(saving("a")) == "a"
        assert await store.trouble() is None
    finally:
        store.close()


async def next_sequence(store: Store, moment: datetime) -> int:
    with at(store, moment):
        return await store.write_alone(Write.next_sequence)


async def test_sequence_grows_whatever_the_clock_does(store: Store) -> None:
    """Sequences are the microsecond of the commit, and go on growing when the clock stands or goes back a year."""
    moments = [MOMENT, MOMENT, MOMENT - timedelta(days=365), MOMENT + timedelta(seconds=1), EPOCH]
    numbers = [await next_sequence(store, moment) for moment in moments]
    assert numbers[0] == microseconds(MOMENT)
    assert numbers[3] == microseconds(moments[3])
    assert all(before < after for before, after in pairwise(numbers))


async def test_sequence_and_name_outlive_a_restart(database_url: str) -> None:
    """After a restart with the clock set back the sequence still grows, and the deployment has the name it had."""
    seen = []
    for moment in (MOMENT, MOMENT - timedelta(hours=1)):
        store = Store.open(database_url)
        number = await next_sequence(store, moment)
        name = await store.read(lambda connection: connection.execute(text("SELECT deployment FROM gateway")).scalar())
        seen.append((number, name))
        store.close()
    assert seen[1] == (seen[0][0] + 1, seen[0][1])


@pytest.mark.parametrize(("written", "idle"), [({}, "10"), ({"keepalives_idle": "60"}, "60")])
async def test_a_server_that_is_gone_is_noticed(postgresql_url: str, written: dict[str, str], idle: str) -> None:
    """Connections ask within half a minute whether the server's machine is still there, unless the address says otherwise."""

    def parameters(connection: Connection) -> dict[str, str]:
        driver: Any = connection.connection.driver_connection
        return dict(driver.info.get_parameters())

    store = Store.open(make_url(postgresql_url).update_query_dict(written).render_as_string(hide_password=False))
    try:
        told = await store.read(parameters)
    finally:
        store.close()
    assert (told["keepalives_idle"], told["tcp_user_timeout"], told["connect_timeout"]) == (idle, "25000", "10")
