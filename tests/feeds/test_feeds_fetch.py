"""Asking a feed's server: manners, trouble as values, and nothing said to strangers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import aiohttp
import msgspec
import pytest

from capgateway import net
from capgateway.feeds import Feed
from capgateway.feeds.http.answer import Validators
from capgateway.feeds.http.fetch import MAX_REDIRECTS, Fetched, FetchFailed, fetch
from capgateway.simulate.feed import Fault, FeedServer

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)
# An interval of a second makes the hourly poll without conditions too rare to fall on NOW.
FEED = Feed(name="f", kind="atom", allow_networks=LOOPBACK, interval=timedelta(seconds=1))


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[FeedServer, aiohttp.ClientSession]]:
    async with FeedServer() as server, net.new_session(user_agent="test/1", allow_networks=LOOPBACK) as session:
        server.publish("a.xml", b"<alert/>")
        yield server, session


async def ask(
    server: FeedServer, session: aiohttp.ClientSession, name: str = "a.xml", known: Validators | None = None
) -> Fetched | FetchFailed | None:
    return await fetch(session, server.url(name), feed=FEED, now=NOW, known=known)


async def test_a_new_body_comes_with_its_validators() -> None:
    """The first answer holds the body, its type, its tags and its hash."""
    async with serving() as (server, session):
        got = await ask(server, session)
        assert isinstance(got, Fetched)
        assert (got.body, got.media_type, got.url) == (b"<alert/>", "application/cap+xml", server.url("a.xml"))
        assert got.validators.etag
        assert got.validators.last_modified
        assert len(got.validators.sha256 or "") == 64


async def test_what_we_know_is_asked_with_conditions() -> None:
    """An unchanged document costs a 304 and is None; a changed one is fetched."""
    async with serving() as (server, session):
        first = await ask(server, session)
        assert isinstance(first, Fetched)
        assert await ask(server, session, known=first.validators) is None
        assert [request.status for request in server.requests] == [200, 304]
        server.publish("a.xml", b"<alert>2</alert>")
        again = await ask(server, session, known=first.validators)
        assert isinstance(again, Fetched)


async def test_the_same_body_under_a_new_tag_is_no_news() -> None:
    """The hash stands beside a tag that changes with every answer."""
    async with serving() as (server, session):
        first = await ask(server, session)
        assert isinstance(first, Fetched)
        server.misbehave("a.xml", Fault(etag='"other"'))
        assert await ask(server, session, known=first.validators) is None
        assert server.requests[-1].status == 200


async def test_once_an_hour_the_whole_document_is_asked_for() -> None:
    """A server that says 304 although the content changed is found out within the hour."""
    async with serving() as (server, session):
        server.misbehave("a.xml", Fault(etag='"frozen"'))
        first = await ask(server, session)
        assert isinstance(first, Fetched)
        server.publish("a.xml", b"<alert>2</alert>")
        feed = msgspec.structs.replace(FEED, interval=timedelta(minutes=2))
        polls = [NOW + feed.interval * n for n in range(30)]
        got = [await fetch(session, server.url("a.xml"), feed=feed, now=now, known=first.validators) for now in polls]
        assert sum(isinstance(one, Fetched) for one in got) == 1


async def test_a_304_nobody_asked_for_is_a_failure() -> None:
    """Without conditions there is nothing that could be unmodified."""
    async with serving() as (server, session):
        server.misbehave("a.xml", Fault(status=304))
        assert isinstance(await ask(server, session), FetchFailed)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (204, "empty"),
        (206, "status"),
        (300, "status"),
        (302, "redirect"),
        (400, "status"),
        (401, "forbidden"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "not_found"),
        (429, "throttled"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
async def test_every_other_status_is_a_failure_with_its_word(status: int, reason: str) -> None:
    """Only 200 brings a body; the rest is told in one stable word."""
    async with serving() as (server, session):
        server.misbehave("a.xml", Fault(status=status))
        got = await ask(server, session)
        assert isinstance(got, FetchFailed)
        assert (got.reason, got.status) == (reason, status)


async def test_retry_after_is_heard() -> None:
    """A throttled poll says when to come back."""
    async with serving() as (server, session):
        server.misbehave("a.xml", Fault(status=429, headers={"Retry-After": "120"}))
        got = await ask(server, session)
        assert isinstance(got, FetchFailed)
        assert got.retry_at == NOW + timedelta(seconds=120)


async def test_cache_control_is_heard() -> None:
    """A fresh answer says how long it stays so."""
    async with serving() as (server, session):
        server.misbehave("a.xml", Fault(headers={"Cache-Control": "public, max-age=30", "Age": "10"}))
        got = await ask(server, session)
        assert isinstance(got, Fetched)
        assert got.fresh_until == NOW + timedelta(seconds=20)


async def test_redirects_are_followed_and_permanent_ones_reported() -> None:
    """A permanent move is reported with its target; one temporary step on the way and it is not."""
    async with serving() as (server, session):
        server.misbehave("old", Fault(status=301, location="/older"))
        server.misbehave("older", Fault(status=308, location=server.url("a.xml")))
        server.misbehave("now", Fault(status=307, location="old"))
        moved, found = await ask(server, session, "old"), await ask(server, session, "now")
        assert isinstance(moved, Fetched)
        assert isinstance(found, Fetched)
        assert (moved.moved_to, moved.url) == (server.url("a.xml"), server.url("a.xml"))
        assert (found.moved_to, found.body) == (None, b"<alert/>")


async def test_a_redirect_loop_ends() -> None:
    """After five redirects we stop asking."""
    async with serving() as (server, session):
        server.misbehave("loop", Fault(location="/loop"))
        got = await ask(server, session, "loop")
        assert isinstance(got, FetchFailed)
        assert got.reason == "redirect"
        assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://10.0.0.1/", "blocked"),
        ("http://169.254.169.254/latest/meta-data", "blocked"),
        ("https://[::1]/", "blocked"),
        ("http://8.8.8.8/", "blocked"),
        ("https://user:word@example.org/", "url"),
        ("file:///etc/passwd", "url"),
        ("https://[bad/", "url"),
    ],
)
async def test_redirects_to_where_we_must_not_go_are_refused(location: str, reason: str) -> None:
    """A redirect is held to the same rules as a configured address."""
    async with serving() as (server, session):
        server.misbehave("away", Fault(location=location))
        got = await ask(server, session, "away")
        assert isinstance(got, FetchFailed)
        assert got.reason == reason


async def test_a_feeds_own_headers_stay_at_its_own_origin() -> None:
    """A key configured for a feed is sent to the feed, not where it redirects or links to."""
    async with serving() as (server, session), FeedServer() as stranger:
        stranger.publish("b.xml", b"<alert/>")
        server.misbehave("go", Fault(location=stranger.url("b.xml")))
        feed = msgspec.structs.replace(FEED, url=server.url("index.atom"), headers={"X-Key": "invented"})
        for url in (server.url("a.xml"), server.url("go"), stranger.url("b.xml")):
            assert isinstance(await fetch(session, url, feed=feed, now=NOW), Fetched)
        assert [request.headers.get("X-Key") for request in server.requests] == ["invented", "invented"]
        assert [request.headers.get("X-Key") for request in stranger.requests] == [None, None]


async def test_we_say_who_we_are_and_what_we_want() -> None:
    """User-Agent and Accept are sent; nothing else identifies us."""
    async with serving() as (server, session):
        await ask(server, session)
        headers = server.requests[0].headers
        assert headers["User-Agent"] == "test/1"
        assert headers["Accept"].startswith("application/cap+xml")
        assert set(headers) == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


async def test_tags_that_cannot_be_sent_back_are_forgotten() -> None:
    """A tag of no real server neither breaks the next request nor is kept."""
    async with serving() as (server, session):
        for tag in ('"é"', "x" * 2000):
            server.misbehave("a.xml", Fault(headers={"ETag": tag, "Last-Modified": tag}))
            got = await ask(server, session)
            assert isinstance(got, Fetched)
            assert (got.validators.etag, got.validators.last_modified) == (None, None)


async def test_a_feeds_own_headers_replace_ours() -> None:
    """Whatever their case, a header the operator sets is sent once, as set."""
    async with serving() as (server, session):
        feed = msgspec.structs.replace(
            FEED, url=server.url("a.xml"), headers={"accept": "text/xml", "user-AGENT": "me"}
        )
        assert isinstance(await fetch(session, server.url("a.xml"), feed=feed, now=NOW), Fetched)
        headers = {name.lower(): value for name, value in server.requests[0].headers.items()}
        assert (headers["accept"], headers["user-agent"]) == ("text/xml", "me")


async def test_bodies_are_bounded_and_whole() -> None:
    """A body over the limit, or one that ends early, is a failure, never half a document."""
    async with serving() as (server, session):
        server.publish("big.xml", b"x" * 5000)
        got = await fetch(session, server.url("big.xml"), feed=FEED, now=NOW, limit=1000)
        assert isinstance(got, FetchFailed)
        assert got.reason == "too_large"
        server.misbehave("big.xml", Fault(cut_after=100))
        got = await ask(server, session, "big.xml")
        assert isinstance(got, FetchFailed)
        assert got.reason == "truncated"


async def test_a_slow_server_is_left() -> None:
    """A server that delays or drips runs into the time limit."""
    quick = aiohttp.ClientTimeout(total=0.3)
    async with FeedServer() as server:
        server.publish("a.xml", b"<alert/>" * 100)
        for fault in (Fault(delay=timedelta(seconds=9)), Fault(drip=timedelta(seconds=0.05))):
            server.misbehave("a.xml", fault)
            async with net.new_session(user_agent="t", allow_networks=LOOPBACK, timeout=quick) as session:
                got = await ask(server, session)
            assert isinstance(got, FetchFailed)
            assert got.reason == "timeout"


async def test_plain_http_is_asked_over_https_without_allow_networks() -> None:
    """A link in plain http to a public place is tried securely; loopback stays refused either way."""
    feed = Feed(name="f", kind="atom")
    async with FeedServer() as server, net.new_session(user_agent="t") as session:
        got = await fetch(session, "http://127.0.0.1/a.xml", feed=feed, now=NOW)
        assert isinstance(got, FetchFailed)
        assert got.reason == "blocked"
        got = await fetch(session, server.url("a.xml"), feed=feed, now=NOW)
        assert isinstance(got, FetchFailed)
        assert got.reason == "scheme"
        assert server.requests == []


async def test_no_url_at_all_is_a_failure_too() -> None:
    """Whatever an index links to, the answer is a value."""
    async with net.new_session(user_agent="t") as session:
        for url in ("https://[bad/", "https://x:99999/", "nonsense", ""):
            got = await fetch(session, url, feed=FEED, now=NOW)
            assert isinstance(got, FetchFailed)
            assert got.reason == "url"
