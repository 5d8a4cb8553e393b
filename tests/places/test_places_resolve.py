"""Who is meant: the truth here was checked by hand on maps, case by case."""

from __future__ import annotations

import math

import pytest
import shapely
from area_samples import (
    ANCHORAGE,
    DETROIT,
    OTTAWA,
    block,
    box,
    resolved,
    shares,
    units,
    with_divisions,
)

from capgateway import cap, places
from capgateway.places import ATLAS

IN_DALLAS = box(32.72, -96.90, 32.86, -96.72)


def outline_of(state: str) -> str:
    """A state's outline as an issuer would draw it, latitude first."""
    counties = [ATLAS.chart.shape(unit) for unit in ATLAS.chart.counties_of([state])]
    parts = shapely.get_parts(shapely.simplify(shapely.union_all(counties), 0.005))
    largest = max(parts, key=lambda part: part.area)
    return " ".join(f"{y:.3f},{x:.3f}" for x, y in largest.exterior.coords)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("048113", {"48113": 1.0}),
        ("148113", {"48113": None}),  # a part that nobody can draw
        ("048000", {"US-TX": 1.0}),
        ("000000", {"US": 1.0}),
        ("072000", {"US-PR": 1.0}),
        ("072127", {"72127": 1.0}),
        ("064040", {"64040": 1.0}),
        ("002261", {"02063": 0.99, "02066": 1.0}),  # Valdez-Cordova, divided in 2019
        ("046113", {"46102": 1.0}),  # Shannon is Oglala Lakota since 2015
        ("051515", {"51019": 0.01}),  # the city of Bedford joined its county in 2013
        ("015005", {"15009": None}),  # Kalawao belongs to Maui for the weather service
        ("075000", {}),  # the Gulf of Mexico
        ("048999", {}),  # no county ever had this number
        ("999000", {}),
    ],
)
def test_same_codes_mean_the_units_of_today(value: str, expected: dict[str, float | None]) -> None:
    """Retired codes are replaced, parts are noted, and what never existed stays unresolved."""
    found = resolved(block(same=value))
    assert {unit.code: unit.share for unit in found.units} == expected
    assert found.is_clear is bool(expected)
    assert bool(found.unresolved) is (not expected or value == "148113")


def test_a_part_of_a_county_is_noted() -> None:
    """The code as received stays on the card, and the note says what it is a part of."""
    found = resolved(block(same="148113"))
    assert (found.same, found.unresolved) == (("148113",), ("SAME=148113 (part of 48113)",))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("TXC113", {"48113": 1.0}),
        ("TXC113-OKC001", {"40001": 1.0, "48113": 1.0}),
        ("TXC111>115", {"48111": 1.0, "48113": 1.0, "48115": 1.0}),  # county numbers are odd
        ("TXZ119", {"48113": 1.0}),
        ("TXZ118>119", {"48113": 1.0, "48439": 1.0}),
        ("IAC000", {"US-IA": 1.0}),
        ("CAZ041", {}),  # there is no such zone today
        ("GMZ150", {}),  # the sea
    ],
)
def test_ugc_codes_mean_counties(value: str, expected: dict[str, float | None]) -> None:
    """Ranges are those that exist, and a zone on land means the counties that it covers."""
    assert shares(block(ugc=value)) == expected


def test_a_zone_may_be_a_part_of_a_county() -> None:
    """Harris County in Texas has zones for its coast and its inland: each means a part of it."""
    parts = ATLAS.zones_of["48201"]
    assert len(parts) > 1
    for zone, share in parts.items():
        assert shares(block(ugc=zone))["48201"] == share
    assert units(block(ugc="-".join(parts))) == ["48201"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3506", {"3506": 1.0}),
        ("3506008", {"3506": None}),
        ("35", {"CA-ON": 1.0}),
        ("00", {"CA": 1.0}),
        ("none", {}),
    ],
)
def test_sgc_codes(value: str, expected: dict[str, float | None]) -> None:
    """Seven digits mean less than their census division, two the province."""
    assert shares(block(sgc=value)) == expected


