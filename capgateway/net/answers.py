"""Answers taken in from the wire, with a bound on everything that is not their content.

Reading the content is up to its reader, who stops at a limit. But before it, around it and after it a server may send what
no reader ever sees: interim answers without end, chunks of a byte each, a second answer that nobody asked for. The library
parses all of that as it comes, and the whole process waits. So what is not content is counted, and too much of it costs
the server the connection.
"""

from __future__ import annotations

import functools
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

from capgateway.net import proxy
from capgateway.net.timing import Timing, current
from capgateway.net.trouble import TROUBLE

if TYPE_CHECKING:
    import asyncio

    from aiohttp.http import RawResponseMessage
    from aiohttp.streams import StreamReader

#: Parsed before we look again. What arrives in one turn of the loop may be two megabytes, and that is a second of work
#: where each sixteen bytes are an answer of their own.
PIECE = 8 * 1024
#: Bytes of status lines, headers and the marks between chunks, beside as much again as there is content. Real headers
#: stay under 10 kB, real chunks are longer than their marks.
MAX_FRAMING = 64 * 1024
#: 100, 102 and 103 before the answer itself. A patient server may send a 102 now and then; we wait two minutes at most.
MAX_INTERIM = 20
#: A name may lead elsewhere by now, and a busy connection is never idle: it is made anew, and its address vetted.
OLDEST_SECONDS = 60.0


class BoundedAnswers(ResponseHandler):
    """One connection; it may carry several answers, each after its request."""

    _received = _interim = _final = 0
    _content: StreamReader | None = None
    _made = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._made = time.monotonic()
        super().connection_made(transport)

    @property
    def should_close(self) -> bool:
        """Whether no further request is made on this connection."""
        return super().should_close or time.monotonic() - self._made > OLDEST_SECONDS

    def set_response_params(self, **settings: Any) -> None:
        """A request begins, and its answer with it."""
        self._received = self._interim = self._final = 0
        self._content = None
        super().set_response_params(**settings)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """The headers of an answer are complete."""
        message, content = data
        if HTTPStatus.CONTINUE <= message.code < HTTPStatus.OK and message.code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._interim += 1
        else:
            self._final += 1
            self._content = self._content or content
        super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data) or 1, PIECE):  # without data the library goes on with what it holds back
            piece = data[start : start + PIECE]
            self._received += len(piece)
            super().data_received(piece)
            self._end_what_goes_too_far()
            if self.transport is None or self.transport.is_closing():
                return

    def _end_what_goes_too_far(self) -> None:
        content = self._content.total_bytes if self._content else 0
        if self._final > 1:
            self._end()  # the answer itself may be good
        elif self._interim > MAX_INTERIM:
            self._end(f"more than {MAX_INTERIM} interim answers")
        elif self._received - content > MAX_FRAMING + content:
            self._end("more headers and marks of chunks than content")

    def _end(self, fault: str | None = None) -> None:
        if fault and self._content:
            self._content.set_exception(aiohttp.ClientPayloadError(fault))
        if fault:
            self.set_exception(HttpProcessingError(code=0, message=fault))
        if self.transport is not None:
            self.transport.abort()


class BoundedConnector(aiohttp.TCPConnector):
    """Connections whose answers are bounded."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # The library has no public way to choose this class; a test says when this one is not the right one any more.
        self._factory = functools.partial(BoundedAnswers, loop=self._loop)  # type: ignore[assignment]

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        """A connection, new or kept."""
        found = await super().connect(req, traces, timeout)
        if timing := current():
            timing.went_to(found.transport)
        return found

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        begun = time.monotonic()
        made = await super()._create_connection(req, traces, timeout)
        if timing := current():
            timing.connected = time.monotonic() - begun
        return made

    async def _create_proxy_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        """Until the proxy has connected us, all trouble is its own."""
        timing = current() or Timing()
        req.is_at_proxy = timing.is_at_proxy = True
        try:
            made = await super()._create_proxy_connection(req, traces, timeout)
        except TROUBLE as error:
            if req.is_at_proxy:
                proxy.failed(error)
            raise
        timing.is_at_proxy = False
        return made

    def _update_proxy_auth_header_and_build_proxy_req(self, req: Any) -> Any:
        """What asks the proxy for the address: the library would write the name beside it, and a proxy might follow that."""
        asking = super()._update_proxy_auth_header_and_build_proxy_req(req)
        if req.is_ssl():
            asking.headers["Host"] = f"{req.url.host_subcomponent}:{req.url.port}"
        return asking

    async def _start_tls_connection(
        self, underlying_transport: Any, req: Any, timeout: Any, client_error: Any = aiohttp.ClientConnectorError
    ) -> Any:
        """The proxy has connected us; from here on it is the server."""
        req.is_at_proxy = False
        if timing := current():
            timing.is_at_proxy = False
        return await super()._start_tls_connection(underlying_transport, req, timeout, client_error)
