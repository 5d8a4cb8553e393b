"""Whether a message's shapes lie in its country, told by generous boxes: enough to notice that somebody wrote longitude
first, or lost a minus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cap import geometry, topology
from capgateway.cap.model import Circle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert
    from capgateway.cap.rule import Rule
    from capgateway.cap.rules.notes import Notes, Step

#: South, north, west and east, in degrees.
Box = tuple[float, float, float, float]


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """``boxes`` hold land, islands and the waters that its services warn for."""

    name: str
    boxes: tuple[Box, ...]


UNITED_STATES = Country(
    name="the United States and its territories",
    boxes=(
        (20, 52, -130, -60),  # the contiguous states with their waters
        (48, 76, -180, -128),  # Alaska
        (48, 60, 165, 180),  # the Aleutians beyond the antimeridian
        (14, 32, -180, -150),  # Hawaii with its northwestern islands
        (14, 21, -70, -62),  # Puerto Rico, the Virgin Islands
        (0, 24, 128, 176),  # Guam, the Northern Marianas, and the islands that the office on Guam warns
        (-18, -8, -175, -165),  # American Samoa
    ),
)
CANADA = Country(name="Canada", boxes=((40, 90, -146, -44),))
AUSTRALIA = Country(
    name="Australia and its islands",
    boxes=(
        (-48, -7, 106, 162),  # the continent, Tasmania, Lord Howe, Christmas Island by its east
        (-32, -26, 164, 172),  # Norfolk
        (-15, -8, 92, 108),  # Christmas Island, Cocos
        (-57, -51, 155, 163),  # Macquarie
        (-56, -50, 70, 78),  # Heard, McDonald
    ),
)


def check_home(alert: Alert, country: Country, notes: Notes, rule: Rule) -> None:
    """Note every shape when all lie off the country; one at home shows that the sender knows how to write them."""
    abroad = []
    for place, text in _shapes(alert):
        start = _start(text)
        if start is not None and _meets(start, country):
            return
        box = _box(place, text)
        if box is None:
            continue  # the rules of CAP have said what is wrong with it
        if _meets(box, country):
            return
        abroad.append((place, box))
    for place, (south, north, west, east) in abroad:
        message = f"The shape is outside {country.name}; check its coordinates."
        if _meets((west, east, south, north), country):
            message = (
                f"The shape is outside {country.name}, but inside with latitude and longitude exchanged; write the latitude "
                "first."
            )
        notes.add(rule, message, *place)


def _shapes(alert: Alert) -> Iterator[tuple[tuple[Step, ...], str]]:
    for number, info in enumerate(alert.infos):
        for position, area in enumerate(info.areas):
            here = (("info", number), ("area", position))
            for index, text in enumerate(area.polygons):
                yield (*here, ("polygon", index)), text
            for index, text in enumerate(area.circles):
                yield (*here, ("circle", index)), text


def _start(text: str) -> Box | None:
    """A shape's first pair: for most messages it says enough, and is read much faster than the whole shape."""
    latitude, _, longitude = next(iter(text.split(None, 1)), "").partition(",")
    try:
        y, x = float(latitude), float(longitude)
    except ValueError:
        return None
    return y, y, x, x


def _box(place: tuple[Step, ...], text: str) -> Box | None:
    if place[-1][0] == "polygon":
        points = geometry.polygon(text).points
    else:
        shape = geometry.circle(text)
        points = topology.outline(shape) if isinstance(shape, Circle) else ()
    if not points:
        return None
    latitudes, longitudes = zip(*points, strict=True)
    return min(latitudes), max(latitudes), min(longitudes), max(longitudes)


def _meets(box: Box, country: Country) -> bool:
    south, north, west, east = box
    return any(
        south <= their_north and their_south <= north and west <= their_east and their_west <= east
        for their_south, their_north, their_west, their_east in country.boxes
    )