def test_a_circle_at_ottawa_is_not_two_provinces() -> None:
    """It covers less than 0.1 % of Ontario and of Quebec, and more than 2 % of it lies in each: the codes of the block say where."""
    coded = resolved(block(circles=[OTTAWA], sgc=("3506", "2481")))
    assert [(unit.code, unit.share) for unit in coded.units] == [("2481", None), ("3506", None)]
    bare = resolved(block(circles=[OTTAWA]))
    assert [(unit.code, unit.scheme) for unit in bare.units] == [("~CA-ON", "drawn"), ("~CA-QC", "drawn")]
    named = resolved(block(circles=[OTTAWA], sgc="3506"))
    assert [unit.code for unit in named.units] == ["3506", "~CA-QC"]


def test_smaller_units_of_the_operator_stand_for_a_province() -> None:
    """With census divisions loaded, shapes mean them, with shares, and no code is needed."""
    found = shares(block(circles=[OTTAWA]), atlas=with_divisions())
    assert list(found) == ["2481", "3506"]
    assert all(share and 0.2 < share < 1 for share in found.values())
    assert shares(block(sgc="3506"), atlas=with_divisions()) == {"3506": 1.0}


def test_a_circle_at_anchorage_keeps_both_boroughs() -> None:
    """Matanuska-Susitna is as large as West Virginia: 2 % of the circle counts where 2 % of the borough is not reached."""
    found = shares(block(circles=[ANCHORAGE]))
    assert list(found) == ["02020", "02170"]
    assert (found["02170"] or 1) < 0.02


def test_detroit_and_windsor() -> None:
    """Counties on one side of the river, and on the other the codes of the block, or the shape alone."""
    assert units(block(circles=[DETROIT])) == ["26099", "26125", "26163", "~CA-ON"]
    assert units(block(circles=[DETROIT], sgc="3537", same="026163")) == ["26099", "26125", "26163", "3537"]
    assert units(block(circles=[DETROIT], sgc="24")) == ["26099", "26125", "26163", "~CA-ON"]  # Quebec is not near


def test_the_outline_of_texas_is_texas() -> None:
    """At least 98 % of a state is the state; its neighbours get nothing from a border drawn twice."""
    found = resolved(block(polygons=[outline_of("US-TX")]))
    assert [unit.code for unit in found.units] == ["US-TX"]
    assert (found.units[0].share or 0) >= 0.98
    assert "48113" in {unit.code for unit in found.touched}


def test_every_county_of_a_state_is_the_state() -> None:
    """All named one by one, or all but the smallest; not where a large one is missing."""
    hawaii = {"15001", "15003", "15007", "15009"}
    assert units(block(same=[f"0{code}" for code in hawaii])) == ["US-HI"]
    assert units(block(same=[f"0{code}" for code in hawaii - {"15001"}])) == sorted(hawaii - {"15001"})


def test_a_polygon_over_a_border_means_both_sides() -> None:
    """Grayson County in Texas and Bryan County in Oklahoma, on the Red River."""
    found = shares(block(polygons=[box(33.6, -96.7, 34.1, -96.2)]))
    assert {"48181", "40013"} <= set(found)
    assert all(0 < (share or 0) < 1 for share in found.values())


def test_connecticut_has_counties_and_planning_regions() -> None:
    """SAME uses the one, the Census the other: a viewer known by either is meant."""
    fairfield = shares(block(same="009001"))
    assert fairfield["09001"] == 1.0
    assert set(fairfield) == {"09001", "09120", "09140", "09190"}
    assert {"09003", "09110"} <= set(shares(block(fips6="009110")))
    bridgeport = shares(block(polygons=[box(41.15, -73.25, 41.22, -73.15)]))
    assert set(bridgeport) == {"09001", "09120"}
    assert units(block(same=[f"0{code:05}" for code in range(9001, 9016, 2)])) == ["US-CT"]


