"""What the tests of the web part share: invented alerts, a configuration, a running service, and where to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from io import BytesIO
from ipaddress import ip_network
from typing import Any

import aiohttp
import msgspec

from capgateway import web
from capgateway.cards.policy import Policy
from capgateway.config import Address, Settings
from capgateway.feeds.feed import Feed
from capgateway.service import Service
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store
from capgateway.webhooks.receiver import Receiver

KEY = "k-3141592653"
LOOPBACK = (ip_network("127.0.0.0/8"),)
APP = Receiver(name="app", url="https://cards.example.org/", secrets=(bytes(32),))
CANADA = Receiver(name="canada", url="https://cards.example.ca/", secrets=(bytes(32),), regions=("CA",))


def settings(source: FeedServer) -> Settings:
    """Texas; a feed that is polled, one that is disabled, and two that are pushed."""
    feeds = (
        Feed(name="nws", kind="atom", url=f"{source.url('index.atom')}?key={KEY}", allow_networks=LOOPBACK),
        Feed(name="partner", kind="push"),
        Feed(name="other", kind="push"),
        Feed(name="old", kind="push", enabled=False),
    )
    return Settings(policy=Policy(regions=("US-TX",)), feeds=feeds, receivers=(APP, CANADA))


def alert(identifier: str, code: str, now: datetime) -> bytes:
    """An invented alert for Dallas County, Texas."""
    sent, expires = (moment.isoformat(timespec="seconds") for moment in (now, now + timedelta(hours=6)))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
<sender>amber@dps.example</sender><sent>{sent}</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>en-US</language><category>Rescue</category><event>Child Abduction Emergency</event>
<urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
<eventCode><valueName>SAME</valueName><value>{code}</value></eventCode><expires>{expires}</expires>
<headline>An invented headline</headline><description>Ada Testchild, 7.</description>
<area><areaDesc>Dallas, TX</areaDesc><geocode><valueName>SAME</valueName><value>048113</value></geocode></area>
</info></alert>""".encode()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where the tests ask, and what stands behind it."""

    address: Address
    session: aiohttp.ClientSession
    store: Store
    gateway: web.Gateway
    source: FeedServer
    troubles: list[str]
    service: Service

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of an answer."""
        async with self.session.get(path, headers=headers) as answer:
            return answer.status, msgspec.json.decode(await answer.read())

    async def post(self, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
        """The same for something sent."""
        async with self.session.post(path, data=BytesIO(body), headers=headers) as answer:
            return answer.status, msgspec.json.decode(await answer.read())


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """A service while the context lasts, its first polls done."""
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(ready))
        await ready.wait()
        while any(one.last_try is None and one.kind == "atom" for one in service.feed_statuses()):
            await asyncio.sleep(0.01)
        try:
            yield
        finally:
            service.stop()
