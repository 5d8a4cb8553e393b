"""Every code of a point and of a unit, as receivers ask for them."""

from __future__ import annotations

import csv
import json

import pytest
from area_samples import with_divisions

from capgateway.places import ATLAS, viewers


def test_every_code_of_a_point() -> None:
    """County, zone, SAME code, state and country of a viewer in Dallas."""
    found = viewers.at(32.78, -96.80)
    assert found.codes == {
        "fips": ["48113"],
        "ugc": ["TXC113", "TXZ119"],
        "same": ["048113"],
        "sgc": [],
        "iso3166-2": ["US-TX"],
        "iso3166-1": ["US"],
    }
    assert (found.places, found.point, found.names["48113"]) == ("2026-11", (-96.80, 32.78), "Dallas County, TX")


def test_a_point_in_canada_has_its_division_where_it_is_loaded() -> None:
    """Without ``[[places]]`` the province alone is known."""
    assert viewers.at(45.40, -75.69).codes["sgc"] == ["35"]
    assert viewers.at(45.40, -75.69, with_divisions()).codes["sgc"] == ["35", "3506"]


def test_connecticut_and_territories() -> None:
    """Both kinds of county in Connecticut; Puerto Rico is a part of the US."""
    assert viewers.at(41.18, -73.19).codes["fips"] == ["09001", "09120"]
    assert viewers.at(18.44, -66.06).codes["iso3166-2"] == ["US-PR"]
    assert viewers.at(18.44, -66.06).codes["iso3166-1"] == ["US"]


def test_a_county_of_several_zones_names_those_that_are_possible() -> None:
    """Which of them a viewer is in is not known: none is among the codes."""
    found = viewers.at(29.76, -95.37)  # Houston
    assert found.codes["ugc"] == ["TXC201"]
    assert found.zones == tuple(sorted(ATLAS.zones_of["48201"]))


@pytest.mark.parametrize(
    ("asked", "scheme", "codes"),
    [
        ("48113", "fips", {"fips": ["48113"], "same": ["048113"], "iso3166-2": ["US-TX"]}),
        ("048113", "same", {"fips": ["48113"], "same": ["048113"]}),
        ("TXC113", "ugc", {"fips": ["48113"], "ugc": ["TXC113", "TXZ119"]}),
        ("txz119", "ugc", {"fips": ["48113"], "ugc": ["TXZ119"]}),
        ("US-TX", "iso3166-2", {"fips": [], "same": ["048000"], "iso3166-1": ["US"]}),
        ("048000", "same", {"iso3166-2": ["US-TX"]}),
        ("PR", "iso3166-2", {"iso3166-2": ["US-PR"], "iso3166-1": ["US"], "same": ["072000"]}),
        ("US", "iso3166-1", {"iso3166-1": ["US"], "same": ["000000"]}),
        ("FM", "iso3166-1", {"iso3166-1": ["FM"], "same": ["064000"]}),
        ("CA-ON", "iso3166-2", {"sgc": ["35"], "iso3166-1": ["CA"]}),
        ("35", "sgc", {"sgc": ["35"], "iso3166-2": ["CA-ON"]}),
        ("3506", "sgc", {"sgc": ["3506"], "iso3166-2": ["CA-ON"]}),
        ("002261", "same", {"fips": ["02063", "02066"]}),
    ],
)
def test_a_unit_by_its_code(asked: str, scheme: str, codes: dict[str, list[str]]) -> None:
    """In any scheme, with all codes of a viewer there."""
    found = viewers.show(asked)
    assert found is not None
    assert found.scheme == scheme
    assert {name: found.codes[name] for name in codes} == codes


def test_a_unit_has_a_size_and_a_place() -> None:
    """Dallas County has 2,350 square kilometres by the Census."""
    found = viewers.show("48113")
    assert found is not None
    assert found.square_kilometres == pytest.approx(2350, rel=0.02)
    assert found.centroid == pytest.approx((-96.78, 32.77), abs=0.02)
    assert (found.name, found.geometry and found.geometry["type"]) == ("Dallas County, TX", "Polygon")


@pytest.mark.parametrize("code", ["48999", "TXZ999", "ZZ", "", "999000", "hello", "123456789", "٤٨١١٣", "sgc:9999"])
def test_an_unknown_code_is_not_a_place(code: str) -> None:
    """Least of all the nearest one."""
    assert viewers.show(code) is None


def test_a_name_or_a_slip_gets_a_suggestion() -> None:
    """The code of the county that somebody spelled nearly right."""
    assert viewers.near("Dalas County, TX") == "48113"
    assert viewers.near("Ontari") == "CA-ON"


@pytest.mark.parametrize("text", ["32.78", "32.78,-196", "91,0", "a,b", "", "32.78,-96.8,1", "1e3,0", "nan,nan"])
def test_what_is_not_a_point(text: str) -> None:
    """Latitude and longitude in degrees, in this order."""
    assert viewers.point(text) is None


def test_all_units_as_geojson_and_as_csv() -> None:
    """Both have each unit once, with its codes, and the version of the file."""
    document = json.loads("".join(viewers.export("geojson")))
    rows = list(csv.DictReader("".join(viewers.export("csv")).splitlines()))
    assert document["places"] == rows[0]["places"] == ATLAS.version
    assert [one["properties"]["code"] for one in document["features"]] == [row["code"] for row in rows]
    dallas = next(row for row in rows if row["code"] == "48113")
    assert (dallas["name"], dallas["same"], dallas["ugc"]) == ("Dallas County, TX", "048113", "TXC113")


@pytest.mark.parametrize("code", ["bogus:48113", "sgc:48113", "fips:US-TX", "same:TXC113", "sgc:048113"])
def test_a_code_with_the_wrong_scheme_is_unknown(code: str) -> None:
    """A slip is not answered with a unit of another scheme."""
    assert viewers.show(code) is None


def test_a_code_with_its_scheme() -> None:
    """In any letter case, as its answer names it."""
    asked = ["fips:48113", "SAME:048113", "ugc:TXC113", "iso3166-2:US-TX", "iso3166-1:US", "sgc:35"]
    shown = [viewers.show(code) for code in asked]
    assert [one and one.scheme for one in shown] == [code.partition(":")[0].lower() for code in asked]
