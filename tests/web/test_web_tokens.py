"""Tokens: who has none learns nothing, who has one may do what its scopes say, and what is done has a name."""

from __future__ import annotations

import hmac
import logging
import re
from typing import Any

import aiohttp
import pytest

from capgateway.clock import utc_now
from capgateway.config import Settings, Token
from capgateway.web import guard, make_app
from capgateway.web.sessions import Sessions
from capgateway.web.slowing import FREE, MOST_PEERS, WINDOW_SECONDS, Slowing

READ = Token(name="prometheus", token="read-0123456789abcdef", scopes=("read",))
OPERATE = Token(name="ops", token="operate-0123456789abcdef", scopes=("operate",))
SUBMIT = Token(name="partner", token="submit-0123456789abcdef", scopes=("submit",), feeds=("partner",))
SUBMIT_ALL = Token(name="state", token="submitall-0123456789abcdef", scopes=("submit",))
RECEIVE = Token(name="app", token="receive-0123456789abcdef", scopes=("receive",), receiver="app")
CANADA = Token(name="canada", token="canada-0123456789abcdef", scopes=("receive",), receiver="canada")
DESK = Token(name="desk", token="desk-0123456789abcdef", scopes=("read", "operate"))
SESSIONS_OF_TESTS = Sessions()
ALL = (READ, OPERATE, SUBMIT, SUBMIT_ALL, RECEIVE, CANADA)


@pytest.fixture
def site(site: Any) -> Any:
    """The same gateway, with tokens."""
    settings = site.gateway.settings
    site.gateway.settings = type(settings)(
        policy=settings.policy, feeds=settings.feeds, receivers=settings.receivers, tokens=ALL
    )
    return site


def bearing(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.token}"}


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/cards", "/api/v1/feeds", "/nothing"])
async def test_without_a_token_nothing_is_told(site: Any, path: str) -> None:
    """401 with a challenge, from this machine too, whatever there is or is not."""
    async with site.session.get(path) as answer:
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="capgateway"')
        assert "crd_" not in await answer.text()


@pytest.mark.parametrize(
    "header", ["Bearer ", "Bearer x", f"Bearer {READ.token}x", f"Digest {READ.token}", READ.token, "Bearer \xe9", ""]
)
async def test_a_wrong_token_is_none(site: Any, header: str, caplog: pytest.LogCaptureFixture) -> None:
    """401 that says so, and a line in the log without the token."""
    with caplog.at_level(logging.WARNING):
        async with site.session.get("/api/v1/cards", headers={"Authorization": header}) as answer:
            assert (answer.status, 'error="invalid_token"' in answer.headers["WWW-Authenticate"]) == (401, True)
    assert [record.getMessage() for record in caplog.records] == ["api.unknown_token"]
    assert READ.token not in caplog.text


