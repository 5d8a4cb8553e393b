"""Polygon and circle texts become shapes, whatever is in them."""

from __future__ import annotations

import math

import pytest
from cap_samples import changed, judged, rules, the_finding
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap
from capgateway.cap.geometry import circle, polygon
from capgateway.cap.model import Circle
from capgateway.cap.pairs import wrong_circle, wrong_pairs
from capgateway.cap.topology import Budget, flaws, overlap

RING = "30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9"


def with_polygon(text: str) -> bytes:
    return changed(RING, text)


def test_a_ring_is_read_latitude_first() -> None:
    """Points are as they stand, closed."""
    assert polygon(RING).points == ((30.1, -97.9), (30.1, -97.5), (30.5, -97.5), (30.1, -97.9))
    assert polygon(RING).faults == ()


@pytest.mark.parametrize("text", ["+1,.5 007,2.\n3,4\t  1,0.5", "01.0,0.50 7,2 3,4 1,.5"])
def test_numbers_that_json_refuses_are_read_too(text: str) -> None:
    """Signs, leading zeros, bare points and any white space are decimal notation."""
    assert polygon(text).points[1] == (7.0, 2.0)
    assert polygon(text).faults == ()


@pytest.mark.parametrize(
    "text", ["hello", "1 2 3 4", "1,2,3 4,5,6", "1e1,2 3,4 5,6 1e1,2", "nan,1 2,3 4,5 nan,1", "1,2;3,4", ","]
)
def test_what_is_no_pairs_has_no_form(text: str) -> None:
    """The schema lets any text pass."""
    assert polygon(text).faults == ("form",)
    assert "cap.polygon.form" in rules(with_polygon(text))


def test_an_open_ring_is_closed_with_a_finding() -> None:
    """The meaning is beyond doubt, so it is a warning and the closed ring is used."""
    text = "30.1,-97.9 30.1,-97.5 30.5,-97.5 30.5,-97.9"
    assert polygon(text).points[-1] == (30.1, -97.9)
    assert the_finding(with_polygon(text), "cap.polygon.open").level == "warning"


def test_a_ring_is_closed_by_value_not_by_text() -> None:
    """`30.10` is `30.1`."""
    assert polygon("30.10,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.90").faults == ()


def test_two_corners_are_no_area() -> None:
    """Four pairs at least."""
    assert polygon("1,2 3,4 1,2").points == ()
    assert "cap.polygon.points" in rules(with_polygon("1,2 3,4 1,2"))


def test_three_corners_left_open_are_read_as_a_triangle() -> None:
    """They break the count and the closure, and still mean one thing."""
    assert polygon("1,2 3,4 5,2").faults == ("few", "open")
    assert len(polygon("1,2 3,4 5,2").points) == 4


def test_coordinates_off_the_globe_are_found() -> None:
    """The schema cannot see it, and some validators let 99,999 pass."""
    assert "cap.coordinates.range" in rules(with_polygon("99,999 3,4 5,6 99,999"))
    assert "cap.coordinates.range" in rules(changed("30.2,-97.7 5.5", "91,181 5"))


def test_longitude_first_is_suspected_where_it_lies_off_the_globe() -> None:
    """A Texan polygon in GeoJSON's order."""
    text = " ".join(",".join(reversed(pair.split(","))) for pair in RING.split())
    assert "cap.coordinates.swapped" in rules(with_polygon(text))
    assert "cap.coordinates.swapped" in rules(changed("30.2,-97.7 5.5", "-97.7,30.2 5"))


def test_a_bow_tie_crosses_itself() -> None:
    """Its edges cross in the middle."""
    assert flaws(polygon("0,0 2,2 2,0 0,2 0,0").points, Budget()) == ("crossing",)
    assert the_finding(with_polygon("0,0 2,2 2,0 0,2 0,0"), "cap.polygon.crossing").level == "warning"


