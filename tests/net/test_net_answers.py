"""What a server sends beside the content of its answer, without end."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler
from net_server import LOOPBACK, answering

from capgateway import net
from capgateway.net.answers import MAX_FRAMING, MAX_INTERIM, PIECE

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\n\r\n"
PATIENT = aiohttp.ClientTimeout(total=30)
ENDLESS = {
    "103": (b"", INTERIM * 1000, "protocol"),
    "100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, "protocol"),
    "102 with headers": (b"", b"HTTP/1.1 102 Processing\r\na: b\r\nc: d\r\n\r\n" * 1000, "protocol"),
    "slow 103": (b"", INTERIM, "protocol"),
    "reason": (b"HTTP/1.1 200 ", b"a" * 10_000, "protocol"),
    "header lines": (OK, b"x: y\r\n" * 1000, "protocol"),
    "one header line": (OK + b"x: ", b"y" * 10_000, "protocol"),
    "chunk extension": (CHUNKED + b"1;", b"a" * 10_000, "truncated"),
    "zeros before a length": (CHUNKED, b"0" * 10_000, "truncated"),
    "chunks of a byte": (CHUNKED, b"1\r\nx\r\n" * 1000, "truncated"),
    "chunks of two bytes, extended": (CHUNKED, b"2;a=b\r\nxy\r\n" * 1000, "truncated"),
    "trailers": (CHUNKED + b"1\r\nx\r\n0\r\n", b"x: y\r\n" * 1000, "protocol truncated"),  # as it is cut in pieces
}


async def body_of(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        return await net.read_bounded(response, 20_000_000)


@pytest.mark.parametrize("kind", ENDLESS)
async def test_what_never_becomes_content_ends_the_connection(kind: str) -> None:
    """Whatever a server sends without end instead of content: it is hung up on long before our patience ends."""
    begin, endless, reason = ENDLESS[kind]
    async with (
        net.new_session(user_agent="test", allow_networks=LOOPBACK, timeout=PATIENT) as session,
        answering(begin, endless=endless) as url,
    ):
        with pytest.raises(net.TROUBLE) as caught:
            await body_of(session, url)
    assert net.fetch_error(caught.value).reason in reason.split()


@pytest.mark.parametrize(
    ("begin", "endless"), [(OK + b"Content-Length: 0\r\n\r\n", OK + b"Content-Length: 0\r\n\r\n"), (b"", INTERIM)]
)
async def test_a_flood_of_answers_is_not_parsed(begin: bytes, endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of answers in one piece, wanted or not, only the first few are looked at."""
    parsed = []
    original = ResponseHandler.feed_data

    def count(self: ResponseHandler, *arguments: object) -> None:
        parsed.append(self)
        original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ResponseHandler, "feed_data", count)
    async with (
        net.new_session(user_agent="test", allow_networks=LOOPBACK, timeout=aiohttp.ClientTimeout(total=2)) as session,
        answering(begin + endless * 10_000, endless=endless * 1000) as url,
    ):
        try:
            assert await body_of(session, url) == b""
        except net.TROUBLE as error:
            assert net.fetch_error(error).reason == "protocol"  # noqa: PT017  (either is good, but no time-out)
    assert len(parsed) <= PIECE / len(endless) + 1


async def test_an_honest_server_is_heard_out() -> None:
    """Some interim answers, headers of a usual size, and long or short chunks as servers write them give no offence."""
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"y" * 400) for number in range(100))
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * MAX_INTERIM
    line, whole = b"<p>some forty bytes of a page, flushed</p>\n", b"z" * 100_000
    chunks = b"%x\r\n%s\r\n" % (len(line), line) * 5000 + b"%x\r\n%s\r\n0\r\n\r\n" % (len(whole), whole)
    head = OK + lines + b"Transfer-Encoding: chunked\r\n\r\n"
    assert len(head) < MAX_FRAMING
    async with (
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
        answering(early + head, chunks) as url,
    ):
        assert await body_of(session, url) == line * 5000 + whole


async def test_each_answer_of_a_connection_has_its_own_bounds() -> None:
    """What one request used up is there again for the next one on the same connection."""
    answer = INTERIM * MAX_INTERIM + OK + b"Content-Length: 2\r\n\r\nok"
    async with (
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
        answering(*[answer] * 5, turns=True) as url,
    ):
        for _ in range(5):
            assert await body_of(session, url) == b"ok"
