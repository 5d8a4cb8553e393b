"""The clocks: what time it is, for everything that is stored or shown. Pure stages get the time as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The wall clock, aware and in UTC. It may jump; durations are measured with :func:`time.monotonic`."""
    return datetime.now(UTC)
