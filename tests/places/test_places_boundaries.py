"""The boundary file: small, complete, and right about towns that people know."""

from __future__ import annotations

import subprocess
import sys

import pytest
import shapely

from capgateway import shipped
from capgateway.places import ATLAS, Atlas
from capgateway.places.chart import COUNTY, PLANNING, PROVINCE

LARGEST = 600_000

TOWNS = {
    "Dallas": (32.78, -96.80, "48113"), "Fort Worth": (32.75, -97.33, "48439"), "El Paso": (31.76, -106.49, "48141"),
    "Brownsville": (25.90, -97.50, "48061"), "New York": (40.71, -74.01, "36061"), "Brooklyn": (40.65, -73.95, "36047"),
    "Washington": (38.90, -77.03, "11001"), "Arlington, VA": (38.88, -77.10, "51013"), "Alexandria": (38.81, -77.05, "51510"),
    "Miami": (25.77, -80.20, "12086"), "Key West": (24.56, -81.79, "12087"), "Chicago": (41.85, -87.65, "17031"),
    "Detroit": (42.35, -83.06, "26163"), "Seattle": (47.61, -122.33, "53033"), "Los Angeles": (34.05, -118.24, "06037"),
    "San Francisco": (37.77, -122.42, "06075"), "Honolulu": (21.31, -157.86, "15003"), "Kalaupapa": (21.19, -156.98, "15009"),
    "Anchorage": (61.20, -149.90, "02020"), "Adak": (51.88, -176.65, "02016"), "Attu": (52.90, 172.92, "02016"),
    "San Juan": (18.45, -66.07, "72127"), "Charlotte Amalie": (18.345, -64.93, "78030"), "Hagåtña": (13.47, 144.75, "66010"),
    "Saipan": (15.19, 145.75, "69110"), "Pago Pago": (-14.28, -170.70, "60010"), "St. Louis": (38.63, -90.20, "29510"),
    "East St. Louis": (38.62, -90.15, "17163"), "Baltimore": (39.29, -76.61, "24510"), "Carson City": (39.16, -119.77, "32510"),
    "Pine Ridge": (43.03, -102.56, "46102"), "Valdez": (61.13, -146.35, "02063"), "Bristol, TN": (36.58, -82.19, "47163"),
}  # fmt: skip
BORDER_CITIES = {
    "Ottawa": (45.40, -75.69, "ON"), "Hull": (45.43, -75.72, "QC"), "Gatineau": (45.48, -75.65, "QC"),
    "Windsor": (42.30, -83.03, "ON"), "Sarnia": (42.97, -82.40, "ON"), "Cornwall": (45.03, -74.73, "ON"),
    "Hawkesbury": (45.605, -74.61, "ON"), "Thunder Bay": (48.38, -89.25, "ON"), "Kenora": (49.77, -94.49, "ON"),
    "Halifax": (44.65, -63.58, "NS"), "Sydney": (46.14, -60.19, "NS"), "Charlottetown": (46.24, -63.13, "PE"),
    "Tadoussac": (48.14, -69.72, "QC"), "Campbellton": (48.005, -66.67, "NB"), "Edmundston": (47.37, -68.33, "NB"),
    "Lloydminster east": (53.28, -109.98, "SK"), "Lloydminster west": (53.28, -110.03, "AB"),
    "Flin Flon": (54.77, -101.87, "MB"), "Victoria": (48.43, -123.36, "BC"), "Tofino": (49.15, -125.90, "BC"),
    "Vancouver": (49.28, -123.12, "BC"), "Prince Rupert": (54.31, -130.32, "BC"), "St. John's": (47.56, -52.71, "NL"),
    "Labrador City": (52.94, -66.91, "NL"), "Iqaluit": (63.75, -68.52, "NU"), "Yellowknife": (62.45, -114.37, "NT"),
    "Whitehorse": (60.72, -135.05, "YT"), "Toronto": (43.65, -79.38, "ON"),
}  # fmt: skip


