"""One look at a feed: what it is like, what could be better, what is wrong; and nothing stored."""

from __future__ import annotations

import asyncio
import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme

from capgateway import cap, net, shipped
from capgateway.feeds import Feed
from capgateway.feeds.check.probe import MESSAGES, Look, look
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.stream import StreamServer

LOOPBACK = (ip_network("127.0.0.0/8"),)
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
VALID = b"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>TX-1</identifier><sender>alerts@agency.example</sender>
<sent>2026-01-01T05:00:00-06:00</sent><status>Test</status><msgType>Alert</msgType><scope>Public</scope>
<info><category>Fire</category><event>Drill</event><urgency>Past</urgency><severity>Minor</severity>
<certainty>Observed</certainty><area><areaDesc>Here</areaDesc></area></info></alert>"""
INVALID = VALID.replace(b"<status>Test", b"<status>test")


async def probe(url: str = "", *, now: datetime = NOW, **keys: Any) -> Look:
    feed = Feed(**({"name": "f", "kind": "atom", "url": url, "allow_networks": LOOPBACK} | keys))
    async with net.new_session(user_agent="test/1", allow_networks=LOOPBACK, ca=feed.ca) as session:
        patience = timedelta(seconds=0.3)
        return await look(feed, session, cap.Schemas(shipped.cap_schemas()), now=now, patience=patience)


def has(sentences: tuple[str, ...], words: str) -> bool:
    return any(words in sentence for sentence in sentences)


async def test_a_good_feed_is_told_as_good() -> None:
    """What it announces, how it behaves, its first messages; and nothing that is wrong."""
    async with FeedServer() as server:
        for number in range(MESSAGES + 2):
            server.publish(f"{number}.xml", VALID.replace(b"TX-1", f"TX-{number}".encode()))
        found = await probe(server.url("index.atom"))
    assert found.troubles == ()
    assert has(found.facts, f"It announces {MESSAGES + 2} entries: 0 with the message inside, {MESSAGES + 2} linked.")
    assert has(found.facts, "It sends ETag and Last-Modified, and a second request with that was answered 304")
    assert has(found.facts, "It sends no Cache-Control.")
    assert [report.verdict for report in found.reports] == ["valid"] * MESSAGES


async def test_what_could_be_better_is_no_trouble() -> None:
    """A pace we must keep to and an address that moved are advice."""
    async with FeedServer() as server:
        server.publish("a.xml", VALID)
        server.misbehave("a.xml", Fault(headers={"Cache-Control": "max-age=600", "ETag": '"x"'}))
        server.misbehave("old.xml", Fault(status=301, location="/a.xml"))
        found = await probe(server.url("old.xml"), kind="cap")
        assert has(found.advice, f"Change the address in the configuration to {server.url('a.xml')}.")
    assert has(found.facts, "Cache-Control is `max-age=600`.")
    assert has(found.advice, "It asks not to be polled for 600 s, which is kept; `interval` is 120 s.")
    assert found.troubles == ()


async def test_a_condition_that_is_ignored_is_told() -> None:
    """A server with an ETag that changes each time sends the whole document at every poll."""
    async with FeedServer() as server:
        server.publish("a.xml", VALID)
        server.misbehave("a.xml", Fault(headers={"ETag": '"one"', "Last-Modified": ""}), times=1)
        found = await probe(server.url("a.xml"), kind="cap")
    assert has(found.advice, "answers a request with that by 200 and the whole document")


async def test_what_is_wrong_is_told() -> None:
    """An invalid message, one that is gone, and an index that breaks the rules of its kind."""
    async with FeedServer() as server:
        server.publish("bad.xml", INVALID)
        server.publish("gone.xml", VALID)
        server.misbehave("gone.xml", Fault(status=404))
        found = await probe(server.url("index.atom"))
        assert has(found.troubles, f"{server.url('gone.xml')} could not be fetched: 127.0.0.1 answered 404")
        assert has(found.troubles, "TX-1 is invalid: ")
        page = Fault(body=b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id></entry></feed>')
        server.misbehave("index.atom", page)
        found = await probe(server.url("index.atom"))
    assert has(found.troubles, "1 of 1 entries lead to no message.")
    assert has(found.troubles, "of a feed's rules")


@pytest.mark.parametrize(
    ("status", "words"), [(403, "requires a key"), (404, "the feed's new address"), (500, "its operator")]
)
async def test_a_feed_that_does_not_answer_is_told_with_advice(status: int, words: str) -> None:
    """The reason, and what to do about it."""
    async with FeedServer() as server:
        server.misbehave("a.xml", Fault(status=status))
        found = await probe(server.url("a.xml"), kind="cap")
    (trouble,) = found.troubles
    assert words in trouble
    assert (found.facts, found.reports) == ((), ())


@pytest.mark.parametrize(("days", "is_near"), [(3, True), (90, False)])
async def test_a_certificate_that_ends_soon_is_told(tmp_path: Path, days: int, is_near: bool) -> None:
    """The day it ends is a fact, and advice when it is near."""
    authority, now = trustme.CA(), datetime.now(UTC)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", not_after=now + timedelta(days=days, hours=1)).configure_cert(tls)
    async with FeedServer(tls=tls) as server:
        server.publish("a.xml", VALID)
        found = await probe(server.url("a.xml"), kind="cap", ca=str(tmp_path / "ca.pem"), now=now)
        refused = await probe(server.url("a.xml"), kind="cap", now=now)
    assert has(found.facts, f", in {days} days.")
    assert has(found.advice, "ask the issuer to renew it") == is_near
    assert found.troubles == ()
    assert has(refused.troubles, "authority that needs to be named in ca")


def reference(identifier: str) -> cap.Reference:
    return cap.Reference(sender="a@b.example", identifier=identifier, sent=cap.time("2026-01-01T05:00:00-06:00"))


async def test_a_stream_is_listened_to() -> None:
    """A heartbeat is awaited, and the last alert it names looked for in the archive."""
    async with FeedServer() as archive, StreamServer() as stream:
        archive.publish("2026-01-01/2026_01_01T05_00_00_06_00ITX_1.xml", VALID)
        base = archive.url("")
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(probe(kind="naads", urls=(stream.url,), archives=(base,), url=""))
            await stream.connected()
            await stream.heartbeat(reference("TX-0"), reference("TX-1"))
        found = looking.result()
    assert has(found.facts, "it names 2 alerts.")
    assert has(found.facts, "The last of them is in the archive")
    assert (found.troubles, [report.identifier for report in found.reports]) == ((), ["TX-1"])


async def test_the_certificate_of_a_stream_is_told(tmp_path: Path) -> None:
    """As that of a web server, and a message that is no heartbeat is judged."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    async with StreamServer(tls=tls) as stream, asyncio.TaskGroup() as group:
        looking = group.create_task(probe(kind="naads", urls=(stream.url,), url="", ca=str(tmp_path / "ca.pem")))
        await stream.connected()
        await stream.send(VALID)
    found = looking.result()
    assert has(found.facts, "sent a message of")
    assert has(found.facts, "Its certificate expires on")
    assert [report.verdict for report in found.reports] == ["valid"]


