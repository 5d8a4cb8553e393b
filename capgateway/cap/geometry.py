"""The shapes of CAP: `polygon` and `circle` texts as numbers, WGS 84, latitude first (CAP 1.2 §3.2.4, §3.3.1)."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Literal

import msgspec

from capgateway.cap.model import Circle

Point = tuple[float, float]
Fault = Literal["form", "few", "open", "range", "swapped", "long"]

#: A ring has four pairs at least: three corners and the first one again.
MIN_POINTS = 4
MAX_LATITUDE, MAX_LONGITUDE, HALF_TURN, FULL_TURN = 90.0, 180.0, 180.0, 360.0
#: Pairs written in an unusual way (`+1,.5`) are read one by one; more of them would take more than a moment.
MAX_UNUSUAL_PAIRS = 50_000
KILOMETRES_PER_DEGREE = 111.2
CIRCLE_CORNERS = 24

_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})"
_PAIR = rf"({_NUMBER}),({_NUMBER})"
_CIRCLE = rf"({_NUMBER}),({_NUMBER})\s+({_NUMBER})"
# Most texts are pairs apart by single blanks; those become JSON by one replacement and numbers eight times faster.
_PLAIN = re.compile(r"[-0-9., ]+", re.ASCII)
_DECODER = msgspec.json.Decoder(list[tuple[float, float]])


class Polygon(msgspec.Struct, frozen=True, kw_only=True):
    """``points`` are (latitude, longitude), closed: a ring left open is closed here and ``faults`` says ``open``.
    They are empty when the text gives no usable ring."""

    points: tuple[Point, ...]
    faults: tuple[Fault, ...]


class Budget:
    """How many pairs of edges may still be compared, so that no message takes longer than a moment: with the budget spent
    nothing more is found."""

    def __init__(self, comparisons: int = 400_000) -> None:
        self.left = comparisons


def polygon(text: str) -> Polygon:
    """Read a polygon's text. Faults: ``form`` (no coordinate pairs), ``range`` (off the globe), ``swapped`` (off the
    globe, but on it with longitude and latitude exchanged), ``few`` (under four pairs), ``open`` (last pair is not the
    first), ``long`` (too much to be read)."""
    points = _points(text)
    if points is None:
        return Polygon(points=(), faults=("long",))
    if not points:
        return Polygon(points=(), faults=("form",))
    latitudes, longitudes = zip(*points, strict=True)
    if max(latitudes) > MAX_LATITUDE or min(latitudes) < -MAX_LATITUDE or not _is_round(longitudes, MAX_LONGITUDE):
        is_swapped = _is_round(latitudes, MAX_LONGITUDE) and _is_round(longitudes, MAX_LATITUDE)
        return Polygon(points=(), faults=("swapped" if is_swapped else "range",))
    faults: tuple[Fault, ...] = ("few",) if len(points) < MIN_POINTS else ()
    if points[0] != points[-1]:
        points.append(points[0])
        faults = (*faults, "open")
    return Polygon(points=tuple(points) if len(points) >= MIN_POINTS else (), faults=faults)


def circle(text: str) -> Circle | Fault:
    """Read a circle's text, ``latitude,longitude radius``; the fault (``form``, ``range``, ``swapped``) when it is none."""
    match = re.fullmatch(_CIRCLE, text.strip(), re.ASCII)
    if match is None:
        return "form"
    latitude, longitude, radius = map(float, match.groups())
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        return "swapped" if abs(latitude) <= MAX_LONGITUDE and abs(longitude) <= MAX_LATITUDE else "range"
    return Circle(latitude=latitude, longitude=longitude, radius=radius) if radius >= 0 else "form"


def crosses_antimeridian(points: tuple[Point, ...]) -> bool:
    """Whether some edge is shorter the other way round the globe; CAP has no rule for it, maps read it that way."""
    longitudes = [point[1] for point in points]
    if max(longitudes) - min(longitudes) <= HALF_TURN:
        return False
    return any(abs(b - a) > HALF_TURN for a, b in pairwise(longitudes))


def crosses_itself(points: tuple[Point, ...], budget: Budget) -> bool:
    """Whether two edges of the ring truly cross."""
    if crosses_antimeridian(points):
        points = _unwrapped(points)
    return not _goes_round_its_middle(points) and _has_crossing(points, budget)


def _goes_round_its_middle(points: tuple[Point, ...]) -> bool:
    """Whether the ring turns one way around its middle, once: then nothing can cross. True for most outlines."""
    middle_latitude, middle_longitude = _middle(points)
    before_y, before_x = points[0][0] - middle_latitude, points[0][1] - middle_longitude
    direction, turns = 0.0, 0
    for latitude, longitude in points[1:]:
        y, x = latitude - middle_latitude, longitude - middle_longitude
        turn = before_x * y - before_y * x
        direction = direction or turn
        if turn * direction <= 0:
            return False
        turns += (before_y < 0) != (y < 0)
        before_y, before_x = y, x
    return turns == 2  # noqa: PLR2004  (up through the horizon once and down once)


