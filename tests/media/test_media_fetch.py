"""The one GET of a picture: over https, at hosts that were named, at addresses that are allowed, to a limit, without credentials."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from media_gateway import LOOPBACK, Gateway, walking
from msgspec.structs import replace
from picture_samples import amber, drawn, embedded, linked

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.media.embedded import MOST_BYTES, read
from capgateway.media.fetch import fetch
from capgateway.media.walk import hosts_of, source_of
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import Store
from capgateway.store.pictures import Failed

NOW = utc_now().replace(microsecond=0) - timedelta(minutes=10)
FEED = Feed(name="f", kind="push", media_hosts=("127.0.0.1", "localhost"), allow_networks=LOOPBACK)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as running:
        running.publish("ada.jpg", drawn())
        yield running


async def ask(url: str, **changes: Any) -> bytes | Failed:
    """What a feed gets there."""
    return await fetch(url, source_of(replace(FEED, **changes)), user_agent="test", now=utc_now())


async def failed(url: str, **changes: Any) -> tuple[str, bool]:
    """The finding, and whether it is tried again."""
    found = await ask(url, **changes)
    assert isinstance(found, Failed)
    return found.finding, found.is_for_now


async def test_a_picture_is_fetched_whatever_it_is_called(server: FeedServer) -> None:
    """The simulator calls it CAP; the bytes are what counts."""
    assert await ask(server.url("ada.jpg")) == drawn()


@pytest.mark.parametrize("status", [403, 404, 408, 429, 500, 502, 503])
async def test_what_may_pass_is_tried_again(server: FeedServer, status: int) -> None:
    """Servers in trouble or asking for patience, and files that may not be there yet."""
    server.misbehave("ada.jpg", Fault(status=status, headers={"Retry-After": "60"}))
    found = await ask(server.url("ada.jpg"))
    assert isinstance(found, Failed)
    assert (found.finding, found.is_for_now, found.retry_at is not None) == ("fetch", True, True)


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 406, 410, 418])
async def test_what_stays_so_is_not(server: FeedServer, status: int) -> None:
    """Any other answer is final."""
    server.misbehave("ada.jpg", Fault(status=status))
    assert await failed(server.url("ada.jpg")) == ("fetch", False)


async def test_servers_that_cannot_be_reached_are_tried_again(server: FeedServer) -> None:
    """No such name, nobody there, half an answer, or no TLS."""
    assert await failed("https://ada.invalid/a.jpg", media_hosts=("ada.invalid",)) == ("fetch", True)
    assert await failed("http://127.0.0.1:1/a.jpg") == ("fetch", True)
    server.misbehave("ada.jpg", Fault(cut_after=100))
    assert await failed(server.url("ada.jpg")) == ("fetch", True)
    assert await failed(server.url("ada.jpg").replace("http:", "https:")) == ("fetch", True)


@pytest.mark.parametrize(
    "target",
    [
        "http://[::1]:{port}/ada.jpg",
        "http://127.1:{port}/ada.jpg",
        "http://0x7f.0.0.1:{port}/ada.jpg",
        "http://10.0.0.1/ada.jpg",
        "http://169.254.169.254/latest/meta-data",
        "https://elsewhere.example/ada.jpg",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "http://user:word@127.0.0.1:{port}/ada.jpg",
    ],
)
async def test_no_address_or_redirect_leads_elsewhere(server: FeedServer, target: str) -> None:
    """A host that is not listed, or an address that is not allowed, is never asked: not at once, and not by a redirect."""
    url = target.replace("{port}", server.url("").rpartition(":")[2].strip("/"))
    hosts = (*FEED.media_hosts, "::1", "127.1", "0x7f.0.0.1", "10.0.0.1", "169.254.169.254")
    only = (ip_network("127.0.0.1/32"),)
    assert await failed(url, media_hosts=hosts, allow_networks=only) == ("fetch", False)
    server.misbehave("ada.jpg", Fault(location=url), times=1)
    assert await failed(server.url("ada.jpg"), media_hosts=hosts, allow_networks=only) == ("fetch", False)
    assert len(server.requests_for("ada.jpg")) == 1


async def test_redirects_end(server: FeedServer) -> None:
    """In circles or in a long row: five are followed."""
    server.misbehave("ada.jpg", Fault(location=server.url("ada.jpg")))
    assert await failed(server.url("ada.jpg")) == ("fetch", False)
    assert len(server.requests_for("ada.jpg")) == 6


async def test_no_body_is_endless() -> None:
    """A body without an end, declared or not, is cut at the limit; so is a packed one that grows."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        if request.path == "/packed":
            response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        sent = 0
        while sent < 40 * MOST_BYTES:
            await response.write(bytes(1_000_000))
            sent += 1_000_000
        return response

    app = web.Application()
    app.router.add_get("/{name}", endless)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        for name in ("plain", "packed"):
            assert await failed(f"http://127.0.0.1:{runner.addresses[0][1]}/{name}") == ("size", False)
    finally:
        await runner.cleanup()


