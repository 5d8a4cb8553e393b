"""The rate of messages to a receiver: a bucket that fills by the second. Take-downs may overdraw it. Times are seconds of the
monotonic clock."""

from __future__ import annotations

BURST_SECONDS = 2.0
"""What a receiver that was asked for nothing gets at once: the messages of so many seconds, one at least."""
SLOW_SECONDS = 60.0
"""For so long half the rate goes to a receiver that said it gets too much."""


class Bucket:
    """``rate`` messages a second."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate, self._most = rate, max(1.0, rate * BURST_SECONDS)
        self._left, self._at, self._slow_until = self._most, now, now

    def allows(self, now: float) -> int:
        """How many messages may go now."""
        self._fill(now)
        return max(0, int(self._left))

    def take(self, count: int, now: float) -> None:
        """So many go, allowed or not: what is overdrawn, the others wait for, a full bucket at most."""
        self._fill(now)
        self._left = max(self._left - count, -self._most)

    def wait(self, now: float) -> float:
        """Seconds until a message may go."""
        self._fill(now)
        return max(0.0, 1.0 - self._left) / self._pace(now)

    def slow_down(self, now: float) -> None:
        """The receiver said that it gets too much."""
        self._fill(now)
        self._slow_until = now + SLOW_SECONDS
        self._left = min(self._left, 1.0)

    def _pace(self, now: float) -> float:
        return self._rate / 2 if now < self._slow_until else self._rate

    def _fill(self, now: float) -> None:
        self._left = min(self._left + max(0.0, now - self._at) * self._pace(now), self._most)
        self._at = now
