"""One child, two senders, two feeds: through the whole gateway, to a receiver that keeps the rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from msgspec.structs import replace

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.feeds import Feed
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import Store
from capgateway.webhooks import Receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
SECRET = b"a secret of the right length...."
PATIENCE_SECONDS = 60.0
PARTNER = "desk@partner.example"


@asynccontextmanager
async def gateway(path: Path, app: ReceiverServer, *feeds: Feed) -> AsyncIterator[None]:
    """A running gateway that reads these feeds for one receiver."""
    settings = Settings(
        gateway=GatewaySettings(database=f"sqlite:///{path / 'cap.db'}", listen=""),
        policy=Policy(regions=("US-TX",)),
        feeds=feeds,
        receivers=(Receiver(name="app", url=app.url, secrets=(SECRET,), allow_networks=LOOPBACK),),
    )
    store, ready = Store.open(settings.gateway.database), asyncio.Event()
    service = Service(settings, store)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(service.run(ready))
            await ready.wait()
            yield
            service.stop()
    finally:
        store.close()


def feed(server: FeedServer, name: str, precedence: int) -> Feed:
    return Feed(
        name=name,
        kind="atom",
        url=server.url("index.atom"),
        interval=timedelta(seconds=1),
        precedence=precedence,
        allow_networks=LOOPBACK,
    )


async def seen(app: ReceiverServer, wanted: Callable[[list[str]], bool]) -> list[str]:
    """The types of what the receiver got, as soon as that is enough."""
    while not wanted(types := [one.type for one in app.arrivals if one.type and one.action]):
        await asyncio.sleep(0.05)
    return types


def alert(sender: str, identifier: str, minutes: int) -> cap.Alert:
    """The story's alert, as this sender issues it: the child and the plate are read from the text."""
    said = story.amber(utc_now() - timedelta(minutes=minutes))
    return replace(said, sender=sender, identifier=identifier)


async def test_the_state_takes_over_from_a_partner_and_ends_the_case(tmp_path: Path) -> None:
    """The partner's card is displayed until the state's is; then it is taken down. The state's Cancel leaves no card, although
    the partner's alert goes on."""
    partners, states = alert(PARTNER, "P-1", 9), alert(story.SENDER, "S-1", 8)
    async with FeedServer() as partner, FeedServer() as state, ReceiverServer(secrets=[SECRET]) as app:
        partner.publish("p.xml", cap.write(partners))
        async with gateway(tmp_path, app, feed(partner, "partner", 5), feed(state, "state", 10)):
            await seen(app, lambda types: types == ["card.published"])
            state.publish("s.xml", cap.write(states))
            types = await seen(app, lambda types: "card.withdrawn" in types)
            assert types == ["card.published", "card.published", "card.withdrawn"]
            state.publish("x.xml", cap.write(story.cancel(utc_now(), states)))
            await seen(app, lambda types: "card.cancelled" in types)
            partner.publish("p2.xml", cap.write(replace(partners, identifier="P-2", sent=partners.sent)))
            await asyncio.sleep(2.5)
    assert app.cards == {}
    assert [one.type for one in app.arrivals if one.type and one.action] == [*types, "card.cancelled"]


async def test_a_partner_of_equal_rank_ends_the_case_too(tmp_path: Path) -> None:
    """The second sender's alert is never displayed beside the first one's, and its Cancel ends that."""
    first, second = alert(story.SENDER, "S-1", 9), alert(PARTNER, "P-1", 8)
    async with FeedServer() as partner, FeedServer() as state, ReceiverServer(secrets=[SECRET]) as app:
        state.publish("s.xml", cap.write(first))
        async with gateway(tmp_path, app, feed(partner, "partner", 10), feed(state, "state", 10)):
            await seen(app, lambda types: types == ["card.published"])
            partner.publish("p.xml", cap.write(second))
            await asyncio.sleep(2.5)
            partner.publish("x.xml", cap.write(story.cancel(utc_now(), second)))
            types = await seen(app, lambda types: "card.cancelled" in types)
    assert types == ["card.published", "card.cancelled"]
