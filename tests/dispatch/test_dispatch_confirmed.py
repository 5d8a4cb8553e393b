"""What a receiver says that it displays is recorded, and a contradiction is seen."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from dispatch_gateway import a_receiver, running, until

from capgateway.explained import last_answer
from capgateway.web.answer import as_json

STATES = {"display": "displayed", "take_down": "removed"}


@asynccontextmanager
async def saying(revision: int) -> AsyncIterator[str]:
    """The URL of a receiver that says it displays, or has removed, this revision, whatever it gets."""

    async def hook(request: web.Request) -> web.Response:
        action = (await request.json())["data"].get("action")
        return web.json_response({"revision": revision, "state": STATES.get(action, "removed")})

    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("revision", "confirmed"), [(1, True), (7, False)])
async def test_what_a_receiver_says_is_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, revision: int, confirmed: bool
) -> None:
    """The API and the command show a delivery as confirmed, or what the receiver says instead; the log warns of that."""
    async with saying(revision) as url, running(tmp_path, a_receiver(url)) as gateway:
        with caplog.at_level(logging.INFO, logger="capgateway.delivery"):
            await gateway.issue("a")
            await until(lambda: any("delivery.attempted" in record.getMessage() for record in caplog.records))
        (delivery,) = await gateway.deliveries()
    body = as_json(delivery).body
    assert isinstance(body, bytes)
    shown, said = json.loads(body), f"it says that revision {revision} is displayed"
    assert (shown["state"], shown["confirmed"]) == ("delivered", confirmed)
    assert shown["attempts"][0]["error"] == (None if confirmed else said)
    assert ("confirmed" if confirmed else said) in last_answer(shown)
    levels = [record.levelno for record in caplog.records if "delivery.attempted" in record.getMessage()]
    assert levels == [logging.INFO if confirmed else logging.WARNING]
