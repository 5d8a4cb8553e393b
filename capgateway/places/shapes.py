"""The shapes of CAP as areas on the globe: polygons and circles read, mended, and cut at the 180th meridian.

Everything here is longitude first, in degrees of WGS 84. Shapely is imported when the first shape comes.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from capgateway.cap import geometry as cap_geometry
from capgateway.cap.rules.area import LARGEST_RADIUS
from capgateway.cap.topology import unwrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cap import Circle
    from capgateway.cap.geometry import Point

Shape = Any
"""A shapely geometry: the package has no types."""

EARTH_KM = 6371.0088
CORNERS = 64
"""Of the polygon that stands for a circle. It lies inside: its sides come within 0.12 % of the radius."""
MAX_POINTS = 20_000
"""Of all shapes of one area block. Outlines of whole countries have some thousand."""
MAX_MEETINGS = 10_000
"""Places where edges meet, beyond those of plain rings. Mending and uniting take time in proportion to them, and ten hostile
kilobytes can have a million."""
HALF_TURN, FULL_TURN, POLE = 180.0, 360.0, 90.0
DIGITS = 5
"""Of coordinates that are written: 1 m."""


class Purse:
    """What may still be spent on the shapes of one of some drawings: each alone may be cheap, and hundreds of them are not."""

    def __init__(self, drawings: int = 1) -> None:
        self.meetings = MAX_MEETINGS // drawings


def polygon(text: str, purse: Purse | None = None) -> Shape | None:
    """The area of a polygon as CAP writes it, or ``None`` where that is empty. It is mended where it meets itself: everything
    that the ring goes round counts, whichever way, but not the hole at the end of a slit."""
    points = cap_geometry.polygon(text).points
    return _area(_eastward(points), purse) if points and len(points) <= MAX_POINTS else None


def circle(text: str) -> Circle | None:
    """The circle that a text means; one without a radius has radius 0."""
    read = cap_geometry.circle(text)
    if isinstance(read, str):
        read = cap_geometry.circle(f"{text.strip()} 0")
    return None if isinstance(read, str) or read.radius > LARGEST_RADIUS else read


def is_marker(found: Circle) -> bool:
    """Whether a circle only marks a place on a map."""
    return found.radius < cap_geometry.MARKER_RADIUS


def disc(found: Circle) -> Shape:
    """The area of a circle on the globe."""
    latitude, longitude, angle = math.radians(found.latitude), found.longitude, found.radius / EARTH_KM
    ring = []
    for corner in range(CORNERS + 1):
        bearing = math.tau * (corner % CORNERS) / CORNERS
        up = math.sin(latitude) * math.cos(angle) + math.cos(latitude) * math.sin(angle) * math.cos(bearing)
        east = math.atan2(
            math.sin(bearing) * math.sin(angle) * math.cos(latitude), math.cos(angle) - math.sin(latitude) * up
        )
        ring.append((longitude + math.degrees(east), math.degrees(math.asin(max(-1.0, min(1.0, up))))))
    if abs(latitude) + angle > math.pi / 2:
        ring = _over_the_pole(ring, math.copysign(POLE, latitude))
    return _area(ring)


def together(shapes: Sequence[Shape], purse: Purse | None = None) -> Shape | None:
    """All of the shapes as one, or ``None`` where that would take more than a moment."""
    import shapely  # noqa: PLC0415

    if len(shapes) == 1:
        return shapes[0]
    rings = shapely.get_parts(shapely.boundary(shapes))
    if shapely.get_num_coordinates(rings).sum() > MAX_POINTS or not _is_plain(rings, purse):
        return None
    return shapely.union_all(shapes)


def _eastward(points: Sequence[Point]) -> list[tuple[float, float]]:
    """A ring, longitude first, without jumps at the 180th meridian. One that goes round a pole is closed over it."""
    latitudes, longitudes = zip(*points, strict=True)
    if max(longitudes) - min(longitudes) > HALF_TURN and any(abs(a - b) > HALF_TURN for a, b in pairwise(longitudes)):
        points = unwrapped(tuple(points))
    ring = [(longitude, latitude) for latitude, longitude in points]
    if abs(ring[0][0] - ring[-1][0]) > HALF_TURN:
        return _over_the_pole(ring, math.copysign(POLE, sum(latitudes)))
    return ring


def _over_the_pole(ring: list[tuple[float, float]], pole: float) -> list[tuple[float, float]]:
    """The area between a ring around a pole and the pole, as maps draw it: from 180 degrees west to 180 degrees east."""
    edge = sorted(((x + HALF_TURN) % FULL_TURN - HALF_TURN, y) for x, y in ring)
    (_, first), (_, last) = edge[0], edge[-1]
    border = (first + last) / 2
    west, east = -HALF_TURN, HALF_TURN
    return [(west, border), *edge, (east, border), (east, pole), (west, pole), (west, border)]


def _area(ring: list[tuple[float, float]], purse: Purse | None = None) -> Shape | None:
    import shapely  # noqa: PLC0415

    found = shapely.polygons(ring)
    if not shapely.is_valid(found):
        found = _mended(ring, purse)
    return None if found is None or not found.area else cut(found)


def _mended(ring: list[tuple[float, float]], purse: Purse | None) -> Shape | None:
    """All that a ring goes round at least once; in a ring with a slit not what it goes round twice, which is the hole at the end
    of the slit. Shapely's own ``make_valid`` takes minutes for a star with 300 points."""
    import numpy as np  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    line = shapely.linestrings(ring)
    if not _is_plain([line], purse):
        return None
    faces = shapely.get_parts(shapely.polygonize([shapely.node(line)]))
    corners = np.array(ring)
    steps = set(pairwise(ring))
    has_slit = any((end, start) in steps for start, end in steps)
    inside = [_turns(corners, shapely.get_coordinates(shapely.point_on_surface(face))[0]) for face in faces]
    kept = [face for face, turns in zip(faces, inside, strict=True) if (turns % 2 if has_slit else turns)]
    return shapely.union_all(kept) if kept else None


