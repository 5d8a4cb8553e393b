"""How rings lie: whether one crosses itself or the 180th meridian, whether two share some area.

A ring is a closed sequence of (latitude, longitude) as :func:`capgateway.cap.geometry.polygon` reads it. Degrees are taken
for a plane, as maps do. Every search has a budget, so that no message takes longer than a moment.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.geometry import Point
    from capgateway.cap.model import Circle

Ring = tuple["Point", ...]
Flaw = Literal["crossing", "flat", "antimeridian", "unchecked"]
#: West, east, south and north of an edge, its number in the ring, and its ends.
Edge = tuple[float, float, float, float, int, "Point", "Point"]

#: From the lowest to the highest foot above mean sea level.
Heights = tuple[float, float]

HALF_TURN, FULL_TURN = 180.0, 360.0
KILOMETRES_PER_DEGREE = 111.2
CIRCLE_CORNERS = 24
#: Smaller areas, in square degrees, are the noise of numbers: a corner on a border is not over it.
NOTHING = 1e-12


class Budget(msgspec.Struct):
    """How many pairs of edges may still be compared; with the budget spent nothing more is found."""

    left: int = 1_000_000


def flaws(ring: Ring, budget: Budget) -> tuple[Flaw, ...]:
    """What a ring has: ``crossing`` (it meets itself other than from corner to corner), ``flat`` (it encloses nothing),
    ``antimeridian`` (it goes over the 180th meridian), ``unchecked`` (too many edges to look for crossings)."""
    latitudes, longitudes = zip(*ring, strict=True)
    found: tuple[Flaw, ...] = ()
    if max(longitudes) - min(longitudes) > HALF_TURN and _jumps(longitudes):
        found = ("antimeridian",)
        ring = unwrapped(ring)
        latitudes, longitudes = zip(*ring, strict=True)
    if _goes_round(ring, sum(latitudes) / len(ring), sum(longitudes) / len(ring)):
        return found
    ring = _without_repeats(ring)
    if _is_flat(ring):
        return ("flat", *found)
    if _meets_itself(ring, budget):
        return ("crossing", *found)
    return ("unchecked", *found) if budget.left <= 0 else found


def unwrapped(ring: Ring) -> Ring:
    """The same ring with longitudes that run on over the 180th meridian instead of jumping. CAP has no rule for it; an edge
    is read the shorter way round the globe, as maps do."""
    turned, shift = [ring[0]], 0.0
    for (_, before), (latitude, longitude) in pairwise(ring):
        if HALF_TURN < abs(longitude - before) < FULL_TURN:
            shift += FULL_TURN if longitude < before else -FULL_TURN
        turned.append((latitude, longitude + shift))
    return tuple(turned)


def outline(shape: Circle) -> Ring:
    """A ring around a circle, close enough to see what it covers."""
    height = shape.radius / KILOMETRES_PER_DEGREE
    width = height / max(0.01, math.cos(math.radians(shape.latitude)))
    turns = [2 * math.pi * number / CIRCLE_CORNERS for number in range(CIRCLE_CORNERS)]
    ring = [(shape.latitude + height * math.sin(turn), shape.longitude + width * math.cos(turn)) for turn in turns]
    return (*ring, ring[0])


def heights(altitude: str | None, ceiling: str | None) -> Heights:
    """Between which heights an area lies (CAP 1.2 §3.2.4); everywhere where its texts are not numbers."""
    try:
        low = float(altitude) if altitude else -math.inf
        return low, float(ceiling) if ceiling else low if altitude else math.inf
    except ValueError:
        return -math.inf, math.inf


def normal(ring: Ring) -> Ring:
    """The corners from the least one on, in the direction of the lesser neighbour: equal for rings that are the same."""
    corners = _without_repeats(ring)[:-1] or ring[:1]
    first = corners.index(min(corners))
    forward = corners[first:] + corners[:first]
    return min(forward, (forward[0], *reversed(forward[1:])))


def overlap(one: Ring, other: Ring, budget: Budget) -> bool:
    """Whether two rings share some area: their edges cross, or one lies in the other. Touching is not overlapping."""
    budget.left -= len(one) + len(other)
    if budget.left <= 0:
        return False
    one, other = unwrapped(one), unwrapped(other)
    shift = _shift(one, other)
    if shift is None:
        return False
    other = tuple([(latitude, longitude + shift) for latitude, longitude in other])
    if any(_cross(a, b, c, d) for a, b, c, d in _near(one, other, budget)):
        return True
    return _holds(one, _inside(other)) or _holds(other, _inside(one))


def _jumps(longitudes: tuple[float, ...]) -> bool:
    """An edge of a full turn is the border of a map of the whole globe."""
    return any(HALF_TURN < abs(b - a) < FULL_TURN for a, b in pairwise(longitudes))


def _goes_round(ring: Ring, middle_y: float, middle_x: float) -> bool:
    """Whether the ring turns one way around a point in its middle, once: then nothing can cross. True for most outlines."""
    y, x = ring[-1]
    before_y, before_x = y - middle_y, x - middle_x
    turns = []
    crossings = 0
    for y, x in ring[1:]:
        to_y, to_x = y - middle_y, x - middle_x
        turns.append(before_x * to_y - before_y * to_x)
        if before_y < 0 <= to_y:
            crossings += 1
        before_y, before_x = to_y, to_x
    return crossings == 1 and (min(turns) > 0 or max(turns) < 0)


def _without_repeats(ring: Ring) -> Ring:
    return (ring[0], *[to for before, to in pairwise(ring) if to != before])


def _is_flat(ring: Ring) -> bool:
    """Whether all corners lie on one line."""
    first, second, *others = (*ring, ring[0])
    return all(abs(_side(first, second, other)) <= NOTHING for other in others)


def _edges(ring: Ring) -> list[Edge]:
    """From west to east."""
    edges = []
    for number, ((y, x), (to_y, to_x)) in enumerate(pairwise(ring)):
        west, east = (x, to_x) if x < to_x else (to_x, x)
        south, north = (y, to_y) if y < to_y else (to_y, y)
        edges.append((west, east, south, north, number, (y, x), (to_y, to_x)))
    edges.sort()
    return edges


def crossing(ring: Ring, budget: Budget) -> tuple[int, int] | None:
    """The numbers, from 1, of the first corners of two edges that cross or touch in a ring in which :func:`flaws` found
    some."""
    ring = unwrapped(ring)
    corners = [0, *(number for number in range(1, len(ring)) if ring[number] != ring[number - 1])]
    edges = _meeting(tuple([ring[corner] for corner in corners]), budget)
    return (corners[edges[0]] + 1, corners[edges[1]] + 1) if edges else None


def _meets_itself(ring: Ring, budget: Budget) -> bool:
    return _meeting(ring, budget) is not None


def _meeting(ring: Ring, budget: Budget) -> tuple[int, int] | None:
    """Two edges that meet, the lower first: from west to east, compare each edge with those that begin before it ends."""
    edges = _edges(ring)
    last = len(edges) - 1
    for number, (_, east, south, north, place, a, b) in enumerate(edges, 1):
        if budget.left <= 0:
            return None
        other = number
        for other in range(number, min(len(edges), number + budget.left)):
            west, _, low, high, its_place, c, d = edges[other]
            if west > east:
                break
            if low <= north and south <= high:
                apart = abs(place - its_place)
                if _folds(a, b, c, d) if apart in {1, last} else _touch(a, b, c, d):
                    return min(place, its_place), max(place, its_place)
        budget.left -= other - number + 1
    return None


def _near(one: Ring, other: Ring, budget: Budget) -> Iterator[tuple[Point, Point, Point, Point]]:
    """Pairs of edges, one of each ring, whose boxes meet."""
    theirs = _edges(other)
    for west, east, south, north, _, a, b in _edges(one):
        for its_west, its_east, low, high, _, c, d in theirs:
            budget.left -= 1
            if its_west > east or budget.left <= 0:
                break
            if its_east >= west and low <= north and south <= high:
                yield a, b, c, d


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether each edge has its ends on both sides of the other, by more than the noise of numbers."""
    c_side, d_side, a_side, b_side = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if min(abs(c_side), abs(d_side), abs(a_side), abs(b_side)) <= NOTHING:
        return False
    return c_side * d_side < 0 and a_side * b_side < 0


