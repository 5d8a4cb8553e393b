"""The clock's work: jobs that come again, at their pace or once, and end quietly with the gateway.

::

    timer ─▶ run ─▶ timer …      whatever is done to the wall clock, jobs come when as much time has passed as they were
                                 to wait

Feeds, of which there may be thousands, have timers of the event loop, which go by the monotonic clock. The housekeeping is
APScheduler's; as that goes by the wall clock, its jobs are moved with every step.

A job never runs twice at once. One that comes due while it runs begins again as soon as it has ended: what is late is late,
but none is dropped, because a dropped poll can lose an alert.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from capgateway import log
from capgateway.clock import SYSTEM, utc_now
from capgateway.errors import StoreError
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.ingest.intake import LOGGER
from capgateway.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from capgateway.ingest.watch import Watch
    from capgateway.tasks import Faults

STOP_SECONDS = 5.0
"""What work under way has left when the gateway stops; what polls had not stored is read again."""


class Job:
    """One piece of work and when it comes. ``pause`` gives the seconds from one beginning to the next, ``None`` where there is
    no next."""

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[object]],
        pause: Callable[[], float] | None,
        *,
        is_housekeeping: bool = False,
    ) -> None:
        self.name, self.work, self.pause, self.is_housekeeping = name, work, pause, is_housekeeping
        self.timer: asyncio.TimerHandle | None = None
        self.run: asyncio.Task[None] | None = None
        self.is_due = False
        self.due_at = self.late_by = 0.0

    @property
    def is_running(self) -> bool:
        return self.run is not None and not self.run.done()


class Jobs:
    """All jobs of a gateway process."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None})
        self._jobs: dict[str, Job] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._ended: dict[str, float] = {}
        self.is_running = False

    def start(self) -> None:
        """Let jobs come from now on."""
        self.is_running = True
        self._scheduler.start()

    def every(
        self, name: str, work: Callable[[], Awaitable[object]], interval: timedelta, *, first: timedelta | None = None
    ) -> None:
        """Do work again and again, for the first time now or after so long."""
        self._add(Job(name, work, interval.total_seconds, is_housekeeping=True), first.total_seconds() if first else 0)

    def paced(self, name: str, work: Callable[[Watch], Awaitable[object]], watch: Watch, *, first: timedelta) -> None:
        """Do a feed's work at the feed's pace: its interval, a little later each time by chance, so that feeds do not march in
        step."""
        interval = interval_of(watch.feed)

        def pause() -> float:
            now = utc_now()
            chance = random.random()  # noqa: S311  (spreads load, guards nothing)
            return (next_poll(interval=interval, failures=0, now=now, chance=chance) - now).total_seconds()

        self._add(Job(name, lambda: work(watch), pause), first.total_seconds())

    def once(self, name: str, work: Callable[[Watch], Awaitable[object]], watch: Watch, *, after: timedelta) -> None:
        """Do work one time, in place of what was to come under that name."""
        self._forget_timer(name)
        self._add(Job(name, lambda: work(watch), None), after.total_seconds())

    def move(self, name: str, after: timedelta) -> None:
        """Let a job's next run come after so long."""
        if job := self._jobs.get(name):
            job.is_due = False
            self._set(job, after.total_seconds())

    def hurry(self, name: str, after: timedelta) -> None:
        """Let a job's next run come after so long, unless it comes sooner anyway."""
        job = self._jobs.get(name)
        if job and job.due_at > asyncio.get_running_loop().time() + after.total_seconds():
            self.move(name, after)

    def drop(self, name: str) -> None:
        """Forget a job, if there is one of that name, and end its run."""
        self._forget_timer(name)
        job = self._jobs.pop(name, None)
        self._faults.forget(Task("job", name))
        if job is not None and job.run is not None and job.run is not asyncio.current_task():
            job.run.cancel()

    def late_by(self, name: str) -> float:
        """How many seconds late the last run of a job began."""
        return self._jobs[name].late_by

    def seconds_since(self, name: str) -> float | None:
        """How long ago a job ended well for the last time; ``None`` before the first."""
        ended = self._ended.get(name)
        return None if ended is None else asyncio.get_running_loop().time() - ended

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set, forward by so much: what goes by it is moved along."""
        for scheduled in self._scheduler.get_jobs():
            scheduled.modify(next_run_time=scheduled.next_run_time + by)

    async def stop(self, tasks: list[asyncio.Task[None]]) -> None:
        """Start nothing more, cancel these tasks too, and give what is under way a moment to end."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self.is_running = False
        for name in self._jobs:
            self._forget_timer(name)
        for task in tasks:
            task.cancel()
        if waiting := [*tasks, *self._under_way]:
            await asyncio.wait(waiting, timeout=STOP_SECONDS)
        for task in self._under_way:
            task.cancel()

    def _add(self, job: Job, seconds: float) -> None:
        """A run of an earlier job of that name goes on beside it."""
        self._jobs[job.name] = job
        self._set(job, seconds)

    def _set(self, job: Job, seconds: float) -> None:
        if job.timer is not None:
            job.timer.cancel()
        loop = asyncio.get_running_loop()
        seconds = max(seconds, 0)
        job.due_at = loop.time() + seconds
        if job.is_housekeeping:
            due = SYSTEM.wall() + timedelta(seconds=seconds)
            self._scheduler.add_job(self._fire, "date", run_date=due, args=[job], id=job.name, replace_existing=True)
        else:
            job.timer = loop.call_at(job.due_at, self._come, job)

    def _forget_timer(self, name: str) -> None:
        if (job := self._jobs.get(name)) is None:
            return
        if job.timer is not None:
            job.timer.cancel()
        if job.is_housekeeping and self._scheduler.get_job(name):
            self._scheduler.remove_job(name)

    async def _fire(self, job: Job) -> None:
        self._come(job)

    def _come(self, job: Job) -> None:
        """A job is due."""
        if not self.is_running or self._jobs.get(job.name) is not job:
            return
        if job.is_running:
            job.is_due = True
            kind, _, feed = job.name.partition(":")
            log.event(
                LOGGER,
                "job.late",
                level=logging.WARNING,
                job=kind,
                feed=feed or None,
                reason="the run before it has not ended",
            )
            return
        job.is_due = False
        job.late_by = asyncio.get_running_loop().time() - job.due_at
        if job.pause is not None:
            self._set(job, job.pause())
        job.run = asyncio.get_running_loop().create_task(self._run(job))
        self._under_way.add(job.run)
        job.run.add_done_callback(self._under_way.discard)

    async def _run(self, job: Job) -> None:
        """What every job goes through: a fault of ours in one must not stop the others, and our own end is no fault."""
        task = Task("job", job.name)
        try:
            await job.work()
        except StoreError as error:
            self._faults.note(task, error, known=True)
        except Exception as error:  # noqa: BLE001
            self._faults.note(task, error)
        else:
            self._ended[job.name] = asyncio.get_running_loop().time()
            self._faults.mended(task)
        if job.is_due:
            job.run = None
            self._come(job)
        elif job.pause is None and self._jobs.get(job.name) is job and (job.timer is None or _is_over(job.timer)):
            del self._jobs[job.name]


def _is_over(timer: asyncio.TimerHandle) -> bool:
    return timer.when() <= asyncio.get_running_loop().time()
