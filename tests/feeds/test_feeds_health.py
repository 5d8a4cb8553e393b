"""How a feed is doing, and saying so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from capgateway import feeds
from capgateway.feeds import Entry, Feed, FeedKind, Index
from capgateway.feeds.check.advice import ADVICE, describe
from capgateway.feeds.health import is_gap, lists_strangers, names_strangers, newest
from capgateway.feeds.http import answer
from capgateway.feeds.http.answer import Validators
from capgateway.feeds.http.fetch import Fetched, FetchFailed

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ATOM = Feed(name="state", kind="atom", url="https://alerts.example/index.atom")


def updated(*texts: str | None) -> Index:
    return Index(
        entries=tuple(Entry(key=str(n), link="https://x.example/", updated=text) for n, text in enumerate(texts))
    )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("2026-01-01T05:00:00-06:00", "2026-01-01T10:00:00Z"), "2026-01-01T11:00:00+00:00"),
        (("Thu, 01 Jan 2026 06:30:00 -0500", "yesterday"), "2026-01-01T11:30:00+00:00"),
        (("2027-01-01T00:00:00Z", "2026-01-01T12:05:00Z"), "2026-01-01T12:05:00+00:00"),
        (("soon", None, "Wed, 99 Foo"), None),
        ((), None),
    ],
)
def test_the_newest_entry_is_found_by_its_own_word(texts: tuple[str | None, ...], expected: str | None) -> None:
    """Times of Atom and RSS alike; what is no time, or far ahead, does not count."""
    found = newest(updated(*texts), NOW)
    assert (found.isoformat() if found else None) == expected


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("ipaws", 30 * MINUTE),
        ("nws", timedelta(days=7)),
        ("cap", 4 * MINUTE),
        ("edxl", 4 * MINUTE),
        *((kind, None) for kind in ("atom", "rss", "naads", "directory", "push")),
    ],
)
def test_each_kind_has_its_own_window(kind: FeedKind, window: timedelta | None) -> None:
    """What is away for just so long has lost nothing; a moment longer it may have."""
    feed = Feed(name="f", kind=kind, silent_after=4 * MINUTE)
    longest = window or timedelta(days=999)
    assert not is_gap(feed, longest)
    assert is_gap(feed, longest + timedelta(microseconds=1)) == (window is not None)


def test_an_index_of_strangers_has_a_gap() -> None:
    """Five entries or more, none of them known; other kinds list what is active, or what is new."""
    assert [lists_strangers(ATOM, listed, known) for listed, known in ((5, 0), (4, 0), (5, 1))] == [True, False, False]
    assert not lists_strangers(Feed(name="nws", kind="nws"), 9, 0)
    assert [names_strangers(named, held) for named, held in ((10, 0), (9, 0), (10, 1))] == [True, False, False]


def fetched(body: bytes, **changes: object) -> Fetched:
    facts: dict[str, object] = {
        "url": ATOM.url,
        "status": 200,
        "body": body,
        "media_type": "application/atom+xml",
        "validators": Validators(),
    }
    return Fetched(**(facts | changes))  # type: ignore[arg-type]


NO_MESSAGE = (
    "Error (line 1): The entry neither contains a CAP message nor links to one; "
    'put the message inside, or link to it with `type="application/cap+xml"`. [feed.entry-link]'
)


def test_a_feed_is_described_in_sentences() -> None:
    """What came, what it announces, how old it is, what is wrong, each in a sentence."""
    entry = "<entry><id>1</id><title>t</title><updated>2026-01-01T11:00:00Z</updated>{}</entry>"
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>t</title><updated>2026-01-01T11:00:00Z</updated>'
        + entry.format('<link href="/a.xml"/>')
        + entry.format("")
        + "</feed>"
    ).encode()
    index = feeds.read_entries(body, kind="atom", base_url=ATOM.url)
    said = describe(ATOM, fetched(body, moved_to="https://new.example/"), index, NOW)
    assert said == (
        f"https://alerts.example/index.atom answered with {len(body)} bytes of application/atom+xml.",
        "It has moved for good: change the address to https://new.example/.",
        "It sends neither ETag nor Last-Modified, so every poll carries the whole document.",
        "It announces 2 entries: 0 with the message inside, 1 linked.",
        "1 entry is unusable.",
        "The newest entry is from 2026-01-01 11:00 UTC, 60 minutes ago.",
        "Error (line 1): Another entry has the id `1` too; give each entry an id of its own. [feed.atom-unique-id]",
        NO_MESSAGE,
    )


def test_many_findings_are_counted_not_listed() -> None:
    """After the first twenty, the rest is told by rule."""
    body = (
        b"<rss><channel><pubDate>today</pubDate>"
        + b"".join(b"<item><title>t</title><guid>%d</guid></item>" % number for number in range(50))
        + b"</channel></rss>"
    )
    said = describe(ATOM, fetched(body), feeds.read_entries(body, kind="rss", base_url=""), NOW)
    assert said[-1] == "And 30 more of [feed.entry-link]."


def test_every_failure_comes_with_advice() -> None:
    """Whatever word a failed fetch has, the operator is told what to do."""
    statuses = {answer.refusal(status, "atom") for status in (301, 401, 404, 429, 500)}
    words = {"timeout", "dns", "tls", "proxy", "connect", "truncated", "url", "disconnected", "protocol"}
    for reason in words | statuses | {"blocked", "scheme", "too_large", "encoding"}:
        assert ADVICE[reason].endswith(".")
        (said,) = describe(ATOM, FetchFailed(reason=reason, message="something"), None, NOW)
        assert said == f"state could not be fetched: something. {ADVICE[reason]}"
