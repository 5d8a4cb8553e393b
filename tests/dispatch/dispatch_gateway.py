"""A gateway without feeds: documents go in by hand, webhooks come out for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from capgateway import cap, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.dispatch import Dispatch
from capgateway.feeds import Feed
from capgateway.ingest import Intake
from capgateway.metrics import Metrics
from capgateway.store import Store, StoredDelivery, lists
from capgateway.webhooks import Outlets, Receiver

SECRET = b"a secret of the right length...."
LOOPBACK = (ip_network("127.0.0.0/8"),)
PATIENCE_SECONDS = 60.0
SCHEMAS = cap.Schemas(shipped.cap_schemas())
FEED = Feed(name="test", kind="cap", url="https://feed.example/", interval=timedelta(minutes=2))
SENDER = "alerts@agency.example"

ALERT = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>{identifier}</identifier><sender>{sender}</sender><sent>{sent}</sent>
  <status>Actual</status><msgType>{kind}</msgType><scope>Public</scope>{references}
  <info>
    <category>Rescue</category><event>Child Abduction Emergency</event>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
    <eventCode><valueName>SAME</valueName><value>CAE</value></eventCode>
    <expires>{expires}</expires><senderName>Example Agency</senderName>
    <headline>AMBER Alert for Ada Testchild</headline><description>Last seen in Dallas.</description>
    <area><areaDesc>Dallas</areaDesc><geocode><valueName>SAME</valueName><value>048113</value></geocode></area>
  </info>
</alert>"""


def a_receiver(url: str, **changes: Any) -> Receiver:
    fields: dict[str, Any] = {"name": "feed", "secrets": (SECRET,), "allow_networks": LOOPBACK}
    return Receiver(url=url, **fields | changes)


class Gateway:
    """``issue``, ``update`` and ``cancel`` take alerts in; what follows is delivered by ``dispatch``."""

    def __init__(self, store: Store, receivers: Sequence[Receiver]) -> None:
        self.store, self.metrics = store, Metrics()
        self.dispatch = Dispatch(store, receivers, user_agent="capgateway/test", metrics=self.metrics, chance=lambda: 0)
        store.outlets = Outlets(receivers=tuple(receivers), public_url="https://cap.platform.example")
        self.ingest = Intake(store, SCHEMAS, Policy(), metrics=self.metrics, on_messages=self.dispatch.wake)
        self._sent = utc_now().replace(microsecond=0) - timedelta(minutes=5)
        self._last: dict[str, str] = {}

    async def issue(self, name: str, lifetime: timedelta = timedelta(hours=1)) -> None:
        await self._take_in(name, "Alert", lifetime)

    async def update(self, name: str) -> None:
        await self._take_in(name, "Update")

    async def cancel(self, name: str) -> None:
        await self._take_in(name, "Cancel")

    async def deliveries(self) -> list[StoredDelivery]:
        """All of them, the oldest first."""
        return (await self.store.read(lists.delivery_page)).items[::-1]

    async def states(self) -> list[str]:
        """``type state`` of every delivery, the oldest first."""
        return [f"{each.type} {each.state}" for each in await self.deliveries()]

    async def _take_in(self, name: str, kind: str, lifetime: timedelta = timedelta(hours=1)) -> None:
        self._sent += timedelta(seconds=1)
        identifier = f"{name}-{self._sent:%H%M%S}"
        references = f"<references>{self._last[name]}</references>" if name in self._last else ""
        document = ALERT.format(
            identifier=identifier,
            sender=SENDER,
            sent=_written(self._sent),
            kind=kind,
            references=references,
            expires=_written(utc_now() + lifetime),
        )
        self._last[name] = f"{SENDER},{identifier},{_written(self._sent)}"
        taken = await self.ingest.take_in(document.encode(), FEED)
        assert taken.messages, taken


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


@asynccontextmanager
async def opened(path: Path, *receivers: Receiver) -> AsyncIterator[Gateway]:
    """A gateway on this database that does not deliver yet."""
    store = Store.open(f"sqlite:///{path / 'gateway.db'}")
    try:
        yield Gateway(store, receivers)
    finally:
        store.close()


@asynccontextmanager
async def delivering(gateway: Gateway) -> AsyncIterator[Gateway]:
    """Deliver until the end of the block."""
    running = asyncio.create_task(gateway.dispatch.run())
    try:
        yield gateway
    finally:
        gateway.dispatch.stop()
        await running


@asynccontextmanager
async def running(path: Path, *receivers: Receiver) -> AsyncIterator[Gateway]:
    async with opened(path, *receivers) as gateway, delivering(gateway):
        yield gateway


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until it holds; a test that waits in vain fails."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.02)
