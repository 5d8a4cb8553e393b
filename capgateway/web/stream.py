"""``GET events/stream``: server-sent events that say which kinds of things changed, and nothing about them.

One task looks at the marks of the database while anybody listens; what changed in the meantime is one event. A gateway that
shares its database is noticed too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from capgateway import log
from capgateway.errors import StoreError
from capgateway.store import pulse
from capgateway.web import guard
from capgateway.web.gateway import Gateway
from capgateway.web.problems import Refused
from capgateway.web.told import tells

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # a person sees no difference, and the database answers five tiny questions
HEARTBEAT_SECONDS = 15.0  # proxies commonly cut what is silent for 60 s
WRITE_SECONDS = 10.0  # who does not read for so long has gone
RETRY_MILLISECONDS = 3_000
MOST_STREAMS = 32  # of the 256 connections; a browser has one per visible page

routes = web.RouteTableDef()


class Listener:
    """One who listens: the kinds that changed since they were last told."""

    def __init__(self) -> None:
        self._kinds = set[str]()
        self._something = asyncio.Event()

    def changed(self, kinds: set[str]) -> None:
        """Remember these kinds."""
        self._kinds |= kinds
        self._something.set()

    async def take(self, seconds: float) -> list[str]:
        """The kinds that changed, as soon as any did; none when nothing did for so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._something.wait(), seconds)
        self._something.clear()
        kinds, self._kinds = self._kinds, set()
        return sorted(kinds)


class Changes:
    """Looks for changes while anybody listens."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._listeners = gateway, set[Listener]()
        self._looking: asyncio.Task[None] | None = None
        self.is_over = False

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Listen while the context lasts."""
        if len(self._listeners) >= MOST_STREAMS:
            raise Refused(503, "too many pages are followed live at once", headers={"Retry-After": "30"})
        mine = Listener()
        self._listeners.add(mine)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield mine
        finally:
            self._listeners.discard(mine)

    async def end(self, _: web.Application) -> None:
        """The gateway stops: nobody listens any more."""
        self.is_over = True
        for one in self._listeners:
            one.changed(set())
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    async def _look(self) -> None:
        before: Mapping[str, object] = {}
        while self._listeners:
            try:
                now = await self._marks()
            except StoreError as error:
                log.event(LOGGER, "web.database_failed", level=logging.ERROR, path="events/stream", detail=str(error))
                now = {}
            if before and now and (kinds := {kind for kind, mark in now.items() if before.get(kind) != mark}):
                for one in self._listeners:
                    one.changed(kinds)
            before = now or before
            await asyncio.sleep(LOOK_SECONDS)

    async def _marks(self) -> dict[str, object]:
        found = await self._gateway.store.read(pulse.marks)
        feeds = self._gateway.operations.feed_statuses() if self._gateway.operations else []
        shown = [(one.name, one.health, one.gap_since, one.missing, bool(one.trouble)) for one in feeds]
        return found | {"feeds": (found["feeds"], shown)}


CHANGES = web.AppKey("changes", Changes)


@routes.get("/api/v1/events/stream", allow_head=False)
@tells(media="text/event-stream")
async def stream(request: web.Request) -> web.StreamResponse:
    """Events ``change`` with the kinds that changed, until the reader goes, may no longer read, or the gateway stops."""
    changes = request.app[CHANGES]
    with changes.listening() as mine:
        headers = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        answer = web.StreamResponse(headers=headers)
        await answer.prepare(request)
        with suppress(ConnectionResetError, TimeoutError, Refused):
            await _write(answer, f"retry: {RETRY_MILLISECONDS}\n\n")
            await _tell(request, answer, mine)
    return answer


async def _tell(request: web.Request, answer: web.StreamResponse, mine: Listener) -> None:
    quiet = 0.0
    while not request.app[CHANGES].is_over and _is_there(request):
        kinds = await mine.take(LOOK_SECONDS)
        quiet = 0.0 if kinds else quiet + LOOK_SECONDS
        if kinds and guard.known(request) == guard.actor(request):
            await _write(answer, f"event: change\ndata: {msgspec.json.encode(kinds).decode()}\n\n")
        elif quiet >= HEARTBEAT_SECONDS:
            quiet = 0.0
            await _write(answer, ": still here\n\n")


def _is_there(request: web.Request) -> bool:
    """Whether the reader is connected, and may still read."""
    is_connected = request.transport is not None and not request.transport.is_closing()
    return is_connected and guard.known(request) == guard.actor(request)


async def _write(answer: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await answer.write(text.encode())
