"""When a feed is asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway.feeds import Feed
from capgateway.feeds.http import answer
from capgateway.feeds.pace import JITTER, MAX_BACKOFF, interval_of, next_poll

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
INTERVALS = st.timedeltas(timedelta(seconds=1), timedelta(hours=2))
CHANCES = st.floats(0, 1, exclude_max=True)


@given(INTERVALS, st.integers(0, 100), CHANCES)
def test_waits_lie_between_the_interval_and_the_bound(interval: timedelta, failures: int, chance: float) -> None:
    """Never sooner than the interval, never later than the longest back-off and its jitter."""
    wait = next_poll(interval=interval, failures=failures, now=NOW, chance=chance) - NOW
    assert interval <= wait <= max(interval, MAX_BACKOFF) * (1 + JITTER)


@given(INTERVALS, st.integers(0, 100), CHANCES)
def test_waits_grow_with_failures(interval: timedelta, failures: int, chance: float) -> None:
    """One more failure never brings the next poll nearer."""
    sooner = next_poll(interval=interval, failures=failures, now=NOW, chance=chance)
    assert next_poll(interval=interval, failures=failures + 1, now=NOW, chance=chance) >= sooner


@given(INTERVALS, st.integers(0, 100), CHANCES, st.timedeltas(timedelta(hours=-1), timedelta(hours=3)))
def test_what_the_server_asked_for_is_respected(
    interval: timedelta, failures: int, chance: float, asked: timedelta
) -> None:
    """Never before the moment the server named, but it is never more than a quarter of an hour that it may name."""
    found = next_poll(interval=interval, failures=failures, now=NOW, chance=chance, retry_at=NOW + asked)
    usual = next_poll(interval=interval, failures=failures, now=NOW, chance=chance)
    assert min(NOW + asked, NOW + MAX_BACKOFF) <= found <= max(usual, NOW + MAX_BACKOFF)


def test_backing_off_doubles() -> None:
    """The first failure is retried after the interval, then the wait doubles up to its bound."""
    waits = [next_poll(interval=timedelta(minutes=2), failures=n, now=NOW, chance=0) - NOW for n in range(7)]
    assert [wait.total_seconds() / 60 for wait in waits] == [2, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("https://apps.fema.gov/IPAWSOPEN_EAS_SERVICE/rest/public/recent/{since}", 120),
        ("https://tdl.apps.fema.gov./rest", 120),
        ("https://APPS.fema.gov/", 120),
        ("http://127.0.0.1:8080/recent/{since}", 5),
        ("https://notapps.fema.gov.example/", 5),
        ("", 5),
    ],
)
def test_floors_bind_public_hosts_not_kinds(url: str, seconds: int) -> None:
    """FEMA's hosts are asked every two minutes at most; the same kind elsewhere as configured."""
    feed = Feed(name="f", kind="ipaws", url=url, interval=timedelta(seconds=5))
    assert interval_of(feed) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", None),
        ("-5", None),
        ("999999999999999999", 900),
        ("Thu, 01 Jan 2026 12:05:00 GMT", 300),
        ("Thu, 01 Jan 2026 11:00:00 GMT", None),
        ("Fri, 01 Jan 2027 12:00:00 GMT", 900),
        ("Thu, 01 Jan 2026 12:05:00 -0000", 300),
        ("soon", None),
        ("²", None),
        ("Thu, 99 Foo 2026 99:99:99 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_a_date_or_nothing(text: str, seconds: int | None) -> None:
    """What makes no sense is no request; what is too long is shortened."""
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert answer.retry_at({"Retry-After": text}, NOW) == expected


@pytest.mark.parametrize(
    ("control", "age", "seconds"),
    [
        ("max-age=60", "", 60),
        ("public, Max-Age=60", "20", 40),
        ("s-maxage=600", "", None),
        ("max-age=60, no-cache", "", None),
        ("no-store, max-age=60", "", None),
        ("max-age=60", "60", None),
        ("max-age=60", "old", 60),
        ("max-age=31536000", "", 900),
        ("max-age=-1", "", None),
        ("max-age", "", None),
        ("", "", None),
    ],
)
def test_max_age_keeps_us_away_within_reason(control: str, age: str, seconds: int | None) -> None:
    """Freshness is honoured, less its age, but a cache set to a year does not silence a feed."""
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert answer.fresh_until({"Cache-Control": control, "Age": age}, NOW) == expected
