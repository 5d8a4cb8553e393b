"""A simulated source on loopback, and a gateway's intake that watches it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import aiohttp
from msgspec.structs import replace
from sqlalchemy import select

from capgateway import cap, net, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.feeds import Feed, FeedKind
from capgateway.ingest import Intake, Watch, poll
from capgateway.metrics import Metrics
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store, lists
from capgateway.store.tables import metadata
from capgateway.webhooks import Outlets, Receiver

SCHEMAS = cap.Schemas(shipped.cap_schemas())
LOOPBACK = (ip_network("127.0.0.0/8"),)
APP = Receiver(name="app", url="https://app.example/", secrets=(bytes(32),))
NOW = utc_now().replace(microsecond=0) - timedelta(minutes=10)


def intake_of(store: Store) -> Intake:
    """An intake for Texas."""
    store.outlets = Outlets(receivers=(APP,), public_url="https://cap.example")
    policy = Policy(regions=("US-TX",))
    return Intake(store, SCHEMAS, policy, metrics=Metrics(), on_messages=lambda: None)


class Source:
    """``server`` is the feeds' server; ``poll`` asks one of its documents as a feed that may be asked at any time."""

    def __init__(self, server: FeedServer, store: Store, session: aiohttp.ClientSession) -> None:
        self.server, self.store, self.session = server, store, session
        self.intake = intake_of(store)
        self.watches: dict[str, Watch] = {}

    def publish(self, alert: cap.Alert) -> None:
        self.server.publish(f"{alert.identifier}.xml", cap.write(alert))

    def watch(self, name: str, **changes: Any) -> Watch:
        """The memory of the feed at this name, the same at each call; ``changes`` are the feed's other fields."""
        kind: FeedKind = "rss" if "rss" in name else "atom" if "atom" in name else "cap"
        feed = Feed(name="f", kind=kind, url=self.server.url(name), interval=timedelta(0), allow_networks=LOOPBACK)
        feed = replace(feed, name=name.replace(".", "-"), **changes)
        return self.watches.setdefault(name, Watch(feed, self.session, {}))

    async def poll(self, name: str, **changes: Any) -> tuple[str, int]:
        """How a poll went, and how many alerts were new."""
        result = await poll(self.intake, self.watch(name, **changes))
        return result.outcome, result.new

    async def decisions(self) -> list[str]:
        """What was decided, in the order it came in."""
        alerts = (await self.store.read(lists.alert_page, limit=500)).items[::-1]
        return [f"{alert.decision} {alert.reason}" if alert.reason else alert.decision for alert in alerts]

    async def contents(self) -> dict[str, list[str]]:
        """Every row of every table."""

        def read(connection: Any) -> dict[str, list[str]]:
            tables = metadata.tables.items()
            return {name: sorted(map(repr, connection.execute(select(table)))) for name, table in tables}

        return await self.store.read(read)


@asynccontextmanager
async def serving(store: Store) -> AsyncIterator[Source]:
    async with FeedServer() as server, net.new_session(user_agent="test", allow_networks=LOOPBACK) as session:
        yield Source(server, store, session)
