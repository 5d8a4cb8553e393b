"""Which addresses one poll of a feed asks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.feeds.read import ipaws, nws

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.feeds.feed import Feed

#: Pages of one listing followed in one poll. The NWS lists 500 alerts on each; newest come first.
MAX_PAGES = 10


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One address to ask. ``part`` names it within its feed, so that what is known of each can be kept apart; ``accept``
    is the ``Accept`` header it needs, or ``None`` for the usual one."""

    part: str = ""
    url: str
    accept: str | None = None


def questions(feed: Feed, *, last_success: datetime | None, now: datetime) -> tuple[Question, ...]:
    """What to ask at this poll, in order; an answer may point on with ``Index.next_url``, up to ``MAX_PAGES`` in all.

    Empty for the kinds that are not polled over HTTP.
    """
    match feed.kind:
        case "atom" | "rss" | "cap" | "edxl":
            return (Question(url=feed.url),)
        case "ipaws":
            return (Question(url=ipaws.recent_url(feed.url, last_success=last_success, now=now)),)
        case "nws":
            cancels = nws.cancels_url(feed.url)
            listing = Question(url=feed.url, accept=nws.ACCEPT)
            return (listing, Question(part="cancels", url=cancels, accept=nws.ACCEPT)) if cancels else (listing,)
        case "naads" | "directory" | "push":
            return ()
