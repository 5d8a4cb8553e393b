"""A gateway on a configuration file, and a receiver that keeps every request with a card as it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from capgateway import config
from capgateway.service import Service
from capgateway.store import Store

PATIENCE_SECONDS = 60


class Sink:
    """Keeps the headers and the body of every message about a card, and acknowledges it."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/", self._hook)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()

    async def request(self, number: int) -> tuple[dict[str, str], bytes]:
        """The request of this number, once it is there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.requests) <= number:
                await asyncio.sleep(0.02)
        return self.requests[number]

    async def _hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if b'"type":"card.' in body:
            self.requests.append(({name.lower(): value for name, value in request.headers.items()}, body))
        return web.Response()


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[Service]:
    """A running gateway, which is ready."""
    settings = config.load(path)
    store = Store.open(settings.gateway.database)
    service, ready = Service(settings, store), asyncio.Event()
    running = asyncio.create_task(service.run(ready))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ready.wait()
        yield service
    finally:
        service.stop()
        await running
        store.close()
