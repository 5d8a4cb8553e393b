"""A source of alerts to test against: real HTTP on loopback, changed while it runs, misbehaving on request.

::

    async with FeedServer() as server:
        server.publish("amber.xml", document)
        …poll server.url("index.atom")…
        server.misbehave("index.atom", Fault(status=429, headers={"Retry-After": "5"}), times=2)

It serves every published document under its name, and all of them, newest first, in the listings that ``listing`` names.
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

from capgateway.clock import utc_now
from capgateway.feeds.http.answer import http_date
from capgateway.simulate.listing import Asked, Document, listing

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Fault", "FeedServer", "Request"]

_REMEMBERED = 10_000  # requests; a demo may run for days
_SHUTDOWN_SECONDS = 0.5  # a client that hangs does not keep the simulator alive


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request and the status it was answered with."""

    name: str
    headers: Mapping[str, str]
    status: int


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A way to misbehave. Set parts combine.

    ``status`` and ``headers`` replace the answer's; ``location`` redirects. ``delay`` waits before the answer,
    ``cut_after`` ends the connection after so many bytes of body, ``drip`` waits after each. ``body`` is sent instead
    of the content, ``encoding`` sends it in other bytes than it declares. ``etag`` is always this one, and counts as
    unchanged when the client sends it, whatever changed. Listings have each document ``times_each``, and the oldest
    first if ``is_reversed``.
    """

    status: int | None = None
    headers: Mapping[str, str] = {}
    location: str | None = None
    delay: timedelta = timedelta()
    drip: timedelta = timedelta()
    cut_after: int | None = None
    body: bytes | None = None
    encoding: str | None = None
    etag: str | None = None
    times_each: int = 1
    is_reversed: bool = False


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """What is served beside the documents. ``after`` delays answers until it is set."""

    body: bytes
    media_type: str
    after: asyncio.Event | None


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    body: bytes
    media_type: str
    updated: datetime


class FeedServer:
    """Serves what was published, on a free port of loopback, from ``async with`` until its end; over TLS with ``tls``.

    Names are paths below the address; ``recent/{since}`` stands for every moment that IPAWS's listing is asked for.
    ``on_answer``, if set, is called with the name of each answer once it is made, before it is sent: it may change what
    is published while a client reads.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.on_answer: Callable[[str], None] | None = None
        self._host, self._port, self._tls = host, port, tls
        self._documents: dict[str, Document] = {}
        self._files: dict[str, _File] = {}
        self._faults: dict[str, tuple[Fault, int | None]] = {}
        self._changed = datetime.fromtimestamp(0, UTC)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{name:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port, ssl_context=self._tls).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def url(self, name: str) -> str:
        """Where a document or an index is."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._port}/{name}"

    def publish(self, name: str, body: bytes) -> None:
        """Serve a document under a name, new or in place of the former; the indexes change with it."""
        self._documents.pop(name, None)
        self._documents[name] = Document(name=name, body=body, updated=self._tick())

    def share(self, name: str, body: bytes, media_type: str, *, after: asyncio.Event | None = None) -> None:
        """Serve a file that no index lists, such as a picture; with ``after`` not before that is set."""
        self._files[name] = _File(body=body, media_type=media_type, after=after)

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
        self._changed = max(utc_now(), self._changed + timedelta(microseconds=1))
        return self._changed

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(name=request.match_info["name"], query=request.query, accept=request.headers.get("Accept", "*/*"))
        name = "recent/{since}" if asked.name.startswith("recent/") else asked.name
        if (file := self._files.get(name)) and file.after:
            await file.after.wait()
        fault = self._next_fault(name)
        if fault.delay:
            await asyncio.sleep(fault.delay.total_seconds())
        response = self._respond(request, self._answer(asked, fault), fault)
        if self.on_answer is not None:
            self.on_answer(name)
        del self.requests[:-_REMEMBERED]
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

    def _answer(self, asked: Asked, fault: Fault) -> _Answer | None:
        documents = list(self._documents.values())[::-1]
        documents = documents[::-1] if fault.is_reversed else documents
        found = listing(asked, [document for document in documents for _ in range(fault.times_each)], self.url)
        if found is not None:
            return _Answer(body=found.body, media_type=found.media_type, updated=self._changed)
        if file := self._files.get(asked.name):
            return _Answer(body=file.body, media_type=file.media_type, updated=self._changed)
        document = self._documents.get(asked.name)
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
        if fault.encoding is not None:
            body = body.decode().encode(fault.encoding, "replace")
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
