"""How feeds are doing: from waiting to ok, to failing, to silent; what is new, what is missing, what may be lost."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from kinds_gateway import BRISK, Gateway, amber, archived, feed, identifiers, opened, until

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.ingest import Watch, hear, poll, submit, sweep
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.stream import StreamServer

QUARTER = timedelta(minutes=15)


def health(watch: Watch, later: timedelta = timedelta()) -> str:
    """As it will be told after so long."""
    return watch.status(utc_now() + later).health


async def test_a_polled_feed_waits_works_fails_and_falls_silent(tmp_path: Path) -> None:
    """Silence is told after ``silent_after`` without a success, a failure at once, a success clears both."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), silent_after=QUARTER))
        assert health(watch) == "waiting"
        source.misbehave("index.atom", Fault(status=500))
        await poll(gateway.intake, watch)
        assert health(watch) == "failing"
        source.behave()
        await poll(gateway.intake, watch)
        assert [health(watch, after) for after in (timedelta(), QUARTER + timedelta(seconds=1))] == ["ok", "silent"]
        source.misbehave("index.atom", Fault(status=500))
        for count in (1, 2):
            await poll(gateway.intake, watch)
            told = watch.status(utc_now())
            assert (told.health, told.consecutive_failures) == ("failing", count)
            assert told.trouble == "127.0.0.1 answered 500 Internal Server Error"
        assert health(watch, QUARTER * 2) == "silent"
        source.behave()
        await poll(gateway.intake, watch)
        told = watch.status(utc_now())
        assert (told.health, told.consecutive_failures, told.trouble) == ("ok", 0, None)
        assert told.last_success == told.last_try


async def test_a_stream_is_judged_by_what_it_says(tmp_path: Path) -> None:
    """Connecting is no sign of life; a heartbeat is. A lost connection is a failure until the next word."""
    async with StreamServer() as site, opened(tmp_path) as gateway:
        watching = gateway.watching()
        async with watching.running([feed("naads", "naads", urls=(site.url,))]):
            watch = watching.find("naads")
            assert watch is not None
            await site.connected()
            assert health(watch) == "waiting"
            await site.heartbeat()
            await until(lambda: health(watch) == "ok")
            assert health(watch, QUARTER + BRISK) == "silent"
            await site.cut()
            await until(lambda: health(watch) == "failing")
            assert watch.trouble is not None
            assert site.url in watch.trouble
            await site.connected(2)
            await site.heartbeat()
            await until(lambda: health(watch) == "ok")


async def test_a_partner_and_a_folder_are_well_without_a_word(tmp_path: Path) -> None:
    """A partner speaks when it has something to say; a folder that can be read is well, one that is gone is not."""
    folder = tmp_path / "in"
    folder.mkdir()
    async with opened(tmp_path) as gateway:
        partner = gateway.watch(Feed(name="partner", kind="push"))
        assert health(partner, timedelta(days=9)) == "ok"
        watch = gateway.watch(feed("folder", "directory", path=str(folder)))
        assert (await sweep(gateway.intake, watch)).outcome == "not_modified"
        assert health(watch) == "ok"
        folder.rmdir()
        assert (await sweep(gateway.intake, watch)).outcome == "folder"
        assert health(watch) == "failing"


async def test_the_newest_alert_and_its_way_here_are_told(tmp_path: Path) -> None:
    """Whatever the way in; an alert that was known already is no news."""
    ago = timedelta(minutes=3)
    async with FeedServer() as source, opened(tmp_path) as gateway:
        watches = [
            gateway.watch(feed("atom", "atom", source.url("index.atom"))),
            gateway.watch(Feed(name="partner", kind="push")),
            gateway.watch(feed("naads", "naads")),
        ]
        polled, partner, naads = watches
        known = cap.write(amber("A", now=utc_now() - ago))
        source.publish("a.xml", known)
        await poll(gateway.intake, polled)
        await submit(gateway.intake, partner, cap.write(amber("B", now=utc_now() - ago)))
        await hear(gateway.intake, naads, cap.write(amber("C", now=utc_now() - ago)))
        for watch in watches:
            told = watch.status(utc_now())
            assert told.latency_seconds is not None
            assert 180 <= told.latency_seconds < 240
        before = partner.newest_at
        await submit(gateway.intake, partner, known)
        assert partner.newest_at == before, "the feed had it already"
        future = amber("D", now=utc_now() + timedelta(hours=1))
        await submit(gateway.intake, partner, cap.write(future))
        assert partner.status(utc_now()).latency_seconds == 0


