"""Which cards are on display, as far as feeds are concerned: these are asked more often, and so are the documents behind them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from capgateway.store import feeds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.store import Document, Store

RENEW_SECONDS = 60.0
"""Cards also end, and come, in other ways than through this process."""
AT_MOST_EVERY = 1.0
"""In a storm every poll brings messages; one look a second is enough."""


class Live:
    """Read from the store now and then, and soon after messages were made; a poll that brings nothing asks nobody."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: Mapping[str, Mapping[str, Document]] = {}
        self._read_at = float("-inf")
        self._is_stale = True

    def changed(self) -> None:
        """Messages were made: cards came or went."""
        self._is_stale = True

    async def documents(self, feed: str) -> Mapping[str, Document] | None:
        """The linked documents behind the cards that this feed brought, by address; ``None`` while it has no card on
        display."""
        age = time.monotonic() - self._read_at
        if age > (AT_MOST_EVERY if self._is_stale else RENEW_SECONDS):
            self._read_at, self._is_stale = time.monotonic(), False
            self._found = await self._store.read(feeds.live)
        return self._found.get(feed)
