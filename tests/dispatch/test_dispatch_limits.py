"""Slots, rate and breaker of a receiver, on real sockets: what they hold back, and that they never hold back a take-down."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from dispatch_gateway import Gateway, a_receiver, delivering, opened, running, until
from test_dispatch import FAIL, a_server, all_ended, choosy_receiver

from capgateway.dispatch import walk
from capgateway.simulate.receiver import Misbehaviour, ReceiverServer
from capgateway.store import outbox, standing
from capgateway.webhooks import breaker, rate

WELL = Misbehaviour()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(outbox, "REISSUE_AFTER", timedelta(milliseconds=50))


async def is_open(gateway: Gateway) -> bool:
    known = await gateway.store.read(standing.answered)
    return bool(known.get("feed", {}).get("pause"))


async def fail(gateway: Gateway, server: ReceiverServer) -> None:
    """Let a receiver fail until it is only probed."""
    server.misbehaviour = FAIL
    for number in range(6):
        await gateway.issue(f"lost{number}")
    await until(lambda: is_open(gateway))


async def test_a_failing_receiver_is_probed_and_then_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it fails one request at a time goes; when it is well again all that waits goes at once, not at its retry."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 0.4)
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await fail(gateway, server)
        server.misbehaviour = WELL
        await until(lambda: len(server.cards) == 6)
        await until(lambda: all_ended(gateway))
        assert not await is_open(gateway)


async def test_a_take_down_does_not_wait_for_a_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that failed is not probed for a long time; a take-down is its probe, and goes at once."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 3600.0)
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 3600.0)
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        await fail(gateway, server)
        server.misbehaviour = WELL
        await gateway.cancel("a")
        await until(lambda: not server.cards)


async def test_an_open_breaker_survives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next gateway begins with a single probe."""
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 3600.0)
    async with a_server() as server:
        async with running(tmp_path, a_receiver(server.url)) as gateway:
            await fail(gateway, server)
        async with opened(tmp_path, a_receiver(server.url)) as gateway:
            before = len(server.arrivals)
            async with delivering(gateway):
                await until(lambda: len(server.arrivals) > before)
                await until(lambda: gateway.dispatch._couriers["feed"].breaker.is_open)
            assert len(server.arrivals) == before + 1


async def test_the_rate_holds_displays_back_and_no_take_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that gets one message an hour has had it; another card waits, and the take-down of the first goes."""
    monkeypatch.setattr(rate, "BURST_SECONDS", 1.0)
    async with a_server() as server, running(tmp_path, a_receiver(server.url, rate=1 / 3600)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        await gateway.issue("b")
        await gateway.cancel("a")
        await until(lambda: not server.cards)
        assert [each.outcome for each in server.arrivals] == ["displayed", "removed"]


async def test_the_rate_lets_displays_go_when_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the rate needs nothing else to go on."""
    monkeypatch.setattr(rate, "BURST_SECONDS", 0.0)
    async with a_server() as server, running(tmp_path, a_receiver(server.url, rate=20.0)) as gateway:
        for name in "abcd":
            await gateway.issue(name)
        await until(lambda: len(server.cards) == 4)


async def test_many_hung_receivers_delay_nobody(tmp_path: Path) -> None:
    """Twenty receivers hang with all their slots taken; the healthy ones get a card and its end as ever."""
    async with choosy_receiver() as (hung, _), a_server() as well:
        hanging = [a_receiver(hung, name=f"hung-{number}") for number in range(20)]
        async with running(tmp_path, a_receiver(well.url, name="well"), *hanging) as gateway:
            for name in "abcdefgh":
                await gateway.issue(name)
            await until(lambda: len(well.cards) == 8)
            for name in "abcdefgh":
                await gateway.cancel(name)
            await until(lambda: not well.cards)