def _has_crossing(points: tuple[Point, ...], budget: Budget) -> bool:
    """From west to east, compare each edge with those that begin before it ends."""
    edges = sorted(
        (min(a[1], b[1]), max(a[1], b[1]), min(a[0], b[0]), max(a[0], b[0]), a, b)
        for a, b in pairwise(points)
        if a != b
    )
    for number, (_, east, south, north, a, b) in enumerate(edges, 1):
        if budget.left <= 0:
            return False
        other = number
        for other in range(number, min(len(edges), number + budget.left)):
            west, _, low, high, c, d = edges[other]
            if west > east:
                break
            if low <= north and south <= high and b is not c and a is not d and _cross(a, b, c, d):
                return True
        budget.left -= other - number + 1
    return False


def _edge(a: Point, b: Point) -> tuple[float, float, float, float, Point, Point]:
    """West, east, south and north of an edge, and its ends."""
    (y, x), (to_y, to_x) = a, b
    west, east = (x, to_x) if x < to_x else (to_x, x)
    south, north = (y, to_y) if y < to_y else (to_y, y)
    return west, east, south, north, a, b


def _points(text: str) -> list[Point] | None:
    """The pairs of a polygon's text, ``[]`` when any of them is none, ``None`` when they are too many."""
    text = text.strip()
    for plain in (text, " ".join(text.split())):
        if _PLAIN.fullmatch(plain):
            try:
                return _DECODER.decode("[[" + plain.replace(" ", "],[") + "]]")
            except msgspec.DecodeError:
                pass  # JSON refuses double blanks, `.5` and `007`; the slow way tells what is right
    items = text.split()
    if len(items) > MAX_UNUSUAL_PAIRS:
        return None
    points, pair = [], re.compile(_PAIR, re.ASCII)
    for item in items:
        match = pair.fullmatch(item)
        if match is None:
            return []
        points.append((float(match[1]), float(match[2])))
    return points


def _is_round(degrees: tuple[float, ...], limit: float) -> bool:
    return -limit <= min(degrees) and max(degrees) <= limit


def _unwrapped(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The same ring with longitudes that run on over the antimeridian instead of jumping."""
    turned, shift = [points[0]], 0.0
    for (_, before), (latitude, longitude) in pairwise(points):
        if abs(longitude - before) > HALF_TURN:
            shift += FULL_TURN if longitude < before else -FULL_TURN
        turned.append((latitude, longitude + shift))
    return tuple(turned)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def outline(shape: Circle) -> tuple[Point, ...]:
    """A ring around a circle, close enough to see what it covers."""
    height = shape.radius / KILOMETRES_PER_DEGREE
    width = height / max(0.01, math.cos(math.radians(shape.latitude)))
    turns = [2 * math.pi * number / CIRCLE_CORNERS for number in range(CIRCLE_CORNERS)]
    ring = [(shape.latitude + height * math.sin(turn), shape.longitude + width * math.cos(turn)) for turn in turns]
    return (*ring, ring[0])


def overlap(one: tuple[Point, ...], other: tuple[Point, ...], budget: Budget) -> bool:
    """Whether two rings share some area: their edges cross, or one lies in the other. Touching is not overlapping."""
    budget.left -= len(one) + len(other)
    if budget.left <= 0 or not _boxes_meet(one, other):
        return False
    budget.left -= len(one) * len(other)
    if budget.left <= 0:
        return False
    if any(_cross(a, b, c, d) for a, b in pairwise(one) for c, d in pairwise(other)):
        return True
    return _holds(one, _middle(other)) or _holds(other, _middle(one))


def _boxes_meet(one: tuple[Point, ...], other: tuple[Point, ...]) -> bool:
    for axis in (0, 1):
        mine, theirs = [point[axis] for point in one], [point[axis] for point in other]
        if max(mine) <= min(theirs) or max(theirs) <= min(mine):
            return False
    return True


def _middle(ring: tuple[Point, ...]) -> Point:
    corners = ring[:-1]
    return sum(point[0] for point in corners) / len(corners), sum(point[1] for point in corners) / len(corners)


def _holds(ring: tuple[Point, ...], point: Point) -> bool:
    """Whether a ray from the point leaves the ring an odd number of times."""
    latitude, longitude = point
    is_inside = False
    for a, b in pairwise(ring):
        if (a[0] > latitude) != (b[0] > latitude):
            crossing = a[1] + (latitude - a[0]) * (b[1] - a[1]) / (b[0] - a[0])
            is_inside ^= longitude < crossing
    return is_inside
