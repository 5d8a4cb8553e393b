"""The application that answers, and the socket it answers on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from capgateway import net
from capgateway.config import Address
from capgateway.errors import ConfigError
from capgateway.web import (
    api,
    connections,
    console,
    deliveries,
    drill,
    erase,
    feeds,
    guard,
    hand,
    health,
    lives,
    media,
    openapi,
    places,
    problems,
    quarantine,
    receivers,
    report,
    stream,
    validate,
    wellknown,
)
from capgateway.web.gateway import GATEWAY, Gateway
from capgateway.web.sessions import SESSIONS, Sessions
from capgateway.web.slowing import SLOWING, Slowing

STOP_SECONDS = 3.0  # for pages at work, and once more for those that do not end then
BACKLOG = 128  # connections that may come in before the loop looks again


def make_app(gateway: Gateway) -> web.Application:
    """Health, metrics, API and console of one gateway."""
    app = web.Application(
        middlewares=[connections.attended, console.as_page, problems.tell_problems, guard.only_known],
        client_max_size=feeds.LARGEST_DOCUMENT,
    )
    app[GATEWAY], app[SESSIONS], app[SLOWING] = gateway, Sessions(), Slowing()
    app[stream.CHANGES] = stream.Changes(gateway)
    app.on_shutdown.append(app[stream.CHANGES].end)
    app.on_response_prepare.append(guard.add_headers)
    for part in (
        health,
        api,
        hand,
        lives,
        quarantine,
        erase,
        deliveries,
        drill,
        feeds,
        receivers,
        report,
        media,
        openapi,
        places,
        wellknown,
        validate,
        stream,
        *console.PARTS,
    ):
        app.add_routes(part.routes)
    return app


@asynccontextmanager
async def serve(app: web.Application, address: Address) -> AsyncIterator[Address]:
    """Answer at ``address`` while the context lasts; gives the address really bound, its port chosen where it was 0."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        listener = await _listen(runner, address)
        try:
            host, port = listener.sockets[0].getsockname()[:2]
            yield Address(host, port)
        finally:
            listener.close()
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: Address) -> asyncio.Server:
    most = min(connections.MOST_CONNECTIONS, net.descriptor_limit() // connections.SHARE_OF_DESCRIPTORS)
    assert runner.server is not None  # noqa: S101  (it was set up)
    come_in = connections.Connections(runner.server, most)
    try:
        return await asyncio.get_running_loop().create_server(come_in, address.host, address.port, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"cannot listen at {address.host}:{address.port}: {error.strerror}", key="gateway.listen"
        ) from error
