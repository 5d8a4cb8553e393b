"""NAADS: two sites, heartbeats, archives, and what a stream may do to us."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kinds_gateway import (
    Gateway,
    amber,
    archived,
    decisions,
    feed,
    heard,
    heartbeat,
    identifiers,
    opened,
    rows,
    showing,
    stored,
    until,
)
from msgspec.structs import replace

from capgateway import cap
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.ingest import Watch, submit
from capgateway.simulate import story
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.stream import StreamServer
from capgateway.store import lists
from capgateway.store.tables import sightings


@asynccontextmanager
async def listening(gateway: Gateway, *sites: StreamServer, archive: str = "") -> AsyncIterator[Watch]:
    """A gateway that listens to these sites."""
    settings: dict[str, Any] = {"urls": tuple(site.url for site in sites), "archives": (archive,) if archive else ()}
    watching = gateway.watching()
    async with watching.running([feed("naads", "naads", **settings)]):
        watch = watching.find("naads")
        assert watch is not None
        await asyncio.gather(*(site.connected() for site in sites))
        yield watch


async def test_both_sites_deliver_the_same_alerts_once(tmp_path: Path) -> None:
    """In other order, in other pieces, with heartbeats between; the bytes are those of whoever was first."""
    alerts = [amber(f"CA-{number}") for number in range(6)]
    order = random.Random(7)  # noqa: S311
    async with StreamServer() as one, StreamServer() as two, opened(tmp_path) as gateway:
        async with listening(gateway, one, two) as watch:
            for site in (one, two):
                mixed = order.sample(alerts, len(alerts))
                await site.send(
                    b"\n".join([*map(cap.write, mixed), heartbeat(*alerts)]), piece=order.randrange(80, 900)
                )
            await until(lambda: _holds(gateway, 6))
            await until(lambda: watch.missing == 0 and watch.failures == 0)
            assert watch.status(utc_now()).health == "ok"
        assert await identifiers(gateway.store) == [f"CA-{number}" for number in range(6)]
        assert await rows(gateway.store, sightings) == []


async def _holds(gateway: Gateway, count: int) -> bool:
    return len(await stored(gateway.store)) >= count


async def test_one_site_is_enough(tmp_path: Path) -> None:
    """The other one is cut off and comes back; nothing is lost meanwhile."""
    async with (
        StreamServer() as one,
        StreamServer() as two,
        opened(tmp_path) as gateway,
        listening(gateway, one, two),
    ):
        await one.cut()
        await two.send(cap.write(amber("CA-1")))
        await one.connected(2)
        await one.send(cap.write(amber("CA-2")))
        await until(lambda: _holds(gateway, 2))


async def test_what_the_archives_lack_is_asked_for_less_and_less(tmp_path: Path) -> None:
    """Not at each heartbeat: after one minute, two, four. What comes by itself meanwhile is missing no more."""
    lost, late = amber("CA-LOST"), amber("CA-LATE")
    async with FeedServer() as archive, opened(tmp_path) as gateway:
        watch = gateway.watch(feed("naads", "naads", archives=(archive.url(""),)))
        for _ in range(5):
            await heard(gateway, watch, heartbeat(lost, late))
        assert [len(archive.requests_for(archived(alert))) for alert in (lost, late)] == [1, 1]
        assert watch.status(utc_now()).missing == 2
        waits = []
        for _ in range(4):
            (name,) = (name for name in watch.tries if "LOST" in name)
            tried = watch.tries[name]
            assert tried.again_at is not None
            waits.append(round((tried.again_at - utc_now()) / timedelta(minutes=1)))
            watch.tries[name] = tried._replace(again_at=utc_now())  # as if the pause were over
            await heard(gateway, watch, heartbeat(lost, late))
        assert waits == [1, 2, 4, 8]
        assert len(archive.requests_for(archived(lost))) == 5
        await heard(gateway, watch, cap.write(late))
        await heard(gateway, watch, heartbeat(lost, late))
        assert watch.missing == 1


async def test_an_archive_that_has_something_else_is_not_asked_each_minute(tmp_path: Path) -> None:
    """What it has is kept, in quarantine where that is its place; the alert it should be stays missing."""
    wanted = amber("CA-WANTED")
    async with FeedServer() as archive, opened(tmp_path) as gateway:
        watch = gateway.watch(feed("naads", "naads", archives=(archive.url(""),)))
        for document in (b"<html>Not here</html>", cap.write(amber("CA-OTHER"))):
            archive.publish(archived(wanted), document)
            watch.tries.clear()
            for _ in range(3):
                await heard(gateway, watch, heartbeat(wanted))
        assert len(archive.requests) == 2
        assert watch.missing == 1
        assert await identifiers(gateway.store) == ["CA-OTHER"]


async def test_what_another_feed_spoilt_is_recovered(tmp_path: Path) -> None:
    """A relay brought an Alert without its content, and the stream lost the genuine one: the archive has it. What another feed
    brought as it is, nobody asks for again."""
    spoilt, whole = amber("CA-SPOILT"), amber("CA-WHOLE")
    async with FeedServer() as archive, opened(tmp_path) as gateway:
        relay = gateway.watch(feed("relay", "push", senders=(spoilt.sender,)))
        for alert in (replace(spoilt, infos=()), whole):
            await submit(gateway.intake, relay, cap.write(alert))
        for alert in (spoilt, whole):
            archive.publish(archived(alert), cap.write(alert))
        watch = gateway.watch(feed("naads", "naads", archives=(archive.url(""),)))
        for _ in range(3):
            await heard(gateway, watch, heartbeat(spoilt, whole))
        assert [len(archive.requests_for(archived(alert))) for alert in (spoilt, whole)] == [1, 0]
        assert await showing(gateway.store) == ["CA-SPOILT", "CA-WHOLE"]


async def test_a_cancel_under_the_name_of_its_alert_is_recovered(tmp_path: Path) -> None:
    """The stream lost it. That its Alert is known by the same identifier is no reason not to ask for it."""
    alert = amber("CA-1")
    cancel = replace(story.cancel(utc_now() - timedelta(minutes=1), alert), identifier="CA-1", references=())
    async with FeedServer() as archive, opened(tmp_path) as gateway:
        archive.publish(archived(cancel), cap.write(cancel))
        watch = gateway.watch(feed("naads", "naads", archives=(archive.url(""),)))
        await heard(gateway, watch, cap.write(alert))
        assert await showing(gateway.store) == ["CA-1"]
        await heard(gateway, watch, heartbeat(alert, cancel))
        assert await showing(gateway.store) == []


async def test_a_slow_archive_does_not_hold_up_the_stream(tmp_path: Path) -> None:
    """What a heartbeat names is looked for aside; the alert behind the heartbeat is stored at once."""
    lost = amber("CA-LOST")
    async with FeedServer() as archive, StreamServer() as site, opened(tmp_path) as gateway:
        archive.misbehave(archived(lost), Fault(delay=timedelta(seconds=1)))
        async with listening(gateway, site, archive=archive.url("")) as watch:
            await site.send(heartbeat(lost) + heartbeat(lost) + cap.write(amber("CA-NOW")))
            await until(lambda: _holds(gateway, 1))
            assert watch.catching_up is not None
            assert not watch.catching_up.done()
        assert len(archive.requests) <= 1


async def test_a_store_in_trouble_does_not_end_the_stream(tmp_path: Path) -> None:
    """The connection lives on; what could not be stored comes from the archives later."""
    async with FeedServer() as archive, StreamServer() as site, opened(tmp_path) as gateway:
        one = amber("CA-1")
        archive.publish(archived(one), cap.write(one))
        async with listening(gateway, site, archive=archive.url("")) as watch:
            writer, gateway.store._writer = gateway.store._writer, None  # as when the disk is gone
            await site.send(cap.write(one) + heartbeat(one))
            await until(lambda: watch.catching_up is not None and watch.catching_up.done())
            assert await identifiers(gateway.store) == []
            gateway.store._writer = writer
            await site.send(heartbeat(one))
            await until(lambda: _holds(gateway, 1))
            assert site.connections == 1


async def test_a_hostile_stream_keeps_us_from_nothing(tmp_path: Path) -> None:
    """Noise, blanks without end, documents without end, heartbeats that name nonsense: the alert behind them counts."""
    nonsense = replace(amber("x"), identifier="../../etc/passwd", sent=cap.time("yesterday"))
    async with FeedServer() as archive, StreamServer() as site, opened(tmp_path) as gateway:
        async with listening(gateway, site, archive=archive.url("")) as watch:
            await site.send(b"\0" * 50_000 + b"<?xml version='1.0'?>" + b" " * 5_000 + b"<!-- " * 2_000)
            await site.send(b"<?xml ?>" * 3_000 + b"<?xml ?>" + b"\n<!---->" * 40 + b"\n" * 2_000)
            await site.send(b"<alert>" + b"<a>" * 3_000)
            await site.send(heartbeat(*[nonsense] * 30))
            await site.send(cap.write(amber("CA-1")))
            await until(lambda: _holds_name(gateway, "CA-1"))
            assert watch.status(utc_now()).health == "ok"
        assert archive.requests == []


async def _holds_name(gateway: Gateway, name: str) -> bool:
    return name in await identifiers(gateway.store)


async def test_a_heartbeat_is_no_alert(tmp_path: Path) -> None:
    """It says that the stream lives and is not kept; one that carries an alert's content is taken as what it is."""
    async with opened(tmp_path) as gateway:
        watch = gateway.watch(feed("naads", "naads"))
        await heard(gateway, watch, heartbeat())
        assert await stored(gateway.store) == []
        assert watch.status(utc_now()).health == "ok"
        await heard(gateway, watch, cap.write(replace(amber("A"), sender="NAADS-Heartbeat")))
        assert await identifiers(gateway.store) == ["A"]


