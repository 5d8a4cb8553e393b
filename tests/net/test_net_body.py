"""How much of an answer a session swallows."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from net_server import LOOPBACK, answering

from capgateway import net
from capgateway.errors import FetchError
from capgateway.net.body import CHUNK, MAX_GZIP_MEMBERS, STEP, Unpacker

LIMIT = 1000


async def body_of(
    *pieces: bytes, encoding: str = "", endless: bytes = b"", length: int | None = None, limit: int = LIMIT
) -> bytes:
    """What read_bounded makes of an answer with this encoding and these pieces of body."""
    head = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
    head += f"Content-Encoding: {encoding}\r\n" if encoding else ""
    head += f"Content-Length: {length}\r\n" if length is not None else ""
    async with (
        answering(f"{head}\r\n".encode(), *pieces, endless=endless) as url,
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
        session.get(url) as response,
    ):
        return await net.read_bounded(response, limit)


async def reason_of(*pieces: bytes, encoding: str = "", endless: bytes = b"", length: int | None = None) -> str:
    with pytest.raises(net.TROUBLE) as caught:
        await body_of(*pieces, encoding=encoding, endless=endless, length=length)
    return net.fetch_error(caught.value).reason


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    """The limit itself is allowed, plain and packed."""
    body = bytes(range(250)) * 4
    assert await body_of(body) == body
    assert await body_of(gzip.compress(body), encoding="gzip") == body


async def test_one_byte_more_is_too_large() -> None:
    """The first byte over the limit ends the reading, plain and packed."""
    assert await reason_of(b"x" * (LIMIT + 1)) == "too_large"
    assert await reason_of(gzip.compress(b"x" * (LIMIT + 1)), encoding="gzip") == "too_large"


async def test_an_endless_body_is_cut() -> None:
    """A server that never stops sending is left at the limit."""
    assert await reason_of(endless=b"x" * 100) == "too_large"


async def test_a_packed_bomb_is_cut_at_the_limit() -> None:
    """A hundred megabytes of zeros packed small are never unpacked; nor are they when they arrive without end."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    assert await reason_of(bomb, encoding="gzip") == "too_large"
    assert await reason_of(gzip.compress(b"")[:10], endless=b"\0\0\0\xff\xff", encoding="gzip") == "too_large"


async def test_others_get_their_turn_while_a_bomb_is_unpacked() -> None:
    """Little is unpacked in one go, however much a packed piece holds."""
    turns = list[None]()

    async def count() -> None:
        while True:
            turns.append(None)
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    packed, limit = gzip.compress(bytes(60 * STEP)), 60 * STEP
    assert len(packed) < CHUNK
    async with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + packed) as url,
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
        session.get(url) as response,
    ):
        turns.clear()
        assert len(await net.read_bounded(response, limit)) == limit
        assert len(turns) >= 60
    other.cancel()


async def test_deflate_is_read_with_and_without_its_wrapper() -> None:
    """Both meanings servers have given to deflate are understood."""
    bare = zlib.compressobj(wbits=-15)
    for packed in (zlib.compress(b"hello"), bare.compress(b"hello") + bare.flush()):
        assert await body_of(packed, encoding="deflate") == b"hello"


async def test_several_gzip_members_are_one_body() -> None:
    """Streams end to end are one body; a great many are an attack."""
    members = gzip.compress(b"one ") + gzip.compress(b"two")
    assert await body_of(members, encoding="gzip") == b"one two"
    many = gzip.compress(b"") * (MAX_GZIP_MEMBERS + 1)
    with pytest.raises(FetchError) as caught:
        await body_of(many, encoding="gzip", limit=1 << 20)
    assert caught.value.reason == "encoding"


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
async def test_an_encoding_we_did_not_ask_for_is_refused(encoding: str) -> None:
    """Only what was asked for is unpacked."""
    assert await reason_of(b"whatever", encoding=encoding) == "encoding"


async def test_broken_and_truncated_bodies_are_told_apart() -> None:
    """Garbage is an encoding fault; a body that ends early is truncated, packed or not."""
    assert await reason_of(b"not gzip at all", encoding="gzip") == "encoding"
    assert await reason_of(gzip.compress(b"hello")[:-3], encoding="gzip") == "truncated"
    assert await reason_of(b"short", length=100) == "truncated"


async def test_identity_and_an_empty_packed_body_are_fine() -> None:
    """A server may name no packing at all, or send nothing under one."""
    assert await body_of(b"hello", encoding="identity") == b"hello"
    assert await body_of(encoding="gzip", length=0) == b""


async def test_a_silent_server_runs_into_the_time_limit() -> None:
    """A server that accepts and says nothing is a timeout, in our words."""
    quick = aiohttp.ClientTimeout(total=0.2)
    async with (
        answering(b"HTTP/1.1 100 Continue\r\n\r\n", pause=True) as url,
        net.new_session(user_agent="test", allow_networks=LOOPBACK, timeout=quick) as session,
    ):
        with pytest.raises(net.TROUBLE) as caught:
            await session.get(url)
        assert net.fetch_error(caught.value).reason == "timeout"


async def test_nobody_listening_and_no_such_name_have_their_words() -> None:
    """Refused connections, unknown names and servers that speak no HTTP are told apart."""
    async with answering(b"SSH-2.0-OpenSSH\r\n\r\n") as url:
        closed = url
        async with net.new_session(user_agent="test", allow_networks=LOOPBACK) as session:
            with pytest.raises(net.TROUBLE) as caught:
                await session.get(url)
            assert net.fetch_error(caught.value).reason == "protocol"
    async with net.new_session(user_agent="test", allow_networks=LOOPBACK) as session:
        with pytest.raises(net.TROUBLE) as caught:
            await session.get(closed)
        assert net.fetch_error(caught.value).reason == "connect"
        with pytest.raises(net.TROUBLE) as caught:
            await session.get("https://does-not-exist.invalid/")
        assert net.fetch_error(caught.value).reason == "dns"


@given(st.binary(max_size=3000), st.lists(st.integers(1, 500), max_size=20), st.sampled_from(["gzip", "deflate"]))
def test_unpacking_piecewise_gives_the_original(body: bytes, cuts: list[int], encoding: str) -> None:
    """However a packed body is cut into pieces, it unpacks to what was packed."""
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    unpacker, out, position = Unpacker(encoding), b"", 0
    for size in [*cuts, len(packed)]:
        out += b"".join(unpacker.pieces(packed[position : position + size]))
        position += size
    unpacker.finish()
    assert out == body
