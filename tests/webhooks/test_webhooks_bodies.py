"""The bytes of a body: canonical JSON, and below 20 kB whatever an issuer writes."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import msgspec
import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capgateway import cards, shipped
from capgateway.cards import Card, Policy
from capgateway.cards.card import Line, Person, Target, Vehicle
from capgateway.cards.numbers import plain, plain_geometry
from capgateway.simulate import story
from capgateway.webhooks import messages, thin
from capgateway.webhooks.schema import examples

NOW = datetime(2026, 11, 22, 7, 41, 3, tzinfo=UTC)
URL = "https://cap.platform.example/api/v1/cards/crd_1"
CARD_SCHEMA = jsonschema.Draft202012Validator(json.loads(shipped.schema("card/card-1.schema.json")))
MESSAGE_SCHEMA = jsonschema.Draft202012Validator(json.loads(shipped.schema("message/message-1.schema.json")))
STAMP = messages.Stamp(
    deployment="test",
    card_id="crd_1",
    revision=2,
    sequence=1795333263104221,
    timestamp=NOW,
    expires_at=NOW + timedelta(hours=20),
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
sizes = st.sampled_from([0, 1, 3, 40, 600])
coordinates = st.floats(-180, 180, allow_nan=False)


def whole_card() -> Card:
    """The card of the story's alert, as the gateway makes it."""
    alert = story.amber(NOW)
    gist = cards.gist(alert)
    member = cards.Member(alert_id="alt_1", gist=gist, feed="nws", received_at=NOW)
    (shown,) = cards.decide(cards.Situation(arrived=member, now=NOW), Policy()).changes
    assert isinstance(shown, cards.Display)
    return cards.convert(shown, member, cards.draft(alert, gist), Policy())


CARD = whole_card()


@st.composite
def hostile_cards(draw: st.DrawFn) -> Card:
    """Every list may be long, every text too, and in any script; every number may be next to a whole one."""

    def text() -> str:
        return draw(words) * draw(sizes)

    def several(one: Any) -> tuple[Any, ...]:
        return (one,) * draw(sizes)

    tags = [f"x-{number}" for number in range(draw(st.sampled_from([1, 2, 30])))]
    content = msgspec.structs.replace(
        CARD.content["en-US"],
        headline=text(),
        description=text(),
        short=text(),
        lines=several(Line(role="child", text=draw(words))),
    )
    point = draw(coordinates)
    area = msgspec.structs.replace(
        CARD.area,
        target=several(Target(code="48113", scheme="fips", name=draw(words), share=plain(draw(st.floats(0, 1))))),
        counties=several("48113"),
        geometry=plain_geometry({"type": "MultiPoint", "coordinates": [[point, -0.0]] * draw(sizes)}),
        centroid=(plain(point), plain(draw(coordinates))),
    )
    return msgspec.structs.replace(
        CARD,
        content_order=tuple(tags),
        content=dict.fromkeys(tags, content),
        children=several(Person(name=draw(words))),
        vehicles=several(Vehicle(detail=draw(words))),
        area=area,
        source=msgspec.structs.replace(CARD.source, identifier=text(), references=several(draw(words))),
        issuer=msgspec.structs.replace(CARD.issuer, name=text()),
    )