@given(st.integers(3, 40), st.floats(-60, 60), st.floats(-100, 100))
def test_a_round_ring_does_not_cross_itself(corners: int, latitude: float, longitude: float) -> None:
    """Neither do rings that repeat a corner."""
    angles = [2 * math.pi * number / corners for number in range(corners)]
    ring = [(latitude + math.sin(angle), longitude + math.cos(angle)) for angle in angles for _ in range(2)]
    assert flaws((*ring, ring[0]), Budget()) == ()


def test_a_ring_over_the_antimeridian_goes_the_short_way() -> None:
    """Around Fiji it is small, and it does not cross itself."""
    ring = polygon("-16,179 -16,-179 -18,-179 -18,179 -16,179")
    assert flaws(ring.points, Budget()) == ("antimeridian",)
    assert (
        the_finding(with_polygon("-16,179 -16,-179 -18,-179 -18,179 -16,179"), "cap.polygon.antimeridian").level
        == "info"
    )


def test_an_endless_outline_is_judged_all_the_same() -> None:
    """A comb of three thousand long teeth: the search for crossings gives up, and says so."""
    comb = " ".join(f"{number / 100},{number % 2 * 9}" for number in range(3_000))
    assert rules(with_polygon(f"{comb} 40,-1 -1,-1 0,0")) == {"cap.polygon.unchecked"}


def test_an_endless_outline_in_odd_numbers_is_not_read() -> None:
    """Plain numbers are read fast, others one by one."""
    assert the_finding(with_polygon("+1,2 " * 50_001), "cap.polygon.length").level == "error"
    assert the_finding(with_polygon("1,2 " * 200_001), "cap.polygon.length").level == "error"


def test_many_outlines_share_one_budget() -> None:
    """A comb whose edges all lie above each other: after a while none is compared any more, and that is told."""
    comb = " ".join(f"{number / 50},{number % 2 * 9}" for number in range(300))
    ring, budget = polygon(f"{comb} 7,-1 -1,-1 0,0").points, Budget(50_000)
    assert flaws(ring, budget) == ()
    assert budget.left < 25_000
    assert flaws(polygon("0,0 2,2 2,0 0,2 0,0").points, Budget(0)) == ("unchecked",)


def test_an_empty_polygon_is_absent() -> None:
    """Real feeds send them; findings about others count from the real place."""
    document = changed(f"<polygon>{RING}", f"<polygon/><polygon> </polygon><polygon>hello</polygon><polygon>{RING}")
    alert = cap.parse(document).alert
    assert alert is not None
    assert alert.infos[0].areas[0].polygons == ("hello", RING)
    assert the_finding(document, "cap.polygon.form").xpath == "/alert/info[1]/area[1]/polygon[3]"
    assert [one.xpath for one in judged(document).findings if one.rule == "cap.shape.empty"] == [
        "/alert/info[1]/area[1]/polygon[1]",
        "/alert/info[1]/area[1]/polygon[2]",
    ]


@pytest.mark.parametrize("blank", ["&#xA0;", "&#x3000;", "&#x85;"])
def test_an_unusual_blank_is_read_and_told(blank: str) -> None:
    """Pasted from a web page or a spreadsheet; many receivers take it for text."""
    ring = changed(RING, RING.replace(" ", blank))
    disc = changed("30.2,-97.7 5.5", f"30.2,-97.7{blank}5.5")
    for document, place in ((ring, "polygon[1]"), (disc, "circle[1]")):
        assert rules(document) == {"cap.blank.unusual"}
        assert the_finding(document, "cap.blank.unusual").xpath == f"/alert/info[1]/area[1]/{place}"
    assert rules(changed(RING, f"hello{blank}world")) == {"cap.polygon.form"}


def test_an_empty_circle_is_absent() -> None:
    """As with polygons."""
    document = changed("<circle>", "<circle/><circle>hello</circle><circle>")
    assert the_finding(document, "cap.circle.form").xpath == "/alert/info[1]/area[1]/circle[2]"


