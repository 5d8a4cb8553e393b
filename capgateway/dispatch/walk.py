"""Look for what is due, wake the couriers, and write down what came of each attempt."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

import msgspec

from capgateway import log
from capgateway.clock import utc_now
from capgateway.dispatch import report
from capgateway.dispatch.courier import Courier
from capgateway.dispatch.flight import Flight
from capgateway.errors import StoreError
from capgateway.store import Finished, deliveries
from capgateway.webhooks import after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import aiohttp

    from capgateway.metrics import Metrics
    from capgateway.store import Store
    from capgateway.webhooks import Claim, Receiver

OVERTAKEN_SECONDS = 2.0
"""What a display under way has left once its take-down waits (rule R4)."""
STOP_SECONDS = 10.0
"""What requests under way have left when the gateway stops."""
LOOK_SECONDS = 1.0
"""The longest pause between two looks: another process may have stored something, and wakes nobody here."""
BUSY_SECONDS = 0.05
"""The shortest: what is due now is being claimed at this moment."""
TROUBLE_SECONDS = 1.0
"""The pause after the database failed us."""


class Dispatch:
    """Runs until :meth:`stop`. Removed and disabled receivers are sent their take-downs as long as this process lives;
    after a restart too if ``receivers`` still names them, with ``enabled`` false.
    """

    def __init__(
        self,
        store: Store,
        receivers: Iterable[Receiver],
        *,
        user_agent: str,
        metrics: Metrics,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._user_agent, self._metrics, self._chance = store, user_agent, metrics, chance
        self._couriers = {receiver.name: self._courier(receiver) for receiver in receivers}
        self._flights: dict[str, Flight] = {}
        self._group: asyncio.TaskGroup | None = None
        self._woken = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Deliver until stopped; requests under way then have ten seconds to end."""
        async with asyncio.TaskGroup() as self._group:
            for courier in self._couriers.values():
                self._group.create_task(courier.run())
            while not self._stopping:
                self._woken.clear()
                await _wait(self._woken, await self._look())
            for courier in self._couriers.values():
                courier.retire()
            for flight in self._flights.values():
                flight.hurry("stopped", STOP_SECONDS)

    def wake(self) -> None:
        """Something was stored: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Start nothing more, and let :meth:`run` return once the requests under way have ended."""
        self._stopping = True
        self._woken.set()

    def replace_receivers(self, receivers: Iterable[Receiver]) -> None:
        """Go on with other settings. A receiver that is gone keeps its last ones and is sent take-downs only."""
        wanted = {receiver.name: receiver for receiver in receivers}
        for name, courier in list(self._couriers.items()):
            receiver = wanted.pop(name, msgspec.structs.replace(courier.receiver, enabled=False))
            if receiver != courier.receiver:
                courier.retire()
                self._hire(receiver)
        for receiver in wanted.values():
            self._hire(receiver)
        self.wake()

    def _hire(self, receiver: Receiver) -> None:
        courier = self._couriers[receiver.name] = self._courier(receiver)
        if self._group is not None:
            self._group.create_task(courier.run())

    def _courier(self, receiver: Receiver) -> Courier:
        return Courier(receiver, self._store, self._deliver, self._recorded, user_agent=self._user_agent)

    async def _look(self) -> float:
        """Hurry what is overtaken, wake the couriers if something is due; return for how long nothing will be."""
        roomy = [courier for courier in self._couriers.values() if courier.has_room]
        try:
            flights = list(self._flights)
            for delivery_id in await self._store.read(deliveries.overtaken, flights) if flights else ():
                if flight := self._flights.get(delivery_id):
                    flight.hurry("overtaken", OVERTAKEN_SECONDS)
            due = await self._store.read(deliveries.next_due, [courier.receiver.name for courier in roomy])
        except StoreError as error:
            report.store_failed(error)
            return TROUBLE_SECONDS
        now = utc_now()
        for courier in self._couriers.values():
            due_at = due.get(courier.receiver.name)
            if courier not in roomy or (due_at and due_at <= now):  # a full one may still have its slot for a take-down
                courier.wake()
        wait = min(((due_at - now).total_seconds() for due_at in due.values()), default=LOOK_SECONDS)
        return min(max(wait, BUSY_SECONDS), LOOK_SECONDS)

    async def _deliver(self, session: aiohttp.ClientSession, receiver: Receiver, claim: Claim) -> Finished | None:
        """One attempt. Whatever goes wrong here stays here: the lease ends, and it is tried again."""
        flight = self._flights[claim.delivery_id] = Flight()
        if self._stopping:  # claimed while we were told to stop
            flight.hurry("stopped", STOP_SECONDS)
        try:
            attempt = await flight.attempt(session, receiver, claim)
            return Finished(claim, attempt, after(claim, attempt, now=utc_now(), chance=self._chance()))
        except Exception as error:  # noqa: BLE001  (one bad neighbour stops nobody)
            log.event(report.LOGGER, "delivery.broke", level=logging.ERROR, error=error, delivery=claim.delivery_id)
            return None
        finally:
            self._flights.pop(claim.delivery_id, None)

    def _recorded(self, one: Finished, ours: bool) -> None:
        self._metrics.attempted(receiver=one.claim.receiver, outcome=one.attempt.outcome)
        report.attempted(one.claim, one.attempt, one.following, ours=ours)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
