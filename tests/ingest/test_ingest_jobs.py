"""The clock's work: jobs come when as much time has passed as they were to wait, whatever is done to the wall clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from capgateway.clock import SYSTEM, Clocks, replaced
from capgateway.ingest.jobs import Jobs
from capgateway.metrics import Metrics
from capgateway.tasks import Faults

SOON = timedelta(milliseconds=10)


@pytest.fixture
async def jobs() -> AsyncIterator[Jobs]:
    started = Jobs(Faults(Metrics()))
    started.start()
    yield started
    await started.stop([])


def counted(runs: list[int]) -> Callable[[], Awaitable[None]]:
    async def work() -> None:
        runs.append(len(runs))

    return work


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-3650), timedelta(days=3650)])
async def test_a_step_of_the_clock_moves_no_job(jobs: Jobs, step: timedelta) -> None:
    """Ten years back or forth: the next run comes as it would have, and only once."""
    runs: list[int] = []
    jobs.every("expire", counted(runs), SOON)
    await until(lambda: len(runs) >= 2)
    with replaced(Clocks(lambda: SYSTEM.wall() + step, SYSTEM.monotonic)):
        before = len(runs)
        await until(lambda: len(runs) >= before + 3)
        assert len(runs) < before + 10


async def test_housekeeping_moves_with_the_clock(jobs: Jobs) -> None:
    """The clock went back by an hour: what was due in an hour's time by the old clock is due now by the new one."""
    runs: list[int] = []
    jobs.every("erase", counted(runs), timedelta(hours=1), first=timedelta(hours=1))
    jobs.clock_stepped(timedelta(minutes=-50))
    await asyncio.sleep(0.05)
    assert runs == []
    jobs.clock_stepped(timedelta(minutes=-10))
    await until(lambda: runs == [0])
    jobs.drop("erase")


async def test_a_job_never_runs_twice_at_once_and_none_is_dropped(jobs: Jobs) -> None:
    """One that comes due while it runs begins again as soon as it has ended."""
    running, most, runs, go_on = 0, 0, 0, asyncio.Event()

    async def work() -> None:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        await go_on.wait()
        running -= 1

    jobs.every("feed:nws", work, SOON)
    await until(lambda: running == 1)
    await asyncio.sleep(0.05)
    assert runs == 1
    go_on.set()
    await until(lambda: runs >= 3)
    assert most == 1


async def test_a_fault_in_a_job_is_noted_and_it_comes_again(jobs: Jobs) -> None:
    """Until it ends well."""
    faults, left = jobs._faults, 3
    seen: list[str] = []

    async def work() -> None:
        nonlocal left
        seen.extend(str(fault) for fault in faults.current())
        left -= 1
        if left > 0:
            raise KeyError("a fault of ours")

    jobs.every("feed:nws", work, SOON)
    await until(lambda: left < 0)
    assert "the job feed of nws failed 2 times in a row: KeyError" in seen
    await until(lambda: not faults.current())
    assert jobs.seconds_since("feed:nws") is not None


async def test_what_is_dropped_comes_no_more_and_is_ended(jobs: Jobs) -> None:
    """The run under way as well."""
    runs, ended = list[int](), asyncio.Event()

    async def work() -> None:
        runs.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    jobs.every("feed:nws", work, SOON)
    await until(lambda: bool(runs))
    jobs.drop("feed:nws")
    async with asyncio.timeout(60):
        await ended.wait()
    await asyncio.sleep(0.05)
    assert len(runs) == 1
