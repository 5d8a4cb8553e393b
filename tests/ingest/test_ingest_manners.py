"""Feeds that are empty, damaged, slow in parts, or answered by something else: what is read of them, and what is said."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from kinds_gateway import (
    BRISK,
    Gateway,
    amber,
    chain,
    decisions,
    feed,
    identifiers,
    opened,
    rows,
    showing,
    stored,
    until,
)

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.ingest import Watch, poll
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.stream import StreamServer
from capgateway.store.tables import alerts

MINUTE = timedelta(minutes=1)
FEMA = b'<alerts xmlns="http://gov.fema.ipaws.services/feed">%s</alerts>'
EDXL = (
    b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionStatus>%s</distributionStatus>%s'
    b"</EDXLDistribution>"
)
OBJECT = b"<contentObject><xmlContent><embeddedXMLContent>%s</embeddedXMLContent></xmlContent></contentObject>"
ENTRY = b"<entry><id>urn:x</id><title>t</title><content type='text/xml'>%s</content></entry>"
ITEM = b"<item><title>t</title><description><![CDATA[%s]]></description></item>"
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a control character": lambda one: one.replace(b"<headline>", b"<headline>\x0b", 1),
    "an ampersand": lambda one: one.replace(b"<headline>", b"<headline>Smith & Sons ", 1),
    "a tag that is not closed": lambda one: one.replace(b"</headline>", b"", 1),
    "an unknown entity": lambda one: one.replace(b"<headline>", b"<headline>&nbsp;", 1),
    "a prefix that is not declared": lambda one: one.replace(b"<headline>", b"<x:y/><headline>", 1),
    "an end that is missing": lambda one: one[: len(one) // 2],
}


def bare(alert: cap.Alert) -> bytes:
    """Without its XML declaration."""
    return cap.write(alert).partition(b"?>")[2]


def containers(alerts: list[bytes]) -> dict[str, bytes]:
    """The same alerts in each kind of container that holds them."""
    return {
        "ipaws": FEMA % b"".join(alerts),
        "edxl": EDXL % (b"Actual", b"".join(OBJECT % one for one in alerts)),
        "atom": b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>' % b"".join(ENTRY % one for one in alerts),
        "rss": b'<rss version="2.0"><channel>%s</channel></rss>' % b"".join(ITEM % one for one in alerts),
    }


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", ["ipaws", "edxl", "atom", "rss"])
async def test_a_broken_alert_costs_only_itself(tmp_path: Path, kind: str, damage: str) -> None:
    """Whatever is wrong with one of three: the two beside it are displayed, it is in quarantine, and again changes nothing."""
    broken = DAMAGES[damage](bare(amber("BAD")))
    body = containers([bare(amber("A")), broken, bare(amber("C"))])[kind]
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("x", body)
        watch = gateway.watch(feed("f", kind, source.url("x"), interval=BRISK))
        assert (await poll(gateway.intake, watch)).trouble is None
        assert await showing(gateway.store) == ["A", "C"]
        held = [one for one in await stored(gateway.store) if one.decision == "quarantined"]
        assert [one.reason for one in held] == ["unreadable"]
        before = len(await rows(gateway.store))
        await poll(gateway.intake, watch)
        assert len(await stored(gateway.store)) == 3
        assert len(await rows(gateway.store)) == before


async def test_a_stray_byte_changes_no_other_alert(tmp_path: Path) -> None:
    """One alert of a wrapper is written in another encoding: the words of the one beside it stay as they are."""
    spoilt = bare(amber("BAD")).replace(b"<headline>", b"<headline>\xe9", 1)
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("x", FEMA % (bare(amber("A")) + spoilt))
        await poll(gateway.intake, gateway.watch(feed("f", "ipaws", source.url("x"))))
        assert await showing(gateway.store) == ["A", "BAD"]
        (row,) = [row for row in await rows(gateway.store, alerts) if row["identifier"] == "A"]
        assert "niña".encode() in row["original"]


async def test_an_entry_with_a_stray_character_is_followed(tmp_path: Path) -> None:
    """Its title cannot be read; where it leads to can."""
    entry = (
        b"<entry><id>urn:%d</id><title>%s</title><updated>2026-01-01T00:00:00Z</updated><link href='/%s.xml'/></entry>"
    )
    async with FeedServer() as source, opened(tmp_path) as gateway:
        for name in ("A", "B"):
            source.publish(f"{name}.xml", cap.write(amber(name)))
        entries = entry % (1, b"t", b"A") + entry % (2, b"bad \x0c", b"B")
        source.publish("x", b'<feed xmlns="http://www.w3.org/2005/Atom">%s</feed>' % entries)
        await poll(gateway.intake, gateway.watch(feed("f", "atom", source.url("x"))))
        assert await identifiers(gateway.store) == ["A", "B"]


async def test_a_damaged_test_envelope_stays_a_test(tmp_path: Path) -> None:
    """What is cut out of it is as little real as the whole."""
    broken = bare(amber("BAD")).replace(b"<headline>", b"<headline>\x0b", 1)
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("x", EDXL % (b"Test", OBJECT % bare(amber("A")) + OBJECT % broken))
        await poll(gateway.intake, gateway.watch(feed("f", "edxl", source.url("x"))))
        assert (await decisions(gateway.store))["A"] == ("ignored", "status")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404),
        Fault(status=410),
        Fault(status=204),
        Fault(body=b"", headers={"ETag": '"empty"'}),
        Fault(body=b" ", headers={"ETag": '"blank"'}),
    ],
)
async def test_an_empty_feed_is_not_a_failing_one(tmp_path: Path, fault: Fault) -> None:
    """As long as nothing was ever there: it keeps its interval and is not silent. Later the same is a failure."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("index.atom", fault)
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=MINUTE))
        before = utc_now()
        for _ in range(4):
            before = utc_now()
            assert (await poll(gateway.intake, watch)).outcome == "not_modified"
        told = watch.status(utc_now())
        assert (told.health, told.consecutive_failures) == ("ok", 0)
        assert "taken as a feed that has nothing yet" in (told.trouble or "")
        assert watch.next_try is not None
        assert watch.next_try - before < 2 * MINUTE
        source.behave()
        source.publish("a.xml", cap.write(amber("A")))
        assert (await poll(gateway.intake, watch)).new == 1
        assert watch.status(utc_now()).trouble is None
        source.misbehave("index.atom", fault)
        assert (await poll(gateway.intake, watch)).trouble
        assert watch.status(utc_now()).health == "failing"


