"""Faults of our own in the walk from feed to store: what listens listens again, and what it catches up on is made up for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kinds_gateway import BRISK, amber, archived, feed, identifiers, opened, reference, until

from capgateway import cap, tasks
from capgateway.feeds.stream.listen import follow, recover
from capgateway.ingest import Watching, hear, poll
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.stream import StreamServer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.01)


def failing(real: Callable[..., Any], times: int) -> Callable[..., Any]:
    """The real thing, after it has failed so often."""
    left = times

    async def once(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise KeyError("a fault of ours")
        return await real(*arguments, **named)

    return once


def faults_of(watching: Watching) -> list[str]:
    return [str(fault) for fault in watching._faults.current()]


async def test_a_listener_that_fails_listens_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it was that failed; until it has heard something the feed says so."""
    monkeypatch.setattr("capgateway.ingest.watching.follow", failing(follow, 3))
    async with StreamServer() as site, opened(tmp_path) as gateway:
        watching = gateway.watching()
        async with watching.running([feed("naads", "naads", urls=(site.url,))]):
            await site.connected()
            (status,) = watching.statuses()
            assert status.fault == "the listener of naads failed 3 times in a row: KeyError"
            await site.send(cap.write(amber("CA-1")))
            await until(lambda: not faults_of(watching))
        assert await identifiers(gateway.store) == ["CA-1"]


async def test_a_fault_over_one_document_ends_no_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noted; the next document is taken in, and the listener is well."""
    monkeypatch.setattr("capgateway.ingest.watching.hear", failing(hear, 1))
    async with StreamServer() as site, opened(tmp_path) as gateway:
        watching = gateway.watching()
        async with watching.running([feed("naads", "naads", urls=(site.url,))]):
            await site.connected()
            await site.send(cap.write(amber("CA-1")))
            await until(lambda: bool(faults_of(watching)))
            await site.send(cap.write(amber("CA-2")))
            await until(lambda: not faults_of(watching))
        assert await identifiers(gateway.store) == ["CA-2"]


async def test_a_fault_in_catching_up_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The alerts that a heartbeat names are fetched all the same: the others at once, the failed one at the next."""
    monkeypatch.setattr("capgateway.ingest.stream.recover", failing(recover, 1))
    missed = [amber("CA-1"), amber("CA-2")]
    async with StreamServer() as site, FeedServer() as archive, opened(tmp_path) as gateway:
        for alert in missed:
            archive.publish(archived(alert), cap.write(alert))
        watching = gateway.watching()
        naads = feed("naads", "naads", urls=(site.url,), archives=(archive.url("").rstrip("/"),))
        async with watching.running([naads]):
            await site.connected()
            await site.heartbeat(*map(reference, missed))
            await until(lambda: faults_of(watching) == ["the catch-up of naads failed: KeyError"])
            assert len(await identifiers(gateway.store)) == 1
            await site.heartbeat(*map(reference, missed))
            await until(lambda: not faults_of(watching))
        assert await identifiers(gateway.store) == ["CA-1", "CA-2"]


async def test_a_poll_that_fails_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the feed's pace, and its status tells the fault until then."""
    tried, told = failing(poll, 2), list[list[str]]()

    async def noted(*arguments: Any, **named: Any) -> Any:
        told.append(faults_of(watching))
        return await tried(*arguments, **named)

    monkeypatch.setattr("capgateway.ingest.watching.poll", noted)
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("US-1")))
        watching = gateway.watching()
        async with watching.running([feed("f", "atom", source.url("index.atom"), interval=BRISK)]):

            async def is_taken() -> bool:
                return await identifiers(gateway.store) == ["US-1"] and not faults_of(watching)

            await until(is_taken)
    fault = "the job feed of f failed"
    assert told[:3] == [[], [f"{fault}: KeyError"], [f"{fault} 2 times in a row: KeyError"]]
