"""Ways to write an address of this machine, or of its network, that others have fallen for."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from net_proxy import resolved
from net_server import LOOPBACK

from capgateway import net

HOSTS = r"""
    127.0.0.1 127.0.0.1. 127.1 127.0.1 127.000.000.001 127.255.255.254 0177.0.0.1 0177.1 017700000001 0x7f.0.0.1 0x7f.1
    0x7f000001 0X7F000001 2130706433 2130706433. 0 0.0.0.0 00000000 localhost LOCALHOST localhost. foo.localhost ip6-localhost
    [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::127.0.0.1] [2002:7f00:1::]
    [fe80::1] [fe80::1%25lo] [::1%25lo] ①②⑦.⓪.⓪.① 127。0。0。1 １２７.0.0.1 ⓛⓞⓒⓐⓛⓗⓞⓢⓣ 127.0.0.1%2e %31%32%37.0.0.1
    127.0.0.1%00.example.org example.org@127.0.0.1 127.0.0.1#@example.org 127.0.0.1\@example.org
"""


class Trap:
    """Listens on loopback, in both versions of IP where there are two, and counts who comes."""

    def __init__(self) -> None:
        self.came = 0

    async def __aenter__(self) -> int:
        server = await asyncio.start_server(self._count, "127.0.0.1", 0)
        port = int(server.sockets[0].getsockname()[1])
        self._servers = [server]
        if socket.has_ipv6:
            with contextlib.suppress(OSError):  # no such address here
                self._servers.append(await asyncio.start_server(self._count, "::1", port))
        return port

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()

    def _count(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()


class Rebinding(AbstractResolver):
    """Every name is an address of this machine."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
        return resolved(host, port, ["127.0.0.1"])

    async def close(self) -> None:
        pass


async def test_the_trap_catches() -> None:
    """A connection that is allowed is counted: the tests below can fail."""
    trap = Trap()
    async with trap as port, net.new_session(user_agent="t", allow_networks=LOOPBACK) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://127.0.0.1:{port}/")
    assert trap.came


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", HOSTS.split())
async def test_no_way_to_write_it_opens_a_connection(host: str, scheme: str) -> None:
    """Asked directly, or by a name that turns out to be this machine: refused before anything is opened."""
    trap = Trap()
    async with trap as port:
        for resolver in (None, Rebinding()):
            async with net.new_session(user_agent="test", resolver=resolver) as session:
                with pytest.raises((*net.TROUBLE, ValueError)):
                    await session.get(f"{scheme}://{host}:{port}/")
    assert trap.came == 0
