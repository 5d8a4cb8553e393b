"""Feeds that have not answered for their ``silent_after``: operators are told once while that lasts, whatever is restarted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from capgateway import log
from capgateway.ingest.intake import LOGGER
from capgateway.store import feeds

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch


class Silence:
    """What operators were told of the feeds of this process."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._told: set[str] | None = None

    async def look(self, watches: Collection[Watch], now: datetime) -> None:
        """Tell of feeds that fell silent, and note those that speak again. Raises :class:`StoreError`."""
        store = self._intake.store
        told = self._told = self._told if self._told is not None else await store.read(feeds.silent)
        silent = {watch.feed.name: watch for watch in watches if watch.silent_since(now)}
        for name in silent.keys() - told:
            await self._tell(silent[name], now)
            told.add(name)
        spoke = {watch.feed.name for watch in watches if watch.last_success} & told - silent.keys()
        if spoke:
            await store.write(feeds.spoke_again, spoke)
            told -= spoke

    async def _tell(self, watch: Watch, now: datetime) -> None:
        name, since = watch.feed.name, watch.silent_since(now) or now
        is_news = await self._intake.store.write_alone(feeds.fell_silent, name, since, watch.last_answer)
        if is_news:
            log.event(LOGGER, "feed.silent", level=logging.WARNING, feed=name, since=since)
            self._intake.told()