async def test_a_stream_that_is_silent_is_told() -> None:
    """And one where nobody answers."""
    async with StreamServer() as stream:
        silent = await probe(kind="naads", urls=(stream.url,), url="")
    dead = await probe(kind="naads", urls=(stream.url,), url="")
    assert has(silent.troubles, "no message, not even a heartbeat, for 0.3 s")
    assert has(dead.troubles, "Nothing answers at that port")


async def test_a_folder_is_looked_into(tmp_path: Path) -> None:
    """The files that wait are judged and stay; a folder that is not there is told."""
    (tmp_path / "a.xml").write_bytes(INVALID)
    os.utime(tmp_path / "a.xml", (0, 0))
    found = await probe(kind="directory", path=str(tmp_path), url="")
    assert has(found.facts, "contains 1 file that waits")
    assert has(found.troubles, "TX-1 is invalid")
    assert (tmp_path / "a.xml").exists()
    missing = await probe(kind="directory", path=str(tmp_path / "none"), url="")
    assert has(missing.troubles, "the folder cannot be read")


async def test_a_push_feed_says_how_to_hand_in() -> None:
    """There is nothing to fetch."""
    found = await probe(kind="push", url="")
    assert has(found.facts, "POST /api/v1/feeds/f/alerts")
    assert found.troubles == ()


