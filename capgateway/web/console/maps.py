"""Maps: outlines of states and provinces, and the areas of cards, as paths that a template makes an SVG of.

A map is as detailed as its size shows: points nearer than a pixel, and what lies outside the frame, are left out. So any map
takes a few kilobytes, whatever it shows.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import shapely

from capgateway.places.regions import SUBDIVISION_NAMES, is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.cards import Card
    from capgateway.places import Atlas

WIDTH = 1_000
"""Units of the drawing; a map is about half as many pixels wide."""
FINEST = 2.0
"""Units. Points that are nearer to each other are one."""
DOT = 24.0
"""Units. A smaller area is marked with a dot."""
SMALLEST_FRAME = 2.5
WIDE = 20.0
"""Degrees. A wider frame is drawn in Albers' projection, as people know a map of the country; a smaller one plainly."""
FLATTEST, TALLEST = 0.5, 1.1
"""Height of a map by its width."""
MARGIN = 0.06
PARALLELS = (29.5, 45.5)
WRAP = 100.0
"""Longitudes from here on are drawn in the west: Alaska and the islands of the Pacific are one piece."""
FAR = ("US-AK", "US-HI", "US-AS", "US-GU", "US-MP", "US-PR", "US-UM", "US-VI", "CA-NU", "CA-NT", "CA-YT")
"""Of a whole country these are drawn where a card is there: the others would be tiny beside them."""
HOME = ("US", "CA")
MOST_NAMES = 14
LETTER, LINE = 13, 30
"""Units. How wide a letter of a name is, and how tall a line."""
KEPT_MAPS = 32

Shape = Any


class Land(NamedTuple):
    """A state or province. ``is_own`` where the policy is for it."""

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
    areas: tuple[Area, ...]
    with_names: bool

    @property
    def width(self) -> int:
        return WIDTH


class Frame(NamedTuple):
    """What is shown, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def grown(self) -> Frame:
        """With a margin, and not smaller than the eye needs to know where it is."""
        wide = max(self.east - self.west, SMALLEST_FRAME) * (0.5 + MARGIN)
        tall = max(self.north - self.south, SMALLEST_FRAME * 0.7) * (0.5 + MARGIN)
        x, y = (self.west + self.east) / 2, (self.south + self.north) / 2
        return Frame(x - wide, max(-89.0, y - tall), x + wide, min(89.0, y + tall))


class View:
    """Degrees to units of the drawing."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._x0, self._y0 = (frame.west + frame.east) / 2, (frame.south + frame.north) / 2
        self._is_wide = frame.east - frame.west > WIDE and frame.south > 0
        edge = np.linspace(0, 1, 9)
        xs, ys = frame.west + edge * (frame.east - frame.west), frame.south + edge * (frame.north - frame.south)
        around = [
            *((x, y) for x in xs for y in (frame.south, frame.north)),
            *((x, y) for y in ys for x in (frame.west, frame.east)),
        ]
        plane = self._plane(np.array(around))
        (west, south), (east, north) = plane.min(axis=0), plane.max(axis=0)
        self.height = round(WIDTH * min(TALLEST, max(FLATTEST, (north - south) / (east - west))))
        self._scale = min(WIDTH / (east - west), self.height / (north - south))
        self._shift = np.array([WIDTH, self.height]) / 2 - self._scale * np.array([west + east, -(south + north)]) / 2

    def units(self, degrees: Any) -> Any:
        """Points of the drawing, y downwards."""
        return self._plane(degrees) * (self._scale, -self._scale) + self._shift

    def _plane(self, degrees: Any) -> Any:
        if not self._is_wide:
            return (degrees - (self._x0, self._y0)) * (math.cos(math.radians(self._y0)), 1.0)
        first, second = (math.radians(one) for one in PARALLELS)
        n = (math.sin(first) + math.sin(second)) / 2
        c = math.cos(first) ** 2 + 2 * n * math.sin(first)
        rho = np.sqrt(c - 2 * n * np.sin(np.radians(degrees[:, 1]))) / n
        theta = n * np.radians(degrees[:, 0] - self._x0)
        return np.degrees(np.stack([rho * np.sin(theta), -rho * np.cos(theta)], axis=1))

    def path(self, shape: Shape) -> str:
        """The parts of a shape that are large enough to be seen, as a path of an SVG."""
        rings = shapely.get_rings(shapely.get_parts(shape))
        return "".join(filter(None, (_ring(self.units(shapely.get_coordinates(ring))) for ring in rings)))