@pytest.mark.parametrize("text", ["30.2,-97.7 0", "30.2,-97.7  5", " 30.2,-97.7\n5 "])
def test_circles_are_read_leniently(text: str) -> None:
    """Any white space may stand before the radius, which may be 0."""
    assert isinstance(circle(text), cap.Circle)


@pytest.mark.parametrize("text", ["invalid", ",", "1, 2 3", "1,2", "1,2 -3", "1,2 3 4", "1,2 3km"])
def test_what_is_no_circle_has_no_form(text: str) -> None:
    """Google's pattern accepts a lone comma, others refuse radius 0."""
    assert circle(text) == "form"
    assert "cap.circle.form" in rules(changed("30.2,-97.7 5.5", text))


@pytest.mark.parametrize(("radius", "is_marker"), [("0", True), ("0.009", True), ("0.01", False)])
def test_a_circle_without_size_is_a_marker(radius: str, is_marker: bool) -> None:
    """Legal, but it alerts nobody."""
    assert rules(changed("30.2,-97.7 5.5", f"30.2,-97.7 {radius}")) == ({"cap.circle.marker"} if is_marker else set())


@given(st.text(st.sampled_from("0123456789.,- +e\n"), max_size=60))
def test_no_text_raises(text: str) -> None:
    """Any text is a shape on the globe, or has a fault: never both a whole ring and the fault that it has none."""
    ring = polygon(text)
    assert all(abs(latitude) <= 90 and abs(longitude) <= 180 for latitude, longitude in ring.points)
    assert bool(ring.points) != bool(set(ring.faults) & {"form", "range", "swapped", "long", "few"})
    found = circle(text)
    if isinstance(found, Circle):
        assert (found.radius >= 0, abs(found.latitude) <= 90, abs(found.longitude) <= 180) == (True, True, True)
    else:
        assert found in {"form", "range", "swapped", "long"}


@pytest.mark.parametrize(
    "text",
    [
        "0,0 2,2 4,4 4,0 2,2 0,4 0,0",  # at a corner
        "0,0 4,0 4,4 2,0 0,4 0,0",  # a corner on an edge
        "0,0 4,0 2,0 2,3 0,0",  # out and back
        "30,-97 31,-97 30,-97 29,-96 30,-97",  # on both sides
    ],
)
def test_touching_edges_are_crossing_too(text: str) -> None:
    """Programs disagree about these as well."""
    assert flaws(polygon(text).points, Budget()) == ("crossing",)


@pytest.mark.parametrize(
    "text",
    [
        "-90,-180 90,-180 90,180 -90,180 -90,-180",
        "-60,-180 -60,180 -90,180 -90,-180 -60,-180",
        "-65,-180 -65,-90 -60,0 -65,90 -65,180 -90,180 -90,-180 -65,-180",
    ],
)
def test_what_goes_all_around_the_globe_is_an_area(text: str) -> None:
    """The world, and Antarctica, as maps draw them."""
    assert flaws(polygon(text).points, Budget()) == ()


@pytest.mark.parametrize("text", ["1,2 1,2 1,2 1,2", "0,0 1,1 2,2 0,0", "0,0 0,5 0,2 0,0"])
def test_a_ring_around_nothing_is_found(text: str) -> None:
    """It has its four pairs and alerts nobody."""
    assert the_finding(with_polygon(text), "cap.polygon.flat").level == "warning"


NOTCH = "0,0 0,4 4,4 4,3 1,3 1,1 4,1 4,0 0,0"