def test_the_file_is_small_and_complete() -> None:
    """3,266 counties, nine planning regions and thirteen provinces, each with a name and a valid shape."""
    assert len(shipped.boundaries()) <= LARGEST
    layers = ATLAS.chart.layers
    assert {layer: layers.count(layer) for layer in set(layers)} == {COUNTY: 3266, PLANNING: 9, PROVINCE: 13}
    assert shapely.is_valid(ATLAS.chart.shapes).all()
    assert all(ATLAS.name(unit.code, unit.scheme) for unit in ATLAS.chart.units)
    assert ATLAS.name("48113", "fips") == "Dallas County, TX"


@pytest.mark.parametrize("town", TOWNS)
def test_towns_are_in_their_counties(town: str) -> None:
    """Independent cities, islands, both sides of state borders, and territories."""
    latitude, longitude, expected = TOWNS[town]
    found = ATLAS.chart.county(longitude, latitude)
    assert found is not None
    assert found.code == expected


@pytest.mark.parametrize("city", BORDER_CITIES)
def test_cities_near_borders_are_in_their_provinces(city: str) -> None:
    """Provinces are drawn coarsely, so a point within 0.02 degrees of a border is in both; it is never in the wrong one alone."""
    latitude, longitude, expected = BORDER_CITIES[city]
    found = [unit.code for unit in ATLAS.chart.at(longitude, latitude) if unit.code.startswith("CA-")]
    assert f"CA-{expected}" in found
    assert len(found) <= 2


def test_every_unit_is_found_by_a_point_in_it() -> None:
    """A code leads to a shape, and a point of the shape back to the code."""
    chart = ATLAS.chart
    for unit, shape in zip(chart.units, chart.shapes, strict=True):
        point = shapely.point_on_surface(shape)
        assert unit in chart.at(point.x, point.y)


def test_counties_cover_the_land_once() -> None:
    """No two share 1 % of either, but for the city of Lexington, which the source draws into the county around it."""
    chart = ATLAS.chart
    places = [place for place, layer in enumerate(chart.layers) if layer == COUNTY]
    shapes = chart.shapes[places]
    one, other = shapely.STRtree(shapes).query(shapes, "overlaps")
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    twice = {chart.units[places[one[pair]]].code for pair in (shared > 0.01 * shapely.area(shapes[one])).nonzero()[0]}
    assert twice == {"51678"}


def test_zones_and_retired_codes_lead_to_counties_that_exist() -> None:
    """Every table of the file speaks of the same counties."""
    for table in (ATLAS.zones, ATLAS.retired):
        assert all(fips in ATLAS.names for shares in table.values() for fips in shares)
    assert not any(code in ATLAS.names for code in ATLAS.retired)
    empty = [zone for zone, counties in ATLAS.zones.items() if not counties]
    assert len(empty) < len(ATLAS.zones) / 1000


def test_outlines_are_there_for_every_state_and_province() -> None:
    """The console's map and the geometry of cards are drawn from them."""
    regions = {unit.region for unit in ATLAS.chart.units}
    assert regions == set(ATLAS.outlines)
    assert Atlas().version == "2026-11"


IMPORTS = "import capgateway.cards, capgateway.config"
VALIDATION = """
from capgateway.cli import main
import sys
sys.argv = ["capgateway", "validate", "examples/us/alert.xml"]
try:
    main()
except SystemExit:
    pass
"""


@pytest.mark.parametrize("code", [IMPORTS, VALIDATION])
def test_nothing_loads_shapes_before_they_are_needed(code: str) -> None:
    """Importing the stages, or validating a message, imports neither numpy nor shapely."""
    asked = f"{code}\nimport sys\nsys.exit('shapely' in sys.modules or 'numpy' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True)  # noqa: S603
    assert ended.returncode == 0, ended.stderr
