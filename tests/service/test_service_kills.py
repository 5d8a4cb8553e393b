"""The gateway is killed at random moments under load, again and again; in the end receivers show what is true.

``CAPGATEWAY_KILLS=30`` kills it so often, ``CAPGATEWAY_SEED`` replays another run: chance then tells the same story and
picks the same moments, as far as the machine keeps its pace.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ports import free_port
from service_kill_receiver import Receivers
from service_kill_story import Story
from service_process import SECRET, kill

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.webhooks import encode_secret

KILLS = int(os.environ.get("CAPGATEWAY_KILLS", "2"))
SEED = int(os.environ.get("CAPGATEWAY_SEED", "20261122"))
BURST = 15
"""Messages published at once while it starts."""
TRICKLE, TRICKLE_SECONDS = 3, 0.2
"""More of them, every so often: about incidents that are on their way to the receivers just then."""
STARTS_SECONDS, TAKES_IN_SECONDS, WORKS_SECONDS = 1.5, 0.3, 3.0
"""Each kill comes at some moment of one of these: of its start, of its first poll, or of its work."""
SETTLES_SECONDS = 150.0
"""Retries, and on PostgreSQL the leases of a dead process, which last half a minute."""
LOOK_SECONDS = 0.25
CONFIG = """
[gateway]
database = "env:GATEWAY_DATABASE"
listen = "127.0.0.1:{port}"

[policy]
regions = ["US-TX"]

[[feeds]]
name = "listed"
kind = "atom"
url = "{listed}"
interval = "1s"
allow_networks = ["127.0.0.0/8"]

