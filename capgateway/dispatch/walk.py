"""Look for what is due, wake the couriers, and write down what came of each attempt.

Nothing that lives here ends by a fault: a courier that fails begins again, and so does a look.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway import log
from capgateway.clock import monotonic, utc_now
from capgateway.dispatch import report
from capgateway.dispatch.courier import Courier
from capgateway.dispatch.desk import Desk
from capgateway.dispatch.flight import Flight
from capgateway.errors import StoreError
from capgateway.store import Finished, deliveries, leases, removed, standing, troubles
from capgateway.tasks import Faults, Task, keep
from capgateway.webhooks import Attempt, Delivered, Retry, after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import aiohttp

    from capgateway.metrics import Metrics
    from capgateway.store import Store
    from capgateway.store.write import Write
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
ASTRAY_SECONDS = 60.0
"""How often to look for deliveries that wait far too long, because the clock went back while nobody watched."""
BROKEN_WAIT = timedelta(seconds=5)
"""Until an attempt that we failed to judge is made again."""
LOOK = Task("dispatch", "look")


class Dispatch:
    """Runs until :meth:`stop`. Receivers that are disabled, or were removed since, are sent their take-downs and nothing else."""

    def __init__(
        self,
        store: Store,
        receivers: Iterable[Receiver],
        *,
        user_agent: str,
        metrics: Metrics,
        faults: Faults | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._user_agent, self._metrics, self._chance = store, user_agent, metrics, chance
        self._faults = faults or Faults(metrics)
        self._desk = Desk(store, self._doubt)
        self._held: dict[str, set[str]] = {}
        self._is_in_doubt = False
        self._astray_at = 0.0
        self._revived_at = 0.0
        self._known: dict[str, datetime] | None = None
        self._running: dict[Courier, asyncio.Task[None]] = {}
        self._couriers = {receiver.name: self._courier(receiver) for receiver in receivers}
        self._flights: dict[str, Flight] = {}
        self._group: asyncio.TaskGroup | None = None
        self._woken = asyncio.Event()
        self._stopping = False
        self.is_running = False

    async def run(self) -> None:
        """Deliver until stopped; requests under way then have ten seconds to end. After a fault it may be run again."""
        self.is_running = True
        try:
            await self._run()
        finally:
            self.is_running, self._group = False, None

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as self._group:
            for courier in self._couriers.values():
                self._send(courier)
            while not self._stopping:
                self._woken.clear()
                await _wait(self._woken, await self._guarded_look())
            for courier, going in self._running.items():
                courier.retire()
                if not courier.is_running:  # it failed, and waits to begin again
                    going.cancel()
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
                if receiver.url == courier.receiver.url:
                    self._couriers[name].succeed(courier)
        for receiver in wanted.values():
            self._hire(receiver)
        self.wake()

    def _hire(self, receiver: Receiver) -> None:
        courier = self._couriers[receiver.name] = self._courier(receiver)
        if self._group is not None:
            self._send(courier)

    def _courier(self, receiver: Receiver) -> Courier:
        return Courier(
            receiver,
            self._store,
            self._desk,
            self._deliver,
            self._recorded,
            user_agent=self._user_agent,
            faults=self._faults,
            held=self._held.setdefault(receiver.name, set()),
            doubt=self._doubt,
        )

    def _send(self, courier: Courier) -> None:
        assert self._group is not None  # noqa: S101
        going = self._group.create_task(keep(courier.task, courier.run, self._faults))
        self._running[courier] = going
        going.add_done_callback(lambda _: self._running.pop(courier))

    def _doubt(self) -> None:
        """There may be leases that nobody holds."""
        self._is_in_doubt = True

    @property
    def receivers(self) -> list[str]:
        """Those that this process delivers to, removed ones included."""
        return list(self._couriers)

    @property
    def held(self) -> frozenset[str]:
        """The deliveries that this process carries out at the moment."""
        return frozenset().union(*self._held.values())

    def troubles(self) -> list[str]:
        """Why this walk does not do its part."""
        if not self.is_running:
            return ["deliveries do not run"]
        return [str(fault) for fault in self._faults.current() if (fault.task, fault.name) == LOOK]

    async def _guarded_look(self) -> float:
        try:
            wait = await self._look()
        except StoreError as error:
            report.store_failed(None, error)
            return TROUBLE_SECONDS
        except Exception as error:  # noqa: BLE001  (the next look may go well)
            self._faults.note(LOOK, error)
            return TROUBLE_SECONDS
        self._faults.mended(LOOK)
        return wait

    async def _look(self) -> float:
        """Wake the couriers if something is due, hurry what is overtaken; return for how long nothing will be."""
        await self._mend()
        await self._remember()
        rooms = {name: courier.room() for name, courier in self._couriers.items()}
        names = [name for name, room in rooms.items() if room.any + room.take_downs > 0]
        take_downs_only = {name for name in names if rooms[name].any <= 0}
        due = await self._store.read(deliveries.next_due, names, take_downs_only=take_downs_only)
        now = utc_now()
        for name in names:
            if name in due and due[name] <= now and name in self._couriers:
                self._couriers[name].wake()
        await self._hurry()
        wait = min(((due_at - now).total_seconds() for due_at in due.values()), default=LOOK_SECONDS)
        return min(max(wait, BUSY_SECONDS), LOOK_SECONDS)

    async def _hurry(self) -> None:
        """Let displays whose take-down waits end soon (rule R4)."""
        flights = list(self._flights)
        for delivery_id in await self._store.read(deliveries.overtaken, flights) if flights else ():
            if flight := self._flights.get(delivery_id):
                flight.hurry("overtaken", OVERTAKEN_SECONDS)

    async def _remember(self) -> None:
        """What earlier processes knew of the receivers, and whether a person says that one is well again."""
        if monotonic() < self._revived_at:
            return
        known = await self._store.read(standing.answered) if self._known is None else None
        for name, row in (known or {}).items():
            if row["pause"] and name in self._couriers:
                self._couriers[name].reopen(row["pause"])
        causes = await self._store.read(troubles.of_receivers)
        for name, courier in self._couriers.items():
            courier.learn_causes(frozenset(one.cause for one in causes.get(name, ())))
        revived = await self._store.read(standing.revived)
        for name in [name for name, at in revived.items() if self._known is not None and self._known.get(name) != at]:
            if name in self._couriers:
                self._couriers[name].revive()
        self._known, self._revived_at = revived, monotonic() + LOOK_SECONDS

    async def _mend(self) -> None:
        """Give up leases that nobody holds, and let nothing wait for ever."""
        if self._is_in_doubt and not any(courier.is_turning for courier in self._running):
            self._is_in_doubt = False
            if self._store.is_ours_alone:
                try:  # what is claimed from now on is claimed after this
                    await self._store.write(_give_up, self.held)
                except StoreError:
                    self._is_in_doubt = True
                    raise
        if monotonic() >= self._astray_at:
            if await self._store.read(leases.astray, utc_now()):
                await self._store.write(leases.bring_back)
            if await self._store.read(standing.are_overdue, utc_now()):
                await self._store.write_alone(standing.bury)
            await self._let_go()
            self._astray_at = monotonic() + ASTRAY_SECONDS

    async def _let_go(self) -> None:
        """Forget receivers that were removed and display nothing any more."""
        configured = {receiver.name for receiver in self._store.outlets.receivers}
        gone = await self._store.read(removed.done, configured)
        if gone:
            await self._store.write(removed.forget, gone)
        for name in gone:
            if name in self._couriers:
                self._couriers.pop(name).retire()

    async def _deliver(self, session: aiohttp.ClientSession, receiver: Receiver, claim: Claim) -> Finished:
        """One attempt. Whatever goes wrong here stays here: it is tried again."""
        flight = self._flights[claim.delivery_id] = Flight()
        if self._stopping:  # claimed while we were told to stop
            flight.hurry("stopped", STOP_SECONDS)
        try:
            attempt = await flight.attempt(session, receiver, claim)
            return Finished(claim, attempt, after(claim, attempt, now=utc_now(), chance=self._chance()))
        except Exception as error:  # noqa: BLE001  (one bad neighbour stops nobody)
            log.event(report.LOGGER, "delivery.broke", level=logging.ERROR, error=error, delivery=claim.delivery_id)
            self._faults.note(Task("courier", receiver.name), error)
            return _broken(claim, error)
        finally:
            self._flights.pop(claim.delivery_id, None)

    def _recorded(self, one: Finished, ours: bool) -> None:
        self._metrics.attempted(receiver=one.claim.receiver, outcome=one.attempt.outcome)
        if ours and isinstance(one.following, Delivered) and one.claim.is_first_time:
            after_storing = one.attempt.started_at + one.attempt.duration - one.claim.created_at
            self._metrics.acknowledged(receiver=one.claim.receiver, action=one.claim.action, after=after_storing)
        courier = self._couriers.get(one.claim.receiver)
        report.attempted(one, courier.receiver if courier else None, ours=ours)


def _give_up(write: Write, held: frozenset[str]) -> None:
    leases.release(write.connection, write.now, held)


def _broken(claim: Claim, error: Exception) -> Finished:
    """An attempt in which the gateway itself failed: the receiver may have the message."""
    attempt = Attempt(
        number=claim.number,
        started_at=utc_now(),
        duration=timedelta(0),
        outcome="fault",
        error=f"a fault of the gateway: {type(error).__name__}",
        ambiguous=True,
    )
    return Finished(claim, attempt, Retry(utc_now() + BROKEN_WAIT))


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