def test_across_the_antimeridian() -> None:
    """Adak and Attu lie on either side of it, in one census area; nothing on the way round the globe is meant."""
    for area in (block(circles=["52.0,179.5 300"]), block(polygons=["51,178 53,178 53,-176 51,-176 51,178"])):
        found = resolved(area)
        assert [unit.code for unit in found.units] == ["02016"]
        outline = places.outline([found])
        assert outline.bbox is not None
        west, _, east, _ = outline.bbox
        assert west > 170 > -170 > east


@pytest.mark.parametrize("text", ["32.78,-96.8 0", "32.78,-96.8 0.001", "32.78,-96.8"])
def test_a_circle_without_a_radius_only_marks_a_place(text: str) -> None:
    """It is the county of its centre if nothing else is given, and nothing beside a code."""
    assert shares(block(circles=[text])) == {"48113": None}
    assert shares(block(circles=[text], same="048121")) == {"48121": 1.0}
    assert shares(block(circles=[text]), block(same="048121")) == {"48121": 1.0}


def test_a_marker_in_a_province_means_nobody_knows_whom() -> None:
    """A point is not a province: with no smaller unit the alert waits for a person."""
    found = resolved(block(circles=["45.42,-75.70 0"]))
    assert (found.units, found.is_clear) == ((), False)
    assert units(block(circles=["45.40,-75.69 0"]), atlas=with_divisions()) == ["3506"]


def test_shapes_decide_where_the_profile_says_so() -> None:
    """IPAWS, CAP-CP and CAP-AU: the polygon alone. CAP itself: polygon and codes together."""
    area = block(polygons=[IN_DALLAS], same="048439")
    assert units(area) == ["48113"]
    assert units(area, shapes_decide=False) == ["48113", "48439"]
    assert units(area, block(same="040143")) == ["40143", "48113"]  # a block without a shape means its codes


def test_a_broken_shape_loses_nobody() -> None:
    """Then the codes of its block count too; without codes it is not known where all of it lies."""
    coded = resolved(block(polygons=[IN_DALLAS, "32.1,-97.9 oops"], same="048439"))
    assert ([unit.code for unit in coded.units], coded.is_clear) == (["48113", "48439"], True)
    assert coded.unresolved == ("polygon=32.1,-97.9 oops",)
    bare = resolved(block(polygons=[IN_DALLAS, "32.1,-97.9 oops"]))
    assert ([unit.code for unit in bare.units], bare.is_clear) == (["48113"], False)


def test_off_the_coast_the_nearest_land_is_meant() -> None:
    """An area that is nearly all sea means the counties in the part that is land."""
    assert shares(block(circles=["28.0,-95.5 80"])) == {"48321": 0.0008}  # Matagorda County has the beach
    assert resolved(block(circles=["27.0,-93.0 50"])).units[0].code == "~"  # all of it is sea


def test_elsewhere_only_the_shape_tells() -> None:
    """No units of other countries ship with the gateway: the card says so, and a receiver tests the point."""
    (unit,) = resolved(block(circles=["50.0,9.0 30"])).units
    assert (unit.code, unit.scheme, unit.region) == ("~", "drawn", "")


def test_every_scheme_in_one_alert() -> None:
    """SAME, FIPS6, UGC counties and zones, SGC, a polygon, a circle and what nobody knows, each in its block."""
    found = resolved(
        block(same=("048113", "075000"), fips6="048121"),
        block(ugc="TXC085-TXZ118"),
        block(sgc=("3506", "2481")),
        block(polygons=[box(36.0, -96.1, 36.3, -95.8)]),
        block(circles=["41.18,-73.19 5"]),
        block(emma_id="AT001"),
    )
    expected = {"48113", "48121", "48085", "48439", "3506", "2481", "40143", "09001", "09120"}
    assert expected <= {unit.code for unit in found.units}
    assert found.kinds == {"geocode", "polygon", "circle"}
    assert found.unresolved == ("SAME=075000", "emma_id=AT001")
    assert not found.is_clear


