"""How a gateway behaves towards the servers it asks: nothing asked twice, nothing sent to others, pauses kept."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path

import pytest
from kinds_gateway import AGENT, BRISK, amber, chain, feed, identifiers, opened, until

from capgateway import cap, net
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.feeds.http.fetch import FetchFailed, fetch
from capgateway.feeds.http.hosts import Hosts
from capgateway.feeds.pace import interval_of
from capgateway.ingest import Watch, poll
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import lists

HOUR = timedelta(hours=1)
KINDS = [
    ("atom", "index.atom"),
    ("rss", "embedded.rss"),
    ("ipaws", "recent/{since}"),
    ("nws", "alerts/active"),
    ("nws", "alerts?limit=2"),
    ("edxl", "envelope.edxl"),
    ("cap", "A.xml"),
]


def contents(path: Path) -> list[tuple[str, bytes]]:
    """Every byte the database has on the disk, its log included."""
    return [(file.name, file.read_bytes()) for file in sorted(path.glob("gateway.db*")) if file.suffix != ".db-shm"]


@pytest.mark.parametrize(("kind", "path"), KINDS)
async def test_a_poll_without_news_writes_nothing(tmp_path: Path, kind: str, path: str) -> None:
    """Not one byte of the database changes, whether the server says 304 or sends the same again."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        for name in ("A", "B", "C"):
            source.publish(f"{name}.xml", cap.write(amber(name)))
        watch = gateway.watch(feed("f", kind, source.url(path), interval=BRISK))
        assert (await poll(gateway.intake, watch)).outcome == "ok"
        before, asked = contents(tmp_path), len(source.requests)
        for _ in range(3):
            assert (await poll(gateway.intake, watch)).outcome == "not_modified"
        source.misbehave("index.atom", Fault(headers={"ETag": "", "Last-Modified": ""}))
        assert (await poll(gateway.intake, watch)).outcome == "not_modified"
        assert contents(tmp_path) == before
        assert len(source.requests) - asked <= 4 * 2, "only the listings are asked again"


async def test_requests_are_conditional_across_a_restart(tmp_path: Path) -> None:
    """What the server said of its last body is sent back, by the next process too."""
    async with FeedServer() as source:
        source.publish("a.xml", cap.write(amber("A")))
        one = feed("f", "atom", source.url("index.atom"), interval=BRISK)
        for _ in range(2):
            async with opened(tmp_path) as gateway:
                await poll(gateway.intake, gateway.watch(one))
        first, second = source.requests_for("index.atom")
        assert (first.status, second.status) == (200, 304)
        assert "If-None-Match" not in first.headers
        assert second.headers["If-None-Match"].startswith('"')
        assert second.headers["User-Agent"] == AGENT
        assert [request.status for request in source.requests_for("a.xml")] == [200, 304]


async def test_a_change_within_the_second_is_seen(tmp_path: Path) -> None:
    """A date of whole seconds cannot tell two states of one second apart, so it is not sent back while it is fresh."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("index.atom", Fault(headers={"ETag": ""}))
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=BRISK))
        for name in ("A", "B"):
            source.publish(f"{name}.xml", cap.write(amber(name)))
            await poll(gateway.intake, watch)
        assert await identifiers(gateway.store) == ["A", "B"]


@pytest.mark.parametrize("as_date", [False, True])
@pytest.mark.parametrize("status", [429, 503, 403])
async def test_a_server_that_asks_us_to_wait_is_left_alone(tmp_path: Path, status: int, as_date: bool) -> None:
    """``Retry-After``, in seconds or as a date, decides the next poll; not before, and not much later."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        wanted = utc_now() + timedelta(minutes=12)
        told = format_datetime(wanted, usegmt=True) if as_date else "720"
        source.misbehave("index.atom", Fault(status=status, headers={"Retry-After": told}))
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=timedelta(seconds=30)))
        result = await poll(gateway.intake, watch)
        assert result.trouble == f"127.0.0.1 answered {status} {HTTPStatus(status).phrase}"
        assert watch.next_try is not None
        assert wanted - timedelta(seconds=2) <= watch.next_try <= wanted + timedelta(minutes=3)


