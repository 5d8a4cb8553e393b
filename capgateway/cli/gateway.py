"""The running gateway as commands reach it: where it is, and one request over HTTP."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import click
import msgspec

from capgateway.errors import CapgatewayError

if TYPE_CHECKING:
    from capgateway.cli.output import Context

DEFAULT_PORT = 8025
CONNECT_SECONDS = 10.0
SERVER = "CAPGATEWAY_SERVER"
#: To listen everywhere is not an address to connect to; on this machine the gateway answers at these.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the API answered; ``told`` is its JSON."""

    url: str
    status: int
    told: Any


def given_address(context: Context) -> str | None:
    """The address that the user gave, with ``--server`` or ``$CAPGATEWAY_SERVER``; it needs no configuration."""
    server = context.server or os.environ.get(SERVER)
    return None if not server else _url(server)


def address_of(listen: str) -> str | None:
    """Where a gateway answers that listens there; ``None`` when its API is turned off."""
    host, _, port = listen.rpartition(":")
    return f"http://{_EVERYWHERE.get(host, host)}:{port}" if port else None


def _url(server: str) -> str:
    """``host:port``, ``host`` or a URL, as a URL without a slash at its end."""
    has_scheme = "://" in server
    try:
        parts = urlsplit(server if has_scheme else f"http://{server}")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise ValueError
    except ValueError:
        example = f"127.0.0.1:{DEFAULT_PORT}"
        raise click.UsageError(f'{server!r} is not the address of a gateway; write it like "{example}"') from None
    netloc = parts.netloc if has_scheme or parts.port else f"{parts.netloc}:{DEFAULT_PORT}"
    return f"{parts.scheme}://{netloc}{parts.path}".rstrip("/")


async def send(method: str, address: str, path: str, seconds: float, **what: Any) -> Answer | None:
    """The answer to one request; ``None`` when nobody is there. A refusal is for the user to read."""
    url = f"{address}/api/v1/{path}"
    if (found := await _asked(method, url, seconds, **what)) is None:
        return None
    status, body = found
    try:
        return Answer(url=url, status=status, told=msgspec.json.decode(body))
    except msgspec.DecodeError:
        raise CapgatewayError(f"{url} answered {status}, but it is not a capgateway") from None


async def download(address: str, path: str, seconds: float) -> bytes | None:
    """The bytes that a GET gives; ``None`` when nobody is there. A refusal is a :class:`CapgatewayError`, and
    :class:`LookupError` where there is no such thing."""
    url = f"{address}/api/v1/{path}"
    if (found := await _asked("GET", url, seconds)) is None:
        return None
    status, body = found
    if status < HTTPStatus.BAD_REQUEST:
        return body
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise CapgatewayError(f"{url} answered {status}, but it is not a capgateway") from None
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE} and isinstance(told, dict) and told.get("detail"):
        raise LookupError(str(told["detail"]))
    good(Answer(url=url, status=status, told=told))
    return None


async def _asked(method: str, url: str, seconds: float, **what: Any) -> tuple[int, bytes] | None:
    """Status and body; ``None`` when nobody is there."""
    headers = {"Authorization": f"Bearer {token}"} if (token := os.environ.get("CAPGATEWAY_TOKEN")) else {}
    timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.request(method, url, allow_redirects=False, **what) as response,
        ):
            return response.status, await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, aiohttp.ConnectionTimeoutError):
        return None
    except TimeoutError:
        raise CapgatewayError(f"{url} did not answer within {seconds:.0f} s") from None
    except (aiohttp.ClientError, ValueError) as error:
        raise CapgatewayError(f"cannot ask {url}: {error}") from error


def good(answer: Answer) -> Answer:
    """The answer, if it is a success. Raises :class:`CapgatewayError` with what the gateway says."""
    if answer.status < HTTPStatus.BAD_REQUEST and isinstance(answer.told, dict):
        return answer
    told = answer.told if isinstance(answer.told, dict) else {}
    hint = "; set $CAPGATEWAY_TOKEN" if answer.status == HTTPStatus.UNAUTHORIZED else ""
    detail = told.get("detail") or told.get("title") or "this is not a capgateway"
    if told.get("detail") and answer.status in {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
    }:  # what was asked is at fault
        raise CapgatewayError(f"{detail} (asked {answer.url.partition('/api/')[0]})")
    raise CapgatewayError(f"{answer.url} answered {answer.status}: {detail}{hint}")
