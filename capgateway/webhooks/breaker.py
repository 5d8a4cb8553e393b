"""The breaker of a receiver: while it fails, only probes go, one at a time.

It opens after five failures in a row, or when at least half of at least ten attempts within a minute fail. A probe goes
after five seconds, then after twice as long each time, up to a minute; two successes close it. It gives nothing up: what
waits is delivered when the receiver is well again, and take-downs that wait are tried at their own pace meanwhile.

Times are seconds of the monotonic clock.
"""

from __future__ import annotations

import msgspec

from capgateway.webhooks.retry import NOT_ASKED, OF_THE_BODY, Attempt

FAILURES = 5
"""Failures in a row that open it."""
WINDOW_SECONDS = 60.0
LEAST_ATTEMPTS = 10
SHARE = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
SUCCESSES = 2
"""Successes that close it: the first may be a process that starts and dies again."""

_OURS = NOT_ASKED | {"late", "overtaken", "stopped", "fault", "proxy"}
"""Outcomes that say nothing of the receiver."""


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """``failures`` are those in a row; ``attempts`` and ``failed`` are counted ``since`` then, for a minute at most. ``pause``
    is 0 while it is closed."""

    failures: int = 0
    since: float = 0.0
    attempts: int = 0
    failed: int = 0
    pause: float = 0.0
    probe_at: float = 0.0
    successes: int = 0

    @property
    def is_open(self) -> bool:
        return self.pause > 0

    def after(self, attempt: Attempt, now: float) -> Breaker:
        """What it is after this attempt."""
        if attempt.outcome in _OURS or attempt.status in OF_THE_BODY:  # a refusal of one message says nothing of others
            return self
        return self._succeeded(now) if attempt.outcome == "delivered" else self._failed(now)

    @staticmethod
    def reopened(pause: float, now: float) -> Breaker:
        """As it was before a restart; a probe may go at once."""
        return Breaker(pause=min(pause, LONGEST_PAUSE), probe_at=now)

    def _succeeded(self, now: float) -> Breaker:
        if not self.is_open:
            return self._counted(now, failures=0, failed=0)
        if self.successes + 1 >= SUCCESSES:
            return Breaker()
        return msgspec.structs.replace(self, successes=self.successes + 1, probe_at=now)

    def _failed(self, now: float) -> Breaker:
        if self.is_open:
            if now < self.probe_at:  # a take-down at its own pace: it must not put off the probe of all others
                return msgspec.structs.replace(self, successes=0)
            pause = min(self.pause * 2, LONGEST_PAUSE)
            return msgspec.structs.replace(self, pause=pause, probe_at=now + pause, successes=0)
        counted = self._counted(now, failures=self.failures + 1, failed=1)
        is_often = counted.attempts >= LEAST_ATTEMPTS and counted.failed >= SHARE * counted.attempts
        if counted.failures >= FAILURES or is_often:
            return Breaker(pause=FIRST_PAUSE, probe_at=now + FIRST_PAUSE)
        return counted

    def _counted(self, now: float, *, failures: int, failed: int) -> Breaker:
        if now - self.since > WINDOW_SECONDS:
            return Breaker(failures=failures, since=now, attempts=1, failed=failed)
        return Breaker(failures=failures, since=self.since, attempts=self.attempts + 1, failed=self.failed + failed)