CORPUS = os.environ.get("CAPGATEWAY_CORPUS")


@pytest.mark.skipif(not CORPUS, reason="set CAPGATEWAY_CORPUS to the corpus directory to test with real messages")
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_real_stream_in_random_pieces(tmp_path: Path, seed: int) -> None:
    """Two heartbeats and the complete alerts; the AMBER Alert is one for Canada, and the unfinished one is waited for."""
    stream = Path(CORPUS or "", "derived", "naads-tcp-stream-open.bin").read_bytes()
    now, chance = utc_now().replace(microsecond=0), random.Random(seed)  # noqa: S311
    for old, new in ((b"2025-11-05T15:10:00+00:00", now), (b"2025-11-06T03:10:00+00:00", now + timedelta(hours=12))):
        assert old in stream
        stream = stream.replace(old, new.isoformat().encode())
    async with StreamServer() as one, StreamServer() as two, opened(tmp_path) as gateway:
        gateway.intake.policy = Policy(regions=("CA-ON",))
        async with listening(gateway, one, two) as watch:
            for site in (one, two):
                at = 0
                while at < len(stream):
                    size = chance.randrange(1, 3000)
                    await site.send(stream[at : at + size])
                    at += size
            await until(lambda: _holds(gateway, 3))
            await until(lambda: watch.missing > 0)  # the heartbeats name one that was sent before
        assert await decisions(gateway.store) == {
            "78A038D9-701C-659D-47A8-7C54C13884C2": ("quarantined", "signature"),  # indented after it was signed
            "5E0F3B1C9A7D4E52B1C0A9D8E7F60513": ("published", None),
            "CA-ALERTABLE-LIVE-16569": ("ignored", "no_programme"),
        }
        assert await rows(gateway.store, sightings) == []
        (card,) = (await gateway.store.read(lists.card_page, state="active")).items
        assert card.card is not None
        assert (card.card.area.subdivisions, card.card.area.sgc) == (("CA-ON",), ("3520",))
