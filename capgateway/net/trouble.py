"""What can go wrong on the way to a stranger's server, in one word each."""

from __future__ import annotations

import os
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
    if _breaks_off_tls(error):
        reason = "tls"
    return FetchError(f"{reason}: {_words(error)}", reason=reason)


def _breaks_off_tls(error: Exception) -> bool:
    """A connection that is refused is not reset: it was there, and the server ended it during the handshake. That is how
    many refuse a version of TLS or a client without the right certificate."""
    return isinstance(error, aiohttp.ClientConnectorError) and (
        error._conn_key.is_ssl and isinstance(error.os_error, ConnectionResetError)
    )


def _words(error: Exception) -> str:
    """What happened, for people who do not know the libraries, whose own words quote Python."""
    match error:
        case TimeoutError():
            return f"no {'connection' if isinstance(error, aiohttp.ConnectionTimeoutError) else 'answer'} in time"
        case aiohttp.ClientConnectorError():
            return _unconnected(error)
        case aiohttp.ServerDisconnectedError():
            return "the server hung up before it answered"
        case aiohttp.ClientPayloadError():
            return "the answer ends too early, or is not divided as HTTP wants it"
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answered {error.status}"
        case aiohttp.ClientResponseError():
            return f"the answer is not usable as HTTP: {error.message.partition(chr(10))[0].rstrip(':')}"
        case OSError():
            return _plain(error)
        case _:
            return str(error) or type(error).__name__


def _unconnected(error: aiohttp.ClientConnectorError) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"no address of {error.host}: {_plain(error.os_error)}"
        case aiohttp.ClientConnectorSSLError():
            return f"no TLS with {error.host}:{error.port}: {_plain(error.os_error)}"
        case _ if _breaks_off_tls(error):
            return (
                f"{error.host}:{error.port} broke off TLS: it may want a client certificate or another version of TLS"
            )
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as fault):
            return f"the certificate of {error.host} is not accepted: {fault.verify_message}"
        case _:
            return f"no connection to {error.host}:{error.port}: {_plain(error.os_error)}"


def _plain(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it failed").replace("_", " ").lower()
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or "it was closed")
