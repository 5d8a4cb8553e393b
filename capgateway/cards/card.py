"""The published card, ``card/1``: what the platform shows. Its JSON Schema is generated from these types.

Unknown scalars are ``null``, empty lists ``[]``; receivers ignore fields they don't know. Times are RFC 3339 in UTC
(``source.sent`` excepted: as received). Facts are not made yet and stay empty.

The schema is the producer's: every field is there, and none besides. ``python -m capgateway.cards.card`` prints it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Language = str
Label = dict[Language, str]
ExpiresFrom = Literal["cap", "default", "max"]
Basis = Literal["polygon", "circle", "geocode", "mixed"]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


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
    share: float | None


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
    bbox: tuple[float, float, float, float] | None = None
    centroid: tuple[float, float] | None = None
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
    children: tuple[dict[str, Any], ...] = ()
    suspects: tuple[dict[str, Any], ...] = ()
    vehicles: tuple[dict[str, Any], ...] = ()
    last_seen: dict[str, Any] | None = None
    safety: tuple[str, ...] = ()
    actions: tuple[Action, ...]
    media: tuple[Media, ...] = ()
    area: CardArea
    source: Source


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a card, for ``schemas/card/card-1.schema.json``."""
    _, definitions = msgspec.json.schema_components((Card,), ref_template="#/$defs/{name}")
    for definition in definitions.values():
        for field in definition["properties"].values():
            field.pop("default", None)  # nothing is left out, so nothing has to be filled in
        definition["required"] = list(definition["properties"])
        definition["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "capgateway card, version 1",
        "description": "What the gateway publishes of one AMBER Alert. Receivers ignore fields they do not know.",
        "$ref": "#/$defs/Card",
        "$defs": definitions,
    }


if __name__ == "__main__":  # renews schemas/card/card-1.schema.json
    print(msgspec.json.format(msgspec.json.encode(json_schema(), order="sorted")).decode())  # noqa: T201
