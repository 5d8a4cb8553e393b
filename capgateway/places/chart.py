"""The shapes of all units: which of them a point is in, and which an area touches, with shares. Imports shapely.

Units are in layers that each cover the land once: counties, the planning regions of Connecticut, provinces, and one layer per
scheme of ``[[places]]``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

from capgateway.places.codes import Unit
from capgateway.places.regions import canonical
from capgateway.places.shapes import Shape, edges, square_kilometres

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from capgateway.places.layer import LayerUnit

COUNTY, PLANNING, PROVINCE = "county", "planning region", "province"
NEAR = 0.02
"""Degrees. Provinces are drawn that coarsely: a point so near to one may be in it."""
ROUNDING = 1e-6
"""Of a share: less is where two drawings of one border meet."""


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that an area touches. ``square_kilometres`` is how much of it lies in the area, ``share`` the same as a part of the
    unit."""

    unit: Unit
    layer: str
    share: float
    square_kilometres: float


class Chart:
    """``units`` and ``shapes`` are those of the boundary file, in one order; ``own`` the operator's."""

    def __init__(self, units: Sequence[Unit], shapes: Any, own: Mapping[tuple[str, str], LayerUnit]) -> None:
        layers = [_layer(unit) for unit in units]
        shipped = shapely.STRtree(shapes)
        added = [_placed(scheme, one, units, layers, shapes, shipped) for (scheme, _), one in own.items()]
        self.units: list[Unit] = [*units, *added]
        self.layers: list[str] = [*layers, *(unit.scheme for unit in added)]
        self.shapes = np.concatenate([shapes, np.array([one.shape for one in own.values()], dtype=object)])
        self.areas = square_kilometres(self.shapes)
        self.places = {(unit.scheme, unit.code): place for place, unit in enumerate(self.units)}
        self._tree = shapely.STRtree(self.shapes) if added else shipped
        self.region_areas = self._region_areas()

    def at(self, longitude: float, latitude: float) -> list[Unit]:
        """The units that a point is in: on a border both, and the provinces and, off the coast, the counties that are near."""
        point = shapely.Point(longitude, latitude)
        inside = set(self._tree.query(point, "intersects").tolist())
        near = set(self._tree.query(point, "dwithin", NEAR).tolist())
        has_county = any(self.layers[place] == COUNTY for place in inside)
        for place in near - inside:
            layer = self.layers[place]
            if layer == PROVINCE or (layer == COUNTY and not has_county and not inside):
                inside.add(place)
        return [self.units[place] for place in sorted(inside)]

    def county(self, longitude: float, latitude: float) -> Unit | None:
        """The county that a point is in, nothing else: the fastest question."""
        inside: list[int] = self._tree.query(shapely.Point(longitude, latitude), "intersects").tolist()
        return next((self.units[place] for place in inside if self.layers[place] == COUNTY), None)

    def touched(self, area: Shape) -> list[Touch]:
        """The units that an area touches by more than the width of a border."""
        near = self._tree.query(area, "intersects")
        shapes, whole = self.shapes[near], self.areas[near]
        shapely.prepare(area)
        is_inside = shapely.covers(area, shapes)
        inside = np.where(is_inside, whole, 0.0)
        inside[~is_inside] = square_kilometres(shapely.intersection(shapes[~is_inside], area))
        return [
            Touch(
                unit=self.units[place],
                layer=self.layers[place],
                share=min(1.0, float(part / all_of_it)),
                square_kilometres=float(part),
            )
            for place, part, all_of_it in zip(near.tolist(), inside, whole, strict=True)
            if part > ROUNDING * all_of_it
        ]

    def effort(self, area: Shape, most: int) -> int:
        """How many edges of an area are near how many units: comparing it with them takes time in proportion. Not counted much
        further than ``most``."""
        pieces = edges(shapely.get_parts(shapely.boundary([area])))
        near, at_once = 0, 1_000
        for start in range(0, len(pieces), at_once):
            near += self._tree.query(pieces[start : start + at_once]).shape[1]
            if near > most:
                break
        return near

    def near(self, west: float, south: float, east: float, north: float) -> list[tuple[Unit, Shape]]:
        """The counties and provinces in a box, with their shapes."""
        inside = sorted(self._tree.query(shapely.box(west, south, east, north), "intersects").tolist())
        return [(self.units[place], self.shapes[place]) for place in inside if self.layers[place] in (COUNTY, PROVINCE)]

    def shape(self, unit: Unit) -> Shape | None:
        """The shape of a unit; ``None`` for a state or country, which is the sum of its counties, and for what is unknown."""
        place = self.places.get((unit.scheme, unit.code))
        return None if place is None else self.shapes[place]

    def counties_of(self, regions: Iterable[str]) -> list[Unit]:
        """The counties of these states, without the planning regions."""
        wanted = set(regions)
        pairs = zip(self.units, self.layers, strict=True)
        return [unit for unit, layer in pairs if layer == COUNTY and unit.region in wanted]

    def _region_areas(self) -> dict[str, float]:
        """The areas of states, provinces and countries."""
        found: dict[str, float] = defaultdict(float)
        for unit, layer, area in zip(self.units, self.layers, self.areas, strict=True):
            if layer in (COUNTY, PROVINCE):
                for region in {unit.region, unit.country}:
                    found[region] += float(area)
        return dict(found)


def _layer(unit: Unit) -> str:
    if unit.scheme != "fips":
        return PROVINCE
    return PLANNING if unit.code.startswith("091") else COUNTY


def _placed(scheme: str, one: LayerUnit, units: Sequence[Unit], layers: Sequence[str], shapes: Any, tree: Any) -> Unit:
    """A unit of a layer: in the region that its code or its layer says, or else in the one where it lies."""
    region = one.region and canonical(one.region)
    if region is None:
        inside = tree.query(shapely.point_on_surface(one.shape), "intersects").tolist()
        region = next((units[place].region for place in inside), "")
    subdivision = region if "-" in region else None
    return Unit(code=one.code, scheme=scheme, country=region[:2], subdivision=subdivision)
