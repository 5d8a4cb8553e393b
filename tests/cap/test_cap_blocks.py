"""The rule that no other validator has: infos of one language that override each other."""

from __future__ import annotations

import re

import pytest
from cap_samples import CAP_1_2, rules, the_finding

INFO = CAP_1_2[CAP_1_2.index("  <info>") : CAP_1_2.index("</alert>")]
SHAPES = INFO[INFO.index("      <polygon>") : INFO.index("      <altitude>")]


def two(second: str) -> str:
    """The sample with another info behind its own."""
    return CAP_1_2.replace("</alert>", second + "</alert>")


def circles(sign: str, count: int) -> str:
    """Apart from each other, and from those with the other sign."""
    return "".join(f"<circle>{sign}{10 + number / 20},{number / 20} 1</circle>" for number in range(count))


def test_two_infos_that_agree_are_a_sequence() -> None:
    """A later one may add what the first left out."""
    assert rules(two(INFO.replace("Go west.", "Take your pets."))) == set()


@pytest.mark.parametrize(("old", "new"), [("Severe", "Minor"), ("Immediate", "Past"), ("Wildfire", "Flood")])
def test_a_later_info_must_not_override_an_earlier_one(old: str, new: str) -> None:
    """Same language, same area, another value: receivers would differ in what they show."""
    finding = the_finding(two(INFO.replace(old, new)), "cap.info.override")
    assert finding.level == "error"
    assert finding.xpath == "/alert/info[2]"


def test_another_language_says_it_its_own_way() -> None:
    """The event's name is translated, so only infos of one language are compared."""
    other = INFO.replace("en-US", "es-US").replace("Wildfire", "Incendio").replace("Leave now", "Salga ya")
    other = other.replace("A fire\n  moves east.", "Un incendio va al este.").replace("Go west.", "Vaya al oeste.")
    assert rules(two(other)) == set()


@pytest.mark.parametrize("radius", ["0", "0.009"])
def test_a_marker_is_no_common_area(radius: str) -> None:
    """Two infos of other zones that show the same point on the map do not contradict each other."""
    one = re.sub("<polygon>.*</circle>", f"<circle>30.2,-97.7 {radius}</circle>", INFO, flags=re.DOTALL)
    other = one.replace("Severe", "Minor").replace("048453", "048113")
    document = CAP_1_2.replace(INFO, one + other)
    assert rules(document) == {"cap.circle.marker"}
    assert rules(document.replace(f"97.7 {radius}", "97.7 0.01")) == {"cap.info.override"}
    same_zone = CAP_1_2.replace(INFO, one + one.replace("Severe", "Minor"))
    assert rules(same_zone) == {"cap.circle.marker", "cap.info.override"}


def test_another_area_has_its_own_severity() -> None:
    """One storm, two bands."""
    elsewhere = "      <polygon>40.1,-97.9 40.1,-97.5 40.5,-97.5 40.1,-97.9</polygon>\n"
    assert rules(two(INFO.replace("Severe", "Minor").replace(SHAPES, elsewhere))) == set()


def test_another_time_has_its_own_severity() -> None:
    """What begins when the other ends contradicts nothing."""
    later = (
        INFO.replace("Severe", "Minor")
        .replace("10:20:00", "20:15:00")
        .replace("<expires>2026-11-22", "<expires>2026-11-23")
    )
    assert rules(two(later)) == set()


@pytest.mark.parametrize(
    "shape",
    [
        "<polygon>30.2,-97.8 30.2,-97.0 31.5,-97.0 31.5,-97.8 30.2,-97.8</polygon>",
        "<polygon>30.12,-97.6 30.12,-97.55 30.15,-97.55 30.12,-97.6</polygon>",
        "<circle>30.2,-97.6 20</circle>",
    ],
)
def test_shapes_that_overlap_are_suspected(shape: str) -> None:
    """In part, one inside the other, and a circle over a polygon."""
    finding = the_finding(two(INFO.replace("Severe", "Minor").replace(SHAPES, shape)), "cap.info.overlap")
    assert finding.level == "warning"


def test_neighbours_do_not_overlap() -> None:
    """A shared border is no shared area."""
    east = "<polygon>30.1,-97.5 30.1,-97.1 30.5,-97.1 30.5,-97.5 30.1,-97.5</polygon>"
    assert rules(two(INFO.replace("Severe", "Minor").replace(SHAPES, east))) == set()


def test_infos_without_areas_are_told_apart_by_nothing() -> None:
    """Both speak to everyone, so they must agree."""
    area = INFO[INFO.index("    <area>") : INFO.index("  </info>")]
    document = two(INFO.replace("Severe", "Minor")).replace(area, "")
    assert "cap.info.override" in rules(document)


AREA = INFO[INFO.index("    <area>") : INFO.index("  </info>")]
NORTH = "<polygon>40.1,-97.9 40.1,-97.5 40.5,-97.5 40.1,-97.9</polygon>"
GEOCODE = "<geocode><valueName>SAME</valueName><value>048453</value></geocode>"


