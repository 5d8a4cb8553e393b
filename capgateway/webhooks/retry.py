"""What an attempt means: delivered, when to try again, or given up. Decides only; ``dispatch`` does it.

================  ==========================  ==========================================  =========================
priority          first steps (s)             then                                        until
================  ==========================  ==========================================  =========================
take-down         1, 2, 4, 8, 15, 30          each minute to 30 min of age, then 5 min    a day after the card's end
published         1, 2, 4, 8, 15, 30          each minute to 30 min of age, then 5 min    the card's end
updated           2, 5, 15, 30, 60, 120       each 5 min                                  the card's end
passing           none                        -                                           -
================  ==========================  ==========================================  =========================

Each step is varied by a fifth either way and counts from the end of the failed attempt. The head is far faster than
the example of Standard Webhooks, whose second retry comes after five minutes: a take-down cannot wait so long.
The tail ends with the card: what would arrive later is wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from capgateway.webhooks.lane import Priority

if TYPE_CHECKING:
    from capgateway.webhooks.lane import Claim

FAST_STEPS = (1, 2, 4, 8, 15, 30)
CALM_STEPS = (2, 5, 15, 30, 60, 120)
MINUTE = 60
FIVE_MINUTES = 300
YOUNG = timedelta(minutes=30)
"""So long after its beginning an urgent delivery is tried each minute: most outages are over by then."""
JITTER = 0.2
"""Deliveries that failed together must not come back together."""
LONGEST_WAIT = timedelta(seconds=300)
"""A receiver may ask urgent deliveries to wait so long, not longer: a child's card may have to go."""

GONE = 410
REFUSALS = frozenset({400, 401, 403, 404, 405, 413, 415, 422})
"""Somebody has to mend something before these change, but a deploy does mend it: slower, never given up."""
PATIENT_ATTEMPTS = 3
"""Attempts at full speed before a refusal is believed to last."""

NOT_ASKED = frozenset({"blocked", "url", "scheme"})
"""Our own guard refused the address. It may heal with its DNS entry, so it is looked at each minute."""

DeadReason = Literal["deadline", "suspended", "blocked_address", "tls", "not_retried"]

_AT_THE_END: dict[str, DeadReason] = {"blocked": "blocked_address", "tls": "tls"}
_SECONDS = re.compile(r"[0-9]{1,9}")


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a receiver, as it ended.

    ``outcome`` is one stable word: ``delivered`` (2xx), ``status`` (any other answer), ``overtaken`` (we closed it to
    let a take-down pass), ``stopped`` (we closed it to stop), or why there was no answer: ``timeout dns connect tls
    proxy disconnected truncated protocol``, and ``blocked url scheme late`` when we never asked. ``error`` is a sentence
    about it. ``ambiguous``: the receiver may have taken the message in although we have no 2xx.
    ``retry_after`` is its own wish, unbounded. ``response_excerpt`` is what it said on failure, at most 1 kB, without
    credentials. ``confirmed``: it answered that it shows, or has removed, just this revision.
    """

    number: int
    started_at: datetime
    duration: timedelta
    outcome: str
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None
    ambiguous: bool = False
    response_excerpt: str | None = None
    confirmed: bool = False


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has it."""


class Retry(msgspec.Struct, frozen=True):
    """Try again, not before ``at``."""

    at: datetime


class Dead(msgspec.Struct, frozen=True):
    """Given up, and an operator has to know. ``suspended``: the receiver said twice that it is gone for good."""

    reason: DeadReason


Next: TypeAlias = Delivered | Retry | Dead


def after(claim: Claim, attempt: Attempt, *, now: datetime, chance: float) -> Next:
    """What follows an attempt that ended ``now``. ``chance`` in [0, 1) varies the step."""
    if attempt.outcome == "delivered":
        return Delivered()
    if attempt.status == GONE == claim.last_status:
        return Dead("suspended")
    step = _step(claim, attempt, now)
    if step is None:
        return Dead("not_retried")
    varied = timedelta(seconds=step * (1 - JITTER + 2 * JITTER * chance))
    wait = max(varied, _least(claim, attempt), _wish(claim, attempt))
    if claim.deadline is not None and now + wait > claim.deadline:
        return Dead(_AT_THE_END.get(attempt.outcome, "deadline"))
    return Retry(now + wait)


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """The ``Retry-After`` header (RFC 9110 §10.2.3), whole seconds or a date; ``None`` when absent or nonsense."""
    text = (text or "").strip()
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta(0))


def _step(claim: Claim, attempt: Attempt, now: datetime) -> int | None:
    """The seconds to wait after this attempt, before chance; ``None`` where nothing is tried twice."""
    if claim.priority is Priority.PASSING:
        return None
    if attempt.outcome in NOT_ASKED:
        return MINUTE
    if claim.priority is Priority.UPDATED:
        head, tail = CALM_STEPS, FIVE_MINUTES
    else:
        head, tail = FAST_STEPS, MINUTE if now - claim.created_at < YOUNG else FIVE_MINUTES
    return head[claim.number - 1] if claim.number <= len(head) else tail


def _least(claim: Claim, attempt: Attempt) -> timedelta:
    """The pause that no chance shortens."""
    lasting = attempt.status in REFUSALS and claim.number > PATIENT_ATTEMPTS
    return timedelta(seconds=MINUTE if lasting or attempt.status == GONE else 0)


def _wish(claim: Claim, attempt: Attempt) -> timedelta:
    wish = attempt.retry_after or timedelta(0)
    return wish if claim.priority is Priority.UPDATED else min(wish, LONGEST_WAIT)
