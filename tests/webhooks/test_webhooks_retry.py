"""When a failed delivery is tried again, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway.webhooks.lane import Claim, Priority, deadline, priority
from capgateway.webhooks.retry import Attempt, Dead, Delivered, Next, Retry, after, retry_after

NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
MIDDLE = 0.5
"""The chance that leaves a step as it is written."""


def a_claim(**changes: Any) -> Claim:
    fields: dict[str, Any] = {
        "delivery_id": "dlv_1",
        "message_id": "msg_1",
        "receiver": "feed",
        "card_id": "crd_1",
        "revision": 2,
        "type": "card.cancelled",
        "action": "take_down",
        "body": b"{}",
        "number": 1,
        "created_at": NOW,
        "deadline": NOW + timedelta(hours=24),
    }
    return Claim(**fields | changes)


def a_failure(**changes: Any) -> Attempt:
    fields: dict[str, Any] = {
        "number": 1,
        "started_at": NOW,
        "duration": timedelta(seconds=1),
        "outcome": "status",
        "status": 500,
    }
    return Attempt(**fields | changes)


def wait(claim: Claim, attempt: Attempt, *, now: datetime = NOW, chance: float = MIDDLE) -> float:
    """The seconds until the next attempt, which there must be."""
    following = after(claim, attempt, now=now, chance=chance)
    assert isinstance(following, Retry), following
    return (following.at - now).total_seconds()


TAKE_DOWN = {"type": "card.cancelled", "action": "take_down"}
PUBLISHED = {"type": "card.published", "action": "display"}
UPDATED = {"type": "exercise.card.updated", "action": "display"}


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        (TAKE_DOWN, [1, 2, 4, 8, 15, 30, 60, 60, 60]),
        (PUBLISHED, [1, 2, 4, 8, 15, 30, 60, 60, 60]),
        (UPDATED, [2, 5, 15, 30, 60, 120, 300, 300, 300]),
    ],
    ids=["take-down", "published", "updated"],
)
def test_schedule(kind: dict[str, Any], steps: list[int]) -> None:
    """Each priority has its own first steps and its own tail."""
    waits = [wait(a_claim(number=number, **kind), a_failure(number=number)) for number in range(1, 10)]
    assert waits == steps


def test_an_old_take_down_is_tried_each_five_minutes() -> None:
    """After half an hour of trying each minute, five minutes are enough."""
    young, old = NOW + timedelta(minutes=29, seconds=59), NOW + timedelta(minutes=30)
    assert [wait(a_claim(number=40), a_failure(), now=now) for now in (young, old)] == [60, 300]


def test_ten_attempts_in_the_first_five_minutes() -> None:
    """A take-down is tried at least ten times in the first five minutes of an outage, whatever chance says."""
    now, number = NOW, 1
    while now - NOW < timedelta(minutes=5):
        now += timedelta(seconds=wait(a_claim(number=number), a_failure(), now=now, chance=0.999))
        number += 1
    assert number > 10


@given(st.integers(1, 500), st.sampled_from([TAKE_DOWN, PUBLISHED, UPDATED]), st.floats(0, 1, exclude_max=True))
def test_chance_varies_a_step_by_a_fifth(number: int, kind: dict[str, Any], chance: float) -> None:
    """No step is shortened or lengthened by more than a fifth."""
    claim = a_claim(number=number, **kind)
    plain = wait(claim, a_failure())
    assert plain * 0.8 - 1e-6 <= wait(claim, a_failure(), chance=chance) <= plain * 1.2 + 1e-6


@given(st.integers(1, 9), st.sampled_from([TAKE_DOWN, PUBLISHED, UPDATED]))
def test_steps_never_shrink(number: int, kind: dict[str, Any]) -> None:
    """Who keeps failing is never asked more often than before."""
    assert wait(a_claim(number=number, **kind), a_failure()) <= wait(a_claim(number=number + 1, **kind), a_failure())


def test_delivered() -> None:
    """A 2xx ends the delivery."""
    assert after(a_claim(), a_failure(outcome="delivered", status=204), now=NOW, chance=0) == Delivered()


@pytest.mark.parametrize("status", [300, 301, 308, 408, 425, 429, 500, 502, 503, 504, 599])
def test_other_statuses_keep_the_schedule(status: int) -> None:
    """A redirect and a passing fault are tried again as usual."""
    assert [wait(a_claim(number=n), a_failure(status=status)) for n in (1, 4, 6)] == [1, 8, 30]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 422])
def test_refusals_are_slowed_not_dropped(status: int) -> None:
    """A refusal is tried again, as a deploy mends it, but from the fourth attempt at most once a minute."""
    waits = [wait(a_claim(number=number), a_failure(status=status), chance=0) for number in range(1, 9)]
    assert waits == pytest.approx([0.8, 1.6, 3.2, 60, 60, 60, 60, 60])


def test_gone_is_confirmed_before_it_is_believed() -> None:
    """A first 410 is asked about again after a minute; the second ends a display, and slows a take-down to five minutes."""
    shown = a_claim(number=2, gone_at=NOW, **PUBLISHED)
    assert wait(a_claim(**PUBLISHED), a_failure(status=410), chance=0) == 60
    assert after(shown, a_failure(status=410), now=NOW, chance=0) == Dead("gone")
    assert wait(shown, a_failure(status=500)) == 2
    assert wait(a_claim(), a_failure(status=410), chance=0) == 60
    assert wait(a_claim(number=2, gone_at=NOW), a_failure(status=410)) == 300


def test_a_suspended_receiver_is_asked_every_five_minutes() -> None:
    """It is sent take-downs and nothing else, however it answers."""
    claim = a_claim(is_suspended=True)
    assert [wait(claim, a_failure(status=status)) for status in (None, 410, 500)] == [300, 300, 300]


def test_what_a_receiver_refuses_to_the_end_is_named() -> None:
    """The reason of a display that was refused until its card ended is the refusal of its body."""
    over = a_claim(number=5, deadline=NOW, **PUBLISHED)
    assert after(over, a_failure(status=422), now=NOW, chance=0) == Dead("payload_rejected")
    assert after(over, a_failure(status=404), now=NOW, chance=0) == Dead("deadline")


def test_sent_again_by_a_person_begins_anew() -> None:
    """The schedule of a redelivery begins with its first step, whatever was tried before."""
    assert wait(a_claim(number=41, earlier=40), a_failure()) == 1
    assert wait(a_claim(number=44, earlier=40), a_failure(status=401), chance=0) == 60


def test_a_blocked_address_is_looked_at_each_minute() -> None:
    """An address that our guard refuses may heal with its DNS entry: once a minute, at the end it is the reason."""
    blocked = a_failure(outcome="blocked", status=None)
    assert [wait(a_claim(number=number, **UPDATED), blocked) for number in (1, 9)] == [60, 60]
    over = a_claim(deadline=NOW)
    assert after(over, blocked, now=NOW, chance=0) == Dead("blocked_address")
    assert after(over, a_failure(outcome="tls", status=None), now=NOW, chance=0) == Dead("tls")
    assert after(over, a_failure(), now=NOW, chance=0) == Dead("deadline")


def test_what_passes_is_not_retried() -> None:
    """A snapshot, test or challenge is not repeated: the next one replaces it."""
    assert priority("state.snapshot", None) is Priority.PASSING
    claim = a_claim(type="receiver.test", action="display")
    assert after(claim, a_failure(), now=NOW, chance=0) == Dead("not_retried")


@given(st.integers(0, 299), st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_never_before_retry_after(asked: int, number: int, chance: float) -> None:
    """A receiver that asks for up to five minutes gets them."""
    attempt = a_failure(status=429, retry_after=timedelta(seconds=asked))
    assert wait(a_claim(number=number), attempt, chance=chance) >= asked


@pytest.mark.parametrize(("kind", "seconds"), [(TAKE_DOWN, 300), (PUBLISHED, 300), (UPDATED, 3600)])
def test_retry_after_is_capped_for_the_urgent(kind: dict[str, Any], seconds: int) -> None:
    """Nobody can put off a take-down or a new card for an hour; an update waits as long as its card lives."""
    attempt = a_failure(status=503, retry_after=timedelta(hours=1))
    assert wait(a_claim(**kind), attempt) == seconds


@given(
    st.sampled_from([TAKE_DOWN, PUBLISHED, UPDATED]),
    st.integers(1, 50),
    st.floats(0, 1, exclude_max=True),
    st.timedeltas(timedelta(hours=-1), timedelta(hours=1)),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=10000)),
    st.sampled_from([None, 404, 410, 429, 500]),
)
def test_never_after_the_deadline(
    kind: dict[str, Any], number: int, chance: float, left: timedelta, asked: timedelta | None, status: int | None
) -> None:
    """No attempt is planned for after the deadline; without one there always is a next attempt."""
    claim = a_claim(number=number, deadline=NOW + left, **kind)
    attempt = a_failure(status=status, retry_after=asked)
    following: Next = after(claim, attempt, now=NOW, chance=chance)
    assert following == Dead("deadline") or (isinstance(following, Retry) and NOW < following.at <= NOW + left)
    assert isinstance(after(a_claim(number=number, deadline=None), attempt, now=NOW, chance=chance), Retry)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("Sunday, 22-Nov-26 07:42:03 GMT", 60),
        ("Sun Nov 22 07:42:03 2026", 60),
        ("Sun, 22 Nov 2026 07:42:03", None),
        ("Sun, 22 Nov 2026 07:42:03 +0100", None),
        ("22 Nov 2026", None),
        ("Sun, 99 Nov 2026 07:42:03 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("999999999", 999999999),
        ("-1", None),
        ("1e9", None),
        ("1000000000000", 10**9),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_header(text: str | None, seconds: int | None) -> None:
    """Whole seconds and dates are understood, past dates mean at once, anything else means nothing."""
    assert retry_after(text, now=NOW) == (None if seconds is None else timedelta(seconds=seconds))


@given(
    st.text(max_size=60)
    | st.from_regex(r"\A\w{0,3},? ?\d{0,4} \w{3} \d{0,6} \d{0,3}:\d{0,3}(:\d{0,3})? ?[+-]?\w{0,6}\Z")
)
def test_retry_after_header_never_crashes(text: str) -> None:
    """Whatever a receiver writes there, it is a pause that is not negative, or nothing."""
    assert (retry_after(text, now=NOW) or timedelta(0)) >= timedelta(0)


def test_deadlines() -> None:
    """A display ends with its card; a take-down has a day more, and a day at least."""
    end, late = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    assert deadline("display", expires_at=end, created_at=NOW) == end
    assert deadline("take_down", expires_at=end, created_at=NOW) == end + timedelta(hours=24)
    assert deadline("take_down", expires_at=end, created_at=late) == late + timedelta(hours=24)


def test_priorities() -> None:
    """Take-downs go first, then new cards, then updates; an exercise is as urgent as the real thing."""
    assert [a_claim(**kind).priority for kind in (TAKE_DOWN, PUBLISHED, UPDATED)] == [0, 1, 2]
