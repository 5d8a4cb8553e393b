"""Stopping and reloading under load, as systemd and containers do it: nothing is lost, and the supervisor is told."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
import pytest
from aiohttp import web
from ports import free_port
from service_process import SECRET, Installation, until
from test_service_whole_way import is_delivered, shows_a_card

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer

ALERT = story.amber(utc_now() - timedelta(minutes=1))


async def test_a_request_under_way_may_end(tmp_path: Path) -> None:
    """The receiver answers after SIGTERM: the delivery is recorded as acknowledged, and the gateway ends with code 0."""
    port = free_port()
    async with FeedServer() as feed, holding_receiver(port) as (taken, may_answer):
        feed.publish("amber.xml", cap.write(ALERT))
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        with installation.running() as process:
            await asyncio.wait_for(taken, 60)
            process.send_signal(signal.SIGTERM)
            await until(lambda: logged(installation, "gateway.stopping"))
            may_answer.set()
            assert await asyncio.to_thread(process.wait, 60) == 0
    found = await installation.delivery()
    assert found is not None
    assert (found.state, [one.outcome for one in found.attempts]) == ("delivered", ["delivered"])


async def test_a_request_that_does_not_end_is_handed_on(tmp_path: Path) -> None:
    """The receiver never answers: the gateway ends by itself all the same, and the next process delivers at once, with the
    same id."""
    port = free_port()
    async with FeedServer() as feed:
        feed.publish("amber.xml", cap.write(ALERT))
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        async with holding_receiver(port) as (taken, _):
            with installation.running() as process:
                message_id = await asyncio.wait_for(taken, 60)
                process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 60) == 0, installation.log()
        left = await installation.delivery()
        assert left is not None
        assert (left.state, [one.outcome for one in left.attempts]) == ("pending", ["stopped"])
        async with ReceiverServer(secrets=[SECRET], port=port) as receiver:
            with installation.running():
                await until(lambda: shows_a_card(receiver))
                await until(lambda: is_delivered(installation))
            (arrival,) = [one for one in receiver.arrivals if one.action]
    assert arrival.message_id == message_id


async def test_the_supervisor_hears_of_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready, alive, reloading and ready again, also if the file is bad, and stopping."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "1500000")
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        line.bind(str(tmp_path / "notify"))

        async def hears(word: str) -> None:
            async with asyncio.timeout(60):
                while word not in (await loop.sock_recv(line, 200)).decode():
                    pass

        async with FeedServer() as feed:
            installation = Installation(tmp_path, feed=feed.url("index.atom"), port=free_port())
            with installation.running() as process:
                await hears("READY=1")
                await hears("WATCHDOG=1")
                installation.config.write_text(installation.config.read_text() + "[nonsense]\n")
                process.send_signal(signal.SIGHUP)
                for word in ("RELOADING=1", "READY=1", "WATCHDOG=1"):
                    await hears(word)
                process.send_signal(signal.SIGTERM)
                await hears("STOPPING=1")
                assert await asyncio.to_thread(process.wait, 60) == 0
    assert '"event":"config.rejected"' in installation.log()


def test_a_database_that_does_not_answer_holds_no_stop_up(postgresql_url: str, tmp_path: Path) -> None:
    """A write waits for ever, in a thread that nothing ends: the process ends at last all the same, and says so."""
    port, config = free_port(), tmp_path / "capgateway.toml"
    config.write_text(f'[gateway]\ndatabase = "{postgresql_url}"\nlisten = "127.0.0.1:{port}"\n')
    code = "from capgateway import cli, service\nservice.LONGEST_STOP_SECONDS = 1.0\ncli.main()"
    command = [sys.executable, "-c", code, "run", "--log-format", "json", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stderr
        while "gateway.started" not in process.stderr.readline():
            pass
        with psycopg.connect(postgresql_url) as other:
            other.execute("LOCK TABLE feed_status IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(HTTPError, match="503"):
                urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60)
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGTERM)  # changes nothing
            assert process.wait(60) == 1
        assert "gateway.cut_off" in process.stderr.read()


@asynccontextmanager
async def holding_receiver(port: int) -> AsyncIterator[tuple[asyncio.Future[str], asyncio.Event]]:
    """Answers a display only when it may: the id of the first one, once it is there, and what lets it be answered."""
    taken: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    may_answer = asyncio.Event()

    async def hook(request: web.Request) -> web.Response:
        if b"card.published" in await request.read():
            if not taken.done():
                taken.set_result(request.headers["webhook-id"])
            await may_answer.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield taken, may_answer
    finally:
        await runner.cleanup()


async def logged(installation: Installation, event: str) -> bool:
    return f'"event":"{event}"' in installation.log()
