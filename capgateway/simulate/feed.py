"""A source of alerts to test against: real HTTP on loopback, changed while it runs, misbehaving on request.

::

    async with FeedServer() as server:
        server.publish("amber.xml", document)
        …poll server.url("index.atom")…
        server.misbehave("index.atom", Fault(status=429, headers={"Retry-After": "5"}), times=2)

It serves every published document under its name, and all of them, newest first, as ``index.atom`` and ``index.rss``
(linked) and ``embedded.atom`` and ``embedded.rss``.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Self

import msgspec
from aiohttp import web

from capgateway.feeds.answer import http_date
from capgateway.simulate.listing import Document, atom, rss

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Fault", "FeedServer", "Request"]

_SHUTDOWN_SECONDS = 0.5  # a client that hangs does not keep the simulator alive


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it was answered."""

    name: str
    headers: Mapping[str, str]
    status: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A way to misbehave. Set parts combine.

    ``status`` and ``headers`` replace the answer's; ``location`` redirects. ``delay`` waits before the answer,
    ``cut_after`` ends the connection after so many bytes of body, ``drip`` waits after each. ``body`` is sent instead
    of the content. ``etag`` is always this one, and counts as unchanged when the client sends it, whatever changed.
    """

    status: int | None = None
    headers: Mapping[str, str] = {}
    location: str | None = None
    delay: timedelta = timedelta()
    drip: timedelta = timedelta()
    cut_after: int | None = None
    body: bytes | None = None
    etag: str | None = None


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    body: bytes
    media_type: str
    updated: datetime


class FeedServer:
    """Serves what was published, on a free port of loopback, from ``async with`` until its end."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.requests: list[Request] = []
        self._host, self._port = host, port
        self._documents: dict[str, Document] = {}
        self._faults: dict[str, tuple[Fault, int | None]] = {}
        self._changed = datetime.fromtimestamp(0, UTC)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{name:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, name: str) -> str:
        """Where a document or an index is."""
        return f"http://{self._host}:{self._port}/{name}"

    def publish(self, name: str, body: bytes) -> None:
        """Serve a document under a name, new or in place of the former; the indexes change with it."""
        self._documents.pop(name, None)
        self._documents[name] = Document(name=name, body=body, updated=self._tick())

    def remove(self, name: str) -> None:
        """Drop a document from its address and from the indexes, as sources do when an alert is over."""
        del self._documents[name]
        self._tick()

    def misbehave(self, name: str, fault: Fault, *, times: int | None = None) -> None:
        """Answer the next ``times`` requests for a name with a fault, or all of them until ``behave``."""
        self._faults[name] = (fault, times)

    def behave(self) -> None:
        """No more faults."""
        self._faults.clear()

    def requests_for(self, name: str) -> list[Request]:
        """How a name was asked for so far."""
        return [request for request in self.requests if request.name == name]

    def _tick(self) -> datetime:
        """The present, but later than any change before: two changes never share a time."""
        self._changed = max(datetime.now(UTC), self._changed + timedelta(microseconds=1))
        return self._changed

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        fault = self._next_fault(name)
        if fault.delay:
            await asyncio.sleep(fault.delay.total_seconds())
        response = self._respond(request, self._answer(name), fault)
        self.requests.append(Request(name=name, headers=dict(request.headers), status=response.status))
        if fault.cut_after is not None or fault.drip:
            return await _send_badly(request, response, fault)
        return response

    def _next_fault(self, name: str) -> Fault:
        fault, times = self._faults.get(name, (Fault(), None))
        if times is not None:
            self._faults[name] = (fault, times - 1)
            if times <= 1:
                del self._faults[name]
        return fault

    def _answer(self, name: str) -> _Answer | None:
        documents = list(self._documents.values())[::-1]
        indexes: dict[str, tuple[str, Callable[[], bytes]]] = {
            "index.atom": ("application/atom+xml", lambda: atom(documents, self.url, embed=False)),
            "embedded.atom": ("application/atom+xml", lambda: atom(documents, self.url, embed=True)),
            "index.rss": ("application/rss+xml", lambda: rss(documents, self.url, embed=False)),
            "embedded.rss": ("application/rss+xml", lambda: rss(documents, self.url, embed=True)),
        }
        if name in indexes:
            media_type, body = indexes[name]
            return _Answer(body=body(), media_type=media_type, updated=self._changed)
        document = self._documents.get(name)
        if document is None:
            return None
        return _Answer(body=document.body, media_type="application/cap+xml", updated=document.updated)

    def _respond(self, request: web.Request, answer: _Answer | None, fault: Fault) -> web.Response:
        if fault.location is not None:
            return web.Response(status=fault.status or 302, headers={"Location": fault.location, **fault.headers})
        if fault.status is not None:
            return web.Response(status=fault.status, headers=fault.headers, body=fault.body or b"")
        if answer is None:
            return web.Response(status=404, text="not here")
        headers = {
            "ETag": fault.etag or f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(answer.updated, usegmt=True),
            **fault.headers,
        }
        if _is_unchanged(request, headers["ETag"], answer.updated):
            return web.Response(status=304, headers=headers)
        body = answer.body if fault.body is None else fault.body
        response = web.Response(body=body, content_type=answer.media_type, headers=headers)
        if fault.cut_after is None and not fault.drip:
            response.enable_compression()
        return response


def _is_unchanged(request: web.Request, etag: str, updated: datetime) -> bool:
    """As RFC 9110 §13.2.2 says: tags count before dates, and dates are whole seconds."""
    if known := request.headers.get("If-None-Match"):
        return known == "*" or etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    since = http_date(request.headers.get("If-Modified-Since", ""))
    return since is not None and updated.replace(microsecond=0) <= since


async def _send_badly(request: web.Request, whole: web.Response, fault: Fault) -> web.StreamResponse:
    """Promise the whole body, then send it in drips or only its beginning."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(status=whole.status, headers=whole.headers)
    response.content_length = len(body)
    await response.prepare(request)
    for byte in body[: fault.cut_after]:
        await response.write(bytes([byte]))
        await asyncio.sleep(fault.drip.total_seconds())
    if request.transport is not None:
        request.transport.close()
    return response
