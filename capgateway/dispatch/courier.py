"""One receiver's session and slots, and the loop that fills them.

::

    ┌▶ turn: record what has ended, claim what is due ─▶ a flight for each claim ─┐
    └──────────────── woken: something ended, or something is due ◀───────────────┘

What ended is recorded together with the next claim, in one unit of work: while one turn is written the next gathers. What
the database cannot take now is recorded as soon as it can, each for itself, so that what it never takes keeps no other from
being recorded. What a courier has in its hands is *held*; a lease on anything else is nobody's, and is given up.

How much is claimed depends on the slots, the receiver's rate, and its breaker. Take-downs have a slot of their own, and wait
for neither rate nor breaker; while the breaker is open they go one at a time, and are its probes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from capgateway.clock import monotonic
from capgateway.dispatch import report
from capgateway.dispatch.signs import Signs, Told
from capgateway.errors import StoreError
from capgateway.store import Finished
from capgateway.store.deliveries import Ask, Room
from capgateway.tasks import Task
from capgateway.webhooks import Breaker
from capgateway.webhooks.rate import Bucket
from capgateway.webhooks.retry import slows_down
from capgateway.webhooks.send import session_for

if TYPE_CHECKING:
    import aiohttp

    from capgateway.dispatch.desk import Desk
    from capgateway.store import Store, Turn
    from capgateway.tasks import Faults
    from capgateway.webhooks import Cause, Claim, Receiver

LEASE_MARGIN = timedelta(seconds=30)
"""A lease outlasts the receiver's timeout by this: room for writing down what came of it."""
RESERVE = 1
"""Slots kept for take-downs."""
GATHER_SECONDS = 0.003
"""What a delivery may wait for others to end, so that they share a turn: a turn costs as much as a delivery."""
NOTE_SECONDS = 1.0
TROUBLE_SECONDS = 0.5
"""The pause after the database failed us: a take-down may wait behind what could not be recorded."""
LAST_TRIES = 20
"""How often a retired courier tries to record what has ended; then it lets go."""

Deliver: TypeAlias = "Callable[[aiohttp.ClientSession, Receiver, Claim], Awaitable[Finished]]"
Recorded: TypeAlias = Callable[[Finished, bool], None]


