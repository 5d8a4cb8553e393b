"""One feed being watched: what we know of its last bodies, and how it is doing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from capgateway.feeds.health import gap
from capgateway.feeds.http.answer import Validators
from capgateway.feeds.read.ipaws import SINCE
from capgateway.feeds.status import FeedStatus, Health

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from capgateway.feeds import Feed
    from capgateway.feeds.http.fetch import Fetched
    from capgateway.store import Arrival, Taken


MOST_OFFSET_SECONDS = 60.0
"""A difference between our clock and a server's that is worth a word. Servers are often a few seconds off."""
_MOMENTS = (
    "complete_at",
    "last_try",
    "last_success",
    "next_try",
    "newest_at",
    "gap_since",
    "fresh_until",
    "retry_at",
)


class Tries(NamedTuple):
    """How often an announced alert was looked for in the archives, and when to look again."""

    failures: int = 0
    again_at: datetime | None = None


class Watch:
    """The memory of one feed, for as long as this process watches it. ``busy`` keeps two polls apart; ``complete_at``, when
    the feed last gave a complete answer, outlives the process."""

    def __init__(
        self,
        feed: Feed,
        session: aiohttp.ClientSession,
        known: Mapping[str, Validators],
        complete_at: datetime | None = None,
    ) -> None:
        self.feed, self.session = feed, session
        self.busy = asyncio.Lock()
        self.known = dict(known)
        self.complete_at = complete_at
        self.failures = 0
        self.trouble: str | None = None
        self.last_try: datetime | None = None
        self.last_success: datetime | None = None
        self.next_try: datetime | None = None
        self.newest_at: datetime | None = None
        self.latency_seconds: float | None = None
        self.gap_since: datetime | None = None
        self.moved_to: str | None = None
        self.fresh_until: datetime | None = None
        self.certificate_expires_at: datetime | None = None
        self.tries: dict[str, Tries] = {}
        self.catching_up: asyncio.Task[None] | None = None
        self.missing = 0
        self.retry_at: datetime | None = None
        self.looked_for_missing = False
        self.clock_offset_seconds: float | None = None
        self.hosts = {urlsplit(address).hostname for address in (feed.url, *feed.archives)} - {None}

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: what happened is as long ago as before, what is to come as far ahead."""
        for name in _MOMENTS:
            moment = getattr(self, name)
            setattr(self, name, moment and moment + by)
        if self.clock_offset_seconds is not None:
            self.clock_offset_seconds += by.total_seconds()
        self.tries = {name: Tries(one.failures, one.again_at and one.again_at + by) for name, one in self.tries.items()}

    def validators(self, part: str) -> Validators | None:
        """What to ask conditionally with. An address with a moment in it is another at each poll, and tags belong to one
        address: of these only the hash counts."""
        known = self.known.get(part)
        if known is None or SINCE not in self.feed.url:
            return known
        return Validators(sha256=known.sha256)

    def succeeded(self, now: datetime) -> None:
        """The feed answered usably."""
        if gap(self.feed, last_success=self.complete_at, now=now):
            self.gap_since = self.complete_at
        self.complete_at = now
        self.failures, self.trouble, self.last_try, self.last_success = 0, None, now, now

    def failed(self, trouble: str, now: datetime) -> None:
        """The feed did not."""
        self.failures, self.trouble, self.last_try = self.failures + 1, trouble, now

    def took(self, arrival: Arrival, taken: Taken) -> bool:
        """An alert came in; whether it was new."""
        if taken.is_new:
            self.newest_at = arrival.received_at
            sent_at = arrival.alert.sent.instant if arrival.alert and arrival.alert.sent else None
            if sent_at:
                self.latency_seconds = max(0.0, (arrival.received_at - sent_at).total_seconds())
        return taken.is_new

    def misses(self, retry_at: datetime) -> None:
        """One more entry is missing, to be looked for again then."""
        self.missing += 1
        self.retry_at = min(retry_at, self.retry_at or retry_at)

    @property
    def wants_other_time(self) -> bool:
        """Whether ``next_try`` is not what the interval alone would say: after a failure, or where the server asks."""
        return bool(self.failures) or self.fresh_until is not None

    def note(self, found: Fetched) -> None:
        """What an answer said beside its body."""
        self.moved_to, self.fresh_until = found.moved_to, found.fresh_until

    def status(self, now: datetime) -> FeedStatus:
        """How the feed is doing."""
        return FeedStatus(
            name=self.feed.name,
            kind=self.feed.kind,
            enabled=True,
            health=self._health(now),
            url=self.feed.address,
            last_try=self.last_try,
            last_success=self.last_success,
            next_try=self.next_try,
            consecutive_failures=self.failures,
            trouble=self.trouble or clock_trouble(self.clock_offset_seconds),
            newest_at=self.newest_at,
            latency_seconds=self.latency_seconds,
            missing=self.missing,
            gap_since=self.gap_since,
            moved_to=self.moved_to,
            certificate_expires_at=self.certificate_expires_at,
            clock_offset_seconds=self.clock_offset_seconds,
        )

    def _health(self, now: datetime) -> Health:
        if self.feed.kind == "push":
            return "ok"  # it speaks when it has something to say
        if self.last_success is None:
            return "failing" if self.failures else "waiting"
        if now - self.last_success > self.feed.silent_after:
            return "silent"
        return "failing" if self.failures else "ok"


def differs(offset: float | None) -> bool:
    """Whether a server's clock says so much else than ours that one of them is wrong."""
    return offset is not None and abs(offset) > MOST_OFFSET_SECONDS


def clock_trouble(offset: float | None) -> str | None:
    """The difference in a sentence, where there is one."""
    if offset is None or not differs(offset):
        return None
    direction = "ahead of" if offset > 0 else "behind"
    return f"this machine's clock is {abs(offset):.0f} s {direction} the Date of the feed's server"
