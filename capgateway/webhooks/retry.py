"""What an attempt means: delivered, when to try again, or given up. Decides only; ``dispatch`` does it.

================  ==========================  ==========================================  =========================
priority          first steps (s)             then                                        until
================  ==========================  ==========================================  =========================
take-down         1, 2, 4, 8, 15, 30          each minute to 30 min of age, then 5 min    a day after the card's end
published         1, 2, 4, 8, 15, 30          each minute to 30 min of age, then 5 min    the card's end
updated           2, 5, 15, 30, 60, 120       each 5 min                                  the card's end
passing           none                        -                                           -
================  ==========================  ==========================================  =========================

Each step is varied by a fifth either way and counts from the end of the failed attempt. What a receiver asks for is kept
(``Retry.not_before``), an urgent delivery waits five minutes for it at most. A take-down goes to a suspended receiver, and
to one that says again that it is gone, every five minutes. The head is far faster than
the example of Standard Webhooks, whose second retry comes after five minutes: a take-down cannot wait so long.
The tail ends with the card: what would arrive later is wrong.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from capgateway.webhooks.lane import OPERATOR, Priority

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
UNAVAILABLE = 503
SLOW_DOWN = frozenset({429, 502, 504})
"""The receiver, or a proxy before it, has too much to do. 503 says so only with ``Retry-After``."""
IN_BETWEEN = frozenset({502, 504, 520, 524})
"""Answers of a proxy before the receiver, which may have passed the message on: it may still be processed."""
REFUSALS = frozenset({400, 401, 403, 404, 405, 413, 415, 422})
"""Somebody has to mend something before these change, but a deploy does mend it: slower, never given up."""
OF_THE_BODY = frozenset({400, 413, 415, 422})
"""Refusals of just this message; others may pass."""
PATIENT_ATTEMPTS = 3
"""Attempts at full speed before a refusal is believed to last."""

NOT_ASKED = frozenset({"blocked", "url", "scheme"})
"""Our own guard refused the address. It may heal with its DNS entry, so it is looked at each minute."""

DeadReason = Literal["deadline", "gone", "blocked_address", "tls", "payload_rejected", "not_retried"]

_AT_THE_END: dict[str, DeadReason] = {"blocked": "blocked_address", "tls": "tls"}
_SECONDS = re.compile(r"[0-9]{1,20}")
_MOST_SECONDS = 10**9
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_TIME = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
_DATES = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{{2}} (?:{_MONTHS}) [0-9]{{4}} {_TIME} GMT"
    rf"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, [0-9]{{2}}-(?:{_MONTHS})-[0-9]{{2}} {_TIME} GMT"
    rf"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:{_MONTHS}) [ 0-9][0-9] {_TIME} [0-9]{{4}}"
)
"""The three forms of RFC 9110 §5.6.7; nothing else is a date."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a receiver, as it ended.

    ``outcome`` is one stable word: ``delivered`` (2xx), ``status`` (any other answer), ``overtaken`` (we closed it to
    let a take-down pass), ``stopped`` (we closed it to stop), or why there was no answer: ``timeout dns connect tls
    proxy disconnected truncated protocol``, and ``blocked url scheme late`` when we never asked. ``error`` is a sentence
    about it. ``ambiguous``: the receiver may have taken the message in although we have no 2xx.
    ``retry_after`` is its own wish, unbounded. ``response_excerpt`` is what it said on failure, at most 1 kB, without
    credentials. ``confirmed``: it answered that it shows, or has removed, just this revision. ``remote`` is the address that
    was connected to. ``looked_up`` and ``connected`` are what a new connection took, ``answered`` when the head of the
    answer was there. ``answer`` is how a 2xx began, which nobody keeps. ``contradicts``: it answered that it shows something
    else. ``moved_to`` is the origin that a redirect names; ``clock_ahead`` by how much the clock of one who refuses our
    signature is ahead, where that may be why.
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
    remote: str | None = None
    tls: str | None = None
    looked_up: timedelta | None = None
    connected: timedelta | None = None
    answered: timedelta | None = None
    answer: bytes = b""
    contradicts: bool = False
    moved_to: str | None = None
    clock_ahead: timedelta | None = None

    @property
    def is_redirect(self) -> bool:
        return self.status is not None and 300 <= self.status < 400  # noqa: PLR2004

    @property
    def last_answer(self) -> str:
        """How operators read of it: a status, or why there was no answer; no words of the receiver."""
        told = f"answered {self.status}" if self.status else self.outcome
        return f"{told}, moved to {self.moved_to}" if self.moved_to else told