class Courier:
    """Runs until retired and everything under way has ended. ``recorded`` is told of each attempt once it is stored, and
    whether the delivery was still ours. ``held`` are the deliveries of this receiver that this process carries out, whichever
    courier does; ``doubt`` is called when there may be leases that nobody holds."""

    def __init__(  # noqa: PLR0913  (what a courier needs to do its part alone)
        self,
        receiver: Receiver,
        store: Store,
        desk: Desk,
        deliver: Deliver,
        recorded: Recorded,
        *,
        user_agent: str,
        faults: Faults,
        held: set[str],
        doubt: Callable[[], None],
    ) -> None:
        self.receiver, self.task = receiver, Task("courier", receiver.name)
        self.is_running = self.is_turning = False
        self._store, self._desk, self._deliver, self._recorded, self._user_agent = (
            store,
            desk,
            deliver,
            recorded,
            user_agent,
        )
        self._faults, self._held, self._doubt = faults, held, doubt
        self._slots = max(1, receiver.concurrency - RESERVE)
        self._busy = self._take_downs = 0
        self.breaker = Breaker()
        self._remembered_pause = self.breaker.pause
        self.signs = Signs()
        self._bucket = Bucket(receiver.rate, monotonic())
        self._finished: list[Finished] = []
        self._is_troubled = False
        self._woken = asyncio.Event()
        self._noted_until = 0.0
        self._retired = self._is_waiting = False
        self._last_tries = LAST_TRIES

    def room(self) -> Room:
        """What could begin now, if it is due."""
        if self._retired:
            return Room()
        if self.breaker.is_open:
            is_probe = self.receiver.enabled and not self._busy and monotonic() >= self.breaker.probe_at
            return Room(int(is_probe), int(not is_probe and not self._take_downs), is_probe)
        free = self._slots + RESERVE - self._busy
        if not self.receiver.enabled:
            return Room(0, free)
        room = min(max(0, self._slots - self._busy), self._bucket.allows(monotonic()))
        return Room(room, free - room)

    def succeed(self, before: Courier) -> None:
        """Go on with what another courier learned of the same receiver."""
        self.breaker, self._remembered_pause = before.breaker, before._remembered_pause

    def reopen(self, pause: float) -> None:
        """Go on with a breaker that was open when the gateway stopped."""
        self.breaker = Breaker.reopened(pause, monotonic())
        self._remembered_pause = self.breaker.pause

    def revive(self) -> None:
        """A person says that the receiver is well."""
        self.breaker, self._remembered_pause = Breaker(), 0.0
        self.wake()

    def learn_causes(self, known: frozenset[Cause]) -> None:
        """For what the receiver is degraded, as the store has it: what was seen before that was known is written down now."""
        self.signs.known = known
        if self.signs.told != Told():
            self.wake()

    def wake(self) -> None:
        self._woken.set()

    def retire(self) -> None:
        """Claim nothing more; what is under way is finished."""
        self._retired = True
        self.wake()

    async def run(self) -> None:
        """Claim and deliver until retired. After a fault it may be run again."""
        session = session_for(self.receiver, self._user_agent)
        self.is_running = True
        try:
            async with session, asyncio.TaskGroup() as group:
                while self._has_work:
                    self._woken.clear()
                    await self._turn(group, session)
                    if self._has_work:
                        await self._woken.wait()
                        await self._gather()
        finally:
            self.is_running = False

    async def _gather(self) -> None:
        """While most slots are busy, let more of them end: they are recorded together."""
        if self._busy > self._slots // 2 and not self._retired:
            await asyncio.sleep(GATHER_SECONDS)

    @property
    def _has_work(self) -> bool:
        return not self._retired or self._busy > 0 or bool(self._finished)

    async def _turn(self, group: asyncio.TaskGroup, session: aiohttp.ClientSession) -> None:
        """One turn. Whatever goes wrong, what is under way goes on."""
        self.is_turning = True
        try:
            if self._is_troubled:
                await self._record_singly()
            finished, self._finished = self._finished, []
            room = self.room()
            if not finished and room.any + room.take_downs <= 0:
                return
            turn = await self._write(finished, room)
            for claim in turn.claims if turn else ():
                self._begin(group, session, claim)
            self._wait_for_rate()
        except Exception as error:  # noqa: BLE001
            self._faults.note(self.task, error)
            self._pause()
        finally:
            self.is_turning = False

    async def _write(self, finished: list[Finished], room: Room = Room()) -> Turn | None:  # noqa: B008  (a value)
        """Record and claim; ``None`` if the database failed us, and what was to be recorded is kept."""
        breaker, signs = self.breaker, self.signs.told
        ask = Ask(
            self.receiver.name,
            lease=self.receiver.timeout + LEASE_MARGIN,
            room=room,
            finished=finished,
            held=frozenset(self._held),
            note=self._notes(finished),
            breaker=breaker if breaker.pause != self._remembered_pause else None,
            begun=signs.begun,
            ended=signs.ended,
        )
        try:
            turn = await self._desk.turn(ask)
        except Exception as error:  # noqa: BLE001  (the database's trouble or a fault of ours: what ended must be kept)
            self._finished = finished + self._finished
            self._doubt()  # it may have been done all the same
            self._is_troubled = True
            if isinstance(error, StoreError):
                report.store_failed(self.receiver.name, error)
            else:
                self._faults.note(self.task, error)
            self._pause()
            return None
        self._is_troubled = False
        self._remembered_pause = breaker.pause
        self.signs.written(signs)
        self._held.update(claim.delivery_id for claim in turn.claims)
        self._faults.mended(self.task)
        for one, ours in zip(finished, turn.ours, strict=True):
            self._held.discard(one.claim.delivery_id)
            self._tell(one, ours=ours)
        return turn

    def _tell(self, one: Finished, *, ours: bool) -> None:
        """A fault in what is only said of an attempt must not cost what was claimed in the same turn."""
        try:
            self._recorded(one, ours)
        except Exception as error:  # noqa: BLE001
            self._faults.note(self.task, error)

    async def _record_singly(self) -> None:
        """Record what the database did not take together. One that it refuses while it takes others is let go of."""
        waiting, self._finished = self._finished, []
        self._last_tries -= self._retired
        while waiting:
            one = waiting.pop(0)
            if await self._write([one]) is not None:
                continue
            self._finished.remove(one)
            if self._last_tries > 0 and await self._store.trouble():
                self._finished = [one, *waiting, *self._finished]
                return
            self._held.discard(one.claim.delivery_id)
            report.not_recorded(one)

    def _pause(self) -> None:
        """Take the next turn a little later."""
        asyncio.get_running_loop().call_later(TROUBLE_SECONDS, self.wake)

    def _notes(self, finished: Sequence[Finished]) -> bool:
        """Whether what the attempts say of the receiver is written down: each failure and the first success after one, but
        of successes in a row only one a second."""
        if not finished:
            return False
        is_well = all(one.attempt.outcome == "delivered" for one in finished)
        now = monotonic()
        if is_well and now < self._noted_until:
            return False
        self._noted_until = now + NOTE_SECONDS if is_well else 0.0
        return True

    def _wait_for_rate(self) -> None:
        """Go on when the receiver's rate allows another message."""
        if self._is_waiting or self._retired or self._bucket.allows(now := monotonic()):
            return
        self._is_waiting = True
        asyncio.get_running_loop().call_later(self._bucket.wait(now), self._rate_allows)

    def _rate_allows(self) -> None:
        self._is_waiting = False
        self.wake()

    def _begin(self, group: asyncio.TaskGroup, session: aiohttp.ClientSession, claim: Claim) -> None:
        self._busy += 1
        self._take_downs += claim.action == "take_down"
        self._bucket.take(1, monotonic())
        group.create_task(self._carry(session, claim))

    async def _carry(self, session: aiohttp.ClientSession, claim: Claim) -> None:
        try:
            ended = await self._deliver(session, self.receiver, claim)
            self._learn(ended)
            self._finished.append(ended)
        except BaseException:
            self._held.discard(claim.delivery_id)
            self._doubt()
            raise
        finally:
            self._busy -= 1
            self._take_downs -= claim.action == "take_down"
            self.wake()

    def _learn(self, ended: Finished) -> None:
        """What an attempt says of the receiver."""
        self.signs.see(ended)
        now, before = monotonic(), self.breaker
        self.breaker = before.after(ended.attempt, now)
        if self.breaker.is_open != before.is_open:
            report.breaker(self.receiver.name, self.breaker)
        if slows_down(ended.attempt):
            self._bucket.slow_down(now)
