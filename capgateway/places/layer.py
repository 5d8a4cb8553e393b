"""Units of the operator's own, from GeoJSON files that ``[[places]]`` names: census divisions, another country's districts."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from capgateway.places.codes import SGC_NAME
from capgateway.places.regions import CA_PROVINCES
from capgateway.places.shapes import FULL_TURN, HALF_TURN, POLE, Shape, cut

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,39}")
TAKEN = frozenset({"fips", "ugc", "ugc-zone", "same", "iso3166-1", "iso3166-2", "drawn"})
"""Schemes that the gateway has already."""
LARGEST_FILE = 256 * 1024 * 1024
"""Bytes. Statistics Canada's divisions take 50 MB in full detail."""
MAX_UNITS = 20_000
"""Of one file: all census subdivisions of Canada are 5,253."""
LONGEST_CODE = 60


class LayerError(ValueError):
    """Why a file cannot be used."""


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[places]]``. ``code`` and ``name`` are the properties that contain a unit's code and name; ``region`` is the country
    or state in which all units lie, where their codes do not say it."""

    scheme: str
    file: str
    code: str
    name: str
    region: str | None = None

    def is_of(self, name: str) -> bool:
        """Whether geocodes of this valueName have codes of this layer."""
        if self.scheme == "sgc" and SGC_NAME.fullmatch(name.strip()):
            return True
        return name.strip().casefold() == self.scheme.casefold()


class LayerUnit(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a file."""

    code: str
    name: str | None
    region: str | None
    shape: Shape


def units(layer: Layer) -> tuple[LayerUnit, ...]:
    """The units of a layer. Raises :class:`LayerError` for a file that cannot be used. A file is read once as long as it stays the
    same."""
    path = Path(layer.file)
    try:
        stat = path.stat()
    except OSError as error:
        raise LayerError(f"cannot read {layer.file}: {error.strerror}") from None
    return _units(layer, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _units(layer: Layer, changed: int, size: int) -> tuple[LayerUnit, ...]:
    if size > LARGEST_FILE:
        raise LayerError(f"{layer.file} is larger than {LARGEST_FILE >> 20} MB; simplify its shapes")
    found: dict[str, list[dict[str, Any]]] = {}
    for feature in _features(layer):
        found.setdefault(_code(feature, layer), []).append(feature)
    if len(found) > MAX_UNITS:
        raise LayerError(f"{layer.file} has more than {MAX_UNITS:,} units")
    return tuple(_unit(code, features, layer) for code, features in sorted(found.items()))


def _features(layer: Layer) -> list[dict[str, Any]]:
    try:
        document = msgspec.json.decode(Path(layer.file).read_bytes().removeprefix(codecs.BOM_UTF8))
    except OSError as error:
        raise LayerError(f"cannot read {layer.file}: {error.strerror}") from None
    except (msgspec.DecodeError, RecursionError):
        raise LayerError(f"{layer.file} is not JSON") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise LayerError(f"{layer.file} is not a GeoJSON FeatureCollection")
    if not features:
        raise LayerError(f"{layer.file} has no features")
    return features


def _code(feature: dict[str, Any], layer: Layer) -> str:
    properties = _properties(feature)
    code = _text(properties.get(layer.code)) or ""
    if not code:
        others = ", ".join(sorted(map(str, properties)))
        raise LayerError(f"{layer.file} has a feature without the property {layer.code!r}; it has: {others or 'none'}")
    if len(code) > LONGEST_CODE or not code.isprintable() or any(character.isspace() for character in code):
        raise LayerError(f"{layer.file} has a code that is longer than {LONGEST_CODE} characters or contains spaces")
    return code


def _unit(code: str, features: list[dict[str, Any]], layer: Layer) -> LayerUnit:
    import shapely  # noqa: PLC0415

    shape = shapely.union_all([_shape(feature, code, layer) for feature in features])
    if not shape.area:
        raise LayerError(f"{layer.file}: the unit {code} has no area")
    west, south, east, north = shape.bounds
    if west < -HALF_TURN or east > FULL_TURN or south < -POLE or north > POLE:
        raise LayerError(f"{layer.file} is not in degrees; convert it to WGS 84 (EPSG:4326)")
    name = _text(_properties(features[0]).get(layer.name))
    return LayerUnit(code=code, name=name, region=_region(code, layer), shape=cut(shape))


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _text(value: object) -> str | None:
    """A property as text: many programs write codes as numbers, ``3506`` or ``3506.0``. Nothing else is a code or a name."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _shape(feature: dict[str, Any], code: str, layer: Layer) -> Shape:
    import shapely  # noqa: PLC0415

    try:
        shape = shapely.from_geojson(msgspec.json.encode(feature["geometry"]))
    except (KeyError, shapely.errors.GEOSException):
        raise LayerError(f"{layer.file}: the unit {code} has no shape that can be read") from None
    shape = shape if shapely.is_valid(shape) else shapely.make_valid(shape)
    return shapely.force_2d(shape)


def _region(code: str, layer: Layer) -> str | None:
    """The region that a unit lies in, as far as layer or code say it."""
    if layer.scheme == "sgc" and code[:2] in CA_PROVINCES:
        return f"CA-{CA_PROVINCES[code[:2]][0]}"
    return layer.region
