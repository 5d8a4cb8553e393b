"""The shapes of CAP: `polygon` and `circle` texts as numbers, WGS 84, latitude first (CAP 1.2 §3.2.4, §3.3.1)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from capgateway.cap.model import Circle

Point = tuple[float, float]
Fault = Literal["form", "few", "open", "range", "swapped", "long"]

#: A ring has at least four pairs: three corners and the first one again.
MIN_POINTS = 4
#: Smaller circles, in kilometres, mark a place on a map rather than an area to alert.
MARKER_RADIUS = 0.01
MAX_LATITUDE, MAX_LONGITUDE = 90.0, 180.0
#: Every receiver has to read them all; outlines of whole countries have some thousand.
MAX_PAIRS = 200_000
#: Pairs written in an unusual way (`+1,.5`) are read one by one; more of them would take more than a moment.
MAX_UNUSUAL_PAIRS = 50_000

_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,40})?|\.\d{1,40})"
_PAIR = rf"({_NUMBER}),({_NUMBER})"
_CIRCLE = rf"({_NUMBER}),({_NUMBER}) ({_NUMBER})"

# Most texts are plain numbers separated by single spaces. A replacement turns those into JSON, whose reader is eight times
# faster than our own and checks the ranges on the way. Whatever it refuses, the slow way looks at again.
_PLAIN = b"0123456789.,- "
_Latitude = Annotated[float, msgspec.Meta(ge=-MAX_LATITUDE, le=MAX_LATITUDE)]
_Longitude = Annotated[float, msgspec.Meta(ge=-MAX_LONGITUDE, le=MAX_LONGITUDE)]
_RING = msgspec.json.Decoder(list[tuple[_Latitude, _Longitude]])
_PAIRS = msgspec.json.Decoder(list[tuple[float, float]])
_DISC = msgspec.json.Decoder(tuple[tuple[_Latitude, _Longitude], Annotated[float, msgspec.Meta(ge=0)]])


class Polygon(msgspec.Struct, frozen=True, kw_only=True):
    """``points`` are (latitude, longitude), closed: a ring left open is closed here and ``faults`` says ``open``.
    They are empty when the text gives no usable ring."""

    points: tuple[Point, ...]
    faults: tuple[Fault, ...]


def polygon(text: str) -> Polygon:
    """Read a polygon's text. Faults: ``form`` (no coordinate pairs), ``range`` (off the globe), ``swapped`` (off the
    globe, but on it with longitude and latitude exchanged), ``few`` (under four pairs), ``open`` (last pair is not the
    first), ``long`` (too much to be read)."""
    if text.count(",") > MAX_PAIRS:
        return Polygon(points=(), faults=("long",))
    try:
        points = _RING.decode("[[" + text.replace(" ", "],[") + "]]") if _is_plain(text) else None
    except msgspec.DecodeError:
        points = None
    if points is None:
        read = _slowly(text)
        if isinstance(read, str):
            return Polygon(points=(), faults=(read,))
        points = read
    faults: tuple[Fault, ...] = ("few",) if len(points) < MIN_POINTS else ()
    if points[0] != points[-1]:
        points.append(points[0])
        faults = (*faults, "open")
    return Polygon(points=tuple(points) if len(points) >= MIN_POINTS else (), faults=faults)


def circle(text: str) -> Circle | Fault:
    """Read a circle's text, ``latitude,longitude radius``; the fault (``form``, ``range``, ``swapped``) when it is none."""
    if _is_plain(text):
        try:
            (latitude, longitude), radius = _DISC.decode("[[" + text.replace(" ", "],") + "]")
            return Circle(latitude=latitude, longitude=longitude, radius=radius)
        except msgspec.DecodeError:
            pass
    match = re.fullmatch(_CIRCLE, " ".join(text.split()), re.ASCII)
    if match is None:
        return "form"
    latitude, longitude, radius = map(float, match.groups())
    if fault := _off_the_globe((latitude,), (longitude,)):
        return fault
    return Circle(latitude=latitude, longitude=longitude, radius=radius) if radius >= 0 else "form"


def _is_plain(text: str) -> bool:
    return not text.encode(errors="replace").translate(None, _PLAIN)


def _slowly(text: str) -> list[Point] | Fault:
    """The pairs of a text in any notation, or what is wrong with it."""
    items = text.split()
    points = _plain_pairs(" ".join(items))
    if points is None and len(items) > MAX_UNUSUAL_PAIRS:
        return "long"
    if points is None:
        points = _pairs(items)
    if not points:
        return "form"
    latitudes, longitudes = zip(*points, strict=True)
    return _off_the_globe(latitudes, longitudes) or points


def _plain_pairs(text: str) -> list[Point] | None:
    if not _is_plain(text):
        return None
    try:
        return _PAIRS.decode("[[" + text.replace(" ", "],[") + "]]")
    except msgspec.DecodeError:
        return None  # JSON refuses `.5` and `007`


def _pairs(items: list[str]) -> list[Point]:
    """``[]`` when any item is not a pair."""
    pair = re.compile(_PAIR, re.ASCII)
    matches = [pair.fullmatch(item) for item in items]
    return [(float(match[1]), float(match[2])) for match in matches if match] if all(matches) else []


def _off_the_globe(latitudes: tuple[float, ...], longitudes: tuple[float, ...]) -> Fault | None:
    if _within(latitudes, MAX_LATITUDE) and _within(longitudes, MAX_LONGITUDE):
        return None
    return "swapped" if _within(latitudes, MAX_LONGITUDE) and _within(longitudes, MAX_LATITUDE) else "range"


def _within(degrees: tuple[float, ...], limit: float) -> bool:
    return -limit <= min(degrees) and max(degrees) <= limit
