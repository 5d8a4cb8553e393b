"""The JSON Schema of every body, with an example of each type:
``python -m capgateway.webhooks.schema > schemas/message/message-1.schema.json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec

from capgateway.cards import card
from capgateway.cards.decision import EndReason
from capgateway.cards.described import example
from capgateway.webhooks import operator, passing
from capgateway.webhooks.lane import OPERATOR
from capgateway.webhooks.messages import DisplayBody, Message, Stamp, TakeDownBody, display, encode, take_down

BODIES = (
    DisplayBody,
    TakeDownBody,
    passing.SnapshotBody,
    passing.TestBody,
    passing.ChallengeBody,
    operator.OperatorBody,
)
NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
SEQUENCE = 1795333263104221
NONCE = "vT4xk0JcW9m2Yq7LrB1sEw"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of what receivers get."""
    bodies, components = msgspec.json.schema_components(BODIES, ref_template="#/$defs/{name}")
    for message in examples():
        components[_body_of(message)].setdefault("examples", []).append(msgspec.json.decode(message.body))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgateway message, version 1",
        "description": "The body of a webhook. Receivers ignore fields they do not know and switch on data.action.",
        "oneOf": list(bodies),
        "$defs": components,
    }


def examples() -> Iterator[Message]:
    """One message of each type, as the gateway makes it."""
    fields = {name: found["properties"] for name, found in card.json_schema()["$defs"].items()}
    shown = encode(example(fields, "Card"))
    for is_exercise in (False, True):
        stamp = _stamp(exercise=is_exercise)
        for is_new in (True, False):
            yield display(stamp, shown, card_url="", is_new=is_new)
        for reason in get_args(EndReason)[:3]:
            yield take_down(stamp, reason, ended_at=NOW)
    yield from _passing()
    for kind in get_args(operator.Kind):
        told = operator.OperatorData(severity="warning", advice="Says what to do.", **ABOUT[kind])
        yield operator.operator_message(kind, told, deployment="example", sequence=SEQUENCE, timestamp=NOW)


_CARD: dict[str, Any] = {"card_id": "crd_5tq2wz7m", "since": NOW - timedelta(minutes=1)}
_SENT: dict[str, Any] = _CARD | {"receiver": "for-you-feed", "attempts": 7, "last_answer": "answered 503"}
_FEED: dict[str, Any] = {"feed": "nws", "since": NOW - timedelta(minutes=16)}
ABOUT: dict[operator.Kind, dict[str, Any]] = {
    "takedown_unconfirmed": _SENT | {"message_type": "card.cancelled"},
    "takedown_held": _CARD | {"feed": "nws", "message_type": "card.cancelled"},
    "feed_silent": _FEED,
    "feed_gap": _FEED,
    "cards_unverified": _CARD | {"feed": "nws"},
    "receiver_degraded": _SENT | {"message_type": "card.updated", "last_answer": "answered 410"},
    "dead_letter": _SENT | {"message_type": "card.expired"},
    "review_waiting": _FEED | {"message_type": "card.published"},
}
"""What the example of each kind is about."""


def _stamp(*, exercise: bool) -> Stamp:
    return Stamp(
        deployment="example",
        card_id="crd_5tq2wz7m",
        revision=2,
        sequence=SEQUENCE,
        timestamp=NOW,
        expires_at=NOW + timedelta(hours=23),
        exercise=exercise,
    )


def _passing() -> Iterator[Message]:
    stamp = passing.Passing(
        deployment="example",
        receiver="for-you-feed",
        sequence=SEQUENCE,
        timestamp=NOW,
        expires_at=NOW + timedelta(minutes=5),
    )
    active = passing.ActiveCard(
        card_id="crd_5tq2wz7m",
        revision=2,
        sequence=SEQUENCE - 1,
        expires_at=NOW + timedelta(hours=23),
        verified_at=NOW,
    )
    yield passing.snapshot(stamp, (active,))
    yield passing.test(stamp, NONCE)
    yield passing.challenge(stamp, NONCE)


def _body_of(message: Message) -> str:
    """The name of its body's type."""
    if message.action is not None:
        return "DisplayBody" if message.action == "display" else "TakeDownBody"
    if message.type.startswith(OPERATOR):
        return "OperatorBody"
    return {passing.SNAPSHOT: "SnapshotBody", passing.TEST: "TestBody"}.get(message.type, "ChallengeBody")


if __name__ == "__main__":
    print(msgspec.json.format(encode(json_schema())).decode())  # noqa: T201
