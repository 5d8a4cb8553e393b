"""Listening to a stream of messages, and recovering what was missed."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import aclosing
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest
import trustme

from capgateway import cap, net
from capgateway.errors import FetchError
from capgateway.feeds import Feed
from capgateway.feeds.http.fetch import Fetched, FetchFailed
from capgateway.feeds.pace import MAX_RECONNECT, reconnect_after
from capgateway.feeds.stream import naads
from capgateway.feeds.stream.listen import follow, messages, recover
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.stream import StreamServer

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)
FEED = Feed(name="naads", kind="naads", allow_networks=LOOPBACK)
SENT = "2026-01-01T11:59:30-00:00"


def alert(identifier: str) -> bytes:
    return cap.write(
        cap.Alert(identifier=identifier, sender="s@x.example", sent=cap.time(SENT), status="Actual")
    ).strip()


def reference(sent: str, identifier: str) -> cap.Reference:
    return cap.Reference(sender="s@x.example", identifier=identifier, sent=cap.time(sent))


@pytest.mark.parametrize(
    ("change", "beats"),
    [
        ({}, True),
        ({"sender": "NAADS-Heartbeat@site-2"}, True),
        ({"sender": "someone@x.example"}, False),
        ({"status": "Actual"}, False),
        ({"infos": (cap.Info(event="x"),)}, False),
    ],
)
def test_a_heartbeat_is_told_from_an_alert(change: dict[str, object], beats: bool) -> None:
    """Sender by its beginning, status System, nothing to say."""
    beat = cap.Alert(identifier="h", sender="NAADS-Heartbeat", status="System")
    assert naads.is_heartbeat(msgspec.structs.replace(beat, **change)) is beats


@pytest.mark.parametrize(
    ("sent", "identifier", "paths"),
    [
        (
            "2026-01-01T02:17:00-00:00",
            "2.49.0.1.124.41b6352f.2014",
            ["2026-01-01/2026_01_01T02_17_00_00_00I2.49.0.1.124.41b6352f.2014.xml"],
        ),
        (
            "2026-01-01T02:17:00+01:00",
            "urn:oid:2-49",
            [
                "2026-01-01/2026_01_01T02_17_00_01_00Iurn_oid_2_49.xml",
                "2026-01-01/2026_01_01T02_17_00p01_00Iurn_oid_2_49.xml",
            ],
        ),
        ("2026-01-01T02:17:00Z", "../../é?#", ["2026-01-01/2026_01_01T02_17_00ZI..%2F..%2F%C3%A9%3F%23.xml"]),
        ("yesterday", "x", []),
        ("2026-01-01T02:17:00Z/../../", "x", []),
        ("2026-01-01T02:17:00Z", "", []),
        ("2026-01-01T02:17:00Z", "x" * 501, []),
    ],
)
def test_an_alert_has_its_place_in_the_archives(sent: str, identifier: str, paths: list[str]) -> None:
    """A folder for the day, a name without colons and hyphens, both ways to write a plus, nothing a name cannot hold."""
    archives = ("https://one.example/", "https://two.example")
    urls = naads.archive_urls(reference(sent, identifier), archives)
    assert list(urls) == [f"{archive.rstrip('/')}/{path}" for path in paths for archive in archives]


def test_only_the_last_ten_references_count() -> None:
    """A heartbeat names ten; a longer list is cut to its end."""
    beat = cap.Alert(references=tuple(reference(SENT, str(n)) for n in range(30)))
    assert [one.identifier for one in naads.announced(beat)] == [str(n) for n in range(20, 30)]


def test_reconnecting_grows_slower_up_to_a_bound() -> None:
    """Doubling from half a second to a minute, spread by chance."""
    waits = [reconnect_after(failures, 0.5).total_seconds() for failures in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] < 1
    assert reconnect_after(10**9, 0.999) <= MAX_RECONNECT


async def test_documents_are_heard_as_they_come() -> None:
    """Alerts and heartbeats sent in small pieces come out whole and in order."""
    async with StreamServer() as server, aclosing(messages(server.url, FEED)) as heard:
        first = asyncio.ensure_future(anext(heard))
        await server.connected()
        await server.send(alert("a") + alert("b"), piece=7)
        await server.heartbeat(reference(SENT, "b"))
        documents = [await first, await anext(heard), await anext(heard)]
    alerts = [parsed for parsed in (cap.parse(document).alert for document in documents) if parsed]
    assert [one.identifier for one in alerts[:2]] == ["a", "b"]
    assert naads.is_heartbeat(alerts[2])
    assert naads.announced(alerts[2])[0].identifier == "b"


async def test_a_silent_stream_is_given_up() -> None:
    """A connection that brings no whole message for a while is lost, even if bytes drip in."""
    async with StreamServer() as server, aclosing(messages(server.url, FEED, silence=0.2)) as heard:
        first = asyncio.ensure_future(anext(heard))
        await server.connected()
        await server.send(alert("a")[:-3])
        with pytest.raises(FetchError) as caught:
            await first
    assert caught.value.reason == "silent"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("tcp://127.0.0.1:1", "connect"),
        ("tcp://10.0.0.1:80", "blocked"),
        ("tls://[::1]:80", "blocked"),
        ("tcp://127.1:80", "blocked"),
        ("tcp://does-not-exist.invalid:80", "dns"),
        ("http://127.0.0.1:80", "url"),
        ("tcp://127.0.0.1", "url"),
        ("tcp://127.0.0.1:99999", "url"),
        ("", "url"),
    ],
)
async def test_where_nobody_can_be_heard_is_told(url: str, reason: str) -> None:
    """No listener, no permission, no such name, no such address: each has its word."""
    with pytest.raises(FetchError) as caught:
        await anext(aiter(messages(url, FEED)))
    assert caught.value.reason == reason


async def test_a_lost_stream_is_taken_up_again() -> None:
    """Cut in the middle of a message it reconnects; the message sent again is taken, nothing is taken twice."""
    taken: list[bytes] = []
    losses: list[tuple[str, int]] = []
    done = asyncio.Event()

    async def take(document: bytes) -> None:
        taken.append(document)
        if len(taken) == 2:
            done.set()

    async with StreamServer() as server, asyncio.TaskGroup() as group:
        listening = group.create_task(
            follow(server.url, FEED, take=take, lost=lambda error, count: losses.append((error.reason, count)))
        )
        await server.connected()
        await server.send(alert("a") + alert("b")[:50])
        while not taken:
            await asyncio.sleep(0.01)
        await server.cut()
        await server.connected(2)
        await server.send(alert("b"))
        await asyncio.wait_for(done.wait(), 60)
        listening.cancel()
    assert taken == [alert("a"), alert("b")]
    assert losses == [("disconnected", 1)]


async def test_tls_streams_are_verified(tmp_path: Path) -> None:
    """A stream over TLS is heard when its certificate is from the feed's authority, and refused otherwise."""
    authority, server_side = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusting = msgspec.structs.replace(FEED, ca=str(tmp_path / "ca.pem"))
    async with StreamServer(tls=server_side) as server:
        with pytest.raises(FetchError) as caught:
            await anext(aiter(messages(server.url, FEED)))
        assert caught.value.reason == "tls"
        async with aclosing(messages(server.url, trusting)) as heard:
            first = asyncio.ensure_future(anext(heard))
            await server.connected()
            await server.send(alert("a"))
            assert await first == alert("a")