async def test_an_answer_that_stays_fresh_is_not_asked_again(tmp_path: Path) -> None:
    """``Cache-Control: max-age`` puts the next poll off, to a bound."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        waits = []
        for said in ("max-age=600", "max-age=31536000", "no-store", "max-age=0"):
            source.misbehave("index.atom", Fault(headers={"Cache-Control": said}))
            watch = gateway.watch(feed(said, "atom", source.url("index.atom"), interval=timedelta(seconds=30)))
            before = utc_now()
            await poll(gateway.intake, watch)
            assert watch.next_try is not None
            waits.append(round((watch.next_try - before) / timedelta(minutes=1)))
        assert [wait >= 10 for wait in waits] == [True, True, False, False]
        assert max(waits) <= 15


async def test_failures_wait_longer_and_longer(tmp_path: Path) -> None:
    """The pause doubles up to a bound, and is the interval again after one success."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("index.atom", Fault(status=500))
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=timedelta(seconds=30)))
        waits = []
        for _ in range(9):
            before = utc_now()
            await poll(gateway.intake, watch)
            assert watch.next_try is not None
            waits.append((watch.next_try - before).total_seconds())
        assert all(later > earlier * 1.5 for earlier, later in pairwise(waits[:5]))
        assert all(800 < wait < 1000 for wait in waits[6:])
        source.behave()
        before = utc_now()
        assert (await poll(gateway.intake, watch)).trouble is None
        assert watch.next_try is not None
        assert watch.next_try - before < timedelta(seconds=34)


async def test_a_failing_feed_delays_no_other(tmp_path: Path) -> None:
    """One that hangs, one that refuses and one that breaks off; the fourth is read all the same, again and again."""
    async with FeedServer() as gone:
        dead = gone.url("index.atom")
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("index.rss", Fault(delay=timedelta(seconds=1)))
        source.misbehave("embedded.rss", Fault(cut_after=3))
        source.publish("a.xml", cap.write(amber("A")))
        feeds = [
            feed("hangs", "rss", source.url("index.rss"), interval=HOUR),
            feed("refuses", "atom", dead, interval=BRISK),
            feed("breaks", "rss", source.url("embedded.rss"), interval=BRISK),
            feed("works", "atom", source.url("index.atom"), interval=BRISK),
        ]
        watching = gateway.watching()
        async with watching.running(feeds):
            await until(lambda: len(source.requests_for("index.atom")) >= 5)
            health = {status.name: status.health for status in watching.statuses()}
            assert health == {"hangs": "waiting", "refuses": "failing", "breaks": "failing", "works": "ok"}
            assert await identifiers(gateway.store) == ["A"]


async def test_public_hosts_are_asked_in_turn_and_our_own_as_configured(tmp_path: Path) -> None:
    """Only a feed without ``allow_networks`` goes through the limits; a host that is held is not asked at all."""
    hosts, now = Hosts(), utc_now()
    hosts.hold("127.0.0.1", now + HOUR)
    async with FeedServer() as source, net.new_session(user_agent=AGENT) as session, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        url = source.url("a.xml")
        public = Feed(name="f", kind="cap", url=url)
        found = await fetch(session, url, feed=public, now=now, hosts=hosts)
        assert isinstance(found, FetchFailed)
        assert (found.reason, found.retry_at) == ("throttled", now + HOUR)
        gateway.intake.hosts.hold("127.0.0.1", now + HOUR)
        assert (await poll(gateway.intake, gateway.watch(feed("own", "cap", url)))).outcome == "ok"
        watch = Watch(public, session, {})
        assert (await poll(gateway.intake, watch)).outcome == "throttled"
        assert watch.next_try is not None
        assert timedelta(minutes=14) < watch.next_try - now < timedelta(minutes=16), "looked at again all the same"
        assert len(source.requests) == 1


def test_what_a_source_asks_for_binds_its_public_host() -> None:
    """Two minutes for FEMA's own hosts, whatever the kind; the simulator may be asked as often as one likes."""
    often = timedelta(seconds=5)
    for url, expected in (
        ("https://apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest/eas/recent/{since}", timedelta(minutes=2)),
        ("https://tdl.apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest/public/recent/{since}", timedelta(minutes=2)),
        ("http://127.0.0.1:8000/recent/{since}", often),
        ("https://apps.fema.gov.example/recent/{since}", often),
    ):
        assert interval_of(Feed(name="f", kind="ipaws", url=url, interval=often)) == expected


