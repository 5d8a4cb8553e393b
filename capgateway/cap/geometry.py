"""The shapes of CAP: `polygon` and `circle` texts as numbers, WGS 84, latitude first (CAP 1.2 §3.2.4, §3.3.1)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

import msgspec

from capgateway.cap.model import Circle

Point = tuple[float, float]
Fault = Literal["form", "few", "open", "range", "swapped"]

#: A ring has four pairs at least: three corners and the first one again.
MIN_POINTS = 4
MAX_LATITUDE, MAX_LONGITUDE, HALF_TURN, FULL_TURN = 90.0, 180.0, 180.0, 360.0
#: Pairs of edges compared before a check for crossings gives up, so that no outline takes longer than a moment.
MAX_COMPARISONS = 200_000

_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})"
_PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})", re.ASCII)
_CIRCLE = re.compile(rf"({_NUMBER}),({_NUMBER})\s+({_NUMBER})", re.ASCII)
# Most texts are pairs apart by single blanks; those become JSON by one replacement and numbers eight times faster.
_PLAIN = re.compile(r"[-0-9., ]+", re.ASCII)
_DECODER = msgspec.json.Decoder(list[tuple[float, float]])


class Polygon(msgspec.Struct, frozen=True, kw_only=True):
    """``points`` are (latitude, longitude), closed: a ring left open is closed here and ``faults`` says ``open``.
    They are empty when the text gives no usable ring."""

    points: tuple[Point, ...]
    faults: tuple[Fault, ...]


def polygon(text: str) -> Polygon:
    """Read a polygon's text. Faults: ``form`` (no coordinate pairs), ``range`` (off the globe), ``swapped`` (off the
    globe, but on it with longitude and latitude exchanged), ``few`` (under four pairs), ``open`` (last pair is not the
    first)."""
    points = _points(text)
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
    match = _CIRCLE.fullmatch(text.strip())
    if match is None:
        return "form"
    latitude, longitude, radius = map(float, match.groups())
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        return "swapped" if abs(latitude) <= MAX_LONGITUDE and abs(longitude) <= MAX_LATITUDE else "range"
    return Circle(latitude=latitude, longitude=longitude, radius=radius) if radius >= 0 else "form"


def crosses_antimeridian(points: tuple[Point, ...]) -> bool:
    """Whether some edge is shorter the other way round the globe; CAP has no rule for it, maps read it that way."""
    return any(abs(b[1] - a[1]) > HALF_TURN for a, b in pairwise(points))


def crosses_itself(points: tuple[Point, ...]) -> bool:
    """Whether two edges of the ring truly cross. Gives up, with ``False``, after :data:`MAX_COMPARISONS`."""
    edges = sorted(_edges(_unwrapped(points)))
    budget = MAX_COMPARISONS
    for number, (_, east, a, b) in enumerate(edges):
        for other in range(number + 1, len(edges)):
            west, _, c, d = edges[other]
            if west > east:
                break
            if _cross(a, b, c, d):
                return True
            budget -= 1
            if not budget:
                return False
    return False


def _points(text: str) -> list[Point]:
    """The pairs of a polygon's text, or ``[]`` when any of them is none."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        try:
            return _DECODER.decode("[[" + text.replace(" ", "],[") + "]]")
        except msgspec.DecodeError:
            pass  # JSON refuses `.5`, `007` and double blanks; the slow way tells what is right
    points = []
    for item in text.split():
        match = _PAIR.fullmatch(item)
        if match is None:
            return []
        points.append((float(match[1]), float(match[2])))
    return points


def _is_round(degrees: tuple[float, ...], limit: float) -> bool:
    return -limit <= min(degrees) and max(degrees) <= limit


def _unwrapped(points: tuple[Point, ...]) -> list[Point]:
    """The same ring with longitudes that run on over the antimeridian instead of jumping."""
    turned, shift = [points[0]], 0.0
    for (_, before), (latitude, longitude) in pairwise(points):
        if abs(longitude - before) > HALF_TURN:
            shift += FULL_TURN if longitude < before else -FULL_TURN
        turned.append((latitude, longitude + shift))
    return turned


def _edges(points: list[Point]) -> list[tuple[float, float, Point, Point]]:
    """Each edge with its western and eastern end."""
    return [(min(a[1], b[1]), max(a[1], b[1]), a, b) for a, b in pairwise(points) if a != b]


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, p: Point) -> float:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
