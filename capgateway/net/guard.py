"""The watch over one session.

Feeds and receivers are addresses somebody wrote into a file, and a stranger's server may redirect or rename itself.
So every session refuses private, loopback and otherwise special addresses, unless the operator's
``allow_networks`` names them. Three places watch, because none of them sees everything:

- the *middleware* knows the scheme (plain http is for ``allow_networks`` only) and sees each redirect;
- the *resolver* knows the name, and rejects it when any of its answers is bad. What it returns is what is connected
  to, there is no second lookup, so a name cannot be vetted with one address and used with another;
- the *socket factory* sees every address before it is opened, literals too, which a resolver never gets.

With a ``proxy`` nothing else is ever connected to: resolver and socket factory know its address only, and the middleware
puts a vetted address in the place of the name before the proxy is asked.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict

from capgateway.errors import Blocked, FetchError
from capgateway.net import proxy as proxies
from capgateway.net.address import Networks, check_url, read_address, vet
from capgateway.net.descriptors import descriptor_limit
from capgateway.net.timing import current

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.client_middlewares import ClientHandlerType
    from yarl import URL

RESERVED_DESCRIPTORS = 128  # files and connections of the store, its threads, and what strangers just opened to us
VETTED_SECONDS = 15  # behind a proxy each request needs an address; a name is not looked up for each
MOST_VETTED = 256  # a hostile index links to any number of names
MOST_TRIED = 4  # addresses of a server that the proxy is asked for, one after the other
PROXY_AUTHENTICATION_REQUIRED = 407

# Whether the request being connected is plain http. Resolver and socket factory run inside the request's context.
_PLAIN: ContextVar[bool] = ContextVar("_PLAIN", default=False)


class _Vetted(NamedTuple):
    addresses: list[str]
    until: float


class Guard(AbstractResolver):
    """Resolver, socket factory and middleware in one, so that they agree."""

    def __init__(self, allow_networks: Networks, names: AbstractResolver, proxy: proxies.Proxy | None) -> None:
        self._allow_networks, self._names, self._proxy = tuple(allow_networks), names, proxy
        self._at_proxy = {proxy.host} if proxy else set()
        self._vetted: dict[tuple[str, bool], _Vetted] = {}

    async def middleware(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        check_url(request.url, allow_networks=self._allow_networks)
        plain = _PLAIN.set(request.url.scheme == "http")
        try:
            return await (handler(request) if self._proxy is None else self._through(self._proxy, request, handler))
        finally:
            _PLAIN.reset(plain)

    async def _through(
        self, proxy: proxies.Proxy, request: aiohttp.ClientRequest, handler: ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Ask the proxy for a vetted address; for another one where it cannot reach the first."""
        url = request.url
        if request.proxy is None:
            raise Blocked(f"{url.host} would be reached without the configured proxy")
        addresses = await self._addresses(url)
        for address in addresses[:-1]:
            try:
                return await self._ask(proxy, request, url.with_host(address), handler)
            except proxies.Unreached:
                continue
        return await self._ask(proxy, request, url.with_host(addresses[-1]), handler)

    async def _ask(
        self, proxy: proxies.Proxy, request: aiohttp.ClientRequest, url: URL, handler: ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """The name stays in the Host header, and is what TLS asks for."""
        name = request.original_url.raw_host or ""
        request.url = url
        if url.scheme == "http":
            request.headers.update(proxy.headers)
        else:
            request.server_hostname = name.rstrip(".")
            request.proxy_headers = CIMultiDict(proxy.headers)
        response = await handler(request)
        if response.status == PROXY_AUTHENTICATION_REQUIRED and url.scheme == "http":
            response.close()
            raise proxies.refused(response.status)
        return response

    async def _addresses(self, url: URL) -> list[str]:
        """Vetted; IPv4 first, as a proxy has that whatever this machine has."""
        host = url.raw_host or ""
        if literal := read_address(host):
            return [str(literal)]
        known = self._vetted.get((host, _PLAIN.get()))
        if known is None or known.until < time.monotonic():
            try:
                answers = await self._look_up(host, url.port or 0, socket.AF_UNSPEC)
            except OSError as error:  # the library takes it for one of the connection
                raise FetchError(f"dns: no address of {host}: {error.strerror}", reason="dns") from error
            self._vet(host, answers)
            found = sorted(dict.fromkeys(one["host"] for one in answers), key=lambda one: ":" in one)
            known = _Vetted(found[:MOST_TRIED], time.monotonic() + VETTED_SECONDS)
            if len(self._vetted) >= MOST_VETTED:
                self._vetted.clear()
            self._vetted[host, _PLAIN.get()] = known
        return known.addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if self._proxy is None:
            answers = await self._look_up(host, port, family)
            self._vet(host, answers)
            return answers
        if host != self._proxy.host:
            raise Blocked(f"{host} would be reached without the configured proxy")
        answers = await self._names.resolve(host, port, family)  # it may be private: it is the operator's own word
        if len(self._at_proxy) > MOST_VETTED:
            self._at_proxy.clear()
        self._at_proxy |= {answer["host"] for answer in answers}  # others may be connecting to the answers before
        return answers

    async def _look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        begun = time.monotonic()
        answers = await self._names.resolve(host, port, family)
        if timing := current():
            timing.looked_up = time.monotonic() - begun
        return answers

    def _vet(self, host: str, answers: Sequence[ResolveResult]) -> None:
        vet(host, [answer["host"] for answer in answers], self._allow_networks, plain=_PLAIN.get())

    def open_socket(self, address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = address_info
        host, port = str(address[0]), address[1]
        if self._proxy is None:
            vet(host, [host], self._allow_networks, plain=_PLAIN.get())
        elif host not in self._at_proxy or port != self._proxy.port:
            raise Blocked(f"{host} would be reached without the configured proxy")
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
