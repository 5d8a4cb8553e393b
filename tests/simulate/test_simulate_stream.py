"""The simulated stream sends what it is told, to everyone, and fails as told."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import aiohttp
import pytest

from capgateway import cap, net
from capgateway.feeds.stream import naads
from capgateway.simulate.stream import StreamServer


async def listener(server: StreamServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = server.url.removeprefix("tcp://").partition(":")
    count = server.connections
    connection = await asyncio.open_connection(host, int(port))
    await server.connected(count + 1)
    return connection


async def test_everyone_connected_gets_every_byte() -> None:
    """Two listeners hear the same, a late one only what comes after."""
    async with StreamServer() as server:
        first, second = await listener(server), await listener(server)
        await server.send(b"one", piece=1)
        late = await listener(server)
        await server.send(b"two")
        await server.cut()
        heard = []
        for reader, writer in (first, second, late):
            heard.append(await reader.read())
            writer.close()
        assert heard == [b"onetwo", b"onetwo", b"two"]


async def test_its_heartbeats_are_heartbeats() -> None:
    """A heartbeat is one by the rules of NAADS, and names what it was given."""
    named = cap.Reference(sender="s@x.example", identifier="a", sent=cap.time("2026-01-01T00:00:00-00:00"))
    async with StreamServer() as server:
        reader, writer = await listener(server)
        await server.heartbeat(named)
        await server.cut()
        alert = cap.parse(await reader.read()).alert
        writer.close()
    assert alert is not None
    assert naads.is_heartbeat(alert)
    assert naads.announced(alert) == (named,)


async def test_asked_by_https_its_tls_never_comes_about() -> None:
    """A client that wants TLS waits for a handshake in vain, and gives up."""
    quick = aiohttp.ClientTimeout(total=5, sock_connect=0.2)
    allowed = (ip_network("127.0.0.0/8"),)
    async with (
        StreamServer() as server,
        net.new_session(user_agent="t", allow_networks=allowed, timeout=quick) as session,
    ):
        with pytest.raises(TimeoutError) as caught:
            await session.get(server.url.replace("tcp", "https"))
    assert net.fetch_error(caught.value).reason == "timeout"
