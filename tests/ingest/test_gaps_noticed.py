"""Gaps as the gateway notices them: while a source is away, by what it lists when it is back, over restarts and wrong clocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from kinds_gateway import AGENT, BRISK, LOOPBACK, Gateway, amber, chain, feed, heard, heartbeat, intake, rows, until

from capgateway import cap, net
from capgateway.clock import SYSTEM, Clocks, replaced, utc_now
from capgateway.feeds import Feed
from capgateway.ingest import Watch, Watching, poll
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import Store, feeds, gaps
from capgateway.store.tables import cards, feed_status, messages
from capgateway.store.tables import gaps as gap_rows

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the store does with gaps is tested on both databases beside it; this is about feeds."""
    return sqlite_url


PATHS = {
    "ipaws": "recent/{since}",
    "nws": "alerts/active",
    "cap": "a.xml",
    "edxl": "envelope.edxl",
    "atom": "index.atom",
    "rss": "index.rss",
}


@pytest_asyncio.fixture
async def gateway(store: Store) -> AsyncIterator[Gateway]:
    """A gateway on each kind of database."""
    async with net.new_session(user_agent=AGENT, allow_networks=LOOPBACK) as session:
        yield Gateway(store, session, {})


@pytest_asyncio.fixture
async def source() -> AsyncIterator[FeedServer]:
    async with FeedServer() as server:
        yield server


def away(watch: Watch, time: timedelta) -> datetime:
    """As if the feed's last complete answer were so long ago."""
    watch.complete_at = utc_now() - time
    for part in watch.parts.values():
        part.complete = watch.complete
    return watch.complete_at


async def begun(store: Store) -> list[tuple[str, datetime, bool]]:
    """Feed, beginning, and whether it is over, of every gap."""
    return [(row["feed"], row["since"], row["ended_at"] is not None) for row in await rows(store, gap_rows)]


async def unverified(store: Store) -> int:
    """How many cards on display are unverified."""
    return sum(bool(row["unverified_since"]) for row in await rows(store, cards) if row["state"] == "active")


async def told(store: Store) -> list[str]:
    """The kinds of the operator messages, in their order."""
    found = sorted(await rows(store, messages), key=lambda row: row["sequence"])
    return [row["type"].removeprefix("operator.") for row in found if row["type"].startswith("operator.")]


def publish(source: FeedServer, *alerts: cap.Alert) -> None:
    for alert in alerts:
        source.publish(f"{alert.identifier}.xml", cap.write(alert))


@asynccontextmanager
async def watched(store: Store, *configured: Feed) -> AsyncIterator[Watching]:
    """A new process that watches these feeds."""
    watching = Watching(intake(store), AGENT)
    async with watching.running(configured):
        yield watching


@pytest.mark.parametrize(
    ("kind", "longest"),
    [("ipaws", 30 * MINUTE), ("nws", timedelta(days=7)), ("cap", 15 * MINUTE), ("edxl", 15 * MINUTE), ("atom", None)],
)
async def test_an_absence_beyond_the_window_is_a_gap(
    gateway: Gateway, source: FeedServer, kind: Any, longest: timedelta | None
) -> None:
    """Just inside there is none; beyond there is one, which ends with the answer. An index alone does not tell by time."""
    source.publish("a.xml", cap.write(amber("A")))
    watch = gateway.watch(feed("f", kind, source.url(PATHS[kind])))
    await poll(gateway.intake, watch)
    away(watch, (longest or timedelta(days=30)) - MINUTE)
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == []
    since = away(watch, (longest or timedelta(days=30)) + MINUTE)
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == ([("f", since, True)] if longest else [])
    assert watch.status(utc_now()).gap_since == (since if longest else None)
    assert bool(watch.status(utc_now()).gap_ended_at) is bool(longest)
    assert watch.status(utc_now() + timedelta(days=1, minutes=1)).gap_since is None


async def test_a_gap_begins_while_the_source_is_away(store: Store, source: FeedServer) -> None:
    """Not first when it is back; operators are told at once, and the card is marked."""
    source.publish("a.xml", cap.write(amber("A")))
    one = feed("f", "cap", source.url("a.xml"), interval=BRISK, silent_after=timedelta(seconds=1))
    async with watched(store, one) as watching:
        await until(lambda: _shows(store))
        source.misbehave("a.xml", Fault(status=500))
        await until(lambda: _has(store, 1))
        assert [is_over for _, _, is_over in await begun(store)] == [False]
        assert await told(store) == ["feed_gap", "cards_unverified"]
        assert watching.statuses()[0].gap_since is not None
        assert watching.statuses()[0].gap_ended_at is None
        source.behave()
        watch = watching.find("f")
        assert watch is not None
        await watching.poll_now(watch)
        assert [is_over for _, _, is_over in await begun(store)] == [True]
        assert await unverified(store) == 0, "it lists the same alert again"


