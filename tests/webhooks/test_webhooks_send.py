"""One POST against receivers that do everything wrong, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import web

from capgateway import net
from capgateway.webhooks import Attempt, Claim, Receiver, verify
from capgateway.webhooks.send import LARGEST_ANSWER, cut_off, send

NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
SECRETS = (b"n" * 32, b"o" * 32)
LOOPBACK = (ip_network("127.0.0.0/8"),)
BODY = '{"data":{"action":"display"},"type":"card.updated","name":"Zoë Testchild"}'.encode()
CLAIM = Claim(
    delivery_id="dlv_1",
    message_id="msg_p5jxn8aqm9lwm0d4lokwxjekab",
    receiver="feed",
    card_id="crd_1",
    revision=2,
    type="card.updated",
    action="display",
    body=BODY,
    number=3,
    created_at=NOW,
    deadline=NOW + timedelta(hours=1),
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(conversation: Conversation) -> AsyncIterator[str]:
    """The URL of a raw server that reads one request, then holds this conversation."""
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await reader.readuntil(BODY)
            await conversation(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?token=hidden-in-url"
    await asyncio.gather(*tasks)


async def attempt_at(url: str, claim: Claim = CLAIM, **changes: Any) -> Attempt:
    fields: dict[str, Any] = {"allow_networks": LOOPBACK, "timeout": timedelta(seconds=30)}
    receiver = Receiver(name="feed", url=url, secrets=SECRETS, **fields | changes)
    async with net.new_session(user_agent="capgateway/test", allow_networks=receiver.allow_networks) as session:
        return await send(session, receiver, claim, now=NOW)


async def attempt(conversation: Conversation, **changes: Any) -> Attempt:
    async with listening(conversation) as url:
        return await attempt_at(url, **changes)


def saying(*pieces: bytes, repeat: bytes = b"", pause: float = 0) -> Conversation:
    """A conversation that says these bytes, then repeats the last until the other side has gone."""

    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        while repeat:
            writer.write(repeat)
            await writer.drain()
            await asyncio.sleep(pause)

    return conversation


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection with RST instead of FIN."""
    opened = writer.get_extra_info("socket")
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def in_turn(*conversations: Conversation) -> Conversation:
    async def conversation(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for each in conversations:
            await each(reader, writer)

    return conversation


def status_line(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_what_arrives_verifies() -> None:
    """The receiver gets the stored bytes under the three headers; each secret of a rotation verifies, at this time."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def keep(request: web.Request) -> web.Response:
        seen.append((dict(request.headers), await request.read()))
        return web.Response(status=202)

    async with serving(keep) as url:
        made = await attempt_at(url)
    ((headers, body),) = seen
    assert (made.outcome, made.status, made.number, made.started_at) == ("delivered", 202, 3, NOW)
    assert body == BODY
    for secret in SECRETS:
        verify([secret], headers, body, now=NOW)
    assert headers["webhook-id"] == CLAIM.message_id
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert (headers["webhook-attempt"], headers["Content-Type"]) == ("3", "application/json")
    assert headers["User-Agent"] == "capgateway/test"


@asynccontextmanager
async def serving(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """The URL of a proper HTTP server that answers every request so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
async def test_every_2xx_is_success(status: int) -> None:
    """Any 2xx, with or without a body, means the receiver has the message."""
    made = await attempt(saying(status_line(status)))
    assert (made.outcome, made.status, made.ambiguous, made.error) == ("delivered", status, False, None)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 410, 418, 429, 500, 503, 599, 600, 999])
