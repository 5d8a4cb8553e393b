"""Streams and looks at certificates, made one by one without a session."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from capgateway.errors import Blocked
from capgateway.net.address import Networks, is_odd_number, read_address, vet
from capgateway.net.names import Names
from capgateway.net.proxy import Proxy, Unreached, open_tunnel, read_proxy
from capgateway.net.session import TIMEOUT
from capgateway.net.tls import certificates

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

_STREAM_NAMES = Names()
_Stream: TypeAlias = "tuple[asyncio.StreamReader, asyncio.StreamWriter]"


async def open_stream(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    allow_networks: Networks = (),
    proxy: str | None = None,
    resolver: AbstractResolver | None = None,
) -> _Stream:
    """A TCP or TLS connection, its address vetted as for a session and looked up once. Raises what is in ``TROUBLE``.

    Plain TCP may go to public addresses: Canada's classic stream is one, and its messages are signed. With a ``proxy``
    there is no other way out.
    """
    names, through = resolver or _STREAM_NAMES, None if proxy is None else read_proxy(proxy)
    end = asyncio.get_running_loop().time() + (TIMEOUT.sock_connect or 0)
    async with asyncio.timeout_at(end):
        addresses = await _vetted(host, port, names, allow_networks)
        for left, address in zip(range(len(addresses), 1, -1), addresses, strict=False):
            with contextlib.suppress(OSError, Unreached):  # a network that swallows packets gets its share of the time
                async with asyncio.timeout((end - asyncio.get_running_loop().time()) / left):
                    return await _open(address, port, host, tls, through, names)
        return await _open(addresses[-1], port, host, tls, through, names)


async def _vetted(host: str, port: int, names: AbstractResolver, allow_networks: Networks) -> list[str]:
    addresses = [host]
    if read_address(host) is None:
        if is_odd_number(host):
            raise Blocked(f"{host} is not an address in its usual form")
        addresses = list(dict.fromkeys([one["host"] for one in await names.resolve(host, port, socket.AF_UNSPEC)]))
    vet(host, addresses, allow_networks, plain=False)
    return addresses


async def _open(
    address: str, port: int, host: str, tls: ssl.SSLContext | None, proxy: Proxy | None, names: AbstractResolver
) -> _Stream:
    name = host if tls else None
    if proxy is None:
        return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name)
    to_proxy = (tls or certificates().context()) if proxy.scheme == "https" else None
    reader, writer = await open_tunnel(proxy, names, address, port, tls=to_proxy)
    if tls:
        try:
            await writer.start_tls(tls, server_hostname=name)
        except BaseException:
            writer.close()
            raise
    return reader, writer


async def certificate_expires(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext,
    allow_networks: Networks = (),
    proxy: str | None = None,
    resolver: AbstractResolver | None = None,
) -> datetime:
    """Until when the certificate that a server shows is valid. Raises what is in ``TROUBLE``, also when it is not now."""
    _, writer = await open_stream(host, port, tls=tls, allow_networks=allow_networks, proxy=proxy, resolver=resolver)
    shown = writer.get_extra_info("peercert")
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await writer.wait_closed()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
