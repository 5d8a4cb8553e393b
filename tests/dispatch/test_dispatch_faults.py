"""Faults of our own in the walk to the receivers: one courier's is nobody else's, and each begins again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatch_gateway import SECRET, Gateway, a_receiver, delivering, opened, running, until
from test_dispatch import choosy_receiver

from capgateway import net, tasks
from capgateway.clock import SYSTEM, Clocks, replaced
from capgateway.dispatch import report, walk
from capgateway.errors import StoreError
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import deliveries, leases, lists, outbox
from capgateway.webhooks import after
from capgateway.webhooks.send import send

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(walk, "BROKEN_WAIT", timedelta(milliseconds=50))
    monkeypatch.setattr(outbox, "REISSUE_AFTER", timedelta(milliseconds=50))


def a_server() -> ReceiverServer:
    return ReceiverServer(secrets=[SECRET])


def failing(real: Callable[..., Any], times: int, error: Exception, *, for_one: str | None = None) -> Any:
    """The real thing, after it has failed so often, for one receiver or for all."""
    left = times

    def once(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        if left > 0 and (for_one is None or for_one in map(str, (*arguments, *named.values()))):
            left -= 1
            raise error
        return real(*arguments, **named)

    return once


PLACES: dict[str, tuple[str, Callable[..., Any]]] = {
    "a session": ("capgateway.net.new_session", net.new_session),
    "a turn": ("capgateway.store.deliveries.turns", deliveries.turns),
    "a request": ("capgateway.dispatch.flight.send", send),
    "a judgement": ("capgateway.dispatch.walk.after", after),
    "a look": ("capgateway.store.deliveries.next_due", deliveries.next_due),
    "a report": ("capgateway.dispatch.report.attempted", report.attempted),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("error", [KeyError("ours"), RecursionError(), StoreError("refused")], ids=repr)
async def test_a_fault_ends_no_delivery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, error: Exception
) -> None:
    """Wherever it happens: the card arrives, the gateway goes on and stops in order, and nothing waits for a lease."""
    name, real = PLACES[place]
    monkeypatch.setattr(name, failing(real, 3, error))
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        await gateway.cancel("a")
        await until(lambda: not server.cards)
        await until(lambda: nothing_waits(gateway))


async def nothing_waits(gateway: Gateway) -> bool:
    return not (await gateway.store.read(lists.waiting)).pending


async def test_a_courier_that_always_fails_stops_only_its_receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are served; the fault is told with the receiver's name; stopping does not wait for it."""
    bad = "turns bad"
    monkeypatch.setattr(net, "new_session", failing(net.new_session, 10**9, KeyError(), for_one=bad))
    async with a_server() as server:
        receivers = (a_receiver("http://127.0.0.1:9/", name="frail", ca=bad), a_receiver(server.url, name="well"))
        async with running(tmp_path, *receivers) as gateway:
            await gateway.issue("a")
            await until(lambda: len(server.cards) == 1)
            (fault,) = gateway.dispatch._faults.current()
            assert (fault.task, fault.name, fault.error) == ("courier", "frail", "KeyError")
            monkeypatch.setattr(tasks, "FIRST_PAUSE", 60.0)
    told = [record.__dict__["capgateway_fields"] for record in caplog.records if record.message == "task.failed"]
    assert {one["receiver"] for one in told} == {"frail"}


async def test_what_cannot_be_recorded_keeps_no_take_down_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are refused for a while, as by a full disk: they are recorded as soon as they can be, and what waits behind
    them goes then, not when a lease ends."""
    is_full = True

    def refuse(*arguments: Any, **named: Any) -> Any:
        if is_full:
            raise StoreError("the database refused a change: database or disk is full")
        return real(*arguments, **named)

    real = deliveries.record
    monkeypatch.setattr(deliveries, "record", refuse)
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:

        async def full(_: float = 0) -> str | None:
            return "full" if is_full else None

        monkeypatch.setattr(gateway.store, "trouble", full)
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        await gateway.cancel("a")
        await asyncio.sleep(2)
        assert server.cards
        is_full = False
        await until(lambda: not server.cards)
        await until(lambda: nothing_waits(gateway))
    # Where the answer was noted late, the take-down is to be sent once more a minute later.
    assert [len(each.attempts) for each in await after_all(tmp_path) if each.attempts] == [1, 1]


async def after_all(path: Path) -> Any:
    async with opened(path) as gateway:
        return await gateway.deliveries()


async def test_what_is_never_recorded_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One result that the database refuses for good keeps no other from being recorded, and holds no lane."""
    real, poison = deliveries.record, set[str]()

    def refuse(write: Any, finished: Any, **named: Any) -> Any:
        poison.update([finished[0].claim.delivery_id] if not poison else [])
        if any(one.claim.delivery_id in poison and one.claim.number == 1 for one in finished):
            raise ValueError("no database takes this")
        return real(write, finished, **named)

    monkeypatch.setattr(deliveries, "record", refuse)
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        for name in "abcd":
            await gateway.issue(name)
        await until(lambda: nothing_waits(gateway))
        assert len(server.cards) == 4


async def test_leases_that_nobody_holds_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that was made although we were told it was not, as when a connection breaks in a commit."""
    lost = 2

    async def write(work: Any, /, *arguments: Any, **named: Any) -> Any:
        nonlocal lost
        done = await real(work, *arguments, **named)
        if work is deliveries.turns and done[0].claims and lost:
            lost -= 1
            raise StoreError("the connection was lost")
        return done

    async with a_server() as server, opened(tmp_path, a_receiver(server.url)) as gateway:
        real = gateway.store.write
        monkeypatch.setattr(gateway.store, "write", write)
        async with delivering(gateway):
            await gateway.issue("a")
            await until(lambda: len(server.cards) == 1)


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
async def test_a_take_down_is_tried_again_after_a_step(tmp_path: Path, step: timedelta) -> None:
    """The clock is set while a take-down waits for its next attempt: it arrives all the same, and once."""
    async with choosy_receiver(0) as (url, actions), running(tmp_path, a_receiver(url)) as gateway:
        await gateway.issue("a")
        await until(lambda: actions == ["display"])
        await until(lambda: nothing_waits(gateway))
        gateway.dispatch.replace_receivers([a_receiver("http://127.0.0.1:9/")])
        await gateway.cancel("a")
        await until(lambda: was_tried(gateway))
        with replaced(Clocks(lambda: SYSTEM.wall() + step, SYSTEM.monotonic)):
            await gateway.store.write(leases.clock_stepped, step, gateway.dispatch.held)
            gateway.dispatch.replace_receivers([a_receiver(url)])
            await until(lambda: nothing_waits(gateway))
    assert actions == ["display", "take_down"]


async def was_tried(gateway: Gateway) -> bool:
    return bool((await gateway.deliveries())[-1].attempts)


async def test_what_waits_for_ever_is_found(tmp_path: Path) -> None:
    """The clock was an hour ahead when the last gateway wrote, and was set right before this one began."""
    ahead = Clocks(lambda: SYSTEM.wall() + HOUR, SYSTEM.monotonic)
    async with a_server() as server:
        with replaced(ahead):
            async with running(tmp_path, a_receiver("http://127.0.0.1:9/")) as gateway:
                await gateway.issue("a", lifetime=5 * HOUR)
                await until(lambda: was_tried(gateway))
        async with running(tmp_path, a_receiver(server.url)):
            await until(lambda: len(server.cards) == 1)
