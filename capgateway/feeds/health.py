"""How a feed is doing, from what it announces. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.feeds.http.answer import http_date
from capgateway.feeds.read import ipaws

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.feeds.feed import Feed
    from capgateway.feeds.read.entry import Index

#: A time this far ahead is a wrong clock or a wrong field, not news.
MAX_AHEAD = timedelta(minutes=10)


def newest(index: Index, now: datetime) -> datetime | None:
    """When the newest entry was updated, by its own word: RFC 3339 in Atom and JSON, RFC 822 in RSS. Times that cannot
    be read, or lie ahead, do not count; ``None`` when no other is left."""
    moments = (moment(entry.updated) for entry in index.entries if entry.updated)
    return max((found for found in moments if found is not None and found <= now + MAX_AHEAD), default=None)


def moment(text: str) -> datetime | None:
    """An entry's time of update in UTC, or ``None`` for what is not a time."""
    return cap.time(text).instant or http_date(text)


def gap(feed: Feed, *, last_success: datetime | None, now: datetime) -> timedelta | None:
    """How long alerts may have come and gone unseen before this poll: time since the last success, where that is more
    than the source keeps; ``None`` where nothing can have been missed, or the source lists everything that is active."""
    if feed.kind != "ipaws" or last_success is None or now - last_success <= ipaws.WINDOW:
        return None
    return now - last_success
