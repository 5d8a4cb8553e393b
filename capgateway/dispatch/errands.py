"""What is sent to a receiver beside its deliveries: a snapshot, a challenge or a test, once, over a connection of its own.

It takes no slot, so it delays no delivery and waits for none; and each proves the whole way: name, connection, certificate.
It says nothing to the breaker: a receiver may dislike these and take cards.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway.clock import utc_now
from capgateway.dispatch import report
from capgateway.store import Finished, readiness
from capgateway.webhooks import Dead, Delivered
from capgateway.webhooks.send import send, session_for

if TYPE_CHECKING:
    from capgateway.metrics import Metrics
    from capgateway.store import Store
    from capgateway.store.audit import Act
    from capgateway.store.readiness import Errand
    from capgateway.webhooks import Attempt, Receiver

PROOF_WITHIN = timedelta(seconds=10)
"""What a receiver may take to answer a challenge."""
SLOW_SECONDS = 2.0
"""An answer that takes longer makes cards late, and times out under load."""
SERVER_ERROR = 500


class Pinged(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test. Seconds are ``None`` for what did not take place, as the look-up of an address that is a number;
    ``hints`` say what is likely wrong."""

    receiver: str
    url: str
    passed: bool
    outcome: str
    status: int | None
    error: str | None
    message_id: str
    remote: str | None
    tls: str | None
    looked_up: float | None
    connected: float | None
    answered: float | None
    total: float
    hints: list[str]


async def run(errand: Errand, *, user_agent: str, metrics: Metrics) -> Attempt:
    """Send it, once. Nothing that a receiver does raises."""
    receiver = errand.receiver
    if errand.kind == "challenge":
        receiver = msgspec.structs.replace(receiver, timeout=PROOF_WITHIN)
    async with session_for(receiver, user_agent) as session:
        attempt = await send(session, receiver, errand.claim, now=utc_now())
    following = Delivered() if attempt.outcome == "delivered" else Dead("not_retried")
    metrics.attempted(receiver=receiver.name, outcome=attempt.outcome)
    report.attempted(Finished(errand.claim, attempt, following), receiver, ours=True)
    return attempt


async def ping(
    store: Store, receiver: Receiver, act: Act, *, user_agent: str, metrics: Metrics, shown_url: str
) -> Pinged:
    """Send a test, whatever is known of the receiver, and say what came of it."""
    errand = await store.write_alone(readiness.ping, receiver, act)
    attempt = await run(errand, user_agent=user_agent, metrics=metrics)
    return Pinged(
        receiver=receiver.name,
        url=shown_url,
        passed=attempt.outcome == "delivered",
        outcome=attempt.outcome,
        status=attempt.status,
        error=attempt.error,
        message_id=errand.claim.message_id,
        remote=attempt.remote,
        tls=attempt.tls,
        looked_up=_seconds(attempt.looked_up),
        connected=_seconds(attempt.connected),
        answered=_seconds(attempt.answered),
        total=attempt.duration.total_seconds(),
        hints=hints(attempt, receiver),
    )


def hints(attempt: Attempt, receiver: Receiver) -> list[str]:
    """What is likely wrong, the likeliest first."""
    if attempt.moved_to:
        return [f"redirects are never followed: if {attempt.moved_to} is right, configure the new address as url"]
    if attempt.status in (401, 403):
        return [_clock(attempt), *_unauthorised(receiver)] if attempt.clock_ahead else _unauthorised(receiver)
    if attempt.outcome == "delivered":
        is_slow = attempt.duration.total_seconds() > SLOW_SECONDS
        return ["the answer is slow: answer 202 at once and do the work later"] if is_slow else []
    known = _OF_OUTCOME.get(attempt.outcome) or _OF_STATUS.get(attempt.status or 0)
    if known is None and attempt.status is not None and attempt.status >= SERVER_ERROR:
        known = "the receiver failed: its own log says why"
    return [known] if known else []


_OF_STATUS = {
    400: "the receiver cannot read the message: it must not insist on fields or types that it does not know",
    404: "nothing answers at this path: check url",
    405: "the path does not take POST: check url",
    410: "the receiver says that it is gone: check url",
    413: "the receiver takes only smaller bodies: 20 kB must pass",
    415: "the receiver must take application/json",
    422: "the receiver cannot read the message: it must not insist on fields or types that it does not know",
    429: "the receiver gets too much: lower rate or concurrency",
}
_OF_OUTCOME = {
    "dns": "the name is not known: check url, and the name servers of this machine",
    "connect": "nothing listens there, or a firewall is between: check host and port of url",
    "tls": "check the certificate of the receiver, and ca where it is signed by an authority of your own",
    "blocked": "the address is private: allow_networks must contain it",
    "timeout": "the receiver takes too long: it should answer 202 at once and do the work later",
    "proxy": "check proxy",
}


def _clock(attempt: Attempt) -> str:
    ahead = attempt.clock_ahead or timedelta(0)
    direction = "ahead of" if ahead > timedelta(0) else "behind"
    return (
        f"its clock is {abs(ahead).total_seconds():.0f} s {direction} the gateway's, and signatures more than 5 minutes off"
        " are refused: let a time server keep both"
    )


def _unauthorised(receiver: Receiver) -> list[str]:
    several = " (it is signed with each of the configured ones)" if len(receiver.secrets) > 1 else ""
    return [
        f"the receiver may have another secret{several}: `capgateway keys verify` checks a signature offline",
        "the receiver must verify the bytes of the body as they came, not JSON that was parsed and written again",
        "a proxy before the receiver may ask for a login, or remove the webhook-… headers",
    ]


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()
