"""The clock's work: jobs that come again, at their pace or once, and end quietly with the gateway."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from capgateway import log
from capgateway.clock import utc_now
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.ingest.intake import LOGGER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, timedelta

    from capgateway.feeds import Feed
    from capgateway.ingest.watch import Watch

STOP_SECONDS = 5.0
"""What work under way has left when the gateway stops; what polls had not stored is read again."""


class Jobs:
    """One missed run is one run, never two at once, and none is dropped for being late: a dropped poll can lose an
    alert. ``scheduler`` is APScheduler's."""

    def __init__(self) -> None:
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self.scheduler = AsyncIOScheduler(job_defaults=defaults, timezone="UTC")
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def is_running(self) -> bool:
        return bool(self.scheduler.running)

    def start(self) -> None:
        """Begin; what was added before comes due now."""
        self.scheduler.start()

    def every(
        self, name: str, work: Callable[[], Awaitable[object]], interval: timedelta, *, first: datetime | None = None
    ) -> None:
        """Do work again and again, for the first time now or then."""
        trigger = IntervalTrigger(seconds=interval.total_seconds())
        self.scheduler.add_job(self._run, trigger, args=[work], id=name, next_run_time=first or utc_now())

    def paced(self, name: str, work: Callable[[Watch], Awaitable[object]], watch: Watch, *, first: datetime) -> None:
        """Do a feed's work at the feed's pace."""
        self.scheduler.add_job(self._run, Pace(watch.feed), args=[work, watch], id=name, next_run_time=first)

    def once(self, name: str, work: Callable[[Watch], Awaitable[object]], watch: Watch, *, at: datetime) -> None:
        """Do work one time, in place of what was to come under that name."""
        when = DateTrigger(run_date=at)
        self.scheduler.add_job(self._run, when, args=[work, watch], id=name, replace_existing=True)

    def move(self, name: str, to: datetime | None) -> None:
        """Let a job's next run be then."""
        self.scheduler.modify_job(name, next_run_time=to)

    def drop(self, name: str) -> None:
        """Forget a job, if there is one of that name."""
        if self.scheduler.get_job(name):
            self.scheduler.remove_job(name)

    async def stop(self, tasks: list[asyncio.Task[None]]) -> None:
        """Start nothing more, cancel these tasks too, and give what is under way a moment to end."""
        if self.is_running:
            self.scheduler.pause()
        for task in tasks:
            task.cancel()
        if waiting := [*tasks, *self._under_way]:
            await asyncio.wait(waiting, timeout=STOP_SECONDS)
        if self.is_running:
            self.scheduler.shutdown(wait=False)

    async def _run(self, work: Callable[..., Awaitable[object]], *facts: object) -> None:
        """What every job goes through: a fault of ours in one must not stop the others, and our own end is no fault."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._under_way.add(task)
        try:
            await work(*facts)
        except asyncio.CancelledError:  # by our own end alone; the scheduler would log it as a crash
            return
        except Exception as error:  # noqa: BLE001
            log.event(LOGGER, "job.crashed", level=logging.ERROR, job=work.__name__, error=error)
        finally:
            self._under_way.discard(task)


class Pace(BaseTrigger):  # type: ignore[misc]
    """Fires a feed's job at its interval, a little later each time by chance, so that feeds do not march in step."""

    def __init__(self, feed: Feed) -> None:
        self._interval = interval_of(feed)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return next_poll(interval=self._interval, failures=0, now=now, chance=random.random())  # noqa: S311
