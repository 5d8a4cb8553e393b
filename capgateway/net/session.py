"""Sessions and streams that connect only where they may.

Feeds and receivers are addresses somebody wrote into a file, and a stranger's server may redirect or rename itself.
So every session refuses private, loopback and otherwise special addresses, unless the operator's
``allow_networks`` names them. Three places watch, because none of them sees everything:

- the *middleware* knows the scheme (plain http is for ``allow_networks`` only) and sees each redirect;
- the *resolver* knows the name, and rejects it when any of its answers is bad. What it returns is what is connected
  to, there is no second lookup, so a name cannot be vetted with one address and used with another;
- the *socket factory* sees every address before it is opened, literals too, which a resolver never gets.

Behind a forward ``proxy`` only the proxy sees the address in the end. The target's name is still looked up and vetted
here, and refused when that fails; but the proxy looks it up once more, so let it filter private addresses itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from capgateway.errors import Blocked
from capgateway.net.address import Networks, check_url, is_odd_number, read_address, vet
from capgateway.net.answers import BoundedConnector
from capgateway.net.descriptors import descriptor_limit
from capgateway.net.names import Names
from capgateway.net.timing import current
from capgateway.net.tls import Certificates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.client_middlewares import ClientHandlerType
    from yarl import URL

# A server is called dead after 10 s without a connection (TLS included), 30 s without a byte, 2 minutes in all.
TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30)
RESERVED_DESCRIPTORS = 128  # files and connections of the store, its threads, and what strangers just opened to us
KEEPALIVE_SECONDS = 15  # a pooled connection keeps the address it was vetted with; not for long

# Whether the request being connected is plain http. Resolver and socket factory run inside the request's context.
_PLAIN: ContextVar[bool] = ContextVar("_PLAIN", default=False)


class _Guard(AbstractResolver):
    """The watch over one session: resolver, socket factory and middleware in one, so that they agree."""

    def __init__(self, allow_networks: Networks, names: AbstractResolver, *, proxied: bool) -> None:
        self._allow_networks, self._names, self._proxied = tuple(allow_networks), names, proxied

    async def middleware(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        check_url(request.url, allow_networks=self._allow_networks)
        plain = _PLAIN.set(request.url.scheme == "http")
        try:
            if self._proxied:
                await self._vet_behind_proxy(request)
            return await handler(request)
        finally:
            _PLAIN.reset(plain)

    async def _vet_behind_proxy(self, request: aiohttp.ClientRequest) -> None:
        host = request.url.host or ""
        if request.proxy is None:
            raise Blocked(f"{host} would be reached without the configured proxy")
        if read_address(host) is None:
            self._vet(host, await self._names.resolve(host, request.url.port or 0, socket.AF_UNSPEC))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        begun = time.monotonic()
        answers = await self._names.resolve(host, port, family)
        if timing := current():
            timing.looked_up = time.monotonic() - begun
        if not self._proxied:  # else the only host ever connected to is the proxy: the operator's own word
            self._vet(host, answers)
        return answers

    def _vet(self, host: str, answers: list[ResolveResult]) -> None:
        vet(host, [answer["host"] for answer in answers], self._allow_networks, plain=_PLAIN.get())

    def open_socket(self, address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = address_info
        if not self._proxied:
            vet(str(address[0]), [str(address[0])], self._allow_networks, plain=_PLAIN.get())
        return _leave_some(socket.socket(family, kind, protocol))

    async def close(self) -> None:
        await self._names.close()


def _leave_some(opened: socket.socket) -> socket.socket:
    """The system gives out the lowest number that is free, so the number shows how many are left. Who connects to strangers
    can try again later; the store cannot."""
    limit = descriptor_limit()
    if opened.fileno() >= limit - min(RESERVED_DESCRIPTORS, limit // 4):
        opened.close()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    return opened


def new_session(  # noqa: PLR0913  (one per setting of a feed or receiver)
    *,
    user_agent: str,
    allow_networks: Networks = (),
    ca: str | None = None,
    client_cert: str | None = None,
    client_key: str | None = None,
    proxy: str | None = None,
    limit_per_host: int = 0,
    timeout: aiohttp.ClientTimeout = TIMEOUT,
    resolver: AbstractResolver | None = None,
    traces: Sequence[aiohttp.TraceConfig] = (),
) -> aiohttp.ClientSession:
    """A session that connects only where it may. Nothing comes from the environment, cookies are not kept, bodies stay
    packed until ``read_bounded`` unpacks them. Sessions with equal settings may be shared by many feeds.

    ``ca``, ``client_cert``, ``client_key`` are paths of PEM files, see ``Certificates``: what is in them counts for the
    next connection, and a request raises ``FetchError`` while they cannot be used. ``resolver`` looks names up, and
    ``traces`` hear what happens.
    """
    guard = _Guard(allow_networks, resolver or Names(), proxied=proxy is not None)
    connector = BoundedConnector(
        resolver=guard,
        socket_factory=guard.open_socket,
        limit=0,
        limit_per_host=limit_per_host,
        use_dns_cache=False,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        middlewares=(guard.middleware,),
        request_class=_with(Certificates(ca, client_cert, client_key)),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        proxy=proxy,
        timeout=timeout,
        trace_configs=list(traces),
    )


def _with(certificates: Certificates) -> type[aiohttp.ClientRequest]:
    """Requests that use the certificates as they are when each is made. A pooled connection made with others is not a match
    for them, and is closed once it has been idle for ``KEEPALIVE_SECONDS``."""

    class Request(aiohttp.ClientRequest):
        def __init__(self, method: str, url: URL, **settings: Any) -> None:
            if certificates.are_ours or url.scheme != "http" or settings.get("proxy"):
                settings["ssl"] = certificates.context()
            super().__init__(method, url, **settings)

    return Request


# Streams and looks at certificates are made one by one, without a session.
_STREAM_NAMES = Names()


async def open_stream(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    allow_networks: Networks = (),
    resolver: AbstractResolver | None = None,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A TCP or TLS connection, its address vetted as for a session and looked up once. Raises what is in ``TROUBLE``.

    Plain TCP may go to public addresses: Canada's classic stream is one, and its messages are signed.
    """
    addresses = [host]
    if is_odd_number(host) and read_address(host) is None:
        raise Blocked(f"{host} is not an address in its usual form")
    async with asyncio.timeout(TIMEOUT.sock_connect):
        if read_address(host) is None:
            names = resolver or _STREAM_NAMES
            addresses = [answer["host"] for answer in await names.resolve(host, port, socket.AF_UNSPEC)]
        vet(host, addresses, allow_networks, plain=False)
        for address in addresses[:-1]:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(address, port, ssl=tls, server_hostname=host if tls else None)
        return await asyncio.open_connection(addresses[-1], port, ssl=tls, server_hostname=host if tls else None)


async def certificate_expires(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext,
    allow_networks: Networks = (),
    resolver: AbstractResolver | None = None,
) -> datetime:
    """Until when the certificate that a server shows is valid. Raises what is in ``TROUBLE``, also when it is not now."""
    _, writer = await open_stream(host, port, tls=tls, allow_networks=allow_networks, resolver=resolver)
    shown = writer.get_extra_info("peercert")
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await writer.wait_closed()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