async def test_keys_go_to_the_origin_they_are_for(tmp_path: Path) -> None:
    """A feed's headers are not sent where its links and redirects lead; our name is sent everywhere."""
    async with FeedServer() as source, FeedServer("localhost") as other, opened(tmp_path) as gateway:
        other.publish("b.xml", cap.write(amber("B")))
        source.publish("a.xml", cap.write(amber("A")))
        source.publish("c.xml", cap.write(amber("C")))
        source.misbehave("c.xml", Fault(location=other.url("b.xml")))
        link = b'<entry><id>1</id><title>t</title><updated>2026-01-01T00:00:00Z</updated><link href="%s"/></entry>'
        entries = b"".join(
            link % one.encode() for one in (other.url("b.xml?1"), source.url("a.xml"), source.url("c.xml"))
        )
        source.misbehave("index.atom", Fault(body=b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>' % entries))
        key = {"X-Api-Key": "secret"}
        await poll(gateway.intake, gateway.watch(feed("f", "atom", source.url("index.atom"), headers=key)))
        assert await identifiers(gateway.store) == ["A", "B"]
        assert {"X-Api-Key" in request.headers for request in source.requests} == {True}
        assert {"X-Api-Key" in request.headers for request in other.requests} == {False}
        assert len(other.requests) == 2
        assert {request.headers["User-Agent"] for request in (*source.requests, *other.requests)} == {AGENT}


async def test_cancels_are_asked_for_apart(tmp_path: Path) -> None:
    """The NWS never lists a Cancel among the active alerts; with its own filters it is asked for them."""
    first, _, ended = chain("TX")
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("first.xml", cap.write(first))
        watch = gateway.watch(feed("f", "nws", source.url("alerts/active?area=TX"), interval=BRISK))
        await poll(gateway.intake, watch)
        source.remove("first.xml")
        source.publish("ended.xml", cap.write(ended))
        await poll(gateway.intake, watch)
        assert await identifiers(gateway.store) == ["TX-A", "TX-C"]
        assert (await gateway.store.read(lists.card_page, state="active")).items == []
        assert {request.headers["Accept"].partition(",")[0] for request in source.requests_for("alerts")} == {
            "application/geo+json"
        }
        assert source.requests_for("ended.xml")[0].headers["Accept"].startswith("application/cap+xml")


async def test_a_move_for_good_is_told(tmp_path: Path) -> None:
    """A permanent redirect is followed and reported; one from https to http, or in circles, is not followed."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        source.misbehave("old", Fault(status=301, location=source.url("index.atom")))
        source.misbehave("circle", Fault(location=source.url("circle")))
        watch = gateway.watch(feed("f", "atom", source.url("old")))
        assert (await poll(gateway.intake, watch)).outcome == "ok"
        assert watch.status(utc_now()).moved_to == source.url("index.atom")
        turning = gateway.watch(feed("g", "atom", source.url("circle")))
        assert (await poll(gateway.intake, turning)).outcome == "redirect"
        assert len(source.requests_for("circle")) == 6


async def test_polls_of_one_feed_do_not_overlap(tmp_path: Path) -> None:
    """A poll by hand while one is under way waits for it, and takes nothing twice."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        source.misbehave("index.atom", Fault(delay=timedelta(milliseconds=100)), times=1)
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=BRISK))
        results = await asyncio.gather(*(poll(gateway.intake, watch) for _ in range(3)))
        assert [result.new for result in results] == [1, 0, 0]
        assert len(source.requests_for("a.xml")) == 1
        assert isinstance(watch.last_success, datetime)


async def test_an_end_that_waits_for_no_answer_is_no_crash(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that is stopped while a server takes its time ends that poll, and logs no error."""
    monkeypatch.setattr("capgateway.ingest.jobs.STOP_SECONDS", 0.1)
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("index.atom", Fault(delay=timedelta(seconds=3)))
        watching = gateway.watching()
        async with watching.running([feed("slow", "atom", source.url("index.atom"))]):
            await until(lambda: bool(source.requests_for("index.atom")))
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
