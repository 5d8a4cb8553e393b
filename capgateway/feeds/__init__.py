"""What sources announce, read from bytes. Pure; the submodules that fetch (``feeds.fetch``) are imported by name."""

from capgateway.feeds.feed import Feed, FeedKind
from capgateway.feeds.plan import MAX_PAGES, Question, questions
from capgateway.feeds.read.entries import MAX_FEED_BYTES, read_entries
from capgateway.feeds.read.entry import Entry, Index, enveloped

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
