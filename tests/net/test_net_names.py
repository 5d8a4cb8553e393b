"""Looking names up while a name server hangs."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from net_server import LOOPBACK, answering

from capgateway import net
from capgateway.net.names import Names

SYSTEM = socket.getaddrinfo
BRIEF = 0.05


class HangingServer:
    """The system's look-up, which hangs for names under ``silent.example`` until it is released."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.released = threading.Event()

    def getaddrinfo(self, host: str, *arguments: Any, **named: Any) -> Any:
        self.asked.append(host)
        if host.endswith("silent.example"):
            self.released.wait(100)
            return SYSTEM("127.0.0.1", *arguments, **named)
        return SYSTEM(host, *arguments, **named)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingServer]:
    found = HangingServer()
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    yield found
    found.released.set()


async def reason(names: Names, host: str) -> str | None:
    try:
        await names.resolve(host)
    except socket.gaierror as error:
        return error.strerror
    return None


async def test_names_that_hang_keep_nobody_waiting(server: HangingServer) -> None:
    """While a hundred look-ups hang, others are answered, and the threads that the store reads with are free."""
    names = Names(patience=100)
    hanging = [asyncio.create_task(names.resolve(f"{number}.silent.example")) for number in range(100)]
    while len(server.asked) < 100:
        await asyncio.sleep(0.01)
    async with asyncio.timeout(50):
        assert {answer["host"] for answer in await names.resolve("localhost", 80)} & {"127.0.0.1", "::1"}
        assert await asyncio.to_thread(lambda: "read") == "read"
    assert not any(task.done() for task in hanging)
    server.released.set()
    assert [(await task)[0]["host"] for task in hanging] == ["127.0.0.1"] * 100


async def test_a_session_answers_while_others_hang(server: HangingServer) -> None:
    """Whoever fetches from a name that is known is not held up by forty who wait for one that is not."""
    async with (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as url,
        net.new_session(user_agent="test", allow_networks=LOOPBACK) as session,
    ):
        waiting = [asyncio.create_task(session.get(f"https://{number}.silent.example/")) for number in range(40)]
        while len(server.asked) < 40:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(50), session.get(url.replace("127.0.0.1", "localhost")) as response:
            assert await net.read_bounded(response, 100) == b"ok"
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_name_that_hangs_is_asked_for_once(server: HangingServer) -> None:
    """Whoever asks for it again shares the one look-up, or is told at once that nobody answers."""
    names = Names(patience=BRIEF)
    told = await asyncio.gather(*(reason(names, "a.silent.example") for _ in range(10)))
    told += [await reason(names, "a.silent.example") for _ in range(10)]
    assert told == ["no name server answered in time"] * 20
    assert server.asked == ["a.silent.example"]


async def test_the_number_of_look_ups_is_bounded(server: HangingServer) -> None:
    """A hostile list of names that all hang gets no more threads than there are; later there is room again."""
    names = Names(patience=BRIEF, most=5)
    told = await asyncio.gather(*(reason(names, f"{number}.silent.example") for number in range(20)))
    assert told.count("5 other names are being looked up") == 15
    assert len(server.asked) == 5
    server.released.set()
    while await reason(names, "localhost"):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "a" * 64 + ".example"])
async def test_a_name_without_address_is_a_dns_trouble(host: str) -> None:
    """A name that does not exist, and one that cannot, are told alike."""
    async with net.new_session(user_agent="test") as session:
        with pytest.raises(net.TROUBLE) as caught:
            await session.get(f"https://{host}/")
    assert net.fetch_error(caught.value).reason == "dns"


def test_what_hangs_keeps_no_process_alive() -> None:
    """A process whose look-up hangs ends when its work is done."""
    program = """
import asyncio, socket, time
from capgateway.net.names import Names
socket.getaddrinfo = lambda *_, **__: time.sleep(600)
async def main():
    try:
        await Names(patience=0.05).resolve("hangs.example")
    except socket.gaierror:
        print("gave up")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=True)  # noqa: S603
    assert done.stdout == "gave up\n"
