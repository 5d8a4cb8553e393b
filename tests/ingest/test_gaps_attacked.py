"""Gaps that try to hide, and absences that only look like gaps."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

import pytest
from kinds_gateway import Gateway, amber, feed, heard, heartbeat, until
from test_gaps_noticed import (
    MINUTE,
    PATHS,
    begun,
    gateway,
    publish,
    several,
    source,
    turn_over,
    unverified,
    watched,
)

from capgateway import cap
from capgateway.clock import SYSTEM, Clocks, replaced, utc_now
from capgateway.errors import StoreError
from capgateway.feeds import MAX_PAGES
from capgateway.ingest import Watch, poll
from capgateway.ingest import gaps as noticed
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import Store, feeds, gaps


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the store does with gaps is tested on both databases beside it; this is about feeds."""
    return sqlite_url


PLAIN = {"Accept-Encoding": "identity"}
__all__ = ["gateway", "source"]


async def test_an_archive_that_is_away_is_no_new_gap_each_minute(gateway: Gateway) -> None:
    """A heartbeat that names what the one before it named goes on where it was, whether that could be recovered or not."""
    shown = amber("SHOWN")
    watch = gateway.watch(feed("f", "naads", urls=("tcp://127.0.0.1:1",)))
    await heard(gateway, watch, cap.write(shown), heartbeat(shown))
    new = several(11)
    await heard(gateway, watch, heartbeat(*new[:10]))
    await heard(gateway, watch, heartbeat(*new[:10]), heartbeat(*new[1:]))
    assert len(await begun(gateway.store)) == 1


async def test_first_heartbeats_are_no_gap(gateway: Gateway) -> None:
    """Nothing was there to be missed, although no archive has what was sent before the start."""
    watch = gateway.watch(feed("f", "naads", urls=("tcp://127.0.0.1:1",)))
    new = several(10)
    await heard(gateway, watch, heartbeat(*new), heartbeat(*new))
    assert len(await begun(gateway.store)) == 0


@pytest.mark.parametrize("path", ["index.atom", "embedded.atom"])
async def test_a_damaged_answer_hides_no_gap(gateway: Gateway, source: FeedServer, path: str) -> None:
    """What a damaged answer brings does not count as known until an answer is whole."""
    old = several(6)
    publish(source, *old)
    watch = gateway.watch(feed("f", "atom", source.url(path)))
    await poll(gateway.intake, watch)
    since = watch.complete_at
    turn_over(source, old, several(6, 10))
    async with gateway.session.get(source.url(path), headers=PLAIN) as answer:
        body = await answer.read()
    source.misbehave(path, Fault(body=body[:-8]))
    await poll(gateway.intake, watch)
    source.behave()
    await poll(gateway.intake, watch)
    assert [(name, at) for name, at, _ in await begun(gateway.store)] == [("f", since)]


async def killed(*_: object, **__: object) -> None:
    """As if the process ended here."""
    raise StoreError("killed")