async def test_slow_bodies_run_out_of_patience(
    store: Store, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that drips is given up as a whole, and tried again later with more patience."""
    monkeypatch.setattr("capgateway.media.walk.PATIENCE", 0.5)
    server.misbehave("ada.jpg", Fault(drip=timedelta(milliseconds=50)))
    gateway = Gateway(store, server)
    await gateway.take(amber(NOW, linked(server.url("ada.jpg"))))
    async with walking(gateway):
        await gateway.settled()
    (row,), _ = await gateway.rows()
    assert (row["state"], row["finding"], row["failures"]) == ("pending", "fetch", 1)
    assert row["due_at"] > utc_now() - timedelta(seconds=60)


async def test_nothing_shows_who_asks(server: FeedServer) -> None:
    """The feed's headers are not sent, not even to its own host: a picture is a stranger's address in a stranger's alert."""
    feed = Feed(
        name="f", kind="atom", url=server.url("index.atom"), headers={"X-Key": "k-3141"}, allow_networks=LOOPBACK
    )
    await fetch(server.url("ada.jpg"), source_of(feed), user_agent="test", now=utc_now())
    (asked,) = server.requests_for("ada.jpg")
    assert {"x-key", "cookie", "authorization", "referer"} & {name.lower() for name in asked.headers} == set()
    bare = source_of(replace(feed, client_cert="client.pem", client_key="client.key")).feed
    assert (bare.client_cert, bare.client_key) == (None, None)


async def test_plain_http_is_for_allowed_networks(tmp_path: Path) -> None:
    """Without ``allow_networks``, http and private addresses are refused; over TLS the certificate counts."""
    authority, ca = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    async with FeedServer(tls=context) as server:
        server.publish("ada.jpg", drawn())
        url = server.url("ada.jpg").replace("127.0.0.1", "localhost")
        assert await ask(url, ca=str(ca)) == drawn()
        assert await failed(url) == ("fetch", True)
        assert await failed(url, ca=str(ca), allow_networks=()) == ("fetch", False)
        assert await failed(url.replace("https:", "http:"), ca=str(ca), allow_networks=()) == ("fetch", False)


def test_the_hosts_of_a_feed() -> None:
    """Those that are configured; by default its own: of its URL, its streams and its archives."""
    own = Feed(name="f", kind="naads", urls=("tls://Stream.example:8080",), archives=("https://archive.example/x",))
    assert hosts_of(own) == ("stream.example", "archive.example")
    assert hosts_of(replace(own, media_hosts=("*.photos.example",))) == ("*.photos.example",)
    assert hosts_of(Feed(name="f", kind="push")) == ()


CONTENT = drawn()
TEXT = base64.b64encode(CONTENT).decode()
LINES = "\n".join(TEXT[at : at + 60] for at in range(0, len(TEXT), 60))
DIGESTS = {
    "of the file": hashlib.sha1(CONTENT).hexdigest(),  # noqa: S324
    "in capitals": hashlib.sha1(CONTENT).hexdigest().upper(),  # noqa: S324
    "in base64": base64.b64encode(hashlib.sha1(CONTENT).digest()).decode(),  # noqa: S324
    "of the base64 text": hashlib.sha1(TEXT.encode()).hexdigest(),  # noqa: S324
    "of lines of 60 columns": hashlib.sha1(LINES.encode()).hexdigest(),  # noqa: S324
    "of something else": hashlib.sha1(b"something else").hexdigest(),  # noqa: S324
    "of another kind": hashlib.md5(CONTENT).hexdigest(),  # noqa: S324
}


@pytest.mark.parametrize("how", DIGESTS)
async def test_digests_count_in_every_reading(store: Store, server: FeedServer, how: str) -> None:
    """Where a digest matches in no reading, a fetched picture is refused and an embedded one is used, both with
    media.digest."""
    is_wrong = how in ("of something else", "of another kind")
    gateway = Gateway(store, server)
    both = (linked(server.url("ada.jpg"), digest=DIGESTS[how]), embedded(CONTENT, digest=DIGESTS[how]))
    await gateway.take(amber(NOW, *both))
    async with walking(gateway):
        card = await gateway.shows(1 if is_wrong else 2)
        await gateway.settled()
    assert [one.id for one in card.media] == (["m2"] if is_wrong else ["m1", "m2"])
    assert await gateway.rules() == (["media.digest", "media.digest"] if is_wrong else [])


def test_embedded_files_are_bounded() -> None:
    """A file in an alert is no longer than one that is fetched, and must be base64."""

    def found(text: str) -> tuple[bytes, str] | Failed:
        alert = amber(NOW, embedded(b"", deref_uri=text))
        return read(cap.write(replace(alert, infos=alert.infos[:1])), 0, 0)

    assert found("\n  QUJD\n") == (b"ABC", "\n  QUJD\n")
    for text, finding in (("QUJ", "unsafe"), ("Q*JD", "unsafe"), ("A" * (MOST_BYTES // 3 * 4 + 8), "size")):
        failed_one = found(text)
        assert isinstance(failed_one, Failed)
        assert failed_one.finding == finding
    missing = read(cap.write(amber(NOW)), 0, 0)
    assert missing == read(b"<alert", 0, 0) == Failed(finding="fetch", trouble="the alert does not contain it any more")


async def test_hostile_files_leave_the_card_as_it_is(store: Store, server: FeedServer) -> None:
    """A page, a drawing and half a picture: the card stays on display without them, each with its finding, and its other
    picture comes."""
    server.publish("page.jpg", b"<!DOCTYPE html><script>alert(1)</script>")
    server.publish("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    server.publish("half.jpg", drawn()[:800])
    server.publish("dot.png", drawn("PNG", (1, 1)))
    gateway = Gateway(store, server)
    names = ("page.jpg", "drawing.svg", "half.jpg", "dot.png", "ada.jpg")
    await gateway.take(amber(NOW, *(linked(server.url(name)) for name in names)))
    async with walking(gateway):
        card = await gateway.shows(1)
        await gateway.settled()
    assert (card.state, card.media[0].id) == ("active", "m5")
    assert await gateway.rules() == ["media.type", "media.type", "media.unsafe", "media.size"]
    assert all(
        finding.xpath == f"/alert/info[1]/resource[{number}]"
        for number, finding in enumerate(await gateway.findings(), 1)
    )


async def test_a_fault_of_the_gateway_is_tried_again(
    store: Store, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that cannot be started is trouble of this machine: the picture is tried again, and the card stays."""

    async def no_process(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    gateway = Gateway(store, server)
    await gateway.take(amber(NOW, linked(server.url("ada.jpg"))))
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", no_process)
        async with walking(gateway):
            await gateway.settled()
    (row,), _ = await gateway.rows()
    assert (row["state"], row["finding"], row["trouble"]) == ("pending", "fetch", "a fault of the gateway: OSError")