def test_a_code_beside_shapes_elsewhere_is_no_more_than_suspect() -> None:
    """By the standard it counts too, though two bands of one county are the likelier meaning."""
    document = two(INFO.replace("Severe", "Minor").replace(SHAPES, NORTH + GEOCODE))
    assert the_finding(document, "cap.info.overlap").level == "warning"
    assert "cap.info.override" not in rules(document)


@pytest.mark.parametrize("code", ["IPAWSv1.0", "profile:CAP-CP:0.4"])
def test_where_shapes_decide_codes_beside_them_do_not_count(code: str) -> None:
    """Canada's warnings have several severities in one county."""
    document = two(INFO.replace("Severe", "Minor").replace(SHAPES, NORTH + GEOCODE)).replace("profile:example", code)
    assert not rules(document) & {"cap.info.override", "cap.info.overlap"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<altitude>100</altitude>\n      <ceiling>2000.5", "<altitude>3000</altitude>\n      <ceiling>4000"),
        ("Residents", "Fire brigades"),
    ],
)
def test_other_heights_and_other_people_are_another_matter(old: str, new: str) -> None:
    """Ash above and below; what residents and what brigades are told."""
    assert rules(two(INFO.replace("Severe", "Minor").replace(old, new))) == set()


def test_a_ring_begun_elsewhere_is_the_same_area() -> None:
    """Nor does its direction, or a zero at a number's end, make it another."""
    turned = "30.5,-97.50 30.1,-97.5 30.1,-97.9 30.50,-97.5"
    document = two(INFO.replace("Severe", "Minor").replace("30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9", turned))
    assert the_finding(document, "cap.info.override").level == "error"


def test_a_state_covers_its_counties() -> None:
    """SAME's 048000 is all of Texas."""
    county = AREA.replace(SHAPES, "      " + GEOCODE + "\n")
    state = county.replace("048453", "048000")
    document = two(INFO.replace("Severe", "Minor").replace(AREA, state)).replace(AREA, county)
    assert the_finding(document, "cap.info.overlap").level == "warning"
    assert not rules(document.replace("048000", "049000")) & {"cap.info.override", "cap.info.overlap"}


def test_each_contradiction_is_told() -> None:
    """Two infos that override and another pair that overlaps."""
    other = INFO.replace(SHAPES, NORTH)
    overlapping = NORTH.replace("40.5", "40.4")
    document = two(
        INFO.replace("Severe", "Minor")
        + other.replace("Severe", "Extreme")
        + other.replace("Severe", "Moderate").replace(NORTH, overlapping)
    )
    assert the_finding(document, "cap.info.override").xpath == "/alert/info[2]"
    assert the_finding(document, "cap.info.overlap").xpath == "/alert/info[4]"


def test_a_message_of_many_circles_is_compared_for_a_moment_only() -> None:
    """A million pairs of them; that not all were looked at is told."""
    document = CAP_1_2.replace(SHAPES, circles("", 1_000)).replace(
        "</alert>", INFO.replace("Severe", "Minor").replace(SHAPES, circles("-", 1_000)) + "</alert>"
    )
    assert the_finding(document, "cap.info.unchecked").level == "info"


def test_many_languages_share_one_moment() -> None:
    """Each alone could be compared to the end; all together cannot, and that is told once."""
    north, south = circles("", 60), circles("-", 60)

    def message(languages: int) -> str:
        infos = [
            INFO.replace("<language>en-US", f"<language>x-{number}").replace(SHAPES, shapes).replace("Severe", severity)
            for number in range(languages)
            for shapes, severity in ((north, "Severe"), (south, "Minor"))
        ]
        return CAP_1_2.replace("</alert>", "".join(infos) + "</alert>")

    assert "cap.info.unchecked" not in rules(message(1))
    assert the_finding(message(6), "cap.info.unchecked").xpath == "/alert"


def test_a_ring_of_one_point_is_compared_like_any_other() -> None:
    """It encloses nothing and is the same as itself."""
    document = two(INFO.replace("Severe", "Minor")).replace("30.1,-97.9 30.1,-97.5 30.5,-97.5 30.1,-97.9", "1,1 " * 4)
    assert rules(document) == {"cap.polygon.flat", "cap.info.override"}


def test_heights_that_touch_share_nothing() -> None:
    """One ends where the other begins."""
    below, above = "<ceiling>2000.5", "<altitude>2000.5</altitude>\n      <ceiling>9000"
    other = INFO.replace("Severe", "Minor").replace("<altitude>100</altitude>\n      " + below, above)
    assert rules(two(other)) == set()


def test_areas_without_a_name_are_not_the_same_for_that() -> None:
    """An empty name is a fault, and says nothing of where they are."""
    nowhere = "      <areaDesc/>\n"
    document = two(INFO.replace("Severe", "Minor"))
    document = document.replace("      <areaDesc>Example County</areaDesc>\n", nowhere).replace(SHAPES, "")
    assert "cap.info.override" not in rules(document)