def test_a_share_is_that_of_the_area_on_the_globe() -> None:
    """Half of a unit by latitude is more than half of it where the meridians are wider apart."""
    place = ATLAS.chart.places["fips", "02185"]  # North Slope, from 68 to 71 degrees north
    west, south, east, north = ATLAS.chart.shapes[place].bounds
    middle = (south + north) / 2
    lower = shares(block(polygons=[box(south - 0.1, west - 0.1, middle, east + 0.1)]))["02185"]
    upper = shares(block(polygons=[box(middle, west - 0.1, north + 0.1, east + 0.1)]))["02185"]
    assert lower is not None
    assert upper is not None
    assert lower + upper == pytest.approx(1, abs=0.001)


def test_more_places_than_there_are_mean_none() -> None:
    """Whoever writes ten thousand codes means no place; a card lists what it is for, so it may not grow without bound."""
    assert resolved(block(same=[f"{number:06}" for number in range(20_000)])) == places.Resolved()


def test_a_county_that_several_blocks_touch_a_little() -> None:
    """Three blocks with 1.7 % of San Bernardino County each, and much of Arizona: 5 % of it is meant."""
    arizona = box(32.5, -112.5, 36.5, -109.5)
    bits = [box(34.2 + 0.3 * number, -115.9, 34.45 + 0.3 * number, -115.55) for number in range(3)]
    one_by_one = shares(*(block(polygons=[arizona, bit]) for bit in bits))
    assert one_by_one["06071"] == shares(block(polygons=[arizona, *bits]))["06071"] == pytest.approx(0.051, abs=0.002)


@pytest.mark.parametrize("code", [{"same": "048999"}, {"same": "48 113"}, {"ugc": "OKC111-TXC999"}, {"sgc": "9999"}])
def test_an_unknown_code_beside_a_known_one_is_not_clear(code: dict[str, str]) -> None:
    """It may mean a place that somebody asks for: an alert for Oklahoma and an unknown place is not one for Oklahoma alone."""
    known = block(same="040109")
    assert resolved(known).is_clear
    assert not resolved(cap.Area(geocodes=(*known.geocodes, *block(**code).geocodes))).is_clear


@pytest.mark.parametrize("code", [{"same": "077335"}, {"ugc": "OKC111-GMZ335"}, {"EMMA_ID": "UK001"}])
def test_a_code_of_the_sea_or_of_another_scheme_beside_a_known_one_is_clear(code: dict[str, str]) -> None:
    """The sea lies in no state, and codes of other schemes repeat what is said already."""
    found = resolved(cap.Area(geocodes=(*block(same="040109").geocodes, *block(**code).geocodes)))
    assert found.is_clear
    assert len(found.unresolved) == 1


def test_each_unknown_piece_of_a_ugc_list_is_reported() -> None:
    """A line break within the list loses nothing, and the time at its end is not a place."""
    found = resolved(block(ugc="TXC113-\n439-999-GMZ335-171830-"))
    assert [unit.code for unit in found.units] == ["48113", "48439"]
    assert found.unresolved == ("UGC=TXC999", "UGC=GMZ335")


def test_rings_that_cross_themselves_share_one_allowance() -> None:
    """One star with 5,000 crossings is mended; of many only the first, whether they are in one block or in several."""
    turns = [math.tau * 50 * corner / 101 for corner in range(101)]
    stars = [
        " ".join(f"{32 + number / 100 + math.sin(turn):.5f},{math.cos(turn) - 97:.5f}" for turn in [*turns, 0.0])
        for number in range(6)
    ]
    assert resolved(block(polygons=stars[:1])).unresolved == ()
    assert len(resolved(*(block(polygons=[one]) for one in stars)).unresolved) >= 4
    assert len(resolved(block(polygons=stars)).unresolved) >= 4
