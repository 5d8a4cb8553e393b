"""Sessions of the console, the stream of its events, and wrong tokens that are slowed down."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import timedelta
from typing import Any

import pytest
from web_site import alert

from capgateway.clock import utc_now
from capgateway.config import Settings, Token
from capgateway.web import sessions, stream
from capgateway.web.sessions import Sessions
from capgateway.web.slowing import FREE, WINDOW_SECONDS, Slowing

DESK = Token(name="desk", token="desk-0123456789abcdef", scopes=("read", "operate"))
OTHER = Token(name="other", token="other-0123456789abcdef", scopes=("read",))
BEARER = {"Authorization": f"Bearer {DESK.token}"}


@pytest.fixture
def guarded(site: Any) -> Any:
    """The gateway with tokens."""
    site.gateway.settings = Settings(feeds=site.gateway.settings.feeds, tokens=(DESK, OTHER))
    return site


def test_a_session_is_of_one_token_and_ends() -> None:
    """It is void for another token, after its time, after log-out, once its token is replaced, and if one letter changes."""
    now, known = utc_now(), Sessions()
    cookie = known.begin(DESK, now)
    assert known.find(cookie, (OTHER, DESK), now) == DESK
    assert known.find(cookie, (OTHER,), now) is None
    replaced = Token(name="desk", token="desk-fedcba9876543210", scopes=("read",))
    assert known.find(cookie, (replaced,), now) is None
    assert known.find(cookie, (DESK,), now + timedelta(seconds=sessions.SECONDS)) is None
    told, _, signature = cookie.partition(".")
    for forged in (
        "",
        "x",
        f".{signature}",
        f"{told}.",
        f"A{told[1:]}.{signature}",
        f"{told}.A{signature[1:]}",
        "é.é",
        f"{cookie}{'A' * 2000}",
    ):
        assert known.find(forged, (DESK, OTHER), now) is None or forged == cookie
    known.end(cookie, now)
    assert known.find(cookie, (DESK,), now) is None
    assert known.find(known.begin(DESK, now), (DESK,), now) == DESK


def test_wrong_tokens_are_slowed_by_address() -> None:
    """After some of them their sender has to wait; others do not, and nor does it once the time is over."""
    slowing = Slowing()
    assert [slowing.wrong("192.0.2.1", 5.0) for _ in range(FREE)] == [0] * FREE
    assert slowing.wrong("192.0.2.1", 6.0) == WINDOW_SECONDS - 1
    assert slowing.wrong("192.0.2.2", 6.0) == 0
    assert slowing.wrong("192.0.2.1", 5.0 + WINDOW_SECONDS) == 0


def test_an_ipv6_network_is_one_sender() -> None:
    """Each of its customers has 2^64 addresses; those of IPv4 written in IPv6 stay apart."""
    slowing = Slowing()
    waits = [slowing.wrong(f"2001:db8::{number:x}", 5.0) for number in range(FREE + 1)]
    assert waits == [0] * FREE + [WINDOW_SECONDS]
    assert slowing.wrong("2001:db8:0:1::1", 5.0) == 0
    waits = [slowing.wrong(f"::ffff:192.0.2.{number}", 5.0) for number in range(FREE + 1)]
    assert waits == [0] * (FREE + 1)


async def test_a_right_token_is_never_blocked(guarded: Any) -> None:
    """Wrong ones from the same address get 429 with the time to wait, at the API and at the log-in."""
    wrong = {"Authorization": "Bearer wrong"}
    for _ in range(FREE):
        assert (await guarded.get("/api/v1/cards", **wrong))[0] == 401
    async with guarded.session.get("/api/v1/cards", headers=wrong) as answer:
        assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (429, True)
    async with guarded.session.post("/login", data={"token": "wrong"}) as answer:
        assert (answer.status, "try again in" in await answer.text()) == (429, True)
    assert (await guarded.get("/api/v1/cards", **BEARER))[0] == 200
    async with guarded.session.post("/login", data={"token": DESK.token}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "to", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_a_login_leads_nowhere_else(guarded: Any, to: str) -> None:
    """Whatever address a link to the log-in names."""
    form = {"token": DESK.token, "next": to}
    async with guarded.session.post("/login", data=form, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/"
        cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


async def test_a_form_after_the_session_says_that_nothing_was_done(guarded: Any) -> None:
    """The log-in says so, and leads back to the page that the form was on, never elsewhere."""
    headers = {"Accept": "text/html", "Referer": "https://evil.example//evil.example/cards/crd_x?done=hold#top"}
    for path, undone in (("/cards/crd_x/withdraw", True), ("/logout", False)):
        async with guarded.session.post(path, data={}, headers=headers) as answer:
            text = await answer.text()
            assert (answer.status, answer.url.path, "nothing was done" in text) == (200, "/login", undone)
            assert 'name="next" value="/"' in text
    headers["Referer"] = f"http://{guarded.address.host}:{guarded.address.port}/cards/crd_x?done=hold"
    async with guarded.session.post("/cards/crd_x/withdraw", data={}, headers=headers) as answer:
        assert 'name="next" value="/cards/crd_x?done=hold"' in await answer.text()


async def test_a_link_from_elsewhere_finds_the_session(guarded: Any) -> None:
    """The strict cookie is not sent with it, so the log-in asks once more from here, and no more often."""
    led = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site"}
    async with guarded.session.get("/alerts?feed=nws&limit=5", headers=led) as answer:
        (again,) = re.findall('http-equiv="refresh" content="0; url=([^"]+)"', await answer.text())
    async with guarded.session.get(html.unescape(again), headers={"Sec-Fetch-Site": "same-origin"}) as answer:
        assert 'http-equiv="refresh"' not in await answer.text()
    async with guarded.session.get(html.unescape(again), headers=BEARER, allow_redirects=False) as answer:
        assert answer.headers["Location"] == "/alerts?feed=nws&limit=5"


async def test_a_login_at_a_proxy_is_not_ours(guarded: Any) -> None:
    """Browsers send it with everything, and many proxies pass it on: it is no wrong token, and a session counts beside it."""
    basic = {"Authorization": "Basic bmlnaHQ6ZGVzaw==", "Accept": "text/html"}
    for _ in range(FREE + 1):
        async with guarded.session.get("/cards", headers=basic) as answer:
            assert (answer.status, answer.url.path) == (200, "/login")
    assert (await guarded.get("/api/v1/cards", **basic))[0] == 401
    form = {"token": DESK.token, "next": "/cards"}
    async with guarded.session.post("/login", data=form, headers=basic, allow_redirects=False) as answer:
        session = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    async with guarded.session.get("/cards", headers=basic | session, allow_redirects=False) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://alerts.example", 200),
        ("HTTPS://ALERTS.EXAMPLE", 200),
        ("http://alerts.example", 403),
        ("https://alerts.example.evil.example", 403),
        ("https://alerts.example:8443", 403),
        ("null", 403),
        ("", 403),
        ("://", 403),
    ],
)
async def test_behind_a_proxy_the_public_address_is_ours(guarded: Any, origin: str, status: int) -> None:
    """A proxy that asks by its own name for us, as nginx does, passes the console's forms on; other sites stay strangers."""
    public = type(guarded.gateway.settings.gateway)(public_url="https://alerts.example/")
    guarded.gateway.settings = Settings(gateway=public, tokens=(DESK,))
    headers = {"Origin": origin, "Host": "upstream"}
    form = {"token": DESK.token, "next": "/healthz"}
    async with guarded.session.post("/login", data=form, headers=headers, allow_redirects=False) as answer:
        assert answer.status == (303 if status == 200 else status)


