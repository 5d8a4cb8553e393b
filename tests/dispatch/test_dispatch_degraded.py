"""Why a receiver is degraded, seen from its answers, over real sockets: once for each cause while it lasts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from dispatch_gateway import LOOPBACK, SECRET, Gateway, a_receiver, delivering, opened, running, until
from readiness_gateway import causes, listening, only, proves, status, told

from capgateway.clock import utc_now
from capgateway.dispatch.signs import Signs
from capgateway.store import Finished, standing, troubles
from capgateway.webhooks import Attempt, Breaker, Claim, Delivered, Receiver, Retry

MOVED = "https://new.example:8443/hook/secret-path?key=hidden"
HOUR = timedelta(hours=1)


def wrong_clock(_: Any) -> web.Response:
    return web.Response(status=401, headers={"Date": format_datetime(utc_now() - timedelta(minutes=7), usegmt=True)})


def shows_another(said: dict[str, Any]) -> web.Response:
    return web.json_response({"revision": said["data"].get("revision", 0) + 7, "state": "displayed"})


CASES = {
    "refused": (status(422), "answered 422"),
    "clock": (wrong_clock, "answered 401"),
    "moved": (status(301, Location=MOVED), "answered 301, moved to https://new.example:8443"),
    "mismatch": (shows_another, "answered 200"),
}


@pytest.mark.parametrize("cause", CASES)
async def test_an_answer_degrades_its_receiver(tmp_path: Path, cause: str) -> None:
    """Operators get one message with card, receiver and last answer, and nothing of the path of a new address."""
    async with listening() as (url, endpoint), running(tmp_path, a_receiver(url, concurrency=1)) as gateway:
        endpoint.answer, answer = CASES[cause]
        await gateway.issue("a")
        await until(lambda: is_degraded(gateway, cause))
        await gateway.issue("b")
        count = len(endpoint.came)
        await until(lambda: len(endpoint.came) > count + 1 or cause == "mismatch")
        (said,) = await told(gateway)
    assert (said["receiver"], said["severity"], said["last_answer"]) == ("feed", "critical", answer)
    assert (said["card_id"] or "").startswith("crd_")
    assert said["message_type"] == "card.published"
    assert "secret-path" not in str(said)
    assert "hidden" not in str(said)


async def is_degraded(gateway: Gateway, cause: str) -> bool:
    return cause in await causes(gateway)


async def test_it_is_well_when_it_takes_what_it_refused(tmp_path: Path) -> None:
    """While it still refuses one card, taking another is no end: else each retry would be reported."""
    async with listening() as (url, endpoint), running(tmp_path, a_receiver(url)) as gateway:
        endpoint.answer = status(400)
        await gateway.issue("a")
        await until(lambda: is_degraded(gateway, "refused"))
        refused = endpoint.came[0]["data"]["card_id"]
        endpoint.answer = lambda said: web.Response(status=400 if said["data"]["card_id"] == refused else 200)
        await gateway.issue("b")
        await until(lambda: any_delivered(gateway))
        await asyncio.sleep(1.2)  # what this process knows is read again
        assert await causes(gateway) == ["refused"]
        endpoint.answer = proves
        await until(lambda: is_well(gateway))
        assert len(await told(gateway)) == 1


async def any_delivered(gateway: Gateway) -> bool:
    return any(one.state == "delivered" for one in await gateway.deliveries())


async def is_well(gateway: Gateway) -> bool:
    return await causes(gateway) == []


async def test_an_address_that_is_not_allowed_degrades(tmp_path: Path) -> None:
    """The receiver was never asked; with the network allowed it is well."""
    async with listening() as (url, endpoint), opened(tmp_path, a_receiver(url, allow_networks=())) as gateway:
        await gateway.issue("a")
        async with delivering(gateway):
            await until(lambda: is_degraded(gateway, "blocked"))
            (said,) = await told(gateway)
            gateway.dispatch.replace_receivers([a_receiver(url, allow_networks=LOOPBACK)])
            await gateway.issue("b")
            await until(lambda: is_well(gateway))
    assert (said["last_answer"], endpoint.of("card.published") != []) == ("scheme", True)


async def test_a_cause_is_reported_once_over_restarts(tmp_path: Path) -> None:
    """A second process finds it written down."""
    async with listening() as (url, endpoint):
        endpoint.answer = status(403)
        for _ in range(2):
            async with running(tmp_path, a_receiver(url)) as gateway:
                count = len(endpoint.came)
                await gateway.issue(f"a{count}")
                await until(lambda: len(endpoint.came) > count)  # noqa: B023
                await until(lambda: is_degraded(gateway, "refused"))
                assert len(await told(gateway)) == 1


async def test_a_refused_operator_message_makes_no_further_ones(tmp_path: Path) -> None:
    """The operators' own receiver refuses: one message about that, not one about each."""
    async with listening() as (url, endpoint):
        own = a_receiver(url, name="on-call", messages=("operator.*",))
        async with opened(tmp_path, own) as gateway:
            endpoint.answer = only("operator.", status(401))
            await gateway.store.write_alone(troubles.begin, "other", "moved", "answered 301")
            async with delivering(gateway):
                await until(lambda: len(endpoint.of("operator.receiver_degraded")) > 3)
            assert {one["receiver"] for one in await told(gateway)} == {"other", "on-call"}
            assert len(await told(gateway)) == 2


