"""One address of a feed: how asking it goes, and when it is asked again. The parts of an NWS feed do not slow each other."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from capgateway.feeds.pace import floor, interval_of, next_poll

if TYPE_CHECKING:
    import asyncio

    from capgateway.feeds import Feed
    from capgateway.feeds.http.fetch import FetchFailed
    from capgateway.ingest.absence import Absence

WHOLE_EVERY = timedelta(minutes=5)
"""While a card of the feed is on display it is asked without conditions so often, and asked at all: a Cancel must not wait
for a cache that is set wrong."""


class Part:
    """The memory of one address. ``is_whole``: this process has read all that it lists, and nothing has gone wrong since.
    ``is_moved``: its next time is not what the interval alone would say. ``complete`` is the time since its last complete answer.
    ``cut_at`` is when it was last read as far as pages are followed, without coming to its end.
    ``is_aside``: the feed is complete without it. ``is_paused``: its server wants to be left alone."""

    def __init__(self) -> None:
        self.failures = 0
        self.trouble: str | None = None
        self.answer: str | None = None
        self.remark: str | None = None
        self.next_at: datetime | None = None
        self.fresh_until: datetime | None = None
        self.whole_at: datetime | None = None
        self.cut_at: datetime | None = None
        self.complete: Absence | None = None
        self.wait_reason: str | None = None
        self.is_moved = False
        self.unusable = 0
        self.is_whole = False
        self.is_aside = False
        self.is_paused = False
        self.task: asyncio.Task[object] | None = None

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: all is as long ago, and as far ahead, as before."""
        for name in ("next_at", "fresh_until", "whole_at", "cut_at"):
            moment = getattr(self, name)
            setattr(self, name, moment and moment + by)
        if self.complete:
            self.complete.clock_stepped()

    @property
    def is_under_way(self) -> bool:
        """Whether an earlier poll still waits for its answer."""
        return self.task is not None and not self.task.done()

    def was_cut_lately(self, now: datetime) -> bool:
        """Whether it has too many pages, and was read as far as they are followed not long ago: until then what is new will do."""
        return self.cut_at is not None and now - self.cut_at < WHOLE_EVERY

    def is_due(self, now: datetime, leeway: timedelta) -> bool:
        """Whether it may be asked now. Parts that are well are asked together, so that they are decided together."""
        return self.next_at is None or self.next_at <= now + (timedelta() if self.wait_reason else leeway)

    def asks_whole(self, now: datetime, *, is_live: bool) -> bool:
        """Whether to ask without conditions."""
        if self.whole_at is None:
            self.whole_at = now
        return is_live and now - self.whole_at >= WHOLE_EVERY

    def succeeded(self, feed: Feed, now: datetime, *, is_live: bool) -> None:
        """It answered usably."""
        self.failures, self.trouble, self.answer, self.is_paused = 0, None, None, False
        self._plan(feed, now, self.fresh_until, is_live=is_live)
        self.wait_reason = _why_well(feed, self.fresh_until, now)

    def failed(self, feed: Feed, failure: FetchFailed, now: datetime) -> None:
        """It did not."""
        self.failures, self.trouble, self.is_whole = self.failures + 1, failure.message, False
        self.answer = f"answered {failure.status}" if failure.status else failure.reason
        self.is_paused = failure.retry_at is not None
        self._plan(feed, now, failure.retry_at, is_live=False)
        self.wait_reason = _why_failing(self.failures, asked=failure.retry_at is not None)

    def _plan(self, feed: Feed, now: datetime, retry_at: datetime | None, *, is_live: bool) -> None:
        self.next_at = next_poll(
            interval=interval_of(feed),
            failures=self.failures,
            now=now,
            chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
            retry_at=retry_at,
        )
        soon = now + max(WHOLE_EVERY, floor(feed.url))
        self.is_moved = bool(self.failures) or retry_at is not None or (is_live and self.next_at > soon)
        if is_live:
            self.next_at = min(self.next_at, soon)


def _why_well(feed: Feed, fresh_until: datetime | None, now: datetime) -> str | None:
    if fresh_until is not None and fresh_until > now + interval_of(feed):
        return "its last answer stays fresh until then (Cache-Control: max-age)"
    if interval_of(feed) > feed.interval:
        return f"its host is asked at most every {interval_of(feed).total_seconds():.0f} s"
    return None


def _why_failing(failures: int, *, asked: bool) -> str:
    if asked:
        return "its server asked for a pause (Retry-After)"
    return "the last try failed" if failures == 1 else f"the last {failures} tries failed"
