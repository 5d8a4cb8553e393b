"""No name is left behind: after the retention, and after an order, the names of the story are nowhere in what a gateway keeps,
writes or answers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace
from ports import free_port
from service_names import CHILD, PLATE, SUSPECT, WORDS, container, declined, in_answers, in_files, in_tables, named
from service_process import SECRET, kill, until

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.receiver import ReceiverServer
from capgateway.webhooks import encode_secret

CLEAN_SECONDS = 150.0
CONFIG = """
[gateway]
database = "{database}"
listen = "127.0.0.1:{port}"

[policy]
regions = ["US-TX"]
retention = "{retention}"

[[feeds]]
name = "simulator"
kind = "atom"
url = "{feed}"
interval = "1s"
allow_networks = ["127.0.0.0/8"]

[[feeds]]
name = "partner"
kind = "push"

[[receivers]]
name = "app"
url = "{app}"
secret = "env:APP_SECRET"
allow_networks = ["127.0.0.0/8"]

[[receivers]]
name = "echo"
url = "http://127.0.0.1:{echo}/"
secret = "env:APP_SECRET"
allow_networks = ["127.0.0.0/8"]
"""


class Case(Struct, kw_only=True):
    """A gateway in a process of its own, with all around it."""

    directory: Path
    database: str
    feed: FeedServer
    app: ReceiverServer
    session: aiohttp.ClientSession

    async def get(self, path: str) -> dict[str, Any]:
        async with self.session.get(f"/api/v1/{path}") as answer:
            return dict(await answer.json())

    async def items(self, path: str) -> list[dict[str, Any]]:
        return list((await self.get(path))["items"])

    async def post(self, path: str, body: Any) -> Any:
        data = body if isinstance(body, bytes) else None
        async with self.session.post(f"/api/v1/{path}", data=data, json=None if data else body) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def left(self) -> dict[str, set[str]]:
        """Where any of the names still is."""
        columns = await asyncio.to_thread(in_tables, self.database)
        return columns | in_files(self.directory) | await in_answers(self.session)

    async def cleaned(self) -> dict[str, set[str]]:
        """Where any of the names still is, once none is anywhere or patience is over: a file is rewritten at most twice a
        minute."""
        end = asyncio.get_running_loop().time() + CLEAN_SECONDS
        while (found := await self.left()) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(1)
        return found


@asynccontextmanager
async def running(directory: Path, database: str, retention: str) -> AsyncIterator[Case]:
    port, echo = free_port(), free_port()
    async with (
        FeedServer() as feed,
        ReceiverServer(secrets=[SECRET]) as app,
        echoing(echo),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        text = CONFIG.format(
            database=database, port=port, echo=echo, feed=feed.url("index.atom"), app=app.url, retention=retention
        )
        (directory / "capgateway.toml").write_text(text)
        command = [sys.executable, "-m", "capgateway", "--config", str(directory / "capgateway.toml")]
        environment = {**os.environ, "APP_SECRET": encode_secret(SECRET)}
        with (directory / "gateway.log").open("ab") as log:
            run = [*command, "run", "--log-format", "json", "--log-level", "debug"]
            process = subprocess.Popen(run, env=environment, stdout=log, stderr=log)  # noqa: S603, ASYNC220
        try:
            case = Case(directory=directory, database=database, feed=feed, app=app, session=session)
            await until(lambda: answers(session))
            yield case
        finally:
            kill(process)


async def answers(session: aiohttp.ClientSession) -> bool:
    try:
        async with session.get("/api/v1/feeds/simulator") as answer:
            return answer.status == 200 and (await answer.json())["last_try"] is not None
    except aiohttp.ClientError:
        return False


@asynccontextmanager
async def echoing(port: int) -> AsyncIterator[None]:
    """A receiver that repeats what it was sent in its refusal of a display, and wants to be left alone until the card is over."""

    async def answer(request: web.Request) -> web.Response:
        if b'"take_down"' in await request.read():
            return web.Response()
        said = f"cannot store {CHILD}, {PLATE}, {SUSPECT}"
        return web.Response(status=503, text=said, headers={"Retry-After": "300"})

    server = web.Application()
    server.router.add_post("/", answer)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def play(case: Case) -> cap.Alert:
    """The story, until its card is on display and all that becomes no card is stored; names are everywhere then."""
    first = story.amber(utc_now() - timedelta(minutes=1))
    soon = cap.time((utc_now() + timedelta(seconds=200)).isoformat(timespec="seconds"))
    first = replace(first, infos=tuple(replace(info, expires=soon) for info in first.infos))
    case.feed.publish("quillfeather-vandersnatch.xml", named(first))
    for name, document in declined().items():
        case.feed.publish(f"{name}-vandersnatch.xml", document)
    await case.post("feeds/partner/alerts", container())

    async def is_told() -> bool:
        dead = await case.items("deliveries?state=dead")
        return len(case.app.cards) == 1 and len(dead) == 1 and len(await case.items("alerts")) == 6

    await until(is_told)
    found = await case.left()
    assert set(WORDS) == set[str]().union(*found.values())
    expected = {"alerts.original", "alerts.draft", "bodies.content", "messages.body", "attempts.response_excerpt"}
    assert expected < set(found)
    return first


async def is_removed(case: Case) -> bool:
    return not case.app.cards


async def polls(case: Case, count: int) -> None:
    """Let the gateway ask the feed some more times."""
    before = len(case.feed.requests_for("index.atom"))

    async def are_done() -> bool:
        return len(case.feed.requests_for("index.atom")) >= before + count

    await until(are_done)


async def test_after_the_retention_no_name_is_left(tmp_path: Path, database_url: str) -> None:
    """Of the card, of what was declined, of what could not be read, and of what a receiver answered; although the feed goes on
    listing all of it."""
    async with running(tmp_path, database_url, "6s") as case:
        first = await play(case)
        case.feed.publish("end-quillfeather.xml", cap.write(story.cancel(utc_now(), first)))
        await until(lambda: is_removed(case))
        assert await case.cleaned() == {}
        await polls(case, 4)
        assert await case.left() == {}
        (card,) = await case.items("cards")
        assert (card["state"], card["end_reason"], card["card"]) == ("ended", "cancelled", None)


async def test_after_an_order_no_name_of_the_case_is_left(tmp_path: Path, database_url: str) -> None:
    """The receivers get the take-down, the command says so, and the alert that the feed goes on serving stays away."""
    async with running(tmp_path, database_url, "72h") as case:
        first = await play(case)
        for one in await case.items("alerts"):
            if one["decision"] != "published":
                await case.post("erase", {"identifier": one["id"], "reason": f"no card; {CHILD}"})
        (card,) = await case.items("cards")
        told = await case.post("erase", {"card": card["card_id"], "reason": f"an order for {CHILD}, {PLATE}"})
        assert [(one["receiver"], one["state"]) for one in told["take_downs"]] == [
            ("app", "delivered"),
            ("echo", "delivered"),
        ]
        assert told["ended"] == [card["card_id"]]
        assert case.app.cards == {}
        await polls(case, 2)
        (again,) = (await case.post("feeds/partner/alerts", named(first)))["items"]
        assert (again["decision"], again["reason"]) == ("ignored", "erased")
        case.feed.publish("again-quillfeather.xml", named(story.update(utc_now(), first)))
        await polls(case, 3)
        assert await case.cleaned() == {}
        assert [one["state"] for one in await case.items("cards")] == ["ended"]
