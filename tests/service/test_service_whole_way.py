"""From feed to receiver over real HTTP, in one process and through power cuts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from ports import free_port
from service_process import SECRET, Installation, kill, until

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.service import Service
from capgateway.simulate import demo, story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import Store

ALERT = story.amber(utc_now() - timedelta(minutes=1))


async def test_the_story_runs_through_one_process(tmp_path: Path) -> None:
    """Published, updated, cancelled, and three that are no business of ours: each step is seen at both ends."""
    told: list[str] = []
    async with demo.stage() as stage:
        settings = stage.settings("127.0.0.1:0")
        feeds = tuple(replace(feed, interval=timedelta(seconds=0.1)) for feed in settings.feeds)
        store = Store.open(f"sqlite:///{tmp_path / 'gateway.db'}")
        service, ready = Service(replace(settings, feeds=feeds), store), asyncio.Event()
        running = asyncio.create_task(service.run(ready))
        await ready.wait()
        await stage.play(store, told.append)
        service.stop()
        await running
        outcomes = [f"{each.type} {each.outcome}" for each in stage.messages]
        store.close()
    assert outcomes == [
        "card.published displayed",
        "card.updated displayed",
        "card.updated displayed",
        "card.cancelled removed",
    ]
    assert [line for line in told if "All 4 webhooks were verified" in line]


async def test_a_delivery_survives_the_gateways_death(tmp_path: Path) -> None:
    """Killed after the card is stored, while its receiver is down: the next process delivers it under the same id."""
    port = free_port()
    async with FeedServer() as feed:
        feed.publish("amber.xml", cap.write(ALERT))
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)

        async def was_tried() -> bool:
            found = await installation.delivery()
            return found is not None and bool(found.attempts)

        with installation.running() as process:
            await until(was_tried)
            kill(process)
        before = await installation.delivery()
        assert before is not None
        assert before.state == "pending"
        async with ReceiverServer(secrets=[SECRET], port=port) as receiver:
            with installation.running() as process:
                await until(lambda: shows_a_card(receiver))
                await until(lambda: is_delivered(installation))
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0, installation.log()
            (arrival,) = [one for one in receiver.arrivals if one.action]
    assert (arrival.message_id, arrival.outcome) == (before.message_id, "displayed")
    assert (arrival.attempt or 0) > 1


async def test_a_request_cut_by_the_gateways_death_comes_again(tmp_path: Path) -> None:
    """Killed while the receiver has the request and does not answer: the same id arrives again, its attempt counted."""
    port = free_port()
    async with FeedServer() as feed:
        feed.publish("amber.xml", cap.write(ALERT))
        installation = Installation(tmp_path, feed=feed.url("index.atom"), port=port)
        async with hanging_receiver(port) as taken:
            with installation.running() as process:
                async with asyncio.timeout(60):
                    headers = await taken
                kill(process)
        async with ReceiverServer(secrets=[SECRET], port=port) as receiver:
            with installation.running():
                await until(lambda: shows_a_card(receiver))
            (arrival,) = [one for one in receiver.arrivals if one.action]
    found = await installation.delivery()
    assert found is not None
    assert headers["webhook-id"] == arrival.message_id == found.message_id
    assert (headers["webhook-attempt"], arrival.attempt) == ("1", 2)
    assert headers["webhook-signature"].startswith("v1,")


async def shows_a_card(receiver: ReceiverServer) -> bool:
    return len(receiver.cards) == 1


async def is_delivered(installation: Installation) -> bool:
    found = await installation.delivery()
    return found is not None and found.state == "delivered"


@asynccontextmanager
async def hanging_receiver(port: int) -> AsyncIterator[asyncio.Future[dict[str, str]]]:
    """Takes requests in and never answers them: the headers of the first display, once it is there in full."""
    taken: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[1:-1]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
        body = await reader.readexactly(int(headers["content-length"]))
        if not taken.done() and b"card.published" in body:  # a challenge may come before it
            taken.set_result(headers)
        await reader.read()  # until the other end is gone
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", port)
    try:
        yield taken
    finally:
        server.close()
        await server.wait_closed()
