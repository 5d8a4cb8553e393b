"""The rules of the lane under random histories: alerts, Updates, Cancels, expiry, requests that end in every way, lost
leases and restarts, at a clock of the test's own.

Checked at every step: I1 what starts in a lane never goes back; I2 no display starts once its take-down is stored;
I3 one request at a time; I4 no take-down is lost; I5 one id, one body; I8 nothing is tried again after its deadline.
At the end everything is delivered, and every receiver shows what the gateway shows (I6).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace
from sqlalchemy import Row, Select, select
from store_story import LEASE, POLICY, arrival, attempt

from capgateway import cap
from capgateway.cards import Policy
from capgateway.simulate import story
from capgateway.simulate.board import Board, Body
from capgateway.store import Finished, Store, copies, leases
from capgateway.store import alerts as alert_rows
from capgateway.store import deliveries as delivery_rows
from capgateway.store.tables import cards as cards_table
from capgateway.store.tables import deliveries, messages
from capgateway.store.write import Commit, Write
from capgateway.webhooks import Claim, Dead, Outlets, Receiver, after

T = TypeVar("T")
BEGIN = datetime.fromisoformat("2026-11-22T07:00:00Z")
EVERYWHERE = Policy()
SECRET = (bytes(32),)
OUTLETS = Outlets(
    receivers=(
        Receiver(name="all", url="https://all.example/", secrets=SECRET),
        Receiver(name="oklahoma", url="https://ok.example/", secrets=SECRET, regions=("US-OK",)),
    ),
    public_url="https://cap.example",
)
RECEIVERS = tuple(receiver.name for receiver in OUTLETS.receivers)
COUNTIES = {"TX": ("Dallas, TX", "048113"), "OK": ("Bryan, OK", "040013")}

HEAR = st.tuples(
    st.just("hear"),
    st.sampled_from(["one", "two"]),
    st.sampled_from([("TX",), ("OK",), ("TX", "OK"), ("TX", "OK")]),
    st.sampled_from([False, False, True]),
)
CLAIM = st.tuples(st.just("claim"), st.sampled_from(RECEIVERS), st.integers(1, 3))
END = st.tuples(
    st.just("end"), st.sampled_from([0, 0.5, 0.99]), st.sampled_from(["delivered", "status", "timeout", "lost"])
)
WAIT = st.tuples(st.just("wait"), st.sampled_from([5, 50, 50, 400, 6 * 3600]))
RESTART = st.tuples(st.just("restart"))


def placed(alert: cap.Alert, places: Sequence[str]) -> cap.Alert:
    """The alert, said for these states."""
    named = [COUNTIES[place] for place in places]
    areas = tuple(cap.Area(area_desc=name, geocodes=(cap.Named(name="SAME", value=code),)) for name, code in named)
    return replace(alert, infos=tuple(replace(info, areas=areas) for info in alert.infos))


class Lanes(RuleBasedStateMachine):
    """A gateway's store without its threads, a clock, and two receivers that keep the rules."""

    url = "sqlite://"

    def __init__(self) -> None:
        super().__init__()
        self.store = Store(self.url)
        self.store.upgrade()
        self.now = BEGIN
        self.chains: dict[str, list[cap.Alert]] = {"one": [], "two": []}
        self.number = 0
        self.open: list[tuple[Claim, datetime]] = []
        self.boards = {name: Board() for name in RECEIVERS}
        self.started: dict[tuple[str, str], tuple[int, str]] = {}
        self.bodies: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.take_downs: set[str] = set()

    def teardown(self) -> None:
        try:
            self.deliver_everything()
            self.check_receivers()
        finally:
            self.store.close()

    @rule(act=st.one_of(HEAR, HEAR, HEAR, CLAIM, CLAIM, CLAIM, CLAIM, END, END, END, WAIT, WAIT, RESTART))
    def act(self, act: tuple[Any, ...]) -> None:
        """One rule for all that happens, so that every history holds some of everything."""
        name, *what = act
        getattr(self, name)(*what)

    # What the feeds bring

    def hear(self, name: str, places: Sequence[str], ends: bool) -> None:
        """An Alert, an Update of what was said last, or its Cancel, after which the next is an Alert again."""
        said = self.chains[name]
        if not said:
            self._take(name, placed(story.amber(self.now), places))
        elif ends:
            self._take(name, story.cancel(self.now, said[-1]))
            said.clear()
        else:
            self._take(name, placed(story.update(self.now, said[-1]), places))

    def _take(self, name: str, alert: cap.Alert) -> None:
        self.number += 1
        alert = replace(alert, identifier=f"{name}-{self.number}")
        self.chains[name].append(alert)
        document = arrival(alert, at=self.now)
        self._write(lambda write: alert_rows.take_in(write, [document], EVERYWHERE))
        self.now += timedelta(seconds=1)

    def _write(self, work: Callable[[Write], T]) -> T:
        """One unit of work, in a transaction of its own."""
        with self.store._engine.begin() as connection:
            commit = Commit.begin(connection, now=self.now, outlets=OUTLETS, alone=True)
            result = commit.unit(work)
            commit.finish()
        return result

    # What time brings

    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self._expire()

    def _expire(self) -> None:
        self._write(lambda write: copies.end_overdue(write, 10, POLICY))

    def restart(self) -> None:
        with self.store._engine.begin() as connection:
            leases.release(connection, self.now)
        self.open.clear()

    # What the walk to the receivers does

    def claim(self, receiver: str, limit: int) -> None:
        def work(write: Write) -> None:
            for claimed in delivery_rows.claim(write, receiver, room=limit, lease=LEASE):
                self._check_start(claimed)
                self._check_lane(claimed, write.execute(self._lane(claimed)).all())
                self.open.append((claimed, self.now + LEASE))

        self._write(work)

    def end(self, chance: float, outcome: str) -> None:
        """A request ends: well, badly, unknown to us though it arrived, or without a word to the store."""
        if not self.open:
            return
        claimed, lease_until = self.open.pop(int(chance * len(self.open)))
        late = claimed.deadline is not None and self.now > claimed.deadline
        if outcome in ("delivered", "timeout") and not late:  # a timeout: the receiver has it, we do not know
            self._arrive(claimed)
        if outcome == "lost":  # nobody writes down what came of it
            return
        tried = attempt(claimed.number, "late" if late else outcome, self.now)
        following = after(claimed, tried, now=self.now, chance=chance)
        if late:
            assert following == Dead("deadline")
        (ours,) = self._write(lambda write: delivery_rows.record(write, [Finished(claimed, tried, following)]))
        assert ours or self.now >= lease_until, "our own lease was not kept"
        assert not ours or claimed.number == self.numbers[claimed.delivery_id], "a late word counted"

    def _arrive(self, claimed: Claim) -> None:
        body = msgspec.json.decode(claimed.body, type=Body)
        self.boards[claimed.receiver].take(claimed.message_id, body, now=self.now)

    def _lane(self, claimed: Claim) -> Select[Any]:
        return select(deliveries).where(
            deliveries.c.card_id == claimed.card_id, deliveries.c.receiver == claimed.receiver
        )

    # What must hold

    def _check_start(self, claimed: Claim) -> None:
        """I1, I3, I5."""
        lane = (claimed.receiver, claimed.card_id or "")
        start = (claimed.revision, claimed.action or "")
        assert start >= self.started.get(lane, start), "the lane went back"
        self.started[lane] = start
        under_way = [
            each for each, until in self.open if until > self.now and (each.receiver, each.card_id or "") == lane
        ]
        assert not under_way, "two requests in one lane"
        self.numbers[claimed.delivery_id] = claimed.number
        digest = hashlib.sha256(claimed.body).hexdigest()
        assert self.bodies.setdefault(claimed.message_id, digest) == digest, "one id, two bodies"

    def _check_lane(self, claimed: Claim, lane: Sequence[Row[Any]]) -> None:
        """I2, R3."""
        rows = [row._mapping for row in lane]
        if claimed.action == "display":
            assert all(row["action"] == "display" for row in rows), "a display after the take-down"
        pending = [row["id"] for row in rows if row["state"] == "pending"]
        assert pending == [claimed.delivery_id], "something of the lane waits beside its newest"

    @invariant()
    def no_take_down_is_lost(self) -> None:
        """I4."""
        query = select(deliveries.c.id, deliveries.c.state).where(deliveries.c.action == "take_down")
        with self.store._engine.connect() as connection:
            found = {row.id: row.state for row in connection.execute(query)}
        assert self.take_downs <= found.keys()
        assert set(found.values()) <= {"pending", "delivered", "dead"}
        self.take_downs = set(found)

    def deliver_everything(self) -> None:
        """All receivers are well again: whatever waits goes out, within the time their schedules allow."""
        for _ in range(12):
            for receiver in RECEIVERS:
                self.claim(receiver, 3)
            while self.open:
                self.end(0, "delivered")
            self.now += timedelta(minutes=5)  # the longest step of every schedule, and longer than a lease
            self._expire()
        with self.store._engine.connect() as connection:
            states = connection.execute(select(deliveries.c.state)).scalars().all()
        assert "pending" not in states, "a delivery is left over"

    def check_receivers(self) -> None:
        """I6: each shows the live cards whose last word to it was a display that arrived."""
        last = (
            select(deliveries.c.receiver, deliveries.c.card_id, deliveries.c.action)
            .join(messages, messages.c.id == deliveries.c.message_id)
            .order_by(messages.c.sequence)
        )
        with self.store._engine.connect() as connection:
            live = set(connection.execute(select(cards_table.c.id).where(cards_table.c.state == "active")).scalars())
            words = {(row.receiver, row.card_id): row.action for row in connection.execute(last)}
        for receiver, board in self.boards.items():
            board.expire(self.now)
            shown = {card_id for (to, card_id), action in words.items() if to == receiver and action == "display"}
            assert set(board.cards) == shown & live


HISTORIES = settings(
    max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_lanes_hold_on_sqlite() -> None:
    """Thirty random histories on SQLite."""
    run_state_machine_as_test(Lanes, settings=HISTORIES)


@pytest.mark.postgresql
def test_lanes_hold_on_postgresql(new_postgresql: Callable[[], str]) -> None:
    """A few random histories on PostgreSQL, each in a database of its own."""

    class OnPostgresql(Lanes):
        def __init__(self) -> None:
            self.url = new_postgresql()
            super().__init__()

    few = settings(HISTORIES, max_examples=2, stateful_step_count=30)
    run_state_machine_as_test(OnPostgresql, settings=few)
