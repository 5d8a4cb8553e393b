"""A server of bare bytes on loopback, for answers that no server library would give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

LOOPBACK = (ip_network("127.0.0.0/8"),)


@asynccontextmanager
async def answering(
    *pieces: bytes, endless: bytes = b"", pause: bool = False, turns: bool = False
) -> AsyncIterator[str]:
    """The URL of a raw server that sends these bytes, then the endless ones until the client goes away. With ``turns``
    each piece answers a request of its own."""

    tasks = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        try:
            for number, piece in enumerate(pieces):
                if turns or number == 0:
                    await reader.readuntil(b"\r\n\r\n")
                writer.write(piece)
                await writer.drain()
            if pause:
                await reader.read()
            while endless:
                writer.write(endless)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    await asyncio.gather(*filter(None, tasks))
