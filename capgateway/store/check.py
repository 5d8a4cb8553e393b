"""Can the database be written to? Asked by writing, as cheaply as a durable write can be, and not more often than needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from capgateway.clock import monotonic
from capgateway.errors import StoreError

GOOD_FOR_SECONDS = 2.0
"""Whoever asks again within this gets the same answer; who asks meanwhile waits for the same write."""


class Check:
    """The last answer, and the write under way. ``write`` raises :class:`StoreError` when it cannot be done."""

    def __init__(self, write: Callable[[], Awaitable[None]]) -> None:
        self._write = write
        self._under_way: asyncio.Task[str | None] | None = None
        self._begun = 0.0
        self._answer: str | None = None
        self._answered_at: float | None = None

    async def trouble(self, seconds: float) -> str | None:
        """Why nothing can be written, ``None`` if it can. A write that takes longer than ``seconds`` is trouble too; it goes
        on, and who asks next learns what came of it."""
        if self._answered_at is not None and monotonic() - self._answered_at < GOOD_FOR_SECONDS:
            return self._answer
        if self._under_way is None or self._under_way.get_loop() is not asyncio.get_running_loop():
            self._begun = monotonic()
            self._under_way = asyncio.create_task(self._ask())
        left = self._begun + seconds - monotonic()
        done, _ = await asyncio.wait([self._under_way], timeout=max(left, 0))
        return done.pop().result() if done else f"the database took no write within {seconds:.0f} s"

    async def _ask(self) -> str | None:
        try:
            await self._write()
            self._answer = None
        except StoreError as error:
            self._answer = str(error)
        except Exception as error:  # noqa: BLE001  (a fault of ours is trouble as well)
            self._answer = f"the database could not be asked: {type(error).__name__}"
        finally:
            self._under_way = None
        self._answered_at = monotonic()
        return self._answer
