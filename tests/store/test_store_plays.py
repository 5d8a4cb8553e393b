"""Whatever three senders, operators, reloads and the clock do, in whatever order: the laws of incidents hold after every step."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from msgspec.structs import replace
from sqlalchemy import select
from store_story import NOW, POLICY, SCHEMAS, arrival, attempt, outlets

from capgateway import cap
from capgateway.cards import FeedRules, Traits
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.store import Finished, Store, alerts, copies
from capgateway.store import deliveries as delivery_rows
from capgateway.store.audit import Act
from capgateway.store.tables import alerts as alert_rows
from capgateway.store.tables import cards, messages
from capgateway.webhooks import Delivered, Retry

FEEDS = {"amber@dps.example.tx.us": "state", "desk@partner.example": "partner", "desk@centre.example": "centre"}
SENDERS = {feed: sender for sender, feed in FEEDS.items()}
BASE = replace(
    POLICY, feeds={"state": FeedRules(), "centre": FeedRules(), "partner": FeedRules(precedence=5, is_push=True)}
)
POLICIES = {
    "as ever": BASE,
    "California": replace(BASE, regions=("US-CA",)),
    "no programme": replace(BASE, programmes=()),
    "review": replace(BASE, review="all"),
}
ADA = Traits(names=("ada testchild",), ages=("7",), plates=("KPW4471",), place="dallas")
TOLD = {"ada": ADA, "ben": replace(ADA, names=("ben testchild",)), "plate": Traits(plates=("KPW4471",))}
ACT = Act(actor="night", reason="a test")
LEASE = timedelta(seconds=45)
TAKE_DOWNS = ("card.cancelled", "card.expired", "card.withdrawn")

SAID = st.tuples(
    st.sampled_from(sorted(SENDERS)),
    st.sampled_from([1, 1, 1, 2]),
    st.sampled_from(["Alert", "Alert", "Update", "AllClear", "Cancel"]),
    st.sampled_from([20, 10, 5]),
    st.sampled_from(["ada", "ada", "ada", "ben", "plate"]),
    st.sampled_from([300, 300, 300, 1]),
)
STEP = st.one_of(
    SAID,
    SAID,
    SAID,
    st.tuples(st.just("clock"), st.sampled_from([1, 31, 200])),
    st.tuples(st.just("deliver"), st.booleans()),
    st.tuples(st.sampled_from(["withdraw", "restore", "publish", "release", "dismiss"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["pause", "resume"])),
    st.tuples(st.just("reload"), st.sampled_from(sorted(POLICIES))),
)


WAITING_TWINS = [
    ("state", 1, "Alert", 20, "ada", 300),
    ("state", 1, "Cancel", 5, "ada", 300),
    ("partner", 1, "Alert", 20, "ada", 300),
    ("partner", 2, "Alert", 20, "ada", 300),
]
THREE = [(feed, 1, "Alert", 20, "ada", 300) for feed in ("partner", "centre", "state")]
END_IN_A_HAND_OVER = [*THREE, ("partner", 1, "Cancel", 5, "ada", 300)]
EXPIRY_IN_A_HAND_OVER = [
    THREE[0],
    ("centre", 1, "Alert", 20, "ada", 1),
    THREE[2],
    ("clock", 200),
    ("partner", 1, "AllClear", 5, "ada", 300),
]
"""Plays that once broke a law."""


def document(feed: str, case: int, kind: str, minutes: int, _: str, life: int) -> cap.Alert:
    """What a sender says so many minutes ago of one of its cases, to live so many minutes from now."""
    sent = NOW - timedelta(minutes=minutes)
    start = replace(story.amber(NOW - timedelta(minutes=30)), sender=SENDERS[feed], identifier=f"{feed}-{case}")
    ends = story._time(NOW + timedelta(minutes=life))
    first = replace(start, infos=tuple(replace(info, expires=ends) for info in start.infos))
    if kind == "Alert":
        return first
    if kind == "Cancel":
        return replace(story.cancel(sent, first), identifier=f"{first.identifier}-C{minutes}")
    clear = tuple(replace(info, response_types=("AllClear",)) for info in first.infos)
    infos = clear if kind == "AllClear" else first.infos
    return replace(story.update(sent, first), identifier=f"{first.identifier}-{kind}-{minutes}", infos=infos)


class World:
    """A gateway's store with its clock, an operator, and a receiver that keeps the fence of each card."""

    def __init__(self, store: Store) -> None:
        self.store, self.now, self.policy = store, NOW, BASE
        store.clock, store.outlets = self.time, outlets()
        self.operate = Operate(store, SCHEMAS, BASE, {}, on_messages=lambda: None)
        self.ended = set[str]()
        self.received: dict[str, tuple[int, str]] = {}

    def time(self) -> datetime:
        return self.now

    async def rows(self, table: Any) -> list[Any]:
        return await self.store.read(lambda one: list(one.execute(select(table)).mappings()))

    async def play(self, step: tuple[Any, ...]) -> None:
        """One step; what a person may not do is refused."""
        self.now += timedelta(milliseconds=10)
        before = await self.rows(cards)
        try:
            await (self._say(step) if step[0] in SENDERS else self._do(*step))
        except (ValueError, LookupError):
            pass
        await self.tick()
        await self.check(step, before)

    async def _say(self, step: tuple[Any, ...]) -> None:
        came = arrival(document(*step), feed=step[0], at=self.now)
        if came.draft:
            known = replace(TOLD[step[4]], alerts=came.draft.traits.alerts)
            came = replace(came, draft=replace(came.draft, traits=known))
        await self.store.write_alone(alerts.take_in, [came], self.policy)

    async def _do(self, what: str, how: Any = None) -> None:
        if what == "clock":
            self.now += timedelta(seconds=how)
        elif what == "deliver":
            await self.deliver(is_well=how)
        elif what in ("pause", "resume"):
            await getattr(self.operate, what)(ACT)
        elif what == "reload":
            self.policy = self.operate.policy = POLICIES[how]
            await self.operate.reconsider()
        else:
            await self._act(what, how)

    async def _act(self, what: str, number: int) -> None:
        """An operator's act on one of what there is."""
        is_open = what == "withdraw"
        mine = [row["id"] for row in await self.rows(cards) if (row["state"] != "ended") == is_open]
        if what in ("publish", "release", "dismiss"):
            mine = [row["id"] for row in await self.rows(alert_rows) if row["decision"] in ("ignored", "quarantined")]
        if not mine:
            return
        one = sorted(mine)[number % len(mine)]
        if what == "publish":
            await self.operate.publish(one, None, ACT)
        elif what == "release":
            await self.operate.release(one, None, actor="night", reason="a test")
        elif what == "dismiss":
            await self.operate.dismiss(one, actor="night", reason="a test")
        else:
            await getattr(self.operate, what)(one, ACT)

    async def tick(self) -> None:
        """What the clock ends."""
        while await self.store.write_alone(copies.end_overdue, 50, self.policy):
            pass

    async def deliver(self, *, is_well: bool) -> bool:
        """The receiver gets what is due, or is down; whether anything was."""
        due = await self.store.write(delivery_rows.claim, "app", room=50, reserve=50, lease=LEASE)
        for one in due:
            data = msgspec.json.decode(one.body)["data"]
            if is_well and data["sequence"] > self.received.get(data["card_id"], (0,))[0]:
                self.received[data["card_id"]] = (data["sequence"], data["action"])
            after = Delivered() if is_well else Retry(self.now + timedelta(seconds=1))
            told = attempt(one.number, "delivered" if is_well else "status")
            await self.store.write(delivery_rows.record, [Finished(one, told, after)])
        return bool(due)

    async def check(self, step: tuple[Any, ...], before: list[Any]) -> None:
        """The laws."""
        now = {row["id"]: row for row in await self.rows(cards)}
        assert "undecided" not in {row["reason"] for row in await self.rows(alert_rows)}
        ended = {name for name, row in now.items() if row["state"] == "ended"}
        assert self.ended <= ended, "a terminal card never returns"
        self.ended = ended
        await self._check_messages(now)
        for incident in {row["incident_id"] for row in now.values()}:
            _check_incident([row for row in now.values() if row["incident_id"] == incident and row["state"] != "ended"])
        if step[0] == "partner":
            for was in before:
                if was["feed"] != "partner" and was["state"] != "ended" and was["expires_at"] > self.now:
                    row = now[was["id"]]
                    assert (row["state"], row["superseded_by"]) == (was["state"], was["superseded_by"]) or (
                        row["state"] == "active"
                    ), "a partner neither ends nor hides what others say"

    async def _check_messages(self, now: dict[str, Any]) -> None:
        told = [row for row in await self.rows(messages) if row["type"].startswith("card.")]
        ends = Counter(row["card_id"] for row in told if row["type"] in TAKE_DOWNS)
        displays = Counter(row["card_id"] for row in told if row["type"] not in TAKE_DOWNS)
        for name, row in now.items():
            assert (displays[name] > 0) == (row["state"] == "active" or ends[name] > 0)
            assert ends[name] == (1 if row["state"] == "ended" and displays[name] else 0)


