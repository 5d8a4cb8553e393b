"""Facts that parameters give by themselves, such as ``vehicleLicensePlate``. They win over what prose says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Given(NamedTuple):
    """One parameter of an info block in ``language``."""

    language: str
    name: str
    value: str


class Text(NamedTuple):
    """One text of an alert: ``field`` of the content in ``language``, or ``parameter:NAME``."""

    language: str
    field: str
    text: str


SPOKEN = ("broadcast_text", "eastext", "wirelesstext", "wireless_text")
"""Ends of the names of parameters whose value is prose, such as ``layer:SOREM:1.0:Broadcast_Text`` (CAP-CP)."""

_CHILD = ("child", "victim", "missing", "missingperson", "missingchild", "abductee")
_SUSPECT = ("suspect", "abductor")
_VEHICLE = ("vehicle", "suspectvehicle", "car", "")
_PERSON_PARTS = {
    "name": "name", "fullname": "name", "age": "age", "sex": "sex", "gender": "sex", "race": "race", "hair": "hair", "haircolor": "hair", "eyes": "eyes",
    "eyecolor": "eyes", "height": "height", "weight": "weight", "clothing": "clothing",
}  # fmt: skip
_VEHICLE_PARTS = {"color": "color", "colour": "color", "year": "year", "make": "make", "model": "model"}
_PLATES = {
    "licenseplate": "plate", "licenceplate": "plate", "plate": "plate", "platenumber": "plate", "licenseplatenumber": "plate", "licenceplatenumber": "plate", "tag": "plate", "license": "plate",
    "licenseplatestate": "plate_region", "licenceplateprovince": "plate_region", "platestate": "plate_region", "plateregion": "plate_region", "plateprovince": "plate_region",
    "licensestate": "plate_region", "licenseplateregion": "plate_region",
}  # fmt: skip
NAMES: dict[str, tuple[str, str]] = (
    {f"{who}{part}": ("child", what) for who in _CHILD for part, what in _PERSON_PARTS.items()}
    | {f"{who}{part}": ("suspect", what) for who in _SUSPECT for part, what in _PERSON_PARTS.items()}
    | {f"{who}{part}": ("vehicle", what) for who in _VEHICLE for part, what in _PLATES.items()}
    | {f"{who}{part}": ("vehicle", what) for who in _VEHICLE if who for part, what in _VEHICLE_PARTS.items()}
    | {
        "lastseenlocation": ("seen", "place"),
        "lastseenplace": ("seen", "place"),
        "lastseentime": ("seen", "time"),
        "lastseendate": ("seen", "time"),
    }
)


def spoken(parameters: Iterable[tuple[str, str, str]]) -> list[Text]:
    """The parameters whose value is prose."""
    return [
        Text(language, f"parameter:{name}", value)
        for language, name, value in parameters
        if name.casefold().endswith(SPOKEN)
    ]


def means(name: str) -> tuple[str, str] | None:
    """What a parameter says, and of whom: ``("vehicle", "plate")``."""
    last = name.rpartition(":")[2]
    return NAMES.get("".join(filter(str.isalnum, last.casefold())))
