"""What receivers are told: bodies, their ids, and the schema that is shipped with them."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cards, shipped
from capgateway.cards import Card, Policy
from capgateway.cards.decision import EndReason
from capgateway.simulate import story
from capgateway.webhooks import messages, operator, passing
from capgateway.webhooks.receiver import Receiver
from capgateway.webhooks.schema import json_schema

NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
END = NOW + timedelta(hours=20)
URL = "https://cap.platform.example/api/v1/cards/crd_1"
SEQUENCE = 1795333263104221


def a_stamp(**changes: Any) -> messages.Stamp:
    fields: dict[str, Any] = {
        "deployment": "test",
        "card_id": "crd_1",
        "revision": 2,
        "sequence": SEQUENCE,
        "timestamp": NOW,
        "expires_at": END,
    }
    return messages.Stamp(**fields | changes)


def a_card(description: str = "Ada Testchild, 7, was last seen in Müsterville.") -> bytes:
    """As much of a card as messages look into."""
    words = {
        "headline": "AMBER Alert",
        "event": "Child Abduction Emergency",
        "description": description,
        "instruction": "Call 555-0100.",
        "area": "Dallas",
        "long": "AMBER Alert Dallas",
        "short": "AMBER Alert",
        "lines": [{"role": "child", "text": "Ada Testchild, 7"}],
    }
    area = {"target": [{"code": "48113"}], "geometry": {"type": "Point"}, "descriptions": ["Dallas"]}
    return messages.encode({"schema": "card/1", "content": {"en-US": words}, "area": area})


def whole_card() -> Card:
    """The card of the story's alert, as the gateway makes it."""
    alert = story.amber(NOW)
    gist = cards.gist(alert)
    member = cards.Member(alert_id="alt_1", gist=gist, feed="nws", received_at=NOW)
    (shown,) = cards.decide(cards.Situation(arrived=member, now=NOW), Policy()).changes
    assert isinstance(shown, cards.Display)
    return cards.convert(shown, member, cards.draft(alert, gist), Policy())


def schema() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(shipped.schema("message/message-1.schema.json"))
    return written


def test_display() -> None:
    """A display carries the whole card, what fences it, and when it ends."""
    message = messages.display(a_stamp(), a_card(), card_url=URL)
    assert json.loads(message.body) == {
        "type": "card.updated",
        "timestamp": "2026-11-22T07:41:03Z",
        "data": {
            "action": "display",
            "card_id": "crd_1",
            "revision": 2,
            "sequence": SEQUENCE,
            "expires_at": "2026-11-23T03:41:03Z",
            "card": json.loads(a_card()),
        },
    }
    assert (message.type, message.action, message.revision) == ("card.updated", "display", 2)


def test_the_first_revision_is_published() -> None:
    """Only revision 1 is called published; receivers treat both as upserts."""
    assert messages.display(a_stamp(revision=1), a_card(), card_url=URL).type == "card.published"


@pytest.mark.parametrize(
    ("reason", "message_type"),
    [
        ("cancelled", "card.cancelled"),
        ("expired", "card.expired"),
        ("withdrawn", "card.withdrawn"),
        ("left_region", "card.withdrawn"),
        ("superseded", "card.withdrawn"),
        ("erased", "card.withdrawn"),
    ],
)
def test_take_down(reason: EndReason, message_type: str) -> None:
    """A take-down says which card, why and since when, and nothing else."""
    message = messages.take_down(a_stamp(revision=3), reason, ended_at=NOW)
    assert json.loads(message.body) == {
        "type": message_type,
        "timestamp": "2026-11-22T07:41:03Z",
        "data": {
            "action": "take_down",
            "card_id": "crd_1",
            "revision": 3,
            "sequence": SEQUENCE,
            "reason": reason,
            "ended_at": "2026-11-22T07:41:03Z",
        },
    }
    assert (message.type, message.action, message.expires_at) == (message_type, "take_down", END)


def test_bodies_are_sorted_minified_utf8() -> None:
    """A receiver that parses and re-encodes in the usual way gets the same bytes back."""
    body = messages.display(a_stamp(), messages.encode(whole_card()), card_url=URL).body
    again = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert body == again
    assert "niña".encode() in body


def test_exercises_are_never_card_messages() -> None:
    """A receiver that asks for `card.*` can never be sent an exercise, whichever way it goes."""
    receiver = Receiver(name="r", url="https://r.example/", secrets=(b"x" * 32,))
    exercise = a_stamp(exercise=True)
    types = [
        messages.display(exercise, a_card(), card_url=URL).type,
        *(messages.take_down(exercise, reason, ended_at=NOW).type for reason in get_args(EndReason)),
    ]
    assert {each.partition(".")[0] for each in types} == {"exercise"}
    assert not any(receiver.wants(each) for each in types)


def test_a_large_card_goes_without_its_texts() -> None:
    """Over 20 kB the long texts stay out; the receiver is told where the whole card is, and its hash."""
    card = a_card("Lang und breit. " * 2000)
    told = json.loads(messages.display(a_stamp(), card, card_url=URL).body)["data"]
    assert len(json.dumps(told)) < messages.LARGEST_BODY
    words = told["card"]["content"]["en-US"]
    assert (words["description"], words["headline"]) == (None, "AMBER Alert")
    assert told["card"]["area"] == {"target": [{"code": "48113"}], "geometry": None, "descriptions": []}
    assert told["card_url"] == URL
    assert told["card_sha256"] == hashlib.sha256(messages.encode(json.loads(card))).hexdigest()