async def test_everything_else_is_failure(status: int) -> None:
    """No other status is success, and having answered so the receiver has not taken the message in."""
    body = b"" if status == 304 else b"no"  # a 304 has no body
    made = await attempt(saying(status_line(status, body=body)))
    assert (made.outcome, made.status, made.ambiguous) == ("status", status, False)
    assert made.response_excerpt == (body.decode() or None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_never_followed(status: int) -> None:
    """The place a redirect points to is never visited."""
    visits: list[str] = []

    async def visited(request: web.Request) -> web.Response:
        visits.append(request.path)
        return web.Response()

    async with serving(visited) as elsewhere:
        made = await attempt(saying(status_line(status, f"Location: {elsewhere}")))
    assert (made.outcome, made.status, visits) == ("status", status, [])


async def test_nobody_listens() -> None:
    """A refused connection is a plain failure: nothing was sent."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        made = await attempt_at(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert (made.outcome, made.status, made.ambiguous) == ("connect", None, False)
    assert made.error


@pytest.mark.parametrize(
    ("conversation", "outcome", "status"),
    [
        (saying(), "disconnected", None),
        (reset, "disconnected", None),
        (saying(b"HTTP/1.1 20"), "disconnected", None),
        (in_turn(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), reset), "truncated", 200),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), "truncated", 200),
        (saying(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "protocol", None),
        (saying(b"HTTP/1.1 2OO OK\r\n\r\n"), "protocol", None),
        (saying(b"\x16\x03\x01\x00\xff" * 100), "protocol", None),
        (saying(b"HTTP/1.1 200 OK\r\n", repeat=b"X-Flood: 1\r\n" * 100), "protocol", None),
        (saying(b"HTTP/1.1 200 OK\r\nX-Long: ", repeat=b"x" * 5000), "protocol", None),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "protocol|truncated", None),
        (saying(repeat=b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000), "protocol", None),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", repeat=b"x" * 5000), "truncated", 200),
    ],
    ids=[
        "closed",
        "reset",
        "half a status line",
        "reset in the body",
        "closed in the body",
        "not HTTP",
        "status of letters",
        "TLS",
        "header flood",
        "endless header",
        "bad chunk",
        "flood of 103",
        "endless chunk extension",
    ],
)
async def test_broken_answers_are_ambiguous(conversation: Conversation, outcome: str, status: int | None) -> None:
    """Whoever got the request and answered nothing usable may have taken it in."""
    made = await attempt(conversation)
    assert made.outcome in outcome.split("|")
    assert made.ambiguous
    assert status in {None, made.status}
    assert made.error
    assert "hidden-in-url" not in made.error


@pytest.mark.parametrize(
    "conversation",
    [
        hang,
        in_turn(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), hang),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", repeat=b"x", pause=0.05),
        saying(b"HTTP/1.1 200 OK\r\n", repeat=b"X: y\r\n", pause=0.05),
        saying(repeat=b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.05),
        saying(repeat=b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", pause=0.05),
    ],
    ids=["hangs", "hangs in the body", "drips the body", "drips headers", "only 100", "only 103"],
)
async def test_the_timeout_covers_everything(conversation: Conversation) -> None:
    """However a receiver wastes time, after its timeout it is over, and it may have taken the message in."""
    made = await attempt(conversation, timeout=timedelta(seconds=0.4))
    assert (made.outcome, made.ambiguous) == ("timeout", True)
    assert timedelta(seconds=0.3) < made.duration


async def test_interim_answers_are_passed_over() -> None:
    """A 103 before the real answer changes nothing."""
    made = await attempt(saying(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK))
    assert (made.outcome, made.status) == ("delivered", 200)


@pytest.mark.parametrize(
    "headers",
    [b"Content-Length: 100000000\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"],
    ids=["length", "chunked", "close"],
)
async def test_a_huge_answer_is_not_read(headers: bytes) -> None:
    """A receiver that answers 200 and then pours out a hundred megabytes has the message, and loses the connection."""
    poured = 0
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if b"chunked" in headers else b"x" * 0x10000

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal poured
        writer.write(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")
        for _ in range(1600):
            writer.write(piece)
            await writer.drain()
            poured += len(piece)

    made = await attempt(pour)
    assert made.outcome == "delivered"
    assert poured < 20_000_000  # what the sockets' buffers swallow


async def test_a_packed_bomb_stays_packed() -> None:
    """A gzip bomb is not unpacked: what is kept are at most the first bytes as they came."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    made = await attempt(saying(status_line(500, "Content-Encoding: gzip", body=bomb)))
    assert (made.outcome, made.status) == ("status", 500)
    assert len((made.response_excerpt or "").encode()) <= LARGEST_ANSWER


async def test_a_failure_keeps_a_clean_excerpt() -> None:
    """What the receiver said on failure is kept to a kilobyte, without credentials and control characters."""
    said = (
        b'bad \x00\x1b[31m {"token": "t0p", "Authorization": "Bearer abc.def", "k": "whsec_MfKQ9r8G"} ' + b"\xff" * 2000
    )
    made = await attempt(saying(status_line(422, body=said)))
    assert made.response_excerpt is not None
    assert len(made.response_excerpt.encode()) <= LARGEST_ANSWER
    assert made.response_excerpt.startswith("bad ")
    assert not any(word in made.response_excerpt for word in ("\x00", "\x1b", "t0p", "abc.def", "MfKQ9r8G"))


async def test_success_keeps_no_excerpt() -> None:
    """Of a 2xx nothing is kept: it may echo the card."""
    assert (await attempt(saying(OK))).response_excerpt is None


CONTRADICTIONS: list[Any] = [{"revision": 1, "state": "displayed"}, {"revision": 2, "state": "displayed"}]


@pytest.mark.parametrize(
    ("action", "answer", "confirmed"),
    [
        ("display", {"revision": 2, "state": "displayed", "more": 1}, True),
        ("take_down", {"revision": 2, "state": "removed"}, True),
        ("display", {"revision": 1, "state": "displayed"}, False),
        ("take_down", {"revision": 2, "state": "displayed"}, False),
        ("display", {"revision": 2, "state": "shown"}, False),
        ("display", {"revision": "2", "state": "displayed"}, False),
        ("display", [2, "displayed"], False),
    ],
)
async def test_confirmation(action: Any, answer: Any, confirmed: bool) -> None:
    """Only an answer that names this revision in the state that was asked for confirms it."""
    claim = Claim(**{name: getattr(CLAIM, name) for name in Claim.__struct_fields__} | {"action": action})
    body = json.dumps(answer).encode()
    made = await attempt(saying(status_line(200, body=body)), claim=claim)
    assert (made.outcome, made.confirmed) == ("delivered", confirmed)
    assert made.contradicts == (answer in CONTRADICTIONS)
    assert (made.error is not None) == made.contradicts


@pytest.mark.parametrize(
    "body",
    [b"", b"ok", b"\xff\xfe", b"[" * 1000, b'{"x":' * 200, b'{"a":1,' * 900],
    ids=["nothing", "ok", "no UTF-8", "deep list", "deep object", "long"],
)
async def test_answers_that_confirm_nothing(body: bytes) -> None:
    """A 2xx with any other body is success all the same."""
    made = await attempt(saying(status_line(200, body=body)))
    assert (made.outcome, made.confirmed, made.contradicts) == ("delivered", False, False)


async def test_retry_after_is_reported() -> None:
    """The receiver's wish to be left alone reaches the schedule; nonsense does not."""
    wish, nonsense = [await attempt(saying(status_line(503, f"Retry-After: {value}"))) for value in ("120", "whenever")]
    assert (wish.retry_after, nonsense.retry_after) == (timedelta(seconds=120), None)


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://127.0.0.1:1/", "blocked"),
        ("https://[::1]:1/", "blocked"),
        ("https://169.254.169.254/latest", "blocked"),
        ("https://localhost:8443/", "blocked"),
        ("https://receiver.example:25/", "url"),
        ("http://127.0.0.1:1/", "scheme"),
        ("https://u:p@receiver.example/", "url"),
    ],
)
async def test_addresses_we_do_not_ask(url: str, outcome: str) -> None:
    """Without allow_networks no private address and no plain http is asked at all."""
    made = await attempt_at(url, allow_networks=())
    assert (made.outcome, made.status, made.ambiguous) == (outcome, None, False)


async def test_a_cancelled_attempt_leaves() -> None:
    """Who cancels the task gets its cancellation at once, and says himself what the attempt was."""
    async with listening(hang) as url:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await attempt_at(url)
    made = cut_off(CLAIM, "overtaken", now=NOW, duration=timedelta(seconds=2))
    assert (made.outcome, made.ambiguous, made.number) == ("overtaken", True, 3)
