"""The links of an index: noted at once, decided together, held up by nobody, and asked for again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from capgateway.store import feeds, lists
from capgateway.store.tables import entries

ENTRY = "<entry><id>urn:{0}</id><title>t</title><updated>{1}</updated><link href='{0}'/></entry>"
NEVER = Fault(delay=timedelta(seconds=60))


def index(*links: str, stamp: str = "2026-01-01T00:00:00Z", inside: bytes = b"") -> bytes:
    """An Atom feed that lists these links in their order."""
    entries = "".join(ENTRY.format(link, stamp) for link in links)
    head = "<id>urn:f</id><title>t</title><updated>2026-01-01T00:00:00Z</updated>"
    whole = f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}'.encode()
    return whole + inside + b"</feed>"


def bare(alert: cap.Alert) -> bytes:
    """Without its XML declaration."""
    return cap.write(alert).partition(b"?>")[2]


@asynccontextmanager
async def watched(path: Path, source: FeedServer, name: str = "list") -> AsyncIterator[tuple[Gateway, Watch]]:
    """A gateway and its watch of an index; what still goes on is ended with it."""
    async with opened(path) as gateway:
        watch = gateway.watch(feed("f", "atom", source.url(name), interval=BRISK))
        try:
            yield gateway, watch
        finally:
            await stop(watch)


async def stop(watch: Watch) -> None:
    for task in watch.tasks:
        task.cancel()
    await asyncio.gather(*watch.tasks, return_exceptions=True)


async def message_types(gateway: Gateway) -> list[str]:
    """What receivers would be told, in order."""
    cards = (await gateway.store.read(lists.card_page, limit=500)).items
    return sorted(f"{card.state} {card.revision}" for card in cards)


async def test_what_was_not_begun_outlives_the_index_and_the_process(tmp_path: Path) -> None:
    """The index lists four alerts and then none; the process dies before any was fetched: the next one has them all."""
    names = ["A", "B", "C", "D"]
    async with FeedServer() as source:
        for name in names:
            source.publish(f"{name}.xml", cap.write(amber(name)))
            source.misbehave(f"{name}.xml", NEVER)
        source.publish("list", index(*(f"/{name}.xml" for name in names)))
        async with watched(tmp_path, source) as (gateway, watch):
            polling = asyncio.create_task(poll(gateway.intake, watch))
            await until(lambda: watch.status(utc_now()).missing == 4)
            polling.cancel()
        source.publish("list", index())
        source.behave()
        async with watched(tmp_path, source) as (gateway, watch):
            await poll(gateway.intake, watch)
            assert await identifiers(gateway.store) == names
            assert watch.status(utc_now()).missing == 0


@pytest.mark.parametrize("is_inside", [False, True])
async def test_what_a_body_cancels_is_never_displayed(tmp_path: Path, is_inside: bool) -> None:
    """Twenty alerts, the oldest first, then their Cancels behind links that take their time: no card is ever made. Also where
    the alerts themselves are in the index."""
    told = [chain(f"X{number}") for number in range(20)]
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        for first, _, ended in told:
            source.publish(f"{first.identifier}.xml", cap.write(first))
            source.publish(f"{ended.identifier}.xml", cap.write(ended))
        for number in range(8):
            source.publish(f"slow{number}", b"<html/>")
            source.misbehave(f"slow{number}", Fault(delay=timedelta(seconds=0.3)))
        firsts = [] if is_inside else [f"/{first.identifier}.xml" for first, _, _ in told]
        ends = [f"/{ended.identifier}.xml" for _, _, ended in told]
        held = b"".join(b"<entry><content type='text/xml'>%s</content></entry>" % bare(first) for first, _, _ in told)
        slow = [f"/slow{number}" for number in range(8)]
        source.publish("list", index(*firsts, *slow, *ends, inside=held if is_inside else b""))
        await poll(gateway.intake, watch)
        assert len(await stored(gateway.store)) >= 40
        assert await message_types(gateway) == []


async def test_one_slow_link_does_not_hold_an_amber_alert_up(tmp_path: Path) -> None:
    """Its neighbour never answers; it is displayed all the same, and the neighbour when it comes to itself."""
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        source.publish("slow.xml", cap.write(amber("SLOW")))
        source.publish("quick.xml", cap.write(amber("QUICK")))
        source.misbehave("slow.xml", NEVER, times=2)
        source.publish("list", index("/slow.xml", "/quick.xml"))
        result = await poll(gateway.intake, watch)
        assert (result.new, await showing(gateway.store)) == (1, ["QUICK"])
        assert watch.status(utc_now()).missing == 1


async def test_an_amber_alert_behind_a_hundred_dead_links_is_displayed(tmp_path: Path) -> None:
    """On its own server, none of the others ever answers; a minute is enough, and the index is asked meanwhile."""
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        source.publish("amber.xml", cap.write(amber("AMBER")))
        for number in range(100):
            source.misbehave(f"dead{number}", NEVER)
        source.publish("list", index(*(f"/dead{number}" for number in range(100)), "/amber.xml"))
        started, asked = time.monotonic(), 0
        while await showing(gateway.store) != ["AMBER"] and time.monotonic() - started < 60:
            await poll(gateway.intake, watch)
            asked += 1
        assert await showing(gateway.store) == ["AMBER"]
        assert asked > 1, "the index keeps its own clock"
        assert watch.status(utc_now()).missing == 100


async def test_what_is_new_goes_before_what_never_answers(tmp_path: Path) -> None:
    """Thirty links that failed before are tried beside the new one, few at a time."""
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        dead = [f"/dead{number}" for number in range(30)]
        for link in dead:
            source.misbehave(link[1:], Fault(status=503), times=1)
        source.publish("list", index(*dead))
        await poll(gateway.intake, watch)
        assert watch.status(utc_now()).missing == 30
        for link in dead:
            source.misbehave(link[1:], NEVER)
        source.publish("new.xml", cap.write(amber("NEW")))
        source.publish("list", index(*dead, "/new.xml"))
        await asyncio.sleep(0.2)
        assert (await poll(gateway.intake, watch)).new == 1
        assert await showing(gateway.store) == ["NEW"]


async def test_a_file_replaced_under_an_unchanged_entry_is_read(tmp_path: Path) -> None:
    """The Cancel stands where the alert stood, and the index says 304: the card is taken down at the next poll."""
    first, _, ended = chain("IN-PLACE")
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        source.publish("one.xml", cap.write(first))
        source.publish("list", index("/one.xml"))
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == ["IN-PLACE-A"]
        source.publish("one.xml", cap.write(ended))
        await asyncio.sleep(1.1)  # a document is asked for at most once a second
        assert (await poll(gateway.intake, watch)).outcome == "not_modified"
        assert await showing(gateway.store) == []
        assert [request.headers.get("If-None-Match") is None for request in source.requests_for("one.xml")] == [
            True,
            False,
        ]


async def test_a_file_replaced_during_a_restart_is_read(tmp_path: Path) -> None:
    """The next process asks the index conditionally, and for the documents that it read."""
    first, _, ended = chain("IN-PLACE")
    async with FeedServer() as source:
        source.publish("one.xml", cap.write(first))
        source.publish("list", index("/one.xml"))
        async with opened(tmp_path) as gateway:
            await poll(gateway.intake, gateway.watch(feed("f", "atom", source.url("list"), interval=BRISK)))
        source.publish("one.xml", cap.write(ended))
        async with opened(tmp_path) as gateway:
            await poll(gateway.intake, gateway.watch(feed("f", "atom", source.url("list"), interval=BRISK)))
            assert source.requests_for("list")[-1].status == 304
            assert await showing(gateway.store) == []


async def test_an_index_that_stamps_every_entry_now_costs_no_fetches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty links, all with a new time at each poll: only a part is asked for, conditionally, and in turn all of them; the one
    behind the card on display each time."""
    monkeypatch.setattr("capgateway.ingest.looks.APART", 0.0)
    monkeypatch.setattr("capgateway.ingest.live.AT_MOST_EVERY", 0.0)
    links = [f"/{number}.xml" for number in range(60)]
    first, _, ended = chain("LIVE")
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        for link in links:
            source.publish(link[1:], cap.write(amber(link[1:-4], now=utc_now() - timedelta(days=9))))
        source.publish("40.xml", cap.write(first))
        source.publish("list", index(*links))
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == ["LIVE-A"]
        before = len(source.requests)
        for hour in range(1, 4):
            source.publish("list", index(*links, stamp=f"2026-01-01T0{hour}:00:00Z"))
            await poll(gateway.intake, watch)
        asked = [request for request in source.requests[before:] if request.name != "list"]
        assert len(asked) <= 3 * 21
        assert {request.name for request in asked} == {link[1:] for link in links}
        assert {request.status for request in asked} == {304}
        assert sum(request.name == "40.xml" for request in asked) == 3
        source.publish("40.xml", cap.write(ended))
        source.publish("list", index(*links, stamp="2026-01-01T05:00:00Z"))
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == []


