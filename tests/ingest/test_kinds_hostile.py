"""Servers that mean harm: whatever they send, the gateway is bounded, told or quarantined, and goes on."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from kinds_gateway import BRISK, Gateway, amber, decisions, feed, identifiers, opened, stored

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds import Feed, read_entries
from capgateway.feeds.stream.splitter import Splitter
from capgateway.ingest import Watch, poll, submit
from capgateway.simulate.feed import FeedServer

ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>x</title><updated>x</updated>%s</feed>'
ENTRY = b"<entry><id>%d</id><title>t</title><updated>2026-01-01T00:00:00Z</updated><link href='%s'/></entry>"
ENVELOPE = (
    b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionStatus>%s</distributionStatus>'
    b"<contentObject><xmlContent><embeddedXMLContent>%s</embeddedXMLContent></xmlContent></contentObject>"
    b"</EDXLDistribution>"
)


def bare(alert: cap.Alert) -> bytes:
    """Without its XML declaration."""
    return cap.write(alert).partition(b"?>")[2]


@asynccontextmanager
async def served(path: Path, kind: str, body: bytes) -> AsyncIterator[tuple[Gateway, Watch, FeedServer]]:
    """A gateway and a feed of this kind with this body."""
    async with FeedServer() as source, opened(path) as gateway:
        source.publish("x", body)
        yield gateway, gateway.watch(feed("f", kind, source.url("x"), interval=BRISK)), source


async def test_links_to_forbidden_places_are_never_asked(tmp_path: Path) -> None:
    """Private addresses, other schemes, logins, odd numbers, endless names: shown as missing, or not usable at all."""
    links = [
        *(b"http://10.0.0.1/", b"https://169.254.169.254/latest", b"http://[::1]:%d/", b"//10.1.1.1/x", b"http://0x7f.1/"),
        *(b"http://u:p@127.0.0.1/", b"http://127.1/", b"file:///etc/passwd", b"javascript:alert(1)", b"ftp://a.example/"),
        *(b"http://a.example/" + b"a" * 5_000, b"http://[bad/", b"http://2130706433/", b"http:///x", b"gopher://a.example/"),
    ]  # fmt: skip
    body = ATOM % b"".join(ENTRY % item for item in enumerate(links))
    async with served(tmp_path, "atom", body) as (gateway, watch, source):
        source.publish("good.xml", cap.write(amber("GOOD")))
        source.publish("x", ATOM % (b"".join(ENTRY % item for item in enumerate(links)) + ENTRY % (99, b"/good.xml")))
        assert (await poll(gateway.intake, watch)).outcome == "ok"
        assert await identifiers(gateway.store) == ["GOOD"]
        assert {request.name for request in source.requests} == {"x", "good.xml"}
        assert 5 <= watch.status(utc_now()).missing < len(links)


async def test_an_index_with_links_without_end_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All 20,000 links are noted at once; the next poll of the index does not wait for them, and what is new goes first."""
    monkeypatch.setattr("capgateway.ingest.walk.SETTLES_WITHIN", 2.0)
    monkeypatch.setattr("capgateway.ingest.walk.WINDOW", 0.5)
    entries = b"".join(ENTRY % (number, b"/none/%d" % number) for number in range(20_000))
    async with served(tmp_path, "atom", ATOM % entries) as (gateway, watch, source):
        result = await poll(gateway.intake, watch)
        assert (result.outcome, result.trouble) == ("ok", None)
        assert watch.status(utc_now()).missing == 20_000
        source.publish("new.xml", cap.write(amber("NEW")))
        source.publish("x", ATOM % (ENTRY % (20_001, b"/new.xml") + entries))
        assert (await poll(gateway.intake, watch)).new == 1
        (following,) = watch.tasks
        following.cancel()
        await asyncio.wait([following])


async def test_many_alerts_in_one_wrapper_are_taken_one_by_one(tmp_path: Path) -> None:
    """Hundreds in one document; a broken one among them is quarantined alone."""
    names = sorted(f"W-{number:04}" for number in range(100))
    body = b"<alerts>%s<alert><identifier>broken</identifier></alert></alerts>" % b"".join(
        bare(amber(n)) for n in names
    )
    async with served(tmp_path, "ipaws", body) as (gateway, watch, _):
        assert (await poll(gateway.intake, watch)).new == 101
        told = await decisions(gateway.store)
        assert told.pop("?") == ("quarantined", "unreadable")
        assert (sorted(told), set(told.values())) == (names, {("published", None)})


@pytest.mark.parametrize("order", [(b"Test", b"Actual"), (b"Actual", b"Test"), (b"Actual", b"Exercise", b"Actual")])
async def test_an_envelope_in_an_envelope_is_as_real_as_the_least_of_them(tmp_path: Path, order: tuple[bytes]) -> None:
    """A test in an envelope that is real, or the other way round, is a test; by a link too."""
    inner = bare(amber("A"))
    for status in order:
        inner = ENVELOPE % (status, inner)
    async with served(tmp_path, "edxl", inner) as (gateway, watch, _):
        await poll(gateway.intake, watch)
        assert await decisions(gateway.store) == {"A": ("ignored", "status")}


