"""The published card, ``card/1``: what the platform shows. Its JSON Schema is generated from these types.

Unknown scalars are ``null``, empty lists ``[]``; receivers ignore fields they don't know. Times are RFC 3339 in UTC
(``source.sent`` excepted: as received). Facts are read by :mod:`capgateway.cards.extract`.

``python -m capgateway.cards.card`` prints the strict schema, with ``--lax`` the one for receivers.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from capgateway.cards.described import describe

Language = str
Label = dict[Language, str]
ExpiresFrom = Literal["cap", "default", "max"]
Basis = Literal["polygon", "circle", "geocode", "mixed"]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Number = int | float
"""Stays as it is written: a whole number without a fraction, also when a card is read from the database."""


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who issued the alert: never this gateway, never a clearing house."""

    name: str
    sender: str
    country: str | None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One fact ready for display, in the content's language."""

    role: str
    text: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The issuer's words in one language, unaltered. ``short`` and ``long`` are the wireless texts, verbatim."""

    event: str
    headline: str | None
    description: str | None
    instruction: str | None
    area: str | None
    short: str | None
    long: str | None
    accessibility: str
    lines: tuple[Line, ...] = ()


class Age(msgspec.Struct, frozen=True, kw_only=True):
    """An age in ``unit``; ``max`` is the upper end of a range such as "30 to 40 years old" or "in her 20s"."""

    value: Annotated[int, msgspec.Meta(ge=0)]
    max: int | None = None
    unit: Literal["year", "month", "week", "day"] = "year"
    text: str


class Height(msgspec.Struct, frozen=True, kw_only=True):
    """A height in whole centimetres; ``max_cm`` is the upper end of a range."""

    cm: int
    max_cm: int | None = None
    text: str


class Weight(msgspec.Struct, frozen=True, kw_only=True):
    """A weight in whole kilograms; ``max_kg`` is the upper end of a range."""

    kg: int
    max_kg: int | None = None
    text: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person sought or a suspect, as far as the alert surely says."""

    name: str | None = None
    age: Age | None = None
    sex: Literal["F", "M"] | None = None
    race: str | None = None
    hair: str | None = None
    eyes: str | None = None
    height: Height | None = None
    weight: Weight | None = None
    clothing: str | None = None
    photo: str | None = None


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle that is looked for. A partial plate is its known characters."""

    color: str | None = None
    year: int | None = None
    make: str | None = None
    model: str | None = None
    body: str | None = None
    plate: str | None = None
    plate_region: str | None = None
    plate_partial: bool = False
    detail: str | None = None


class SeenTime(msgspec.Struct, frozen=True, kw_only=True):
    """When, in the issuer's words; ``at`` is the moment where it can be told for sure."""

    text: str
    at: Time | None = None


class LastSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when the person sought was last seen, and which way they went, in the issuer's words."""

    place: str | None = None
    time: SeenTime | None = None
    direction: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a fact was read: code points ``start`` to before ``end`` of ``content[language][field]``, or of the parameter's value
    where ``field`` is ``parameter:NAME``. That slice is ``text``."""

    confidence: Literal["certain", "high", "medium"]
    text: str
    language: str
    field: str
    start: int
    end: int


class Action(msgspec.Struct, frozen=True, kw_only=True, rename={"origin": "from"}):
    """A call to action; ``from`` says whether the alert itself or the operator's policy asks for it."""

    type: Literal["call", "open"]
    value: str
    label: Label
    origin: Literal["cap", "policy"]


