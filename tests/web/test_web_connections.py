"""Connections of strangers: how many, how long, and what they may send."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
from web_site import alert

from capgateway.clock import utc_now
from capgateway.config import Address, Token
from capgateway.web import connections, make_app, serve

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST %s HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
PATIENCE_SECONDS = 60.0

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def serving(site: Any, *tokens: Token) -> AsyncIterator[Address]:
    """The pages on a socket of their own, set up now."""
    settings = msgspec.structs.replace(site.gateway.settings, tokens=tokens)
    async with serve(make_app(msgspec.structs.replace(site.gateway, settings=settings)), Address("127.0.0.1", 0)) as it:
        yield it


async def connect(address: Address, *sent: bytes) -> Wire:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    for piece in sent:
        with suppress(ConnectionError):  # whoever refuses us need not listen on
            writer.write(piece)
            await writer.drain()
    return reader, writer


async def rest(wire: Wire) -> bytes:
    """What is answered until the other side hangs up, which it must."""
    found = b""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with suppress(ConnectionError):
            while piece := await wire[0].read(65_536):
                found += piece
    wire[1].close()
    return found


async def is_answered(address: Address) -> bool:
    reader, writer = await connect(address, ASK)
    async with asyncio.timeout(PATIENCE_SECONDS):
        line = await reader.readline()
    writer.close()
    return line == b"HTTP/1.1 200 OK\r\n"


async def test_who_only_holds_a_place_gives_way(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many connect and ask nothing, or half a question: who asks is answered, and the oldest are hung up on."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)
    async with serving(site) as address:
        idle = [await connect(address, *([ASK[:20]] if number % 2 else [])) for number in range(40)]
        assert await is_answered(address)
        for wire in idle[:35]:
            assert await rest(wire) == b""
        idle[-1][1].write(ASK[20:])
        assert await idle[-1][0].readline() == b"HTTP/1.1 200 OK\r\n"
        for _, writer in idle:
            writer.close()


async def test_a_page_at_work_is_not_hung_up_on(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is sending us an alert keeps the connection; when all are at work the one too many goes."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    document = alert("TX-3", "CAE", utc_now())
    head = POST % b"/api/v1/feeds/partner/alerts" + b"Content-Length: %d\r\n\r\n" % len(document)
    async with serving(site) as address:
        sending = [await connect(address, head + document[:100]) for _ in range(3)]
        while await is_answered_or_none(address):  # until all three are at work
            await asyncio.sleep(0.01)
        for reader, writer in sending:
            writer.write(document[100:])
            assert await reader.readline() == b"HTTP/1.1 202 Accepted\r\n"
            writer.close()


async def is_answered_or_none(address: Address) -> bool:
    return bool(await rest(await connect(address, ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))))


@pytest.mark.parametrize("sent", [b"", b"G", ASK[:-2], ASK, ASK + ASK[:20], ASK * 3])
async def test_silence_ends_a_connection(site: Any, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first request, in the midst of one, and after the last."""
    monkeypatch.setattr(connections, "FIRST_REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(connections, "WAITING_SECONDS", 0.2)
    monkeypatch.setattr(connections, "LOOK_EVERY_SECONDS", 0.05)
    async with serving(site) as address:
        answered = await rest(await connect(address, sent))
    assert answered.count(b"HTTP/1.1 200 OK") == sent.count(ASK)


async def test_headers_that_drip_end_a_connection(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then buys no more time."""
    monkeypatch.setattr(connections, "FIRST_REQUEST_SECONDS", 0.2)
    monkeypatch.setattr(connections, "LOOK_EVERY_SECONDS", 0.05)
    async with serving(site) as address, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await connect(address, ASK[:-2] + b"x: ")
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"y")
                await writer.drain()
                await asyncio.sleep(0.01)
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.001)
        writer.close()


async def test_who_never_reads_the_answers_is_hung_up_on(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that nobody reads, to requests sent ahead by the thousand, hold a connection no longer than silence does."""
    monkeypatch.setattr(connections, "WAITING_SECONDS", 0.2)
    monkeypatch.setattr(connections, "LOOK_EVERY_SECONDS", 0.05)
    async with serving(site) as address, asyncio.timeout(PATIENCE_SECONDS):
        _, writer = await connect(address)
        with suppress(ConnectionError):
            while True:
                writer.write(ASK * 1000)
                await writer.drain()
        writer.transport.abort()
        assert await is_answered(address)


async def test_who_reads_slowly_gets_it_all(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is being read, if slowly, is not cut off."""
    monkeypatch.setattr(connections, "WAITING_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOOK_EVERY_SECONDS", 0.02)
    count = 4000
    async with serving(site) as address, asyncio.timeout(60):
        reader, writer = await connect(address)
        sending = asyncio.create_task(send_slowly(writer, count))
        found = b""
        while found.count(b'{"status":"ok"}') < count:
            await asyncio.sleep(0.01)
            piece = await reader.read(16_384)
            assert piece
            found += piece
        await sending
        writer.close()


async def send_slowly(writer: asyncio.StreamWriter, count: int) -> None:
    for _ in range(count // 100):
        writer.write(ASK * 100)
        await writer.drain()


def bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(500)) + packer.flush()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (b"/healthz", b"", 405),
        (b"/healthz", b"Content-Encoding: gzip\r\n", 415),
        (b"/nothing", b"", 401),
        (b"/nothing", b"Authorization: Bearer the-one-that-works\r\n", 404),
        (b"/api/v1/validate", b"", 401),
        (b"/api/v1/validate", b"Authorization: Bearer wrong\r\n", 401),
        (b"/api/v1/reload", b"Authorization: Bearer the-one-that-reads\r\n", 403),
        (b"/api/v1/validate", b"Authorization: Bearer the-one-that-reads\r\n", 413),
        (b"/api/v1/validate", b"Authorization: Bearer the-one-that-reads\r\nContent-Encoding: gzip\r\n", 415),
        (b"/healthz", b"Origin: https://evil.example\r\n", 403),
    ],
)
async def test_a_refused_body_ends_the_connection(
    site: Any, path: bytes, headers: bytes, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason: the answer comes, the body is not waited for, nothing of it is unpacked."""
    monkeypatch.setitem(connections.SETTINGS, "lingering_time", 0.3)
    body = bomb() * 25 if status == 415 else bytes(11_000_000)
    reads = Token(name="reads", token="the-one-that-reads", scopes=("read",))
    works = Token(name="works", token="the-one-that-works", scopes=("operate",))
    async with serving(site, reads, works) as address:
        wire = await connect(address, POST % path + headers + b"Content-Length: 999999999\r\n\r\n")
        sending = asyncio.create_task(send_all(wire[1], body))
        answered = await rest(wire)
        await sending
        assert answered.startswith(b"HTTP/1.1 %d " % status)
        assert b"connection: close" in answered.lower()
        assert await is_answered(address)


async def send_all(writer: asyncio.StreamWriter, body: bytes) -> None:
    with suppress(ConnectionError):
        writer.write(body)
        await writer.drain()


@pytest.mark.parametrize("path", [b"/healthz", b"/api/v1/validate"])
@pytest.mark.parametrize("endless", [b"1\r\nx\r\n", b"1;a=b\r\nx\r\n", b"00000000", b"1;" + b"a" * 1000])
async def test_marks_without_content_end_the_connection(site: Any, path: bytes, endless: bytes) -> None:
    """Chunks of a byte, and marks of chunks that never end, are cut off long before a body of their size would be."""
    async with serving(site) as address, asyncio.timeout(PATIENCE_SECONDS):
        _, writer = await connect(address, POST % path + CHUNKED)
        with suppress(ConnectionError):
            while True:
                writer.write(endless * 100)
                await writer.drain()
        writer.close()
        assert await is_answered(address)


async def test_a_body_in_ordinary_chunks_is_read(site: Any) -> None:
    """Chunks of the size that clients send give no offence."""
    document = alert("TX-4", "CAE", utc_now())
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(part), part) for part in (document[at : at + 40] for at in range(0, 2000, 40)) if part
    )
    async with serving(site) as address:
        wire = await connect(
            address, POST % b"/api/v1/feeds/partner/alerts" + b"Connection: close\r\n" + CHUNKED + chunks + b"0\r\n\r\n"
        )
        assert (await rest(wire)).startswith(b"HTTP/1.1 202 ")


async def test_a_connection_is_kept_for_the_next_request(site: Any) -> None:
    """After an answer that refuses nothing, and after a refusal of a request without a body."""
    async with serving(site) as address:
        reader, writer = await connect(address, ASK, ASK.replace(b"healthz", b"nothing"), ASK)
        async with asyncio.timeout(PATIENCE_SECONDS):
            found = b""
            while found.count(b"HTTP/1.1 ") < 3:
                found += await reader.read(65_536)
        writer.close()
    assert found.count(b"HTTP/1.1 200 OK") == 2
