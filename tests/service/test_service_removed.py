"""Receivers that are removed from the configuration get the take-downs of what they display, over restarts."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from test_service_reload import PATIENCE_SECONDS, Running, started

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import lists, removed
from capgateway.webhooks import encode_secret, encode_seed, public_key

SECRET = b"a secret of the right length...."
SEED = b"a signing key of 32 bytes ......"
PUSH = '[[feeds]]\nname = "desk"\nkind = "push"\n'
ALERT = story.amber(utc_now() - timedelta(minutes=1))


def receiver(url: str) -> str:
    return f"""
[[receivers]]
name = "app"
url = "{url}"
secret = "{encode_secret(SECRET)}"
signing_key = "{encode_seed(SEED)}"
allow_networks = ["127.0.0.0/8"]
"""


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (holds if isinstance(holds := condition(), bool) else await holds):
            await asyncio.sleep(0.02)


async def say(gateway: Running, alert: cap.Alert) -> None:
    await gateway.service.submit("desk", cap.write(alert), actor="test")


async def show(directory: Path, server: ReceiverServer) -> None:
    """A gateway that displays a card at the receiver, and stops."""
    async with started(directory, PUSH, receiver(server.url)) as gateway:
        await say(gateway, ALERT)
        await until(lambda: len(server.cards) == 1)
        await until(lambda: delivered(gateway))


async def delivered(gateway: Running) -> bool:
    return not (await gateway.store.read(lists.waiting)).pending


async def test_a_removed_receiver_gets_its_take_down_after_a_restart(tmp_path: Path) -> None:
    """Its entry, keys and all, is gone from the file when the gateway starts again; then nothing of it is kept."""
    async with ReceiverServer(secrets=[SECRET]) as server:
        await show(tmp_path, server)
        async with started(tmp_path, PUSH) as gateway:
            assert await gateway.store.read(removed.holding, []) == ["app"]
            (app,) = await gateway.store.read(removed.reached, [], gateway.store.seal)
            assert app.signer is not None
            assert app.signer.public == public_key(SEED)
            await say(gateway, story.cancel(utc_now(), ALERT))
            await until(lambda: not server.cards)
            await until(lambda: delivered(gateway))
            assert await gateway.store.read(removed.done, []) == ["app"]
        async with started(tmp_path, PUSH) as gateway:
            await until(lambda: nothing_is_kept(gateway))
    assert [each.outcome for each in server.arrivals if each.action] == ["displayed", "removed"]


async def nothing_is_kept(gateway: Running) -> bool:
    return not await gateway.store.read(removed.done, [])


async def test_no_secret_is_in_the_database(tmp_path: Path) -> None:
    """In none of its files, in no form; the key lies beside them, for its owner alone, and no receiver's address either."""
    async with ReceiverServer(secrets=[SECRET]) as server:
        await show(tmp_path, server)
        files = [one for one in tmp_path.iterdir() if one.name.startswith("gateway.db") and one.suffix != ".key"]
        content = b"".join(one.read_bytes() for one in files)
        address = server.url.encode()
    key = tmp_path / "gateway.db.key"
    assert len(content) > 100_000
    for hidden in (SECRET, b64encode(SECRET), SECRET.hex().encode(), SEED, b64encode(SEED), key.read_bytes(), address):
        assert hidden not in content
    assert key.stat().st_mode & 0o777 == 0o600


async def test_without_its_key_a_removed_receiver_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A database that was copied without its key still starts, and says which receiver it cannot reach."""
    caplog.set_level(logging.WARNING, "capgateway.service")
    async with ReceiverServer(secrets=[SECRET]) as server:
        await show(tmp_path, server)
        (tmp_path / "gateway.db.key").unlink()
        async with started(tmp_path, PUSH):
            assert caplog.messages.count("receiver.forgotten") == 1
        async with started(tmp_path, PUSH, receiver(server.url)):
            assert caplog.messages.count("receiver.forgotten") == 1