async def test_a_wrapper_under_kind_cap_is_wrong() -> None:
    """The gateway reads such a feed as one message: that it holds several good ones does not help."""
    wrapper = b'<alerts xmlns="http://gov.fema.ipaws.services/feed">%s</alerts>' % VALID.partition(b"?>")[2]
    async with FeedServer() as server:
        server.publish("all.xml", wrapper)
        found = await probe(server.url("all.xml"), kind="cap")
    assert has(found.troubles, 'its root element is `alerts`, not `alert`. Change its kind to "ipaws".')


async def test_a_failing_part_is_wrong_by_name() -> None:
    """Of an NWS feed the list of cancels may fail while the listing is well."""
    async with FeedServer() as server:
        server.publish("a.xml", VALID)
        server.misbehave("alerts", Fault(status=500))
        found = await probe(server.url("alerts/active"), kind="nws")
    (trouble,) = found.troubles
    assert trouble.startswith("cancels: ")
    assert "answered 500" in trouble
    assert has(found.facts, "It announces 1 entry")


async def test_a_refusal_is_not_only_for_asking_too_often() -> None:
    """The NWS says 403 to who names no contact, too."""
    async with FeedServer() as server:
        server.misbehave("alerts/active", Fault(status=403))
        found = await probe(server.url("alerts/active"), kind="nws")
    assert has(found.troubles, "`contact` of [gateway]")


async def test_tls_spoken_to_a_plain_port_is_told_as_that() -> None:
    """Of a web server, and of a stream; it is not a matter of certificates."""
    async with FeedServer() as server, StreamServer() as stream:
        found = await probe(server.url("index.atom").replace("http://", "https://"))
        assert has(found.troubles, "does not speak TLS")
        speaking = asyncio.create_task(probe(kind="naads", urls=(stream.url.replace("tcp://", "tls://"),), url=""))
        await stream.connected()
        await stream.send(VALID)
        told = (await speaking).troubles
    assert has(told, "does not speak TLS")
    assert not has(told, "certificate")


async def test_no_amber_alert_is_told_as_normal() -> None:
    """A new operator should not take a quiet feed for a broken one; one with an AMBER Alert says nothing of it."""
    amber = VALID.replace(b"<event>Drill", b"<event>Child Abduction Emergency")
    async with FeedServer() as server:
        server.publish("a.xml", VALID)
        assert has((await probe(server.url("index.atom"))).facts, "That is normal")
        server.publish("b.xml", amber)
        assert not has((await probe(server.url("index.atom"))).facts, "That is normal")


async def test_a_page_in_place_of_a_feed_is_named() -> None:
    """A log-in page, a cookie wall, any other page; in place of the feed or of what it links to."""
    pages = {
        "a log-in page": b"<html><form><input type='password'></form></html>",
        "a cookie wall": b"<!doctype html><p>Please enable cookies to continue</p>",
        "an HTML page": b"<html><p>Welcome</p></html>",
    }
    async with FeedServer() as server:
        for words, body in pages.items():
            server.publish("a.xml", body)
            assert has((await probe(server.url("a.xml"), kind="cap")).troubles, words)
            assert has((await probe(server.url("index.atom"))).troubles, words)