def _check_incident(found: list[Any]) -> None:
    """The open cards of one incident: one is on display but for the hand-over, and no copy is left alone."""
    assert len({row["sender_key"] for row in found}) == len(found), "one sender, one card"
    shown = [row for row in found if row["state"] == "active" and not row["superseded_by"]]
    assert len(shown) <= 1
    assert shown or not any(row["state"] == "linked" for row in found), "a copy is a copy of something on display"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=4, max_size=18))
@example(steps=WAITING_TWINS)
@example(steps=END_IN_A_HAND_OVER)
@example(steps=EXPIRY_IN_A_HAND_OVER)
def test_the_laws_of_incidents(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]) -> None:
    """No fault; no terminal card returns; each ended display has exactly one take-down; one card of an incident is displayed; a
    partner ends and hides nothing of others; a copy is never alone; and in the end the receiver shows what the store does."""

    async def run() -> None:
        store = Store.open(f"sqlite:///{tmp_path_factory.mktemp('play')}/gateway.db")
        world = World(store)
        try:
            for step in steps:
                await world.play(step)
            await world.operate.resume(ACT)
            for _ in range(10):
                world.now += timedelta(seconds=2)
                await world.deliver(is_well=True)
                await world.tick()
            active = {row["id"] for row in await world.rows(cards) if row["state"] == "active"}
            assert active == {name for name, (_, action) in world.received.items() if action == "display"}
        finally:
            store.close()

    asyncio.run(run())
