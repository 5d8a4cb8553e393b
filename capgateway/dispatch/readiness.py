"""See to it that receivers are ready although nothing happens, and that somebody is told where they are not.

::

    each second ─▶ what is due: challenges, snapshots ─▶ made in one unit of work ─▶ sent ─▶ what came of it
                └▶ take-downs that nobody acknowledges, receivers that fail for long ─▶ operator messages

No snapshot is sent while the gateway may not know all that is on display: from a new database not until each polled feed has
answered completely once; after a start not before it has again, for two minutes at most, as the database may be a backup.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway.clock import monotonic, utc_now
from capgateway.dispatch import errands, report
from capgateway.errors import StoreError
from capgateway.store import readiness, troubles, unconfirmed
from capgateway.tasks import Task
from capgateway.webhooks.proof import trouble_with

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from capgateway.metrics import Metrics
    from capgateway.store import Store
    from capgateway.store.readiness import Errand
    from capgateway.tasks import Faults
    from capgateway.webhooks import Attempt, Receiver

LOOK_SECONDS = 1.0
RESTORED_WITHIN = timedelta(minutes=2)
"""How long after a start a database that is not new is taken for a backup whose newest cards are still to come in. A feed that
is away must not keep the heartbeat from receivers for longer."""
LOOK = Task("readiness", "run")


class Readiness:
    """Runs until :meth:`stop`. ``feeds`` names the enabled feeds that are polled; ``on_messages`` is called when there is
    something to deliver."""

    def __init__(
        self,
        store: Store,
        *,
        user_agent: str,
        metrics: Metrics,
        faults: Faults,
        feeds: Callable[[], Collection[str]],
        on_messages: Callable[[], None],
    ) -> None:
        self._store, self._user_agent, self._metrics, self._faults = store, user_agent, metrics, faults
        self._feeds, self._on_messages = feeds, on_messages
        self._registered: tuple[Receiver, ...] | None = None
        self._under_way: set[tuple[str, str]] = set()
        self._is_caught_up = False
        self._began: tuple[datetime, float] | None = None
        self._woken = asyncio.Event()
        self._stopping = False

    def stop(self) -> None:
        """Begin nothing more; what is under way is cut off, and the next one replaces it."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Look each second until stopped. After a fault it may be run again."""
        self._began = self._began or (utc_now(), monotonic())
        async with asyncio.TaskGroup() as group:
            going: set[asyncio.Task[None]] = set()
            while not self._stopping:
                for errand in await self._guarded_look():
                    task = group.create_task(self._carry(errand))
                    going.add(task)
                    task.add_done_callback(going.discard)
                await self._wait()
            for task in going:
                task.cancel()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _guarded_look(self) -> list[Errand]:
        try:
            made = await self._look()
        except StoreError as error:
            report.store_failed(None, error)
            return []
        except Exception as error:  # noqa: BLE001  (the next look may go well)
            self._faults.note(LOOK, error)
            return []
        self._faults.mended(LOOK)
        return made

    async def _look(self) -> list[Errand]:
        store, now = self._store, utc_now()
        configured = store.outlets.receivers
        if configured != self._registered:
            await store.write(readiness.register, configured)
            self._registered = configured
        await self._tell(now)
        due = await store.read(readiness.due, now, configured, snapshots=await self._may_send_snapshots())
        wanted = [one for one in due if (one.kind, one.receiver) not in self._under_way]
        if not wanted:
            return []
        made = await store.write_alone(readiness.take, wanted)
        self._under_way.update((one.kind, one.receiver.name) for one in made)
        return made

    async def _tell(self, now: datetime) -> None:
        """Operators, of take-downs that are not acknowledged and of receivers that fail for long."""
        told = 0
        if await self._store.read(unconfirmed.are_due, now):
            told += await self._store.write_alone(unconfirmed.remind)
        if await self._store.read(troubles.are_failing, now):
            told += await self._store.write_alone(troubles.fail)
        if told:
            self._on_messages()

    async def _may_send_snapshots(self) -> bool:
        """Whether the gateway knows all that is on display."""
        if not self._is_caught_up and self._began is not None:
            since, began = self._began
            feeds = self._feeds()
            if await self._store.read(readiness.is_caught_up, feeds, since):
                await self._store.write(readiness.catch_up)
                self._is_caught_up = True
            elif monotonic() - began > RESTORED_WITHIN.total_seconds():
                self._is_caught_up = await self._store.read(readiness.was_caught_up)
        return self._is_caught_up

    async def _carry(self, errand: Errand) -> None:
        """Send, and write down what came of it. Whatever goes wrong stays here: the next one replaces it."""
        task = Task("courier", errand.receiver.name)
        try:
            attempt = await errands.run(errand, user_agent=self._user_agent, metrics=self._metrics)
            await self._record(errand, attempt)
        except StoreError as error:
            report.store_failed(errand.receiver.name, error)
        except Exception as error:  # noqa: BLE001
            self._faults.note(task, error)
        finally:
            self._under_way.discard((errand.kind, errand.receiver.name))

    async def _record(self, errand: Errand, attempt: Attempt) -> None:
        if errand.kind == "snapshot":
            write = self._store.write if attempt.outcome == "delivered" else self._store.write_alone
            await write(readiness.acknowledged, errand, attempt)
        else:
            trouble = trouble_with(attempt, errand.receiver.secrets, errand.nonce)
            write = self._store.write if trouble is None else self._store.write_alone
            is_lifted = await write(readiness.challenged, errand, trouble)
            report.challenged(errand.receiver.name, trouble, is_lifted=is_lifted)
        self._on_messages()