async def test_an_empty_feed_that_had_something_fails_after_a_restart_too(tmp_path: Path) -> None:
    """The store knows what the process does not."""
    async with FeedServer() as source:
        source.publish("a.xml", cap.write(amber("A")))
        one = feed("f", "atom", source.url("index.atom"), interval=BRISK)
        async with opened(tmp_path) as gateway:
            await poll(gateway.intake, gateway.watch(one))
        source.misbehave("index.atom", Fault(status=404))
        async with opened(tmp_path) as gateway:
            assert (await poll(gateway.intake, gateway.watch(one))).outcome == "not_found"


async def test_a_slow_part_does_not_hold_the_other_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The listing hangs, the cancels come in; it is not asked twice at once, and the feed says what it waits for."""
    monkeypatch.setattr(sys.modules["capgateway.ingest.poll"], "PARTS_WITHIN", 0.3)
    first, _, ended = chain("TX")
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("first.xml", cap.write(first))
        watch = gateway.watch(feed("f", "nws", source.url("alerts/active"), interval=BRISK))
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == ["TX-A"]
        source.misbehave("alerts/active", Fault(delay=timedelta(seconds=60)))
        source.publish("ended.xml", cap.write(ended))
        await asyncio.sleep(0.1)
        await poll(gateway.intake, watch)
        result = await poll(gateway.intake, watch)
        assert await showing(gateway.store) == []
        assert result.trouble == "listing: no answer yet"
        assert watch.status(utc_now()).health == "failing"
        await end(watch)


async def test_a_failing_part_waits_by_itself(tmp_path: Path) -> None:
    """The cancels fail again and again and are asked ever more seldom; the listing is asked at each poll as before."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("alerts", Fault(status=500))
        watch = gateway.watch(feed("f", "nws", source.url("alerts/active"), interval=MINUTE))
        for _ in range(4):
            await poll(gateway.intake, watch)
            watch.parts["listing"].next_at = utc_now()  # as if a minute had passed
        result = await poll(gateway.intake, watch)
        assert len(source.requests_for("alerts/active")) == 5
        assert len(source.requests_for("alerts")) == 1
        assert result.trouble == "cancels: 127.0.0.1 answered 500 Internal Server Error"
        assert "cancels: the last try failed" in (watch.status(utc_now()).wait_reason or "")
        assert watch.next_try is not None
        assert watch.next_try < utc_now() + 2 * MINUTE


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, headers={"Retry-After": "86400"}),
        Fault(status=429, headers={"Retry-After": "Fri, 01 Jan 2038 00:00:00 GMT"}),
        Fault(headers={"Cache-Control": "max-age=31536000"}),
    ],
)
async def test_no_server_delays_a_feed_by_more_than_a_quarter_of_an_hour(tmp_path: Path, fault: Fault) -> None:
    """Whatever it asks for; and the status says why the feed waits."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("index.atom", fault)
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=MINUTE))
        await poll(gateway.intake, watch)
        told = watch.status(utc_now())
        assert told.next_try is not None
        assert 14 * MINUTE < told.next_try - utc_now() <= 15 * MINUTE
        assert any(words in (told.wait_reason or "") for words in ("Retry-After", "max-age"))


async def test_a_link_does_not_delay_its_index(tmp_path: Path) -> None:
    """Its server says 429 to the document; the feed itself is asked at its interval."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        source.misbehave("a.xml", Fault(status=429, headers={"Retry-After": "3600"}))
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=MINUTE))
        await poll(gateway.intake, watch)
        told = watch.status(utc_now())
        assert (told.missing, told.wait_reason) == (1, None)
        assert told.next_try is not None
        assert told.next_try < utc_now() + 2 * MINUTE


