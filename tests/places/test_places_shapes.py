"""Shapes as areas on the globe: what a ring goes round, what a circle covers, and where it all lies."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from area_samples import block, resolved
from hypothesis import given, settings
from hypothesis import strategies as st

from capgateway.places import shapes

SQUARE = "0,0 0,10 10,10 10,0 0,0"


def area(text: str) -> float | None:
    """In square degrees."""
    found = shapes.polygon(text)
    return None if found is None else float(found.area)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SQUARE, 100),
        ("0,0 0,10 10,10 10,0", 100),  # left open
        ("0,0 10,10 10,0 0,10 0,0", 50),  # a bow tie: both halves
        (SQUARE + " 0,10 10,10 10,0 0,0", 100),  # round twice
        ("0,0 0,10 10,10 10,0 5,0 5,3 7,3 7,7 3,7 3,3 5,3 5,0 0,0", 84),  # a slit to a hole
        ("0,0 0,10 10,10 10,0 5,0 5,3 3,3 3,7 7,7 7,3 5,3 5,0 0,0", 84),  # the same, the hole drawn the other way
        ("0,0 0,10 5,10 5,15 5,10 10,10 10,0 0,0", 100),  # a spike has no area
        ("0,0 0,10 5,5 10,10 10,0 5,5 0,0", 50),  # it touches itself in a point
        ("0,0 0,4 4,4 4,0 0,0 -4,0 -4,-4 0,-4 0,0", 32),  # two squares in one stroke
        ("0,0 0,5 0,10 0,0", None),  # a line
        ("0,0 1,1 0,0", None),
        ("hello", None),
        ("", None),
        ("-96.9,32.7 -96.7,32.7 -96.7,32.9 -96.9,32.7", None),  # longitude first: off the globe
    ],
)
def test_a_polygon_is_all_that_its_ring_goes_round(text: str, expected: float | None) -> None:
    """Mended where it meets itself; nothing is lost of it, and a hole stays a hole."""
    assert area(text) == (None if expected is None else pytest.approx(expected))


def test_a_star_that_would_take_minutes_is_not_mended() -> None:
    """Three hundred points can cross each other 45,000 times. Such a ring has no area here; a small star has."""

    def star(points: int) -> str:
        angles = [math.tau * number * (points // 2) / points for number in range(points + 1)]
        return " ".join(f"{math.cos(angle):.6f},{math.sin(angle):.6f}" for angle in angles)

    assert shapes.polygon(star(1001)) is None
    assert shapes.polygon(star(11)) is not None


def test_shapes_that_cross_each_other_too_often_are_not_united() -> None:
    """Two combs with a thousand teeth cross in a million places."""

    def comb(*, turned: bool) -> str:
        teeth = [(x / 100, y) for x in range(500) for y in ((0, 9) if x % 2 else (9, 0))]
        points = [*teeth, (5, -1), (0, -1)]
        return " ".join(f"{y},{x}" if turned else f"{x},{y}" for x, y in [*points, points[0]])

    parts = [shapes.polygon(comb(turned=turned)) for turned in (False, True)]
    assert all(part is not None for part in parts)
    assert shapes.together(parts) is None
    united = shapes.together([shapes.polygon(SQUARE), shapes.polygon("5,5 5,15 15,15 15,5 5,5")])
    assert united is not None
    assert united.area == 175


def test_a_shape_with_an_edge_through_every_county_is_not_compared_with_them() -> None:
    """Ten thousand teeth over the whole country would take minutes. Its codes count instead."""
    teeth = " ".join(f"{30 + 15 * (number % 2)},{-120 + number / 200:.3f}" for number in range(10_000))
    area = block(polygons=[f"{teeth} 20,-70 20,-120 30,-120"], same="048113")
    found = resolved(area)
    assert [unit.code for unit in found.units] == ["48113"]
    assert found.unresolved == ("1 shape with too many edges",)
    assert resolved(
        *[block(circles=[f"{30 + number % 15},-{100 + number % 7} 800"]) for number in range(400)]
    ).unresolved


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("51,179 53,179 53,-179 51,-179 51,179", (179, 51, -179, 53)),
        ("51,-179 53,-179 53,179 51,179 51,-179", (179, 51, -179, 53)),
        (SQUARE, (0, 0, 10, 10)),
        ("70,0 70,120 70,-120 70,0", (-180, 70, 180, 90)),  # round the pole
    ],
)
def test_a_ring_takes_the_short_way_round_the_globe(text: str, box: tuple[float, ...]) -> None:
    """Across the 180th meridian the box has west greater than east, and the area is in two parts."""
    found = shapes.polygon(text)
    assert shapes.bounding_box(found) == box
    west, _, east, _ = box
    assert shapes.geojson(found)["type"] == ("MultiPolygon" if west > east else "Polygon")


def test_the_centre_of_parts_on_both_sides_of_the_antimeridian() -> None:
    """It is near them, not on the other side of the globe."""
    found = shapes.polygon("51,178 53,178 53,-179 51,-179 51,178")
    assert shapes.centre(found) == pytest.approx((179.5, 52))


@given(latitude=st.floats(-80, 80), longitude=st.floats(-180, 180), radius=st.floats(1, 900))
@settings(max_examples=60, deadline=None)
def test_a_circle_has_its_area_wherever_it_is(latitude: float, longitude: float, radius: float) -> None:
    """Within a percent of that of a disc on the globe, over the antimeridian and over the pole too."""
    circle = shapes.circle(f"{latitude:.5f},{longitude:.5f} {radius:.3f}")
    assert circle is not None
    expected = math.tau * shapes.EARTH_KM**2 * (1 - math.cos(radius / shapes.EARTH_KM))
    assert float(shapes.square_kilometres(shapes.disc(circle))) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("text", ["45.42,-75.70 25000", "95,0 10", "here", "", "45.42 -75.70 20"])
def test_a_circle_that_means_no_area(text: str) -> None:
    """One of 25,000 km was written in metres: nobody means half the globe."""
    assert shapes.circle(text) is None


def test_geojson_follows_the_right_hand_rule() -> None:
    """Outer rings run against the clock (RFC 7946 §3.1.6), longitude first."""
    ring = shapes.geojson(shapes.polygon("0,0 10,0 10,20 0,20 0,0"))["coordinates"][0]
    turns = sum((x2 - x1) * (y2 + y1) for (x1, y1), (x2, y2) in pairwise(ring))
    assert turns < 0
    assert max(x for x, _ in ring) == 20