async def _shows(store: Store) -> bool:
    return bool(await rows(store, cards))


async def _has(store: Store, count: int) -> bool:
    return await unverified(store) == count


async def test_a_gap_is_measured_over_a_restart(store: Store, source: FeedServer) -> None:
    """From the last complete answer that is stored, before the first poll brings one; the status remembers it after that."""
    publish(source, amber("A"))
    one = feed("f", "ipaws", source.url(PATHS["ipaws"]), interval=HOUR)
    async with watched(store, one):
        await until(lambda: _shows(store))
    source.misbehave("recent/{since}", Fault(status=503))
    since = utc_now() - 3 * HOUR
    await store.write(feeds.save_complete, {"f": since})
    for _ in range(2):
        async with watched(store, one) as watching:
            assert await begun(store) == [("f", since, False)]
            assert await told(store) == ["feed_gap", "cards_unverified"]
            assert watching.statuses()[0].gap_since == since


@pytest.mark.parametrize("stopped", [True, False])
async def test_the_last_answer_is_stored_soon(store: Store, source: FeedServer, stopped: bool) -> None:
    """A gateway that is killed in its first minute knows when a feed answered; never later than it did."""
    one = feed("f", "ipaws", source.url(PATHS["ipaws"]), interval=HOUR)
    async with watched(store, one) as watching:
        await until(lambda: bool(watching.statuses()[0].last_success))
        if not stopped:
            await until(lambda: _stored(store))
        answered = watching.statuses()[0].last_success
    (row,) = await rows(store, feed_status)
    assert answered is not None
    assert row["complete_at"] <= answered


async def _stored(store: Store) -> bool:
    return any(row["complete_at"] for row in await rows(store, feed_status))


async def test_a_clock_set_back_over_a_restart_hides_no_gap(store: Store, source: FeedServer) -> None:
    """An answer that seems to come from the future is as long ago; and the source is asked for what came since."""
    await store.write(feeds.save_complete, {"f": utc_now() + 2 * HOUR})
    one = feed("f", "ipaws", source.url("late/{since}/x"))
    async with watched(store, one):
        assert len(await begun(store)) == 1
        await until(lambda: bool(source.requests))
    asked = datetime.fromisoformat(source.requests[-1].name.split("/")[1])
    assert utc_now() - 3 * HOUR < asked < utc_now() - 2 * HOUR


@pytest.mark.parametrize("step", [-3 * HOUR, 3 * HOUR])
async def test_a_step_of_the_clock_is_no_gap(store: Store, source: FeedServer, step: timedelta) -> None:
    """Noticed or not yet; nor does it hide one, and what is stored follows."""
    one = feed("f", "ipaws", source.url(PATHS["ipaws"]), interval=HOUR)
    async with watched(store, one) as watching:
        await until(lambda: bool(watching.statuses()[0].last_success))
        watch = watching.find("f")
        assert watch is not None
        with replaced(Clocks(lambda: SYSTEM.wall() + step, SYSTEM.monotonic)):
            assert not watch.is_overdue
            watching.clock_stepped(step)
            await watching.remember()
            assert not watch.is_overdue
            assert watch.complete_at is not None
            assert abs(utc_now() - watch.complete_at) < MINUTE
            assert (await store.read(feeds.complete))["f"] == watch.complete_at
        with replaced(Clocks(lambda: SYSTEM.wall() + step, lambda: SYSTEM.monotonic() + 2 * HOUR.total_seconds())):
            assert watch.is_overdue


async def test_a_feed_that_never_answered_has_no_gap(store: Store, source: FeedServer) -> None:
    """It has shown no card, and where its window would begin nobody knows."""
    source.misbehave("a.xml", Fault(status=500))
    one = feed("f", "cap", source.url("a.xml"), interval=BRISK, silent_after=timedelta(microseconds=1))
    async with watched(store, one) as watching:
        await until(lambda: watching.statuses()[0].consecutive_failures > 0)
        await watching._look_for_gaps()
    assert await begun(store) == []


async def test_a_slow_pace_is_no_absence(gateway: Gateway, source: FeedServer) -> None:
    """A feed that is well and not to be asked yet is not away, however short ``silent_after`` is."""
    source.publish("a.xml", cap.write(amber("A")))
    watch = gateway.watch(feed("f", "cap", source.url("a.xml"), silent_after=timedelta(microseconds=1)))
    await poll(gateway.intake, watch)
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == []
    source.misbehave("a.xml", Fault(status=500))
    await poll(gateway.intake, watch)
    assert watch.is_overdue


