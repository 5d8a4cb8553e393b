"""A gateway's web part on loopback, over a real service that polls a feed and was handed a few documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio
from web_site import Site, alert, running, settings

from capgateway import web
from capgateway.clock import utc_now
from capgateway.config import Address
from capgateway.service import Service
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store, troubles, now = Store.open(f"sqlite:///{tmp_path}/cap.db"), list[str](), utc_now()
    async with FeedServer() as source:
        service = Service(settings(source), store, roles=["poll"])
        gateway = web.Gateway(
            store=store,
            settings=service.settings,
            metrics=service.metrics,
            troubles=lambda: troubles,
            notes=service.notes,
            fault=service.fault_of_receiver,
            operations=service,
            hands=service._operate,
        )
        async with running(service), web.serve(web.make_app(gateway), Address("127.0.0.1", 0)) as address:
            for document in (alert("TX-1", "CAE", now), alert("TX-2", "TOR", now), b"<alert"):
                await service.submit("nws", document, actor="test")
            async with aiohttp.ClientSession(f"http://{address.host}:{address.port}") as session:
                yield Site(
                    address=address,
                    session=session,
                    store=store,
                    gateway=gateway,
                    source=source,
                    troubles=troubles,
                    service=service,
                )
    store.close()
