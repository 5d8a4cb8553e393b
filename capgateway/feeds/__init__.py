"""What sources announce, read from bytes. Pure; the submodules that fetch (``feeds.fetch``) are imported by name."""

from capgateway.feeds.entry import Entry, Index, enveloped
from capgateway.feeds.feed import Feed, FeedKind
from capgateway.feeds.plan import MAX_PAGES, Question, questions
from capgateway.feeds.read import MAX_FEED_BYTES, read_entries

__all__ = [
    "MAX_FEED_BYTES",
    "MAX_PAGES",
    "Entry",
    "Feed",
    "FeedKind",
    "Index",
    "Question",
    "enveloped",
    "questions",
    "read_entries",
]
