"""A gateway for the tests of feeds: the real store on a file, real sessions, and what is stored told in plain values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Table, select

from capgateway import cap, net, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.feeds.http.answer import Validators
from capgateway.feeds.stream import naads
from capgateway.ingest import Intake, Watch, Watching, hear
from capgateway.metrics import Metrics
from capgateway.simulate import story, stream
from capgateway.store import Store, StoredAlert, feeds, lists
from capgateway.store.tables import alerts, bodies, sightings

LOOPBACK = (ip_network("127.0.0.0/8"),)
SCHEMAS = cap.Schemas(shipped.cap_schemas())
POLICY = Policy(regions=("US-TX",))
AGENT = "capgateway/test (oncall@platform.example)"
PATIENCE_SECONDS = 60.0
BRISK = timedelta(milliseconds=50)
"""An interval for tests that wait for the clock."""


def feed(name: str, kind: Any, url: str = "", **settings: Any) -> Feed:
    """A feed on loopback."""
    return Feed(name=name, kind=kind, url=url, **{"allow_networks": LOOPBACK, **settings})


def amber(name: str, *, now: datetime | None = None) -> cap.Alert:
    """An AMBER Alert of this identifier, for Dallas."""
    return replace(story.amber(now or utc_now() - timedelta(minutes=9)), identifier=name)


def chain(name: str) -> tuple[cap.Alert, cap.Alert, cap.Alert]:
    """An Alert, its Update and the Cancel of both."""
    now = utc_now()
    first = amber(f"{name}-A", now=now - timedelta(minutes=8))
    second = replace(story.update(now - timedelta(minutes=6), first), identifier=f"{name}-U")
    return first, second, replace(story.cancel(now - timedelta(minutes=4), first, second), identifier=f"{name}-C")


def archived(alert: cap.Alert) -> str:
    """Where an archive keeps it."""
    return naads.archive_urls(reference(alert), ["x:"])[0].removeprefix("x:/")


def reference(alert: cap.Alert) -> cap.Reference:
    assert alert.sent is not None
    return cap.Reference(sender=alert.sender, identifier=alert.identifier, sent=alert.sent)


def heartbeat(*alerts: cap.Alert) -> bytes:
    """A heartbeat that names these."""
    return stream.heartbeat(*map(reference, alerts))


async def heard(gateway: Gateway, watch: Watch, *documents: bytes) -> None:
    """Hear documents of a stream, and what each leads to."""
    for document in documents:
        await hear(gateway.intake, watch, document)
        if watch.catching_up:
            await watch.catching_up


def intake(store: Store) -> Intake:
    """What every way in leads to, for Texas, with no receivers."""
    return Intake(store, SCHEMAS, POLICY, metrics=Metrics(), on_messages=lambda: None)


class Gateway:
    """One process of a gateway: its store, its intake, and watches on feeds that a test polls by hand."""

    def __init__(self, store: Store, session: Any, states: dict[str, dict[str, Validators]]) -> None:
        self.store, self.intake, self.session, self._states = store, intake(store), session, states

    def watch(self, feed: Feed) -> Watch:
        """As the gateway begins to watch it: with what the store remembers."""
        return Watch(feed, self.session, self._states.get(feed.name, {}))

    def watching(self) -> Watching:
        return Watching(self.intake, AGENT)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Gateway]:
    """A gateway on the database in this directory."""
    store = Store.open(f"sqlite:///{path / 'gateway.db'}")
    try:
        async with net.new_session(user_agent=AGENT, allow_networks=LOOPBACK) as session:
            yield Gateway(store, session, await store.read(feeds.validators))
    finally:
        store.close()


async def stored(store: Store) -> list[StoredAlert]:
    """All alerts, the newest first."""
    return (await store.read(lists.alert_page, limit=10_000)).items


async def identifiers(store: Store) -> list[str]:
    """Of all alerts that can be read, sorted; twice what is stored twice."""
    return sorted(alert.identifier or "?" for alert in await stored(store) if alert.reason != "unreadable")


async def decisions(store: Store) -> dict[str, tuple[str, str | None]]:
    """Decision and reason by identifier."""
    return {alert.identifier or "?": (alert.decision, alert.reason) for alert in await stored(store)}


async def showing(store: Store) -> list[str]:
    """The identifiers of the alerts whose cards are on display."""
    cards = (await store.read(lists.card_page, state="active", limit=1_000)).items
    found = [await _behind(store, card.card_id) for card in cards]
    return sorted(alert.identifier or "?" for alert in found if alert)


async def _behind(store: Store, card_id: str) -> StoredAlert | None:
    """The alert that a card shows: the last by ``sent`` that became it."""
    behind = (await store.read(lists.alert_page, card_id=card_id, limit=100)).items
    return max(behind, key=lambda alert: alert.sent or "", default=None)


async def seen(store: Store) -> dict[str, set[str]]:
    """By identifier the feeds that brought it."""
    again = select(alerts.c.identifier, sightings.c.feed).join(sightings, sightings.c.alert_id == alerts.c.id)
    query = select(alerts.c.identifier, alerts.c.feed).union(again)
    found: dict[str, set[str]] = {}
    for identifier, name in await store.read(lambda connection: [tuple(row) for row in connection.execute(query)]):
        found.setdefault(identifier or "?", set()).add(name)
    return found


async def rows(store: Store, table: Table = bodies) -> list[Any]:
    """Every row of a table."""
    return await store.read(lambda connection: list(connection.execute(select(table)).mappings()))


async def until(holds: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait until it holds; a test that waits in vain fails."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)
