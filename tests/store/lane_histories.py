"""Random histories of one card on its way to two receivers: ``make histories`` runs 100,000 of them.

What happens: revisions and ends, requests that end in every way or never, answers that arrive late, lost leases and kills at
each step, redeliveries, recoveries, pauses, suspensions, breakers that close, and a clock that is set. One receiver keeps the
fence and obeys snapshots, which arrive late, in any order and more than once; the other one only compares ids.

What must hold, at every step and in the end:

I1  What starts in a lane never goes back.
I2  No display starts once its take-down is stored, nor in a pause, nor to a suspended receiver.
I3  One request at a time in a lane.
I4  A take-down is delivered, waits, or is dead; none is lost.
I5  One id names one body.
I6  In the end each receiver shows what the gateway shows, and no card that has ended, whatever arrived late.
I7  Nothing is tried before its time: not before what the receiver asked for, and not before its step.
I8  Nothing is tried after its deadline.
I9  A snapshot never removes a live card, however late it arrives, and the newest leaves no card that has ended.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import insert, select
from store_story import arrival

from capgateway.cards import Card, Display, End, Policy
from capgateway.cards.decision import EndReason
from capgateway.simulate import story
from capgateway.simulate.board import Board, Body
from capgateway.store import Finished, Store, alerts, cards, leases, readiness, recovery, standing
from capgateway.store import deliveries as delivery_rows
from capgateway.store.audit import Act
from capgateway.store.tables import card_revisions, deliveries, gateway, lanes, messages, metadata
from capgateway.store.tables import readiness as readiness_rows
from capgateway.store.write import Commit, Write
from capgateway.webhooks import Attempt, Breaker, Claim, Dead, Outlets, Receiver, Retry, after

T = TypeVar("T")
BEGIN = datetime.fromisoformat("2026-11-22T07:00:00Z")
LEASE = timedelta(seconds=45)
LATE_SECONDS = 40
"""How long after it was sent a display may still be processed, although we heard nothing."""
ACT = Act(actor="history")
NAMES = ("fenced", "ids")
OUTLETS = Outlets(
    receivers=tuple(Receiver(name=name, url="https://x.example/", secrets=(bytes(32),)) for name in NAMES),
    public_url="https://cap.example",
)
OUTCOMES = (
    *("delivered",) * 5,
    *("timeout",) * 3,
    *("status 500", "status 429", "status 422", "status 504", "status 410", "status 410", "connect", "lost"),
)
STEPS = (
    *("claim",) * 8,
    *("finish",) * 8,
    *("wait",) * 5,
    *("update",) * 3,
    *("snapshot",) * 2,
    *("old_snapshot",) * 2,
    *("end", "restart", "redeliver", "recover", "pause", "lift", "close_breaker", "step_clock"),
)


class Flight(NamedTuple):
    """A request under way, and until when it is ours."""

    claim: Claim
    until: datetime


class Planned(NamedTuple):
    """When the newest of a lane may be tried again, and what the receiver asked for."""

    at: datetime
    wish: datetime | None


class IdsOnly:
    """A receiver without a fence: whatever comes under a new id is done."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.shown: set[str] = set()

    def take(self, message_id: str, body: Body) -> None:
        if message_id in self.seen:
            return
        self.seen.add(message_id)
        change = self.shown.add if body.data.action == "display" else self.shown.discard
        change(body.data.card_id or "")


