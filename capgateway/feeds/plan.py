"""Which addresses one poll of a feed asks. Pure."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from capgateway.feeds.read import ipaws, nws

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.feeds.feed import Feed

#: Pages of one listing followed in one poll. The NWS lists 500 alerts on each, the newest first, and keeps cancels for a week.
MAX_PAGES = 40


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One address to ask. ``part`` names it within its feed, so that what is known of each can be kept apart; ``accept``
    is the ``Accept`` header it needs, or ``None`` for the usual one. ``address`` stays the same where a moment in the URL
    does not; what is known of the last answer belongs to it. What is asked ``aside`` looks for what was missed: the feed is
    complete without it."""

    part: str = ""
    url: str
    accept: str | None = None
    template: str = ""
    is_aside: bool = False

    @property
    def name(self) -> str:
        """What an operator calls it."""
        return self.part or "listing"

    @property
    def address(self) -> str:
        return _address(self.template or self.url)


@lru_cache(maxsize=4096)
def _address(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def questions(
    feed: Feed, *, last_success: datetime | None, now: datetime, codes: Sequence[str] = ()
) -> tuple[Question, ...]:
    """What to ask at this poll, in order; an answer may point on with ``Index.next_url``, up to ``MAX_PAGES`` in all.
    ``codes`` are the event codes of cards that some gap left unverified.

    Empty for the kinds that are not polled over HTTP.
    """
    match feed.kind:
        case "atom" | "rss" | "cap" | "edxl":
            return (Question(url=feed.url),)
        case "ipaws":
            url = ipaws.recent_url(feed.url, last_success=last_success, now=now)
            return (Question(url=url, template=feed.url),)
        case "nws":
            beside = {"cancels": nws.cancels_url(feed.url), "history": nws.history_url(feed.url, codes)}
            parts = [
                Question(part=part, url=url, accept=nws.ACCEPT, is_aside=part == "history")
                for part, url in beside.items()
                if url
            ]
            return (*parts, Question(url=feed.url, accept=nws.ACCEPT))
        case "naads" | "directory" | "push":
            return ()