def as_most_write(value: Any) -> bytes:
    """What a receiver makes of a body that it has parsed, in Python and most other languages."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(hostile_cards())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_hostile_cards_fit_into_a_message(card: Card) -> None:
    """Below 20 kB, still a card by the strict schema, canonical, and with the hash of the whole card if it is thinner."""
    written = messages.encode(card)
    body = messages.display(STAMP, written, card_url=URL).body
    assert len(body) <= messages.LARGEST_BODY
    told = json.loads(body)["data"]
    CARD_SCHEMA.validate(told["card"])
    assert rfc8785.dumps(json.loads(body)) == body == as_most_write(json.loads(body))
    assert as_most_write(json.loads(written)) == written
    if told["card"] != json.loads(written):
        assert (told["card_url"], told["card_sha256"]) == (
            URL,
            hashlib.sha256(written).hexdigest(),
        )


@pytest.mark.parametrize(
    ("units", "children", "kept"),
    [(30, 1, ("target", "lines", "accessibility")), (200, 40, ("target", "lines")), (400, 40, ("lines",))],
)
def test_what_matters_goes_last(units: int, children: int, kept: tuple[str, ...]) -> None:
    """A nationwide area and many children cost the texts, names and repetitions first, then the list of units."""
    lines = tuple(Line(role="child", text=f"Ada Maria Testchild-Longname {number}, 7") for number in range(children))
    words_ = msgspec.structs.replace(CARD.content["en-US"], lines=lines, description="Wide and broad. " * 1500)
    target = tuple(
        Target(code=f"{48000 + n}", scheme="fips", name="Somewhere County, TX", share=1) for n in range(units)
    )
    card = msgspec.structs.replace(
        CARD,
        content={"en-US": words_},
        content_order=("en-US",),
        area=msgspec.structs.replace(CARD.area, target=target),
        children=tuple(Person(name=f"Ada Maria Testchild-Longname {number}") for number in range(children)),
    )
    told = json.loads(messages.display(STAMP, messages.encode(card), card_url=URL).body)["data"]["card"]
    content = told["content"]["en-US"]
    found = {"target": told["area"]["target"], "lines": content["lines"], "accessibility": content["accessibility"]}
    assert tuple(name for name, value in found.items() if value) == kept
    assert len(told["children"]) in (0, children)
    assert [unit["code"] for unit in told["area"]["target"]] in ([], [unit.code for unit in target])


def test_every_step_is_smaller_and_still_a_card() -> None:
    """Each step is valid by the strict schema; the last contains nothing that an issuer writes."""
    before = messages.encode(CARD)
    for smaller in thin.thinner(json.loads(before)):
        CARD_SCHEMA.validate(smaller)
        assert len(messages.encode(smaller)) < len(before)
        before = messages.encode(smaller)
    assert len(before) < 1500
    assert not any(word in before for word in (b"Testchild", b"KPW4471", b"Dallas", b"dps.example"))


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (1.0, "1"),
        (-97.0, "-97"),
        (-0.0, "0"),
        (0.41, "0.41"),
        (0.0004, "0"),
        (-0.0006, "-0.001"),
        (0.001, "0.001"),
        (32.5, "32.5"),
    ],
)
def test_numbers_are_written_as_everybody_writes_them(number: float, written: str) -> None:
    """Whole ones without a fraction, and none so small that a program writes an exponent."""
    assert messages.encode(plain(number)).decode() == written == rfc8785.dumps(plain(number)).decode()


def test_a_card_keeps_its_numbers_in_the_database() -> None:
    """Reading a card and writing it again changes no byte, so that its hash is that of what the API returns."""
    area = msgspec.structs.replace(
        CARD.area, target=(Target(code="48", scheme="fips", name=None, share=plain(1.0)),), bbox=(-97, 32.5, -96, 33)
    )
    written = messages.encode(msgspec.structs.replace(CARD, area=area))
    assert b'"share":1}' in written
    assert messages.encode(msgspec.json.decode(written, type=Card)) == written


def test_every_type_has_an_example_in_the_schema() -> None:
    """Each is valid by the schema, canonical, and a whole message."""
    shown = json.loads(shipped.schema("message/message-1.schema.json"))["$defs"]
    found = [example for definition in shown.values() for example in definition.get("examples", [])]
    types = {kind for name, one in shown.items() if name.endswith("Body") for kind in one["properties"]["type"]["enum"]}
    assert {example["type"] for example in found} == types
    assert len(found) == len(types) == 21
    for example in found:
        MESSAGE_SCHEMA.validate(example)
        if "card" in example["data"]:
            CARD_SCHEMA.validate(example["data"]["card"])
    for message in examples():
        assert rfc8785.dumps(json.loads(message.body)) == message.body


def test_other_ways_to_write_the_card_fit_the_schema_for_one_type_only() -> None:
    """No body is valid as two kinds: a receiver may choose by the schema."""
    whole = json.loads(shipped.schema("message/message-1.schema.json"))
    kinds = [jsonschema.Draft202012Validator({"$defs": whole["$defs"], **each}) for each in whole["oneOf"]]
    for message in examples():
        assert [kind.is_valid(json.loads(message.body)) for kind in kinds].count(True) == 1
