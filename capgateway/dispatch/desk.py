"""Where couriers take their turns: those that come while one unit of work is written share the next.

A turn costs as much as a delivery, and most of that is the same for one courier and for fifty. A fault in what one of them
brings must not be the others': then each has its turn by itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from capgateway.store import deliveries
from capgateway.webhooks import Dead

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgateway.store import Store, Turn
    from capgateway.store.deliveries import Ask

MOST_TURNS = 50
"""Of one unit: others wait for its end, a take-down's message among them."""


class Waiting(NamedTuple):
    """A courier's turn to come."""

    ask: Ask
    done: asyncio.Future[Turn]


class Desk:
    """``doubt`` is called when there may be leases that nobody holds."""

    def __init__(self, store: Store, doubt: Callable[[], None]) -> None:
        self._store, self._doubt = store, doubt
        self._waiting: list[Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def turn(self, ask: Ask) -> Turn:
        """One courier's turn, durable when this returns."""
        done: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(ask, done))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        return await done

    async def _work(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST_TURNS], self._waiting[MOST_TURNS:]
            try:
                turns = await self._write([one.ask for one in some])
            except Exception as error:  # noqa: BLE001  (the couriers get it, each its own)
                await self._singly(some, error)
                continue
            for one, turn in zip(some, turns, strict=True):
                if not one.done.done():
                    one.done.set_result(turn)

    async def _singly(self, some: Sequence[Waiting], error: Exception) -> None:
        if len(some) == 1:
            _fail(some[0], error)
            return
        self._doubt()  # it may have been done all the same
        for one in some:
            try:
                (turn,) = await self._write([one.ask])
            except Exception as its_own:  # noqa: BLE001
                _fail(one, its_own)
            else:
                if not one.done.done():
                    one.done.set_result(turn)

    async def _write(self, asks: list[Ask]) -> list[Turn]:
        """What is given up, and why a receiver is degraded, is told to operators, which takes a unit that is alone."""
        is_alone = any(ask.begun or any(isinstance(each.following, Dead) for each in ask.finished) for ask in asks)
        write = self._store.write_alone if is_alone else self._store.write
        return await write(deliveries.turns, asks)


def _fail(one: Waiting, error: Exception) -> None:
    if not one.done.done():
        one.done.set_exception(error)