def _touch(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two edges, whose boxes meet, have a point in common."""
    return _side(a, b, c) * _side(a, b, d) <= 0 and _side(c, d, a) * _side(c, d, b) <= 0


def _folds(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether of two edges with a common corner one runs back over the other."""
    corner, one, other = (b, a, d) if b == c else (a, b, c)
    back = (one[0] - corner[0]) * (other[0] - corner[0]) + (one[1] - corner[1]) * (other[1] - corner[1])
    return back > 0 and _side(corner, one, other) == 0


def _shift(one: Ring, other: Ring) -> float | None:
    """By how much the other ring is turned around the globe for its box to meet the first one's; ``None`` when it cannot."""
    (south, west), (north, east) = map(min, zip(*one, strict=True)), map(max, zip(*one, strict=True))
    (low, left), (high, right) = map(min, zip(*other, strict=True)), map(max, zip(*other, strict=True))
    if high <= south or north <= low:
        return None
    return next((shift for shift in (0.0, FULL_TURN, -FULL_TURN) if west < right + shift and left + shift < east), None)


def _inside(ring: Ring) -> Point:
    """A point inside: between the first two borders on a line that runs through no corner."""
    low, high, *_ = (*sorted({y for y, _ in ring}), ring[0][0], ring[0][0])
    latitude = (low + high) / 2
    borders = sorted(_crossings(ring, latitude))
    return (latitude, (borders[0] + borders[1]) / 2) if len(borders) > 1 else ring[0]


def _holds(ring: Ring, point: Point) -> bool:
    """Whether a ray from the point leaves the ring an odd number of times."""
    latitude, longitude = point
    return sum(longitude < border for border in _crossings(ring, latitude)) % 2 == 1


def _crossings(ring: Ring, latitude: float) -> list[float]:
    """Where the ring crosses a line of equal latitude."""
    return [
        a[1] + (latitude - a[0]) * (b[1] - a[1]) / (b[0] - a[0])
        for a, b in pairwise(ring)
        if (a[0] > latitude) != (b[0] > latitude)
    ]