@pytest.mark.parametrize(
    ("one", "other", "do"),
    [
        ("0,178 0,-178 5,-178 5,178 0,178", "1,0 1,10 2,10 2,0 1,0", False),
        ("0,178 0,-178 5,-178 5,178 0,178", "1,179 1,179.5 2,179.5 1,179", True),
        ("0,178 0,-178 5,-178 5,178 0,178", "1,-179.5 1,-179 2,-179 1,-179.5", True),
        ("0,0 0,4 2,4 2,2 4,2 4,0 0,0", "2,2 2,4 4,4 4,2 2,2", False),
        (NOTCH, "2,1.5 2,2.5 3,2.5 3,1.5 2,1.5", False),
        (NOTCH, "0.2,0.2 0.2,0.4 0.4,0.4 0.2,0.2", True),
        (NOTCH, NOTCH, True),
        ("0,0 0,1 1,1 1,0 0,0", "0,0.1 0,0.3 1,0.7 0,0.1", True),
    ],
)
def test_rings_overlap_where_they_share_ground(one: str, other: str, do: bool) -> None:
    """Over the 180th meridian, around a notch, one in the other; in either order."""
    first, second = polygon(one).points, polygon(other).points
    assert overlap(first, second, Budget()) is do
    assert overlap(second, first, Budget()) is do


@pytest.mark.parametrize(
    ("text", "rule", "at", "said"),
    [
        (
            "30.1,-97.9 30.1,-97.5 30.5;-97.5 30.1,-97.9",
            "form",
            "30.5;-97.5",
            "Pair 3 of the polygon is `30.5;-97.5`; separate",
        ),
        ("30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9x", "form", "30.1,-97.9x", "Pair 4 of the polygon is"),
        (
            "30.1,-97.9,0 30.1,-97.5,0 30.5,-97.5,0 30.1,-97.9,0",
            "form",
            "30.1",
            "without a height",
        ),
        ("30.1 -97.9 30.1 -97.5 30.5 -97.5 30.1 -97.9", "form", "30.1", "numbers without a comma at `30.1 -97.9`"),
        (
            "30.1, -97.9 30.1, -97.5 30.5, -97.5 30.1, -97.9",
            "form",
            "30.1,",
            "white space beside a comma at `30.1, -97.9`",
        ),
        ("30.1N,97.9W 30.1,-97.5 30.5,-97.5 30.1,-97.9", "form", "30.1N", "a minus for south and west"),
        ("POLYGON((30.1,-97.9 30.1,-97.5 30.5,-97.5))", "form", "POLYGON", "contains only pairs of numbers"),
        ("30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9,", "form", "30.1,-97.9,", "remove the mark beside it"),
        ("30.1,-97.9;30.1,-97.5;30.5,-97.5;30.1,-97.9", "form", "30.1", "by a space instead of `;`"),
        ("30.1,-97.9 30.1,-97.5 30.5,\u221297.5 30.1,-97.9", "form", "30.5", "instead of the character U+2212"),
        ("30.1,-97.9 30.1,-97.5 3.05e1,-97.5 30.1,-97.9", "form", "3.05e1", "without an exponent"),
        ("30.1,-97.9 30.1,-97.5 a b", "form", "a b", "Pair 4 is not a pair of numbers either"),
        (
            "30.1,-97.9 30.1,-97.5 130.5,-97.5 30.1,-97.9",
            "range",
            "130.5",
            "Pair 3 of the polygon, `130.5,-97.5`, is not",
        ),
        (
            "30.1,-97.9 30.1,-97.5 30.5,-297.5 30.1,-97.9",
            "range",
            "30.5",
            "longitude -297.5 is not between -180 and 180",
        ),
        ("-97.9,30.1 -97.5,30.1 -97.5,30.5 -97.9,30.1", "swapped", "-97.9", "write the latitude first"),
    ],
)
def test_the_wrong_pair_of_a_polygon_is_named(text: str, rule: str, at: str, said: str) -> None:
    """Its number, its text, its place, and what to write."""
    rule = f"cap.polygon.{rule}" if rule == "form" else f"cap.coordinates.{rule}"
    finding = the_finding(with_polygon(text), rule)
    assert rules(with_polygon(text)) == {rule}
    assert said in finding.message
    assert text[int(finding.offset or 0) :].startswith(at)


