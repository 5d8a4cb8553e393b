"""A gateway that was stopped for three hours over a Cancel: nobody is left to believe that its card is still true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.feeds import Feed
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import Store, feeds
from capgateway.store.tables import cards
from capgateway.webhooks import Receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = b"a secret of the right length...."
PATIENCE_SECONDS = 60.0
AWAY = timedelta(hours=3)


class Installation:
    """A database, two sources and two receivers: the app's, and the operators'."""

    def __init__(self, path: Path, app: ReceiverServer, ops: ReceiverServer, *sources: Feed) -> None:
        shared: dict[str, Any] = {"secrets": (SECRET,), "allow_networks": LOOPBACK}
        self.settings = Settings(
            gateway=GatewaySettings(database=f"sqlite:///{path / 'cap.db'}", listen=""),
            policy=Policy(regions=("US-TX",)),
            feeds=sources,
            receivers=(
                Receiver(name="app", url=app.url, **shared),
                Receiver(name="ops", url=ops.url, messages=("operator.*",), **shared),
            ),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Store]:
        store, ready = Store.open(self.settings.gateway.database), asyncio.Event()
        service = Service(self.settings, store)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(service.run(ready))
                await ready.wait()
                yield store
                service.stop()
        finally:
            store.close()

    async def was_stopped(self) -> None:
        """As if the last answers had come three hours ago."""
        store = Store.open(self.settings.gateway.database)
        await store.write(feeds.save_complete, {feed.name: utc_now() - AWAY for feed in self.settings.feeds})
        store.close()


def types(receiver: ReceiverServer, prefix: str) -> list[str]:
    return [one.type for one in receiver.arrivals if one.type and one.type.startswith(prefix)]


async def unverified(store: Store) -> list[bool]:
    """Of each card on display, whether it is unverified."""
    query = select(cards.c.unverified_since).where(cards.c.state == "active")
    return [since is not None for since in await store.read(lambda connection: connection.scalars(query).all())]


def source_of(server: FeedServer, name: str, kind: Any, path: str) -> Feed:
    return Feed(name=name, kind=kind, url=server.url(path), interval=timedelta(seconds=1), allow_networks=LOOPBACK)


async def test_a_cancel_that_was_missed_leaves_an_unverified_card(tmp_path: Path) -> None:
    """FEMA has dropped Alert and Cancel meanwhile: the card stays on display, is unverified, and operators are told."""
    alert = story.amber(utc_now() - timedelta(minutes=5))
    async with (
        FeedServer() as fema,
        ReceiverServer(secrets=[SECRET]) as app,
        ReceiverServer(secrets=[SECRET]) as ops,
    ):
        fema.publish("a.xml", cap.write(alert))
        gateway = Installation(tmp_path, app, ops, source_of(fema, "ipaws", "ipaws", "recent/{since}"))
        async with gateway.running() as store:
            while not app.cards:
                await asyncio.sleep(0.02)
            assert await unverified(store) == [False]
        await gateway.was_stopped()
        fema.remove("a.xml")
        async with gateway.running() as store:
            while len(types(ops, "operator.")) < 2:
                await asyncio.sleep(0.02)
            assert await unverified(store) == [True]
    assert sorted(types(ops, "operator.")) == ["operator.cards_unverified", "operator.feed_gap"]
    assert len(app.cards) == 1
    assert types(app, "operator.") == []


async def test_the_weather_service_knows_the_cancel_that_was_missed(tmp_path: Path) -> None:
    """It lists the Cancel for a week, so the card is taken down; operators are told of the gap all the same."""
    alert = story.amber(utc_now() - timedelta(minutes=5))
    cancel = replace(story.cancel(utc_now(), alert), identifier="ENDED")
    async with (
        FeedServer() as fema,
        FeedServer() as weather,
        ReceiverServer(secrets=[SECRET]) as app,
        ReceiverServer(secrets=[SECRET]) as ops,
    ):
        for server in (fema, weather):
            server.publish("a.xml", cap.write(alert))
        sources = (
            source_of(fema, "ipaws", "ipaws", "recent/{since}"),
            source_of(weather, "nws", "nws", "alerts/active"),
        )
        gateway = Installation(tmp_path, app, ops, *sources)
        async with gateway.running():
            while not app.cards:
                await asyncio.sleep(0.02)
        await gateway.was_stopped()
        fema.remove("a.xml")
        weather.remove("a.xml")
        weather.publish("c.xml", cap.write(cancel))
        async with gateway.running() as store:
            while app.cards or "operator.feed_gap" not in types(ops, "operator."):
                await asyncio.sleep(0.02)
            assert await unverified(store) == []
    assert types(app, "card.") == ["card.published", "card.cancelled"]
