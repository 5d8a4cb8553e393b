"""Which cards are on display, as far as feeds are concerned: these are asked more often, and so are the documents behind them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from capgateway.store import feeds, gaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.store import Document, Store
    from capgateway.store.gaps import Sought

RENEW_SECONDS = 60.0
"""Cards also end, and come, in other ways than through this process."""
AT_MOST_EVERY = 1.0
"""In a storm every poll brings messages; one look a second is enough."""


class Live:
    """Read from the store now and then, and soon after messages were made; a poll that brings nothing asks nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: Mapping[str, Mapping[str, Document]] = {}
        self._sought: Mapping[str, Sought] = {}
        self._codes: tuple[str, ...] = ()
        self._read_at = float("-inf")
        self._is_stale = True
        self._reading = asyncio.Lock()

    def changed(self) -> None:
        """Messages were made: cards came or went."""
        self._is_stale = True

    def renew(self) -> None:
        """Cards became unverified, or verified: who asks next needs to know."""
        self._read_at = float("-inf")

    async def documents(self, feed: str) -> Mapping[str, Document] | None:
        """The linked documents behind the cards that this feed brought, by address; ``None`` while it has no card on
        display."""
        await self._look()
        return self._found.get(feed)

    async def sought(self, feed: str) -> Sought | None:
        """By what a feed's listing would show the alerts of unverified cards that it brought; ``None`` while there are none."""
        await self._look()
        return self._sought.get(feed)

    async def are_sought(self) -> bool:
        """Whether any card is unverified."""
        await self._look()
        return bool(self._sought)

    async def codes(self) -> tuple[str, ...]:
        """The event codes of unverified cards."""
        await self._look()
        return self._codes

    async def _look(self) -> None:
        async with self._reading:  # who asks meanwhile waits for the same answer
            age = time.monotonic() - self._read_at
            if age <= (AT_MOST_EVERY if self._is_stale else RENEW_SECONDS):
                return
            self._read_at, self._is_stale = time.monotonic(), False
            try:
                self._found = await self._store.read(feeds.live)
                self._sought, self._codes = await self._store.read(gaps.unverified)
            except BaseException:
                self.renew()
                raise
