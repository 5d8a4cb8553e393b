"""Work that would hold up the event loop, each kind in threads that it shares with no other.

What parses documents ends by itself, so a few threads in a pool serve it. What waits for a disk may hang for good, when a
network share is gone: it has a thread to itself, which neither others nor the end of the process wait for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

PARSERS = 2
"""Parsing takes Python's lock for most of its time: more threads would only take it from the loop more often."""
_documents = ThreadPoolExecutor(PARSERS, thread_name_prefix="documents")


class Hangs(Exception):
    """Work of that name is still under way, or did not end in time."""


async def parse(work: Callable[[], T]) -> T:
    """What the work gives, done where documents are parsed."""
    return await asyncio.get_running_loop().run_in_executor(_documents, work)


class Lonely:
    """Work for which a name has one thread at most. It is waited for as long as given; then it is left to hang, and nothing
    more is begun under that name before it ends."""

    def __init__(self) -> None:
        self._under_way: dict[str, Future[object]] = {}

    async def do(self, name: str, work: Callable[[], T], *, seconds: float) -> T:
        """What the work gives. Raises :class:`Hangs`."""
        if (before := self._under_way.get(name)) is not None:
            await _ended(before, seconds)
        result: Future[T] = Future()
        self._under_way[name] = result  # type: ignore[assignment]
        threading.Thread(target=_run, args=(work, result), name=f"lonely-{name}", daemon=True).start()
        await _ended(result, seconds)
        return result.result()


async def _ended(result: Future[Any], seconds: float) -> None:
    """Wait until it has ended, however that was."""
    if result.done():
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def tell(_: Future[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed, so nobody waits any more
            loop.call_soon_threadsafe(ended.set)

    result.add_done_callback(tell)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        raise Hangs from None


def _run(work: Callable[[], T], result: Future[T]) -> None:
    result.set_running_or_notify_cancel()
    try:
        found = work()
    except BaseException as error:  # noqa: BLE001  (whoever waits gets it)
        result.set_exception(error)
    else:
        result.set_result(found)
