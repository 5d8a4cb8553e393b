"""One thread writes, in groups: many units of work share one durable commit, and nobody is told before it.

::

    callers ─▶ queue ─▶ BEGIN ─▶ lock ─▶ unit, unit, … while they wait and time allows ─▶ COMMIT ─▶ tell the callers

A group runs without savepoints. If one of its units fails, the group is rolled back and done again with a savepoint for
each unit: the one that fails is told so, the others go on. A unit is therefore a function that may run twice, and touches
nothing but its :class:`Write`.

Whatever happens to the thread, it goes on, and nobody waits for an answer that never comes.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from capgateway import log
from capgateway.errors import StoreError
from capgateway.store.write import Commit, Write

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from capgateway.webhooks import Outlets

LOGGER = logging.getLogger("capgateway.store")
T = TypeVar("T")
GROUP = 64
"""Units that share a commit: one more hardly makes the commit cheaper, and all of them wait for the slowest."""
GROUP_SECONDS = 0.05
"""After this a group takes in no further unit: whoever waits for its commit must not wait for others' large work."""
AGAIN = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for a transaction that failed only because of another one: it is done again."""
TRIES = 3


class Unit(NamedTuple):
    """One caller's work and where its result goes. ``alone``: no other gateway writes to the database meanwhile."""

    work: Callable[[Write], Any]
    alone: bool
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Apart(NamedTuple):
    """Work on the database between two groups, in no transaction of ours."""

    work: Callable[[Engine], Any]
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Setting(Protocol):
    """What a commit takes from outside: the time, where cards leave, and who is told of faults. All may be replaced at run
    time. ``is_dirty`` is set where a commit erased something that must be gone from the files too."""

    outlets: Outlets
    clock: Callable[[], datetime]
    on_fault: Callable[[BaseException], None]
    is_dirty: bool


