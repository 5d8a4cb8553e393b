"""The walk from store to receiver, with a real store and real receivers on loopback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import trustme
from aiohttp import web
from dispatch_gateway import SECRET, Gateway, a_receiver, delivering, opened, running, until

from capgateway.dispatch import walk
from capgateway.simulate.receiver import Misbehaviour, ReceiverServer
from capgateway.store import deliveries, lists, outbox, standing

FAIL = Misbehaviour(fail={500: 1.0})


def a_server() -> ReceiverServer:
    return ReceiverServer(secrets=[SECRET])


def outcomes(server: ReceiverServer) -> list[str]:
    return [f"{each.type} {each.outcome}" for each in server.arrivals]


async def all_ended(gateway: Gateway) -> bool:
    return not any(each.state == "pending" for each in await gateway.deliveries())


@asynccontextmanager
async def choosy_receiver(seconds: float = 300) -> AsyncIterator[tuple[str, list[str]]]:
    """A receiver that takes so long over displays, and take-downs at once: its URL, and the actions that arrived."""
    actions: list[str] = []

    async def hook(request: web.Request) -> web.Response:
        action = "take_down" if b'"action":"take_down"' in await request.read() else "display"
        actions.append(action)
        if action == "display":
            await asyncio.sleep(seconds)
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", actions
    finally:
        await runner.cleanup()


async def test_the_life_of_a_card(tmp_path: Path) -> None:
    """Published, updated, cancelled: three verified webhooks in this order, each delivered once and confirmed."""
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        await gateway.update("a")
        await until(lambda: [card["revision"] for card in server.cards.values()] == [2])
        await gateway.cancel("a")
        await until(lambda: not server.cards)
        await until(lambda: all_ended(gateway))
        deliveries = await gateway.deliveries()
    assert outcomes(server) == ["card.published displayed", "card.updated displayed", "card.cancelled removed"]
    assert [(each.state, each.confirmed, len(each.attempts)) for each in deliveries] == [("delivered", True, 1)] * 3


async def test_a_failed_delivery_is_tried_again(tmp_path: Path) -> None:
    """After a 500 the same message comes again under the same id, its attempt counted."""
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        server.misbehaviour = FAIL
        await gateway.issue("a")
        await until(lambda: len(server.arrivals) == 1)
        server.misbehaviour = Misbehaviour()
        await until(lambda: bool(server.cards))
        await until(lambda: all_ended(gateway))
        (delivery,) = await gateway.deliveries()
    first, second = server.arrivals
    assert (first.outcome, first.attempt, second.outcome, second.attempt) == ("failed", 1, "displayed", 2)
    assert first.message_id == second.message_id
    assert [(each.outcome, each.status) for each in delivery.attempts] == [("status", 500), ("delivered", 200)]


async def test_a_delivery_survives_a_restart(tmp_path: Path) -> None:
    """What was stored but not delivered when the gateway went is delivered by the next one, under the same id."""
    async with a_server() as server:
        async with opened(tmp_path, a_receiver(server.url)) as gateway:
            await gateway.issue("a")
            (stored,) = await gateway.deliveries()
        async with running(tmp_path, a_receiver(server.url)):
            await until(lambda: bool(server.cards))
    assert [each.message_id for each in server.arrivals] == [stored.message_id]


async def test_a_claim_of_a_killed_gateway_is_delivered(tmp_path: Path) -> None:
    """A delivery that was claimed when the gateway was killed is claimed again by the next one."""
    async with a_server() as server:
        async with opened(tmp_path, a_receiver(server.url)) as gateway:
            await gateway.issue("a")
            assert await gateway.store.write(deliveries.claim, "feed", room=1, lease=timedelta(hours=1))
        async with running(tmp_path, a_receiver(server.url)):
            await until(lambda: bool(server.cards))
    assert [each.attempt for each in server.arrivals] == [2]


async def test_a_hung_receiver_delays_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One receiver never answers and all its slots are taken; the other is served as if it were not there."""
    monkeypatch.setattr(walk, "STOP_SECONDS", 0.1)
    async with choosy_receiver() as (hung, actions), a_server() as well:
        receivers = (a_receiver(hung, name="hung", concurrency=2), a_receiver(well.url, name="well"))
        async with running(tmp_path, *receivers) as gateway:
            for name in "abcd":
                await gateway.issue(name)
            await until(lambda: len(well.cards) == 4)
            await until(lambda: actions == ["display"])


