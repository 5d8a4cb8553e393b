"""Tasks that live as long as the gateway: a fault in one is counted, logged with its feed or receiver, and tried again."""

from __future__ import annotations

import asyncio

import pytest

from capgateway import tasks
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.metrics import Metrics, State
from capgateway.tasks import Faults, Task, keep, pause

LISTENER = Task("listener", "naads")


class Frail:
    """Fails so often, then works until it is told to end."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left, self.error, self.works = failures, error, asyncio.Event()

    async def run(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise self.error
        self.works.set()
        await asyncio.Event().wait()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FIRST_PAUSE", 0.001)


@pytest.mark.usefixtures("quick")
async def test_a_fault_is_told_and_the_task_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    """Three faults in a row: counted by feed, logged with the feed's name, shown without the text of the exception."""
    metrics = Metrics()
    faults, frail = Faults(metrics), Frail(3, KeyError("Ada Testchild"))
    kept = asyncio.create_task(keep(LISTENER, frail.run, faults))
    async with asyncio.timeout(60):
        await frail.works.wait()
    (fault,) = faults.current()
    assert str(fault) == "the listener of naads failed 3 times in a row: KeyError"
    assert str(faults.of(LISTENER, Task("courier", "naads"))) == str(fault)
    text = metrics.exposition(State(), utc_now()).decode()
    assert 'capgateway_task_failures_total{name="naads",task="listener"} 3.0' in text
    assert [record.__dict__["capgateway_fields"]["feed"] for record in caplog.records] == ["naads"] * 3
    kept.cancel()


@pytest.mark.usefixtures("quick")
async def test_what_works_for_a_while_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is shown no longer, and its next fault is the first in a row."""
    monkeypatch.setattr(tasks, "STEADY_SECONDS", 0.01)
    faults, frail = Faults(Metrics()), Frail(1, KeyError())
    kept = asyncio.create_task(keep(LISTENER, frail.run, faults))
    async with asyncio.timeout(60):
        await frail.works.wait()
        while faults.current():
            await asyncio.sleep(0.005)
    assert faults.note(LISTENER, KeyError()).failures == 1
    kept.cancel()


@pytest.mark.usefixtures("quick")
async def test_known_trouble_is_told_in_its_own_words(caplog: pytest.LogCaptureFixture) -> None:
    """Without a traceback."""
    faults = Faults(Metrics())
    faults.note(Task("job", "feed:nws"), StoreError("the disk is full"), known=True)
    assert [str(fault) for fault in faults.current()] == ["the job feed of nws failed: the disk is full"]
    assert caplog.records[0].exc_info is None


async def test_cancelling_ends_what_waits_to_begin_again() -> None:
    """The gateway's own end is no fault."""
    faults, failed = Faults(Metrics()), asyncio.Event()

    async def fail() -> None:
        failed.set()
        raise KeyError

    kept = asyncio.create_task(keep(LISTENER, fail, faults))
    await failed.wait()
    kept.cancel()
    with pytest.raises(asyncio.CancelledError):
        await kept


def test_pauses_grow_and_end_growing() -> None:
    """From half a second to a minute, however often it failed."""
    pauses = [pause(failures) for failures in (1, 2, 5, 10, 1000)]
    assert all(0.5 <= one <= tasks.LONGEST_PAUSE for one in pauses)
    assert pauses[0] <= tasks.FIRST_PAUSE < pauses[2]
    assert min(pauses[3:]) >= tasks.LONGEST_PAUSE / 2