async def test_what_a_hand_submits_is_no_answer(gateway: Gateway, source: FeedServer) -> None:
    """The source is still away."""
    watch = gateway.watch(feed("f", "ipaws", source.url(PATHS["ipaws"])))
    since = away(watch, HOUR)
    await gateway.watching().submit(watch, cap.write(amber("A")))
    assert watch.complete_at == since
    assert watch.last_success is None


def several(count: int, start: int = 0) -> list[cap.Alert]:
    return [amber(f"N{number}") for number in range(start, start + count)]


def turn_over(source: FeedServer, old: Sequence[cap.Alert], new: Sequence[cap.Alert]) -> None:
    for alert in old:
        source.remove(f"{alert.identifier}.xml")
    publish(source, *new)


@pytest.mark.parametrize("path", ["index.atom", "embedded.atom", "index.rss", "embedded.rss"])
async def test_an_index_of_strangers_is_a_gap(gateway: Gateway, source: FeedServer, path: str) -> None:
    """Five entries, all new, none of those seen before left: what was shown before is unverified, what it brings is not."""
    old = several(6)
    publish(source, *old)
    watch = gateway.watch(feed("f", "rss" if "rss" in path else "atom", source.url(path)))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == []
    since = watch.complete_at
    turn_over(source, old, several(5, 10))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == [("f", since, True)]
    assert (len(await rows(gateway.store, cards)), await unverified(gateway.store)) == (11, 6)


@pytest.mark.parametrize(("left", "new"), [(1, 9), (0, 4)])
async def test_an_index_that_shows_what_it_showed_has_no_gap(
    gateway: Gateway, source: FeedServer, left: int, new: int
) -> None:
    """One old entry is enough, and four new ones are too few to say anything."""
    old = several(6)
    publish(source, *old)
    watch = gateway.watch(feed("f", "atom", source.url("index.atom")))
    await poll(gateway.intake, watch)
    turn_over(source, old[left:], several(new, 10))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == []


@pytest.mark.parametrize("change", ["times", "addresses", "bytes"])
async def test_an_index_that_makes_all_anew_has_no_gap(gateway: Gateway, source: FeedServer, change: str) -> None:
    """Other times under the same addresses, other addresses of the same alerts, or the same alerts in other bytes."""
    alerts = several(6)
    publish(source, *alerts)
    path = "embedded.atom" if change == "bytes" else "index.atom"
    watch = gateway.watch(feed("f", "atom", source.url(path)))
    await poll(gateway.intake, watch)
    for alert in alerts:
        name, document = f"{alert.identifier}.xml", cap.write(alert)
        if change == "times":
            source.publish(name, document)
        elif change == "addresses":
            source.remove(name)
            source.publish(f"again-{name}", document)
        else:
            source.publish(name, document.replace(b"<scope>", b"\n\n<scope>"))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == []
    assert watch.strangers is None


async def test_a_first_index_is_no_gap(gateway: Gateway, source: FeedServer) -> None:
    """Everything is new, but nothing was there to be missed."""
    watch = gateway.watch(feed("f", "atom", source.url("index.atom")))
    await poll(gateway.intake, watch)
    publish(source, *several(9))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == []


@pytest.mark.parametrize(("named", "bridge", "is_gap"), [(10, 0, True), (9, 0, False), (9, 1, False)])
async def test_a_heartbeat_of_strangers_is_a_gap(gateway: Gateway, named: int, bridge: int, is_gap: bool) -> None:
    """Ten alerts of which none was held before; fewer are all there was, and one that was held bridges the absence."""
    shown = amber("SHOWN")
    watch = gateway.watch(feed("f", "naads", urls=("tcp://127.0.0.1:1",)))
    await heard(gateway, watch, cap.write(shown), heartbeat(shown))
    since = watch.complete_at
    await heard(gateway, watch, heartbeat(*[shown] * bridge, *several(named)))
    assert await begun(gateway.store) == ([("f", since, True)] if is_gap else [])
    assert await unverified(gateway.store) == is_gap


