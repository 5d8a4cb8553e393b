"""The application that answers, and the socket it answers on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from capgateway.config import Address
from capgateway.errors import ConfigError
from capgateway.web import api, feeds, guard, health, page, problems, validate
from capgateway.web.gateway import GATEWAY, Gateway

STOP_SECONDS = 5.0


def make_app(gateway: Gateway) -> web.Application:
    """Health, metrics, API and front page of one gateway."""
    app = web.Application(
        middlewares=[problems.tell_problems, guard.only_known], client_max_size=feeds.LARGEST_DOCUMENT
    )
    app[GATEWAY] = gateway
    app.on_response_prepare.append(guard.add_headers)
    for part in (health, api, feeds, validate, page):
        app.add_routes(part.routes)
    return app


@asynccontextmanager
async def serve(app: web.Application, address: Address) -> AsyncIterator[Address]:
    """Answer at ``address`` while the context lasts; gives the address really bound, its port chosen where it was 0."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except OSError as error:
            raise ConfigError(
                f"cannot listen at {address.host}:{address.port}: {error.strerror}", key="gateway.listen"
            ) from error
        host, port = runner.addresses[0][:2]
        yield Address(host, port)
    finally:
        await runner.cleanup()
