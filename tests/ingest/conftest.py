from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from ingest_source import Source, serving

from capgateway.store import Store


@pytest_asyncio.fixture
async def source(store: Store) -> AsyncIterator[Source]:
    """A source on loopback and an intake over a new database of each kind."""
    async with serving(store) as opened:
        yield opened