async def test_wrong_tokens_are_slowed_and_right_ones_never_are(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    """After ten of an address 429 with a time to wait, and no more lines in the log; the right token is answered all the while."""
    wrong = {"Authorization": f"Bearer {READ.token}x"}
    with caplog.at_level(logging.WARNING):
        statuses = [(await site.get("/api/v1/cards", **wrong))[0] for _ in range(FREE + 2)]
    assert statuses == [401] * FREE + [429] * 2
    assert len(caplog.records) == FREE
    async with site.session.get("/api/v1/cards", headers=wrong) as answer:
        assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW_SECONDS
    assert (await site.get("/api/v1/cards", **bearing(READ)))[0] == 200
    assert (await site.get("/healthz", **wrong))[0] == 200


def test_slowing_ends_and_concerns_one_address() -> None:
    """A window later an address may try again, others may all the while; and no more addresses are remembered than there is room
    for."""
    slowing = Slowing()
    waits = [slowing.wrong("192.0.2.1", now) for now in range(FREE + 1)]
    assert waits == [0] * FREE + [round(WINDOW_SECONDS) - FREE]
    assert slowing.wrong("192.0.2.2", FREE) == 0
    assert slowing.wrong("192.0.2.1", WINDOW_SECONDS) == 0
    for number in range(MOST_PEERS + 5):
        slowing.wrong(f"peer {number}", 0)
    assert len(slowing._peers) == MOST_PEERS


async def test_a_receiver_sees_its_own_messages_only(site: Any) -> None:
    """Of all that went out, what went to it; who reads sees everything, and who pushes nothing."""
    told = {token.name: await site.get("/api/v1/messages", **bearing(token)) for token in ALL}
    seen = {name: len(page["items"]) for name, (status, page) in told.items() if status == 200}
    assert seen == {"prometheus": 1, "app": 1, "canada": 0}
    for token in (SUBMIT, SUBMIT_ALL):
        statuses = {
            (await site.get(f"/api/v1/{page}", **bearing(token)))[0] for page in ("alerts", "cards", "feeds", "report")
        }
        assert statuses == {403}


async def test_the_host_does_not_matter_where_a_token_does(site: Any) -> None:
    """Behind a proxy the gateway has another name; a page that rebinds it has no token."""
    status, _ = await site.get("/api/v1/cards", Host="cap.platform.example", **bearing(READ))
    assert status == 200


async def test_orchestrators_need_none(site: Any) -> None:
    """/healthz and /readyz say yes or no to everybody, and why only to those who may read."""
    assert (await site.get("/healthz"))[0] == 200
    assert await site.get("/readyz") == (200, {"status": "ready"})
    site.troubles.append("the scheduler does not run")
    status, told = await site.get("/readyz")
    assert (status, "reasons" in told, "scheduler" in str(told)) == (503, False, False)
    assert (await site.get("/readyz", **bearing(OPERATE)))[1].get("reasons") is None
    assert (await site.get("/readyz", **bearing(READ)))[1]["reasons"] == ["the scheduler does not run"]


MAY = {
    ("GET", "/metrics"): {"prometheus"},
    ("GET", "/"): {"prometheus"},
    ("GET", "/api/v1/alerts"): {"prometheus"},
    ("GET", "/api/v1/feeds"): {"prometheus"},
    ("GET", "/api/v1/gateway"): {"prometheus"},
    ("GET", "/api/v1/cards"): {"prometheus", "app", "canada"},
    ("GET", "/api/v1/deliveries"): {"prometheus", "app", "canada"},
    ("GET", "/api/v1/places"): {"prometheus", "app", "canada"},
    ("GET", "/api/v1/places/48113"): {"prometheus", "app", "canada"},
    ("POST", "/api/v1/feeds/nws/poll"): {"ops"},
    ("POST", "/api/v1/feeds/partner/alerts"): {"ops", "partner", "state"},
    ("POST", "/api/v1/feeds/other/alerts"): {"ops", "state"},
    ("POST", "/api/v1/feeds/nws/alerts"): {"ops"},
    ("POST", "/api/v1/reload"): {"ops"},
    ("POST", "/api/v1/validate"): {"prometheus", "partner", "state"},
}


@pytest.mark.parametrize(("method", "path"), MAY)
async def test_each_page_needs_its_scope(site: Any, method: str, path: str) -> None:
    """Of all tokens those that may get an answer, the others a 403 that says what is missing."""
    may = set()
    for token in ALL:
        async with site.session.request(method, path, data=b"<alert/>", headers=bearing(token)) as answer:
            if answer.status != 403:
                may.add(token.name)
                continue
            detail = (await answer.json())["detail"]
            assert f'"{token.name}"' in detail
            assert "lacks the scope" in detail or "may submit to partner only" in detail
    assert may == MAY[method, path]


OPEN = {
    "/healthz",
    "/readyz",
    "/media/{token}",
    "/openapi.json",
    "/.well-known/webhook-keys.json",
    "/assets/{name}",
    "/login",
}
RECEIVES = {"cards", "cards/{id}", "deliveries", "messages", "places", "places/{id}"}
SUBMITS = {"feeds/{id}/alerts", "validate"}
READERS_POST = {"/api/v1/validate", "/validate", "/logout"}


def routes(site: Any) -> list[tuple[str, str]]:
    """Every method and path there is, with names that may be or not be there."""
    found = {(one.method, one.resource.canonical) for one in make_app(site.gateway).router.routes() if one.resource}
    assert len(found) > 90
    return sorted(one for one in found if one[0] != "HEAD")


def may(token: Token, method: str, path: str) -> bool:
    """What the documentation promises, said once more: reading is for readers, acting for operators, and two exceptions."""
    page = path.removeprefix("/api/v1/")
    if page in RECEIVES and "receive" in token.scopes and page != path:
        return True
    if page in SUBMITS and "submit" in token.scopes and page != path:
        return True
    needs = "read" if method == "GET" or path in READERS_POST else "operate"
    return path in OPEN or needs in token.scopes


async def test_every_route_asks_for_a_scope(site: Any) -> None:
    """Each route with each token that may not ask it, and with none: nothing happens, nothing is told, and every answer has the
    headers. Those who may read can ask whatever is read."""
    for method, path in routes(site):
        address = re.sub(r"\{\w+\}", "nws", path)
        for token in (None, *ALL):
            is_allowed = path in OPEN if token is None else may(token, method, path)
            if is_allowed and method == "POST":
                continue  # it would act
            headers = bearing(token) if token else {}
            async with site.session.request(method, address, headers=headers, allow_redirects=False) as answer:
                assert (answer.status in (401, 403)) == (not is_allowed), (method, path, token and token.name)
                assert guard.HEADERS.keys() <= answer.headers.keys(), path
    assert (await site.get("/api/v1/audit", **bearing(READ)))[1]["items"] == []


async def test_a_session_changes_nothing_but_by_its_forms(site: Any) -> None:
    """The cookie alone, as another site could make a browser send it: not to the API, and to no page without the form's token, or
    with one of another session, or by a link."""
    cookie = SESSIONS_OF_TESTS.begin(DESK, utc_now())
    site.gateway.settings = Settings(feeds=site.gateway.settings.feeds, tokens=(DESK, *ALL))
    other = hmac.new(SESSIONS_OF_TESTS.begin(DESK, utc_now()).encode(), b"form", "sha256").hexdigest()
    session = {"Cookie": f"capgateway={cookie}"}
    async with site.session.get("/cards", headers=session) as answer:
        assert answer.status == 200
    acts = [path for method, path in routes(site) if method == "POST" and path not in OPEN]
    assert len(acts) > 30
    for path in acts:
        address = re.sub(r"\{\w+\}", "nws", path)
        for form in ({}, {"form": ""}, {"form": other}, {"form": "é" * 64}):
            fields = aiohttp.FormData({"reason": "why", **form})
            if path == "/validate":
                fields.add_field("file", b"<alert/>", filename="a.xml")
            async with site.session.post(address, data=fields, headers=session, allow_redirects=False) as answer:
                assert answer.status == (401 if path.startswith("/api/") else 403), path
        async with site.session.get(address, headers=session, allow_redirects=False) as answer:
            assert answer.status in (200, 401, 404, 405), path
    assert (await site.get("/api/v1/audit", **bearing(READ)))[1]["items"] == []


async def test_a_suggestion_is_for_those_who_know_the_feeds(site: Any) -> None:
    """A partner who may only submit learns no other feed's name from a misspelt one; an operator gets it."""
    details = {}
    for token in ALL:
        async with site.session.post("/api/v1/feeds/nwss/alerts", data=b"<alert/>", headers=bearing(token)) as answer:
            details[token.name] = (answer.status, (await answer.json())["detail"])
    assert details["ops"] == (404, 'there is no feed "nwss"; did you mean "nws"?')
    assert details["state"] == (404, 'there is no feed "nwss"')


async def test_what_is_missing_is_told_in_the_header_too(site: Any) -> None:
    """As RFC 6750 has it."""
    async with site.session.post("/api/v1/reload", headers=bearing(READ)) as answer:
        assert answer.headers["WWW-Authenticate"].endswith('error="insufficient_scope", scope="operate"')


async def test_a_receiver_sees_its_own_cards_only(site: Any) -> None:
    """The Texas card went to one receiver: the other sees no card, no delivery, and not the alert behind it."""
    (card,) = (await site.get("/api/v1/cards", **bearing(RECEIVE)))[1]["items"]
    status, told = await site.get(f"/api/v1/cards/{card['card_id']}", **bearing(RECEIVE))
    assert (status, told["card"]["card_id"]) == (200, card["card_id"])
    assert {"alerts", "findings", "evidence"} & set(told) == set()
    assert [one["receiver"] for one in told["deliveries"]] == ["app"]
    assert (await site.get("/api/v1/cards", **bearing(CANADA)))[1]["items"] == []
    assert (await site.get(f"/api/v1/cards/{card['card_id']}", **bearing(CANADA)))[0] == 404


async def test_a_card_that_was_taken_down_is_gone_for_its_receiver(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """410 without anything of it, whatever a receiver kept; who never had it learns nothing."""
    monkeypatch.setattr("capgateway.operate.operate.ACKNOWLEDGED_WITHIN", 0.0)
    (card,) = (await site.get("/api/v1/cards", **bearing(RECEIVE)))[1]["items"]
    body = b'{"identifier": "TX-1", "reason": "order 12"}'
    status, told = await site.post("/api/v1/erase", body, **bearing(OPERATE))
    assert (status, told["ended"]) == (200, [card["card_id"]])
    status, gone = await site.get(f"/api/v1/cards/{card['card_id']}", **bearing(RECEIVE))
    assert (status, set(gone)) == (410, {"type", "title", "status", "detail"})
    assert "Testchild" not in str(gone)
    assert (await site.get(f"/api/v1/cards/{card['card_id']}", **bearing(CANADA)))[0] == 404


async def test_a_receiver_sees_its_own_deliveries_only(site: Any) -> None:
    """The filter is set for it, and it cannot set another."""
    assert len((await site.get("/api/v1/deliveries", **bearing(RECEIVE)))[1]["items"]) == 1
    assert (await site.get("/api/v1/deliveries", **bearing(CANADA)))[1]["items"] == []
    assert (await site.get("/api/v1/deliveries?receiver=app", **bearing(CANADA)))[0] == 403


async def test_changes_are_logged_with_who_asked(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A line for what was asked, with the token's name and never the token."""
    with caplog.at_level(logging.INFO, logger="capgateway.web"):
        await site.post("/api/v1/feeds/nws/poll", **bearing(OPERATE))
        await site.get("/api/v1/feeds", **bearing(READ))
    (record,) = [record for record in caplog.records if record.getMessage() == "api.called"]
    assert record.__dict__["capgateway_fields"] == {
        "method": "POST",
        "path": "/api/v1/feeds/nws/poll",
        "actor": "ops",
        "status": 200,
    }
