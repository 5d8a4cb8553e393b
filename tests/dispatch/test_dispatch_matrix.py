"""Everything that receivers and networks do wrong, to an update and to a take-down, on real sockets; and a gateway that is
killed at each step. In the end the receiver has the last word of the gateway, under one id for each message."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from dispatch_gateway import Gateway, a_receiver, delivering, opened, running, until
from dispatch_victim import STEPS
from test_dispatch import a_server, all_ended

from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import outbox
from capgateway.webhooks import breaker, retry

VICTIM = Path(__file__).with_name("dispatch_victim.py")
Fault = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ONCE = "HTTP/1.1 {} Fault\r\nContent-Length: 2\r\n{}\r\nno"


def says(text: str, *, drained: bool = True) -> Fault:
    """A receiver that reads the request and says just this."""

    async def fault(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if drained:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
            await reader.readexactly(length)
        writer.write(text.encode("latin-1"))
        await writer.drain()

    return fault


async def hangs(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3)


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await says("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")(reader, writer)
    for _ in range(30):
        writer.write(b"x")
        await asyncio.sleep(0.1)


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()


#: What it does, and whether a display may still be processed after it.
FAULTS: dict[str, tuple[Fault, bool]] = {
    "closes at once": (says("", drained=False), True),
    "resets after the head": (resets, True),
    "closes after the request": (says(""), True),
    "hangs before its answer": (hangs, True),
    "drips its answer": (drips, True),
    "answers half": (says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), True),
    "breaks its status line": (says("HTTP/9 what\r\n\r\n"), True),
    "floods with headers": (says("HTTP/1.1 200 OK\r\n" + "x: y\r\n" * 20_000), True),
    "says only 1xx": (says("HTTP/1.1 102 Processing\r\n\r\n" * 30), True),
    "redirects to itself": (says(ONCE.format(302, "Location: http://127.0.0.1:1/\r\n")), False),
    **{str(status): (says(ONCE.format(status, "")), status in {502, 504}) for status in
       (400, 401, 404, 408, 410, 413, 422, 425, 429, 500, 502, 503, 504)},
    **{f"503, Retry-After: {word}": (says(ONCE.format(503, f"Retry-After: {word}\r\n")), False) for word in
       ("0", "-1", "1e9", "soon", "Sun, 06 Nov 1994 08:49:37 GMT")},
}  # fmt: skip


@asynccontextmanager
async def failing_first(fault: Fault, well: ReceiverServer, times: int = 1) -> AsyncIterator[str]:
    """The address of a receiver whose first connections end so; the others go to the one that is well."""
    left = times

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        try:
            if left > 0:
                left -= 1
                await fault(reader, writer)
                return
            host, port = well.url.split("/")[2].split(":")
            onward_reader, onward = await asyncio.open_connection(host, int(port))
            await asyncio.gather(pipe(reader, onward), pipe(onward_reader, writer), return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "REISSUE_AFTER", timedelta(milliseconds=50))
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.1)
    for steps in ("FAST_STEPS", "CALM_STEPS"):
        monkeypatch.setattr(retry, steps, (0.1,) * 6)
    for name in ("MINUTE", "FIVE_MINUTES"):
        monkeypatch.setattr(retry, name, 0.2)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["update", "take-down"])
async def test_whatever_goes_wrong_the_last_word_arrives(tmp_path: Path, fault: str, kind: str) -> None:
    """The fault hits the first attempt; a later one arrives. It is recorded whether the receiver may still process the first."""
    wrong, is_unclear = FAULTS[fault]
    async with a_server() as well, opened(tmp_path, a_receiver(well.url)) as gateway:
        await gateway.issue("a")
        if kind == "take-down":
            async with delivering(gateway):
                await until(lambda: len(well.cards) == 1)
                await until(lambda: all_ended(gateway))
            await gateway.cancel("a")
        else:
            await gateway.update("a")
        async with failing_first(wrong, well) as url:
            behind = Gateway(gateway.store, [a_receiver(url, timeout=timedelta(seconds=1))])
            async with delivering(behind):
                await until(lambda: all_ended(gateway))
                if kind == "update":
                    assert [card["revision"] for card in well.cards.values()] == [2]
                assert kind == "update" or not well.cards
        failed = next(each for each in await gateway.deliveries() if len(each.attempts) > 1)
    assert failed.state == "delivered"
    assert failed.attempts[0].ambiguous is is_unclear
    assert len({each.message_id for each in well.arrivals}) == len({each.sequence for each in well.arrivals})


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ["display", "take-down"])
async def test_killed_at_each_step_nothing_is_lost(tmp_path: Path, step: str, kind: str) -> None:
    """SIGKILL after the claim, before or after the request, or before the commit: the next gateway delivers the same message
    under the same id."""
    async with a_server() as server:
        async with opened(tmp_path, a_receiver(server.url)) as gateway:
            await gateway.issue("a")
            if kind == "take-down":
                async with delivering(gateway):
                    await until(lambda: len(server.cards) == 1)
                    await until(lambda: all_ended(gateway))
                await gateway.cancel("a")
        database = f"sqlite:///{tmp_path / 'gateway.db'}"
        command = [sys.executable, str(VICTIM), database, server.url, step]
        died = await asyncio.to_thread(subprocess.run, command, timeout=60, check=False)
        assert died.returncode == -9
        async with running(tmp_path, a_receiver(server.url)) as gateway:
            await until(lambda: all_ended(gateway))
            if kind == "display":
                assert len(server.cards) == 1
            else:
                assert not server.cards
            states = await gateway.states()
    ids = [each.message_id for each in server.arrivals]
    expected = {"display": 1, "take-down": 2}[kind]
    assert len(set(ids)) == expected
    assert len(ids) == expected + (step in {"after send", "before commit"})
    assert all(state.endswith("delivered") for state in states)
