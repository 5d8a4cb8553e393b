"""What every receiver gets beside cards, whatever its ``messages`` say: the list of what it should display, a test, a challenge.

The next one of its kind replaces each, so none of them is repeated for long, and none has an action.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec

from capgateway import ids
from capgateway.webhooks.messages import Message, Revision, Sequence, Time, encode

SNAPSHOT: Final = "state.snapshot"
TEST: Final = "receiver.test"
CHALLENGE: Final = "receiver.challenge"

Nonce = Annotated[str, msgspec.Meta(min_length=16, max_length=128, description="Random, and never used twice.")]


class ActiveCard(msgspec.Struct, frozen=True, kw_only=True):
    """One card that the receiver should display. ``verified_at`` is when it was last known to be true."""

    card_id: str
    revision: Revision
    sequence: Sequence
    expires_at: Time
    verified_at: Time


class SnapshotData(msgspec.Struct, frozen=True, kw_only=True):
    """Every card that this receiver should display. Remove a card that is not listed, if its last ``sequence`` is not above
    this one. It is also the heartbeat of the gateway."""

    sequence: Sequence
    generated_at: Time
    active: tuple[ActiveCard, ...]


class TestData(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to do but to answer 2xx."""

    nonce: Nonce


class ChallengeData(msgspec.Struct, frozen=True, kw_only=True):
    """Answer ``{"nonce", "proof"}``; ``proof`` is the hexadecimal HMAC-SHA256 of the nonce under the bytes of your secret."""

    nonce: Nonce


class SnapshotBody(msgspec.Struct, frozen=True, kw_only=True):
    """``timestamp`` is when it was made, on every retry the same."""

    type: Literal["state.snapshot"]
    timestamp: Time
    data: SnapshotData


class TestBody(msgspec.Struct, frozen=True, kw_only=True):
    """``timestamp`` is when it was made, on every retry the same."""

    type: Literal["receiver.test"]
    timestamp: Time
    data: TestData


class ChallengeBody(msgspec.Struct, frozen=True, kw_only=True):
    """``timestamp`` is when it was made, on every retry the same."""

    type: Literal["receiver.challenge"]
    timestamp: Time
    data: ChallengeData


class Passing(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the id of such a message its own: one receiver, one ``sequence`` of the gateway. ``expires_at`` is when the
    next one of its kind is due."""

    deployment: str
    receiver: str
    sequence: int
    timestamp: datetime
    expires_at: datetime


def snapshot(stamp: Passing, active: tuple[ActiveCard, ...]) -> Message:
    """The list of what a receiver should display, in the order of the card ids."""
    ordered = tuple(sorted(active, key=lambda card: card.card_id))
    told = SnapshotData(sequence=stamp.sequence, generated_at=stamp.timestamp, active=ordered)
    return _message(stamp, SnapshotBody(type=SNAPSHOT, timestamp=stamp.timestamp, data=told))


def test(stamp: Passing, nonce: str) -> Message:
    """A message that changes nothing."""
    return _message(stamp, TestBody(type=TEST, timestamp=stamp.timestamp, data=TestData(nonce=nonce)))


def challenge(stamp: Passing, nonce: str) -> Message:
    """A message whose answer proves that the receiver has the secret."""
    return _message(stamp, ChallengeBody(type=CHALLENGE, timestamp=stamp.timestamp, data=ChallengeData(nonce=nonce)))


def _message(stamp: Passing, body: SnapshotBody | TestBody | ChallengeBody) -> Message:
    return Message(
        id=ids.derived("msg", stamp.deployment, body.type, stamp.receiver, str(stamp.sequence)),
        type=body.type,
        action=None,
        card_id=None,
        revision=0,
        sequence=stamp.sequence,
        timestamp=stamp.timestamp,
        expires_at=stamp.expires_at,
        body=encode(body),
    )
