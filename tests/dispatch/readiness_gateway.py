"""A gateway that also challenges its receivers and sends them snapshots, and a receiver that is told how to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from dispatch_gateway import SECRET, Gateway, delivering, opened

from capgateway.dispatch import Readiness
from capgateway.store import catch_up, readiness
from capgateway.tasks import Faults
from capgateway.webhooks import Receiver
from capgateway.webhooks.proof import proof

Said = dict[str, Any]
Answer = Callable[[Said], web.Response]


class Endpoint:
    """A real HTTP receiver that does what ``answer`` says, and remembers what came."""

    def __init__(self) -> None:
        self.came: list[Said] = []
        self.answer: Answer = proves

    def of(self, kind: str) -> list[Said]:
        """What came of a type, the data of each."""
        return [one["data"] for one in self.came if one["type"] == kind]

    async def hook(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await request.read())
        self.came.append(said)
        return self.answer(said)


def proves(said: Said) -> web.Response:
    """What a good receiver answers."""
    if said["type"] != "receiver.challenge":
        return web.Response()
    nonce = said["data"]["nonce"]
    return web.json_response({"nonce": nonce, "proof": proof(SECRET, nonce)})


def status(code: int, **headers: str) -> Answer:
    """Whatever comes, this."""
    return lambda _: web.Response(status=code, headers=headers)


def only(kind: str, other: Answer) -> Answer:
    """Messages of this type get another answer."""
    return lambda said: other(said) if said["type"].startswith(kind) else proves(said)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, Endpoint]]:
    """A URL, and the receiver behind it."""
    endpoint, app = Endpoint(), web.Application()
    app.router.add_post("/hook", endpoint.hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", endpoint
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asking(gateway: Gateway, feeds: Sequence[str] = ()) -> AsyncIterator[None]:
    """Challenge the receivers and send them snapshots until the end of the block."""
    walk = Readiness(
        gateway.store,
        user_agent="capgateway/test",
        metrics=gateway.metrics,
        faults=Faults(gateway.metrics),
        feeds=lambda: feeds,
        on_messages=gateway.dispatch.wake,
    )
    going = asyncio.create_task(walk.run())
    try:
        yield
    finally:
        walk.stop()
        await going


@asynccontextmanager
async def ready(path: Path, *receivers: Receiver, feeds: Sequence[str] = ()) -> AsyncIterator[Gateway]:
    """A gateway that delivers and asks."""
    async with opened(path, *receivers) as gateway, delivering(gateway), asking(gateway, feeds):
        yield gateway


async def causes(gateway: Gateway, name: str = "feed") -> list[str]:
    """Why a receiver is degraded."""
    found = await gateway.store.read(readiness.of_receivers)
    return [one.cause for one in found.troubles.get(name, [])]


async def told(gateway: Gateway, kind: str = "receiver_degraded") -> list[Said]:
    """What operators were sent of this kind."""
    page = await gateway.store.read(catch_up.messages_after, 0)
    return [msgspec.json.decode(one.body)["data"] for one in page.items if one.type == f"operator.{kind}" and one.body]
