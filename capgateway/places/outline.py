"""What a card shows of an area on a map: its shape, its box and its centre; and the codes of all that it touches."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from capgateway.places import shapes
from capgateway.places.atlas import ATLAS, Atlas, is_planning_region
from capgateway.places.regions import US_ASSOCIATED, US_STATES, is_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.places.codes import Unit
    from capgateway.places.resolve import Resolved
    from capgateway.places.shapes import Shape

MOST_POINTS = 200
"""Of the outline of what codes name, about 3 kB: it is for maps. The shapes of an alert stay as they are."""
MOST_UNITS = 300
"""That are drawn: every county of the largest state is 254."""
TOLERANCES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Degrees by which such an outline is simplified until it has few points enough."""
REMEMBERED = 256
"""Outlines of units that are kept: 3 kB each."""

_SAME_STATES = {region: fips for fips, (postal, _) in US_STATES.items() for region in (f"US-{postal}",)}
_SAME_STATES |= {country: fips for fips, (country, _) in US_ASSOCIATED.items()}


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """``geometry`` is GeoJSON; ``bbox`` is west, south, east, north; ``centroid`` is longitude first."""

    geometry: dict[str, Any] | None = None
    bbox: tuple[float, float, float, float] | None = None
    centroid: tuple[float, float] | None = None


def outline(found: Sequence[Resolved], atlas: Atlas = ATLAS) -> Outline:
    """The outline of all that info blocks mean: their shapes, and the units that codes name. Whole countries, and hundreds of
    counties, have no geometry."""
    drawn = list({id(shape): shape for one in found for shape in one.shapes}.values())
    units = tuple({(unit.scheme, unit.code): unit for one in found for unit in one.outlined}.values())
    return _outline_of(drawn, units, atlas) if drawn else _outline_of_units(units, atlas)


@lru_cache(maxsize=REMEMBERED)
def _outline_of_units(units: tuple[Unit, ...], atlas: Atlas) -> Outline:
    """The same without shapes: alerts, and the updates of one alert, name the same units again and again."""
    return _outline_of([], units, atlas)


def _outline_of(drawn: list[Shape], units: Sequence[Unit], atlas: Atlas) -> Outline:
    import shapely  # noqa: PLC0415

    named = [shape for unit in units for shape in _shapes(unit, atlas)]
    is_drawn = len(units) <= MOST_UNITS and not any(unit.scheme == "iso3166-1" for unit in units)
    if named:
        drawn.append(_simplified(shapely.union_all(named)) if is_drawn else _beside(named))
    if not drawn:
        return Outline()
    if is_drawn:
        return _outline(_united(drawn))
    return Outline(bbox=shapes.bounding_box(_beside(drawn)), centroid=shapes.centre(_beside(drawn)))


def clipped(geometry: dict[str, Any], regions: Sequence[str], atlas: Atlas = ATLAS) -> Outline:
    """The part of a shape that lies in these states, provinces or countries."""
    import shapely  # noqa: PLC0415

    shape = shapely.from_geojson(msgspec.json.encode(geometry))
    chart = atlas.chart
    inside = [
        chart.shape(touch.unit)
        for touch in chart.touched(shape)
        if any(is_within(touch.unit.region, region) for region in regions)
    ]
    part = shapely.intersection(shape, shapely.union_all(inside))
    areas = [one for one in shapely.get_parts(shapely.get_parts([part])) if one.area]
    return _outline(shapely.union_all(areas)) if areas else Outline()


def counties_in(found: Iterable[Resolved], atlas: Atlas = ATLAS) -> list[str]:
    """The counties that areas touch, those of named states among them; not those of whole countries, which would be all."""
    resolved = list(found)
    touched = [unit.code for one in resolved for unit in one.touched if unit.scheme == "fips"]
    states = {unit.code for one in resolved for unit in one.outlined if unit.scheme == "iso3166-2"}
    return touched + [unit.code for unit in atlas.chart.counties_of(states)] if states else touched


def same_codes(found: Iterable[Resolved]) -> list[str]:
    """The SAME codes of what areas touch: as received where codes decide, else those of the counties, or of a state that is meant as
    a whole."""
    given: list[str] = []
    derived: list[str] = []
    for one in found:
        given += one.same
        whole = {unit.code for unit in one.units if unit.code in _SAME_STATES or unit.code == "US"}
        derived += [_same_of_region(code) for code in whole]
        for unit in one.touched:
            if unit.scheme == "fips" and not is_planning_region(unit.code) and not whole & {unit.region, unit.country}:
                derived.append(f"0{unit.code}")
    known = {code[-len("SSCCC") :] for code in given}
    return given + [code for code in derived if code[-len("SSCCC") :] not in known]


def _same_of_region(code: str) -> str:
    return f"0{_SAME_STATES[code]}000" if code in _SAME_STATES else "000000"


def _shapes(unit: Unit, atlas: Atlas) -> list[Shape]:
    """The shapes that draw a unit: its own, or the outlines of the states and provinces in it."""
    if unit.scheme == "iso3166-1":
        return [shape for code, shape in atlas.outlines.items() if is_within(code, unit.code)]
    if unit.code in atlas.outlines:
        return [atlas.outlines[unit.code]]
    shape = atlas.chart.shape(unit)
    return [] if shape is None else [shape]


def _united(parts: list[Shape]) -> Shape:
    """Parts as one. Strangers' shapes that cross each other too often stay side by side."""
    united = shapes.together(parts)
    return _beside(parts) if united is None else united


def _beside(parts: list[Shape]) -> Shape:
    """Parts side by side, as they are."""
    import shapely  # noqa: PLC0415

    return shapely.multipolygons(shapely.get_parts(parts))


def _simplified(shape: Shape) -> Shape:
    import shapely  # noqa: PLC0415

    simple = shape
    for tolerance in TOLERANCES:
        if shapely.get_num_coordinates(simple) <= MOST_POINTS:
            break
        simple = shapely.simplify(shape, tolerance)
    largest = sorted(shapely.get_parts(simple), key=lambda part: -part.area)
    count = itertools.accumulate(shapely.get_num_coordinates(largest).tolist())
    kept = [part for part, points in zip(largest, count, strict=True) if points <= MOST_POINTS]
    return shapely.multipolygons(kept or largest[:1])


def _outline(shape: Shape) -> Outline:
    return Outline(geometry=shapes.geojson(shape), bbox=shapes.bounding_box(shape), centroid=shapes.centre(shape))
