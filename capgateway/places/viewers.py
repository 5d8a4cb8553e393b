"""Who a viewer is, in codes: every code of a point or of a unit, as :func:`matches` in ``examples/`` compares it with a card."""

from __future__ import annotations

import csv
import io
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from capgateway.places import shapes
from capgateway.places.atlas import ATLAS, Atlas, is_planning_region
from capgateway.places.block import named
from capgateway.places.codes import WHOLE, Unit, whole
from capgateway.places.regions import (
    CA_PROVINCES,
    SUBDIVISION_NAMES,
    US_ASSOCIATED,
    US_STATES,
    canonical,
    is_region,
    is_within,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

POINT = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{0,20})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{0,20})?)\s*", re.ASCII)
ISO, COUNTRY, FIPS, UGC, SAME, SGC = "iso3166-2", "iso3166-1", "fips", "ugc", "same", "sgc"
SCHEMES = (FIPS, UGC, SAME, SGC, ISO, COUNTRY)
LOCATION = "profile:CAP-CP:Location:0.3"

_POSTAL = {fips: postal for fips, (postal, _) in (US_STATES | US_ASSOCIATED).items()}
_FIPS = {postal: fips for fips, postal in _POSTAL.items()}
_PROVINCE_DIGITS = {f"CA-{postal}": digits for digits, (postal, _) in CA_PROVINCES.items()}