class Delivered(msgspec.Struct, frozen=True):
    """The receiver has it."""


class Retry(msgspec.Struct, frozen=True):
    """Try again ``at`` this time. Where that is brought forward, because the receiver is well again, it is still
    ``not_before``."""

    at: datetime
    not_before: datetime | None = None


class Dead(msgspec.Struct, frozen=True):
    """Given up, and an operator has to know. ``gone``: the receiver said so twice, and gets no more displays."""

    reason: DeadReason


Next: TypeAlias = Delivered | Retry | Dead


def after(claim: Claim, attempt: Attempt, *, now: datetime, chance: float) -> Next:
    """What follows an attempt that ended ``now``. ``chance`` in [0, 1) varies the step."""
    if attempt.outcome == "delivered":
        return Delivered()
    if attempt.status == GONE and claim.gone_at is not None and claim.action == "display":
        return Dead("gone")
    step = _step(claim, attempt, now)
    if step is None:
        return Dead("not_retried")
    least = max(_least(claim, attempt), _wish(claim, attempt, now))
    wait = max(timedelta(seconds=step * (1 - JITTER + 2 * JITTER * chance)), least)
    if claim.deadline is not None and now + wait > claim.deadline:
        return Dead(_reason(claim, attempt))
    return Retry(now + wait, now + least if least else None)


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """The ``Retry-After`` header (RFC 9110 §10.2.3), whole seconds or a date; ``None`` when absent or nonsense. ``now`` is the
    time by the clock of the one who says it."""
    text = (text or "").strip(" \t")
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=min(int(text), _MOST_SECONDS))
    moment = http_date(text)
    return None if moment is None else max(moment - now, timedelta(0))


def http_date(text: str) -> datetime | None:
    """A date of HTTP; ``None`` for anything else."""
    if not _DATES.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def slows_down(attempt: Attempt) -> bool:
    """Whether the receiver said that it gets too much."""
    return attempt.status in SLOW_DOWN or (attempt.status == UNAVAILABLE and attempt.retry_after is not None)


def is_capped(claim: Claim, attempt: Attempt) -> bool:
    """Whether the receiver asked for a longer pause than it gets."""
    wish = attempt.retry_after or timedelta(0)
    return wish > LONGEST_WAIT and claim.priority is not Priority.UPDATED


def needs_operator(claim: Claim, following: Next) -> bool:
    """Whether operators have to know that this is given up. A message that the next one replaces is not a loss, and a lost
    message to operators makes no further one."""
    return isinstance(following, Dead) and following.reason != "not_retried" and not claim.type.startswith(OPERATOR)


def _step(claim: Claim, attempt: Attempt, now: datetime) -> int | None:
    """The seconds to wait after this attempt, before chance; ``None`` where nothing is tried twice."""
    if claim.priority is Priority.PASSING:
        return None
    if claim.is_suspended or (attempt.status == GONE and claim.gone_at is not None):
        return FIVE_MINUTES
    if attempt.outcome in NOT_ASKED:
        return MINUTE
    if claim.priority is Priority.UPDATED:
        head, tail = CALM_STEPS, FIVE_MINUTES
    else:
        head, tail = FAST_STEPS, MINUTE if now - claim.created_at < YOUNG else FIVE_MINUTES
    return head[claim.tries - 1] if claim.tries <= len(head) else tail


def _least(claim: Claim, attempt: Attempt) -> timedelta:
    """The pause that no chance shortens."""
    return timedelta(seconds=MINUTE if _is_lasting(claim, attempt) or attempt.status == GONE else 0)


def _is_lasting(claim: Claim, attempt: Attempt) -> bool:
    return attempt.status in REFUSALS and claim.tries > PATIENT_ATTEMPTS


def _wish(claim: Claim, attempt: Attempt, now: datetime) -> timedelta:
    """What the receiver asks for: urgent deliveries five minutes at most, an update until its end."""
    wish = attempt.retry_after or timedelta(0)
    if claim.priority is not Priority.UPDATED:
        return min(wish, LONGEST_WAIT)
    return wish if claim.deadline is None else min(wish, max(claim.deadline - now, timedelta(0)))


def _reason(claim: Claim, attempt: Attempt) -> DeadReason:
    """Why its time was not enough."""
    if attempt.status in OF_THE_BODY and _is_lasting(claim, attempt):
        return "payload_rejected"
    return _AT_THE_END.get(attempt.outcome, "deadline")