async def test_a_stream_outlives_certificate_files_that_cannot_be_read(tmp_path: Path) -> None:
    """While the file of its authority is gone each try fails and is counted; once it is back the stream is heard again."""
    authority, server_side, ca = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    losses, heard = list[tuple[str, int]](), asyncio.Event()

    async def take(_: bytes) -> None:
        heard.set()

    def lost(error: FetchError, count: int) -> None:
        losses.append((error.reason, count))
        authority.cert_pem.write_to_path(ca)

    async with StreamServer(tls=server_side) as server, asyncio.TaskGroup() as group:
        listening = group.create_task(
            follow(server.url, msgspec.structs.replace(FEED, ca=str(ca)), take=take, lost=lost)
        )
        await server.connected()
        await server.send(alert("a"))
        await asyncio.wait_for(heard.wait(), 60)
        listening.cancel()
    assert losses == [("tls", 1)]


async def test_what_a_heartbeat_names_is_recovered_from_the_archives() -> None:
    """The first archive that has it gives it, under either name; when none has it the failure is told."""
    async with (
        FeedServer() as empty,
        FeedServer() as full,
        net.new_session(user_agent="t", allow_networks=LOOPBACK) as session,
    ):
        full.publish("2026-01-01/2026_01_01T11_59_30p01_00Ia.xml", alert("a"))
        feed = msgspec.structs.replace(FEED, archives=(empty.url(""), full.url("")))
        found = await recover(session, reference("2026-01-01T11:59:30+01:00", "a"), feed, NOW)
        assert isinstance(found, Fetched)
        assert found.body == alert("a")
        missing = await recover(session, reference(SENT, "b"), feed, NOW)
        assert isinstance(missing, FetchFailed)
        assert missing.reason == "not_found"
        nowhere = await recover(session, reference("nonsense", "b"), feed, NOW)
        assert isinstance(nowhere, FetchFailed)
        assert nowhere.reason == "url"