async def test_a_take_down_passes_hung_displays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When displays that hang hold all ordinary slots, a take-down of another card still has its own."""
    monkeypatch.setattr(walk, "STOP_SECONDS", 0.1)
    async with choosy_receiver() as (url, actions), running(tmp_path, a_receiver(url, concurrency=2)) as gateway:
        await gateway.issue("a")
        await gateway.issue("b")
        await until(lambda: actions == ["display"])
        await gateway.cancel("b")
        await until(lambda: actions == ["display", "take_down"])


async def test_a_take_down_ends_the_display_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A display that hangs when its card is cancelled is closed after two seconds, and the take-down goes; a while after its
    acknowledgement it goes once more (R4, R7)."""
    monkeypatch.setattr(outbox, "REISSUE_AFTER", timedelta(milliseconds=100))
    async with choosy_receiver() as (url, actions), running(tmp_path, a_receiver(url)) as gateway:
        await gateway.issue("a")
        await until(lambda: actions == ["display"])
        await gateway.cancel("a")
        await until(lambda: actions == ["display", "take_down", "take_down"])
        await until(lambda: all_ended(gateway))
        display, take_down, again = await gateway.deliveries()
    assert (display.state, take_down.state, again.state) == ("superseded", "delivered", "delivered")
    assert (take_down.reissue, again.reissue) == (0, 1)
    assert [(each.outcome, each.ambiguous) for each in display.attempts] == [("overtaken", True)]