async def test_what_is_missing_is_counted_until_it_is_there(tmp_path: Path) -> None:
    """An entry whose CAP cannot be fetched, or is none, is shown as missing, over a restart too."""
    async with FeedServer() as source:
        one = feed("f", "atom", source.url("index.atom"), interval=BRISK)
        async with opened(tmp_path) as gateway:
            for name in ("A", "B", "C"):
                source.publish(f"{name}.xml", cap.write(amber(name)))
            source.misbehave("A.xml", Fault(status=404))
            source.misbehave("B.xml", Fault(body=b"<html/>"))
            watch = gateway.watch(one)
            await poll(gateway.intake, watch)
            assert (watch.status(utc_now()).missing, health(watch)) == (2, "ok")
        async with opened(tmp_path) as gateway:
            watch = gateway.watch(one)
            await poll(gateway.intake, watch)
            assert watch.status(utc_now()).missing == 2
            source.behave()
            await until(lambda: _polled(gateway, watch))
            assert watch.status(utc_now()).missing == 0
            assert await identifiers(gateway.store) == ["A", "B", "C"]


async def _polled(gateway: Gateway, watch: Watch) -> bool:
    await poll(gateway.intake, watch)
    return watch.missing == 0


async def test_a_gap_is_longer_than_the_source_remembers(tmp_path: Path) -> None:
    """FEMA lists an alert for about half an hour: what came in a longer gap may be lost, and the operator is told."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        for kind, path, minutes, is_gap in (
            ("ipaws", "recent/{since}", 31, True),
            ("ipaws", "recent/{since}", 29, False),
            ("atom", "index.atom", 600, False),
        ):
            watch = gateway.watch(feed("f", kind, source.url(path)))
            await poll(gateway.intake, watch)
            assert watch.status(utc_now()).gap_since is None
            watch.complete_at = long_ago = utc_now() - timedelta(minutes=minutes)
            await poll(gateway.intake, watch)
            assert watch.status(utc_now()).gap_since == (long_ago if is_gap else None)


async def test_a_poll_asks_for_what_came_shortly_before_the_last(tmp_path: Path) -> None:
    """The moment in the address goes back five minutes before the last success, a day at the first poll."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        asked: list[datetime] = []
        watch = gateway.watch(feed("f", "ipaws", source.url("late/{since}/x")))
        for back in (None, timedelta(minutes=40)):
            watch.complete_at = utc_now() - back if back else None
            await poll(gateway.intake, watch)
            asked.append(datetime.fromisoformat(source.requests[-1].name.split("/")[1]))
        ages = [round((datetime.now(UTC) - moment) / timedelta(minutes=1)) for moment in asked]
        assert ages == [24 * 60, 45]


async def test_certificates_are_looked_at(tmp_path: Path) -> None:
    """Until when the certificate of an https feed is valid; a server without sound TLS is a trouble of its poll."""
    authority = trustme.CA()
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost", not_after=ends).configure_cert(tls)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    async with FeedServer(tls=tls) as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        feeds = [
            feed("good", "atom", source.url("index.atom"), ca=str(trusted), interval=BRISK),
            feed("unknown", "atom", source.url("index.atom"), interval=BRISK),
            feed("plain", "atom", source.url("index.atom").replace("https", "http"), interval=BRISK),
        ]
        watching = gateway.watching()
        async with watching.running(feeds):
            await until(lambda: all(status.consecutive_failures for status in watching.statuses()[1:]))
            await until(lambda: _stored_a(gateway))
            await watching._look_at_certificates()
            told = {status.name: status for status in watching.statuses()}
            assert told["good"].certificate_expires_at == ends
            assert [told[name].certificate_expires_at for name in ("unknown", "plain")] == [None, None]
            assert told["unknown"].trouble is not None
            assert told["unknown"].trouble.startswith("tls:")


async def _stored_a(gateway: Gateway) -> bool:
    return await identifiers(gateway.store) == ["A"]


async def test_the_feeds_change_while_they_are_watched(tmp_path: Path) -> None:
    """Those that stay keep what is known of them and their schedule; those that go are asked no more."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        stays = feed("stays", "atom", source.url("index.atom"), interval=BRISK)
        goes = feed("goes", "rss", source.url("index.rss"), interval=BRISK)
        comes = feed("comes", "rss", source.url("embedded.rss"), interval=BRISK)
        off = feed("off", "atom", source.url(archived(amber("A"))), enabled=False)
        watching = gateway.watching()
        async with watching.running([stays, goes, off]):
            watch = watching.find("stays")
            await until(lambda: len(source.requests_for("index.rss")) > 0)
            await watching.replace([comes, stays, off])
            assert watching.find("stays") is watch
            assert watching.find("goes") is None
            assert [(status.name, status.health) for status in watching.statuses()][2] == ("off", "disabled")
            await until(lambda: len(source.requests_for("embedded.rss")) > 1)
            asked = len(source.requests_for("index.rss"))
            more = len(source.requests_for("index.atom")) + 3
            await until(lambda: len(source.requests_for("index.atom")) > more)
            assert len(source.requests_for("index.rss")) <= asked + 1
        assert len(source.requests_for(archived(amber("A")))) == 0
