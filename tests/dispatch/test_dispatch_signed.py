"""A signature is as old as its attempt, never as old as the message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from dispatch_gateway import SECRET, Gateway, a_receiver, running, until

from capgateway.webhooks import public_key, verify

OLD = b"an old one of the right length.."
SEED = b"a signing key of 32 bytes ......"
Requests = list[tuple[dict[str, str], bytes]]


@asynccontextmanager
async def slow(statuses: list[int]) -> AsyncIterator[tuple[str, Requests]]:
    """The URL of a receiver that thinks for a moment and answers with these statuses, then 200; and what arrived."""
    arrived: Requests = []

    async def hook(request: web.Request) -> web.Response:
        arrived.append((dict(request.headers), await request.read()))
        status = statuses[len(arrived) - 1] if len(arrived) <= len(statuses) else 200
        await asyncio.sleep(1.1)
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", arrived
    finally:
        await runner.cleanup()


def signed_at(headers: dict[str, str]) -> int:
    return int(headers["webhook-timestamp"])


async def test_a_message_that_waits_for_a_slot_is_signed_when_it_goes(tmp_path: Path) -> None:
    """Two cards and one slot: the second is signed once the first has been answered."""
    async with slow([]) as (url, arrived), running(tmp_path, a_receiver(url, concurrency=2)) as gateway:
        await asyncio.gather(gateway.issue("a"), gateway.issue("b"))
        await until(lambda: len(arrived) == 2)
        await until(lambda: all_delivered(gateway))
        (first,), (second,) = sorted(
            (each.attempts for each in await gateway.deliveries()), key=lambda one: one[0].started_at
        )
    assert second.started_at >= first.started_at + timedelta(milliseconds=first.duration_ms - 1)
    assert [signed_at(headers) for headers, _ in arrived] == [
        int(one.started_at.timestamp()) for one in (first, second)
    ]
    assert signed_at(arrived[0][0]) < signed_at(arrived[1][0])


async def test_each_attempt_has_its_own_signature(tmp_path: Path) -> None:
    """The id and the body stay, with the time of the event in it; timestamp and signatures are new, and each verifies."""
    async with slow([500, 503]) as (url, arrived):
        receiver = a_receiver(url, secrets=(SECRET, OLD), signing_key=SEED)
        async with running(tmp_path, receiver) as gateway:
            await gateway.issue("a")
            await until(lambda: all_delivered(gateway))
    assert len(arrived) == 3
    assert len({(headers["webhook-id"], body) for headers, body in arrived}) == 1
    assert len({signed_at(headers) for headers, _ in arrived}) == 3
    event = datetime.fromisoformat(json.loads(arrived[0][1])["timestamp"])
    for headers, body in arrived:
        now = datetime.fromtimestamp(signed_at(headers), UTC)
        assert event <= now + timedelta(seconds=1)
        for secret in (SECRET, OLD):
            verify([secret], headers, body, now=now)
        verify([], headers, body, now=now, public_keys=[public_key(SEED)])


async def all_delivered(gateway: Gateway) -> bool:
    told = await gateway.states()
    return bool(told) and all(each.endswith(" delivered") for each in told)
