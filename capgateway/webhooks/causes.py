"""Why a receiver is degraded: what attempts say of it, and what operators read when it begins. Decides only.

Degraded means that somebody has to look, while everything is sent as before. Each cause is reported once while it lasts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from capgateway.webhooks.operator import OperatorData
from capgateway.webhooks.retry import NOT_ASKED, REFUSALS

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.webhooks.lane import Claim
    from capgateway.webhooks.retry import Attempt

Cause = Literal["challenge", "snapshot", "refused", "clock", "moved", "blocked", "failing", "mismatch"]

REDIRECTS = 3
"""Redirects in a row: the first may be a page shown during a deploy."""

_ADVICE: dict[Cause, str] = {
    "challenge": "The receiver did not prove that it has the configured secret: check that secret, and that it answers"
    " `receiver.challenge`. Deliveries continue; the challenge is repeated every 5 minutes.",
    "snapshot": "The receiver did not acknowledge two snapshots in a row: it may not get cards and take-downs either.",
    "refused": "The receiver refuses what it is sent: check its URL, its secret, and what a proxy before it asks for."
    " Deliveries are repeated.",
    "clock": "The receiver refuses what it is sent, and its clock differs from the gateway's by more than a minute: signatures"
    " more than five minutes off are refused. Let a time server keep both clocks.",
    "moved": "The receiver answers with redirects, which are never followed: if the new address is right, configure it as"
    " `url`.",
    "blocked": "The receiver's address is not allowed: its name leads to a private address outside `allow_networks`, or to one"
    " that is never used. It is looked up again each minute.",
    "failing": "The receiver has failed for more than 5 minutes: only probes and take-downs are sent to it until it is well.",
    "mismatch": "The receiver acknowledged a message but says that it shows another revision or state: look at what it"
    " displays.",
}
_WARNINGS: frozenset[Cause] = frozenset({"challenge"})
"""Causes that keep no message away."""


def cause_of(attempt: Attempt, redirects: int) -> Cause | None:
    """What an attempt says of its receiver; ``redirects`` came in a row, this one included."""
    if attempt.outcome in NOT_ASKED:
        return "blocked"
    if attempt.clock_ahead is not None:
        return "clock"
    if attempt.status in REFUSALS:
        return "refused"
    if attempt.contradicts:
        return "mismatch"
    return "moved" if redirects >= REDIRECTS else None


def ended_by(attempt: Attempt) -> frozenset[Cause]:
    """Which causes cannot last after this attempt."""
    over = set[Cause]()
    if attempt.status is not None:
        over.add("blocked")
        if not attempt.is_redirect:
            over.add("moved")
    if attempt.outcome == "delivered":
        over |= {"refused", "clock"}
    if attempt.confirmed:
        over.add("mismatch")
    return frozenset(over)


def degraded(
    cause: Cause,
    receiver: str,
    *,
    last_answer: str | None,
    since: datetime,
    claim: Claim | None = None,
    contact: str = "",
) -> OperatorData:
    """What operators read; ``claim`` is what the answer was about, ``contact`` who runs the receiver."""
    advice = _ADVICE[cause]
    return OperatorData(
        severity="warning" if cause in _WARNINGS else "critical",
        card_id=claim.card_id if claim else None,
        receiver=receiver,
        message_type=claim.type if claim else None,
        attempts=claim.number if claim else None,
        last_answer=last_answer,
        since=since,
        advice=f"{advice} Its contact: {contact}." if contact else advice,
    )
