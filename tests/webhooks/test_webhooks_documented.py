"""docs/receivers.md says what is so: its receiver runs, its messages are messages, its schedule is the schedule."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_args

import aiohttp
import jsonschema
import pytest
from ports import free_port

from capgateway import net, shipped, webhooks
from capgateway.cards.decision import EndReason
from capgateway.webhooks import messages, operator, retry
from capgateway.webhooks.send import send

PAGE = (Path(__file__).parents[2] / "docs" / "receivers.md").read_text()
SECRET = b"a secret of the right length...."
LOOPBACK = (ip_network("127.0.0.0/8"),)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@asynccontextmanager
async def documented_receiver(code: str) -> AsyncIterator[str]:
    """The URL of the page's receiver, run as a reader would run it."""
    port = free_port()
    settings = os.environ | {"WEBHOOK_SECRET": webhooks.encode_secret(SECRET), "PORT": str(port)}
    process = subprocess.Popen(  # noqa: ASYNC220, S603
        [sys.executable, "-c", code], env=settings, stderr=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(60):
            while not await is_open(port):
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


async def is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True


def a_message(revision: int, action: str) -> webhooks.Message:
    now = datetime.now(UTC)
    stamp = webhooks.Stamp(
        deployment="test",
        card_id="crd_1",
        revision=revision,
        sequence=revision,
        timestamp=now,
        expires_at=now + timedelta(hours=1),
    )
    if action == "take_down":
        return webhooks.take_down(stamp, "cancelled", ended_at=now)
    return webhooks.display(
        stamp, json.dumps({"revision": revision, "name": "Zoë"}).encode(), card_url="https://x.example/"
    )


async def deliver(url: str, message: webhooks.Message, secret: bytes = SECRET) -> webhooks.Attempt:
    now = datetime.now(UTC)
    receiver = webhooks.Receiver(name="documented", url=url, secrets=(b"o" * 32, secret), allow_networks=LOOPBACK)
    claim = webhooks.Claim(
        delivery_id="dlv_1",
        message_id=message.id,
        receiver="documented",
        card_id=message.card_id,
        revision=message.revision,
        type=message.type,
        action=message.action,
        body=message.body,
        number=1,
        created_at=now,
    )
    async with net.new_session(user_agent="test", allow_networks=LOOPBACK) as session:
        return await send(session, receiver, claim, now=now)


def variants() -> list[str]:
    """The receiver as it stands, and with the package's verification in place of its own."""
    _, plain, package = blocks("python")
    own = re.search(r"def is_genuine.*?\n\n\n", plain, re.DOTALL)
    assert own
    return [plain, plain.replace(own[0], f"{package}\n\n\n")]


@pytest.mark.parametrize("code", variants(), ids=["standard library", "standardwebhooks"])
async def test_the_receiver_of_the_page_works(code: str) -> None:
    """It verifies, dedupes, fences and confirms, as the rules above it say."""
    async with documented_receiver(code) as url, aiohttp.ClientSession() as session:

        async def shown() -> Any:
            async with session.get(url) as response:
                return await response.json(content_type=None)

        assert (await deliver(url, a_message(2, "display"))).confirmed
        assert await shown() == {"crd_1": {"revision": 2, "name": "Zoë"}}
        assert (await deliver(url, a_message(1, "display"))).outcome == "delivered"
        assert (await deliver(url, a_message(2, "display"))).confirmed
        assert (await deliver(url, a_message(3, "display"), b"x" * 32)).status == 401
        assert await shown() == {"crd_1": {"revision": 2, "name": "Zoë"}}
        assert (await deliver(url, a_message(4, "take_down"))).confirmed
        assert (await deliver(url, a_message(3, "display"))).outcome == "delivered"
        assert await shown() == {}


def test_the_messages_of_the_page_are_messages() -> None:
    """The examples are valid by the shipped schema: a display, a take-down, and one for operators."""
    schema = jsonschema.Draft202012Validator(json.loads(shipped.schema("message/message-1.schema.json")))
    examples = [json.loads(block) for block in blocks("json message")]
    assert [example["data"].get("action") for example in examples] == ["display", "take_down", None]
    for example in examples:
        schema.validate(example)


def test_every_type_and_reason_is_told() -> None:
    """A new message type or reason fails here until the page tells receivers of it."""
    told = {*get_args(messages.DisplayType), *get_args(messages.TakeDownType), *get_args(EndReason)}
    told |= {*get_args(operator.OperatorType)}
    assert {word for word in told if f"`{word}`" not in PAGE} == set()


def test_every_field_for_operators_is_told() -> None:
    """Each has a row, and is in the example."""
    part = PAGE.partition("### Operator messages")[2].partition("\n## ")[0]
    fields = set(operator.OperatorData.__struct_fields__)
    assert set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == fields
    assert set(json.loads(blocks("json message")[2])["data"]) == fields


def test_the_schedule_of_the_page_is_the_schedule() -> None:
    """The steps and statuses in the tables are those of the code."""
    fast, calm = (", ".join(map(str, steps)) for steps in (retry.FAST_STEPS, retry.CALM_STEPS))
    assert PAGE.count(f"| {fast} |") == 2
    assert PAGE.count(f"| {calm} |") == 1
    assert f"| {', '.join(map(str, sorted(retry.REFUSALS)))} |" in PAGE
