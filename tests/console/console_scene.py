"""A real gateway to look at in a browser: its feeds, two receivers, and what happened to a few dozen invented cases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import msgspec
from msgspec.structs import replace

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings, Token
from capgateway.feeds import Feed
from capgateway.service import Service
from capgateway.simulate import picture, story
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.receiver import Misbehaviour, ReceiverServer
from capgateway.store import Store, gaps, lists
from capgateway.store.records import StoredAlert, StoredDelivery
from capgateway.webhooks import Receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
OPERATOR = Token(name="night desk", token="o-2718281828", scopes=("read", "operate"))
VIEWER = Token(name="wall screen", token="v-1618033988", scopes=("read",))
TOKENS = (OPERATOR, VIEWER, Token(name="press", token="p-1414213562", scopes=("submit",)))
FAILING = Misbehaviour(fail={503: 1.0})
PATIENCE_SECONDS = 60.0

CASES = (
    ("Ada Testchild", 7, "white 2014 GMC Sierra", "KPW4471", ("Dallas", "048113"), ("Tarrant", "048439")),
    ("Ben Sampleson", 4, "red 2009 Honda Civic", "BRT2208", ("Harris", "048201")),
    ("Cora Fixture", 11, "black 2021 Ford Explorer", "MXL9034", ("Travis", "048453"), ("Hays", "048209")),
    ("Dion Mockwell", 2, "silver 2017 Toyota Camry", "HVN5516", ("El Paso", "048141")),
    ("Elsa Placeholder", 15, "blue 2011 Chevrolet Malibu", "PLK7723", ("Bexar", "048029")),
    ("Finn Exampler", 9, "green 2003 Jeep Wrangler", "TRW1187", ("Lubbock", "048303")),
)
"""Child, age, vehicle, plate and counties; nobody is real."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway, and what is around it."""

    service: Service
    feed: FeedServer
    app: ReceiverServer
    partner: ReceiverServer

    @property
    def url(self) -> str:
        """Where the console is."""
        address = self.service.address
        assert address is not None
        return f"http://{address.host}:{address.port}"

    async def submit(self, alert: cap.Alert | bytes, feed: str = "state") -> StoredAlert:
        """Hand a document to a push feed; what became of it."""
        document = alert if isinstance(alert, bytes) else cap.write(alert)
        (found,) = await self.service.submit(feed, document, actor="test")
        stored = await self.service.store.read(lists.one_alert, found.alert_id)
        assert stored is not None
        return stored

    async def settled(self, card_id: str, receiver: str = "app", *, tries: int = 0) -> StoredDelivery:
        """The newest delivery of a card to a receiver, once it was delivered or, with ``tries``, attempted so often."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                page = await self.service.store.read(lists.delivery_page, card_id=card_id, receiver=receiver, limit=1)
                for one in page.items:
                    if one.state == "delivered" or (tries and len(one.attempts) >= tries):
                        return one
                await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(
    directory: Path, tokens: tuple[Token, ...] = (), *, regions: Sequence[str] = ("US-TX",)
) -> AsyncIterator[Scene]:
    """The gateway while the context lasts. Of its feeds one is polled, one fails, and two are pushed."""
    secret = bytes(range(32))
    async with (
        FeedServer() as feed,
        ReceiverServer(secrets=[secret]) as app,
        ReceiverServer(secrets=[secret]) as partner,
    ):
        feeds = (
            Feed(
                name="simulator",
                kind="atom",
                url=feed.url("index.atom"),
                interval=timedelta(milliseconds=500),
                allow_networks=LOOPBACK,
            ),
            Feed(name="state", kind="push", allow_networks=LOOPBACK, media_hosts=("127.0.0.1",)),
            Feed(name="ncmec", kind="push"),
            Feed(
                name="province",
                kind="rss",
                url=feed.url("nowhere/index.rss"),
                interval=timedelta(hours=1),
                allow_networks=LOOPBACK,
            ),
        )
        receivers = tuple(
            Receiver(name=name, url=server.url, secrets=(secret,), allow_networks=LOOPBACK)
            for name, server in (("app", app), ("partner", partner))
        )
        settings = Settings(
            gateway=GatewaySettings(database=f"sqlite:///{directory}/scene.db", listen="127.0.0.1:0"),
            policy=Policy(regions=tuple(regions)),
            feeds=feeds,
            receivers=receivers,
            tokens=tokens,
        )
        store = Store.open(settings.gateway.database)
        try:
            service, ready = Service(settings, store), asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(service.run(ready))
                await ready.wait()
                try:
                    yield Scene(service=service, feed=feed, app=app, partner=partner)
                finally:
                    service.stop()
        finally:
            store.close()


def amber(number: int, now: datetime | None = None) -> cap.Alert:
    """The AMBER Alert of a case; the cases repeat with other identifiers."""
    child, age, vehicle, plate, *counties = CASES[number % len(CASES)]
    first = story.amber(now or utc_now(), story.FIRST_CASE + number)
    areas = tuple(
        cap.Area(area_desc=f"{name} County, TX", geocodes=(cap.Named(name="SAME", value=same),))
        for name, same in counties
    )
    english = replace(
        first.infos[0],
        headline=f"AMBER Alert for a missing {age}-year-old from {counties[0][0]} County, TX",
        description=f"{child}, {age} years old, was last seen in {counties[0][0]}, Texas. "
        f"Suspect vehicle is a {vehicle}, Texas license plate {plate}.",
        parameters=(cap.Named(name="EAS-ORG", value="CIV"),),
        areas=areas,
    )
    return replace(first, infos=(english,))


async def crowd(scene: Scene) -> None:
    """Much at once: cards on display, updated, ended and unverified, take-downs that nobody acknowledges, alerts that wait for
    a person, and a failing feed."""
    scene.feed.misbehave("nowhere/index.rss", Fault(status=503))
    await scene.service.poll_now("province")
    scene.feed.share("photo.jpg", picture.draw(), "image/jpeg")
    alerts = [amber(number) for number in range(len(CASES))]
    alerts[0] = story.with_picture(alerts[0], scene.feed.url("photo.jpg"), picture.DESCRIPTION)
    made = [await scene.submit(one, "ncmec" if at == len(alerts) - 1 else "state") for at, one in enumerate(alerts)]
    ids = [one.card_id for one in made]
    assert all(ids), made
    for card_id in ids:
        await scene.settled(str(card_id))
        await scene.settled(str(card_id), "partner")
    later = utc_now() + timedelta(seconds=1)
    await scene.submit(story.update(later, alerts[1]))
    await scene.submit(story.cancel(later, alerts[2]))
    await scene.settled(str(ids[2]))
    scene.partner.misbehaviour = FAILING
    await scene.submit(story.cancel(later, alerts[3]))
    await scene.settled(str(ids[3]))
    await scene.settled(str(ids[3]), "partner", tries=1)
    await scene.submit(story.exercise(later))
    await scene.submit(story.thunderstorm(later))
    await scene.submit(story.malformed(later))
    await scene.submit(replace(story.cancel(later, alerts[0]), sender="amber@other.example", identifier="TX-FOREIGN-C"))
    await scene.service.store.write_alone(gaps.begin, "ncmec", utc_now() - timedelta(minutes=50))