def of_cards(cards: Sequence[Card], regions: tuple[str, ...], atlas: Atlas) -> Map:
    """The areas of cards within the regions of the policy."""
    shapes = [_shape(card) for card in cards]
    boxes = [tuple(shapely.bounds(one)) for one in shapes if one is not None]
    view, lands = _base(regions, _frame(regions, boxes, atlas), atlas)
    areas = [_area(card, shape, view) for card, shape in zip(cards, shapes, strict=True) if shape is not None]
    return Map(view.height, lands, tuple(areas), len(lands) <= MOST_NAMES)


def of_card(card: Card, atlas: Atlas) -> Map | None:
    """The area of one card, with what is around it; ``None`` where nothing is known of it."""
    shape = _shape(card)
    if shape is None:
        return None
    west, south, east, north = shapely.bounds(shape)
    around = max(east - west, north - south) * 0.35
    view, lands = _base((), Frame(west - around, south - around, east + around, north + around), atlas)
    return Map(view.height, lands, (_area(card, shape, view),), len(lands) <= MOST_NAMES)


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
    wide, tall = frame.east - frame.west, frame.north - frame.south
    window = (frame.west - wide / 2, frame.south - tall / 2, frame.east + wide / 2, frame.north + tall / 2)
    found = []
    for code, shape in _shifted(atlas).items():
        part = shapely.clip_by_rect(shape, *window)
        if path := "" if part.is_empty else view.path(part):
            inside = shapely.clip_by_rect(shape, *frame)
            if not inside.is_empty:
                found.append(_land(code, path, inside, view, any(is_within(code, one) for one in regions)))
    return view, tuple(sorted(found, key=lambda land: land.is_own))


def _land(code: str, path: str, inside: Shape, view: View, is_own: bool) -> Land:
    middle = shapely.point_on_surface(inside)
    ((x, y),) = view.units(shapely.get_coordinates(middle)).tolist()
    name = SUBDIVISION_NAMES.get(code, code)
    beside, above = len(name) * LETTER / 2, LINE
    is_inside = beside <= x <= WIDTH - beside and above <= y <= view.height - above
    return Land(path, is_own, name if is_inside else "", round(x), round(y))


@lru_cache(maxsize=4)
def _shifted(atlas: Atlas) -> dict[str, Shape]:
    return {code: _wrapped(shape) for code, shape in atlas.outlines.items()}


def _wrapped(shape: Shape) -> Shape:
    """A shape with its longitudes as they are drawn; what cannot be drawn is mended."""

    def shift(points: Any) -> Any:
        return np.where(points[:, :1] >= WRAP, points - (360.0, 0.0), points)

    shifted = shapely.transform(shape, shift)
    return shifted if shapely.is_valid(shifted) else shapely.make_valid(shifted)


def _shape(card: Card) -> Shape | None:
    if card.area.geometry is not None:
        return _wrapped(shapely.from_geojson(msgspec.json.encode(card.area.geometry)))
    return _wrapped(shapely.Point(card.area.centroid)) if card.area.centroid else None


def _area(card: Card, shape: Shape, view: View) -> Area:
    west, south, east, north = view.frame
    part = shapely.clip_by_rect(shape, west - 1, south - 1, east + 1, north + 1)
    points = view.units(shapely.get_coordinates(part if not part.is_empty else shape))
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    path = view.path(part) if part.area else ""
    return Area(card.card_id, card.card_id, path, round(x), round(y), max(high - low) < DOT or not path)


def _ring(points: Any) -> str | None:
    """One ring with relative whole steps, which compress best; ``None`` where nobody would see it."""
    size = points.max(axis=0) - points.min(axis=0)
    if max(size) < FINEST:
        return None
    kept = _apart(np.round(points).astype(int).tolist())
    steps = [(x - px, y - py) for (px, py), (x, y) in itertools.pairwise(kept)]
    return f"M{kept[0][0]} {kept[0][1]}l" + " ".join(f"{x} {y}" for x, y in steps) + "z" if steps else None


def _apart(points: Iterable[list[int]]) -> list[list[int]]:
    kept: list[list[int]] = []
    for point in points:
        if not kept or abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= FINEST:
            kept.append(point)
    return kept