async def test_validators_belong_to_the_address(tmp_path: Path) -> None:
    """A feed of the same name moves to a server that gives the same tag to everything: it is read."""
    async with FeedServer() as old, FeedServer() as new:
        for source, name in ((old, "OLD"), (new, "NEW")):
            source.publish("a.xml", cap.write(amber(name)))
            source.misbehave("embedded.atom", Fault(etag='"same"'))
        for source in (old, new):
            async with opened(tmp_path) as gateway:
                watch = gateway.watch(feed("f", "atom", source.url("embedded.atom"), interval=BRISK))
                await poll(gateway.intake, watch)
        async with opened(tmp_path) as gateway:
            assert await identifiers(gateway.store) == ["NEW", "OLD"]


async def test_a_live_card_is_not_left_to_a_lying_304(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server answers 304 for ever; a feed with a card on display is asked without conditions now and then, and without one
    it is not."""
    monkeypatch.setattr("capgateway.ingest.parts.WHOLE_EVERY", timedelta(milliseconds=1))
    monkeypatch.setattr("capgateway.ingest.live.AT_MOST_EVERY", 0.0)
    first, _, ended = chain("TX")
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.misbehave("embedded.atom", Fault(etag='"same"'))
        source.publish("first.xml", cap.write(first))
        watch = gateway.watch(feed("f", "atom", source.url("embedded.atom"), interval=MINUTE))
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == ["TX-A"]
        source.publish("ended.xml", cap.write(ended))
        await asyncio.sleep(0.01)
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == []
        before = len(source.requests)
        for _ in range(3):
            await poll(gateway.intake, watch)
        assert [request.status for request in source.requests[before + 1 :]] == [304, 304]


@pytest.mark.parametrize("said", ["UTF-8", "utf8", "none", "binary", "text/xml", "gzip, UTF-8", "gzip"])
async def test_a_harmless_slip_in_content_encoding_is_read(tmp_path: Path, said: str) -> None:
    """The body is plain XML, whatever the header calls it."""
    body = cap.write(amber("A"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {said}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, opened(tmp_path) as gateway:
        watch = gateway.watch(feed("f", "cap", f"http://127.0.0.1:{port}/"))
        assert (await poll(gateway.intake, watch)).outcome == "ok"
        assert await identifiers(gateway.store) == ["A"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><title>Sign in</title><input type=password></html>", "a log-in page"),
        (b"<!DOCTYPE html><p>We use cookies. Accept cookies to go on.</p>", "a cookie wall"),
        (b"<html><body>Moved</body></html>", "an HTML page"),
    ],
)
@pytest.mark.parametrize("kind", ["atom", "cap", "nws"])
async def test_a_page_in_place_of_a_feed_is_named(tmp_path: Path, kind: str, body: bytes, words: str) -> None:
    """The feed fails, and says what it got."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("x", body)
        result = await poll(gateway.intake, gateway.watch(feed("f", kind, source.url("x"))))
        assert result.outcome == "unreadable"
        assert words in (result.trouble or "")


@pytest.mark.parametrize("kind", ["atom", "cap"])
async def test_what_breaks_an_answer_is_not_quoted(tmp_path: Path, kind: str) -> None:
    """A name in angle brackets makes a document unreadable; it must not get into the log with that."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("x", b"<alert>\n<description>Seen with <Vandersnatch B.</description></alert>")
        result = await poll(gateway.intake, gateway.watch(feed("f", kind, source.url("x"))))
        assert result.outcome == "unreadable"
        assert (result.trouble or "").startswith("the answer is not well-formed XML (line ")
        assert "Vandersnatch" not in (result.trouble or "")


async def test_a_cookie_wall_that_redirects_in_circles_is_named(tmp_path: Path) -> None:
    """Until it gets its cookie back it sends us to where we are."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        wall = Fault(location=source.url("x"), headers={"Set-Cookie": "seen=1"})
        source.misbehave("x", wall)
        result = await poll(gateway.intake, gateway.watch(feed("f", "atom", source.url("x"))))
        assert "a cookie wall" in (result.trouble or "")
        assert len(source.requests) == 1


async def test_a_stream_with_one_of_two_addresses_dead_shows_it(tmp_path: Path) -> None:
    """The other one goes on speaking; the feed is not well until both do."""
    async with StreamServer() as one, opened(tmp_path) as gateway:
        async with StreamServer() as two:
            dead = two.url
        watching = gateway.watching()
        async with watching.running([feed("naads", "naads", urls=(one.url, dead))]):
            watch = watching.find("naads")
            assert watch is not None
            await one.connected()
            await until(lambda: bool(watch.dead_addresses))
            await one.send(cap.write(amber("CA-1")) + cap.write(amber("CA-2")))
            await until(lambda: _holds(gateway, 2))
            told = watch.status(utc_now())
            assert told.health == "failing"
            assert dead in (told.trouble or "")
            assert one.url not in (told.trouble or "")


async def _holds(gateway: Gateway, count: int) -> bool:
    return len(await stored(gateway.store)) >= count


async def end(watch: Watch) -> None:
    """End what goes on beside the polls."""
    for task in watch.tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