async def test_only_the_newest_is_ever_sent(tmp_path: Path) -> None:
    """A receiver that was away over the whole life of a card is told of its end, and of nothing before."""
    async with a_server() as server, opened(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await gateway.update("a")
        await gateway.cancel("a")
        async with delivering(gateway):
            await until(lambda: all_ended(gateway))
        states = await gateway.states()
    assert outcomes(server) == ["card.cancelled removed"]
    assert states == ["card.published superseded", "card.updated superseded", "card.cancelled delivered"]


async def test_nothing_is_sent_after_its_deadline(tmp_path: Path) -> None:
    """A display that was not delivered before its card's end is given up, not sent."""
    async with a_server() as server, opened(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a", lifetime=timedelta(seconds=1))
        await asyncio.sleep(1.1)
        async with delivering(gateway):
            await until(lambda: all_ended(gateway))
        (delivery,) = await gateway.deliveries()
    assert not server.arrivals
    assert (delivery.state, delivery.reason) == ("dead", "deadline")


async def test_stopping_lets_a_request_end(tmp_path: Path) -> None:
    """A request under way when the gateway stops is finished and written down."""
    async with choosy_receiver(seconds=0.3) as (url, actions), opened(tmp_path, a_receiver(url)) as gateway:
        await gateway.issue("a")
        async with delivering(gateway):
            await until(lambda: actions == ["display"])
        assert await gateway.states() == ["card.published delivered"]


async def test_stopping_cuts_what_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that does not end is closed, written down as ambiguous, and tried again by the next gateway."""
    monkeypatch.setattr(walk, "STOP_SECONDS", 0.1)
    async with choosy_receiver() as (url, actions), opened(tmp_path, a_receiver(url)) as gateway:
        await gateway.issue("a")
        async with delivering(gateway):
            await until(lambda: actions == ["display"])
        (delivery,) = await gateway.deliveries()
    assert delivery.state == "pending"
    assert [(each.outcome, each.ambiguous) for each in delivery.attempts] == [("stopped", True)]


async def test_receivers_change_while_running(tmp_path: Path) -> None:
    """A receiver whose address changes is served at the new one from then on."""
    async with a_server() as old, a_server() as new, running(tmp_path, a_receiver(old.url)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(old.cards) == 1)
        gateway.dispatch.replace_receivers([a_receiver(new.url)])
        await gateway.issue("b")
        await until(lambda: len(new.cards) == 1)
    assert len(old.arrivals) == 1


async def test_a_receiver_is_added_while_running(tmp_path: Path) -> None:
    """Deliveries to a receiver that is configured later go out once it is."""
    async with a_server() as server, opened(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        gateway.dispatch = walk.Dispatch(gateway.store, [], user_agent="test", metrics=gateway.metrics)
        async with delivering(gateway):
            gateway.dispatch.replace_receivers([a_receiver(server.url)])
            await until(lambda: bool(server.cards))


@pytest.mark.parametrize("how", ["disabled", "removed"])
async def test_who_leaves_gets_take_downs_only(tmp_path: Path, how: str) -> None:
    """A receiver that is disabled or removed is sent no display any more, but every take-down it still needs."""
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        left = [msgspec.structs.replace(a_receiver(server.url), enabled=False)] if how == "disabled" else []
        gateway.dispatch.replace_receivers(left)
        await gateway.issue("b")
        await gateway.cancel("a")
        await until(lambda: not server.cards)
        states = await gateway.states()
    assert outcomes(server) == ["card.published displayed", "card.cancelled removed"]
    assert states.count("card.published pending") == 1


async def test_a_disabled_receiver_is_not_probed_with_displays(tmp_path: Path) -> None:
    """It failed before it was disabled: its breaker is open, and take-downs are all that goes."""
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await until(lambda: len(server.cards) == 1)
        gateway.dispatch.replace_receivers([a_receiver(server.url, enabled=False)])
        gateway.dispatch._couriers["feed"].reopen(1)
        await gateway.issue("b")
        await gateway.cancel("a")
        await until(lambda: not server.cards)
        states = await gateway.states()
    assert outcomes(server) == ["card.published displayed", "card.cancelled removed"]
    assert states.count("card.published pending") == 1


async def test_an_unusable_certificate_stops_only_its_receiver_and_only_for_a_while(tmp_path: Path) -> None:
    """A certificate file that vanished fails the attempt, which names it; the other receivers are served, and this one is
    when the file is back."""
    authority, path = trustme.CA(), tmp_path / "ca.pem"
    async with a_server() as server, a_server() as other:
        broken = a_receiver(server.url, name="broken", ca=str(path))
        async with running(tmp_path, broken, a_receiver(other.url)) as gateway:

            async def was_tried() -> bool:
                return any(
                    one.attempts for one in (await gateway.store.read(lists.delivery_page, receiver="broken")).items
                )

            await gateway.issue("a")
            await until(was_tried)
            await until(lambda: bool(other.cards))
            assert not server.cards
            authority.cert_pem.write_to_path(path)
            await until(lambda: bool(server.cards))
            await until(lambda: all_ended(gateway))
            (sent,) = (await gateway.store.read(lists.delivery_page, receiver="broken")).items
    first, last = sent.attempts[0], sent.attempts[-1]
    assert (first.outcome, last.outcome) == ("tls", "delivered")
    assert "ca.pem" in (first.error or "")


async def test_trouble_with_the_database_is_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While the database fails, that is logged and the walk goes on; stopping still works."""
    async with opened(tmp_path, a_receiver("http://127.0.0.1:9/")) as gateway:
        gateway.store.close()
        async with delivering(gateway):
            await until(lambda: "delivery.store_failed" in caplog.messages)


async def test_each_attempt_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One wide log line and one count for each attempt; no name, no secret."""
    caplog.set_level(logging.INFO, "capgateway.delivery")
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        server.misbehaviour = FAIL
        await gateway.issue("a")
        await until(lambda: len(server.arrivals) == 1)
        server.misbehaviour = Misbehaviour()
        await until(lambda: all_ended(gateway))
        await until(lambda: caplog.messages.count("delivery.attempted") == 2)
    told = [record.__dict__["capgateway_fields"] for record in caplog.records if record.name == "capgateway.delivery"]
    assert [(each["outcome"], each["next"], each["attempt"]) for each in told] == [
        ("status", "retry", 1),
        ("delivered", "delivered", 2),
    ]
    assert "Testchild" not in str(told)


async def test_order_holds_in_a_storm(tmp_path: Path) -> None:
    """Many cards live and end while the receiver fails every third time: no lane ever goes back, nothing stays."""
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        server.misbehaviour = Misbehaviour(fail={503: 0.3}, delay=timedelta(milliseconds=5))
        names = [f"card{number}" for number in range(12)]
        for step in (gateway.issue, gateway.update, gateway.update, gateway.cancel):
            for name in names:
                await step(name)
        server.misbehaviour = Misbehaviour()
        await until(lambda: all_ended(gateway))
        assert not server.cards
    seen = [each.outcome for each in server.arrivals]
    assert "stale" not in seen
    assert seen.count("removed") == len(names)


async def test_the_first_success_of_a_receiver_is_known(tmp_path: Path) -> None:
    """However often its courier looked before and found nothing."""
    async with a_server() as server, running(tmp_path, a_receiver(server.url)) as gateway:
        await asyncio.sleep(0.3)  # its first look
        await gateway.issue("a")
        await until(lambda: all_ended(gateway))
        known = await gateway.store.read(standing.answered)
    assert known["feed"]["last_success_at"] is not None
