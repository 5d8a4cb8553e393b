"""A small egress proxy on loopback, and names that lead where a test says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult


def resolved(host: str, port: int, addresses: Iterable[str]) -> list[ResolveResult]:
    """What a resolver answers about a name with these addresses."""
    return [
        ResolveResult(
            hostname=host,
            host=address,
            port=port,
            family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            proto=0,
            flags=0,
        )
        for address in addresses
    ]


class Named(AbstractResolver):
    """A name server: the addresses of each name, the last answer again and again."""

    def __init__(self, **names: Iterable[Iterable[str]]) -> None:
        self._answers = {name.replace("_", "."): [list(one) for one in answers] for name, answers in names.items()}
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return resolved(host, port, answer)

    async def close(self) -> None:
        pass


class EgressProxy:
    """Joins its clients to loopback ports: ``routes`` says where the addresses of the internet are here, and what it answers
    for others; ``says`` is its answer to everybody."""

    def __init__(self, routes: dict[str, int | bytes], says: bytes | None, *, hangs: bool) -> None:
        self.heads: list[str] = []
        self.port = 0
        self._routes, self._says, self._hangs = routes, says, hangs
        self._tasks: list[asyncio.Task[Any] | None] = []
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def targets(self) -> list[str]:
        """What it was asked for."""
        return [head.split()[1] for head in self.heads]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.append(asyncio.current_task())
        self._writers.append(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            method, target, _ = head.split("\r\n")[0].split(" ")
            if self._hangs:
                await reader.read()
            if self._says is not None:
                writer.write(self._says)
            else:
                await self._join(reader, writer, head, method, target)
        writer.close()

    async def _join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str, method: str, target: str
    ) -> None:
        place = target if method == "CONNECT" else target.split("/")[2]
        route = self._routes.get(place, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        if isinstance(route, bytes):
            writer.write(route)
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", route)
        self._writers.append(far_writer)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            lines = [line for line in head.split("\r\n") if not line.lower().startswith("proxy-")]
            far_writer.write("\r\n".join(lines).replace(f"http://{place}", "").encode())
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()

    async def end(self) -> None:
        """Leave nothing open."""
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*filter(None, self._tasks), return_exceptions=True)
        await asyncio.sleep(0)


@asynccontextmanager
async def proxying(
    routes: dict[str, int | bytes] | None = None,
    *,
    says: bytes | None = None,
    hangs: bool = False,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[EgressProxy]:
    """``routes`` by address and port: ``{"8.8.8.8:443": 40123}``."""
    proxy = EgressProxy(routes or {}, says, hangs=hangs)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
