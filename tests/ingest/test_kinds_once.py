"""Every alert is stored exactly once, however often connections are cut, answers lie, and the gateway dies."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinds_gateway import (
    BRISK,
    Gateway,
    amber,
    archived,
    chain,
    feed,
    identifiers,
    opened,
    reference,
    rows,
    seen,
    showing,
    stored,
    until,
)

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.ingest import poll
from capgateway.ingest.watch import Tries
from capgateway.simulate import story
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.simulate.stream import StreamServer
from capgateway.store import feeds
from capgateway.store.tables import sightings

ONCE = timedelta(milliseconds=1)
"""An interval so short that what is tried again is due at once."""
MOST_POLLS = 60
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
PATHS = sorted({path.partition("?")[0] for _, path in LISTINGS.values()})

cuts = st.integers(0, 1500).map(lambda size: Fault(cut_after=size))
faults = st.one_of(
    cuts,
    st.sampled_from(
        [
            Fault(status=500),
            Fault(status=503, headers={"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"}),
            Fault(status=429, headers={"Retry-After": "1"}),
            Fault(status=404),
            Fault(status=403),
            Fault(status=304),
            Fault(etag='"same"'),
            Fault(body=b"<html><body>Log in</body></html>"),
            Fault(body=b"<feed/>"),
            Fault(body=b""),
            Fault(encoding="latin-1"),
            Fault(encoding="utf-16"),
            Fault(times_each=3, is_reversed=True),
            Fault(is_reversed=True),
            Fault(delay=timedelta(milliseconds=5)),
            Fault(location="/index.atom"),
            Fault(location="http://10.0.0.1/"),
            Fault(headers={"Content-Encoding": "gzip"}),
        ]
    ),
)


def tale(chains: int, singles: int) -> list[cap.Alert]:
    """Alerts in their order: chains of three, single ones, and some that are not shown."""
    alerts = [link for number in range(chains) for link in chain(f"CHAIN-{number}")]
    alerts += [amber(f"ALONE-{number}") for number in range(singles)]
    return [*alerts, story.exercise(utc_now()), story.thunderstorm(utc_now())]


def feeds_of(source: FeedServer, names: list[str]) -> list[Feed]:
    return [feed(name, LISTINGS[name][0], source.url(LISTINGS[name][1]), interval=ONCE) for name in names]


async def outcome(gateway: Gateway) -> tuple[list[str], list[str], set[tuple[str | None, str, str | None]]]:
    """What a run comes to: what is stored, what is shown, and what was decided of alerts that stand alone."""
    usable = [alert for alert in await stored(gateway.store) if alert.reason != "unreadable"]
    alone = {(one.identifier, one.decision, one.reason) for one in usable if "CHAIN" not in (one.identifier or "")}
    return sorted(one.identifier or "?" for one in usable), await showing(gateway.store), alone


class Run:
    """One gateway that polls some feeds by hand, and may be started anew."""

    def __init__(self, source: FeedServer, names: list[str], path: Path) -> None:
        self.feeds, self.path, self.stack = feeds_of(source, names), path, AsyncExitStack()

    async def start(self) -> None:
        await self.stack.aclose()
        self.gateway = await self.stack.enter_async_context(opened(self.path))
        self.watches = [self.gateway.watch(feed) for feed in self.feeds]

    async def poll(self) -> None:
        await asyncio.gather(*(poll(self.gateway.intake, watch) for watch in self.watches))

    async def is_complete(self, alerts: list[cap.Alert]) -> bool:
        """Whether each feed brought every alert, and misses none."""
        found = await seen(self.gateway.store)
        names = {feed.name for feed in self.feeds}
        for name in names:
            if await self.gateway.store.read(feeds.missing_entries, name):
                return False
        return all(found.get(alert.identifier) == names for alert in alerts)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(draw=st.data())
async def test_every_alert_is_stored_exactly_once(draw: Any) -> None:
    """Random faults at every address, an index that grows while it is read, a gateway started anew: once they stop, all
    alerts are stored once each, and what is shown is what a gateway without trouble shows."""
    names = draw.draw(st.lists(st.sampled_from(sorted(LISTINGS)), min_size=2, max_size=4, unique=True), "feeds")
    alerts = tale(draw.draw(st.integers(0, 2), "chains"), draw.draw(st.integers(1, 3), "single alerts"))
    queue = draw.draw(st.permutations(alerts), "order")
    addresses = [*PATHS, *(f"{alert.identifier}.xml" for alert in alerts)]
    rounds = draw.draw(
        st.lists(
            st.tuples(st.dictionaries(st.sampled_from(addresses), faults, max_size=6), st.booleans()),
            min_size=2,
            max_size=4,
        ),
        "faults, and whether the gateway is started anew",
    )
    with tempfile.TemporaryDirectory() as directory:
        smooth, rough = Path(directory, "smooth"), Path(directory, "rough")
        async with FeedServer() as source:
            troubled, spared = Run(source, names, rough), Run(source, names, smooth)
            async with troubled.stack, spared.stack:
                await troubled.start()

                def publish(answered: str = "") -> None:
                    if queue and answered in PATHS:
                        alert = queue.pop()
                        source.publish(f"{alert.identifier}.xml", cap.write(alert))

                source.on_answer = publish
                for trouble, is_new_start in rounds:
                    for address, fault in trouble.items():
                        source.misbehave(address, fault)
                    await troubled.poll()
                    if is_new_start:
                        await troubled.start()
                source.on_answer = None
                while queue:
                    publish(PATHS[0])
                source.behave()
                for _ in range(MOST_POLLS):
                    await troubled.poll()
                    if await troubled.is_complete(alerts):
                        break
                    await asyncio.sleep(0.03)
                assert await troubled.is_complete(alerts)
                await spared.start()
                await spared.poll()
                assert await outcome(troubled.gateway) == await outcome(spared.gateway)
                assert (await outcome(troubled.gateway))[0] == sorted(alert.identifier for alert in alerts)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(LISTINGS)),
    deaths=st.lists(st.floats(0, 0.15), min_size=1, max_size=4),
    is_closed=st.booleans(),
)
async def test_a_poll_killed_anywhere_is_read_again(kind: str, deaths: list[float], is_closed: bool) -> None:
    """Whatever was done when the process died, the next start skips nothing and doubles nothing."""
    told = tale(1, 3)
    with tempfile.TemporaryDirectory() as directory:
        async with FeedServer() as source:
            run = Run(source, [kind], Path(directory))
            async with run.stack:
                for alert in told:
                    source.publish(f"{alert.identifier}.xml", cap.write(alert))
                for seconds in deaths:
                    await run.start()
                    polling = asyncio.create_task(run.poll())
                    await asyncio.wait([polling], timeout=seconds)
                    if is_closed:
                        run.gateway.store.close()  # under the poll: what it wants to store now fails
                    else:
                        polling.cancel()
                    await asyncio.wait([polling])
                await run.start()
                await run.poll()
                assert await run.is_complete(told)
                assert await identifiers(run.gateway.store) == sorted(alert.identifier for alert in told)
                assert await rows(run.gateway.store, sightings) == []


async def test_a_store_that_fails_in_the_middle_makes_nobody_forget(tmp_path: Path) -> None:
    """The entries of an index are noted before the first is fetched; what the store could not take is still missing."""
    told = tale(0, 6)
    async with FeedServer() as source, AsyncExitStack() as stack:
        for alert in told:
            source.publish(f"{alert.identifier}.xml", cap.write(alert))
        run = Run(source, ["atom-linked"], tmp_path)
        stack.push_async_callback(run.stack.aclose)
        await run.start()
        (watch,) = run.watches
        source.on_answer = lambda name: run.gateway.store.close() if name == f"{told[3].identifier}.xml" else None
        result = await poll(run.gateway.intake, watch)
        assert (result.outcome, watch.missing > 0) == ("store", True)
        source.on_answer = None
        await run.start()
        taken = len(await stored(run.gateway.store))
        assert taken < len(told)
        result = await poll(run.gateway.intake, run.watches[0])
        assert (result.outcome, result.new) == ("not_modified", len(told) - taken)
        assert await identifiers(run.gateway.store) == sorted(alert.identifier for alert in told)


async def test_a_listing_killed_between_its_pages_is_read_again(tmp_path: Path) -> None:
    """A first page that has not changed must not hide a second that was never read."""
    told = tale(0, 4)
    async with FeedServer() as source, AsyncExitStack() as stack:
        for alert in told:
            source.publish(f"{alert.identifier}.xml", cap.write(alert))
        run = Run(source, ["nws-pages"], tmp_path)
        stack.push_async_callback(run.stack.aclose)
        await run.start()
        for size in (0, 1, 300):
            source.on_answer = lambda name, size=size: source.misbehave("alerts", Fault(cut_after=size))
            assert (await poll(run.gateway.intake, run.watches[0])).trouble
            source.behave()
        source.on_answer = None
        await run.poll()
        assert await run.is_complete(told)
        assert await identifiers(run.gateway.store) == sorted(alert.identifier for alert in told)
        assert [result.outcome for result in [await poll(run.gateway.intake, run.watches[0])]] == ["not_modified"]


async def test_missing_entries_outlive_a_store_in_trouble(tmp_path: Path) -> None:
    """A retry that fails for our own sake is a retry still to come."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        source.publish("a.xml", cap.write(amber("A")))
        source.misbehave("a.xml", Fault(status=500), times=1)
        watch = gateway.watch(feed("f", "atom", source.url("index.atom"), interval=BRISK))
        await poll(gateway.intake, watch)
        assert watch.missing == 1
        await asyncio.sleep(0.1)
        source.on_answer = lambda name: gateway.store.close() if name == "a.xml" else None
        assert (await poll(gateway.intake, watch)).outcome == "store"
        assert watch.missing == 1


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(cut=st.lists(st.tuples(st.integers(0, 9000), st.booleans(), st.booleans()), min_size=3, max_size=3))
async def test_a_stream_cut_anywhere_loses_nothing(cut: list[tuple[int, bool, bool]]) -> None:
    """Two sites, each cut at any byte: the other has the alert, or the archives have it once a heartbeat names it."""
    told = [amber(f"HEARD-{number}") for number in range(len(cut))]
    with tempfile.TemporaryDirectory() as directory:
        async with (
            StreamServer() as one,
            StreamServer() as two,
            FeedServer() as archive,
            opened(Path(directory)) as gateway,
        ):
            for alert in told:
                archive.publish(archived(alert), cap.write(alert))
            naads = feed("naads", "naads", urls=(one.url, two.url), archives=(archive.url(""),))
            watching = gateway.watching()
            async with watching.running([naads]):
                await asyncio.gather(one.connected(), two.connected())
                for alert, (size, both, is_archive_down) in zip(told, cut, strict=True):
                    document = cap.write(alert)
                    for site in (one, two) if both else (one,):
                        await site.send(document[:size], piece=900)
                    if is_archive_down:
                        archive.misbehave(archived(alert), Fault(status=503), times=1)
                    if not both:
                        await two.send(document, piece=900)
                for site in (one, two):
                    await site.cut()
                await asyncio.gather(one.connected(2), two.connected(2))

                async def complete() -> bool:
                    watch = watching.find("naads")
                    assert watch is not None
                    watch.tries.update({name: Tries() for name in watch.tries})  # as if the pauses were over
                    for site in (one, two):
                        await site.heartbeat(*map(reference, told))
                    return await identifiers(gateway.store) == names

                names = sorted(alert.identifier for alert in told)
                await until(complete)
