"""A source of pictures on loopback, a store, and the walk that brings them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from capgateway import cap, shipped
from capgateway.cap import Finding
from capgateway.cards import Card, FeedRules, Policy
from capgateway.clock import utc_now
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.media.walk import Pictures, hosts_of
from capgateway.metrics import Metrics
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store, Taken, alerts, lists, media_rows
from capgateway.store.media_rows import Served
from capgateway.store.tables import card_media, pictures
from capgateway.webhooks import Outlets, Receiver

SCHEMAS = cap.Schemas(shipped.cap_schemas())
LOOPBACK = (ip_network("127.0.0.0/8"),)
APP = Receiver(name="app", url="https://app.example/", secrets=(bytes(32),))
PUBLIC = "https://cap.example"
PATIENCE_SECONDS = 60.0
"""For a machine that is busy: nothing here takes so long."""


class Gateway:
    """``feeds`` are those of the configuration, by name; the first takes alerts in unless another is named."""

    def __init__(self, store: Store, server: FeedServer, *feeds: Feed, policy: Policy | None = None) -> None:
        self.store, self.server, self.metrics = store, server, Metrics()
        own = Feed(name="simulator", kind="atom", url=server.url("index.atom"), allow_networks=LOOPBACK)
        self.feeds = {feed.name: feed for feed in feeds or (own,)}
        rules = {name: FeedRules(media_hosts=hosts_of(feed)) for name, feed in self.feeds.items()}
        self.policy = replace(policy or Policy(regions=("US-TX",)), feeds=rules)
        store.outlets = Outlets(receivers=(APP,), public_url=PUBLIC)

    def walk(self) -> Pictures:
        return Pictures(
            self.store,
            self.policy,
            self.feeds,
            user_agent="test",
            metrics=self.metrics,
            on_messages=lambda: None,
        )

    async def take(self, alert: cap.Alert, feed: str | None = None) -> Taken:
        """Take an alert in."""
        source = self.feeds[feed] if feed else next(iter(self.feeds.values()))
        came = examine(cap.write(alert), source, SCHEMAS, received_at=utc_now())
        (taken,) = await self.store.write_alone(alerts.take_in, [came], self.policy)
        return taken

    async def card(self) -> Card:
        """The newest card, as it is displayed."""
        (newest, *_) = (await self.store.read(lists.card_page)).items
        assert newest.card is not None
        return newest.card

    async def findings(self) -> list[Finding]:
        """Those of the pictures of the newest card."""
        (newest, *_) = (await self.store.read(lists.card_page)).items
        return [finding for _, finding in await self.store.read(media_rows.findings, newest.card_id)]

    async def rules(self) -> list[str]:
        return [finding.rule for finding in await self.findings()]

    async def serve(self, url: str) -> Any:
        """What an address answers with."""
        assert url.startswith(f"{PUBLIC}/media/")
        return await self.store.read(media_rows.serve, url.rpartition("/")[2])

    async def content(self, url: str) -> bytes:
        found = await self.serve(url)
        assert isinstance(found, Served)
        return found.content

    async def rows(self) -> tuple[list[Any], list[Any]]:
        """The rows of pictures, and of what cards show."""

        def read(connection: Any) -> tuple[list[Any], list[Any]]:
            return tuple(list(connection.execute(select(table)).mappings()) for table in (pictures, card_media))  # type: ignore[return-value]

        return await self.store.read(read)

    async def settled(self) -> None:
        """Wait until no picture is to be tried that was not tried yet."""

        async def is_settled() -> bool:
            stored, _ = await self.rows()
            return all(row["state"] != "pending" or row["failures"] for row in stored)

        await until(is_settled)

    async def shows(self, count: int) -> Card:
        """Wait until the newest card has so many pictures."""

        async def is_shown() -> bool:
            return len((await self.card()).media) == count

        await until(is_shown)
        return await self.card()


@asynccontextmanager
async def walking(gateway: Gateway, *others: Pictures) -> AsyncIterator[None]:
    """The walk, and others beside it, while the context lasts."""
    tasks = [asyncio.create_task(walk.run()) for walk in (gateway.walk(), *others)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        faults: Sequence[object] = [one for one in results if isinstance(one, Exception)]
        assert not faults


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not await holds():
        assert asyncio.get_running_loop().time() < deadline, "it did not come"
        await asyncio.sleep(0.05)