def test_the_limit_is_on_the_body() -> None:
    """A body of exactly 20,000 bytes is sent whole, one byte more is not."""
    room = messages.LARGEST_BODY - len(messages.display(a_stamp(), a_card(""), card_url=URL).body)
    whole, thin = (messages.display(a_stamp(), a_card("x" * size), card_url=URL) for size in (room, room + 1))
    assert len(whole.body) == messages.LARGEST_BODY
    assert b"card_url" not in whole.body
    assert b"card_url" in thin.body


def test_ids_are_stable() -> None:
    """The id does not change from release to release, or receivers would take a replay for news."""
    assert messages.message_id("test", "crd_1", 2, "card.updated", 1795333263104221) == "msg_fh3jtxc6njdlt74xjam4uj33fx"


@given(st.text(max_size=20), st.text(max_size=20), st.integers(1, 10**6), st.text(max_size=20))
def test_ids_have_no_full_stop(deployment: str, card_id: str, revision: int, kind: str) -> None:
    """Whatever goes in, the separator of what is signed never comes out."""
    assert re.fullmatch(r"msg_[a-z2-7]{26}", messages.message_id(deployment, card_id, revision, kind, 1))


def test_one_id_one_body() -> None:
    """Different events of one card have different ids, also where two reasons share a type, or where a restored backup says
    something else under the same revision."""
    ids = [
        messages.display(a_stamp(revision=1), a_card(), card_url=URL).id,
        messages.display(a_stamp(), a_card(), card_url=URL).id,
        messages.display(a_stamp(deployment="other"), a_card(), card_url=URL).id,
        messages.message_id("test", "crd_12", 1, "card.updated", 1),
        messages.display(a_stamp(sequence=7), a_card(), card_url=URL).id,
        *(messages.take_down(a_stamp(), reason, ended_at=NOW).id for reason in get_args(EndReason)),
    ]
    assert len(set(ids)) == len(ids)
    assert messages.display(a_stamp(), a_card(), card_url=URL).id == ids[1]


def test_every_body_fits_the_shipped_schema() -> None:
    """Each type of message is valid by the schema receivers get, and is told apart by it."""
    checked = jsonschema.Draft202012Validator(schema())
    made = [
        message
        for exercise in (False, True)
        for message in (
            messages.display(a_stamp(exercise=exercise, revision=1), a_card(), card_url=URL),
            messages.display(a_stamp(exercise=exercise), a_card("x" * 30_000), card_url=URL),
            *(messages.take_down(a_stamp(exercise=exercise), each, ended_at=NOW) for each in get_args(EndReason)),
        )
    ]
    made += [*passing_messages(), *operator_messages()]
    for message in made:
        checked.validate(json.loads(message.body))
    assert {message.type for message in made} == {
        *get_args(messages.DisplayType),
        *get_args(messages.TakeDownType),
        *get_args(operator.OperatorType),
        *(passing.SNAPSHOT, passing.TEST, passing.CHALLENGE),
    }


def passing_messages() -> list[messages.Message]:
    """What every receiver gets beside cards."""
    stamp = passing.Passing(deployment="test", receiver="app", sequence=SEQUENCE, timestamp=NOW, expires_at=END)
    active = passing.ActiveCard(card_id="crd_1", revision=2, sequence=1, expires_at=END, verified_at=NOW)
    nonce = "n" * 32
    return [passing.snapshot(stamp, (active,)), passing.test(stamp, nonce), passing.challenge(stamp, nonce)]


def operator_messages() -> list[messages.Message]:
    """One of each kind."""
    said = operator.OperatorData(severity="warning", feed="nws", advice="Look at it.")
    return [
        operator.operator_message(kind, said, deployment="test", sequence=SEQUENCE, timestamp=NOW)
        for kind in get_args(operator.Kind)
    ]


def test_a_snapshot_lists_what_a_receiver_should_display() -> None:
    """It is about no card, has no action, and lists the cards in the order of their ids."""
    stamp = passing.Passing(deployment="test", receiver="app", sequence=SEQUENCE, timestamp=NOW, expires_at=END)
    cards_ = [
        passing.ActiveCard(card_id=card_id, revision=1, sequence=1, expires_at=END, verified_at=NOW)
        for card_id in ("crd_b", "crd_a")
    ]
    message = passing.snapshot(stamp, tuple(cards_))
    data = json.loads(message.body)["data"]
    assert (message.action, message.card_id, message.type) == (None, None, "state.snapshot")
    assert (data["sequence"], data["generated_at"]) == (SEQUENCE, "2026-11-22T07:41:03Z")
    assert [card["card_id"] for card in data["active"]] == ["crd_a", "crd_b"]
    other = passing.snapshot(msgspec.structs.replace(stamp, receiver="wall"), tuple(cards_))
    assert other.id != message.id


def test_the_shipped_schema_is_current() -> None:
    """The file is what the types say; `python -m capgateway.webhooks.schema > schemas/message/…` renews it."""
    made = msgspec.json.format(messages.encode(json_schema())) + b"\n"
    assert shipped.schema("message/message-1.schema.json") == made
