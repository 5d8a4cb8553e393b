"""The pair of clocks: one may be set, the other only runs; where they part, that is noticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from capgateway.clock import Clocks, Steps, monotonic, replaced, utc_now

START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Pair:
    """Two clocks that a test winds."""

    def __init__(self) -> None:
        self.wall, self.seconds = START, 1000.0

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.seconds)

    def passes(self, time: timedelta) -> None:
        self.wall, self.seconds = self.wall + time, self.seconds + time.total_seconds()


def test_both_clocks_can_be_replaced() -> None:
    """And are the system's again afterwards."""
    with replaced(Pair().clocks()):
        assert (utc_now(), monotonic()) == (START, 1000.0)
    assert utc_now() != START
    assert utc_now().tzinfo is UTC


@pytest.mark.parametrize("by", [-HOUR, HOUR, timedelta(days=-365), timedelta(seconds=-2), timedelta(seconds=2)])
def test_a_step_is_noticed_once(by: timedelta) -> None:
    """In both directions, with its size; time that merely passes is none."""
    pair = Pair()
    with replaced(pair.clocks()):
        steps = Steps()
        pair.passes(HOUR)
        assert steps.look() is None
        pair.wall += by
        pair.passes(timedelta(seconds=1))
        found = steps.look()
        assert found is not None
        assert (found.by, found.at) == (by, pair.wall)
        pair.passes(HOUR)
        assert steps.look() is None


def test_a_clock_that_is_slewed_steps_when_it_adds_up() -> None:
    """A few milliseconds at each look are no step, and are not forgotten either."""
    pair = Pair()
    with replaced(pair.clocks()):
        steps = Steps()
        for _ in range(9):
            pair.wall += timedelta(milliseconds=100)
            assert steps.look() is None
        pair.wall += timedelta(milliseconds=100)
        assert steps.look() is not None


def test_a_reading_that_was_held_up_says_nothing() -> None:
    """Where the process sleeps between the two clocks, that is not a step of one of them."""
    pair = Pair()

    def held_up() -> float:
        pair.passes(timedelta(seconds=5))
        return pair.seconds

    with replaced(pair.clocks()):
        steps = Steps()
    with replaced(Clocks(lambda: pair.wall, held_up)):
        assert steps.look() is None


def test_ages_outlive_a_step_back() -> None:
    """What was two minutes old when the clock went back an hour is two minutes old, and goes on growing older."""
    pair = Pair()
    with replaced(pair.clocks()):
        steps, since = Steps(), pair.wall
        pair.passes(timedelta(minutes=2))
        pair.wall -= HOUR
        steps.look()
        assert steps.age(since) == timedelta(minutes=2)
        pair.passes(timedelta(minutes=3))
        assert steps.age(since) == timedelta(minutes=5)
        assert steps.age(pair.wall - timedelta(seconds=7)) == timedelta(seconds=7)
