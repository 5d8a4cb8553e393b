"""One thread writes, in groups: many units of work share one durable commit, and nobody is told before it.

::

    callers ─▶ queue ─▶ [ take what waits, at most GROUP ] ─▶ BEGIN ─▶ savepoint each ─▶ COMMIT ─▶ tell the callers

A unit that fails is rolled back to its savepoint and told so; the others of its group go on.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy.exc import DBAPIError

from capgateway.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")
GROUP = 64
"""Units that share a commit: one more hardly makes the commit cheaper, and all of them wait for the slowest."""


class Unit(NamedTuple):
    """One caller's work and where its result goes."""

    work: Callable[[Connection], Any]
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class Writer:
    """Owns the only connection that writes. :meth:`write` may be called from any task of any running loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of ``work(connection)`` once it is durable. ``work`` runs in the writer's thread: it may decide,
        it may not wait. Its own exception comes back as it is, trouble of the database as :class:`StoreError`."""
        if self._closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._queue.put(Unit(work, done, loop))
        return await done

    def close(self) -> None:
        """Finish what was handed in, then stop."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (unit := self._queue.get()) is not None:
            group = [unit]
            ends = self._fill(group)
            self._commit(group)
            if ends:
                return

    def _fill(self, group: list[Unit]) -> bool:
        """Take what else waits already; whether the end was among it."""
        while len(group) < GROUP:
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                return False
            if unit is None:
                return True
            group.append(unit)
        return False

    def _commit(self, group: list[Unit]) -> None:
        try:
            with self._engine.begin() as connection:
                results = [_attempt(connection, unit) for unit in group]
        except DBAPIError as error:
            results = [StoreError(f"the database refused a commit: {error.orig}")] * len(group)
        except Exception as error:  # noqa: BLE001  (the thread must live; each caller gets the fault)
            results = [error] * len(group)
        for unit, result in zip(group, results, strict=True):
            _tell(unit, result)


def _attempt(connection: Connection, unit: Unit) -> Any:
    """The unit's result, or the exception it ended with. A lost connection is the whole group's fault."""
    try:
        with connection.begin_nested():
            return unit.work(connection)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return StoreError(f"the database refused a change: {error.orig}")
    except Exception as error:  # noqa: BLE001  (one bad neighbour stops nobody)
        return error


def _tell(unit: Unit, result: Any) -> None:
    def settle() -> None:
        if unit.done.cancelled():
            return
        if isinstance(result, BaseException):
            unit.done.set_exception(result)
        else:
            unit.done.set_result(result)

    with suppress(RuntimeError):  # the caller's loop is closed, so nobody waits any more
        unit.loop.call_soon_threadsafe(settle)
