"""Reloading: one after the other, completely, and what is gone from the file is gone from the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from capgateway import cap, config, tasks
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.stream import StreamServer
from capgateway.store import Store, cards, lists

CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = ""
"""
PATIENCE_SECONDS = 60.0


def polled(name: str, url: str) -> str:
    return f"""
[[feeds]]
name = "{name}"
kind = "atom"
url = "{url}"
interval = "1s"
allow_networks = ["127.0.0.0/8"]
"""


def heard(name: str, url: str) -> str:
    return f"""
[[feeds]]
name = "{name}"
kind = "naads"
urls = ["{url}"]
allow_networks = ["127.0.0.0/8"]
"""


class Running:
    """A service on a configuration file that a test rewrites."""

    def __init__(self, path: Path, store: Store, service: Service) -> None:
        self.path, self.store, self.service = path, store, service

    def write(self, *feeds: str) -> None:
        self.path.write_text("".join((CONFIG, *feeds)))

    async def taken(self) -> set[str | None]:
        return {alert.identifier for alert in (await self.store.read(lists.alert_page, limit=200)).items}


@asynccontextmanager
async def started(directory: Path, *feeds: str) -> AsyncIterator[Running]:
    path = directory / "capgateway.toml"
    path.write_text("".join((CONFIG, *feeds)))
    settings = config.load(path)
    store = Store.open(settings.gateway.database)
    service, ready = Service(settings, store), asyncio.Event()
    running = asyncio.create_task(service.run(ready))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ready.wait()
        yield Running(path, store, service)
    finally:
        service.stop()
        await running
        store.close()


async def test_two_reloads_at_once_are_one_after_the_other(tmp_path: Path) -> None:
    """Ten at once, while the file changes: none fails, and each feed is watched once, those that are gone not at all."""
    async with FeedServer() as source, StreamServer() as site:
        url = source.url("index.atom")
        async with started(tmp_path, heard("old", site.url)) as gateway:
            await site.connected()
            gateway.write(*(polled(f"f{number}", url) for number in range(8)))
            reloads = [asyncio.create_task(gateway.service.reload()) for _ in range(5)]
            await asyncio.sleep(0)
            gateway.write(polled("f3", url), polled("new", url))
            reloads += [asyncio.create_task(gateway.service.reload()) for _ in range(5)]
            assert [one.errors for one in await asyncio.gather(*reloads)] == [[]] * 10
            watching = gateway.service._watching
            assert set(watching._watches) == {"f3", "new"}
            assert {name for name in watching.jobs._jobs if name.startswith("feed:")} == {"feed:f3", "feed:new"}
            assert not watching._streams
            async with asyncio.timeout(PATIENCE_SECONDS):
                while site._listeners:
                    await asyncio.sleep(0.02)


async def test_a_removed_feed_takes_in_nothing_more(tmp_path: Path) -> None:
    """Neither by its listener nor by a poll that was to come."""
    async with (
        FeedServer() as source,
        FeedServer() as other,
        started(tmp_path, polled("gone", source.url("index.atom"))) as gateway,
    ):
        gateway.write(polled("kept", other.url("index.atom")))
        await gateway.service.reload()
        source.publish("late.xml", cap.write(story.amber(utc_now())))
        before = len(source.requests_for("index.atom"))
        await until_polled(other, 3)
        assert len(source.requests_for("index.atom")) == before
        assert await gateway.taken() == set()


async def test_a_changed_feed_is_asked_at_its_new_address(tmp_path: Path) -> None:
    """And no longer at the old one; its status tells the new one."""
    async with (
        FeedServer() as old,
        FeedServer() as new,
        started(tmp_path, polled("f", old.url("index.atom"))) as gateway,
    ):
        await until_polled(old, 1)
        gateway.write(polled("f", new.url("index.atom")))
        assert (await gateway.service.reload()).errors == []
        before = len(old.requests_for("index.atom"))
        await until_polled(new, 2)
        assert len(old.requests_for("index.atom")) == before
        (status,) = gateway.service.feed_statuses()
        assert status.url == new.url("index.atom")


async def test_a_file_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    """A full disk leaves it empty, which is valid: feeds and receivers are not let go for that."""
    async with FeedServer() as source, started(tmp_path, polled("f", source.url("index.atom"))) as gateway:
        gateway.path.write_text("")
        (error,) = (await gateway.service.reload()).errors
        assert "neither feeds nor receivers" in error
        before = len(source.requests_for("index.atom"))
        await until_polled(source, before + 2)


async def test_a_gateway_that_stops_reads_no_file(tmp_path: Path) -> None:
    """The next one does. While it starts, a reload waits for that."""
    async with started(tmp_path) as gateway:
        gateway.service.stop()
        (error,) = (await gateway.service.reload()).errors
        assert "is stopping" in error


async def until_polled(server: FeedServer, times: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(server.requests_for("index.atom")) < times:
            await asyncio.sleep(0.02)


async def test_a_reload_while_the_database_fails_is_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored follows the configuration as soon as the database can, and until then that is shown."""
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.05)
    async with started(tmp_path) as gateway:
        real, left = gateway.store.write_alone, 3

        async def refuse(work: Any, /, *arguments: Any, **named: Any) -> Any:
            nonlocal left
            if work is cards.route_again and left > 0:
                left -= 1
                raise StoreError("the disk is full")
            return await real(work, *arguments, **named)

        monkeypatch.setattr(gateway.store, "write_alone", refuse)
        assert (await gateway.service.reload()).errors == []
        notes = list[str]()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while left or gateway.service.faults.current():
                notes += gateway.service.notes()
                await asyncio.sleep(0.005)
    assert "the job reconsider failed: the disk is full" in notes
