"""How a feed is doing, from what it announces. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.feeds.http.answer import http_date
from capgateway.feeds.read import ipaws, nws
from capgateway.feeds.stream import naads

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.feeds.feed import Feed
    from capgateway.feeds.read.entry import Index

#: A time this far ahead is a wrong clock or a wrong field, not news.
MAX_AHEAD = timedelta(minutes=10)
#: Entries of an index from which on it says something that all of them are new.
ENOUGH = 5


def newest(index: Index, now: datetime) -> datetime | None:
    """When the newest entry was updated, by its own word: RFC 3339 in Atom and JSON, RFC 822 in RSS. Times that cannot
    be read, or lie ahead, do not count; ``None`` when no other is left."""
    moments = (moment(entry.updated) for entry in index.entries if entry.updated)
    return max((found for found in moments if found is not None and found <= now + MAX_AHEAD), default=None)


def moment(text: str) -> datetime | None:
    """An entry's time of update in UTC, or ``None`` for what is not a time."""
    return cap.time(text).instant or http_date(text)


def window(feed: Feed) -> timedelta | None:
    """How long a feed may be away before alerts may have come and gone unseen; ``None`` where time alone does not tell.

    A document is replaced by the next one, so any absence counts that is longer than the operator allows. Nothing is lost in a
    folder, and a partner sends again what was not accepted.
    """
    match feed.kind:
        case "ipaws":
            return ipaws.WINDOW
        case "nws":
            return nws.WINDOW
        case "cap" | "edxl":
            return feed.silent_after
        case "naads" | "atom" | "rss" | "directory" | "push":
            return None


def is_gap(feed: Feed, absence: timedelta) -> bool:
    """Whether a feed was away for longer than its window."""
    allowed = window(feed)
    return allowed is not None and absence > allowed


def lists_strangers(feed: Feed, listed: int, known: int) -> bool:
    """Whether an index shows nothing of what it showed before, so that other entries may have come and gone in between: of
    enough that are listed none is known."""
    return feed.kind in ("atom", "rss") and listed >= ENOUGH and known == 0


def names_strangers(named: int, held: int) -> bool:
    """Whether a heartbeat names as many alerts as it can, and none that was held before."""
    return named >= naads.MAX_REFERENCES and held == 0
