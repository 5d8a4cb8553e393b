"""Erase what the retention is over for: in small steps, promptly, and until it is gone from the files too."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway import log
from capgateway.cards import shortest_retention
from capgateway.clock import monotonic, utc_now
from capgateway.store import retention

if TYPE_CHECKING:
    from collections.abc import Callable

    from capgateway.ingest.intake import Intake

LOGGER = logging.getLogger("capgateway.privacy")
STEPS = 50
"""Units of work in one look, so that a large backlog lets others write in between."""
LARGEST_REWRITTEN = 100_000_000
"""Bytes of a SQLite file that is rewritten by itself after an erasure: that blocks writers for about a second."""
REWRITE_SHARE = 100
"""Rewriting takes at most this part of the time."""
SCRUB_AGAIN = timedelta(seconds=30)
"""A gateway that takes in much erases at each look; the files are scrubbed no more often than this."""


class Erasing:
    """The erasing of one gateway process."""

    def __init__(self, intake: Intake, clock: Callable[[], float] = monotonic) -> None:
        self._intake, self._clock = intake, clock
        self._scrub_at = 0.0

    async def look(self) -> None:
        """Erase what is due now, and scrub the files if anything was erased since they were."""
        cards, alerts, bodies = await self._cards(), await self._alerts(), await self._bodies()
        if cards or alerts or bodies or await self._reasons():
            self._intake.store.is_dirty = True
            log.event(LOGGER, "personal_data.erased", cards=cards, alerts=alerts, bodies=bodies)
        if self._intake.store.is_dirty and self._clock() >= self._scrub_at:
            await self._scrub()

    async def _cards(self) -> int:
        """How many cards were erased, each with its chain and incident."""
        store, count = self._intake.store, 0
        for _ in range(STEPS):
            card_id = await store.read(retention.due, self._intake.policy, utc_now())
            if card_id is None:
                break
            count += await store.write_alone(retention.erase_card, card_id, self._intake.policy)
        return count

    async def _alerts(self) -> int:
        store, count = self._intake.store, 0
        for _ in range(STEPS):
            if not await store.read(retention.are_unshown, self._intake.policy, utc_now()):
                break
            count += await store.write_alone(retention.erase_unshown, self._intake.policy)
        return count

    async def _bodies(self) -> int:
        store, count = self._intake.store, 0
        for _ in range(STEPS):
            before = utc_now() - shortest_retention(self._intake.policy)
            if not await store.read(retention.are_bodies, before):
                break
            count += await store.write(retention.erase_bodies, before)
        return count

    async def _reasons(self) -> int:
        store, before = self._intake.store, utc_now() - shortest_retention(self._intake.policy)
        return (
            await store.write(retention.erase_reasons, before) if await store.read(retention.are_reasons, before) else 0
        )

    async def _scrub(self) -> None:
        began = self._clock()
        scrubbed = await self._intake.store.scrub(LARGEST_REWRITTEN)
        pause = SCRUB_AGAIN.total_seconds() if scrubbed.is_done else 0.0
        self._scrub_at = self._clock() + max(pause, REWRITE_SHARE * (self._clock() - began))