async def test_a_receiver_that_fails_for_long_is_reported(tmp_path: Path) -> None:
    """Five minutes after its breaker opened, once; until it is well again."""
    receiver = Receiver(name="feed", url="https://x.example/", secrets=(SECRET,), contact="team@platform.example")
    async with opened(tmp_path, receiver) as gateway:
        store, begin = gateway.store, utc_now()
        store.clock = lambda: begin
        one = finished("timeout")
        await store.write(standing.note, [one])
        await store.write(standing.remember, "feed", Breaker.reopened(5, 0))
        assert not await store.read(troubles.are_failing, begin + timedelta(minutes=4))
        store.clock = lambda: begin + timedelta(minutes=5)
        assert await store.read(troubles.are_failing, store.clock())
        assert [await store.write_alone(troubles.fail) for _ in range(2)] == [1, 0]
        (said,) = await told(gateway)
        assert (said["last_answer"], "team@platform.example" in said["advice"]) == ("timeout", True)
        await store.write(standing.remember, "feed", Breaker())
        assert await store.write_alone(troubles.fail) == 0
        assert await causes(gateway) == []


async def test_a_receiver_that_was_not_asked_again_does_not_fail(tmp_path: Path) -> None:
    """Its last answer was a success, after which nothing was to be sent: the breaker is still open, and nobody is woken."""
    receiver = Receiver(name="feed", url="https://x.example/", secrets=(SECRET,))
    async with opened(tmp_path, receiver) as gateway:
        store, begin = gateway.store, utc_now()
        store.clock = lambda: begin
        for one in (finished("timeout"), finished("delivered", 200)):
            await store.write(standing.note, [one])
        await store.write(standing.remember, "feed", Breaker.reopened(5, 0))
        store.clock = lambda: begin + timedelta(minutes=6)
        assert not await store.read(troubles.are_failing, store.clock())
        assert await store.write_alone(troubles.fail) == 0
        await store.write(standing.note, [finished("timeout")])
        assert await store.read(troubles.are_failing, store.clock())
        assert await store.write_alone(troubles.fail) == 1


def finished(outcome: str, code: int | None = None, **how: Any) -> Finished:
    """An attempt of a card to the receiver."""
    now = utc_now()
    claim = Claim(
        delivery_id="dlv_1",
        message_id="msg_1",
        receiver="feed",
        card_id="crd_1",
        revision=1,
        type="card.published",
        action="display",
        body=b"{}",
        number=1,
        created_at=now,
        deadline=now + HOUR,
    )
    attempt = Attempt(number=1, started_at=now, duration=timedelta(0), outcome=outcome, status=code, **how)
    return Finished(claim, attempt, Delivered() if outcome == "delivered" else Retry(now))


def test_redirects_count_in_a_row() -> None:
    """The third makes it; anything else in between begins anew, but for what was no answer."""
    signs = Signs()
    for each in (finished("status", 302), finished("status", 302), finished("delivered", 200)):
        signs.see(each)
    for each in (finished("status", 307), finished("timeout"), finished("status", 307)):
        signs.see(each)
    assert signs.told.begun == {}
    signs.see(finished("status", 302))
    assert list(signs.told.begun) == ["moved"]


def test_what_is_known_is_not_written_again() -> None:
    """A thousand refusals cost one unit of work that is alone; what began and ended in between is not reported."""
    signs = Signs()
    signs.known = frozenset()
    signs.see(finished("status", 401))
    signs.written(signs.told)
    for _ in range(3):
        signs.see(finished("status", 401))
        assert (signs.told.begun, signs.told.ended) == ({}, frozenset())
    signs.see(finished("delivered", 200))
    assert signs.told.ended == {"refused"}
    signs.written(signs.told)
    signs.see(finished("status", 404))
    signs.see(finished("delivered", 200))
    assert (signs.told.begun, signs.told.ended) == ({}, frozenset())