async def test_a_test_envelope_makes_a_test_of_the_envelope_it_links_to(tmp_path: Path) -> None:
    """What is fetched may come in an envelope that says it is real; the outer one weighs more."""
    linked = (
        b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionStatus>Test</distributionStatus>'
        b"<contentObject><nonXMLContent><mimeType>application/cap+xml</mimeType><uri>/inner.edxl</uri></nonXMLContent>"
        b"</contentObject></EDXLDistribution>"
    )
    async with served(tmp_path, "edxl", linked) as (gateway, watch, source):
        source.publish("inner.edxl", ENVELOPE % (b"Actual", bare(amber("A"))))
        await poll(gateway.intake, watch)
        assert await decisions(gateway.store) == {"A": ("ignored", "status")}


@pytest.mark.parametrize(
    "body",
    [
        b"<feed>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</feed>",
        b"<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;&b;'>]><feed>&c;</feed>",
        b"<" * 1_000_000,
        b"\0" * 1_000_000,
        b'{"features": [[[[' + b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("kind", ["atom", "ipaws", "nws", "edxl", "cap"])
async def test_what_is_no_feed_is_a_failure_and_kept_once(tmp_path: Path, kind: str, body: bytes) -> None:
    """Too deep or too clever: the feed fails, in words, and its body is in quarantine."""
    async with served(tmp_path, kind, body) as (gateway, watch, _):
        for _ in range(3):
            result = await poll(gateway.intake, watch)
            assert result.outcome == "unreadable"
            assert result.trouble
        assert [alert.reason for alert in await stored(gateway.store)] == ["unreadable"]


async def test_a_packed_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    """Half a gigabyte of blanks in half a megabyte; and gzip within gzip is not unpacked twice."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([packer.compress(b" " * 1_000_000) for _ in range(300)]) + packer.flush()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, opened(tmp_path) as gateway:
        watch = gateway.watch(feed("f", "atom", f"http://127.0.0.1:{port}/"))
        assert (await poll(gateway.intake, watch)).outcome == "too_large"
        bomb = gzip.compress(gzip.compress(ATOM % b""))
        assert (await poll(gateway.intake, watch)).outcome == "unreadable"


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        (cap.write(amber("P")).replace(b"<description>", b"<description>" + b"x" * 9_900_000, 1), {None}),
        (b"<alerts>" + b"<alert><a/></alert>" * 20_000 + b" " * 9_000_000 + b"</alerts>", {"unreadable"}),
        (ENVELOPE % (b"Actual", b"".join(bare(amber(f"P-{n}")) for n in range(40)) + b" " * 9_000_000), {None}),
        (b"<alert " + b" ".join(b'a%d="b"' % number for number in range(700_000)) + b"/>", {"unreadable"}),
        (b"\0" * 10_000_000, {"unreadable"}),
    ],
)
async def test_ten_megabytes_pushed_are_judged(tmp_path: Path, document: bytes, reasons: set[str | None]) -> None:
    """One huge alert, twenty thousand tiny ones, an envelope, attributes, nothing: stored or quarantined, with a reason."""
    async with opened(tmp_path) as gateway:
        watch = gateway.watch(Feed(name="partner", kind="push"))
        for is_new in (True, False):
            submitted = await submit(gateway.intake, watch, document)
            assert {one.is_new for one in submitted} == {is_new}
            assert not is_new or {one.reason for one in submitted} == reasons


def test_what_takes_a_square_of_time_is_not_done() -> None:
    """Long texts that each entry would read again, bases that each link would join, blanks that a pattern would split in
    every way, namespaces that each alert would carry: a second or two, not hours."""
    entry = b"<contentObject><nonXMLContent><mimeType>application/cap+xml</mimeType><uri>/x</uri></nonXMLContent></contentObject>"
    edxl = b"<EDXLDistribution><dateTimeSent>%s</dateTimeSent>%s</EDXLDistribution>" % (
        b"a " * 1_000_000,
        entry * 5_000,
    )
    assert len(read_entries(edxl, kind="edxl", base_url="https://x.example/").entries) == 5_000
    base = b"<feed xml:base='http://x.example/%s'><entry>%s</entry></feed>" % (
        b"a/" * 500_000,
        b"<link href='a'/>" * 9_000,
    )
    assert not read_entries(base, kind="atom", base_url="https://x.example/").distinct
    names = b" ".join(b'xmlns:n%d="urn:%d"' % (number, number) for number in range(30_000))
    crowded = read_entries(b"<alerts %s>%s</alerts>" % (names, b"<alert><a/></alert>" * 50), kind="ipaws", base_url="")
    assert ([finding.rule for finding in crowded.findings], crowded.entries) == (["feed.size"], ())
    head = b"<EDXLDistribution><x>%s</x>" % (b"a" * 2_000_000)
    damaged = head + b"<contentObject>\x0b</contentObject>" * 20_000
    assert len(read_entries(damaged, kind="edxl", base_url="").entries) < 100
    assert not read_entries(b"<feed>" + b"<!--<![CDATA[" * 500_000, kind="atom", base_url="").entries
    splitter = Splitter()
    assert splitter.feed(b"<?xml ?>" + b" " * 500 + b"x<?xml ?>\n" + b"<!---->\n" * 15 + b"<alert></alert>")
