"""The clocks: what time it is, for everything that is stored or shown, and how long things take. Pure stages get the
time as an argument.

The *wall clock* says the time that people and other machines share. It may jump: somebody sets it, a time server corrects
it. The *monotonic clock* only says how much time has passed; where the system can tell, the time for which the machine slept
counts too, because alerts went on meanwhile. So waits and durations go by the
monotonic clock, moments by the wall clock, and :class:`Steps` notices when the two part.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LEAST_STEP = timedelta(seconds=1)
"""Time servers slew a clock by less than a millisecond a second; a second is a step."""
STEPS_KEPT = 20
"""Steps remembered for ages; a clock that jumps more often has no history."""
READ_WITHIN = 0.05
"""Seconds between two readings of the monotonic clock: if the process was held up between them, the pair says nothing."""
READINGS = 5


class Clocks(NamedTuple):
    """The wall clock, aware and in UTC, and the monotonic clock in seconds."""

    wall: Callable[[], datetime]
    monotonic: Callable[[], float]


def _since_boot() -> float:
    """Linux stops its monotonic clock while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


SYSTEM = Clocks(lambda: datetime.now(UTC), _since_boot)


class _Chosen:
    clocks = SYSTEM


def utc_now() -> datetime:
    """The wall clock, aware and in UTC. It may jump; durations are measured with :func:`monotonic`."""
    return _Chosen.clocks.wall()


def monotonic() -> float:
    """Seconds that only ever grow."""
    return _Chosen.clocks.monotonic()


@contextmanager
def replaced(clocks: Clocks) -> Iterator[None]:
    """Go by other clocks, for tests."""
    before, _Chosen.clocks = _Chosen.clocks, clocks
    try:
        yield
    finally:
        _Chosen.clocks = before


class Step(NamedTuple):
    """The wall clock jumped ``by`` so much, to be ``at`` that time."""

    at: datetime
    by: timedelta


class Steps:
    """Notices steps of the wall clock against the monotonic one, whenever it is asked to look."""

    def __init__(self) -> None:
        self._origin = _origin()
        self._taken: deque[Step] = deque(maxlen=STEPS_KEPT)

    def look(self) -> Step | None:
        """The step since the last look, if there was one."""
        origin = _origin()
        if origin is None or self._origin is None:
            self._origin = self._origin or origin
            return None
        by = origin - self._origin
        if abs(by) < LEAST_STEP:
            return None
        self._origin = origin
        step = Step(utc_now(), by)
        self._taken.append(step)
        return step

    def age(self, since: datetime) -> timedelta:
        """How long ago that was. A moment that lies ahead was written before the clock went back."""
        age = utc_now() - since
        for step in reversed(self._taken):
            if age >= timedelta(0):
                break
            age -= min(step.by, timedelta(0))
        return max(age, timedelta(0))


def _origin() -> datetime | None:
    """The time at which the monotonic clock was zero; ``None`` when the two could not be read together."""
    for _ in range(READINGS):
        before, now, after = monotonic(), utc_now(), monotonic()
        if after - before <= READ_WITHIN:
            return now - timedelta(seconds=before)
    return None