class World:
    """A database in memory, or elsewhere, with an alert and the card that it makes."""

    def __init__(self, url: str = "sqlite://") -> None:
        self.store = Store(url)
        if url == "sqlite://":
            engine = self.store._engine
            with engine.begin() as connection:
                metadata.create_all(connection)
                connection.execute(insert(gateway).values(id=1, deployment="history", sequence=0))
        else:
            self.store.upgrade()
        self.now = BEGIN
        (taken,) = self.write(lambda write: alerts.take_in(write, [arrival(story.amber(BEGIN), at=BEGIN)], Policy()))
        with self.store._engine.connect() as connection:
            row = connection.execute(select(card_revisions)).mappings().one()
        self.alert_id, self.card = taken.alert_id, msgspec.json.decode(row["body"], type=Card)
        self.write(
            lambda write: cards.apply(write, [End(card_id=self.card.card_id, revision=2, reason="withdrawn")], {}, "")
        )
        self.write(lambda write: readiness.register(write, OUTLETS.receivers))
        for name in NAMES:
            for claim in self.write(lambda write: delivery_rows.claim(write, name, room=9, lease=LEASE)):  # noqa: B023
                self.deliver(claim)

    def deliver(self, claim: Claim) -> None:
        """All goes well with this one."""
        tried = _attempt(claim, "delivered", self.now)
        done = Finished(claim, tried, after(claim, tried, now=self.now, chance=0.5))
        self.write(lambda write: delivery_rows.record(write, [done]))

    def snapshot(self, name: str) -> bytes:
        """The snapshot of a receiver, as it is now."""
        with self.store._engine.connect() as connection:
            was = connection.execute(
                select(readiness_rows.c.snapshot_at).where(readiness_rows.c.name == name)
            ).scalar_one()
        (errand,) = self.write(lambda write: readiness.take(write, [readiness.Due("snapshot", name, was)]))
        return errand.claim.body

    def write(self, work: Callable[[Write], T]) -> T:
        """One unit of work, in a transaction of its own."""
        with self.store._engine.begin() as connection:
            commit = Commit.begin(connection, now=self.now, outlets=OUTLETS, alone=True)
            result = commit.unit(work)
            commit.finish()
        return result


def _attempt(claim: Claim, outcome: str, now: datetime, asked: timedelta | None = None) -> Attempt:
    word, _, status = outcome.partition(" ")
    is_unclear = outcome in ("timeout", "status 504")
    code = int(status) if status else 200 if word == "delivered" else None
    return Attempt(
        number=claim.number,
        started_at=now,
        duration=timedelta(0),
        outcome=word,
        status=code,
        ambiguous=is_unclear,
        retry_after=asked,
    )


