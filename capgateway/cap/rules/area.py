"""Rules about areas: names, shapes, heights (CAP 1.2 §3.2.4)."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from capgateway.cap import geometry, topology
from capgateway.cap.geometry import MARKER_RADIUS
from capgateway.cap.rule import Rule
from capgateway.cap.rules.info import check_pairs
from capgateway.cap.rules.lists import BLANKS, named, unusual_blank

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Area
    from capgateway.cap.rules.notes import Notes, Step

#: In kilometres: no warning is for a larger circle, but many radii in metres are larger.
LARGEST_RADIUS = 1_000

MISSING = Rule(
    id="cap.area.missing",
    level="warning",
    asks="An info of an Alert or Update with status Actual and scope Public has an area.",
    why="Without an area nobody knows whom the message concerns.",
    reference="CAP 1.2 §3.2.4",
    source=("A-125",),
)
DESCRIPTION = Rule(
    id="cap.area-desc.empty",
    level="error",
    asks="areaDesc is not empty.",
    why="areaDesc is the name of the area, which every receiver shows.",
    reference="CAP 1.2 §3.2.4",
    source=("A-110",),
)
POLYGON_FORM = Rule(
    id="cap.polygon.form",
    level="error",
    asks="A polygon consists of pairs latitude,longitude in decimal degrees, separated by white space.",
    why="Receivers cannot show a polygon in which one pair is wrong.",
    reference="CAP 1.2 §3.2.4",
    source=("A-113",),
)
POLYGON_POINTS = Rule(
    id="cap.polygon.points",
    level="error",
    asks="A polygon has at least four pairs: three corners and the first one again.",
    why="Fewer do not enclose an area.",
    reference="CAP 1.2 §3.2.4",
    source=("A-113",),
)
POLYGON_OPEN = Rule(
    id="cap.polygon.open",
    level="warning",
    asks="The last pair of a polygon is the same as the first.",
    why="The standard requires it. The meaning is not in doubt, so the polygon is read here as closed.",
    reference="CAP 1.2 §3.2.4",
    source=("A-114",),
)
POLYGON_LENGTH = Rule(
    id="cap.polygon.length",
    level="error",
    asks="A polygon has at most 200,000 pairs, and at most 50,000 if they are written in an unusual way, such as `+1,.5`.",
    why="No alert needs more, and every receiver has to read all of them.",
    reference="CAP 1.2 §3.2.4",
    source=("A-15",),
)
POLYGON_CROSSING = Rule(
    id="cap.polygon.crossing",
    level="warning",
    asks="The edges of a polygon meet only at the corners between them.",
    why="Programs disagree about which side of crossing edges is inside the area.",
    reference="CAP 1.2 §3.2.4",
    source=("A-115",),
)
POLYGON_FLAT = Rule(
    id="cap.polygon.flat",
    level="warning",
    asks="The corners of a polygon are not all on one line.",
    why="Such a polygon encloses nothing and alerts nobody.",
    reference="CAP 1.2 §3.2.4",
    source=("A-113",),
)
POLYGON_UNCHECKED = Rule(
    id="cap.polygon.unchecked",
    level="info",
    asks="A polygon is simple enough to be searched for crossing edges.",
    why="The search is limited, so that no message takes longer than about a second. Only outlines with many thousand long "
    "edges reach the limit.",
    reference="CAP 1.2 §3.2.4",
    source=("A-15", "A-115"),
)
POLYGON_ANTIMERIDIAN = Rule(
    id="cap.polygon.antimeridian",
    level="info",
    asks="A polygon does not cross the 180th meridian.",
    why="CAP does not say how to read one that does. It is read here the shorter way round; other receivers may draw it around "
    "the globe.",
    reference="CAP 1.2 §3.3.1",
    source=("A-119",),
)
RANGE = Rule(
    id="cap.coordinates.range",
    level="error",
    asks="Latitudes are between -90 and 90, and longitudes between -180 and 180 degrees.",
    why="Other coordinates are not on the globe, so the shape cannot be shown.",
    reference="CAP 1.2 §3.3.1",
    source=("A-112",),
)
SWAPPED = Rule(
    id="cap.coordinates.swapped",
    level="error",
    asks="Coordinates are written with the latitude first.",
    why="Reported if the coordinates are not on the globe but are with latitude and longitude exchanged. GeoJSON and many maps "
    "write the longitude first.",
    reference="CAP 1.2 §3.3.1",
    source=("A-112",),
)
CIRCLE = Rule(
    id="cap.circle.form",
    level="error",
    asks="A circle has the form `latitude,longitude radius`, with a radius in kilometres that is not negative.",
    why="Receivers cannot show a circle in another form.",
    reference="CAP 1.2 §3.2.4",
    source=("A-117",),
)
CIRCLE_MARKER = Rule(
    id="cap.circle.marker",
    level="warning",
    asks="The radius of a circle is at least 0.01 kilometres.",
    why="A smaller circle marks a point on the map and alerts nobody.",
    reference="CAP 1.2 §3.2.4",
    source=("A-118",),
)
CIRCLE_SIZE = Rule(
    id="cap.circle.size",
    level="warning",
    asks="The radius of a circle is at most 1,000 kilometres.",
    why="A larger circle covers a continent. Most likely the radius was written in metres; CAP uses kilometres.",
    reference="CAP 1.2 §3.2.4",
    source=("A-117",),
)
GEOCODE_ONLY = Rule(
    id="cap.geocode.only",
    level="warning",
    asks="An area with a geocode also has a polygon or a circle.",
    why="Not every receiver knows every list of codes. AMBER Alerts usually have geocodes only.",
    reference="CAP 1.2 §3.2.4",
    source=("A-121",),
)
CEILING = Rule(
    id="cap.ceiling.altitude",
    level="error",
    asks="An area with a ceiling also has an altitude, which is not above the ceiling.",
    why="altitude is the lower limit of the area, and ceiling the upper one.",
    reference="CAP 1.2 §3.2.4",
    source=("A-122", "A-123"),
)

#: What is wrong with a shape: the rule it breaks, what to say, and where in its text, if that is known.
Fault = tuple[Rule, str, "int | msgspec.UnsetType"]

_WRONG_PAIRS = {"form": POLYGON_FORM, "range": RANGE, "swapped": SWAPPED}
_SHAPE_FAULTS: dict[geometry.Fault | topology.Flaw, tuple[Rule, str]] = {
    "long": (POLYGON_LENGTH, "The polygon is too long to be read; a hundred pairs are enough."),
    "flat": (POLYGON_FLAT, "All corners of the polygon are on one line, so it encloses nothing; correct its pairs."),
    "antimeridian": (
        POLYGON_ANTIMERIDIAN,
        "The polygon crosses the 180th meridian; divide it there into two polygons.",
    ),
    "unchecked": (
        POLYGON_UNCHECKED,
        "The polygon has too many edges to search for crossings; a hundred pairs are enough.",
    ),
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
            found = self._faults[text] = _faults(text, read, flaws) if read.faults or flaws else []
            at = unusual_blank(text)
            if at is not None and "long" not in read.faults and "form" not in read.faults:
                found.append((BLANKS, f"The polygon contains {named(text[at])}; write a space.", at))
        return found


def _faults(text: str, read: geometry.Polygon, flaws: tuple[topology.Flaw, ...]) -> list[Fault]:
    found: list[Fault] = [(*_SHAPE_FAULTS[fault], msgspec.UNSET) for fault in read.faults if fault in _SHAPE_FAULTS]
    if not _WRONG_PAIRS.keys().isdisjoint(read.faults):
        from capgateway.cap.pairs import wrong_pairs  # noqa: PLC0415  (few messages need it)

        found += [(_WRONG_PAIRS[wrong.kind], wrong.message, wrong.at) for wrong in wrong_pairs(text)]
    if "few" in read.faults:
        found.append((POLYGON_POINTS, _few(text), msgspec.UNSET))
    elif "open" in read.faults:
        found.append(_open(text))
    for flaw in flaws:
        found.append(_crossing(text, read.points) if flaw == "crossing" else (*_SHAPE_FAULTS[flaw], msgspec.UNSET))
    return found


def _few(text: str) -> str:
    pairs = text.split()
    what = f"The polygon has {len(pairs)} pair{'s' if len(pairs) > 1 else ''}"
    if len(pairs) == geometry.MIN_POINTS - 1 and pairs[0] != pairs[-1]:
        return f"{what} and is not closed; repeat the first pair, `{pairs[0]}`, at the end."
    return f"{what}; write at least three corners and the first one again."


def _open(text: str) -> Fault:
    pairs = text.split()
    message = (
        f"The last pair of the polygon, `{pairs[-1]}`, is not the first one, `{pairs[0]}`; add the first pair at the end. The "
        "polygon is read as closed."
    )
    return POLYGON_OPEN, message, text.rindex(pairs[-1])


def _crossing(text: str, points: topology.Ring) -> Fault:
    """Which edges cross, each by the pairs that it joins."""
    edges = topology.crossing(points, topology.Budget())
    if edges is None:
        return POLYGON_CROSSING, "Edges of the polygon cross or touch; put the pairs in order.", msgspec.UNSET
    count = len(text.split())
    one, other = (f"{edge} to {edge % count + 1}" for edge in edges)
    message = f"The edges of the polygon from pair {one} and from pair {other} cross or touch; put the pairs in order."
    return POLYGON_CROSSING, message, _start(text, edges[0])


def _start(text: str, number: int) -> int:
    """Where the pair of that number, from 1, begins in a text."""
    return next(word.start() for word in islice(re.finditer(r"\S+", text), number - 1, None))


def check_missing(alert: Alert, notes: Notes, here: Step) -> None:
    if alert.status == "Actual" and alert.scope == "Public" and alert.msg_type in {"Alert", "Update"}:
        notes.add(MISSING, "The info has no area; add the area that it concerns.", here)


def check_area(area: Area, shapes: Shapes, notes: Notes, *here: Step) -> None:
    if not area.area_desc.strip() and notes.has(*here, "areaDesc"):
        notes.add(DESCRIPTION, "areaDesc is empty; name the area.", *here, "areaDesc")
    for number, text in enumerate(area.polygons):
        for rule, message, at in shapes.faults(text):
            notes.add(rule, message, *here, ("polygon", number), offset=at)
    for number, text in enumerate(area.circles):
        _circle(text, notes, *here, ("circle", number))
    if area.geocodes:
        check_pairs("geocode", area.geocodes, notes, *here)
        if not area.polygons and not area.circles:
            message = "The area has only geocodes; add a polygon or a circle for receivers that do not know the codes."
            notes.add(GEOCODE_ONLY, message, *here)
    if area.ceiling is not None:
        _heights(area, notes, *here)


def _circle(text: str, notes: Notes, *here: Step) -> None:
    read = geometry.circle(text)
    if isinstance(read, str):
        from capgateway.cap.pairs import wrong_circle  # noqa: PLC0415  (few messages need it)

        kind, message = wrong_circle(text)
        notes.add(CIRCLE if kind == "form" else _WRONG_PAIRS[kind], message, *here)
    elif read.radius < MARKER_RADIUS:
        message = f"The radius of the circle is {read.radius:g} km, so it has no area; write a radius in kilometres."
        notes.add(CIRCLE_MARKER, message, *here)
    elif read.radius > LARGEST_RADIUS:
        kilometres = f"The radius of the circle is {read.radius:,.0f} km"
        message = f"{kilometres}. If metres were meant, write `{read.radius / 1000:g}`; CAP uses kilometres."
        notes.add(CIRCLE_SIZE, message, *here, offset=len(text.rstrip()) - len(text.rsplit(maxsplit=1)[-1]))
    at = unusual_blank(text)
    if at is not None and read != "form":
        notes.add(BLANKS, f"The circle contains {named(text[at])}; write a space.", *here, offset=at)


def _heights(area: Area, notes: Notes, *here: Step) -> None:
    if area.altitude is None:
        notes.add(
            CEILING, "The area has a ceiling but no altitude; add the altitude, its lower limit.", *here, "ceiling"
        )
        return
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415  (few messages need it)

    try:
        is_below = Decimal(area.ceiling or "") < Decimal(area.altitude)
    except InvalidOperation:
        return  # not numbers: in CAP 1.2 the schema says so, 1.1 and 1.0 allow any text
    if is_below:
        message = f"ceiling {(area.ceiling or '')[:20]} is below altitude {area.altitude[:20]}; exchange them."
        notes.add(CEILING, message, *here, "ceiling")
