"""The other end of every connection, in a process of its own: a feed of one fixed body, and receivers that count.

The feed holds its first answer back until it is told to go on, so that whoever measures can look at the clock first.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from multiprocessing.connection import Connection

from aiohttp import web

READY, ASKED, DONE, COUNT = "ready", "asked", "done", "count"
STOP_SECONDS = 5.0
ETAG = '"fixed"'


class FarEnd:
    """What the measuring process sees of it. ``feed`` and ``hook`` are addresses; every receiver has its own path."""

    def __init__(self, pipe: Connection, port: int) -> None:
        self.feed = f"http://127.0.0.1:{port}/recent/{{since}}"
        self._hooks, self._pipe = f"http://127.0.0.1:{port}/hook", pipe

    def hook(self, number: int) -> str:
        return f"{self._hooks}/{number}"

    def asked(self, seconds: float) -> bool:
        """Wait until the feed was asked; its answer waits for :meth:`go_on`."""
        return self._heard(ASKED, seconds)

    def go_on(self) -> None:
        self._pipe.send(None)

    def done(self, seconds: float) -> bool:
        """Wait until as many messages as expected have been acknowledged."""
        return self._heard(DONE, seconds)

    def acknowledged(self) -> int:
        """Different messages so far, each receiver's counted by itself."""
        self._pipe.send(COUNT)
        while not isinstance(found := self._pipe.recv(), int):
            pass
        return found

    def arrivals(self, message_id: str) -> dict[str, float]:
        """When a message was acknowledged at each address so far, in seconds of the monotonic clock, which all processes of
        this machine share."""
        self._pipe.send(message_id)
        while not isinstance(found := self._pipe.recv(), dict):
            pass
        return found

    def hang(self, number: int) -> str:
        """The address of a receiver that never answers."""
        return f"{self._hooks}/hang/{number}"

    def _heard(self, word: str, seconds: float) -> bool:
        return self._pipe.poll(seconds) and self._pipe.recv() == word


@contextmanager
def far_end(body: bytes, expected: int) -> Iterator[FarEnd]:
    """Runs while the context lasts. ``expected`` acknowledgements are all that there are to come."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, body, expected), daemon=True)
    process.start()
    there.close()
    try:
        yield FarEnd(here, here.recv())
    finally:
        here.close()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join(STOP_SECONDS)


def _serve(pipe: Connection, body: bytes, expected: int) -> None:
    asyncio.run(_Server(pipe, body, expected).run())


class _Server:
    def __init__(self, pipe: Connection, body: bytes, expected: int) -> None:
        self._pipe, self._body, self._expected = pipe, body, expected
        self._seen: dict[str, dict[str, float]] = {}
        self._count = 0
        self._go_on, self._end = asyncio.Event(), asyncio.Event()
        self._is_asked = False

    async def run(self) -> None:
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        self._pipe.send(runner.addresses[0][1])
        threading.Thread(target=self._listen, args=(asyncio.get_running_loop(),), daemon=True).start()
        await self._end.wait()
        await runner.cleanup()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Words from the measuring process, until it hangs up."""
        try:
            while True:
                word = self._pipe.recv()
                if word is None:
                    loop.call_soon_threadsafe(self._go_on.set)
                else:
                    self._pipe.send(self._count if word == COUNT else dict(self._seen.get(word, {})))
        except (EOFError, OSError):
            loop.call_soon_threadsafe(self._end.set)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST":
            return await self._acknowledge(request)
        if request.headers.get("If-None-Match") == ETAG:
            return web.Response(status=304, headers={"ETag": ETAG})
        if not self._is_asked:
            self._is_asked = True
            self._pipe.send(ASKED)
        await self._go_on.wait()
        return web.Response(body=self._body, content_type="application/xml", headers={"ETag": ETAG})

    async def _acknowledge(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        if "/hang/" in request.path:
            await self._end.wait()
        message_id = request.headers.get("webhook-id") or sha256(body).hexdigest()  # not every sender gives an id
        arrived = self._seen.setdefault(message_id, {})
        is_new = request.path not in arrived
        arrived.setdefault(request.path, time.monotonic())
        self._count += is_new
        if is_new and self._count == self._expected:
            asyncio.get_running_loop().call_later(0.005, self._pipe.send, DONE)  # once the answer has left
        return web.Response()
