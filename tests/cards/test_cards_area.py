"""The area of cards: what shapes mean to regions, receivers and jurisdictions, and what a card says of them."""

from __future__ import annotations

import json

import msgspec
import pytest
from card_samples import ANYWHERE, a_member, an_alert, an_info, card_of, decide, decided, same, verdict

from capgateway import cap, cards
from capgateway.cards import FeedRules, Policy
from capgateway.cards.area import Meant, covers, drawings, meant, overlap, resolved, stored_codes, target, touches
from capgateway.cards.card import CardArea
from capgateway.places import Unit

LOCATION = "profile:CAP-CP:Location:0.3"
RED_RIVER = "33.6,-96.7 33.6,-96.2 34.1,-96.2 34.1,-96.7 33.6,-96.7"  # Grayson in Texas, Bryan in Oklahoma
DALLAS = "32.72,-96.90 32.72,-96.72 32.86,-96.72 32.86,-96.90 32.72,-96.90"
OTTAWA = "45.42,-75.70 20"


def drawn(*polygons: str, circle: str = "", codes: tuple[tuple[str, str], ...] = ()) -> cap.Area:
    geocodes = tuple(cap.Named(name=name, value=value) for name, value in codes)
    return cap.Area(area_desc="Here", polygons=polygons, circles=(circle,) if circle else (), geocodes=geocodes)


def area_of(*areas: cap.Area, policy: Policy = ANYWHERE, profile: str = "profile:CAP-CP:0.4") -> CardArea:
    return card_of(an_alert(an_info(areas=areas), codes=(profile,)), policy).area


def listed(area: CardArea) -> list[str]:
    return [one.code for one in area.target]


def test_a_shape_alone_makes_a_card() -> None:
    """The county that it lies in, with its name and the share of it that is meant; all lists follow from the shape."""
    area = area_of(drawn(DALLAS), profile="IPAWSv1.0")
    (unit,) = area.target
    assert (unit.code, unit.scheme, unit.name, unit.share) == ("48113", "fips", "Dallas County, TX", 0.1117)
    assert (area.basis, area.match, area.places) == ("polygon", "codes", "2026-11")
    assert (area.counties, area.same, area.subdivisions) == (("48113",), ("048113",), ("US-TX",))
    assert area.bbox == (-96.9, 32.72, -96.72, 32.86)
    assert area.centroid == (-96.81, 32.79)
    assert area.geometry == {
        "type": "Polygon",
        "coordinates": [[[-96.9, 32.72], [-96.72, 32.72], [-96.72, 32.86], [-96.9, 32.86], [-96.9, 32.72]]],
    }


def test_the_target_is_clipped_to_the_policy_and_the_rest_is_not() -> None:
    """A pilot in Texas shows the card in Texas; the card still says that the alert touches Oklahoma."""
    area = area_of(drawn(RED_RIVER), policy=Policy(regions=("US-TX",)), profile="IPAWSv1.0")
    assert {code[:2] for code in listed(area)} == {"48"}
    assert area.subdivisions == ("US-OK", "US-TX")
    assert {code[:2] for code in listed(area_of(drawn(RED_RIVER)))} == {"40", "48"}


def test_only_the_shape_tells_in_a_province_without_smaller_units() -> None:
    """Then ``match`` is geometry, the target is empty, and two provinces are not listed."""
    area = area_of(drawn(circle=OTTAWA))
    assert (area.match, area.target, area.drawn) == ("geometry", (), ("CA-ON", "CA-QC"))
    assert area.geometry is not None
    coded = area_of(drawn(circle=OTTAWA, codes=((LOCATION, "3506"), (LOCATION, "2481"))))
    assert (coded.match, listed(coded), coded.basis) == ("codes", ["2481", "3506"], "mixed")
    assert {one.share for one in coded.target} == {None}
    assert coded.sgc == ("2481", "3506")


def test_a_geometry_that_decides_is_clipped_like_a_target() -> None:
    """With Ontario alone in the policy, nobody in Quebec is shown the card."""
    whole = area_of(drawn(circle=OTTAWA))
    half = area_of(drawn(circle=OTTAWA), policy=Policy(regions=("CA-ON",)))
    assert (half.match, half.drawn) == ("geometry", ("CA-ON",))
    assert half.bbox is not None
    assert whole.bbox is not None
    assert half.bbox[3] < whole.bbox[3]  # Quebec lies north of the river
    assert half.geometry != whole.geometry


