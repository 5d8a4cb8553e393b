"""A poll answered 304 against a bare request, and ten thousand feeds in one process."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
import tracemalloc
from datetime import timedelta
from ipaddress import ip_network
from multiprocessing.connection import Connection

import aiohttp

from benchmarks.rounds import compare
from capgateway import cap, net, shipped
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.feeds import Feed
from capgateway.ingest import Intake, Watch, Watching, poll
from capgateway.metrics import Metrics
from capgateway.simulate import story
from capgateway.simulate.feed import FeedServer
from capgateway.store import Store

LOOPBACK = (ip_network("127.0.0.0/8"),)
POLLS = 400
FEEDS = 10_000
SECONDS = 20


def main() -> None:
    """Print both measurements."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    server.start()
    url = here.recv()
    try:
        asyncio.run(_not_modified(url))
    finally:
        here.send(None)
        server.join()
    asyncio.run(_many_feeds())


def _serve(pipe: Connection) -> None:
    """The feed, in a process of its own: its work is not ours."""

    async def run() -> None:
        async with FeedServer() as server:
            server.publish("amber.xml", cap.write(story.amber(utc_now())))
            pipe.send(server.url("index.atom"))
            await asyncio.to_thread(pipe.recv)

    asyncio.run(run())


def _intake(store: Store) -> Intake:
    return Intake(
        store,
        cap.Schemas(shipped.cap_schemas()),
        Policy(),
        metrics=Metrics(),
        on_messages=lambda: None,
    )


async def _not_modified(url: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(f"sqlite:///{directory}/bench.db")
        feed = Feed(name="bench", kind="atom", url=url, interval=timedelta(milliseconds=1), allow_networks=LOOPBACK)
        async with net.new_session(user_agent="bench", allow_networks=LOOPBACK) as session:
            watch, intake = Watch(feed, session, {}), _intake(store)
            first = await poll(intake, watch)
            tag = next(iter(watch.known.values())).etag or ""

            async def bare() -> None:
                async with bare_session.get(url, headers={"If-None-Match": tag}) as response:
                    await response.read()

            async with aiohttp.ClientSession() as bare_session:
                ratio = await compare(lambda: poll(intake, watch), bare, POLLS)
            last = await poll(intake, watch)
        print(f"  first poll {first.outcome}, then {last.outcome}: {ratio:.2f}x a bare aiohttp 304 (goal 1.6x)")
        store.close()


async def _many_feeds() -> None:
    """No sockets: nobody is asked, only the coming of each poll is noted; everything around it is real."""
    feeds = [
        Feed(name=f"f{number}", kind="atom", url="https://feeds.example/x", interval=timedelta(seconds=60))
        for number in range(FEEDS)
    ]
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(f"sqlite:///{directory}/bench.db")
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        async with Counting(_intake(store), "bench").running(feeds):
            held = (tracemalloc.get_traced_memory()[0] - before) / FEEDS
        tracemalloc.stop()
        print(f"  {FEEDS} feeds: {held:.0f} bytes each beside their settings (goal 4096)")
        watching, stalls = Counting(_intake(store), "bench"), asyncio.create_task(_stalls())
        async with watching.running(feeds):
            await asyncio.sleep(60)
            at_start, watching.lags = max(STALLS), []
            await asyncio.sleep(SECONDS)
        stalls.cancel()
        late = sorted(watching.lags)
        print(f"  lag of {len(late)} polls: p50 {late[len(late) // 2] * 1000:.1f} ms, ", end="")
        print(f"p99 {late[len(late) * 99 // 100] * 1000:.1f} ms (goal 100)")
        print(f"  longest stall of the loop at start {at_start * 1000:.0f} ms (goal 200)")
        store.close()


STALLS: list[float] = []


async def _stalls() -> None:
    while True:
        started = time.perf_counter()
        await asyncio.sleep(0.01)
        STALLS.append(time.perf_counter() - started - 0.01)


class Counting(Watching):
    """Watches as ever, but notes how late each poll is instead of asking anybody."""

    def __init__(self, intake: Intake, user_agent: str) -> None:
        super().__init__(intake, user_agent)
        self.lags: list[float] = []

    async def _poll(self, watch: Watch) -> None:
        """Nobody is asked."""
        self.lags.append(self.jobs.late_by(f"feed:{watch.feed.name}"))
