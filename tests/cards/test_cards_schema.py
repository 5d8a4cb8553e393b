"""The card's published schema: current, and true of the cards we make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from card_samples import HOUR, NOW, TEXAS, an_alert, an_info, card_of, same

from capgateway import cap, shipped
from capgateway.cards import Policy
from capgateway.cards.card import Card, json_schema
from capgateway.simulate import story


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    written = json.loads(shipped.schema("card/card-1.schema.json"))
    jsonschema.Draft202012Validator.check_schema(written)
    return jsonschema.Draft202012Validator(written)


def published(card: Card) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(msgspec.json.encode(card))
    return made


def test_the_shipped_schema_is_current() -> None:
    """The file is what the types say; `python -m capgateway.cards.card > schemas/card/card-1.schema.json` renews it."""
    made = msgspec.json.format(msgspec.json.encode(json_schema(), order="sorted")) + b"\n"
    assert shipped.schema("card/card-1.schema.json") == made


def test_the_shipped_schema_for_receivers_is_current() -> None:
    """`python -m capgateway.cards.card --lax > schemas/card/card-1.lax.schema.json` renews it."""
    made = msgspec.json.format(msgspec.json.encode(json_schema(lax=True), order="sorted")) + b"\n"
    assert shipped.schema("card/card-1.lax.schema.json") == made


def test_every_field_is_described_with_an_example() -> None:
    """And each example is valid."""
    whole = json_schema()
    for name, definition in whole["$defs"].items():
        for field, described in definition["properties"].items():
            assert described.get("description"), f"{name}.{field}: describe it in capgateway/cards/described.py"
            rule = jsonschema.Draft202012Validator({"$defs": whole["$defs"], **described})
            assert [rule.is_valid(example) for example in described["examples"]] == [True], f"{name}.{field}"


def test_the_card_of_the_documentation_is_one(schema: jsonschema.Draft202012Validator) -> None:
    """The whole card that receivers.md shows is valid, and says what the gateway makes of the same alert."""
    text = (Path(__file__).parents[2] / "docs" / "receivers.md").read_text(encoding="utf-8")
    card = json.loads(text.partition("```json card\n")[2].partition("```")[0])
    schema.validate(card)
    made = published(card_of(story.amber(NOW), TEXAS))
    for field in ("content", "children", "suspects", "vehicles", "last_seen", "safety", "actions"):
        assert card[field] == made[field]


def test_receivers_are_told_to_ignore_what_they_do_not_know() -> None:
    """Their schema takes fields and words that later versions add, and still knows the version."""
    lax = jsonschema.Draft202012Validator(json.loads(shipped.schema("card/card-1.lax.schema.json")))
    card = published(card_of(story.amber(NOW), TEXAS))
    later = card | {"nickname": "x", "state": "paused", "issuer": card["issuer"] | {"logo": "x"}}
    assert lax.is_valid(card)
    assert lax.is_valid(later)
    assert not lax.is_valid(card | {"schema": "card/2"})
    assert not lax.is_valid(card | {"revision": "two"})


def test_cards_are_valid(schema: jsonschema.Draft202012Validator) -> None:
    """From a full alert, a bare one, a Canadian one, an exercise, and one of everything odd."""
    location = cap.Named(name="profile:CAP-CP:Location:0.3", value="4806016")
    event = cap.Named(name="profile:CAP-CP:Event:0.4", value="amber")
    canadian = an_info(language="fr-CA", event_codes=(event,), areas=(cap.Area(area_desc="Ici", geocodes=(location,)),))
    bare = an_info(headline=None, sender_name=None, expires=None, areas=(same("000000", area_desc=""),))
    update = story.update(NOW + HOUR, story.amber(NOW))
    made = [
        *(card_of(alert, TEXAS) for alert in (story.amber(NOW), update)),
        *(card_of(alert) for alert in (an_alert(bare), an_alert(canadian))),
        card_of(an_alert(status="Exercise"), Policy(exercises=True)),
    ]
    for card in made:
        schema.validate(published(card))


@pytest.mark.parametrize(
    "fault",
    [
        {"nickname": "x"},
        {"revision": 0},
        {"status": "test"},
        {"kind": "AMBER Alert"},
        {"schema": "card/2"},
        {"issuer": {"name": "x"}},
        {"last_seen": 7},
    ],
)
def test_the_schema_is_strict(schema: jsonschema.Draft202012Validator, fault: dict[str, Any]) -> None:
    """What we would publish by mistake is found; receivers themselves ignore fields they do not know."""
    assert not schema.is_valid(published(card_of(an_alert())) | fault)


def test_every_field_is_always_there(schema: jsonschema.Draft202012Validator) -> None:
    """Unknown scalars are null, empty lists []: a receiver need not ask whether a field exists."""
    card = published(card_of(an_alert()))
    for name in Card.__struct_fields__:
        assert not schema.is_valid({key: value for key, value in card.items() if key != name})


def test_a_card_reads_back_as_itself() -> None:
    """Encoding loses nothing: the store keeps cards as JSON."""
    card = card_of(story.amber(NOW))
    assert msgspec.json.decode(msgspec.json.encode(card), type=Card) == card