class Writer:
    """Owns the only connection that writes. :meth:`write` may be called from any task of any running loop."""

    def __init__(self, engine: Engine, setting: Setting) -> None:
        self._engine, self._setting = engine, setting
        self._trouble: str | None = None
        self._queue: queue.SimpleQueue[Unit | Apart | None] = queue.SimpleQueue()
        self._next: Unit | Apart | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def write(self, work: Callable[[Write], T], *, alone: bool) -> T:
        """The result of ``work(write)`` once it is durable. ``work`` runs in the writer's thread: it may decide, it may not
        wait. Its own exception comes back as it is, trouble of the database as :class:`StoreError`."""
        if self._closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.put(Unit(work, alone, done, loop))
        return await done

    async def apart(self, work: Callable[[Engine], T]) -> T:
        """The result of ``work(engine)``, which runs in the writer's thread while nothing else is written."""
        if self._closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.put(Apart(work, done, loop))
        return await done

    @property
    def waiting(self) -> int:
        """About how many units of work no commit has taken yet."""
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what was handed in, then stop."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (unit := self._next or self._queue.get()) is not None:
            self._next = None
            if isinstance(unit, Apart):
                _tell(unit, self._apart(unit))
                continue
            group = [unit]
            try:
                results = self._results(group)
            except BaseException as error:  # noqa: BLE001  (the thread must live, and its callers be told)
                self._setting.on_fault(error)
                results = [StoreError(f"the writer failed: {type(error).__name__}")] * len(group)
            for one, result in zip(group, results, strict=True):
                _tell(one, result)

    def _apart(self, unit: Apart) -> Any:
        try:
            return unit.work(self._engine)
        except BaseException as error:  # noqa: BLE001  (as above)
            self._setting.on_fault(error)
            return StoreError(f"the writer failed: {type(error).__name__}")

    def _results(self, group: list[Unit]) -> list[Any]:
        """What each unit of the group gave, which grows meanwhile."""
        try:
            results = self._first_try(group)
        except Exception:  # noqa: BLE001  (whatever it was, each unit now has its own savepoint)
            results = self._again(group)
        else:
            self._tell_of(None)
        return results

    def _tell_of(self, trouble: str | None) -> None:
        """Log that the database fails, and that it works again, once each."""
        if trouble and not self._trouble:
            log.event(LOGGER, "store.failed", level=logging.ERROR, trouble=trouble)
        elif self._trouble and not trouble:
            log.event(LOGGER, "store.recovered", before=self._trouble)
        self._trouble = trouble

    def _first_try(self, group: list[Unit]) -> list[Any]:
        """Do the first unit, and what else waits for as long as a group may last; ``group`` grows by it."""
        results: list[Any] = []
        end = time.monotonic() + GROUP_SECONDS
        with self._engine.begin() as connection:
            commit = self._begin(connection, alone=group[0].alone)
            results.append(commit.unit(group[0].work))
            while len(group) < GROUP and time.monotonic() < end and (unit := self._waiting(group[0].alone)):
                group.append(unit)
                results.append(commit.unit(unit.work))
            self._finish(commit)
        return results

    def _waiting(self, alone: bool) -> Unit | None:
        """What waits and may join a group; one that has to be alone may not join a group that is not."""
        try:
            unit = self._queue.get_nowait()
        except queue.Empty:
            return None
        if unit is None:
            self._queue.put(None)  # the end, for the loop to find
        elif isinstance(unit, Apart) or (unit.alone and not alone):
            self._next = unit
        else:
            return unit
        return None

    def _again(self, group: list[Unit]) -> list[Any]:
        """Do a group once more, each unit in its savepoint."""
        for last in range(TRIES):
            try:
                with self._engine.begin() as connection:
                    commit = self._begin(connection, alone=any(unit.alone for unit in group))
                    results = [_attempt(commit, unit) for unit in group]
                    self._finish(commit)
            except DBAPIError as error:
                if last + 1 < TRIES and _failed_for_another(error):
                    continue
                self._tell_of(str(error.orig).strip())
                return [StoreError(f"the database refused a commit: {error.orig}")] * len(group)
            except Exception as error:  # noqa: BLE001  (each caller gets the fault)
                self._setting.on_fault(error)
                return [error] * len(group)
            self._tell_of(_trouble_of(results))
            return results
        raise AssertionError("the last try returns")

    def _finish(self, commit: Commit) -> None:
        """Before the commit: who scrubs now waits for the writer, and so for what is committed."""
        commit.finish()
        if commit.is_dirty:
            self._setting.is_dirty = True

    def _begin(self, connection: Connection, *, alone: bool) -> Commit:
        return Commit.begin(connection, now=self._setting.clock(), outlets=self._setting.outlets, alone=alone)


def _attempt(commit: Commit, unit: Unit) -> Any:
    """The unit's result, or the exception it ended with. A lost connection is the whole group's fault, and so is what
    another gateway did to the transaction."""
    try:
        with commit.connection.begin_nested():
            return commit.unit(unit.work)
    except DBAPIError as error:
        if error.connection_invalidated or _failed_for_another(error):
            raise
        return StoreError(f"the database refused a change: {error.orig}")
    except Exception as error:  # noqa: BLE001  (one bad neighbour stops nobody)
        return error


def _trouble_of(results: list[Any]) -> str | None:
    """Where every unit of a group is refused, the database is in trouble; one refused among others is its own fault."""
    refusals = [str(one) for one in results if isinstance(one, StoreError)]
    return refusals[0] if len(refusals) == len(results) else None


def _failed_for_another(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in AGAIN


def _tell(unit: Unit | Apart, result: Any) -> None:
    def settle() -> None:
        if unit.done.cancelled():
            return
        if isinstance(result, BaseException):
            unit.done.set_exception(result)
        else:
            unit.done.set_result(result)

    with suppress(RuntimeError):  # the caller's loop is closed, so nobody waits any more
        unit.loop.call_soon_threadsafe(settle)
