"""A story of 200 alerts through feeds of every kind, with faults of every kind: in the end receivers show the truth, or
operators were told, card by card.

``CAPGATEWAY_TRUTHS=20`` tells so many more stories, ``CAPGATEWAY_SEED`` one of them again.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from service_truth_feeds import LISTENED, LOOPBACK, Feeds
from service_truth_story import ACTS, LAST, WEATHER, Case, Story, Told
from service_truth_words import Signer
from sqlalchemy import Connection, select

from capgateway.cards import Policy, key
from capgateway.clock import utc_now
from capgateway.config import GatewaySettings, Settings
from capgateway.service import Service
from capgateway.simulate.receiver import Arrival, ReceiverServer
from capgateway.store import Store, lists
from capgateway.store.tables import alerts, attention, sightings
from capgateway.webhooks import Receiver

SECRET = b"a secret of the right length...."
MORE = int(os.environ.get("CAPGATEWAY_TRUTHS", "0"))
SEEDS = [int(os.environ["CAPGATEWAY_SEED"])] if "CAPGATEWAY_SEED" in os.environ else [1, 2, *range(100, 100 + MORE)]
ACT_SECONDS, SETTLES_SECONDS = 2.0, 25.0
"""How long an act waits for what it brought, faults or not, and the most that the gateway may take in the end."""
LOOK_SECONDS = 0.25
RESTART_IN = ACTS // 2
EXCUSES = frozenset(f"operator.{kind}" for kind in ("takedown_held", "review_waiting", "feed_gap", "cards_unverified"))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", SEEDS)
async def test_receivers_end_with_the_truth_or_operators_were_told(sqlite_url: str, tmp_path: Path, seed: int) -> None:
    """Whatever issuers, feeds and networks do wrong."""
    await _holds(sqlite_url, tmp_path, seed)


@pytest.mark.postgresql
async def test_it_is_the_same_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    """One story there too."""
    await _holds(postgresql_url, tmp_path, 3)


async def _holds(database_url: str, directory: Path, seed: int) -> None:
    async with World(database_url, directory, seed).running() as world:
        faults = await world.play()
    assert not faults, f"seed {seed}\n" + "\n".join(faults)


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
            return await self.faults()

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
        return await self._has([one for one in self._awaited.values() if not one.broken])

    async def _has(self, told: Sequence[Told]) -> bool:
        stored = await self._store.read(_stored)
        return all((key(one.alert.identifier), one.alert.msg_type, _feed(one)) in stored for one in told)

    async def _is_settled(self) -> bool:
        pending = (await self._store.read(lists.waiting)).pending
        return not pending and await self._has_all() and not await self.faults()

    async def faults(self) -> list[str]:
        """What is not as it has to be, with an account of each case concerned."""
        missing = [one for one in self._awaited.values() if not (one.broken or await self._has([one]))]
        found = [f"{one.name} of {one.feed} is not stored" for one in missing] + self._laws()
        for case in self.story.cases:
            if trouble := self._trouble(case):
                found.append(f"{trouble}\n{await self._account(case)}")
        return found

    def _trouble(self, case: Case) -> str | None:
        """Why what receivers show, or showed, of this case is wrong."""
        every = self._displays(case)
        shown = [_head(self.app.cards[card]) for card in every if card in self.app.cards]
        wanted = [case.head] if case.head else []
        if case.is_never_shown and every:
            return "was never to be shown"
        if case.sender == WEATHER and self._held(case):
            return "operators were told of a take-down because of a storm"
        if shown == wanted or (case.may_differ and self._held(case)):
            return None
        return f"shown: {shown}, right: {wanted}"

    def _displays(self, case: Case) -> list[str]:
        """The ids of its cards."""
        names = {(key(one.alert.sender), key(one.alert.identifier)) for one in case.told}
        shown = [one for one in self.app.arrivals if one.card]
        return list(
            dict.fromkeys(
                one.card_id
                for one in shown
                if one.card and one.card_id
                if (key(one.card["source"]["sender"]), key(one.card["source"]["identifier"])) in names
            )
        )

    def _held(self, case: Case) -> list[Arrival]:
        """What operators were told of it."""
        cards = self._displays(case)
        return [one for one in self.operators.arrivals if one.type in EXCUSES and one.card_id in cards]

    def _laws(self) -> list[str]:
        """What no receiver may ever see."""
        found = [
            f"{one.type or one.request}: {one.outcome} {one.reason}"
            for server in (self.app, self.operators)
            for one in server.arrivals
            if one.outcome in {"refused", "unreadable", "elsewhere", "stale"}
        ]
        lanes: dict[str, list[Arrival]] = defaultdict(list)
        for one in self.app.arrivals:
            if one.action and one.outcome != "duplicate":
                lanes[one.card_id or ""].append(one)
        for card, lane in lanes.items():
            sequences = [one.sequence or 0 for one in lane]
            if sequences != sorted(set(sequences)):
                found.append(f"{card}: its sequence does not grow: {sequences}")
            if "take_down" in [one.action for one in lane[:-1]]:
                found.append(f"{card}: something came after its take-down")
        return found

    async def _account(self, case: Case) -> str:
        """Its story: what was said, what was decided, what was sent."""
        lines = [f"case {case.number}, {case.plot}, issuer {case.sender!r}, {case.place[0]}"]
        for one in case.told:
            alert = one.alert
            sent = alert.sent.text if alert.sent else ""
            named = re.search(rb"<references>(.*?)</references>", one.document, re.DOTALL)
            text = named[1].decode()[-160:] if named else "-"
            lines.append(
                f"  act {one.act} {one.feed:9} {alert.status} {alert.msg_type} {alert.identifier!r} {sent} "
                f"infos {len(alert.infos)} names {text!r} {one.wrong and f'[{one.wrong}]'} {one.name}"
            )
            lines += [f"      {fault}" for fault in self.feeds.faults if one.name in fault]
        names = {(key(one.alert.sender), key(one.alert.identifier)) for one in case.told}
        lines += await self._store.read(_decided, names)
        cards = self._displays(case)
        for arrival in sorted([*self.app.arrivals, *self.operators.arrivals], key=lambda one: one.time):
            if arrival.card_id in cards:
                what = _head(arrival.card) if arrival.card else arrival.reason or ""
                lines.append(f"  {arrival.time:%H:%M:%S.%f} {arrival.type} {arrival.card_id} {arrival.outcome} {what}")
        return "\n".join(lines)


def _head(card: dict[str, Any]) -> tuple[str, str]:
    return card["source"]["identifier"], card["source"]["sent"]


def _feed(one: Told) -> str:
    """The feed that has to bring it. What a stream lost is asked for only where no feed brought it."""
    return "" if one.feed == "naads" else one.feed


def _stored(connection: Connection) -> set[tuple[str, str, str]]:
    """Identifier, type and feed of whatever came in, and once more for any feed."""
    columns = alerts.c.identifier_key, alerts.c.msg_type
    again = select(*columns, sightings.c.feed).join(sightings, sightings.c.alert_id == alerts.c.id)
    rows = connection.execute(select(*columns, alerts.c.feed).union(again))
    return {(row[0] or "", row[1] or "", feed) for row in rows for feed in (row[2], "")}


def _decided(connection: Connection, names: Collection[tuple[str, str]]) -> list[str]:
    """What became of the alerts of these names and of those tied to them, and of take-downs that mark their cards."""
    rows = connection.execute(select(alerts).order_by(alerts.c.received_at)).mappings().all()
    mine = {row["id"] for row in rows if (row["sender_key"], row["identifier_key"]) in names}
    tied = {row["chain_id"] for row in rows if row["id"] in mine} - {None}
    cards = {row["card_id"] for row in rows if row["id"] in mine} - {None}
    marks = dict(connection.execute(select(attention.c.alert_id, attention.c.card_id)).all())
    return [
        f"  {row['received_at']:%H:%M:%S.%f} {row['feed']:9} {row['msg_type']} {row['identifier']!r} {row['sent']} -> "
        f"{row['decision']} {row['reason'] or ''} {row['card_id'] or ''} (chain {(row['chain_id'] or '')[-6:]})"
        + (f" marks {marks[row['id']]}" if row["id"] in marks else "")
        for row in rows
        if row["id"] in mine or row["chain_id"] in tied or marks.get(row["id"]) in cards
    ]
