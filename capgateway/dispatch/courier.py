"""One receiver's session and slots, and the loop that fills them.

::

    ┌▶ turn: record what has ended, claim what is due ─▶ a flight for each claim ─┐
    └──────────────── woken: something ended, or something is due ◀───────────────┘

What ended is recorded together with the next claim, in one unit of work: while one turn is written the next gathers. What
the database cannot take now is recorded with a later turn, and holds no lane longer than that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from capgateway import net
from capgateway.dispatch import report
from capgateway.errors import StoreError
from capgateway.store import Finished, deliveries

if TYPE_CHECKING:
    import aiohttp

    from capgateway.store import Store
    from capgateway.webhooks import Claim, Receiver

LEASE_MARGIN = timedelta(seconds=30)
"""A lease outlasts the receiver's timeout by this: room for writing down what came of it."""
RESERVE = 1
"""Slots kept for take-downs."""
GATHER_SECONDS = 0.003
"""What a delivery may wait for others to end, so that they share a turn: a turn costs as much as a delivery."""
NOTE_SECONDS = 1.0
TROUBLE_SECONDS = 1.0
"""The pause after the database failed us."""
LAST_TRIES = 10
"""How often a retired courier tries to record what has ended; then the leases run out."""

Deliver: TypeAlias = "Callable[[aiohttp.ClientSession, Receiver, Claim], Awaitable[Finished | None]]"
Recorded: TypeAlias = Callable[[Finished, bool], None]


class Courier:
    """Runs until retired and everything under way has ended. ``recorded`` is told of each attempt once it is stored, and
    whether the delivery was still ours."""

    def __init__(
        self, receiver: Receiver, store: Store, deliver: Deliver, recorded: Recorded, *, user_agent: str
    ) -> None:
        self.receiver = receiver
        self._store, self._deliver, self._recorded, self._user_agent = store, deliver, recorded, user_agent
        self._slots = max(1, receiver.concurrency - RESERVE)
        self._busy = 0
        self._finished: list[Finished] = []
        self._woken = asyncio.Event()
        self._noted_until = 0.0
        self._retired = False
        self._last_tries = LAST_TRIES

    @property
    def has_room(self) -> bool:
        return self._busy < self._slots

    def wake(self) -> None:
        self._woken.set()

    def retire(self) -> None:
        """Claim nothing more; what is under way is finished."""
        self._retired = True
        self.wake()

    async def run(self) -> None:
        """Claim and deliver until retired."""
        receiver = self.receiver
        session = net.new_session(
            user_agent=self._user_agent,
            allow_networks=receiver.allow_networks,
            ca=receiver.ca,
            client_cert=receiver.client_cert,
            client_key=receiver.client_key,
            proxy=receiver.proxy,
        )
        async with session, asyncio.TaskGroup() as group:
            while self._has_work:
                self._woken.clear()
                await self._turn(group, session)
                if self._has_work:
                    await self._woken.wait()
                    await self._gather()

    async def _gather(self) -> None:
        """While most slots are busy, let more of them end: they are recorded together."""
        if self._busy > self._slots // 2 and not self._retired:
            await asyncio.sleep(GATHER_SECONDS)

    @property
    def _has_work(self) -> bool:
        return not self._retired or self._busy > 0 or bool(self._finished)

    async def _turn(self, group: asyncio.TaskGroup, session: aiohttp.ClientSession) -> None:
        finished, self._finished = self._finished, []
        room, reserve = self._room()
        if not finished and room + reserve <= 0:
            return
        lease = self.receiver.timeout + LEASE_MARGIN
        try:
            turn = await self._store.write(
                deliveries.turn,
                self.receiver.name,
                finished,
                room=room,
                reserve=reserve,
                lease=lease,
                note=self._notes(finished),
            )
        except StoreError as error:
            report.store_failed(error)
            self._try_again(finished)
            return
        for one, ours in zip(finished, turn.ours, strict=True):
            self._recorded(one, ours)
        for claim in turn.claims:
            self._busy += 1
            group.create_task(self._carry(session, claim))

    def _notes(self, finished: Sequence[Finished]) -> bool:
        """Whether what the attempts say of the receiver is written down: each failure and the first success after one, but
        of successes in a row only one a second."""
        is_well = all(one.attempt.outcome == "delivered" for one in finished)
        now = time.monotonic()
        if is_well and now < self._noted_until:
            return False
        self._noted_until = now + NOTE_SECONDS if is_well else 0.0
        return True

    def _room(self) -> tuple[int, int]:
        """How many deliveries of any kind may begin, and how many more that are take-downs."""
        if self._retired:
            return 0, 0
        if not self.receiver.enabled:
            return 0, self._slots + RESERVE - self._busy
        room = max(0, self._slots - self._busy)
        return room, self._slots + RESERVE - self._busy - room

    def _try_again(self, finished: list[Finished]) -> None:
        """Keep what could not be recorded for the next turn."""
        self._last_tries -= self._retired
        if self._last_tries > 0:
            self._finished = finished + self._finished
        asyncio.get_running_loop().call_later(TROUBLE_SECONDS, self.wake)

    async def _carry(self, session: aiohttp.ClientSession, claim: Claim) -> None:
        try:
            if ended := await self._deliver(session, self.receiver, claim):
                self._finished.append(ended)
        finally:
            self._busy -= 1
            self.wake()
