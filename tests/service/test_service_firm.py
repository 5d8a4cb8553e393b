"""The gateway as a process whose disk fills, whose clock is set, whose folders hang: it goes on, says so, and stops in order."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace
from ports import free_port
from service_process import Installation, until

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer

STOP_SECONDS = 40
LIBRARY = "/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"


def alert(name: str = "TX-1") -> cap.Alert:
    return replace(story.amber(utc_now() - timedelta(minutes=5)), identifier=name)


def cancel(first: cap.Alert) -> cap.Alert:
    return replace(story.cancel(utc_now() - timedelta(minutes=1), first), identifier=f"{first.identifier}-C")


class Board:
    """A receiver that believes any signature, however old: the cards that it shows."""

    def __init__(self) -> None:
        self.cards: set[str] = set()
        self.is_up = True
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def hook(self, request: web.Request) -> web.Response:
        data = json.loads(await request.read())["data"]
        if not self.is_up:
            return web.Response(status=503)
        if data["action"] == "display":
            self.cards.add(data["card_id"])
        elif data["action"] == "take_down":
            self.cards.discard(data["card_id"])
        await self.may_answer.wait()
        return web.Response()

    async def shows(self, count: int) -> bool:
        return len(self.cards) == count


class World:
    """A gateway process between a feed and a receiver, with its API."""

    def __init__(self, directory: Path, feed: FeedServer, board: Board, port: int) -> None:
        self.feed, self.board, self.api = feed, board, free_port()
        self.installation = Installation(directory, feed=feed.url("index.atom"), port=port)
        self.rewrite('listen = ""', f'listen = "127.0.0.1:{self.api}"')

    def rewrite(self, old: str, new: str) -> None:
        config = self.installation.config
        config.write_text(config.read_text().replace(old, new))

    async def get(self, path: str) -> tuple[int, str]:
        return await asyncio.to_thread(self._get, path)

    def _get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    async def is_ready(self) -> bool:
        return (await self.get("/readyz"))[0] == 200

    async def is_unready(self) -> bool:
        return (await self.get("/readyz"))[0] == 503

    async def logged(self, event: str) -> bool:
        return f'"event":"{event}"' in self.installation.log()

    async def stops(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, STOP_SECONDS) == 0, self.installation.log()


@asynccontextmanager
async def worlds(directory: Path) -> AsyncIterator[World]:
    board, port = Board(), free_port()
    app = web.Application()
    app.router.add_post("/hook", board.hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with FeedServer() as feed:
            yield World(directory, feed, board, port)
    finally:
        await runner.cleanup()


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A disk of 4 MB, which only the superuser can make."""
    path.mkdir()
    mount = shutil.which("mount")
    if mount is None or subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", path], check=False).returncode:  # noqa: S603
        pytest.skip("needs the right to mount a small disk")
    try:
        yield path
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", path], check=True)  # noqa: S603


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


async def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    """Unready and an error in the log while it is full. When there is room, the take-down that came in meanwhile goes out,
    and the deliveries whose results could not be recorded do not hold it up."""
    with small_disk(tmp_path / "disk") as disk:
        async with worlds(tmp_path) as world:
            world.rewrite("sqlite:///gateway.db", f"sqlite:///{disk / 'gateway.db'}")
            with world.installation.running() as process:
                await until(world.is_ready)
                world.board.may_answer.clear()
                first = alert()
                world.feed.publish("a.xml", cap.write(first))
                await until(lambda: world.board.shows(1))
                filler = fill(disk)
                world.board.may_answer.set()
                await until(world.is_unready)
                assert "database or disk is full" in (await world.get("/readyz"))[1]
                assert "capgateway_database_up 0.0" in (await world.get("/metrics"))[1]
                world.feed.publish("c.xml", cap.write(cancel(first)))
                await asyncio.sleep(2)
                filler.unlink()
                await until(lambda: world.board.shows(0))
                await until(world.is_ready)
                await world.stops(process)
            assert '"event":"store.failed","logger":"capgateway.store"' in world.installation.log()
            assert await world.logged("store.recovered")


async def test_a_full_disk_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    """SIGTERM is obeyed although nothing can be written down."""
    with small_disk(tmp_path / "disk") as disk:
        async with worlds(tmp_path) as world:
            world.rewrite("sqlite:///gateway.db", f"sqlite:///{disk / 'gateway.db'}")
            with world.installation.running() as process:
                await until(world.is_ready)
                fill(disk)
                world.feed.publish("a.xml", cap.write(alert()))
                await until(world.is_unready)
                await world.stops(process)


