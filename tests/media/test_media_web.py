"""The addresses of pictures, as receivers and strangers ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from media_gateway import Gateway, walking
from picture_samples import amber, drawn, linked, opened
from yarl import URL

from capgateway import web
from capgateway.clock import utc_now
from capgateway.config import Address, Settings, Token
from capgateway.errors import StoreError
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store

NOW = utc_now().replace(microsecond=0) - timedelta(minutes=10)
TOKENS = (
    Token(name="ops", token="t" * 40, scopes=("read", "operate")),
    Token(name="app", token="r" * 40, scopes=("receive",), receiver="app"),
)


@asynccontextmanager
async def asking(store: Store, *tokens: Token) -> AsyncIterator[aiohttp.ClientSession]:
    """A session at the API of a gateway with these tokens."""
    service = Service(Settings(tokens=tokens), store, roles=[])
    gateway = web.Gateway(store=store, settings=service.settings, metrics=service.metrics, hands=service._operate)
    async with (
        web.serve(web.make_app(gateway), Address("127.0.0.1", 0)) as address,
        aiohttp.ClientSession(f"http://{address.host}:{address.port}") as session,
    ):
        yield session


@pytest.fixture
async def gateway(store: Store) -> AsyncIterator[Gateway]:
    async with FeedServer() as server:
        server.publish("ada.jpg", drawn())
        yield Gateway(store, server)


async def test_an_address_answers_until_the_card_ends(gateway: Gateway) -> None:
    """Without a token of the API, by GET and HEAD, with headers that let no browser keep it or take it for a page; 410 after
    the end, 404 for any other address, and no other method."""
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        path = (await gateway.shows(1)).media[0].url.removeprefix("https://cap.example")
        async with asking(gateway.store, *TOKENS) as session:
            async with session.get(path) as answer:
                body = await answer.read()
                assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
                assert opened(body).size == (120, 150)
                said = {
                    name: answer.headers[name]
                    for name in ("Cache-Control", "X-Content-Type-Options", "Content-Disposition")
                }
                assert said == {
                    "Cache-Control": "no-store",
                    "X-Content-Type-Options": "nosniff",
                    "Content-Disposition": "inline",
                }
                assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            async with session.head(path) as answer:
                assert (answer.status, answer.headers["Content-Length"], await answer.read()) == (
                    200,
                    str(len(body)),
                    b"",
                )
            for headers in ({"Authorization": "Bearer nobody"}, {"Authorization": f"Bearer {'r' * 40}"}):
                async with session.get(path, headers=headers) as answer:
                    assert answer.status == 200
            for other in (path[:-1], f"{path}x", "/media/", "/media/..%2f..%2fetc"):
                async with session.get(other, headers={"Authorization": f"Bearer {'t' * 40}"}) as answer:
                    assert answer.status == 404
            async with session.post(path, headers={"Authorization": f"Bearer {'t' * 40}"}) as answer:
                assert answer.status == 405
            await gateway.take(story.cancel(NOW + timedelta(minutes=1), first))
            for method in ("GET", "HEAD"):
                async with session.request(method, path) as answer:
                    assert answer.status == 410


async def test_operators_see_why_a_picture_is_missing(gateway: Gateway) -> None:
    """The findings of a card list its pictures' beside those of its alerts, also after its end; receivers do not see them."""
    gateway.server.publish("ada.jpg", b"<html>")
    first = amber(NOW, linked(gateway.server.url("ada.jpg")))
    await gateway.take(first)
    async with walking(gateway):
        await gateway.settled()
    card_id = (await gateway.card()).card_id
    async with asking(gateway.store, *TOKENS) as session:
        for _ in range(2):
            async with session.get(
                f"/api/v1/cards/{card_id}", headers={"Authorization": f"Bearer {'t' * 40}"}
            ) as answer:
                findings = [one for one in (await answer.json())["findings"] if one["rule"].startswith("media.")]
            assert [(one["rule"], one["level"], one["xpath"]) for one in findings] == [
                ("media.type", "warning", "/alert/info[1]/resource[1]")
            ]
            assert findings[0]["alert_id"].startswith("alt_")
            await gateway.take(story.cancel(NOW + timedelta(minutes=1), first))


async def test_what_is_counted(gateway: Gateway) -> None:
    """Each try of a picture counts by its outcome."""
    gateway.server.publish("page.jpg", b"<html>")
    await gateway.take(amber(NOW, linked(gateway.server.url("ada.jpg")), linked(gateway.server.url("page.jpg"))))
    async with walking(gateway):
        await gateway.shows(1)
        await gateway.settled()
    from capgateway.metrics import State  # noqa: PLC0415

    lines = gateway.metrics.exposition(State(), utc_now()).decode().splitlines()
    counted = [line for line in lines if line.startswith("capgateway_pictures_total")]
    assert sorted(counted) == [
        'capgateway_pictures_total{outcome="ready"} 1.0',
        'capgateway_pictures_total{outcome="type"} 1.0',
    ]


@pytest.mark.parametrize("token", ["%00", "a%00b", "%ff%fe", "%F0%9F%98%80", "a'%22--", "x" * 5000])
async def test_strange_addresses_are_no_fault_of_the_database(
    gateway: Gateway, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a stranger writes behind /media/, the answer is that there is nothing, and no error is logged."""
    address = URL(f"/media/{token}", encoded=True)
    async with asking(gateway.store) as session, session.get(address) as answer:
        assert answer.status == 404
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_no_log_shows_the_address_of_a_picture(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address is the key to its picture: when the database fails, the log has the route and not the token."""

    def fail(*_: object) -> None:
        raise StoreError("out of order")

    monkeypatch.setattr(gateway.store, "read", fail)
    async with asking(gateway.store) as session, session.get("/media/thesecret") as answer:
        assert answer.status == 503
    assert "web.database_failed" in caplog.text
    assert not any("thesecret" in repr(vars(one)) for one in caplog.records if one.name.startswith("capgateway"))
