"""Rules about areas: names, shapes, heights (CAP 1.2 §3.2.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cap import geometry, topology
from capgateway.cap.rule import Rule
from capgateway.cap.rules.info import check_pairs
from capgateway.cap.rules.message import BLANKS, has_unusual_blank

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Area
    from capgateway.cap.rules.notes import Notes, Step

#: Smaller circles, in kilometres, mark a place on a map rather than an area to alert.
MARKER_RADIUS = 0.01

MISSING = Rule(
    id="cap.area.missing",
    level="warning",
    asks="An info of a public, actual Alert or Update has an area.",
    why="Without one nobody knows whom it concerns.",
    reference="CAP 1.2 §3.2.4",
    source=("A-125",),
)
DESCRIPTION = Rule(
    id="cap.area-desc.empty",
    level="error",
    asks="areaDesc names the area.",
    reference="CAP 1.2 §3.2.4",
    source=("A-110",),
)
POLYGON_FORM = Rule(
    id="cap.polygon.form",
    level="error",
    asks="polygon is pairs `latitude,longitude` in decimal degrees, apart by blanks.",
    reference="CAP 1.2 §3.2.4",
    source=("A-113",),
)
POLYGON_POINTS = Rule(
    id="cap.polygon.points",
    level="error",
    asks="polygon has four pairs at least.",
    reference="CAP 1.2 §3.2.4",
    source=("A-113",),
)
POLYGON_OPEN = Rule(
    id="cap.polygon.open",
    level="warning",
    asks="The last pair of a polygon is its first.",
    why="The standard asks for it. What is meant is beyond doubt, so the ring is read as closed.",
    reference="CAP 1.2 §3.2.4",
    source=("A-114",),
)
POLYGON_LENGTH = Rule(
    id="cap.polygon.length",
    level="error",
    asks="A polygon is short enough to be read: 200,000 pairs, 50,000 when they are not written plainly.",
    why="No outline of an alert needs more, and each receiver has to read them all.",
    reference="CAP 1.2 §3.2.4",
    source=("A-15",),
)
POLYGON_CROSSING = Rule(
    id="cap.polygon.crossing",
    level="warning",
    asks="The edges of a polygon neither cross nor touch each other but at the corners between them.",
    why="Programs disagree about which side of crossing edges is inside.",
    reference="CAP 1.2 §3.2.4",
    source=("A-115",),
)
POLYGON_FLAT = Rule(
    id="cap.polygon.flat",
    level="warning",
    asks="The corners of a polygon do not all lie on one line.",
    why="Otherwise it encloses nothing and alerts nobody.",
    reference="CAP 1.2 §3.2.4",
    source=("A-113",),
)
POLYGON_UNCHECKED = Rule(
    id="cap.polygon.unchecked",
    level="info",
    asks="A polygon is simple enough to look for crossing edges.",
    why="The search is bounded, so that no message takes longer than a moment. It ends early in outlines of many thousand "
    "long edges only.",
    reference="CAP 1.2 §3.2.4",
    source=("A-15", "A-115"),
)
POLYGON_ANTIMERIDIAN = Rule(
    id="cap.polygon.antimeridian",
    level="info",
    asks="A polygon over the 180th meridian is better sent as two.",
    why="CAP has no rule for it; it is read here the short way round, others may go round the globe.",
    reference="CAP 1.2 §3.3.1",
    source=("A-119",),
)
RANGE = Rule(
    id="cap.coordinates.range",
    level="error",
    asks="Latitudes lie between -90 and 90, longitudes between -180 and 180 degrees.",
    reference="CAP 1.2 §3.3.1",
    source=("A-112",),
)
SWAPPED = Rule(
    id="cap.coordinates.swapped",
    level="error",
    asks="Coordinates are written latitude first.",
    why="Found where they lie off the globe and would lie on it the other way round. GeoJSON and maps put longitude first.",
    reference="CAP 1.2 §3.3.1",
    source=("A-112",),
)
CIRCLE = Rule(
    id="cap.circle.form",
    level="error",
    asks="circle is `latitude,longitude radius` with the radius in kilometres, 0 or more.",
    reference="CAP 1.2 §3.2.4",
    source=("A-117",),
)
CIRCLE_MARKER = Rule(
    id="cap.circle.marker",
    level="warning",
    asks="The radius of a circle is larger than nothing.",
    why="A circle of radius 0 marks a point and alerts nobody.",
    reference="CAP 1.2 §3.2.4",
    source=("A-118",),
)
GEOCODE_ONLY = Rule(
    id="cap.geocode.only",
    level="warning",
    asks="A geocode comes with a polygon or circle of the same area.",
    why="Not every receiver knows every list of codes. AMBER Alerts usually come with codes only.",
    reference="CAP 1.2 §3.2.4",
    source=("A-121",),
)
CEILING = Rule(
    id="cap.ceiling.altitude",
    level="error",
    asks="ceiling comes with an altitude and is not below it.",
    reference="CAP 1.2 §3.2.4",
    source=("A-122", "A-123"),
)


#: What is wrong with a shape: the rule it breaks and what to say.
Fault = tuple[Rule, str]

_SHAPE_FAULTS: dict[geometry.Fault | topology.Flaw, Fault] = {
    "form": (POLYGON_FORM, "polygon is not pairs such as `30.2,-97.7 30.4,-97.7`, apart by blanks."),
    "few": (POLYGON_POINTS, "polygon has fewer than four pairs; three corners and the first one again."),
    "open": (POLYGON_OPEN, "The last pair of polygon is not its first; the ring is read as closed."),
    "long": (POLYGON_LENGTH, "polygon is too long to be read; a hundred points say as much."),
    "range": (RANGE, "A latitude is beyond 90 or a longitude beyond 180 degrees."),
    "swapped": (SWAPPED, "The coordinates are off the globe; if they are longitude,latitude, exchange them."),
    "flat": (POLYGON_FLAT, "All corners of polygon lie on one line; it encloses nothing."),
    "crossing": (POLYGON_CROSSING, "Edges of polygon cross or touch each other; put the corners in order."),
    "antimeridian": (POLYGON_ANTIMERIDIAN, "polygon crosses the 180th meridian; two polygons would be safer."),
    "unchecked": (POLYGON_UNCHECKED, "polygon has too many edges to look for crossings; a hundred points say as much."),
}


class Shapes(msgspec.Struct):
    """What is wrong with the polygons of a message; infos of several languages have the same ones."""

    _budget: topology.Budget
    _faults: dict[str, list[Fault]] = {}

    def faults(self, text: str) -> list[Fault]:
        """What is wrong with a polygon's text."""
        found = self._faults.get(text)
        if found is None:
            read = geometry.polygon(text)
            flaws = topology.flaws(read.points, self._budget) if read.points else ()
            found = self._faults[text] = [_SHAPE_FAULTS[fault] for fault in (*read.faults, *flaws)]
            if "form" not in read.faults and has_unusual_blank(text):
                found.append((BLANKS, "The pairs of polygon are apart by an unusual blank; write plain ones."))
        return found