async def test_one_entry_with_a_new_time_is_asked_for_at_once(tmp_path: Path) -> None:
    """An honest index says what has changed: the document is asked for with what is known of it, and its entry is known."""
    first, renewed, _ = chain("TX")
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        source.publish("one.xml", cap.write(first))
        source.publish("list", index("/one.xml"))
        await poll(gateway.intake, watch)
        source.publish("one.xml", cap.write(renewed))
        source.publish("list", index("/one.xml", stamp="2026-01-02T00:00:00Z"))
        await poll(gateway.intake, watch)
        assert await showing(gateway.store) == ["TX-U"]
        statuses = [request.status for request in source.requests_for("one.xml")]
        assert statuses == [200, 200]


async def test_a_dead_link_with_ever_new_times_is_missing_once(tmp_path: Path) -> None:
    """It is one entry that is missing, however often the index renews its time."""
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        for hour in range(5):
            source.publish("list", index("/gone.xml", stamp=f"2026-01-01T0{hour}:00:00Z"))
            await poll(gateway.intake, watch)
        assert watch.status(utc_now()).missing == 1
        assert len(await gateway.store.read(feeds.missing_entries, "f")) == 1


async def test_two_listings_that_announce_one_document_have_it_once(tmp_path: Path) -> None:
    """The parts of an NWS feed are read side by side; nothing is left missing behind."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        ended = chain("TX")[2]
        source.publish("ended.xml", cap.write(ended))
        source.misbehave("alerts/active", Fault(location="/index.atom"))  # the same link under another time
        watch = gateway.watch(feed("f", "nws", source.url("alerts/active"), interval=BRISK))
        await poll(gateway.intake, watch)
        assert await gateway.store.read(feeds.missing_entries, "f") == []
        assert watch.status(utc_now()).missing == 0
        assert len(source.requests_for("ended.xml")) == 1


async def test_a_host_that_hangs_is_left_alone_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of twenty links to another host that never answers, most are not tried a second time."""
    monkeypatch.setattr("capgateway.ingest.hangs.FIRST_PATIENCE", 0.1)
    monkeypatch.setattr("capgateway.ingest.hangs.LEAST_PATIENCE", 0.1)
    monkeypatch.setattr("capgateway.ingest.hangs.LONGER", 0.2)
    async with FeedServer() as other, FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        links = [f"dead{number}" for number in range(20)]
        for link in links:
            other.misbehave(link, Fault(delay=timedelta(seconds=5)))
        source.publish("list", index(*(other.url(link) for link in links)))
        for _ in range(3):
            await poll(gateway.intake, watch)
        assert watch.status(utc_now()).missing == 20
        waiting = [entry for entry in watch.walk.missing.values() if not entry.failures]
        assert len(waiting) >= 12
        assert all(entry.retry_at and entry.retry_at > utc_now() for entry in waiting)