@pytest.mark.parametrize("path", ["index.atom", "embedded.atom"])
async def test_a_gap_outlives_a_crash_before_it_begins(
    gateway: Gateway, source: FeedServer, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an answer brought is stored, but not yet what it shows: the next process finds that out."""
    old = several(6)
    publish(source, *old)
    one = feed("f", "atom", source.url(path))
    watch = gateway.watch(one)
    await poll(gateway.intake, watch)
    since = watch.complete_at
    assert since
    await gateway.store.write(feeds.save_complete, {"f": since})
    turn_over(source, old, several(6, 10))
    with monkeypatch.context() as patched:
        patched.setattr(noticed, "settle", killed)
        await poll(gateway.intake, watch)
    remembered = await gateway.store.read(feeds.validators)
    assert remembered["f"]
    again = Watch(one, gateway.session, remembered["f"], (await gateway.store.read(feeds.complete))["f"])
    await poll(gateway.intake, again)
    assert [(name, at) for name, at, _ in await begun(gateway.store)] == [("f", since)]


async def test_two_gateways_miss_no_gap(gateway: Gateway, source: FeedServer) -> None:
    """The other gateway had a later answer than the one that sees the strangers; and there is one gap, not two."""
    old = several(6)
    publish(source, *old)
    one = feed("f", "atom", source.url("index.atom"))
    first = gateway.watch(one)
    await poll(gateway.intake, first)
    second = Watch(one, gateway.session, {}, first.complete_at)
    await poll(gateway.intake, second)
    assert second.complete_at
    await gateway.store.write(feeds.save_complete, {"f": second.complete_at})
    turn_over(source, old, several(6, 10))
    await poll(gateway.intake, first)
    await poll(gateway.intake, second)
    assert [name for name, _, _ in await begun(gateway.store)] == ["f"]


async def test_a_sleep_during_a_poll_is_a_gap(
    gateway: Gateway, source: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine sleeps for three hours over a poll: that is an absence, and not a slow pace."""
    publish(source, amber("A"))
    watch = gateway.watch(feed("f", "ipaws", source.url(PATHS["ipaws"]), interval=2 * MINUTE))
    await poll(gateway.intake, watch)
    slept, fetch = 0.0, sys.modules["capgateway.ingest.poll"].fetch

    async def sleeps(*args: Any, **how: Any) -> Any:
        nonlocal slept
        found = await fetch(*args, **how)
        slept = 3 * 3600.0
        return found

    with replaced(Clocks(lambda: SYSTEM.wall() + timedelta(seconds=slept), lambda: SYSTEM.monotonic() + slept)):
        with monkeypatch.context() as patched:
            patched.setattr(sys.modules["capgateway.ingest.poll"], "fetch", sleeps)
            await poll(gateway.intake, watch)
        slept += 120
        for _ in range(2):
            await poll(gateway.intake, watch)
    assert len(await begun(gateway.store)) == 1


async def test_a_pause_is_kept_after_a_gap(gateway: Gateway, source: FeedServer) -> None:
    """A server that asked for a pause gets it, also while the whole feed is to be read."""
    publish(source, amber("A"))
    watch = gateway.watch(feed("f", "nws", source.url(PATHS["nws"])))
    await poll(gateway.intake, watch)
    watch.reads_whole = True
    source.misbehave("alerts", Fault(status=429, headers={"Retry-After": "600"}))
    for _ in range(4):
        await poll(gateway.intake, watch)
    assert len(source.requests_for("alerts")) == 2


async def test_polls_come_back_to_their_rhythm(gateway: Gateway, source: FeedServer) -> None:
    """A card that a complete answer does not show is waited for at the usual pace."""
    listed, gone = amber("LISTED"), amber("GONE")
    publish(source, listed, gone)
    watch = gateway.watch(feed("f", "atom", source.url("index.atom")))
    await poll(gateway.intake, watch)
    source.remove("GONE.xml")
    await poll(gateway.intake, watch)
    await gateway.store.write_alone(gaps.begin, "f", utc_now())
    gateway.intake.told()
    for _ in range(4):
        await poll(gateway.intake, watch)
    assert await unverified(gateway.store) == 1
    assert (await poll(gateway.intake, watch)).outcome == "not_modified"


def page(source: FeedServer, number: int, following: str | None, *alerts: cap.Alert) -> None:
    """One page of a listing, which points on."""
    facts = [{"@id": source.url(f"{one.identifier}.xml"), "sent": "2026-11-28T00:00:00Z"} for one in alerts]
    onward = {"pagination": {"next": source.url(following)}} if following else {}
    source.publish(f"p{number}", json.dumps({"@graph": facts, **onward}).encode())


@pytest.mark.parametrize(("pages", "is_whole"), [(MAX_PAGES, True), (MAX_PAGES + 2, False)])
async def test_a_listing_with_too_many_pages(gateway: Gateway, source: FeedServer, pages: int, is_whole: bool) -> None:
    """A listing that goes on beyond the pages that are followed is not complete, and the status says so."""
    for number in range(pages):
        page(source, number, f"p{number + 1}" if number + 1 < pages else None)
    watch = gateway.watch(feed("f", "nws", source.url("p0")))
    for _ in range(2):
        await poll(gateway.intake, watch)
        assert bool(watch.complete_at) == is_whole
        trouble = watch.status(utc_now()).trouble
        assert (trouble is None) == is_whole, trouble
        assert is_whole or str(MAX_PAGES) in (trouble or "")


async def test_pages_in_a_circle(gateway: Gateway, source: FeedServer) -> None:
    """A page that points back to one that was read ends the listing."""
    page(source, 0, "p1", amber("A"))
    page(source, 1, "p0", amber("B"))
    watch = gateway.watch(feed("f", "nws", source.url("p0")))
    await poll(gateway.intake, watch)
    assert (len(source.requests_for("p0")), len(source.requests_for("p1"))) == (1, 1)
    assert watch.complete_at


async def test_a_part_that_fails_for_a_week_is_a_gap(gateway: Gateway, source: FeedServer) -> None:
    """A week without cancels is a gap, however well the active alerts are listed."""
    publish(source, amber("A"))
    watch = gateway.watch(feed("f", "nws", source.url(PATHS["nws"])))
    await poll(gateway.intake, watch)
    source.misbehave("alerts", Fault(status=500))
    passed = 0.0
    with replaced(Clocks(lambda: SYSTEM.wall() + timedelta(seconds=passed), lambda: SYSTEM.monotonic() + passed)):
        for day in range(9):
            passed = 86400.0 * day
            await poll(gateway.intake, watch)
    assert len(await begun(gateway.store)) == 1


async def test_empty_answers_are_an_absence(gateway: Gateway, source: FeedServer) -> None:
    """An empty body, where there was something before, is not an answer."""
    publish(source, amber("A"))
    watch = gateway.watch(feed("f", "ipaws", source.url(PATHS["ipaws"])))
    await poll(gateway.intake, watch)
    source.misbehave("recent/{since}", Fault(body=b""))
    passed = 0.0
    with replaced(Clocks(lambda: SYSTEM.wall() + timedelta(seconds=passed), lambda: SYSTEM.monotonic() + passed)):
        for minutes in (0, 10, 20, 29):
            passed = 60.0 * minutes
            await poll(gateway.intake, watch)
        assert len(await begun(gateway.store)) == 0
        passed += 120
        await poll(gateway.intake, watch)
    assert len(await begun(gateway.store)) == 1


async def test_many_gaps_hurry_a_feed_once(store: Store, source: FeedServer) -> None:
    """An outage ends for many feeds one after the other; the others are not asked each second."""
    one = feed("f", "atom", source.url("index.atom"), interval=60 * MINUTE)
    async with watched(store, one) as watching:
        await until(lambda: watching.statuses()[0].health == "ok")
        for number in range(20):
            watching._asks_others.add(f"other-{number}")
            watching._ask_others()
            await asyncio.sleep(0.05)
        assert len(source.requests) == 2


async def test_what_is_wished_during_a_poll_is_done_after_it(gateway: Gateway, source: FeedServer) -> None:
    """A poll that began before asked conditionally: it shows nothing."""
    publish(source, amber("A"))
    watch = gateway.watch(feed("f", "atom", source.url("index.atom")))
    await poll(gateway.intake, watch)
    source.misbehave("index.atom", Fault(delay=timedelta(milliseconds=200)))
    under_way = asyncio.create_task(poll(gateway.intake, watch))
    await asyncio.sleep(0.1)
    watch.reads_whole = True
    await under_way
    assert watch.reads_whole
    await poll(gateway.intake, watch)
    assert not watch.reads_whole
    assert "If-None-Match" not in source.requests_for("index.atom")[-1].headers


async def test_who_is_hurried_is_not_put_off(store: Store, source: FeedServer) -> None:
    """A feed whose turn comes sooner than the hurry would bring it keeps its turn."""
    one = feed("f", "atom", source.url("index.atom"), interval=timedelta(seconds=2))
    async with watched(store, one) as watching:
        await until(lambda: watching.statuses()[0].health == "ok")
        for number in range(2):
            asked = len(source.requests)
            watching._asks_others.add(f"other-{number}")
            watching._ask_others()
            await until(lambda: len(source.requests) > asked)  # noqa: B023


async def test_a_store_that_did_not_answer_at_the_start_hides_no_gap(gateway: Gateway, source: FeedServer) -> None:
    """The watch began without what the store remembers, as in a reload while the database restarts; the first poll asks it."""
    since = utc_now() - 60 * MINUTE
    await gateway.store.write(feeds.save_complete, {"f": since})
    watch = gateway.watch(feed("f", "ipaws", source.url(PATHS["ipaws"])))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == [("f", since, True)]


@pytest.mark.parametrize(("answers", "left"), [(500, 1), (None, 0)])
async def test_an_entry_with_a_new_time_shows_what_its_document_is(
    gateway: Gateway, source: FeedServer, answers: int | None, left: int
) -> None:
    """The card is verified by the document, which may be another by now, and not by the link."""
    alert = amber("A")
    publish(source, alert)
    watch = gateway.watch(feed("f", "atom", source.url("index.atom")))
    await poll(gateway.intake, watch)
    await gateway.store.write_alone(gaps.begin, "f", utc_now())
    gateway.intake.told()
    publish(source, alert)
    source.misbehave("A.xml", Fault(status=answers))
    await poll(gateway.intake, watch)
    assert await unverified(gateway.store) == left