[[feeds]]
name = "wrapped"
kind = "ipaws"
url = "{wrapped}"
interval = "1s"
allow_networks = ["127.0.0.0/8"]
"""
RECEIVER = """
[[receivers]]
name = "{name}"
url = "{url}/{name}"
secret = "env:APP_SECRET"
timeout = "1s"
concurrency = 24
allow_networks = ["127.0.0.0/8"]
"""


@pytest.mark.timeout(200 + 20 * KILLS + SETTLES_SECONDS)
async def test_whatever_moment_it_dies_receivers_end_with_the_truth(database_url: str, tmp_path: Path) -> None:
    """No alert lost, no card lost, none that stays up or comes back, no drill, and no id with two bodies."""
    async with World(database_url, tmp_path).running() as world:
        for number in range(KILLS):
            await world.live_and_die(at_start=number % 5 == 4)
        world.receivers.is_difficult = False
        world.start()
        await world.settle()
        stored = [alert["identifier"] for alert in await world.listed("alerts")]
        shown = [card["card"]["source"]["identifier"] for card in await world.listed("cards?state=active")]
        assert world.faults() == [], world.told()
        assert sorted(stored) == sorted(world.story.published), world.told()
        assert sorted(shown) == world.story.truth, world.told()


class World:
    """Feeds that grow, receivers that remember, and a gateway between them that dies."""

    def __init__(self, database_url: str, directory: Path) -> None:
        self.chance = random.Random(SEED)  # noqa: S311  (dice that can be thrown again)
        self.story = Story(self.chance, utc_now())
        self.receivers = Receivers(SECRET, random.Random(SEED + 1))  # noqa: S311
        self.feeds = (FeedServer(), FeedServer())
        self._directory, self._port = directory, free_port()
        self._environment = {**os.environ, "APP_SECRET": encode_secret(SECRET), "GATEWAY_DATABASE": database_url}
        self._process: subprocess.Popen[bytes] | None = None
        self._moments: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        listed, wrapped = self.feeds
        listed.misbehave("index.atom", Fault(is_reversed=True))  # the oldest first; the other begins with the newest
        async with listed, wrapped, self.receivers.running(), aiohttp.ClientSession() as self._session:
            addresses = {"listed": listed.url("index.atom"), "wrapped": wrapped.url("recent/{since}")}
            text = CONFIG.format(port=self._port, **addresses)
            text += "".join(RECEIVER.format(name=name, url=self.receivers.url) for name in self.receivers.ledgers)
            (self._directory / "capgateway.toml").write_text(text)
            try:
                yield self
            finally:
                if self._process:
                    kill(self._process)

    async def live_and_die(self, *, at_start: bool) -> None:
        """Start it, publish while it starts, kill it while it works, or before it does."""
        asked = self._asked()
        self.start()
        self.publish(BURST)
        if at_start:
            await self._die_within(STARTS_SECONDS)
            return
        async with asyncio.timeout(SETTLES_SECONDS):
            while self._asked() == asked and self.is_alive:
                await asyncio.sleep(0.01)
        await self._die_within(self.chance.choice((TAKES_IN_SECONDS, WORKS_SECONDS)))

    def start(self) -> None:
        command = [sys.executable, "-m", "capgateway", "--config", str(self._directory / "capgateway.toml"), "run"]
        with (self._directory / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)  # noqa: S603

    def publish(self, count: int) -> None:
        for _ in range(count):
            alert = self.story.tell(utc_now())
            for feed in self.chance.choice((self.feeds, self.feeds[:1], self.feeds[1:])):
                feed.publish(f"{alert.identifier}.xml", cap.write(alert))

    async def settle(self) -> None:
        """Wait until everything is taken in, nothing waits to be sent, and what is shown is true; the asserts say what
        did not come to pass."""
        end = asyncio.get_running_loop().time() + SETTLES_SECONDS
        while self.is_alive and asyncio.get_running_loop().time() < end and not await self._is_settled():
            await asyncio.sleep(LOOK_SECONDS)

    async def listed(self, what: str) -> list[dict[str, Any]]:
        """All pages of a list of the API, which may not be up yet."""
        items: list[dict[str, Any]] = []
        url = f"http://127.0.0.1:{self._port}/api/v1/{what}{'&' if '?' in what else '?'}limit=200"
        after: str | None = ""
        while after is not None:
            async with self._session.get(url + after) as answer:
                page = await answer.json()
            items += page["items"]
            after = f"&after={page['next']}" if page["next"] else None
        return items

    def faults(self) -> list[str]:
        """Everything in which the receivers' state, or their past, is not as it has to be."""
        truth, found = self.story.truth, [] if self.is_alive else ["the gateway died by itself"]
        for name, ledger in self.receivers.ledgers.items():
            missing, extra = Counter(truth) - Counter(ledger.live), Counter(ledger.live) - Counter(truth)
            found += [f"{name}: {fault}" for fault in ledger.faults]
            found += [f"{name} does not show {one}" for one in missing]
            found += [f"{name} still shows {one}" for one in extra]
            found += [f"{name} has shown {one}" for one in sorted(ledger.shown & self.story.never)]
        return found

    def told(self) -> str:
        """What somebody needs who looks into a failure."""
        repeated = {name: ledger.repeated for name, ledger in self.receivers.ledgers.items()}
        log = (self._directory / "gateway.log").read_text()[-1500:]
        return f"seed {SEED}, killed {self._moments}, repeated {repeated}\n{log}"

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _asked(self) -> int:
        return sum(len(feed.requests) for feed in self.feeds)

    async def _die_within(self, seconds: float) -> None:
        """Kill it at some moment, and publish until then."""
        loop, after = asyncio.get_running_loop(), self.chance.random() * seconds
        end = loop.time() + after
        while (left := end - loop.time()) > 0:
            await asyncio.sleep(min(TRICKLE_SECONDS, left))
            self.publish(TRICKLE)
        assert self._process is not None
        assert self.is_alive, f"the gateway died by itself: {self.told()}"
        self._moments.append(f"{after:.2f} s, {self.receivers.under_way} requests under way")
        kill(self._process)

    async def _is_settled(self) -> bool:
        if any(ledger.live != self.story.truth for ledger in self.receivers.ledgers.values()):
            return False
        try:
            return len(await self.listed("alerts")) >= len(self.story.published) and not await self.listed(
                "deliveries?state=pending"
            )
        except aiohttp.ClientConnectionError:
            return False