async def test_what_a_stream_brings_after_its_return_bridges_nothing(gateway: Gateway) -> None:
    """One alert of the ten came before the heartbeat, but after the stream was lost; what came all along is no gap."""
    new = several(10)
    watch = gateway.watch(feed("f", "naads", urls=("tcp://127.0.0.1:1",)))
    await heard(gateway, watch, cap.write(amber("SHOWN")), heartbeat(amber("SHOWN")))
    await heard(gateway, watch, *map(cap.write, new), heartbeat(*new))
    assert await begun(gateway.store) == []
    watch.lost("tcp://127.0.0.1:1", "gone", utc_now())
    late = several(10, 20)
    await heard(gateway, watch, cap.write(late[-1]), heartbeat(*late))
    assert len(await begun(gateway.store)) == 1
    assert (len(await rows(gateway.store, cards)), await unverified(gateway.store)) == (12, 11)


@pytest.mark.parametrize("path", ["index.atom", "embedded.atom"])
async def test_a_card_is_seen_again_in_a_listing(gateway: Gateway, source: FeedServer, path: str) -> None:
    """The index is unchanged, so a conditional request would say nothing; a card that it does not list stays unverified."""
    listed, gone = amber("LISTED"), amber("GONE")
    publish(source, listed, gone)
    watch = gateway.watch(feed("f", "atom", source.url(path)))
    await poll(gateway.intake, watch)
    source.remove("GONE.xml")
    await poll(gateway.intake, watch)
    assert (await poll(gateway.intake, watch)).outcome == "not_modified"
    await gateway.store.write_alone(gaps.begin, "f", utc_now())
    gateway.intake.told()
    assert await unverified(gateway.store) == 2
    await poll(gateway.intake, watch)
    assert await unverified(gateway.store) == 1
    await poll(gateway.intake, watch)
    assert await unverified(gateway.store) == 1, "that its document is not there any more ends nothing"


async def test_another_feed_shows_the_alert_again(store: Store, source: FeedServer) -> None:
    """It is asked at once when the gap begins, without conditions, although its own turn would come in an hour."""
    alert = amber("A")
    source.publish("a.xml", cap.write(alert))
    first = feed("first", "cap", source.url("a.xml"), interval=BRISK, silent_after=timedelta(seconds=1))
    other = feed("other", "atom", source.url("embedded.atom"), interval=HOUR)
    async with watched(store, first) as watching:
        await until(lambda: _shows(store))
        await watching.replace([first, other])
        await until(lambda: watching.statuses()[1].health == "ok")
        asked = len(source.requests_for("embedded.atom"))
        source.misbehave("a.xml", Fault(status=500))
        await until(lambda: _told(store))
        await until(lambda: len(source.requests_for("embedded.atom")) > asked)
        assert "If-None-Match" not in source.requests_for("embedded.atom")[-1].headers
        await until(lambda: _has(store, 0))


async def _told(store: Store) -> bool:
    return "cards_unverified" in await told(store)


async def test_the_weather_service_is_asked_for_the_event_code(gateway: Gateway, source: FeedServer) -> None:
    """While a card is unverified its whole history too, past the feed's own filter; what it lists there was not seen again,
    and that it cannot be asked is no failure of the feed."""
    alert, _, _ = chain("TX")
    publish(source, alert)
    watch = gateway.watch(feed("f", "nws", source.url("alerts/active?area=TX")))
    await poll(gateway.intake, watch)
    asked = len(source.requests_for("alerts"))
    await gateway.store.write_alone(gaps.begin, "f", utc_now())
    gateway.intake.told()
    source.misbehave("alerts/active", Fault(status=500))
    await poll(gateway.intake, watch)
    assert len(source.requests_for("alerts")) == asked + 2
    assert await unverified(gateway.store) == 1
    source.behave()
    source.remove(f"{alert.identifier}.xml")
    source.misbehave("alerts", Fault(status=404), times=1)
    watch.parts["history"].next_at = None
    await poll(gateway.intake, watch)
    assert await unverified(gateway.store) == 1


async def test_a_damaged_answer_is_not_complete(gateway: Gateway, source: FeedServer) -> None:
    """What is left of it is read; but a Cancel may be what was cut off."""
    publish(source, amber("A"))
    watch = gateway.watch(feed("f", "ipaws", source.url(PATHS["ipaws"])))
    await poll(gateway.intake, watch)
    since = away(watch, HOUR)
    whole = (await _body(gateway, source)).rstrip()[:-8]
    assert whole.startswith(b"<")
    source.misbehave("recent/{since}", Fault(body=whole))
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == [("f", since, False)]
    source.behave()
    await poll(gateway.intake, watch)
    assert await begun(gateway.store) == [("f", since, True)]


async def _body(gateway: Gateway, source: FeedServer) -> bytes:
    async with gateway.session.get(
        source.url("recent/2020-01-01T00:00:00Z"), headers={"Accept-Encoding": "identity"}
    ) as answer:
        found: bytes = await answer.read()
        return found