async def test_strangers_send_no_more_than_a_form(guarded: Any) -> None:
    """The log-in takes no more in than a form needs, whatever the rest of the gateway takes."""
    asked = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    reader, writer = await asyncio.open_connection(guarded.address.host, guarded.address.port)
    writer.write(f"{asked}Content-Length: 9000000\r\n\r\ntoken=".encode() + b"x" * 200_000)
    async with asyncio.timeout(30):
        assert b" 413 " in await reader.readline()
    writer.close()


async def test_behind_tls_the_cookie_is_of_this_host_only(guarded: Any) -> None:
    """With a public address over https it is secure, and has the prefix that browsers check."""
    secure = type(guarded.gateway.settings.gateway)(public_url="https://alerts.example")
    guarded.gateway.settings = Settings(gateway=secure, tokens=(DESK,))
    async with guarded.session.post("/login", data={"token": DESK.token}, allow_redirects=False) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-capgateway=")
    assert "Secure" in cookie


async def test_a_form_needs_the_token_of_its_session(guarded: Any) -> None:
    """Not that of another session, none, or a form from another site; and the cookie alone changes nothing in the API."""
    cookies = [await _cookie(guarded) for _ in range(2)]
    forms = [await _form(guarded, cookie) for cookie in cookies]
    assert forms[0] != forms[1]
    for form, headers, status in (
        (forms[1], {}, 403),
        ("", {}, 403),
        (forms[0], {"Origin": "https://elsewhere.example"}, 403),
        (forms[0], {}, 303),
    ):
        sent = {"form": form, "reason": "a test"}
        mine = {"Cookie": cookies[0], **headers}
        async with guarded.session.post("/pause", data=sent, headers=mine, allow_redirects=False) as answer:
            assert answer.status == status
    assert (await guarded.post("/api/v1/resume", Cookie=cookies[0]))[0] == 401


async def test_events_say_what_changed(site: Any) -> None:
    """An alert that comes in is an event that names kinds, and nothing about it."""
    async with asyncio.timeout(30), site.session.get("/api/v1/events/stream") as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readline() == b"retry: 3000\n"
        seen = asyncio.create_task(_event(answer))
        while not seen.done():  # the first look may come after the first alert
            await site.service.submit("nws", alert(f"TX-{utc_now().timestamp()}", "TOR", utc_now()), actor="test")
            await asyncio.wait([seen], timeout=1)
        assert b'"alerts"' in seen.result()
        assert b"Testchild" not in seen.result()


async def test_a_stream_ends_with_its_token(guarded: Any) -> None:
    """A reload that removes the token ends the streams of those who used it."""
    async with asyncio.timeout(30), guarded.session.get("/api/v1/events/stream", headers=BEARER) as answer:
        await answer.content.readline()
        guarded.gateway.settings = Settings(tokens=(OTHER,))
        await answer.content.read()
    assert (await guarded.get("/api/v1/events/stream"))[0] == 401


async def test_streams_are_bounded(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is asked to come back later."""
    monkeypatch.setattr(stream, "MOST_STREAMS", 1)
    async with site.session.get("/api/v1/events/stream") as first:
        await first.content.readline()
        assert (await site.get("/api/v1/events/stream"))[0] == 503


async def _event(answer: Any) -> bytes:
    async for line in answer.content:
        if line.startswith(b"data:"):
            return bytes(line)
    raise AssertionError("the stream ended")


async def _cookie(guarded: Any) -> str:
    async with guarded.session.post("/login", data={"token": DESK.token}, allow_redirects=False) as answer:
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


async def _form(guarded: Any, cookie: str) -> str:
    async with guarded.session.get("/", headers={"Cookie": cookie}) as answer:
        text: str = await answer.text()
    return text.partition('name="form" value="')[2].partition('"')[0]