def _turns(corners: Any, point: Any) -> int:
    """How often a ring goes round a point: its winding number."""
    (x1, y1), (x2, y2) = corners[:-1].T, corners[1:].T
    side = (x2 - x1) * (point[1] - y1) - (point[0] - x1) * (y2 - y1)
    up, down = (y1 <= point[1]) & (y2 > point[1]) & (side > 0), (y1 > point[1]) & (y2 <= point[1]) & (side < 0)
    return int(up.sum() - down.sum())


def _is_plain(lines: Any, purse: Purse | None) -> bool:
    """Whether the edges of lines meet each other in few places; these are taken from the purse."""
    import shapely  # noqa: PLC0415

    pieces = edges(lines)
    purse = purse or Purse()
    plain = 3 * len(pieces)  # each edge meets itself and its neighbours
    tree, met, at_once = shapely.STRtree(pieces), 0, 200
    for start in range(0, len(pieces), at_once):
        met += tree.query(pieces[start : start + at_once], "intersects").shape[1]
        if met > purse.meetings + plain:
            return False
    purse.meetings -= max(0, met - plain)
    return True


def edges(lines: Any) -> Any:
    """The edges of lines, each a line of its own."""
    import numpy as np  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    runs = [shapely.get_coordinates(line) for line in lines]
    return shapely.linestrings(np.concatenate([np.stack([run[:-1], run[1:]], 1) for run in runs]))


def cut(found: Shape) -> Shape:
    """An area that may reach beyond 180 degrees, as parts within (RFC 7946 §3.1.9)."""
    import shapely  # noqa: PLC0415
    from shapely import affinity  # noqa: PLC0415

    west, _, east, _ = found.bounds
    if -HALF_TURN <= west and east <= HALF_TURN:
        return found
    globe = shapely.box(-HALF_TURN, -POLE, HALF_TURN, POLE)
    turns = range(math.floor((west + HALF_TURN) / FULL_TURN), math.ceil((east - HALF_TURN) / FULL_TURN) + 1)
    parts = [shapely.intersection(affinity.translate(found, -turn * FULL_TURN), globe) for turn in turns]
    return shapely.union_all(parts)


def square_kilometres(shapes: Any) -> Any:
    """The areas of shapes on the globe: the cylinder that touches it at the equator keeps areas as they are."""
    import numpy as np  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    def unrolled(points: Any) -> Any:
        angles = np.radians(points)
        return np.stack([angles[:, 0], np.sin(angles[:, 1])], 1) * EARTH_KM

    return shapely.area(shapely.transform(shapes, unrolled))


def bounding_box(shape: Shape) -> tuple[float, float, float, float]:
    """West, south, east, north. Across the 180th meridian west is greater than east (RFC 7946 §5.2): the box is the smallest
    that contains all parts."""
    import shapely  # noqa: PLC0415

    boxes = shapely.bounds(shapely.get_parts(shape)).tolist()
    covered: list[list[float]] = []
    for west, _, east, _ in sorted(boxes):
        if covered and west <= covered[-1][1]:
            covered[-1][1] = max(covered[-1][1], east)
        else:
            covered.append([west, east])
    starts = [*(start for start, _ in covered[1:]), covered[0][0] + FULL_TURN]
    gap, west, east = max((start - end, start, end) for start, (_, end) in zip(starts, covered, strict=True))
    west = west - FULL_TURN if west > HALF_TURN or not gap else west
    south, north = min(box[1] for box in boxes), max(box[3] for box in boxes)
    return round(west, DIGITS), round(south, DIGITS), round(east, DIGITS), round(north, DIGITS)


def centre(shape: Shape) -> tuple[float, float]:
    """The centroid, longitude first; parts on both sides of the 180th meridian are taken as neighbours."""
    import shapely  # noqa: PLC0415

    west, _, east, _ = bounding_box(shape)
    if west > east:
        middle = (west + east) / 2  # in the gap
        shape = shapely.transform(shape, lambda points: points + (points[:, :1] < middle) * [[FULL_TURN, 0.0]])
    x, y = shapely.get_coordinates(shapely.centroid(shape))[0].tolist()
    return round((x + HALF_TURN) % FULL_TURN - HALF_TURN, DIGITS), round(y, DIGITS)


def geojson(shape: Shape) -> dict[str, Any]:
    """A shape as GeoJSON: rings with the right hand rule (RFC 7946 §3.1.6), five digits."""
    import shapely  # noqa: PLC0415

    parts = shapely.get_parts(shapely.orient_polygons(shape))
    polygons = [
        [_written(part.exterior), *map(_written, part.interiors)] for part in parts if part.geom_type == "Polygon"
    ]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _written(ring: Shape) -> list[list[float]]:
    import numpy as np  # noqa: PLC0415

    points: list[list[float]] = np.round(np.asarray(ring.coords)[:, :2], DIGITS).tolist()
    return points
