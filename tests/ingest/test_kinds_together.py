"""One gateway watches every kind of feed at once."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from kinds_gateway import (
    BRISK,
    amber,
    archived,
    chain,
    decisions,
    feed,
    identifiers,
    opened,
    reference,
    rows,
    seen,
    showing,
    until,
)

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.ingest import submit
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.simulate.stream import StreamServer
from capgateway.store import lists

LISTINGS = {
    "atom-linked": ("atom", "index.atom"),
    "atom-held": ("atom", "embedded.atom"),
    "rss-linked": ("rss", "index.rss"),
    "rss-held": ("rss", "embedded.rss"),
    "ipaws": ("ipaws", "recent/{since}"),
    "nws": ("nws", "alerts/active"),
    "nws-pages": ("nws", "alerts?limit=2"),
    "edxl": ("edxl", "envelope.edxl"),
}
ENVELOPE = b"""<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>1</distributionID>
<senderID>amber@dps.example</senderID><dateTimeSent>2026-11-22T07:00:00Z</dateTimeSent>
<distributionStatus>Test</distributionStatus><distributionType>Report</distributionType>
<combinedConfidentiality>none</combinedConfidentiality>
<contentObject><xmlContent><embeddedXMLContent>%s</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>"""


def hand_over(folder: Path, name: str, document: bytes) -> None:
    """Write under a hidden name, then rename; old enough to be whole."""
    hidden = folder / f".{name}"
    hidden.write_bytes(document)
    os.utime(hidden, (0, 0))
    hidden.rename(folder / name)


async def test_every_kind_of_feed_at_once(tmp_path: Path) -> None:
    """Each alert is stored once however many feeds bring it, and each feed that brings it is remembered."""
    folder = tmp_path / "in"
    folder.mkdir()
    first, renewed, ended = chain("TX")
    alone, drill, storm = amber("TX-LIVE"), story.exercise(utc_now()), story.thunderstorm(utc_now())
    tested, heard, missed = amber("TX-TEST"), amber("TX-HEARD"), amber("TX-MISSED")
    dropped, pushed = amber("TX-DROPPED"), amber("TX-PUSHED")
    async with (
        FeedServer() as source,
        FeedServer() as archive,
        StreamServer() as oakville,
        StreamServer() as montreal,
        opened(tmp_path) as gateway,
    ):
        listed = [first, renewed, ended, alone, drill, storm]
        for alert in listed:
            source.publish(f"{alert.identifier}.xml", cap.write(alert))
        archive.publish("drill.edxl", ENVELOPE % cap.write(tested).partition(b"?>")[2])
        archive.publish(archived(missed), cap.write(missed))
        feeds = [feed(name, kind, source.url(path), interval=BRISK) for name, (kind, path) in LISTINGS.items()]
        feeds += [
            feed("one", "cap", source.url("TX-LIVE.xml"), interval=BRISK),
            feed("tests", "edxl", archive.url("drill.edxl"), interval=BRISK),
            feed("naads", "naads", urls=(oakville.url, montreal.url), archives=(archive.url(""),)),
            feed("folder", "directory", path=str(folder), interval=BRISK),
            Feed(name="partner", kind="push"),
        ]
        watching = gateway.watching()
        async with watching.running(feeds):
            partner = watching.find("partner")
            assert partner is not None
            handed_in = [await watching.submit(partner, cap.write(pushed)) for _ in range(2)]
            assert [one.is_new for (one,) in handed_in] == [True, False]
            for site in (oakville, montreal):
                await site.connected()
                await site.send(cap.write(heard), piece=700)
                await site.heartbeat(reference(heard), reference(missed))
            for name, document in (
                ("a.xml", cap.write(dropped)), ("b.xml", cap.write(alone)), ("c.xml", b"hello"), ("d.tmp", b"<alert>"),
            ):  # fmt: skip
                hand_over(folder, name, document)
            expected = {alert.identifier: set(LISTINGS) for alert in listed}
            expected["TX-LIVE"] |= {"one", "folder"}
            expected |= {"TX-TEST": {"tests"}, "TX-HEARD": {"naads"}, "TX-MISSED": {"naads"}}
            expected |= {"TX-DROPPED": {"folder"}, "TX-PUSHED": {"partner"}, "?": {"folder"}}

            async def complete() -> bool:
                return await seen(gateway.store) == expected

            await until(complete)
            await until(lambda: len(list((folder / "processed").iterdir())) == 2)
            await until(lambda: all(status.health == "ok" for status in watching.statuses()))
        assert sorted(path.name for path in folder.rglob("*.*")) == ["a.xml", "b.xml", "c.xml", "d.tmp"]
        assert (folder / "failed" / "c.xml").exists()
        assert await identifiers(gateway.store) == sorted(expected.keys() - {"?"})
        told = await decisions(gateway.store)
        assert told["TX-TEST"] == told[drill.identifier] == ("ignored", "status")
        assert told[storm.identifier] == ("ignored", "no_programme")
        live = ["TX-DROPPED", "TX-HEARD", "TX-LIVE", "TX-MISSED", "TX-PUSHED"]
        assert await showing(gateway.store) == live
        assert {row["feed"] for row in await rows(gateway.store)} == {*LISTINGS, "one", "tests"}
        assert len(source.requests_for("alerts")) > 3
        assert len(archive.requests_for(archived(missed))) == 1


async def test_a_rehearsal_does_not_take_the_place_of_the_alert(tmp_path: Path) -> None:
    """The very same alert through a rehearsing feed and then through a real one: two cards, one of them to display."""
    document = cap.write(amber("TX-REAL"))
    async with opened(tmp_path) as gateway:
        staging = gateway.watch(Feed(name="staging", kind="push", rehearsal=True))
        partner = gateway.watch(Feed(name="partner", kind="push"))
        for watch in (staging, partner):
            (taken,) = await submit(gateway.intake, watch, document)
            assert (taken.decision, taken.is_new) == ("published", True)
        cards = (await gateway.store.read(lists.card_page)).items
        assert sorted(card.status for card in cards) == ["actual", "exercise"]
        assert len({card.card_id for card in cards}) == 2


async def test_a_test_in_an_envelope_does_not_take_the_place_of_the_alert(tmp_path: Path) -> None:
    """Somebody's rehearsal of an alert that is real elsewhere must not keep it from being shown."""
    real = amber("TX-REAL")
    inside = cap.write(real).partition(b"?>")[2]
    async with opened(tmp_path) as gateway, FeedServer() as source:
        watching = gateway.watching()
        source.publish("real.xml", cap.write(real))
        feeds = [
            Feed(name="partner", kind="push"),
            feed("atom", "atom", source.url("index.atom"), interval=timedelta(hours=1)),
        ]
        async with watching.running(feeds):
            partner = watching.find("partner")
            assert partner is not None
            (taken,) = await watching.submit(partner, ENVELOPE % inside)
            assert (taken.decision, taken.reason) == ("ignored", "status")
            polled = watching.find("atom")
            assert polled is not None
            await watching.poll_now(polled)
            assert await showing(gateway.store) == ["TX-REAL"]
