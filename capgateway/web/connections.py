"""The connections of those who ask: how many at once, and how long one may be open while nothing is asked over it.

Anybody who reaches the port may connect, with or without a token. A connection costs a file descriptor, which the store and
the deliveries need too, so there are never more than ``most``. When one too many comes, the one that has been waiting
longest goes: a client with a request sends it at once, and one that only occupies a place loses it.

*Waiting* is everything but the work of our own pages: before the first request, half its headers, between two requests,
an answer that nobody reads, a refused body that keeps coming.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.streams import StreamReader

from capgateway import log
from capgateway.web.guard import set_headers
from capgateway.web.problems import UNEXPECTED, Answer, problem

LOGGER = logging.getLogger(__name__)

MOST_CONNECTIONS = 256  # orchestrator, Prometheus, a few people and partners; each may hold half a megabyte of headers
SHARE_OF_DESCRIPTORS = 4  # one in four may be such a connection; the others are for the store, feeds and deliveries
FIRST_REQUEST_SECONDS = 10.0  # from connecting to the end of the headers
WAITING_SECONDS = 75.0  # between requests; proxies commonly keep connections for 60 s
LOOK_EVERY_SECONDS = 2.5
LINGERING_SECONDS = 2.0  # an answer is lost on a sender whose body we cut off, so we listen a little longer
PIECE = 8 * 1024  # bytes parsed before we look again
MOST_MARKS = 16 * 1024  # bytes between the chunks of a body, beside as much again as there is body
MOST_UNASKED = 1024 * 1024  # bytes of headers, and of requests that are sent ahead of their answers
TOLD_EVERY_SECONDS = 60.0
NOT_HTTP = "this is not a request as HTTP/1.1 has them"

SETTINGS: dict[str, Any] = {
    "access_log": None,
    "auto_decompress": False,  # 9 MB may unpack to 9 GB
    "keepalive_timeout": 3600,  # this is watched here, where it covers more
    "lingering_time": LINGERING_SECONDS,
    "max_headers": 64,
}


class Connections:
    """Makes a connection of each that comes in, and hangs up on the one that waited longest when there are too many."""

    def __init__(self, server: web.Server, most: int) -> None:
        self._server, self._most = server, most
        self._open: dict[Connection, None] = {}  # who has been waiting longest comes first
        self._told_at, self._hung_up = float("-inf"), 0

    def __call__(self) -> Connection:
        return Connection(self, self._server)

    def came(self, connection: Connection) -> None:
        """One more is open."""
        self._open[connection] = None
        if len(self._open) > self._most:
            last = next((one for one in self._open if one.is_waiting), connection)
            self.left(last)
            last.abort()
            self._tell()

    def left(self, connection: Connection) -> None:
        """It is closed."""
        self._open.pop(connection, None)

    def waits(self, connection: Connection) -> None:
        """It was answered; others wait longer now."""
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None

    def _tell(self) -> None:
        self._hung_up += 1
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TOLD_EVERY_SECONDS:
            log.event(LOGGER, "web.crowded", level=logging.WARNING, most=self._most, hung_up=self._hung_up)
            self._told_at, self._hung_up = now, 0


class Connection(web.RequestHandler):
    """One connection. It is ``waiting`` unless one of our pages is at work for it."""

    def __init__(self, all_of_them: Connections, server: web.Server) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **SETTINGS)
        self._all = all_of_them
        self._answered = 0
        self._at_work = False
        self._unasked = self._unsent = self._sent = 0
        self._body: StreamReader | None = None
        self._wire: asyncio.Transport | None = (
            None  # ours; the library forgets it while there is still something to send
        )
        self._since = self._loop.time()
        self._look: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        return not self._at_work

    def abort(self) -> None:
        """Hang up at once; what is not sent yet is lost."""
        if self._wire is not None:
            self._wire.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._wire = self.transport
        self._look = self._loop.call_later(LOOK_EVERY_SECONDS, self._look_whether_to_end)
        self._all.came(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._look:
            self._look.cancel()
        self._all.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data) or 1, PIECE):  # without data the library goes on with what it holds back
            piece = data[start : start + PIECE]
            super().data_received(piece)
            if self._goes_too_far(len(piece)):
                self.abort()
                return

    def _goes_too_far(self, more: int) -> bool:
        """Whether so much came that is neither a request that we have come to nor its body."""
        if self._body is None:
            self._unasked += more
            return self._unasked > MOST_UNASKED
        self._sent += more
        return self._sent - self._body.total_bytes > MOST_MARKS + self._body.total_bytes

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, or not as the standard wants it. The library's own names the library, and quotes
        what was sent."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.event(LOGGER, "web.failed", level=logging.ERROR, error=exc, method=request.method, path=request.path)
        told = problem(status, NOT_HTTP if status < HTTPStatus.INTERNAL_SERVER_ERROR else UNEXPECTED)
        set_headers(told)
        told.force_close()
        return told

    def begin(self, body: StreamReader | None) -> None:
        """A page starts to work."""
        self._at_work, self._body, self._sent, self._unasked = True, body, 0, 0

    def end(self, *, is_refused: bool) -> None:
        """It has its answer."""
        self._at_work = False
        self._body = self._body if is_refused else None
        self._answered += 1
        self._since = self._loop.time()
        self._all.waits(self)

    def _look_whether_to_end(self) -> None:
        now, unsent = self._loop.time(), self._bytes_to_send()
        if 0 < unsent < self._unsent:
            self._since = now  # somebody reads, if slowly
        self._unsent = unsent
        patience = WAITING_SECONDS if self._answered else FIRST_REQUEST_SECONDS
        if not self._at_work and now - self._since >= patience:
            self.abort()
            return
        self._look = self._loop.call_later(LOOK_EVERY_SECONDS, self._look_whether_to_end)

    def _bytes_to_send(self) -> int:
        return self._wire.get_write_buffer_size() if self._wire else 0


@web.middleware
async def attended(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Say when a page is at work; hang up after an answer to a request whose body is not wanted, or not all there."""
    connection = request.protocol
    if isinstance(connection, Connection):
        connection.begin(request.content if request.body_exists else None)
    is_refused = True
    try:
        answer = await handler(request)
        is_refused = request.body_exists and (answer.status >= HTTPStatus.BAD_REQUEST or not request.content.is_eof())
        if is_refused:
            answer.force_close()
        return answer
    finally:
        if isinstance(connection, Connection):
            connection.end(is_refused=is_refused)
