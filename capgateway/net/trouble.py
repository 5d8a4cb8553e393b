"""What can go wrong on the way to a stranger's server, in one word each."""

from __future__ import annotations

import socket
import ssl

import aiohttp

from capgateway.errors import FetchError

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

#: What asking may raise: ``aiohttp``'s exceptions, the system's, and our own.
TROUBLE = (FetchError, aiohttp.ClientError, OSError, TimeoutError)


def fetch_error(error: Exception) -> FetchError:
    """The same trouble as a ``FetchError``; its ``reason`` is one of ``timeout dns tls proxy connect truncated url
    disconnected protocol`` for what ``aiohttp`` raises."""
    if isinstance(error, FetchError):
        return error
    reason = next((word for kind, word in _REASONS if isinstance(error, kind)), "protocol")
    return FetchError(f"{reason}: {str(error) or type(error).__name__}", reason=reason)
