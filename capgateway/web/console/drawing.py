"""Degrees to a drawing: what part of the world is shown, how it is projected, and shapes as paths of an SVG."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 1_000
"""Units of the drawing; a map is about half as many pixels wide."""
FINEST = 2.0
"""Units. Points that are nearer to each other are one."""
SMALLEST_FRAME = 2.5
WIDE = 20.0
"""Degrees. A wider frame is drawn in Albers' projection, as people know a map of the country; a smaller one plainly."""
FLATTEST, TALLEST = 0.5, 0.8
"""Height of a map by its width."""
MARGIN = 0.06
PARALLELS = (29.5, 45.5)

Shape = Any


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
        self.window = self._window()
        self._shift = np.array([WIDTH, self.height]) / 2 - self._scale * np.array([west + east, -(south + north)]) / 2

    def _window(self) -> Frame:
        """What is seen at least: a drawing is often wider or taller than its frame."""
        frame, wide, tall = self.frame, WIDTH / self._scale / 2, self.height / self._scale / 2
        if self._is_wide:
            wide, tall = frame.east - frame.west, frame.north - frame.south
        else:
            wide /= math.cos(math.radians(self._y0))
        return Frame(self._x0 - wide, self._y0 - tall, self._x0 + wide, self._y0 + tall)

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