def test_the_codes_of_a_state_are_drawn_for_maps() -> None:
    """An outline of few points; a whole country has no geometry, but a box."""
    texas, everywhere = area_of(same("048000")), area_of(same("000000"))
    assert len(json.dumps(texas.geometry)) < 8_000
    assert texas.bbox == pytest.approx((-106.6, 25.8, -93.5, 36.5), abs=0.2)
    assert len(texas.counties) == 254
    assert (texas.same, everywhere.same, everywhere.counties) == (("048000",), ("000000",), ())
    assert everywhere.geometry is None
    assert everywhere.bbox is not None
    assert everywhere.target[0].name == "United States"


def test_names_of_what_is_listed() -> None:
    """Counties, planning regions, states and provinces have theirs."""
    names = {one.code: one.name for one in area_of(same("009001"), same("048000")).target}
    assert names["09120"] == "Greater Bridgeport Planning Region, CT"
    assert names["US-TX"] == "Texas"


@pytest.mark.parametrize(
    ("jurisdiction", "expected"),
    [
        (("US-TX", "US-OK"), ("published", None)),
        (("US",), ("published", None)),
        ((), ("published", None)),
        (("US-TX",), ("quarantined", "jurisdiction")),
        (("CA",), ("quarantined", "jurisdiction")),
    ],
)
def test_a_jurisdiction_counts_for_shapes(jurisdiction: tuple[str, ...], expected: tuple[str, str | None]) -> None:
    """A feed that may speak for Texas may not draw into Oklahoma."""
    policy = Policy(feeds={"ipaws": FeedRules(jurisdiction=jurisdiction)})
    assert verdict(decide(an_alert(an_info(areas=(drawn(RED_RIVER),))), policy=policy)) == expected


def test_a_jurisdiction_counts_for_the_whole_country() -> None:
    """One code of Texas and 000000: that is more than Texas."""
    alert = an_alert(an_info(areas=(same("048113", "000000"),)))
    policy = Policy(feeds={"ipaws": FeedRules(jurisdiction=("US-TX",))})
    assert verdict(decide(alert, policy=policy)) == ("quarantined", "jurisdiction")


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        ((), ("published", None)),
        (("US-TX",), ("ignored", "region")),  # all counties are known: it lies in none
        (("CA",), ("ignored", "region")),
        (("DE",), ("quarantined", "area")),  # nobody knows whether it lies there
    ],
)
def test_a_shape_in_another_country(regions: tuple[str, ...], expected: tuple[str, str | None]) -> None:
    """Where no units are known, the shape decides: everywhere, but not in regions that may be others."""
    alert = an_alert(an_info(areas=(drawn(circle="50.0,9.0 30"),)))
    assert verdict(decide(alert, policy=Policy(regions=regions))) == expected


@pytest.mark.parametrize(
    ("regions", "expected"),
    [((), True), (("CA-ON",), True), (("CA",), True), (("US-MI",), True), (("CA-QC",), False), (("US-TX",), False)],
)
def test_receivers_get_what_touches_their_regions(regions: tuple[str, ...], expected: bool) -> None:
    """By what is listed, and by the regions in which only the shape tells."""
    assert touches(area_of(drawn(circle="42.32,-83.04 25")), regions) is expected


def test_what_is_shown_does_not_change_by_being_stored() -> None:
    """The same alert a second time is unchanged, also where no unit is listed."""
    alert = an_alert(an_info(areas=(drawn(circle=OTTAWA),)))
    member = a_member(alert)
    first = decided(member)
    (change,) = first.changes
    assert isinstance(change, cards.Display)
    card = cards.convert(change, member, cards.draft(alert, member.gist), ANYWHERE)
    state = cards.CardState(
        card_id=card.card_id,
        incident_id=card.incident_id,
        revision=1,
        alert_id=member.alert_id,
        published_at=card.updated_at,
        target=stored_codes(card.area),
    )
    assert verdict(decided(member, [], [state])) == ("unchanged", None)


