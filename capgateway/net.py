"""HTTP with strangers: where a session may connect, and how much of an answer it may swallow.

Feeds and receivers are addresses somebody wrote into a file, and a stranger's server may redirect or rename itself.
So every session of ours refuses private, loopback and otherwise special addresses, unless the operator's
``allow_networks`` names them. Three places watch, because none of them sees everything:

- the *middleware* knows the scheme (plain http is for ``allow_networks`` only) and sees each redirect;
- the *resolver* knows the name, and rejects it when any of its answers is bad. What it returns is what is connected
  to, there is no second lookup, so a name cannot be vetted with one address and used with another;
- the *socket factory* sees every address before it is opened, literals too, which a resolver never gets.

Behind a forward ``proxy`` only the proxy sees the address in the end. The target's name is still looked up and vetted
here, and refused when that fails; but the proxy looks it up once more, so let it filter private addresses itself.

Expected: ``aiohttp``'s exceptions and our ``FetchError`` (together ``TROUBLE``); ``fetch_error`` says either in our words.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
import zlib
from collections.abc import Sequence
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from capgateway.errors import Blocked, ConfigError, FetchError

if TYPE_CHECKING:
    from aiohttp.client_middlewares import ClientHandlerType

Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]

__all__ = [
    "TROUBLE",
    "Networks",
    "check_url",
    "fetch_error",
    "is_allowed",
    "lies_in",
    "new_session",
    "open_stream",
    "read_bounded",
    "tls_context",
]

# A server is called dead after 10 s without a connection (TLS included), 30 s without a byte, 2 minutes in all.
TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30)
KEEPALIVE_SECONDS = 15  # a pooled connection keeps the address it was vetted with; not for long
CHUNK = 64 * 1024
# A gzip body may be several streams end to end (RFC 1952 §2.2). Real ones have one; each costs us a decoder.
MAX_GZIP_MEMBERS = 64

# What ``is_global`` lets through on some supported Python, but leads inside, into a tunnel, or nowhere.
_SPECIAL = [
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "168.63.129.16/32",  # Azure's platform address, public only by its number
        "::/96",  # IPv4-compatible, RFC 4291
        "64:ff9b::/96",  # NAT64: an IPv4 address inside, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/32",  # Teredo, RFC 4380
        "2002::/16",  # 6to4: an IPv4 address inside, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
]


@functools.lru_cache(maxsize=4096)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address a text stands for, its zone dropped and IPv4 taken out of ``::ffff:…``; ``None`` for a name."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address  # noqa: PLR2004


def lies_in(address: str, networks: Networks) -> bool:
    """Whether a textual IP address is in one of the networks. A name never is."""
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def is_allowed(address: str, allow_networks: Networks) -> bool:
    """Whether we may connect to a textual IP address: it is on the public internet or in ``allow_networks``."""
    found = _address(address)
    if found is None:
        return False
    if any(found in network for network in allow_networks):
        return True
    if found.is_multicast or found.is_reserved or found.is_unspecified or not found.is_global:
        return False
    return not any(found in network for network in _SPECIAL)


def _is_odd_number(host: str) -> bool:
    """``127.1``, ``2130706433``, ``0x7f.0.0.1``: no address as anyone writes it, but some libraries read one."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or last.startswith("0x")


def check_url(url: str | URL, *, allow_networks: Networks = ()) -> None:
    """Raise ``FetchError`` for a URL we would never ask: not http(s), no host, a login in it, plain http outside
    ``allow_networks``; ``Blocked`` for a literal address that is not allowed.

    A name is only looked up on connecting: there it is vetted again, for plain http too.
    """
    try:
        url = URL(url)
    except ValueError as error:
        raise FetchError(f"not a URL: {error}", reason="url") from None
    host = url.host
    if url.scheme not in {"http", "https"} or not host:
        raise FetchError("only http and https URLs with a host are fetched", reason="url")
    if url.user is not None or url.password is not None:
        raise FetchError(f"the URL for {host} carries a login; use a header", reason="url")
    plain = url.scheme == "http"
    if plain and not allow_networks:
        raise FetchError(f"plain http to {host} is only allowed inside allow_networks", reason="scheme")
    if _address(host):
        _vet(host, [host], allow_networks, plain=plain)
    elif _is_odd_number(host):
        raise Blocked(f"{host} is not an address in its usual form")


def _vet(host: str, addresses: Sequence[str], allow_networks: Networks, *, plain: bool) -> None:
    may = lies_in if plain else is_allowed
    refused = next((address for address in addresses if not may(address, allow_networks)), None)
    if refused is None and addresses:
        return
    if plain:
        raise Blocked(f"plain http to {host} ({refused}) is only allowed inside allow_networks")
    raise Blocked(f"{host} has the address {refused}, which is not public and not in allow_networks")


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
        if _address(host) is None:
            self._vet(host, await self._names.resolve(host, request.url.port or 0, socket.AF_UNSPEC))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answers = await self._names.resolve(host, port, family)
        if not self._proxied:  # else the only host ever connected to is the proxy: the operator's own word
            self._vet(host, answers)
        return answers

    def _vet(self, host: str, answers: list[ResolveResult]) -> None:
        _vet(host, [answer["host"] for answer in answers], self._allow_networks, plain=_PLAIN.get())

    def open_socket(self, address_info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = address_info
        if not self._proxied:
            _vet(str(address[0]), [str(address[0])], self._allow_networks, plain=_PLAIN.get())
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        await self._names.close()


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
) -> aiohttp.ClientSession:
    """A session that connects only where it may. Nothing comes from the environment, cookies are not kept, bodies stay
    packed until ``read_bounded`` unpacks them. Sessions with equal settings may be shared by many feeds.

    ``ca``, ``client_cert``, ``client_key`` are paths of PEM files, see ``tls_context``. ``resolver`` looks names up.
    """
    guard = _Guard(allow_networks, resolver or aiohttp.DefaultResolver(), proxied=proxy is not None)
    connector = aiohttp.TCPConnector(
        resolver=guard,
        socket_factory=guard.open_socket,
        ssl=tls_context(ca, client_cert, client_key),
        limit=0,
        limit_per_host=limit_per_host,
        use_dns_cache=False,
        keepalive_timeout=KEEPALIVE_SECONDS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        middlewares=(guard.middleware,),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        proxy=proxy,
        timeout=timeout,
    )


