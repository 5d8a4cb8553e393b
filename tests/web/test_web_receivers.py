"""How receivers are doing, over the API: their states, and a test that is sent on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest
from aiohttp import web
from test_web_quarantine import post
from test_web_tokens import ALL, OPERATE, READ, bearing
from web_site import LOOPBACK

from capgateway.clock import utc_now
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import standing, tables, troubles
from capgateway.store.write import Write
from capgateway.webhooks import Receiver

SECRET = bytes(32)


def configure(site: Any, url: str, **settings: Any) -> None:
    """The receiver ``app`` at this address."""
    fields: dict[str, Any] = {"secrets": (SECRET,), "allow_networks": LOOPBACK} | settings
    app = Receiver(name="app", url=url, **fields)
    site.gateway.settings = msgspec.structs.replace(site.gateway.settings, receivers=(app,))


@asynccontextmanager
async def answering(status: int, **headers: str) -> AsyncIterator[str]:
    """A server that answers everything alike: its URL."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/hook", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def test_a_ping_is_a_signed_message(site: Any) -> None:
    """The receiver verifies it; the answer has the times, the audit trail who asked. No message is listed."""
    before = (await site.get("/api/v1/messages"))[1]["items"]
    async with ReceiverServer(secrets=[SECRET]) as server:
        configure(site, server.url + "?key=hidden-27")
        status, told = await post(site, "receivers/app/ping", {"reason": "a new certificate"})
        (arrival,) = server.arrivals
    assert (status, told["passed"], told["status"], told["hints"]) == (200, True, 200, [])
    assert (arrival.type, arrival.message_id) == ("receiver.test", told["message_id"])
    assert told["connected"] <= told["answered"] <= told["total"]
    assert "hidden-27" not in str(told)
    assert (await site.get("/api/v1/messages"))[1]["items"] == before
    (entry, *_) = (await site.get("/api/v1/audit"))[1]["items"]
    assert (entry["action"], entry["reason"]) == ("receiver.pinged", "a new certificate")


FAILS = {
    401: "the receiver may have another secret",
    404: "check url",
    410: "gone",
    413: "20 kB",
    500: "its own log says why",
}


@pytest.mark.parametrize("status", FAILS)
async def test_a_ping_says_what_is_likely_wrong(site: Any, status: int) -> None:
    """By the answer."""
    async with answering(status) as url:
        configure(site, url)
        answered, told = await post(site, "receivers/app/ping", {})
    assert (answered, told["passed"], told["status"]) == (200, False, status)
    assert FAILS[status] in " ".join(told["hints"])


async def test_a_clock_that_is_wrong_is_the_first_guess(site: Any) -> None:
    """Where the receiver refuses and says that its time is another."""
    date = format_datetime(utc_now() + timedelta(minutes=8), usegmt=True)
    async with answering(403, Date=date) as url:
        configure(site, url)
        told = (await post(site, "receivers/app/ping", {}))[1]
    assert "s ahead of the gateway's" in told["hints"][0]


async def test_a_redirect_is_named_and_not_followed(site: Any) -> None:
    """Without its path."""
    async with answering(308, Location="https://new.example/secret-path") as url:
        configure(site, url)
        told = (await post(site, "receivers/app/ping", {}))[1]
    assert "https://new.example is right" in told["hints"][0]
    assert "secret-path" not in str(told)


async def test_what_is_not_reached_is_pinged_too(site: Any) -> None:
    """An address that is not allowed, one where nobody listens, a disabled receiver; an unknown one is refused."""
    async with answering(200) as url:
        configure(site, url, enabled=False)
        assert (await post(site, "receivers/app/ping", {}))[1]["passed"]
        configure(site, url.replace("http", "https"), allow_networks=())
        told = (await post(site, "receivers/app/ping", {}))[1]
        assert (told["outcome"], "allow_networks" in told["hints"][0]) == ("blocked", True)
    configure(site, url)
    told = (await post(site, "receivers/app/ping", {}))[1]
    assert (told["outcome"], told["status"]) == ("connect", None)
    assert (await post(site, "receivers/ap/ping", {}))[0] == 404


async def test_a_ping_takes_the_scope_operate(site: Any) -> None:
    """It makes the gateway send something."""
    async with answering(200) as url:
        configure(site, url)
        site.gateway.settings = msgspec.structs.replace(site.gateway.settings, tokens=ALL)
        assert (await post(site, "receivers/app/ping", {}, **bearing(READ)))[0] == 403
        assert (await post(site, "receivers/app/ping", {}, **bearing(OPERATE)))[0] == 200


def known(write: Write) -> None:
    """An attempt of the receiver is known."""
    row = {"name": "app", "last_attempt_at": write.now, "failures": 0, "last_outcome": "delivered"}
    write.execute(tables.receivers.insert().values(row))


async def state(site: Any) -> str:
    return str((await site.get("/api/v1/receivers/app"))[1]["state"])


async def test_a_degraded_receiver_is_shown_everywhere(site: Any) -> None:
    """In the API with each cause, in the metrics, and in the notes of /readyz; suspended is worse."""
    await site.store.write(known)
    assert await state(site) == "well"
    await site.store.write_alone(troubles.begin, "app", "challenge", "answered 404")
    one = (await site.get("/api/v1/receivers/app"))[1]
    assert (one["state"], one["degraded_since"]) == ("degraded", one["troubles"][0]["since"])
    assert (one["troubles"][0]["cause"], one["troubles"][0]["last_answer"]) == ("challenge", "answered 404")
    notes = (await site.get("/readyz"))[1]["notes"]
    assert notes == ["the receiver app is degraded (challenge): capgateway receivers list"]
    assert 'capgateway_receiver_state{receiver="app",state="degraded"} 1.0' in await metrics(site)
    await site.store.write(lambda write: standing._suspend(write, "app"))
    assert (await state(site), "is suspended" in (await site.get("/readyz"))[1]["notes"][0]) == ("suspended", True)
    assert 'capgateway_receiver_state{receiver="app",state="degraded"} 0.0' in await metrics(site)


async def metrics(site: Any) -> str:
    async with site.session.get("/metrics") as answer:
        return str(await answer.text())
