"""What the operators' own receiver gets: something needs a person, and why. Never a name, a plate or a stranger's words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from capgateway import ids
from capgateway.webhooks.lane import OPERATOR
from capgateway.webhooks.messages import Message, Time, encode

Kind = Literal[
    "takedown_unconfirmed",
    "takedown_held",
    "feed_silent",
    "feed_gap",
    "cards_unverified",
    "receiver_degraded",
    "dead_letter",
    "review_waiting",
]
Severity = Literal["critical", "warning"]
OperatorType = Literal[
    "operator.takedown_unconfirmed",
    "operator.takedown_held",
    "operator.feed_silent",
    "operator.feed_gap",
    "operator.cards_unverified",
    "operator.receiver_degraded",
    "operator.dead_letter",
    "operator.review_waiting",
]

PATIENCE = timedelta(hours=24)
"""How long an operator message is tried: what it says is listed by the API for as long as it is so."""


class OperatorData(msgspec.Struct, frozen=True, kw_only=True):
    """What it is about: a card, a receiver or a feed; a field that does not apply is null. ``message_type`` is what was, or
    would be, sent about the card; ``since`` when it began, ``advice`` what to do."""

    severity: Severity
    card_id: str | None = None
    receiver: str | None = None
    feed: str | None = None
    message_type: str | None = None
    attempts: int | None = None
    last_answer: str | None = None
    since: Time | None = None
    advice: str


class OperatorBody(msgspec.Struct, frozen=True, kw_only=True):
    """``timestamp`` is when it happened, on every retry the same."""

    type: OperatorType
    timestamp: Time
    data: OperatorData


def operator_message(kind: Kind, said: OperatorData, *, deployment: str, sequence: int, timestamp: datetime) -> Message:
    """The message of this kind. It is about no card's display, so it has no action and no lane of a card."""
    message_type = f"{OPERATOR}{kind}"
    return Message(
        id=ids.derived("msg", deployment, message_type, str(sequence)),
        type=message_type,
        action=None,
        card_id=None,
        revision=0,
        sequence=sequence,
        timestamp=timestamp,
        expires_at=timestamp + PATIENCE,
        body=encode({"type": message_type, "timestamp": timestamp, "data": said}),
    )
