"""When to ask a feed again. Pure: the moment and the chance are given."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from capgateway.feeds.feed import Feed

#: However long a server has been down, we look again after this: it may come back with an alert.
MAX_BACKOFF = timedelta(minutes=15)
#: A stream that was lost is tried again after this, doubled with each failure up to the second: every second without
#: it may be an alert, and both sites lost at once should not come back in step.
FIRST_RECONNECT = timedelta(seconds=1)
MAX_RECONNECT = timedelta(minutes=1)
#: Polls are spread by up to this share of the wait, later only, so that feeds of one host do not march in step.
JITTER = 0.1
#: What sources ask for. They bind the public host, whatever the feed's kind; a test server elsewhere is its owner's.
FLOORS = {"apps.fema.gov": timedelta(minutes=2)}  # B-64


@lru_cache(maxsize=4096)
def floor(url: str) -> timedelta:
    """The shortest interval that the host of a URL permits."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    asked = (wait for name, wait in FLOORS.items() if host == name or host.endswith(f".{name}"))
    return max(asked, default=timedelta())


def interval_of(feed: Feed) -> timedelta:
    """How often a feed is polled while all is well."""
    return max(feed.interval, floor(feed.url))


def next_poll(
    *, interval: timedelta, failures: int, now: datetime, chance: float, retry_at: datetime | None = None
) -> datetime:
    """The moment of the next poll: after the interval, doubled with each consecutive failure but the first, up to
    ``MAX_BACKOFF`` (or the interval, if longer), plus jitter by ``chance`` in [0, 1).

    ``retry_at`` is what the server asked for: its ``Retry-After``, or how long its answer stays fresh. It is kept up to
    ``MAX_BACKOFF``: whatever a server says, an alert may be there by then.
    """
    wait = max(interval, min(interval * (1 << min(max(failures - 1, 0), 20)), MAX_BACKOFF))
    usual = now + wait * (1 + JITTER * chance)
    if retry_at is None or retry_at <= now + wait:
        return usual
    return min(retry_at + wait * JITTER * chance, max(now + MAX_BACKOFF, usual))


def reconnect_after(failures: int, chance: float) -> timedelta:
    """How long to wait before a lost stream is tried again, by consecutive failures (at least 1) and chance in [0, 1)."""
    wait = min(FIRST_RECONNECT * (1 << min(max(failures - 1, 0), 20)), MAX_RECONNECT)
    return wait * (0.5 + chance / 2)
