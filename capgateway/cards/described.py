"""What the fields of the published card mean, with an example of each: for the JSON Schema, and for whoever writes a receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Described = tuple[str, Any]


class Of(NamedTuple):
    """Stands for the example of a whole type, or for a list or a map of one."""

    type: str
    key: str | None = None
    is_list: bool = False


PERSON: dict[str, Described] = {
    "name": ("The name, as the issuer writes it; never in capitals only.", "Ada Testchild"),
    "age": ("The age.", Of("Age")),
    "sex": ("F or M, also where only the wording says it (girl, father).", "F"),
    "race": ("In lower case. Shown only if the operator's policy lists race.", "white"),
    "hair": ("Style and colour, in English and in lower case.", "long brown"),
    "eyes": ("Their colour, in English and in lower case.", "blue"),
    "height": ("The height.", Of("Height")),
    "weight": ("The weight.", Of("Weight")),
    "clothing": ("What they wear, in the issuer's words.", "a red jacket and jeans"),
    "photo": ("The `id` of the picture in `media` that shows them.", "m1"),
}
FIELDS: dict[str, dict[str, Described]] = {
    "Card": {
        "schema": ("The version of this schema.", "card/1"),
        "card_id": ("Stays the same for as long as the card lives.", "crd_5tq2wz7m"),
        "revision": ("Counts the versions of the card from 1.", 2),
        "state": ("active: display it. linked: another card of its incident is displayed. waiting: for a person. ended: for good.", "active"),
        "kind": ("The id of the programme.", "amber"),
        "status": ("exercise: a drill, which must be marked as one.", "actual"),
        "program": ("The name of the programme, in the first language of `content_order`.", "AMBER Alert"),
        "incident_id": ("Cards about the same child have the same one.", "inc_7m2kq4xa"),
        "related": ("Ids of other cards that may be about the same child.", ["crd_2ab7wz7m"]),
        "issuer": ("Who issued the alert.", Of("Issuer")),
        "issued_at": ("When the first alert of the card was sent.", "2026-11-22T07:00:00Z"),
        "updated_at": ("When the alert of this revision was sent.", "2026-11-22T07:41:00Z"),
        "expires_at": ("Remove the card at this time, whatever happens.", "2026-11-23T07:00:00Z"),
        "expires_from": ("Where that time comes from: the alert (cap), the policy's default, or its maximum.", "cap"),
        "content_order": ("The languages, in the issuer's order.", ["en-US", "es-US"]),
        "content": ("The texts, by language tag.", Of("Content", key="en-US")),
        "children": ("The persons sought. In some states that may be an adult: see `age`.", Of("Person", is_list=True)),
        "suspects": ("Those who are suspected.", Of("Person", is_list=True)),
        "vehicles": ("The vehicles looked for, without those that were found or left.", Of("Vehicle", is_list=True)),
        "last_seen": ("Where, when and in which direction.", Of("LastSeen")),
        "safety": ("What the public must not do; do_not_approach is the only code so far.", ["do_not_approach"]),
        "actions": ("Calls to action, in display order.", Of("Action", is_list=True)),
        "media": ("Pictures.", Of("Media", is_list=True)),
        "area": ("Where the card is displayed.", Of("CardArea")),
        "source": ("The message that this revision was made from.", Of("Source")),
    },
    "Person": PERSON,
    "Age": {
        "value": ("The age, or the lower end of a range.", 7),
        "max": ("The upper end of a range such as \"30 to 40 years old\".", 40),
        "unit": ("What it counts.", "year"),
        "text": ("The issuer's words.", "7 years old"),
    },
    "Height": {
        "cm": ("Centimetres, rounded; the lower end of a range.", 124),
        "max_cm": ("The upper end of a range.", 130),
        "text": ("The issuer's words.", "4'1\""),
    },
    "Weight": {
        "kg": ("Kilograms, rounded; the lower end of a range.", 25),
        "max_kg": ("The upper end of a range.", 30),
        "text": ("The issuer's words.", "55 pounds"),
    },
    "Vehicle": {
        "color": ("In English and in lower case; two colours are separated by a slash.", "dark blue"),
        "year": ("The model year.", 2014),
        "make": ("The make.", "GMC"),
        "model": ("The model.", "Sierra"),
        "body": ("The kind of vehicle, in English.", "pickup"),
        "plate": ("Letters and digits only. A partial plate is its known characters.", "KPW4471"),
        "plate_region": ("ISO 3166-2 code of the state or province.", "US-TX"),
        "plate_partial": ("Whether characters of the plate are missing.", False),
        "detail": ("What else distinguishes it, in the issuer's words.", "damage to the rear bumper"),
    },
    "LastSeen": {
        "place": ("In the issuer's words.", "Dallas, Texas"),
        "time": ("The time.", Of("SeenTime")),
        "direction": ("In the issuer's words.", "north on I-35"),
    },
    "SeenTime": {
        "text": ("In the issuer's words.", "6:30 PM today"),
        "at": ("The moment, where it is certain.", "2026-11-22T06:30:00Z"),
    },
    "Issuer": {
        "name": ("The agency.", "Texas Department of Public Safety"),
        "sender": ("The identifier of the sender in CAP.", "amber@dps.example"),
        "country": ("ISO 3166-1 code, if the area is in one country.", "US"),
    },
    "Content": {
        "event": ("The kind of event, verbatim.", "Child Abduction Emergency"),
        "headline": ("Verbatim.", "AMBER Alert: Ada Testchild, 7"),
        "description": ("Verbatim. Texts of several blocks of the language are separated by an empty line.", "Ada Testchild, 7 years old, was last seen in Dallas, Texas."),
        "instruction": ("Verbatim.", "If you see the vehicle, call 911. Do not approach."),
        "area": ("The issuer's words for the area.", "Dallas County, TX"),
        "short": ("The wireless text of 90 characters, verbatim.", "Dallas, TX AMBER Alert: LIC/KPW4471 (TX) White 2014 GMC Sierra"),
        "long": ("The wireless text of 360 characters, verbatim.", "AMBER Alert in Dallas, TX: Ada Testchild, 7. White 2014 GMC Sierra, TX KPW4471."),
        "accessibility": ("The card in words, for screen readers.", "AMBER Alert: Ada Testchild, 7. Dallas County, TX"),
        "lines": ("The sure facts, ready for display.", Of("Line", is_list=True)),
    },
    "Line": {
        "role": ("child, person (an adult sought), vehicle, suspect, last_seen or safety.", "vehicle"),
        "text": ("One line, in the language of the content.", "White 2014 GMC Sierra, TX KPW4471"),
    },
    "Action": {
        "type": ("call a number, or open a page.", "call"),
        "value": ("The number or the address.", "911"),
        "label": ("The text of the button, by language tag.", {"en-US": "Call 911", "es-US": "Llame al 911"}),
        "from": ("Whether the alert itself or the operator's policy asks for it.", "cap"),
    },
    "Media": {
        "id": ("The picture's name on this card.", "m1"),
        "role": ("Whom or what it shows, where the alert says so; else other.", "child"),
        "url": ("Where it can be fetched until the card ends.", "https://cap.platform.example/media/Zm9yIGV4YW1wbGU"),
        "sha256": ("Of the picture at `url`.", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        "mime_type": ("Always JPEG.", "image/jpeg"),
        "width": ("Pixels.", 640),
        "height": ("Pixels.", 800),
        "alt": ("What it shows, in words, by language tag.", {"en-US": "Photo of Ada Testchild"}),
    },
    "CardArea": {
        "basis": ("What the alert gives.", "geocode"),
        "match": ("codes: a viewer's code decides. geometry: test the viewer's point against `geometry`.", "codes"),
        "places": ("The version of the boundary file.", "2026-11"),
        "target": ("A viewer matches if one of their codes is listed here.", Of("Target", is_list=True)),
        "drawn": ("Regions of the target in which only the shape says who is meant.", ["CA-ON"]),
        "countries": ("ISO 3166-1 codes of what the area touches.", ["US"]),
        "subdivisions": ("ISO 3166-2 codes of what the area touches.", ["US-TX"]),
        "counties": ("FIPS codes of what the area touches.", ["48113"]),
        "sgc": ("Statistics Canada's codes of what the area touches.", ["4806016"]),
        "same": ("SAME codes of the alert.", ["048113"]),
        "descriptions": ("The issuer's words for the area.", ["Dallas County, TX"]),
        "geometry": ("GeoJSON, longitude first.", {"type": "Polygon", "coordinates": [[[-97.03, 32.55], [-96.52, 32.55], [-96.52, 32.99], [-97.03, 32.55]]]}),
        "bbox": ("West, south, east, north.", [-97.03, 32.55, -96.52, 32.99]),
        "centroid": ("Longitude, latitude.", [-96.8, 32.8]),
        "unresolved": ("Codes of the alert that name no known place.", ["SAME=099999"]),
    },
    "Target": {
        "code": ("The code of the unit.", "48113"),
        "scheme": ("fips, iso3166-1, iso3166-2, sgc, or the scheme of an own unit.", "fips"),
        "name": ("Its name.", "Dallas County, TX"),
        "share": ("How much of the unit is meant, from 0 to 1.", 0.41),
    },
    "EventCode": {
        "name": ("The scheme, as received.", "SAME"),
        "value": ("The code, as received.", "CAE"),
    },
    "SignatureNote": {
        "status": ("absent, valid, invalid, untrusted, expired or unsupported.", "valid"),
        "signer": ("Who signed.", "CN=IPAWS"),
    },
    "Source": {
        "feed": ("The name of the feed.", "ipaws"),
        "identifier": ("The identifier of the message.", "TX-2026-0042"),
        "sender": ("The sender of the message.", "amber@dps.example"),
        "sent": ("As received.", "2026-11-22T01:41:00-06:00"),
        "msg_type": ("Alert or Update.", "Update"),
        "references": ("The messages that it refers to.", ["amber@dps.example,TX-2026-0041,2026-11-22T01:00:00-06:00"]),
        "case_number": ("The issuer's number of the case.", "2026-1187"),
        "cap_version": ("The version of CAP.", "1.2"),
        "profile": ("The profile of CAP that it was judged by.", "ipaws"),
        "event_codes": ("Its event codes.", Of("EventCode", is_list=True)),
        "sha256": ("Of the received bytes.", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        "received_at": ("When the gateway received it.", "2026-11-22T07:41:02Z"),
        "signature": ("Its XML signature.", Of("SignatureNote")),
    },
}  # fmt: skip


def example(types: Mapping[str, Collection[str]], name: str) -> dict[str, Any]:
    """An example of a whole type; ``types`` are the fields that each type has."""
    return {field: _example(types, FIELDS[name][field][1]) for field in types[name] if field in FIELDS.get(name, {})}


def describe(definitions: Mapping[str, dict[str, Any]]) -> None:
    """Add the description and the example of each field to the definitions of a JSON Schema."""
    types = {name: definition.get("properties", {}) for name, definition in definitions.items()}
    for name, fields in types.items():
        for field, schema in fields.items():
            if field in FIELDS.get(name, {}):
                text, given = FIELDS[name][field]
                schema.update(description=text, examples=[_example(types, given)])


def _example(types: Mapping[str, Collection[str]], given: Any) -> Any:
    if not isinstance(given, Of):
        return given
    made = example(types, given.type)
    return [made] if given.is_list else {given.key: made} if given.key else made