class Media(msgspec.Struct, frozen=True, kw_only=True):
    """A picture, made again by the gateway: always a JPEG. ``alt`` describes it by what is sure. ``url`` is gone when the card has
    ended."""

    id: Annotated[str, msgspec.Meta(pattern="^m[1-9][0-9]*$")]
    role: Literal["child", "person", "suspect", "vehicle", "other"]
    url: str
    sha256: str
    mime_type: str
    width: Annotated[int, msgspec.Meta(ge=1)]
    height: Annotated[int, msgspec.Meta(ge=1)]
    alt: Label


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that the alert means: a country, state, province, county, or unit of ``[[places]]``. ``share`` is how much of it is
    meant, ``null`` when that is not known."""

    code: str
    scheme: str
    name: str | None
    share: Number | None


class CardArea(msgspec.Struct, frozen=True, kw_only=True):
    """Where the card is shown. ``target`` is clipped to the policy's regions: a viewer matches if any of their codes is listed.
    Where ``match`` is ``geometry``, also a viewer whose point lies in ``geometry``: it alone says who is meant in the regions
    of ``drawn``. The other lists contain what the area touches; ``places`` is the version of the boundary file."""

    basis: Basis
    match: Literal["codes", "geometry"] = "codes"
    places: str = ""
    target: tuple[Target, ...]
    drawn: tuple[str, ...] = ()
    countries: tuple[str, ...]
    subdivisions: tuple[str, ...]
    counties: tuple[str, ...]
    sgc: tuple[str, ...]
    same: tuple[str, ...]
    descriptions: tuple[str, ...]
    geometry: dict[str, Any] | None = None
    bbox: tuple[Number, Number, Number, Number] | None = None
    centroid: tuple[Number, Number] | None = None
    unresolved: tuple[str, ...] = ()


class EventCode(msgspec.Struct, frozen=True, kw_only=True):
    """One eventCode as received."""

    name: str
    value: str


class SignatureNote(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the alert's XML signature."""

    status: str
    signer: str | None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Which message the card was made from, and how it came in."""

    feed: str
    identifier: str
    sender: str
    sent: str
    msg_type: str
    references: tuple[str, ...]
    case_number: str | None
    cap_version: str
    profile: str | None
    event_codes: tuple[EventCode, ...]
    sha256: str
    received_at: Time
    signature: SignatureNote


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """The platform's view of one AMBER Alert chain: stable ``card_id``, growing ``revision``."""

    schema: Literal["card/1"] = "card/1"
    card_id: str
    revision: Annotated[int, msgspec.Meta(ge=1)]
    state: Literal["active", "linked", "waiting", "ended"]
    kind: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]*$")] = "amber"
    status: Literal["actual", "exercise"]
    program: str = "AMBER Alert"
    incident_id: str
    related: tuple[str, ...] = ()
    issuer: Issuer
    issued_at: Time
    updated_at: Time
    expires_at: Time
    expires_from: ExpiresFrom
    content_order: tuple[Language, ...]
    content: dict[Language, Content]
    children: tuple[Person, ...] = ()
    suspects: tuple[Person, ...] = ()
    vehicles: tuple[Vehicle, ...] = ()
    last_seen: LastSeen | None = None
    safety: tuple[str, ...] = ()
    actions: tuple[Action, ...]
    media: tuple[Media, ...] = ()
    area: CardArea
    source: Source


def json_schema(*, lax: bool = False) -> dict[str, Any]:
    """The JSON Schema of a card. The strict one is the producer's: every field is there, and none besides. The lax one is for
    receivers, who ignore what they do not know and take words that later versions add."""
    _, definitions = msgspec.json.schema_components((Card,), ref_template="#/$defs/{name}")
    definitions = _one_number(definitions)
    for definition in definitions.values():
        for field in definition["properties"].values():
            field.pop("default", None)  # nothing is left out, so nothing has to be filled in
        definition["required"] = list(definition["properties"])
        definition["additionalProperties"] = lax
        if lax:
            definition["properties"] = {name: _open(name, field) for name, field in definition["properties"].items()}
    describe(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgateway card, version 1" + (", for receivers" if lax else ""),
        "description": "What the gateway publishes of one alert. Receivers ignore fields they do not know.",
        "$ref": "#/$defs/Card",
        "$defs": definitions,
    }


def _one_number(found: Any) -> Any:
    """A schema without the distinction that :data:`Number` makes: in JSON a whole number is a number too."""
    if isinstance(found, list):
        return [_one_number(each) for each in found]
    if not isinstance(found, dict):
        return found
    ways = found.get("anyOf")
    if ways and {"type": "number"} in ways:
        ways = [way for way in ways if way != {"type": "integer"}]
        found = ways[0] if len(ways) == 1 else {**found, "anyOf": ways}
    return {name: _one_number(each) for name, each in found.items()}


def _open(name: str, field: dict[str, Any]) -> dict[str, Any]:
    """A field whose list of words may grow; not ``schema``, by which a receiver knows the version."""
    if "enum" not in field or name == "schema":
        return field
    return {"type": ["string", "null"] if None in field["enum"] else "string"}


if __name__ == "__main__":  # renews schemas/card/card-1.schema.json; with --lax schemas/card/card-1.lax.schema.json
    print(msgspec.json.format(msgspec.json.encode(json_schema(lax="--lax" in sys.argv), order="sorted")).decode())  # noqa: T201