def test_a_pair_that_is_none_does_not_hide_one_off_the_globe() -> None:
    """Both are found in one pass."""
    found = rules(with_polygon("30.1,-97.9 x 130.5,-97.5 30.1,-97.9"))
    assert found == {"cap.polygon.form", "cap.coordinates.range"}


def test_an_open_triangle_is_one_fault() -> None:
    """It lacks its last pair: to say that it is open as well would be the same again."""
    document = with_polygon("30.1,-97.9 30.1,-97.5 30.5,-97.5")
    assert rules(document) == {"cap.polygon.points"}
    assert "repeat the first pair, `30.1,-97.9`, at the end" in the_finding(document, "cap.polygon.points").message


def test_an_open_ring_shows_its_last_pair() -> None:
    """And the first, which belongs behind it."""
    text = "30.1,-97.9 30.1,-97.5 30.5,-97.5 30.5,-97.9"
    finding = the_finding(with_polygon(text), "cap.polygon.open")
    assert "`30.5,-97.9`, is not the first one, `30.1,-97.9`" in finding.message
    assert finding.offset == text.rindex("30.5")


@pytest.mark.parametrize(
    ("text", "edges"),
    [
        ("0,0 0,2 2,0 2,2 0,0", ("2 to 3", "4 to 5")),
        ("0,0 0,0 0,2 2,0 2,0 2,2 0,0", ("3 to 4", "6 to 7")),
        ("0,0 4,0 4,4 0,4 0,3 5,2 0,1 0,0", ("2 to 3", "6 to 7")),
    ],
)
def test_the_edges_that_cross_are_named(text: str, edges: tuple[str, str]) -> None:
    """By the pairs that they join, as written: doubled ones count."""
    message = the_finding(with_polygon(text), "cap.polygon.crossing").message
    assert f"from pair {edges[0]} and from pair {edges[1]} cross" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("30.2,-97.7", "lacks the radius"),
        ("30.2,-97.7,5", "a comma before the radius"),
        ("30.2, -97.7 5", "white space beside a comma"),
        ("30.2,-97.7 5km", "write `latitude,longitude radius`"),
        ("30.2,-97.7 -5", "not negative"),
    ],
)
def test_a_circle_says_what_is_wrong_with_it(text: str, said: str) -> None:
    """One finding, with the remedy."""
    document = changed("30.2,-97.7 5.5", text)
    assert rules(document) == {"cap.circle.form"}
    assert said in the_finding(document, "cap.circle.form").message


@pytest.mark.parametrize(("radius", "is_told"), [("25000", True), ("1000.5", True), ("1000", False), ("250", False)])
def test_a_radius_in_metres_is_suspected(radius: str, is_told: bool) -> None:
    """A continent is no area to alert."""
    document = changed("30.2,-97.7 5.5", f"30.2,-97.7 {radius}")
    assert rules(document) == ({"cap.circle.size"} if is_told else set())
    if is_told:
        finding = the_finding(document, "cap.circle.size")
        assert finding.level == "warning"
        assert "metres" in finding.message


SHAPE = st.text("0123456789.,-+ \n\u00a0xN;", max_size=40)


@given(
    st.one_of(
        SHAPE, st.lists(st.sampled_from(["1,1", "95,1", "1,190", "a", "1,", ",1", "1,2,3"]), max_size=7).map(" ".join)
    )
)
def test_whatever_is_wrong_with_a_shape_is_found(text: str) -> None:
    """What cannot be read as a shape never passes without a finding that says why."""
    faults = set(polygon(text).faults) & {"form", "range", "swapped"}
    kinds = {wrong.kind for wrong in wrong_pairs(text)}
    assert bool(kinds) == bool(faults) or not text.strip()
    assert faults <= kinds or not text.strip()
    assert isinstance(circle(text), Circle) or wrong_circle(text)[0] == circle(text)
