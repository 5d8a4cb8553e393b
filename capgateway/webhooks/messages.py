"""What receivers get: display this card, or take it down. A body is made once, and is the same for every receiver.

Bodies have sorted keys and no spaces, in UTF-8: what comes nearest to surviving a receiver that parses and re-encodes
before it verifies. A display carries the whole card; a take-down repeats nothing of it, as the message
that ends an exposure must not prolong it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal, cast

import msgspec

from capgateway import ids
from capgateway.cards.decision import EndReason
from capgateway.webhooks.lane import Action
from capgateway.webhooks.thin import thinner

__all__ = ["Message", "Stamp", "display", "display_type", "encode", "message_id", "take_down"]

LARGEST_BODY = 20_000
"""Bytes; Standard Webhooks wants payloads below 20 kB. A larger card is sent without its texts, see :mod:`thin`."""

DisplayType = Literal["card.published", "card.updated", "exercise.card.published", "exercise.card.updated"]
TakeDownType = Literal[
    "card.cancelled",
    "card.expired",
    "card.withdrawn",
    "exercise.card.cancelled",
    "exercise.card.expired",
    "exercise.card.withdrawn",
]

_TAKE_DOWN_TYPES: dict[EndReason, TakeDownType] = {"cancelled": "card.cancelled", "expired": "card.expired"}

Time = Annotated[datetime, msgspec.Meta(tz=True)]
Revision = Annotated[int, msgspec.Meta(ge=1, description="Versions of this card, counted from 1.")]
Sequence = Annotated[
    int,
    msgspec.Meta(
        ge=0, lt=2**53, description="Grows over the whole gateway: ignore what is not above the highest seen of a card."
    ),
]


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What every message says, whichever way it goes. ``deployment`` names this gateway among others, for the ids.

    ``timestamp`` is when it happened; ``expires_at`` is the card's.
    """

    deployment: str
    card_id: str
    revision: int
    sequence: int
    timestamp: datetime
    expires_at: datetime
    exercise: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One event, ready to be stored and sent. ``expires_at`` is the card's, also where the body does not show it. What is
    about no card has neither ``action`` nor ``card_id``, and revision 0."""

    id: str
    type: str
    action: Action | None
    card_id: str | None
    revision: int
    sequence: int
    timestamp: datetime
    expires_at: datetime
    body: bytes


class DisplayData(msgspec.Struct, frozen=True, kw_only=True):
    """Show this card, whether or not an earlier revision is shown (an upsert), and remove it at ``expires_at``."""

    action: Literal["display"]
    card_id: str
    revision: Revision
    sequence: Sequence
    expires_at: Time
    card: Annotated[dict[str, Any], msgspec.Meta(description="See the schema card/1.")]
    card_url: str | msgspec.UnsetType = msgspec.UNSET
    card_sha256: str | msgspec.UnsetType = msgspec.UNSET


class TakeDownData(msgspec.Struct, frozen=True, kw_only=True):
    """Remove this card and its media, and keep its sequence for seven days."""

    action: Literal["take_down"]
    card_id: str
    revision: Revision
    sequence: Sequence
    reason: EndReason
    ended_at: Time


class DisplayBody(msgspec.Struct, frozen=True, kw_only=True):
    """``timestamp`` is when it happened, on every retry the same."""

    type: DisplayType
    timestamp: Time
    data: DisplayData


class TakeDownBody(msgspec.Struct, frozen=True, kw_only=True):
    """``timestamp`` is when it happened, on every retry the same."""

    type: TakeDownType
    timestamp: Time
    data: TakeDownData


def message_id(deployment: str, card_id: str, revision: int, kind: str, sequence: int) -> str:
    """The ``webhook-id``: the same on every retry and for every receiver, and the name of one body for ever. The sequence
    sees to the latter where a database was restored from a backup: it may say something else under the same revision."""
    digest = hashlib.sha256(msgspec.json.encode([deployment, card_id, revision, kind, sequence])).digest()
    return ids.from_digest("msg", digest)


def sent_as(message_id: str, reissue: int) -> str:
    """The ``webhook-id`` under which a message is sent: its own, or that of its re-issue."""
    return ids.derived("msg", message_id, str(reissue)) if reissue else message_id


def display(stamp: Stamp, card: bytes, *, card_url: str, is_new: bool | None = None) -> Message:
    """The message that shows a card, for the first time where it ``is_new``: a first revision, unless that was only a copy. ``card`` is its JSON as :func:`encode` writes it,
    ``card_url`` where the same is served.

    Over 20 kB parts of it stay out, first the texts, and ``card_sha256`` is the hash of the whole card.
    """
    message_type = _display_type(is_new=stamp.revision == 1 if is_new is None else is_new)
    shown = DisplayData(
        action="display",
        card_id=stamp.card_id,
        revision=stamp.revision,
        sequence=stamp.sequence,
        expires_at=stamp.expires_at,
        card=cast("dict[str, Any]", msgspec.Raw(card)),  # it is written as it is, not read and written again
    )
    message = _message(stamp, message_type, shown, kind=message_type)
    if len(message.body) <= LARGEST_BODY:
        return message
    fetched = msgspec.structs.replace(shown, card_url=card_url, card_sha256=hashlib.sha256(card).hexdigest())
    for smaller in thinner(msgspec.json.decode(card, type=dict[str, Any])):
        message = _message(stamp, message_type, msgspec.structs.replace(fetched, card=smaller), kind=message_type)
        if len(message.body) <= LARGEST_BODY:
            break
    return message


def display_type(*, exercise: bool, is_new: bool) -> str:
    """The type of the message that shows a card, for the first time where it ``is_new``."""
    return f"exercise.{_display_type(is_new=is_new)}" if exercise else _display_type(is_new=is_new)


def take_down(stamp: Stamp, reason: EndReason, *, ended_at: datetime) -> Message:
    """The message that ends a card. It contains no personal data and no free text."""
    message_type: TakeDownType = _TAKE_DOWN_TYPES.get(reason, "card.withdrawn")
    ended = TakeDownData(
        action="take_down",
        card_id=stamp.card_id,
        revision=stamp.revision,
        sequence=stamp.sequence,
        reason=reason,
        ended_at=ended_at,
    )
    return _message(stamp, message_type, ended, kind=f"{message_type} {reason}")


def encode(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, in UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def _display_type(*, is_new: bool) -> DisplayType:
    return "card.published" if is_new else "card.updated"


def _message(
    stamp: Stamp, plain_type: DisplayType | TakeDownType, told: DisplayData | TakeDownData, *, kind: str
) -> Message:
    message_type = f"exercise.{plain_type}" if stamp.exercise else plain_type
    return Message(
        id=message_id(stamp.deployment, stamp.card_id, stamp.revision, kind, stamp.sequence),
        type=message_type,
        action=told.action,
        card_id=stamp.card_id,
        revision=stamp.revision,
        sequence=stamp.sequence,
        timestamp=stamp.timestamp,
        expires_at=stamp.expires_at,
        body=encode({"type": message_type, "timestamp": stamp.timestamp, "data": told}),
    )
