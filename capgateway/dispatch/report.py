"""What the log says of deliveries: one line when an attempt is over, one when the database failed us."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from capgateway import log
from capgateway.store import deliveries
from capgateway.webhooks import Dead, Delivered, Priority, Retry
from capgateway.webhooks.retry import is_capped

if TYPE_CHECKING:
    from datetime import timedelta

    from capgateway.errors import StoreError
    from capgateway.store import Finished
    from capgateway.webhooks import Breaker, Receiver

LOGGER = logging.getLogger("capgateway.delivery")


def store_failed(receiver: str | None, error: StoreError) -> None:
    log.event(LOGGER, "delivery.store_failed", level=logging.ERROR, receiver=receiver, reason=str(error))


def not_recorded(one: Finished) -> None:
    """The database refused to record how an attempt ended: it is as if it had never been made."""
    log.event(
        LOGGER,
        "delivery.not_recorded",
        level=logging.ERROR,
        receiver=one.claim.receiver,
        delivery=one.claim.delivery_id,
        attempt=one.claim.number,
        outcome=one.attempt.outcome,
    )


def breaker(receiver: str, after: Breaker) -> None:
    """A receiver failed so often that only probes go to it, or is well again."""
    if after.is_open:
        log.event(LOGGER, "receiver.failing", level=logging.WARNING, receiver=receiver, probe_in=after.pause)
    else:
        log.event(LOGGER, "receiver.recovered", receiver=receiver)


def challenged(receiver: str, trouble: str | None, *, is_lifted: bool) -> None:
    """Whether a receiver proved that it has its secret, and whether it gets displays again for that."""
    if trouble is not None:
        log.event(LOGGER, "receiver.challenge_failed", level=logging.WARNING, receiver=receiver, trouble=trouble)
    elif is_lifted:
        log.event(LOGGER, "receiver.resumed", receiver=receiver)


def attempted(one: Finished, receiver: Receiver | None, *, ours: bool) -> None:
    """The one wide line of an attempt. It names no person: of the body there are size and hash."""
    claim, attempt, following = one
    is_passing = claim.priority is Priority.PASSING  # the next one replaces it
    levels = {Delivered: logging.INFO, Retry: logging.WARNING, Dead: logging.WARNING if is_passing else logging.ERROR}
    log.event(
        LOGGER,
        "delivery.attempted",
        level=logging.WARNING if attempt.contradicts else levels[type(following)],
        receiver=claim.receiver,
        type=claim.type,
        card=claim.card_id,
        revision=claim.revision,
        reissue=claim.reissue or None,
        priority=claim.priority.name.lower(),
        message=claim.message_id,
        delivery=claim.delivery_id,
        attempt=claim.number,
        outcome=attempt.outcome,
        status=attempt.status,
        reason=attempt.error,
        url=receiver.url if receiver else None,
        remote=attempt.remote,
        tls=attempt.tls,
        queued=_seconds(deliveries.queued(one)),
        looked_up=_seconds(attempt.looked_up),
        connected=_seconds(attempt.connected),
        answered=_seconds(attempt.answered),
        seconds=_seconds(attempt.duration),
        bytes=len(claim.body),
        sha256=claim.sha256,
        confirmed=attempt.confirmed,
        ambiguous=attempt.ambiguous,
        next=type(following).__name__.lower(),
        retry_at=following.at if isinstance(following, Retry) else None,
        retry_after=_seconds(attempt.retry_after),
        capped=is_capped(claim, attempt),
        dead=following.reason if isinstance(following, Dead) else None,
        ours=ours,
    )


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration.total_seconds(), 4)