def check_missing(alert: Alert, notes: Notes, here: Step) -> None:
    if alert.status == "Actual" and alert.scope == "Public" and alert.msg_type in {"Alert", "Update"}:
        notes.add(MISSING, "The info has no area; say whom it concerns.", here)


def check_area(area: Area, shapes: Shapes, notes: Notes, *here: Step) -> None:
    if not area.area_desc.strip() and notes.has(*here, "areaDesc"):
        notes.add(DESCRIPTION, "areaDesc is empty; name the area.", *here, "areaDesc")
    for number, text in enumerate(area.polygons):
        for rule, message in shapes.faults(text):
            notes.add(rule, message, *here, ("polygon", number))
    for number, text in enumerate(area.circles):
        _circle(text, notes, *here, ("circle", number))
    if area.geocodes:
        check_pairs("geocode", area.geocodes, notes, *here)
        if not area.polygons and not area.circles:
            message = "The area has codes only; add a polygon or circle for receivers without the list."
            notes.add(GEOCODE_ONLY, message, *here)
    if area.ceiling is not None:
        _heights(area, notes, *here)


def _circle(text: str, notes: Notes, *here: Step) -> None:
    read = geometry.circle(text)
    if read == "form":
        notes.add(CIRCLE, "circle is not `latitude,longitude radius`, such as `30.2,-97.7 5`.", *here)
    elif isinstance(read, str):
        notes.add(*_SHAPE_FAULTS[read], *here)
    elif read.radius < MARKER_RADIUS:
        notes.add(CIRCLE_MARKER, "The circle has no size; give a radius in kilometres.", *here)
    if read != "form" and has_unusual_blank(text):
        notes.add(BLANKS, "circle holds an unusual blank; write plain ones.", *here)


def _heights(area: Area, notes: Notes, *here: Step) -> None:
    if area.altitude is None:
        notes.add(CEILING, "ceiling comes without altitude; add the lower bound.", *here, "ceiling")
        return
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415  (few messages need it)

    try:
        is_below = Decimal(area.ceiling or "") < Decimal(area.altitude)
    except InvalidOperation:
        return  # no numbers: in CAP 1.2 the schema says so, 1.1 and 1.0 allow any text
    if is_below:
        notes.add(
            CEILING, f"ceiling {area.ceiling} is below altitude {area.altitude}; exchange them.", *here, "ceiling"
        )