async def test_the_other_links_of_an_entry_are_tried(tmp_path: Path) -> None:
    """Where the first leads to a page, another one or the entry's id may lead to the alert."""
    entry = "<entry><id>{0}</id><title>t</title><updated>2026-01-01T00:00:00Z</updated>{1}</entry>"
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        source.publish("page.html", b"<html><body>About this alert</body></html>")
        for name in ("A", "B", "C"):
            source.publish(f"{name}.xml", cap.write(amber(name)))
        entries = (
            entry.format("urn:1", "<link href='/page.html'/><link href='/A.xml' rel='related'/>")
            + entry.format(source.url("B.xml"), "<link href='/page.html'/><link href='/more.html' rel='related'/>")
            + entry.format(source.url("C.xml"), "")
        )
        source.publish("list", index(inside=entries.encode()))
        await poll(gateway.intake, watch)
        assert await identifiers(gateway.store) == ["A", "B", "C"]
        assert watch.status(utc_now()).missing == 0


async def test_a_placeholder_is_no_entry_and_a_useless_one_is_counted(tmp_path: Path) -> None:
    """ "No active alerts", linked to the feed itself, is nothing; an entry without any link leads to no message."""
    entry = "<entry><id>urn:x</id><title>{0}</title><updated>2026-01-01T00:00:00Z</updated>{1}</entry>"
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        nothing = entry.format(
            "There are no active watches, warnings or advisories", f"<link href='{source.url('list')}'/>"
        )
        source.publish("list", index(inside=nothing.encode()))
        assert (await poll(gateway.intake, watch)).outcome == "ok"
        told = watch.status(utc_now())
        assert (told.missing, told.unusable, told.health) == (0, 0, "ok")
        assert len(source.requests) == 1
        source.publish("list", index(inside=(nothing + entry.format("Amber", "")).encode()))
        await poll(gateway.intake, watch)
        assert watch.status(utc_now()).unusable == 1


async def test_a_page_in_place_of_cap_is_named(tmp_path: Path) -> None:
    """The table of missing entries says that it is a log-in page."""
    async with FeedServer() as source, watched(tmp_path, source) as (gateway, watch):
        source.publish("a.xml", b"<html><form><input type='password' name='p'></form></html>")
        source.publish("list", index("/a.xml"))
        await poll(gateway.intake, watch)
        (row,) = [one for one in await decisions(gateway.store)]
        assert row == "?"
        (entry,) = await rows(gateway.store, entries)
        assert "leads to a log-in page, not to CAP" in entry["error"]
