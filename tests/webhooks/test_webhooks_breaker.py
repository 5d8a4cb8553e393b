"""When a receiver is only probed, and how many messages a second it gets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway.webhooks import Attempt, Breaker
from capgateway.webhooks.rate import Bucket
from capgateway.webhooks.retry import slows_down

NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)


def attempt(outcome: str, status: int | None = None, asked: timedelta | None = None) -> Attempt:
    how = {"status": status, "retry_after": asked, "outcome": outcome}
    return Attempt(number=1, started_at=NOW, duration=timedelta(0), **how)  # type: ignore[arg-type]


GOOD, BAD = attempt("delivered", 200), attempt("timeout")


def after(attempts: Iterable[Attempt], seconds: float = 0.1) -> Breaker:
    """A breaker that saw these, one each so many seconds."""
    breaker = Breaker()
    for number, each in enumerate(attempts, 1):
        breaker = breaker.after(each, number * seconds)
    return breaker


def test_five_failures_in_a_row_open_it() -> None:
    """Four do not, and a success in between begins the count anew."""
    assert not after([BAD] * 4).is_open
    assert after([BAD] * 5).is_open
    assert not after([*[BAD] * 4, GOOD, *[BAD] * 4]).is_open


def test_half_of_ten_within_a_minute_open_it() -> None:
    """Also where they never fail in a row; not where the same failures take longer."""
    mixed = [GOOD, BAD] * 5
    assert not after(mixed[:9]).is_open
    assert after(mixed).is_open
    assert not after(mixed, seconds=10).is_open


@pytest.mark.parametrize("outcome", ["blocked", "url", "scheme", "late", "overtaken", "stopped", "fault", "proxy"])
def test_what_is_not_the_receivers_fault_does_not_count(outcome: str) -> None:
    """Our own guard, our own proxy, and what we ended ourselves."""
    assert after([attempt(outcome)] * 50) == Breaker()


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_refused_message_says_nothing_of_others(status: int) -> None:
    """One message that a receiver never takes keeps no other from it."""
    assert not after([attempt("status", status)] * 50).is_open


def test_probes_come_ever_more_slowly_and_two_successes_close_it() -> None:
    """After 5 s, then twice as long each time, up to a minute; a single success is no proof."""
    breaker, now, waits = after([BAD] * 5), 0.5, []
    for _ in range(6):
        waits.append(breaker.probe_at - now)
        now = breaker.probe_at
        breaker = breaker.after(BAD, now)
    assert waits == pytest.approx([5, 10, 20, 40, 60, 60])
    once = breaker.after(GOOD, now)
    assert (once.is_open, once.probe_at) == (True, now)
    assert once.after(GOOD, now) == Breaker()
    assert once.after(BAD, now).after(GOOD, now).is_open


def test_a_take_down_that_fails_puts_no_probe_off() -> None:
    """One that a receiver never takes is retried at its own pace, and the others have their probe all the same."""
    opened = after([BAD] * 5)
    failing = opened.after(BAD, opened.probe_at - 1).after(BAD, opened.probe_at - 0.5)
    assert (failing.probe_at, failing.pause) == (opened.probe_at, opened.pause)


def test_after_a_restart_it_is_still_open() -> None:
    """And a probe may go at once."""
    breaker = Breaker.reopened(40, 100.0)
    assert (breaker.is_open, breaker.pause, breaker.probe_at) == (True, 40, 100.0)


def sent(bucket: Bucket, seconds: float, begin: float = 0.0) -> int:
    """How many go within so long, each as soon as it may."""
    count, now = 0, begin
    while now <= begin + seconds:
        if bucket.allows(now):
            bucket.take(1, now)
            count += 1
        else:
            now += bucket.wait(now) + 1e-9
    return count


@given(st.floats(0.5, 1000), st.floats(0, 20))
def test_the_rate_holds(rate: float, seconds: float) -> None:
    """Beyond what may come at once there are never more than the rate allows, and never fewer."""
    count = sent(Bucket(rate, 0.0), seconds)
    burst = int(max(1.0, 2 * rate))
    assert burst + rate * seconds - 2 <= count <= 2 * rate + 1 + rate * seconds + 1e-3


def test_take_downs_overdraw_and_the_others_wait() -> None:
    """What they took is missing afterwards, a full bucket at most, so that displays are not held off for ever."""
    bucket = Bucket(20.0, 0.0)
    bucket.take(10_000, 0.0)
    assert bucket.allows(0.0) == 0
    assert bucket.wait(0.0) == pytest.approx(41 / 20)


def test_a_receiver_that_gets_too_much_gets_half_for_a_minute() -> None:
    """Its rate halves at once, and is back afterwards."""
    bucket = Bucket(20.0, 0.0)
    bucket.slow_down(0.0)
    assert sent(bucket, 50.0) == pytest.approx(500, abs=5)
    assert sent(bucket, 10.0, begin=100.0) == pytest.approx(240, abs=5)


@pytest.mark.parametrize(
    ("status", "asked", "slows"),
    [(429, None, True), (502, None, True), (504, None, True), (503, None, False), (503, 1, True), (500, 1, False)],
)
def test_who_says_that_it_gets_too_much(status: int, asked: int | None, slows: bool) -> None:
    """429, 502 and 504 always, 503 only with a wish."""
    wish = None if asked is None else timedelta(seconds=asked)
    assert slows_down(attempt("status", status, wish)) is slows