class History:
    """What happens to one card. ``seed`` tells it all."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance, self.seed = world, random.Random(seed), seed  # noqa: S311  (a dice, no secret)
        self.card_id, self.revision = f"crd_{seed}", 0
        self.is_over = self.is_paused = False
        self.flights: list[Flight] = []
        self.late: list[tuple[datetime, str, str, bytes]] = []
        self.board, self.ids = Board(), IdsOnly()
        self.started: dict[str, int] = {}
        self.planned: dict[str, Planned] = {}
        self.bodies: dict[str, str] = {}
        self.snapshots: list[bytes] = []
        self.suspended: set[str] = set()
        self.expires_at = world.now + timedelta(minutes=self.chance.choice([2, 20, 300]))

    def run(self) -> None:
        """All of it; an ``AssertionError`` says what did not hold."""
        self.lift()
        self.snapshots.append(self.world.snapshot("fenced"))  # one that cannot know the card
        self.update()
        for _ in range(self.chance.randint(5, 30)):
            getattr(self, self.chance.choice(STEPS))()
        self._settle()
        self._check_shown()
        if not self.is_over:
            self.end()
            self._settle()
            self._check_shown()
        self._check_take_downs()

    # What happens

    def update(self) -> None:
        """A new revision, the first or a later one."""
        if self.is_over or self.world.now >= self.expires_at:
            return
        self.revision += 1
        named = {"alert_id": self.world.alert_id, "card_id": self.card_id, "incident_id": self.world.card.incident_id}
        times = {"issued_at": BEGIN, "expires_at": self.expires_at, "expires_from": "alert"}
        change = Display(**named, **times, revision=self.revision, target=())  # type: ignore[arg-type]
        card = replace(self.world.card, card_id=self.card_id, revision=self.revision, expires_at=self.expires_at)
        self.world.write(lambda write: cards.apply(write, [change], {self.card_id: card}, f"chn_{self.seed}"))
        self.planned = {name: Planned(one.wish, one.wish) for name, one in self.planned.items() if one.wish}

    def end(self) -> None:
        """A Cancel, or the end of the card's time."""
        if self.is_over:
            return
        reason: EndReason = "expired" if self.world.now >= self.expires_at else "cancelled"
        change = End(card_id=self.card_id, revision=self.revision + 1, reason=reason)
        self.world.write(lambda write: cards.apply(write, [change], {}, f"chn_{self.seed}"))
        self.is_over = True
        self.planned.clear()

    def wait(self) -> None:
        self._pass(timedelta(seconds=self.chance.choice([0.5, 2, 10, 45, 61, 400, 3600])))

    def claim(self) -> None:
        """A courier takes what is due, of this gateway or of another one, which only knows of leases what the database says."""
        name = self.chance.choice(NAMES)
        room, is_probe = self.chance.choice([(3, False), (0, False), (1, True)])
        held = [flight.claim.delivery_id for flight in self.flights if flight.claim.receiver == name]
        held = self.chance.choice([held, held, []])
        claims = self.world.write(
            lambda write: delivery_rows.claim(write, name, room=room, reserve=1, lease=LEASE, held=held, probe=is_probe)
        )
        for claim in self._of_the_card(claims):
            self._check_start(claim)
            self.flights.append(Flight(claim, self.world.now + LEASE))

    def finish(self) -> None:
        """A request ends, well or badly, or nobody records how."""
        if not self.flights:
            return
        flight = self.flights.pop(self.chance.randrange(len(self.flights)))
        self._finish(flight, self.chance.choice(OUTCOMES))

    def restart(self) -> None:
        """The gateway is killed, whatever it was doing, and begins again."""
        for flight in self.flights:
            self._may_arrive_late(flight.claim)
        self.flights.clear()
        with self.world.store._engine.begin() as connection:
            leases.release(connection, self.world.now)
        self.planned = {name: Planned(one.at, None) for name, one in self.planned.items()}

    def redeliver(self) -> None:
        """A person has any delivery of the card sent again; most of them cannot be."""
        rows = self._deliveries()
        row = self.chance.choice(rows)
        try:
            self.world.write(lambda write: recovery.redeliver(write, row["id"], ACT))
        except ValueError:
            return
        assert not (row["action"] == "display" and self.is_over), "I2: a display of an ended card was sent again"
        self.planned.pop(row["receiver"], None)

    def recover(self) -> None:
        """A person has a receiver sent what it lost."""
        name, mode = self.chance.choice(NAMES), self.chance.choice(["state", "failed", "log"])
        self.world.write(lambda write: recovery.recover(write, name, mode, ACT))  # type: ignore[arg-type]
        self.suspended.discard(name)
        self.planned.pop(name, None)

    def pause(self) -> None:
        """Displays are paused, or sent again."""
        self.is_paused = not self.is_paused
        since = self.world.now if self.is_paused else None
        self.world.write(lambda write: write.pause(since))

    def snapshot(self) -> None:
        """A snapshot is made. It may arrive at once, later, again, or never."""
        self.snapshots.append(self.world.snapshot("fenced"))
        if self.chance.random() < 0.5:
            self._obey(self.snapshots[-1])
            assert not (self.is_over and self.card_id in self.board.cards), "I9: the newest snapshot left an ended card"

    def old_snapshot(self) -> None:
        """One that was made at any time arrives."""
        if self.snapshots:
            self._obey(self.chance.choice(self.snapshots))

    def lift(self) -> None:
        """No receiver is suspended any more."""
        self.world.write(standing.lift)
        self.suspended.clear()

    def close_breaker(self) -> None:
        """A receiver is well again: what waits is due, but for what it asked for."""
        name = self.chance.choice(NAMES)
        self.world.write(lambda write: standing.remember(write, name, Breaker()))
        if one := self.planned.pop(name, None):
            self.planned |= {name: Planned(one.wish, one.wish)} if one.wish else {}

    def step_clock(self) -> None:
        """Somebody sets the clock."""
        by = timedelta(seconds=self.chance.choice([-3600, -30, 30, 3600]))
        held = [flight.claim.delivery_id for flight in self.flights]
        self.world.now += by
        self.world.write(lambda write: leases.clock_stepped(write, by, held, alone=True))
        self.flights = [Flight(claim, until + by) for claim, until in self.flights]
        self.late = [(at + by, name, message, raw) for at, name, message, raw in self.late]
        self.planned = {name: Planned(one.at + by, one.wish and one.wish + by) for name, one in self.planned.items()}
        self._pass(timedelta(0))

    # How that goes

    def _of_the_card(self, claims: list[Claim]) -> list[Claim]:
        """What is claimed of this card; take-downs of earlier ones, which a recovery sends again, are delivered."""
        for claim in claims:
            if claim.card_id != self.card_id:
                assert claim.action == "take_down", "I2: a display of an ended card was sent again"
                self.world.deliver(claim)
        return [claim for claim in claims if claim.card_id == self.card_id]

    def _pass(self, time_passed: timedelta) -> None:
        self.world.now += time_passed
        with self.world.store._engine.connect() as connection:
            is_astray = leases.astray(connection, self.world.now)
        if is_astray:  # as the walk does every minute
            self.world.write(leases.bring_back)
            self.planned.clear()
        for one in [one for one in self.late if one[0] <= self.world.now]:
            self.late.remove(one)
            self._arrive(*one[1:])
        if not self.is_over and self.world.now >= self.expires_at:
            self.end()

    def _finish(self, flight: Flight, outcome: str) -> None:
        claim, now = flight.claim, self.world.now
        if outcome == "lost":
            self._may_arrive_late(claim)
            return
        if claim.deadline is not None and now > claim.deadline:
            outcome = "late"
        if outcome == "delivered":
            self._arrive(claim.receiver, claim.message_id, claim.body)
        if outcome in ("timeout", "status 504"):
            self._may_arrive_late(claim)
        asked = timedelta(seconds=self.chance.choice([5, 120, 900])) if outcome == "status 429" else None
        tried = _attempt(claim, outcome, now, asked)
        following = after(claim, tried, now=now, chance=self.chance.random())
        (ours,) = self.world.write(lambda write: delivery_rows.record(write, [Finished(claim, tried, following)]))
        assert ours or now >= flight.until, "I3: our own lease was not kept"
        if ours:
            self._note(claim, following, asked)

    def _note(self, claim: Claim, following: Any, asked: timedelta | None) -> None:
        row = self._newest(claim.receiver)
        self.planned.pop(claim.receiver, None)
        if row["id"] != claim.delivery_id:
            if row["reissue"] and row["state"] == "pending":
                at = self.world.now + timedelta(seconds=60)
                self.planned[claim.receiver] = Planned(at, at)
            return
        if isinstance(following, Retry):
            assert claim.deadline is not None, "I8: no deadline"
            assert following.at <= claim.deadline, "I8: planned for after its deadline"
            least = min(asked or timedelta(0), timedelta(seconds=300), claim.deadline - self.world.now)
            wait = following.at - self.world.now
            assert wait >= max(least, timedelta(seconds=0.8)), "I7: too soon"
            assert wait <= timedelta(seconds=max(360, 1.2 * 300, (asked or timedelta(0)).total_seconds())), (
                "I7: too late"
            )
            self.planned[claim.receiver] = Planned(following.at, following.not_before)
        if following == Dead("gone"):
            self.suspended.add(claim.receiver)

    def _may_arrive_late(self, claim: Claim) -> None:
        """The receiver may have it, and process it when it likes."""
        if claim.deadline is not None and self.world.now > claim.deadline:
            return
        if self.chance.random() < 0.7:
            at = self.world.now + timedelta(seconds=self.chance.uniform(0, LATE_SECONDS))
            self.late.append((at, claim.receiver, claim.message_id, claim.body))

    def _arrive(self, receiver: str, message_id: str, raw: bytes) -> None:
        body = msgspec.json.decode(raw, type=Body)
        if receiver == "fenced":
            self.board.take(message_id, body, now=self.world.now)
        else:
            self.ids.take(message_id, body)

    def _obey(self, raw: bytes) -> None:
        """Under an id of its own, as not every receiver compares them."""
        self.board.expire(self.world.now)
        before, number = set(self.board.cards), self.chance.random()
        self.board.take(f"snapshot-{number}", msgspec.json.decode(raw, type=Body), now=self.world.now)
        assert self.is_over or before == set(self.board.cards), "I9: a snapshot removed a live card"

    # What must hold

    def _check_start(self, claim: Claim) -> None:
        now, name = self.world.now, claim.receiver
        sequence = msgspec.json.decode(claim.body, type=Body).data.sequence
        assert sequence >= self.started.get(name, 0), "I1: the lane went back"
        self.started[name] = sequence
        if claim.action == "display":
            assert not self.is_over, "I2: a display after its take-down was stored"
            assert not self.is_paused, "I2: a display in a pause"
            assert name not in self.suspended, "I2: a display to a suspended receiver"
        busy = [each for each in self.flights if each.claim.receiver == name and each.until > now]
        assert not busy, "I3: two requests in a lane"
        digest = hashlib.sha256(claim.body).hexdigest()
        assert self.bodies.setdefault(claim.message_id, digest) == digest, "I5: one id, two bodies"
        planned = self.planned.pop(name, None)
        assert planned is None or now >= planned.at - timedelta(microseconds=1), "I7: before its time"
        assert claim.deadline is not None, "I8: no deadline"

    def _settle(self) -> None:
        """Everything is well again: whatever waits goes out, within the time that its schedule allows."""
        if self.is_paused:
            self.pause()
        self.lift()
        for flight in self.flights:
            self._finish(flight, "lost")
        self.flights.clear()
        for _ in range(40):
            for name in NAMES:
                claims = self.world.write(lambda write: delivery_rows.claim(write, name, room=9, lease=LEASE))  # noqa: B023
                for claim in self._of_the_card(claims):
                    self._check_start(claim)
                    self._finish(Flight(claim, self.world.now + LEASE), "delivered")
            if not self._waits() and not self.late:
                return
            self._pass(timedelta(seconds=61))
        raise AssertionError("I4: a delivery is left over")

    def _check_shown(self) -> None:
        """I6."""
        self.board.expire(self.world.now)
        newest = {name: self._newest(name) for name in NAMES}
        if newest["fenced"]["state"] == "delivered":  # else an older revision may be shown until its end
            assert (self.card_id in self.board.cards) == (not self.is_over), (
                "I6: the fenced receiver shows something else"
            )
        if self.is_over and newest["ids"]["state"] == "delivered":
            assert self.card_id not in self.ids.shown, "I6: a late display brought an ended card back"

    def _check_take_downs(self) -> None:
        """I4."""
        left = [row["revision"] for row in self._deliveries() if row["state"] == "pending"]
        assert not left, f"I4: revisions {left} are pending for ever"
        rows = [row for row in self._deliveries() if row["action"] == "take_down"]
        assert {row["receiver"] for row in rows} == set(NAMES), "I4: a receiver has no take-down"
        for row in rows:
            ended = row["state"] == "delivered" or (row["state"], row["reason"]) == ("dead", "deadline")
            assert ended, f"I4: a take-down is {row['state']} ({row['reason']})"
        texts = select(messages.c.body).where(messages.c.card_id == self.card_id, messages.c.action == "display")
        with self.world.store._engine.connect() as connection:
            assert not any(connection.execute(texts).scalars()), "the text of a display is left over"

    def _deliveries(self) -> list[Any]:
        query = select(deliveries).where(deliveries.c.card_id == self.card_id)
        with self.world.store._engine.connect() as connection:
            return list(connection.execute(query.order_by(deliveries.c.created_at, deliveries.c.revision)).mappings())

    def _newest(self, receiver: str) -> Any:
        lane = lanes
        query = select(deliveries).join(lane, lane.c.delivery_id == deliveries.c.id)
        query = query.where(lane.c.subject == self.card_id, lane.c.receiver == receiver)
        with self.world.store._engine.connect() as connection:
            return connection.execute(query).mappings().one()

    def _waits(self) -> bool:
        lane = lanes
        query = select(lane.c.subject).where(lane.c.card_id == self.card_id, lane.c.due_at.is_not(None))
        with self.world.store._engine.connect() as connection:
            return connection.execute(query).first() is not None


HISTORIES_A_WORLD = 100
"""A database that has seen more is slower, and tells nothing else."""


def check(seeds: range, new_url: Callable[[], str] = lambda: "sqlite://") -> None:
    """Run these histories. An ``AssertionError`` names the seed."""
    for start in range(seeds.start, seeds.stop, HISTORIES_A_WORLD):
        world = World(new_url())
        try:
            for seed in range(start, min(start + HISTORIES_A_WORLD, seeds.stop)):
                try:
                    History(world, seed).run()
                except AssertionError as error:
                    raise AssertionError(f"history {seed}: {error}") from error
        finally:
            world.store.close()


def main() -> None:
    """Run many, in this process, and count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    begun, step = time.monotonic(), 1000
    for first in range(given.first, given.first + given.count, step):
        check(range(first, min(first + step, given.first + given.count)))
        done = min(first + step, given.first + given.count) - given.first
        print(f"{done:,} histories, 0 violations, {time.monotonic() - begun:.0f} s", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
