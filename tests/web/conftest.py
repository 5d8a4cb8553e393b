"""A gateway's web part on loopback, over a real store that has taken a few documents in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import msgspec
import pytest_asyncio

from capgateway import cap, shipped, web
from capgateway.cards.policy import Policy
from capgateway.config import Address, Settings
from capgateway.feeds.feed import Feed
from capgateway.ingest import Ingest
from capgateway.metrics import Metrics
from capgateway.store import Store, utc_now
from capgateway.webhooks import Outlets
from capgateway.webhooks.receiver import Receiver

NWS = Feed(name="nws", kind="atom", url="https://alerts.example.org/")
APP = Receiver(name="app", url="https://cards.example.org/", secrets=(bytes(32),))
SETTINGS = Settings(policy=Policy(regions=("US-TX",)), feeds=(NWS,), receivers=(APP,))


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
    troubles: list[str]

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, object]]:
        """Status and JSON of an answer."""
        async with self.session.get(path, headers=headers) as answer:
            return answer.status, msgspec.json.decode(await answer.read())


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store = Store.open(f"sqlite:///{tmp_path}/cap.db")
    metrics, troubles, now = Metrics(), list[str](), utc_now()
    outlets = Outlets(receivers=SETTINGS.receivers, public_url="http://127.0.0.1")
    schemas = cap.Schemas(shipped.cap_schemas())
    ingest = Ingest(store, schemas, SETTINGS.policy, outlets, metrics=metrics, on_messages=lambda: None)
    for document in (alert("TX-1", "CAE", now), alert("TX-2", "TOR", now), b"<alert"):
        await ingest.take_in(document, NWS, now)
    gateway = web.Gateway(
        store=store,
        settings=SETTINGS,
        metrics=metrics,
        troubles=lambda: troubles,
        last_success=lambda: {"nws": datetime(2026, 11, 22, tzinfo=UTC)},
    )
    async with web.serve(web.make_app(gateway), Address("127.0.0.1", 0)) as address:
        base = f"http://{address.host}:{address.port}"
        async with aiohttp.ClientSession(base) as session:
            yield Site(address=address, session=session, store=store, gateway=gateway, troubles=troubles)
    store.close()