@pytest.fixture
def faketime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says how far the wall clock of processes begun from now on is off."""
    library = LIBRARY.format(machine=os.uname().machine)
    if not Path(library).exists():
        pytest.skip("needs libfaketime: apt-get install faketime")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    settings = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_NO_CACHE": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return offset


@pytest.mark.parametrize("step", ["-3600", "+3600"])
async def test_a_step_of_the_clock_stops_nothing(tmp_path: Path, faketime: Path, step: str) -> None:
    """The clock of the host is set by an hour and four seconds later set right: polls go on, a card is displayed in
    between, a take-down that waits for its next attempt arrives, and all of that is told."""
    async with worlds(tmp_path) as world:
        with world.installation.running() as process:
            await until(world.is_ready)
            first = alert()
            world.feed.publish("a.xml", cap.write(first))
            await until(lambda: world.board.shows(1))
            world.board.is_up = False
            world.feed.publish("c.xml", cap.write(cancel(first)))
            await until(lambda: is_logged(world, type="card.cancelled", next="retry"))
            faketime.write_text(step)
            await until(lambda: world.logged("clock.stepped"))
            polls = len(world.feed.requests_for("index.atom"))
            await until(lambda: has_polled(world, polls + 2))
            world.board.is_up = True
            await until(lambda: world.board.shows(0))
            assert "the clock of this machine went" in (await world.get("/readyz"))[1]
            faketime.write_text("+0")
            world.feed.publish("b.xml", cap.write(alert("TX-2")))
            await until(lambda: world.board.shows(1))
            for direction in ("back", "forward"):
                await until(partial(has_stepped, world, direction))
            await world.stops(process)


async def has_stepped(world: World, direction: str) -> bool:
    return f'capgateway_clock_steps_total{{direction="{direction}"}} 1.0' in (await world.get("/metrics"))[1]


async def is_logged(world: World, **fields: Any) -> bool:
    lines = (json.loads(line) for line in world.installation.log().splitlines() if line.startswith("{"))
    return any(fields.items() <= line.items() for line in lines)


async def has_polled(world: World, times: int) -> bool:
    return len(world.feed.requests_for("index.atom")) >= times


async def test_expiry_and_the_alarm_go_on_after_a_step_back(tmp_path: Path, faketime: Path) -> None:
    """The age of a take-down that is not acknowledged grows on, and a card whose time has come ends."""
    async with worlds(tmp_path) as world:
        with world.installation.running() as process:
            await until(world.is_ready)
            first = alert()
            world.feed.publish("a.xml", cap.write(first))
            await until(lambda: world.board.shows(1))
            world.board.is_up = False
            world.feed.publish("c.xml", cap.write(cancel(first)))
            await until(lambda: is_logged(world, type="card.cancelled", next="retry"))
            faketime.write_text("-3600")
            await until(lambda: world.logged("clock.stepped"))

            async def alarm_grows() -> bool:
                lines = (await world.get("/metrics"))[1].splitlines()
                name = 'capgateway_oldest_take_down_seconds{receiver="app"} '
                return any(line.startswith(name) and float(line.removeprefix(name)) > 3 for line in lines)

            await until(alarm_grows)
            ends = utc_now() - timedelta(hours=1) + timedelta(seconds=4)
            info = replace(first.infos[0], expires=cap.time(ends.strftime("%Y-%m-%dT%H:%M:%S-00:00")))
            sent = ends - timedelta(minutes=1)
            brief = replace(alert("TX-3"), sent=cap.time(sent.strftime("%Y-%m-%dT%H:%M:%S-00:00")), infos=(info,))
            world.board.is_up = True
            world.feed.publish("brief.xml", cap.write(brief))
            await until(lambda: is_logged(world, type="card.expired", next="delivered"))
            await world.stops(process)


HANGING_DISK = """
import os, time
system = os.scandir
def scandir(path="."):
    if "hangs" in str(path):
        time.sleep(600)
    return system(path)
os.scandir = scandir
"""


async def test_hanging_disks_and_large_documents_delay_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty folders on a share that is gone, and feeds that bring megabytes: an alert is delivered, who asks is answered,
    SIGTERM is obeyed."""
    (tmp_path / "sitecustomize.py").write_text(HANGING_DISK)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with worlds(tmp_path) as world:
        entry = "<entry><id>urn:x:{0}</id><title>x</title><updated>2026-11-22T07:00:00Z</updated></entry>"
        large = "".join(entry.format(number) for number in range(40_000))
        world.feed.publish("large.atom", f'<feed xmlns="http://www.w3.org/2005/Atom">{large}</feed>'.encode())
        with world.installation.config.open("a") as more:
            for number in range(40):
                folder = tmp_path / f"hangs-{number}"
                folder.mkdir()
                more.write(
                    f'[[feeds]]\nname = "folder-{number}"\nkind = "directory"\ninterval = "1s"\npath = "{folder}"\n'
                )
            for number in range(4):
                url = world.feed.url("large.atom")
                more.write(
                    f'[[feeds]]\nname = "large-{number}"\nkind = "atom"\ninterval = "1s"\nurl = "{url}?{number}"\n'
                )
                more.write('allow_networks = ["127.0.0.0/8"]\n')
        with world.installation.running() as process:
            await until(world.is_ready)
            await asyncio.sleep(2)
            world.feed.publish("a.xml", cap.write(alert()))
            await until(lambda: world.board.shows(1))
            assert await world.is_ready()
            await world.stops(process)


async def test_many_reloads_by_signal_are_survived(tmp_path: Path) -> None:
    """A burst of SIGHUP while an alert comes in: it is delivered, and the gateway stops in order."""
    async with worlds(tmp_path) as world:
        with world.installation.running() as process:
            await until(world.is_ready)
            for number in range(20):
                world.rewrite('interval = "1s"', 'interval = "2s"') if number % 2 else world.rewrite("2s", "1s")
                process.send_signal(signal.SIGHUP)
                await asyncio.sleep(0.01)
            world.feed.publish("a.xml", cap.write(alert()))
            await until(lambda: world.board.shows(1))
            await world.stops(process)
        assert "Traceback" not in world.installation.log()
