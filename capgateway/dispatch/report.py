"""What the log says of deliveries: one line when an attempt is over, one when the database failed us."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from capgateway import log
from capgateway.webhooks import Dead, Delivered, Retry

if TYPE_CHECKING:
    from capgateway.errors import StoreError
    from capgateway.store import Finished
    from capgateway.webhooks import Attempt, Claim, Next

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


def attempted(claim: Claim, attempt: Attempt, following: Next, *, ours: bool) -> None:
    levels = {Delivered: logging.INFO, Retry: logging.WARNING, Dead: logging.ERROR}
    log.event(
        LOGGER,
        "delivery.attempted",
        level=levels[type(following)],
        receiver=claim.receiver,
        type=claim.type,
        card=claim.card_id,
        revision=claim.revision,
        message=claim.message_id,
        delivery=claim.delivery_id,
        attempt=claim.number,
        outcome=attempt.outcome,
        status=attempt.status,
        reason=attempt.error,
        seconds=round(attempt.duration.total_seconds(), 3),
        confirmed=attempt.confirmed,
        ambiguous=attempt.ambiguous,
        next=type(following).__name__.lower(),
        retry_at=following.at if isinstance(following, Retry) else None,
        dead=following.reason if isinstance(following, Dead) else None,
        ours=ours,
    )