def tls_context(ca: str | None = None, client_cert: str | None = None, client_key: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificates verified: against the files of ``ca`` instead of the system's authorities if given.

    ``client_cert`` may hold its key. Raises ``ConfigError`` when a file cannot be used.
    """
    if ca is None and client_cert is None:
        return _system_context()
    try:
        context = ssl.create_default_context(cafile=ca)
        if client_cert:
            context.load_cert_chain(client_cert, client_key)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(name for name in (ca, client_cert, client_key) if name)
        raise ConfigError(f"certificate files cannot be used ({files}): {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@functools.cache
def _system_context() -> ssl.SSLContext:
    """Shared, as reading the system's authorities takes tens of milliseconds and half a megabyte."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


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
    if _is_odd_number(host) and _address(host) is None:
        raise Blocked(f"{host} is not an address in its usual form")
    async with asyncio.timeout(TIMEOUT.sock_connect):
        if _address(host) is None:
            names = resolver or aiohttp.DefaultResolver()
            addresses = [answer["host"] for answer in await names.resolve(host, port, socket.AF_UNSPEC)]
        _vet(host, addresses, allow_networks, plain=False)
        for address in addresses[:-1]:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(address, port, ssl=tls, server_hostname=host if tls else None)
        return await asyncio.open_connection(addresses[-1], port, ssl=tls, server_hostname=host if tls else None)


async def read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body, unpacked, of at most ``limit`` bytes, packed or unpacked.

    Raises ``FetchError`` with reason ``too_large``, ``encoding`` (one we did not ask for, or broken) or ``truncated``;
    the connection is then closed, never drained. A packed bomb is stopped at the limit, before it is unpacked.
    """
    packed, body = 0, bytearray()
    try:
        unpacker = _Unpacker(response.headers.get("Content-Encoding", ""))
        async for chunk in response.content.iter_chunked(CHUNK):
            packed += len(chunk)
            body += unpacker.feed(chunk, limit + 1 - len(body))
            if max(packed, len(body)) > limit:
                raise FetchError(f"the answer is larger than {limit} bytes", reason="too_large")
        unpacker.finish()
    except BaseException:
        response.close()
        raise
    return bytes(body)


class _Unpacker:
    """Undoes gzip or deflate piece by piece, never giving out more than asked for."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise FetchError("the answer is packed in a way we did not ask for", reason="encoding")
        self._packed = self._encoding not in {"", "identity"}
        self._stream: zlib._Decompress | None = None
        self._members = 0

    def feed(self, chunk: bytes, most: int) -> bytes:
        """At most ``most`` bytes; when it is that many, there may be more and the caller has had enough."""
        if not self._packed:
            return chunk
        out = b""
        while chunk and len(out) < most:
            if self._stream is None or self._stream.eof:
                self._stream = self._next_stream(chunk)
            try:
                out += self._stream.decompress(chunk, most - len(out))
            except zlib.error as error:
                raise FetchError(f"the packed answer is broken: {error}", reason="encoding") from None
            chunk = self._stream.unused_data
        return out

    def _next_stream(self, chunk: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > (1 if self._encoding == "deflate" else MAX_GZIP_MEMBERS):
            raise FetchError("the packed answer goes on after its end", reason="encoding")
        if self._encoding != "deflate":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" means zlib (RFC 9110 §8.4.1.2), but old servers send the bare stream; zlib's first byte tells.
        return zlib.decompressobj(zlib.MAX_WBITS if chunk[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)

    def finish(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise FetchError("the packed answer ends too early", reason="truncated")


# The first class that fits gives the word; more special ones come first.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ClientProxyConnectionError, "proxy"),
    (aiohttp.ClientHttpProxyError, "proxy"),
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.ClientPayloadError, "truncated"),
    (aiohttp.InvalidURL, "url"),
    (aiohttp.NonHttpUrlClientError, "url"),
    (aiohttp.ClientConnectionError, "disconnected"),
    (ssl.SSLError, "tls"),
    (socket.gaierror, "dns"),
    (ConnectionRefusedError, "connect"),
    (OSError, "disconnected"),
    (aiohttp.ClientError, "protocol"),
)

TROUBLE = (FetchError, aiohttp.ClientError, OSError, TimeoutError)


def fetch_error(error: Exception) -> FetchError:
    """The same trouble as a ``FetchError``; its ``reason`` is one of ``timeout dns tls proxy connect truncated url
    disconnected protocol`` for what ``aiohttp`` raises."""
    if isinstance(error, FetchError):
        return error
    reason = next((word for kind, word in _REASONS if isinstance(error, kind)), "protocol")
    return FetchError(f"{reason}: {str(error) or type(error).__name__}", reason=reason)
