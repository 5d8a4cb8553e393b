"""Tasks that live as long as the gateway. A fault in one is counted, logged and shown; the task begins again a little later
each time, and nobody else notices.

What is shown of a fault is its kind, never its text: an exception may quote a document.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from capgateway import log
from capgateway.clock import utc_now
from capgateway.errors import CapgatewayError
from capgateway.metrics import Metrics

LOGGER = logging.getLogger("capgateway.tasks")
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds: what a fault keeps from working is tried again each minute, however long that lasts."""
STEADY_SECONDS = 60.0
"""A task that has run for so long since it began again is mended."""

Kind: TypeAlias = Literal[
    "listener", "catch-up", "job", "courier", "dispatch", "readiness", "pictures", "writer", "watch"
]


_OF_ONE = frozenset({"listener", "catch-up", "courier"})


class Task(NamedTuple):
    """What works, and for which feed or receiver; the name of the work where it is for all of them."""

    kind: Kind
    name: str

    @property
    def of(self) -> str:
        """The feed or receiver; for what works for all of them, the name of the work."""
        return self.name.rpartition(":")[2]

    @property
    def label(self) -> dict[str, str]:
        """How the log names it."""
        if self.kind == "job":
            kind, _, feed = self.name.partition(":")
            return {"job": kind, "feed": feed} if feed else {"job": kind}
        return {"receiver" if self.kind == "courier" else "feed": self.name} if self.kind in _OF_ONE else {}

    def __str__(self) -> str:
        if self.kind in _OF_ONE:
            return f"the {self.kind} of {self.name}"
        kind, _, feed = self.name.partition(":")
        return f"the {self.kind} {kind}" + (f" of {feed}" if feed else "")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A task that fails: how often in a row, when last, and what kind of fault that was."""

    task: Kind
    name: str
    failures: int
    error: str
    at: datetime

    def __str__(self) -> str:
        times = "" if self.failures == 1 else f" {self.failures} times in a row"
        return f"{Task(self.task, self.name)} failed{times}: {self.error}"


class Faults:
    """Which tasks of this process fail now."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._now: dict[Task, Fault] = {}

    def note(self, task: Task, error: BaseException, *, known: bool = False) -> Fault:
        """A task failed. ``known``: the trouble needs no traceback, its message is a sentence."""
        failures = self._now[task].failures + 1 if task in self._now else 1
        kind = str(error) if known else type(error).__name__
        fault = Fault(task=task.kind, name=task.name, failures=failures, error=kind, at=utc_now())
        self._now[task] = fault
        self._metrics.task_failed(task=task.kind, name=task.of)
        told: dict[str, Any] = {"task": task.kind, **task.label, "failures": failures, "trouble": kind}
        log.event(LOGGER, "task.failed", level=logging.ERROR, error=None if known else error, **told)
        return fault

    def mended(self, task: Task) -> None:
        """A task works, again or still."""
        if task in self._now:
            del self._now[task]
            told: dict[str, Any] = {"task": task.kind, **task.label}
            log.event(LOGGER, "task.mended", **told)

    def forget(self, task: Task) -> None:
        """A task is not wanted any more."""
        self._now.pop(task, None)

    def current(self) -> list[Fault]:
        """Every task that fails now."""
        return list(self._now.values())

    def of(self, *tasks: Task) -> Fault | None:
        """The latest fault of some tasks."""
        found = (self._now[task] for task in tasks if task in self._now)
        return max(found, key=lambda fault: fault.at, default=None)


async def keep(task: Task, work: Callable[[], Awaitable[None]], faults: Faults) -> None:
    """Do work until it returns by itself; after a fault it begins again."""
    loop, steady = asyncio.get_running_loop(), None
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  (whatever it is: the others go on, and so does this one)
            fault = faults.note(task, error, known=isinstance(error, CapgatewayError))
        else:
            faults.mended(task)
            return
        finally:
            if steady is not None:
                steady.cancel()
        await asyncio.sleep(pause(fault.failures))
        steady = loop.call_later(STEADY_SECONDS, faults.mended, task)


def pause(failures: int) -> float:
    """Seconds until a task that failed so often in a row begins again."""
    longest = min(FIRST_PAUSE * (1 << min(max(failures - 1, 0), 20)), LONGEST_PAUSE)
    return longest * (0.5 + random.random() / 2)  # noqa: S311  (what failed together does not come back together)
