"""A gateway between the feeds of a story and two receivers: one shows cards, one is the operators'."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
from service_truth_case import ACTS, LAST, Told
from service_truth_feeds import LISTENED, LOOPBACK, Feeds
from service_truth_story import Story
from service_truth_verdict import Verdict, brought, wanted
from service_truth_words import Signer

from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.service import Service
from capgateway.simulate.receiver import ReceiverServer
from capgateway.store import Store, lists
from capgateway.webhooks import Receiver

SECRET = b"a secret of the right length...."
ACT_SECONDS, SETTLES_SECONDS = 2.0, 60.0
"""How long an act waits for what it brought, faults or not, and the most that the gateway may take in the end."""
LOOK_SECONDS = 0.25
RESTART_IN = ACTS // 2


class World:
    """A story, the feeds that tell it, a gateway, a receiver of cards and one of its operators."""

    def __init__(self, database_url: str, directory: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  (dice that can be thrown again)
        signer = Signer()
        self.story = Story(self.chance, utc_now(), signer)
        self.feeds = Feeds(self.chance, directory / "in")
        self.app, self.operators = (ReceiverServer(secrets=[SECRET]) for _ in range(2))
        self._database, self._signer = database_url, signer
        self._unsent: list[Told] = []
        self._awaited: dict[tuple[str, str], Told] = {}  # by document: what is replaced in place may never be seen
        self._service: Service | None = None
        self._verdict = Verdict(self.story, self.feeds, app=self.app, operators=self.operators)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[World]:
        async with self.feeds.running(), self.app, self.operators, aiohttp.ClientSession() as self._session:
            yield self

    async def play(self) -> list[str]:
        """All acts, with a restart in the middle of one; then wait for the end, and say what is wrong with it."""
        told = [one for case in self.chance.sample(self.story.cases, len(self.story.cases)) for one in case.told]
        acts = [[one for one in told if one.act == act] for act in range(LAST + 1)]
        half = len(acts[RESTART_IN]) // 2
        async with self._gateway():
            for act in acts[:RESTART_IN]:
                await self._play(act)
            await self._publish(acts[RESTART_IN][:half])
        await self._publish(acts[RESTART_IN][half:])
        async with self._gateway():
            for act in ([], *acts[RESTART_IN + 1 : LAST]):
                await self._play(act)
            self.feeds.behave()
            await self._until(self._has_all, SETTLES_SECONDS)
            await self._play(acts[LAST])
            await self._until(self._is_settled, SETTLES_SECONDS)
            return await self._faults()

    @asynccontextmanager
    async def _gateway(self) -> AsyncIterator[None]:
        """One process of it, from its start to its end in good order."""
        receivers = (("app", self.app, "card.*"), ("operators", self.operators, "operator.*"))
        settings = Settings(
            gateway=GatewaySettings(database=self._database, listen="127.0.0.1:0"),
            policy=Policy(regions=("US-TX", "US-OK")),
            feeds=self.feeds.configured(self.story.senders, self._signer),
            receivers=tuple(
                Receiver(
                    name=name, url=server.url, secrets=(SECRET,), messages=(what,), rate=500, allow_networks=LOOPBACK
                )
                for name, server, what in receivers
            ),
        )
        self._store, ready = Store.open(self._database), asyncio.Event()
        self._service = Service(settings, self._store)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._service.run(ready))
                await ready.wait()
                try:
                    yield
                finally:
                    self._service.stop()
        finally:
            self._service = None
            self._store.close()

    async def _play(self, act: list[Told]) -> None:
        self.feeds.trouble()
        if self.chance.random() < 0.3:
            await self.feeds.cut()
        await self._publish(act)
        await self._until(self._has_all, ACT_SECONDS)

    async def _publish(self, act: list[Told]) -> None:
        """The messages of one case in their order. What needs somebody who listens waits until there is one."""
        for one in act:
            if one.feed in LISTENED:
                self._unsent.append(one)
            else:
                await self.feeds.publish(one)
                self._awaited[(one.feed, one.name)] = one
        while self._service and self._unsent:
            one = self._unsent.pop(0)
            self._awaited[(one.feed, one.name)] = one
            await self._hand_over(one, self._service)

    async def _hand_over(self, one: Told, service: Service) -> None:
        if one.feed == "cap":
            await self.feeds.publish(one)
            await self._until(partial(self._has, [one]), SETTLES_SECONDS)
        elif service.address:
            api = f"http://{service.address.host}:{service.address.port}/api/v1"
            await self.feeds.push(one, api, self._session)

    async def _until(self, holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """Wait until it holds, or so long; what comes next says what did not come to pass."""
        end = asyncio.get_running_loop().time() + seconds
        while not await holds() and asyncio.get_running_loop().time() < end:
            await self.feeds.heartbeat()
            await asyncio.sleep(LOOK_SECONDS)

    async def _has_all(self) -> bool:
        return await self._has([*self._awaited.values()])

    async def _has(self, told: Sequence[Told]) -> bool:
        stored = await self._store.read(brought)
        return all(one.broken or wanted(one) in stored for one in told)

    async def _is_settled(self) -> bool:
        pending = (await self._store.read(lists.waiting)).pending
        return not pending and await self._has_all() and not await self._faults()

    async def _faults(self) -> list[str]:
        missing = [one for one in self._awaited.values() if not await self._has([one])]
        return [f"{one.name} of {one.feed} is not stored" for one in missing] + await self._verdict.faults(self._store)
