"""Maps: outlines of states and provinces, and the areas of cards, as paths that a template makes an SVG of.

A map is as detailed as its size shows: points nearer than a pixel, and what lies outside the frame, are left out. So any map
takes a few kilobytes, whatever it shows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
import shapely

from capgateway.places.regions import SUBDIVISION_NAMES, is_within
from capgateway.web.console.drawing import WIDTH, Frame, Shape, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgateway.cards import Card
    from capgateway.places import Atlas

DOT = 24.0
"""Units. A smaller area is marked with a dot."""
WRAP = 100.0
"""Longitudes from here on are drawn in the west: Alaska and the islands of the Pacific are one piece."""
FAR = ("US-AK", "US-HI", "US-AS", "US-GU", "US-MP", "US-PR", "US-UM", "US-VI", "CA-NU", "CA-NT", "CA-YT")
"""Of a whole country these are drawn where a card is there: the others would be tiny beside them."""
HOME = ("US", "CA")
MOST_NAMES = 14
LETTER, LINE = 13, 30
"""Units. How wide a letter of a name is, and how tall a line."""
KEPT_MAPS = 32
MOST_POINTS = 2_000
"""Of the area of a card, which is made of a few hundred at most."""
AROUND, LEAST_AROUND = 0.6, 1.5
"""What is shown around the area of one card: a part of its size, which is at least so many degrees."""
WIDEST_WITH_UNITS = 9.0
"""Degrees. In a wider frame counties would be a grey noise."""


class Land(NamedTuple):
    """A state, province or county. ``is_own`` where the policy, or the card, is for it."""

    path: str
    is_own: bool
    name: str
    x: float
    y: float


class Area(NamedTuple):
    """Where a card is displayed. Without a path it is a dot only."""

    card_id: str
    label: str
    path: str
    x: float
    y: float
    is_small: bool


class Map(NamedTuple):
    """A drawing, :data:`WIDTH` units wide."""

    height: int
    lands: tuple[Land, ...]
    units: tuple[Land, ...]
    areas: tuple[Area, ...]
    with_names: bool

    @property
    def width(self) -> int:
        return WIDTH


def of_cards(cards: Sequence[Card], regions: tuple[str, ...], atlas: Atlas) -> Map:
    """The areas of cards within the regions of the policy."""
    shapes = [_shape(card) for card in cards]
    boxes = [tuple(shapely.bounds(one)) for one in shapes if one is not None]
    view, lands = _base(regions, _frame(regions, boxes, atlas), atlas)
    areas = [_area(card, shape, view) for card, shape in zip(cards, shapes, strict=True) if shape is not None]
    return Map(view.height, lands, (), tuple(areas), len(lands) <= MOST_NAMES)


def of_card(card: Card, atlas: Atlas) -> Map | None:
    """The area of one card, with what is around it; ``None`` where nothing is known of it."""
    shape = _shape(card)
    if shape is None:
        return None
    west, south, east, north = shapely.bounds(shape)
    around = max(east - west, north - south, LEAST_AROUND) * AROUND
    view, lands = _base((), Frame(west - around, south - around, east + around, north + around), atlas)
    lands = tuple(land if _is_free(land, shape, view) else land._replace(name="") for land in lands)
    units = tuple(_units(card, view, atlas)) if view.frame.east - view.frame.west <= WIDEST_WITH_UNITS else ()
    return Map(view.height, lands, units, (_area(card, shape, view),), 1 < len(lands) <= MOST_NAMES)


def _is_free(land: Land, shape: Shape, view: View) -> bool:
    """Whether the name of a state is beside the area."""
    (west, north), (east, south) = view.units(np.array([shape.bounds[::3], shape.bounds[2:0:-1]])).tolist()
    return not (west - LINE <= land.x <= east + LINE and north - LINE <= land.y <= south + LINE)


def _units(card: Card, view: View, atlas: Atlas) -> Iterator[Land]:
    """The counties and provinces in the frame; those of the card have their names, as long as there is room."""
    names = {one.code: (one.name or "").partition(",")[0].removesuffix(" County") for one in card.area.target}
    for unit, shape in atlas.chart.near(*view.window):
        part = _clipped(_wrapped(shape), *view.window)
        if path := "" if part.is_empty else view.path(part):
            name = names.get(unit.code, "") if len(names) <= MOST_NAMES else ""
            yield _land(name, path, part, view, unit.code in names)


def _frame(regions: tuple[str, ...], boxes: Sequence[tuple[float, ...]], atlas: Atlas) -> Frame:
    wanted = regions or HOME
    near = {code: shape for code, shape in _shifted(atlas).items() if any(is_within(code, one) for one in wanted)}
    named = {code: shape for code, shape in near.items() if code in regions or code not in FAR}
    every = [*(tuple(shapely.bounds(one)) for one in named.values()), *boxes]
    if not every:
        return _frame(HOME, (), atlas)
    west, south, east, north = zip(*every, strict=True)
    return Frame(min(west), min(south), max(east), max(north))


def _base(regions: tuple[str, ...], frame: Frame, atlas: Atlas) -> tuple[View, tuple[Land, ...]]:
    rounded = Frame(*(round(one, 2) for one in frame.grown()))
    return _drawn(regions, rounded, atlas)


@lru_cache(maxsize=KEPT_MAPS)
def _drawn(regions: tuple[str, ...], frame: Frame, atlas: Atlas) -> tuple[View, tuple[Land, ...]]:
    """The states and provinces of a frame. Most maps are asked for again and again."""
    view = View(frame)
    found = []
    for code, shape in _shifted(atlas).items():
        part = _clipped(shape, *view.window)
        if path := "" if part.is_empty else view.path(part):
            inside = _clipped(shape, *frame)
            if not inside.is_empty:
                name, is_own = SUBDIVISION_NAMES.get(code, code), any(is_within(code, one) for one in regions)
                found.append(_land(name, path, inside, view, is_own))
    return view, tuple(sorted(found, key=lambda land: land.is_own))


def _land(name: str, path: str, inside: Shape, view: View, is_own: bool) -> Land:
    middle = shapely.point_on_surface(inside)
    ((x, y),) = view.units(shapely.get_coordinates(middle)).tolist()
    beside, above = len(name) * LETTER / 2, LINE
    is_inside = beside <= x <= WIDTH - beside and above <= y <= view.height - above
    return Land(path, is_own, name if is_inside else "", round(x), round(y))


@lru_cache(maxsize=4)
def _shifted(atlas: Atlas) -> dict[str, Shape]:
    return {code: _wrapped(shape) for code, shape in atlas.outlines.items()}


def _wrapped(shape: Shape) -> Shape:
    """A shape with its longitudes as they are drawn, cut where it reaches across their end; what cannot be drawn is mended."""
    drawn: list[Shape] = []
    for part in shapely.get_parts(shape):
        west, south, east, north = part.bounds
        if west >= WRAP:
            drawn.append(_turned(part))
        elif east > WRAP:
            beyond = shapely.clip_by_rect(part, WRAP, south - 1, east + 1, north + 1)
            drawn += shapely.get_parts(shapely.clip_by_rect(part, west - 1, south - 1, WRAP, north + 1)).tolist()
            drawn += shapely.get_parts(_turned(beyond)).tolist()
        else:
            drawn.append(part)
    whole = drawn[0] if len(drawn) == 1 else shapely.multipolygons(drawn)
    return whole if shapely.is_valid(whole) else shapely.union_all(shapely.make_valid(drawn))


def _turned(shape: Shape) -> Shape:
    return shapely.transform(shape, lambda points: points - (360.0, 0.0))


def _clipped(shape: Shape, west: float, south: float, east: float, north: float) -> Shape:
    """The part of a shape in a box. GEOS is fast with most shapes, and gives up on a few that the slower way can do."""
    try:
        return shapely.clip_by_rect(shape, west, south, east, north)
    except shapely.GEOSException:
        return shapely.intersection(shapely.make_valid(shape), shapely.box(west, south, east, north))


def _shape(card: Card) -> Shape | None:
    if card.area.geometry is None:
        return _wrapped(shapely.Point(card.area.centroid)) if card.area.centroid else None
    shape = shapely.from_geojson(msgspec.json.encode(card.area.geometry))
    if shapely.get_num_coordinates(shape) > MOST_POINTS:  # to mend it could take minutes
        shape = shapely.convex_hull(shape)
    return None if shape.is_empty else _wrapped(shape)


def _area(card: Card, shape: Shape, view: View) -> Area:
    west, south, east, north = view.frame
    part = _clipped(shape, west - 1, south - 1, east + 1, north + 1)
    points = view.units(shapely.get_coordinates(part if not part.is_empty else shape))
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    path = view.path(part) if part.area else ""
    return Area(card.card_id, card.card_id, path, round(x), round(y), max(high - low) < DOT or not path)
