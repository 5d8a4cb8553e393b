"""The walk from store to receiver: what is due is claimed, sent once, and what came of it is written down.

::

    store.claim ─▶ send ─▶ Attempt ─▶ after ─▶ Delivered | Retry | Dead ─▶ store.record_attempt

It does not choose what may be sent: the lane's rules stand in the store's claim. It does not choose when to try again:
that is ``webhooks.after``. It sees to it that each receiver has its own slots, so that one that hangs delays nobody else;
that one slot is kept for take-downs; and that a display under way ends two seconds after its take-down is stored.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from capgateway import log, net
from capgateway.errors import ConfigError, StoreError
from capgateway.store import utc_now
from capgateway.webhooks import Attempt, Dead, Delivered, Retry, after
from capgateway.webhooks.send import cut_off, send

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aiohttp

    from capgateway.metrics import Metrics
    from capgateway.store import Store
    from capgateway.webhooks import Claim, Next, Receiver

LEASE_MARGIN = timedelta(seconds=30)
"""A lease outlasts the receiver's timeout by this: room for writing down what came of it."""
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

Cut: TypeAlias = Literal["overtaken", "stopped"]
Deliver: TypeAlias = "Callable[[aiohttp.ClientSession, Receiver, Claim], Awaitable[None]]"

logger = logging.getLogger("capgateway.delivery")


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
        return Courier(receiver, self._store, self._deliver, user_agent=self._user_agent)

    async def _look(self) -> float:
        """Hurry what is overtaken, wake the couriers if something is due; return for how long nothing will be."""
        roomy = [courier for courier in self._couriers.values() if courier.has_room]
        try:
            for delivery_id in await self._store.overtaken() if self._flights else ():
                if flight := self._flights.get(delivery_id):
                    flight.hurry("overtaken", OVERTAKEN_SECONDS)
            due = await self._store.next_due([courier.receiver.name for courier in roomy])
        except StoreError as error:
            _log_store_trouble(error)
            return TROUBLE_SECONDS
        wait = (due - utc_now()).total_seconds() if due else LOOK_SECONDS
        for courier in self._couriers.values():
            if wait <= 0 or courier not in roomy:  # a full one may still have its slot for a take-down
                courier.wake()
        return min(max(wait, BUSY_SECONDS), LOOK_SECONDS)

    async def _deliver(self, session: aiohttp.ClientSession, receiver: Receiver, claim: Claim) -> None:
        """One attempt, from claim to record. Whatever goes wrong here stays here: the lease ends, and it is tried again."""
        flight = self._flights[claim.delivery_id] = Flight()
        if self._stopping:  # claimed while we were told to stop
            flight.hurry("stopped", STOP_SECONDS)
        try:
            attempt = await flight.attempt(session, receiver, claim)
            following = after(claim, attempt, now=utc_now(), chance=self._chance())
            ours = await self._store.record_attempt(claim, attempt, following)
        except StoreError as error:
            _log_store_trouble(error)
        except Exception as error:  # noqa: BLE001  (one bad neighbour stops nobody)
            log.event(logger, "delivery.broke", level=logging.ERROR, error=error, delivery=claim.delivery_id)
        else:
            self._metrics.attempted(receiver=receiver.name, outcome=attempt.outcome)
            _log_attempt(claim, attempt, following, ours=ours)
        finally:
            self._flights.pop(claim.delivery_id, None)


class Courier:
    """One receiver's session and slots, and the loop that fills them."""

    def __init__(self, receiver: Receiver, store: Store, deliver: Deliver, *, user_agent: str) -> None:
        self.receiver = receiver
        self._store, self._deliver, self._user_agent = store, deliver, user_agent
        self._slots = max(1, receiver.concurrency - 1)  # one more is kept for take-downs
        self._busy = 0
        self._woken = asyncio.Event()
        self._retired = False

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
        try:
            session = net.new_session(
                user_agent=self._user_agent,
                allow_networks=receiver.allow_networks,
                ca=receiver.ca,
                client_cert=receiver.client_cert,
                client_key=receiver.client_key,
                proxy=receiver.proxy,
            )
        except ConfigError as error:  # a certificate file that was right when the configuration was checked
            log.event(
                logger, "delivery.receiver_unusable", level=logging.ERROR, receiver=receiver.name, reason=str(error)
            )
            return
        async with session, asyncio.TaskGroup() as group:
            while not self._retired:
                await self._claim(group, session, self._slots - self._busy, take_downs_only=not receiver.enabled)
                if not self.has_room:
                    await self._claim(group, session, self._slots + 1 - self._busy, take_downs_only=True)
                await self._woken.wait()
                self._woken.clear()

    async def _claim(
        self, group: asyncio.TaskGroup, session: aiohttp.ClientSession, limit: int, *, take_downs_only: bool
    ) -> None:
        if limit <= 0:
            return
        name, lease = self.receiver.name, self.receiver.timeout + LEASE_MARGIN
        try:
            claims = await self._store.claim(
                name, now=utc_now(), limit=limit, lease=lease, take_downs_only=take_downs_only
            )
        except StoreError as error:
            _log_store_trouble(error)
            return
        for claim in claims:
            self._busy += 1
            group.create_task(self._carry(session, claim))

    async def _carry(self, session: aiohttp.ClientSession, claim: Claim) -> None:
        try:
            await self._deliver(session, self.receiver, claim)
        finally:
            self._busy -= 1
            self.wake()


class Flight:
    """One request under way, which can be given a last moment."""

    def __init__(self) -> None:
        self._cut: Cut = "stopped"
        self._last_moment: float | None = None
        self._limit: asyncio.Timeout | None = None

    def hurry(self, cut: Cut, seconds: float) -> None:
        """Let it end within this time. Said twice, the first holds."""
        if self._last_moment is not None:
            return
        self._cut, self._last_moment = cut, asyncio.get_running_loop().time() + seconds
        if self._limit is not None:
            self._limit.reschedule(self._last_moment)

    async def attempt(self, session: aiohttp.ClientSession, receiver: Receiver, claim: Claim) -> Attempt:
        """Send, unless it is too late for the message to be true."""
        begun = utc_now()
        if claim.deadline is not None and begun > claim.deadline:
            return Attempt(number=claim.number, started_at=begun, duration=timedelta(0), outcome="late")
        try:
            async with asyncio.timeout_at(self._last_moment) as self._limit:
                return await send(session, receiver, claim, now=begun)
        except TimeoutError:
            return cut_off(claim, self._cut, now=begun, duration=utc_now() - begun)
        finally:
            self._limit = None


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _log_store_trouble(error: StoreError) -> None:
    log.event(logger, "delivery.store_failed", level=logging.ERROR, reason=str(error))


def _log_attempt(claim: Claim, attempt: Attempt, following: Next, *, ours: bool) -> None:
    levels = {Delivered: logging.INFO, Retry: logging.WARNING, Dead: logging.ERROR}
    log.event(
        logger,
        "delivery.attempted",
        level=levels[type(following)],
        receiver=claim.receiver,
        type=claim.type,
        card=claim.card_id,
        revision=claim.revision,
        message=claim.message_id,
        delivery=claim.delivery_id,
        attempt=claim.number,
        outcome=attempt.outcome,
        status=attempt.status,
        reason=attempt.error,
        seconds=round(attempt.duration.total_seconds(), 3),
        confirmed=attempt.confirmed,
        ambiguous=attempt.ambiguous,
        next=type(following).__name__.lower(),
        retry_at=following.at if isinstance(following, Retry) else None,
        dead=following.reason if isinstance(following, Dead) else None,
        ours=ours,
    )
