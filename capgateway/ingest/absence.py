"""How long a feed has been away, whatever is done to the wall clock meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from capgateway.clock import monotonic, utc_now


class Stamp(NamedTuple):
    """A moment, by both clocks."""

    at: datetime
    seconds: float

    @classmethod
    def now(cls) -> Stamp:
        return cls(utc_now(), monotonic())


class Absence:
    """The time since a feed's last complete answer, which was at ``at``.

    In one process the monotonic clock counts. Over a restart there is only the wall clock, which may have been set back: so
    an answer that seems to come from the future counts as one that is as long ago.
    """

    def __init__(self, at: datetime, *, counted_from: float | None = None) -> None:
        self.at = at
        if counted_from is None:
            counted_from = monotonic() - abs((utc_now() - at).total_seconds())
        self._counted_from = counted_from

    @classmethod
    def since(cls, stamp: Stamp) -> Absence:
        return cls(stamp.at, counted_from=stamp.seconds)

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=max(monotonic() - self._counted_from, 0.0))

    @property
    def since_now(self) -> datetime:
        """When it began by the wall clock as it is set now; never ahead."""
        return utc_now() - self.length

    def clock_stepped(self) -> None:
        """The wall clock was set: the answer is as long ago as before."""
        self.at = self.since_now
