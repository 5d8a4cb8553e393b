"""Sessions that connect only where they may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp

from capgateway.net.answers import BoundedConnector
from capgateway.net.guard import Guard
from capgateway.net.names import Names
from capgateway.net.proxy import read_proxy
from capgateway.net.tls import Certificates, certificates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp.abc import AbstractResolver
    from yarl import URL

    from capgateway.net.address import Networks

# A server is called dead after 10 s without a connection (TLS included), 30 s without a byte, 2 minutes in all.
TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30)
KEEPALIVE_SECONDS = 15  # a pooled connection keeps the address it was vetted with; not for long


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
    next connection, and a request raises ``FetchError`` while they cannot be used. With a ``proxy``, its URL with the login
    in it, there is no other way out. ``resolver`` looks names up, and ``traces`` hear what happens.
    """
    through = None if proxy is None else read_proxy(proxy)
    guard = Guard(allow_networks, resolver or Names(), through)
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
        request_class=_with(certificates(ca, client_cert, client_key)),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        proxy=through.url if through else None,
        timeout=timeout,
        trace_configs=list(traces),
    )


def _with(files: Certificates) -> type[aiohttp.ClientRequest]:
    """Requests that use the certificates as they are when each is made. A pooled connection made with others is not a match
    for them, and is closed once it has been idle for ``KEEPALIVE_SECONDS``."""

    class Request(aiohttp.ClientRequest):
        def __init__(self, method: str, url: URL, **settings: Any) -> None:
            if files.are_ours or url.scheme != "http" or settings.get("proxy"):
                settings["ssl"] = files.context()
            super().__init__(method, url, **settings)

    return Request
