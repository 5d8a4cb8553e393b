"""An egress proxy: the only way out for a feed or receiver that has one configured.

The proxy is given an address, never a name: names are looked up and vetted here, and the proxy cannot look them up once
more and get another answer. Inside the tunnel, TLS still asks for the name.

What the proxy does wrong is its own trouble, reason ``proxy``: it says nothing about the server behind it.
"""

from __future__ import annotations

import asyncio
import base64
import re
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

import aiohttp
import msgspec

from capgateway.errors import FetchError
from capgateway.net.address import is_odd_number, read_address
from capgateway.net.trouble import fetch_error

if TYPE_CHECKING:
    import ssl

    from aiohttp.abc import AbstractResolver

DEFAULT_PORTS = {"http": 80, "https": 443}
_UNREACHED = frozenset({502, 503, 504})
"""Some proxies say so in one of these ways, others with 403 or 500; nothing can be concluded about the server."""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """Where a proxy is, and the login it wants. The login is not part of ``url``, so that no error can quote it."""

    scheme: str
    host: str
    port: int
    login: str | None = None

    @property
    def url(self) -> str:
        """Without the login."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What shows who we are, to the proxy alone."""
        return {"Proxy-Authorization": self.login} if self.login else {}

    def __repr__(self) -> str:
        return f"Proxy({self.url!r})"


def read_proxy(text: str) -> Proxy:
    """``http://USER:PASSWORD@HOST:PORT``, taken apart. Raises ``ValueError``, whose sentence does not quote the text."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not the URL of a proxy") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0:
        raise ValueError("is not the URL of a proxy; write http://HOST:PORT or https://HOST:PORT")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "is not the URL of a proxy: after the port nothing may follow; write / ? # in a login as %2F %3F %23"
        )
    address = read_address(parts.hostname)
    if address is None and is_odd_number(parts.hostname):
        raise ValueError("is not the URL of a proxy: its address is not in its usual form")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("is not the URL of a proxy: it contains characters that have to be written as %XX")
    return Proxy(
        scheme=parts.scheme,
        host=str(address) if address else parts.hostname,
        port=port or DEFAULT_PORTS[parts.scheme],
        login=_basic(parts.username, parts.password),
    )


def _basic(user: str | None, password: str | None) -> str | None:
    if user is None:
        return None
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


class Unreached(FetchError):
    """The proxy says that it cannot reach this address."""


def failed(error: Exception) -> NoReturn:
    """What went wrong before the proxy had connected us."""
    if isinstance(error, FetchError):
        raise error
    if isinstance(error, aiohttp.ClientHttpProxyError):
        raise refused(error.status) from None
    told = str(fetch_error(error)).partition(": ")[2]
    raise FetchError(f"the proxy does not connect us: {told}", reason="proxy") from None


def refused(status: int) -> FetchError:
    """An answer of the proxy itself."""
    if status in _UNREACHED:
        return Unreached(f"the proxy answered {status}: it does not reach the server", reason="proxy")
    hint = "; check the login in its URL" if status == 407 else ""  # noqa: PLR2004  (Proxy Authentication Required)
    return FetchError(f"the proxy answered {status}{hint}", reason="proxy")


async def open_tunnel(
    proxy: Proxy, names: AbstractResolver, address: str, port: int, *, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the proxy that it has joined to an address. ``tls`` is for a proxy that is reached over https."""
    try:
        found = await names.resolve(proxy.host, proxy.port)
        settings: dict[str, Any] = {"ssl": tls, "server_hostname": proxy.host} if proxy.scheme == "https" else {}
        reader, writer = await asyncio.open_connection(found[0]["host"], proxy.port, **settings)
    except OSError as error:
        failed(error)
    try:
        await _connect(reader, writer, proxy, f"[{address}]:{port}" if ":" in address else f"{address}:{port}")
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: Proxy, target: str) -> None:
    lines = [
        f"CONNECT {target} HTTP/1.1",
        f"Host: {target}",
        *(f"{name}: {is_}" for name, is_ in proxy.headers.items()),
    ]
    try:
        writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        head = await reader.readuntil(b"\r\n\r\n")  # at most 64 kB
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise FetchError("the proxy hung up before it connected us", reason="proxy") from None
    status = _STATUS.match(head)
    if status is None:
        raise FetchError("the proxy's answer is not HTTP", reason="proxy")
    if not 200 <= int(status[1]) < 300:  # noqa: PLR2004  (RFC 9110 §9.3.6: any of them switches to the tunnel)
        raise refused(int(status[1]))
