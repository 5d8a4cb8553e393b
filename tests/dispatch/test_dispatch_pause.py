"""A pause as receivers meet it, over real HTTP: no display comes, take-downs do, and what waited comes afterwards."""

from __future__ import annotations

from pathlib import Path

from dispatch_gateway import SECRET, Gateway, a_receiver, delivering, opened, running, until

from capgateway.simulate.receiver import Misbehaviour, ReceiverServer
from capgateway.store import pause
from capgateway.store.audit import Act
from capgateway.store.tables import lanes

WHO = Act(actor="ops")


def types(server: ReceiverServer) -> list[str | None]:
    return [each.type for each in server.arrivals]


async def stop(gateway: Gateway) -> None:
    await gateway.store.write_alone(pause.pause, WHO)


async def go_on(gateway: Gateway) -> None:
    await gateway.store.write_alone(pause.resume, WHO)
    gateway.dispatch.wake()


async def test_a_take_down_overtakes_a_display_that_is_paused(tmp_path: Path) -> None:
    """Of two cards that wait to be displayed, one is cancelled: its take-down comes in the pause, the other card after it."""
    async with ReceiverServer(secrets=[SECRET]) as server, opened(tmp_path, a_receiver(server.url)) as gateway:
        await gateway.issue("a")
        await gateway.issue("b")
        await stop(gateway)
        async with delivering(gateway):
            await gateway.cancel("a")
            await until(lambda: types(server) == ["card.cancelled"])
            await go_on(gateway)
            await until(lambda: types(server) == ["card.cancelled", "card.published"])
    assert len(server.cards) == 1


async def test_a_display_that_failed_is_not_tried_again_in_a_pause(tmp_path: Path) -> None:
    """A repetition is a display too."""
    async with ReceiverServer(secrets=[SECRET]) as server, running(tmp_path, a_receiver(server.url)) as gateway:
        server.misbehaviour = Misbehaviour(fail={500: 1.0})
        await gateway.issue("a")
        await until(lambda: len(server.arrivals) > 0)
        await stop(gateway)
        await until(lambda: nothing_is_under_way(gateway))
        server.misbehaviour, seen = Misbehaviour(), len(server.arrivals)
        await gateway.cancel("a")
        await until(lambda: len(server.arrivals) > seen)
    assert types(server)[seen:] == ["card.cancelled"]


async def nothing_is_under_way(gateway: Gateway) -> bool:
    query = lanes.select().where(lanes.c.in_flight.is_not(None))
    return not await gateway.store.read(lambda connection: connection.execute(query).all())