def test_a_gist_is_small_and_survives_its_storage() -> None:
    """A chain of a thousand alerts is read at once: a shape stays out of the gists."""
    ring = " ".join(f"{32.8 + 0.1 * (n % 7) / 7:.4f},{-96.9 + n / 1000:.4f}" for n in range(200))
    alert = an_alert(an_info(areas=(drawn(f"{ring} 33.5,-96.8 {ring.split()[0]}"),)))
    written = msgspec.json.encode(cards.gist(alert))
    assert msgspec.json.decode(written, type=cards.Gist) == cards.gist(alert)
    assert len(written) < 1_500


def test_an_alert_that_becomes_no_card_is_meant_nowhere() -> None:
    """Its codes say that it is something else: nobody resolves its shapes."""
    storm = an_info(event_codes=(cap.Named(name="SAME", value="SVR"),), areas=(drawn(DALLAS),))
    assert cards.gist(an_alert(storm)).areas == (Meant(),)
    assert cards.gist(an_alert(an_info(event_codes=(), areas=(same("048113"),)))).areas != (Meant(),)


def units(*areas: cap.Area) -> tuple[Unit, ...]:
    return target(meant(resolved(areas, "cap-cp")), ()) or ()


DALLAS_COUNTY, TEXAS, TARRANT, CONNECTICUT = same("048113"), same("048000"), same("048439"), same("009001")
ONTARIO = drawn(codes=((LOCATION, "35"),))
DIVISION = drawn(codes=((LOCATION, "3506"),))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (DALLAS_COUNTY, drawn(DALLAS), True),
        (DALLAS_COUNTY, TEXAS, True),
        (DALLAS_COUNTY, same("000000"), True),
        (DALLAS_COUNTY, TARRANT, False),
        (TEXAS, same("040000"), False),
        (CONNECTICUT, drawn("41.15,-73.25 41.15,-73.15 41.22,-73.15 41.15,-73.25"), True),
        (ONTARIO, DIVISION, True),
        (ONTARIO, drawn(circle=OTTAWA), True),
        (DIVISION, drawn(circle=OTTAWA), True),
        (drawn(circle=OTTAWA), TEXAS, False),
        (drawn(circle="50.0,9.0 30"), TEXAS, False),
    ],
)
def test_whether_two_areas_overlap(one: cap.Area, other: cap.Area, expected: bool) -> None:
    """By their units, in either order. A shape in a province may be anywhere in it."""
    assert overlap(Meant(units(one)), Meant(units(other))) is expected
    assert overlap(Meant(units(other)), Meant(units(one))) is expected


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (TEXAS, DALLAS_COUNTY, True),
        (DALLAS_COUNTY, TEXAS, False),
        (same("000000"), TEXAS, True),
        (same("048113", "048439"), DALLAS_COUNTY, True),
        (DALLAS_COUNTY, same("048113", "048439"), False),
        (ONTARIO, DIVISION, True),
        (ONTARIO, drawn(circle=OTTAWA), False),  # it reaches into Quebec
        (drawn(circle=OTTAWA), drawn(circle=OTTAWA), True),
        (drawn(circle="45.42,-75.70 25"), drawn(circle=OTTAWA), False),  # nobody compares the shapes
        (drawn(circle=OTTAWA), DIVISION, False),
    ],
)
def test_whether_an_area_covers_a_target(wide: cap.Area, narrow: cap.Area, expected: bool) -> None:
    """Every viewer of the second has to be one of the first: where that is not sure, it is no."""
    assert covers(units(wide), units(narrow)) is expected


def test_info_blocks_with_different_areas_share_what_may_be_spent_on_shapes() -> None:
    """Languages that repeat an area count once. Forty great circles can be compared where they are alone, not beside a hundred
    other areas."""
    each = [tuple(f"{30 + n / 100},-97.{turn} 900" for n in range(40)) for turn in range(4)]
    infos = [cap.Info(areas=tuple(cap.Area(circles=(one,)) for one in circles)) for circles in each]
    assert drawings([*infos, *infos, cap.Info()]) == len(infos)
    assert resolved(infos[0].areas, "ipaws", drawings=len(infos)).unresolved == ()
    assert resolved(infos[0].areas, "ipaws", drawings=100).unresolved