Codes = dict[str, list[str]]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a point or a unit. ``codes`` are all codes of a viewer there, by scheme; ``names`` those of the units.
    ``zones`` are forecast zones that cover only a part of the county, so that a viewer may be in any of them. ``places`` is the version
    of the boundary file."""

    places: str
    codes: Codes
    names: dict[str, str]
    zones: tuple[str, ...] = ()
    point: tuple[float, float] | None = None
    code: str | None = None
    scheme: str | None = None
    name: str | None = None
    square_kilometres: float | None = None
    bbox: tuple[float, float, float, float] | None = None
    centroid: tuple[float, float] | None = None
    geometry: dict[str, Any] | None = None


def point(text: str) -> tuple[float, float] | None:
    """Latitude and longitude from ``LAT,LON``, or ``None``."""
    match = POINT.fullmatch(text)
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    return (latitude, longitude) if abs(latitude) <= shapes.POLE and abs(longitude) <= shapes.HALF_TURN else None


def at(latitude: float, longitude: float, atlas: Atlas = ATLAS) -> Place:
    """Every code of a point. ``point`` is longitude first, as in GeoJSON."""
    units = atlas.chart.at(longitude, latitude)
    return Place(
        places=atlas.version,
        point=(longitude, latitude),
        codes=_codes(units, atlas),
        names=_names(units, atlas),
        zones=_partly(units, atlas),
    )


def show(code: str, atlas: Atlas = ATLAS) -> Place | None:
    """One unit by its code, in any scheme: a county (FIPS, SAME or UGC), a zone, a census division, a state, province or country, or
    a unit of ``[[places]]``, if need be with its scheme (``sgc:3506``)."""
    units, scheme = _read(code.strip(), atlas)
    if not units:
        return None
    (first, *more) = units
    name = None if more else atlas.name(first.code, first.scheme) or first.name
    drawn = _shape(units, atlas)
    return Place(
        places=atlas.version,
        code=code.strip().upper().rpartition(":")[2] if scheme != first.scheme else first.code,
        scheme=scheme,
        name=name,
        codes=_codes(units, atlas)
        | ({scheme: [code.strip().upper()]} if scheme == UGC and code[2:3].upper() == "Z" else {}),
        names=_names(units, atlas),
        zones=_partly(units, atlas),
        square_kilometres=None if drawn is None else round(float(shapes.square_kilometres(drawn)), 1),
        bbox=None if drawn is None else shapes.bounding_box(drawn),
        centroid=None if drawn is None else shapes.centre(drawn),
        geometry=None if drawn is None else shapes.geojson(drawn),
    )


def near(code: str, atlas: Atlas = ATLAS) -> str | None:
    """A unit that somebody may have meant by a code or a name that is unknown."""
    names = {name.casefold(): fips for fips, name in atlas.names.items() if name}
    names |= {name.casefold(): region for region, name in SUBDIVISION_NAMES.items()}
    close = get_close_matches(code.casefold(), names, n=1, cutoff=0.7)
    if close:
        return names[close[0]]
    return next(iter(get_close_matches(code.upper(), [*SUBDIVISION_NAMES, *atlas.names], n=1, cutoff=0.7)), None)


def export(form: str, atlas: Atlas = ATLAS) -> Iterator[str]:
    """All units with shapes, as GeoJSON or CSV, in pieces."""
    yield from _as_geojson(atlas) if form == "geojson" else _as_csv(atlas)


def _read(code: str, atlas: Atlas) -> tuple[list[Unit], str]:
    """The units that a code means, and the scheme that it is of."""
    scheme, _, rest = code.rpartition(":")
    for layer in atlas.layers:
        own = atlas.chart.places.get((layer.scheme, rest))
        if own is not None and scheme.casefold() in ("", layer.scheme.casefold()):
            return [atlas.chart.units[own]], layer.scheme
    upper = rest.upper()
    if is_region(upper):
        if scheme.casefold() not in ("", whole(upper).scheme):
            return [], ""
        return [whole(upper)], whole(upper).scheme
    if upper[:2].isalpha():
        if scheme.casefold() not in ("", UGC):
            return [], ""
        return _one(named(UGC, upper, atlas)), UGC
    names = {2: LOCATION, 4: LOCATION, 5: "FIPS", 6: "SAME", 7: LOCATION}
    name = names.get(len(upper), "")
    if scheme.casefold() not in ("", {LOCATION: SGC}.get(name, name.casefold())):
        return [], ""
    return named(name, upper, atlas), {LOCATION: SGC}.get(name, name.casefold())


def _one(units: list[Unit]) -> list[Unit]:
    return list({unit.code: unit for unit in units}.values())


def _codes(units: Iterable[Unit], atlas: Atlas) -> Codes:
    """All codes of a viewer in these units."""
    found: dict[str, dict[str, None]] = {scheme: {} for scheme in SCHEMES}
    for unit in units:
        region = canonical(unit.region)
        if unit.scheme not in (ISO, COUNTRY):
            found.setdefault(unit.scheme, {})[unit.code] = None
        if region in SUBDIVISION_NAMES:
            found[ISO][region] = None
        if unit.country:
            found[COUNTRY][unit.country] = None
        for scheme, code in _others(unit, atlas):
            found[scheme][code] = None
    return {scheme: sorted(codes) for scheme, codes in found.items()}


def _others(unit: Unit, atlas: Atlas) -> Iterator[tuple[str, str]]:
    """The codes that other schemes have for a unit."""
    if unit.scheme == FIPS and not is_planning_region(unit.code):
        yield SAME, f"0{unit.code}"
        yield UGC, f"{_POSTAL[unit.code[:2]]}C{unit.code[2:]}"
        if unit.whole:
            yield from ((UGC, zone) for zone in atlas.zones_of.get(unit.code, {}) if _is_all(unit.code, zone, atlas))
    elif unit.scheme in (ISO, COUNTRY) and unit.code[-2:] in _FIPS and not unit.code.startswith("CA"):
        yield SAME, f"0{_FIPS[unit.code[-2:]]}000"
        yield UGC, f"{unit.code[-2:]}C000"
    elif unit.code in _PROVINCE_DIGITS:
        yield SGC, _PROVINCE_DIGITS[unit.code]
    elif unit.code == "US":
        yield SAME, "000000"


def _is_all(fips: str, zone: str, atlas: Atlas) -> bool:
    return (atlas.zones_of[fips][zone] or 0.0) >= WHOLE


def _partly(units: Iterable[Unit], atlas: Atlas) -> tuple[str, ...]:
    counties = [unit.code for unit in units if unit.scheme == FIPS and unit.whole]
    return tuple(
        sorted({zone for one in counties for zone in atlas.zones_of.get(one, {}) if not _is_all(one, zone, atlas)})
    )


def _names(units: Iterable[Unit], atlas: Atlas) -> dict[str, str]:
    found = {unit.code: atlas.name(unit.code, unit.scheme) or unit.name for unit in units}
    return {code: name for code, name in found.items() if name}


def _shape(units: list[Unit], atlas: Atlas) -> shapes.Shape | None:
    """The shape of units together; of a state the outline, of a country none but its own."""
    found = []
    for unit in units:
        shape = atlas.outlines.get(unit.code) if unit.scheme in (ISO, COUNTRY) else atlas.chart.shape(unit)
        if shape is None and unit.scheme == COUNTRY:
            found += [one for code, one in atlas.outlines.items() if is_within(code, unit.code)]
        elif shape is not None:
            found.append(shape)
    return shapes.together(found) if found else None


def _as_geojson(atlas: Atlas) -> Iterator[str]:
    """A FeatureCollection with a line per unit."""
    yield f'{{"type":"FeatureCollection","places":"{atlas.version}","features":[\n'
    for number, (unit, shape) in enumerate(zip(atlas.chart.units, atlas.chart.shapes, strict=True)):
        feature = {
            "type": "Feature",
            "id": f"{unit.scheme}:{unit.code}",
            "properties": _properties(unit, atlas),
            "geometry": shapes.geojson(shape),
        }
        yield ("," if number else "") + msgspec.json.encode(feature).decode() + "\n"
    yield "]}\n"


def _as_csv(atlas: Atlas) -> Iterator[str]:
    """A line per unit: its codes, its name, and its centre."""
    line = io.StringIO()
    columns = [*_properties(atlas.chart.units[0], atlas), "latitude", "longitude", "places"]
    writer = csv.DictWriter(line, columns, lineterminator="\n")
    writer.writeheader()
    for unit, shape in zip(atlas.chart.units, atlas.chart.shapes, strict=True):
        longitude, latitude = shapes.centre(shape)
        row = {"latitude": latitude, "longitude": longitude, "places": atlas.version}
        writer.writerow(_properties(unit, atlas) | row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _properties(unit: Unit, atlas: Atlas) -> dict[str, Any]:
    codes = dict(_others(unit, atlas))
    return {
        "code": unit.code,
        "scheme": unit.scheme,
        "name": atlas.name(unit.code, unit.scheme),
        "country": unit.country or None,
        "subdivision": unit.subdivision,
        "same": codes.get(SAME),
        "ugc": f"{_POSTAL[unit.code[:2]]}C{unit.code[2:]}" if unit.scheme == FIPS and UGC in codes else None,
        "sgc": unit.code if unit.scheme == SGC else codes.get(SGC),
    }
