"""A source that sends its messages over TCP as they are issued, as NAADS does, and misbehaves on request.

It goes silent by sending nothing, and its port, asked by https, is a server whose TLS never comes about.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import TYPE_CHECKING, Self

from capgateway import cap
from capgateway.clock import utc_now

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

__all__ = ["StreamServer"]


def heartbeat(*references: cap.Reference, now: datetime | None = None) -> bytes:
    """What a site sends once a minute: the alerts sent last, by their references."""
    now = now or utc_now()
    beat = cap.Alert(
        identifier=f"heartbeat-{now.timestamp()}",
        sender="NAADS-Heartbeat",
        sent=cap.time(now.strftime("%Y-%m-%dT%H:%M:%S-00:00")),
        status="System",
        msg_type="Alert",
        scope="Public",
        references=references,
    )
    return cap.write(beat)


class StreamServer:
    """Sends what it is given to everyone connected, on a free port of loopback, from ``async with`` until its end."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._host, self._port, self._tls = host, port, tls
        self._server: asyncio.Server | None = None
        self._listeners: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._hold, self._host, self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        await self.cut()

    @property
    def url(self) -> str:
        """Where to listen."""
        return f"{'tls' if self._tls else 'tcp'}://{self._host}:{self._port}"

    async def connected(self, count: int = 1) -> None:
        """Wait until so many listeners have come since the beginning."""
        while self.connections < count:
            self._changed.clear()
            await self._changed.wait()

    async def send(self, data: bytes, *, piece: int | None = None) -> None:
        """Send bytes to everyone connected, in pieces of a size if one is given."""
        for at in range(0, len(data), piece or len(data)):
            for writer in tuple(self._listeners):
                with contextlib.suppress(ConnectionError):
                    writer.write(data[at : at + (piece or len(data))])
                    await writer.drain()

    async def heartbeat(self, *references: cap.Reference, now: datetime | None = None) -> None:
        """Send a heartbeat that names the alerts sent last."""
        await self.send(heartbeat(*references, now=now))

    async def cut(self) -> None:
        """Close every connection, as a failing site does."""
        listeners, self._listeners = self._listeners, {}
        for writer, task in listeners.items():
            writer.close()
            with contextlib.suppress(ConnectionError):
                await task

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._listeners[writer] = task
        self.connections += 1
        self._changed.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()  # listeners send nothing; this ends when either side closes
        self._listeners.pop(writer, None)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
