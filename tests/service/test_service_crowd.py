"""The gateway as a process among strangers: it stores, delivers and stops as if they were not there."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from ports import free_port
from service_process import SECRET, Installation, until
from test_service_whole_way import ALERT, shows_a_card

from capgateway import cap
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer

DESCRIPTORS = 1024
STRANGERS = 1000
STOP_SECONDS = 40


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for the strangers, who live in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not hasattr(resource, "prlimit") or (hard != resource.RLIM_INFINITY and hard < 2 * STRANGERS):
        pytest.skip("the system allows too few connections for this test")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * STRANGERS), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def confined(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The process with the limit that most systems set, which it cannot raise."""
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    yield process


def stranger(port: int, number: int) -> socket.socket:
    """One who connects, and says nothing, or half of something, or asks without end and never reads."""
    came = socket.create_connection(("127.0.0.1", port), timeout=60)
    came.setblocking(False)
    if number % 3:
        came.send(
            b"GET /healthz HTTP/1.1\r\n"
            if number % 3 == 1
            else b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
        )
    return came


@pytest.mark.usefixtures("many_descriptors")
async def test_a_thousand_strangers_stop_nothing(tmp_path: Path) -> None:
    """With a thousand connections that ask nothing, and 1,024 descriptors, an alert is stored and delivered, who asks is
    answered, and SIGTERM is obeyed."""
    port, api = free_port(), free_port()
    async with FeedServer() as feed, ReceiverServer(secrets=[SECRET], port=port) as receiver:
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        installation.config.write_text(
            installation.config.read_text().replace('listen = ""', f'listen = "127.0.0.1:{api}"')
        )
        with installation.running() as started, confined(started) as process, ExitStack() as crowd:
            await until(lambda: asyncio.to_thread(is_answered, api))
            for number in range(STRANGERS):
                crowd.enter_context(stranger(api, number))
            feed.publish("amber.xml", cap.write(ALERT))
            await until(lambda: shows_a_card(receiver))
            assert await asyncio.to_thread(is_answered, api)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, STOP_SECONDS) == 0, installation.log()
    assert '"event":"web.crowded"' in installation.log()


def is_answered(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as asking:
            asking.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return asking.recv(100).startswith(b"HTTP/1.1 200 ")
    except ConnectionError:
        return False


HOSTILE = {
    "103 without end": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000),
    "chunks of a byte": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
    "answers after the answer": (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 2000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 10_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_receiver_and_feed_delay_nobody(tmp_path: Path, kind: str) -> None:
    """While one receiver and one feed answer with a flood, another's card arrives, and SIGTERM is obeyed."""
    port = free_port()
    begin, endless = HOSTILE[kind]
    flooded = asyncio.Event()

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flooded.set()
        try:
            writer.write(begin)
            while True:
                writer.write(endless)
                await writer.drain()
        except ConnectionError:
            writer.close()

    hostile = await asyncio.start_server(flood, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{hostile.sockets[0].getsockname()[1]}/"
    async with hostile, FeedServer() as feed, ReceiverServer(secrets=[SECRET], port=port) as receiver:
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        with installation.config.open("a") as more:
            more.write(
                f'[[feeds]]\nname = "flood"\nkind = "atom"\nurl = "{url}"\ninterval = "1s"\nallow_networks = ["127.0.0.0/8"]\n'
            )
            more.write(
                f'[[receivers]]\nname = "flood"\nurl = "{url}"\nsecret = "env:APP_SECRET"\nallow_networks = ["127.0.0.0/8"]\n'
            )
        with installation.running() as process:
            async with asyncio.timeout(60):
                await flooded.wait()
            feed.publish("amber.xml", cap.write(ALERT))
            await until(lambda: shows_a_card(receiver))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, STOP_SECONDS) == 0, installation.log()


HANGING_LOOK_UPS = """
import socket, time
system = socket.getaddrinfo
def getaddrinfo(host, *arguments, **named):
    if str(host).endswith("silent.example"):
        time.sleep(600)
    return system(host, *arguments, **named)
socket.getaddrinfo = getaddrinfo
"""


async def test_names_that_hang_delay_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the names of forty feeds and a receiver are being looked up in vain, an alert is stored and delivered, and
    SIGTERM is obeyed."""
    (tmp_path / "sitecustomize.py").write_text(HANGING_LOOK_UPS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    port = free_port()
    async with FeedServer() as feed, ReceiverServer(secrets=[SECRET], port=port) as receiver:
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        with installation.config.open("a") as more:
            for number in range(40):
                more.write(f'[[feeds]]\nname = "silent-{number}"\nkind = "atom"\ninterval = "1s"\n')
                more.write(f'url = "https://{number}.silent.example/"\n')
            more.write(
                '[[receivers]]\nname = "silent"\nurl = "https://app.silent.example/"\nsecret = "env:APP_SECRET"\n'
            )
        with installation.running() as process:
            await until(lambda: asyncio.to_thread(lambda: "gateway.started" in installation.log()))
            await asyncio.sleep(2)  # the first polls are spread over a second
            feed.publish("amber.xml", cap.write(ALERT))
            await until(lambda: shows_a_card(receiver))
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, STOP_SECONDS) == 0, installation.log()
