"""Area codes read as places: what resolves, what does not, and that nothing is ever widened by a slip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway import places
from capgateway.places.regions import CA_PROVINCES, US_ASSOCIATED, US_STATES

LOCATION = "profile:CAP-CP:Location:0.3"


def codes(name: str, value: str) -> list[str] | None:
    found = places.read(name, value)
    return None if found is None else [unit.code for unit in found]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("048113", ["48113"]),
        ("148113", ["48113"]),
        ("048000", ["US-TX"]),
        ("000000", ["US"]),
        ("48113", ["48113"]),  # five digits, as under FIPS
        ("072000", ["US-PR"]),
        ("072127", ["72127"]),
        ("064000", ["FM"]),  # a country of its own for ISO
        ("075000", []),  # marine: the Gulf of Mexico
        ("073535", []),
        ("999000", []),  # the NWS test value
    ],
)
def test_same(value: str, expected: list[str]) -> None:
    """PSSCCC: a county, a whole state, the whole country, or no place that has viewers."""
    assert codes("SAME", value) == expected


@pytest.mark.parametrize("value", ["", "0", "00", "000", "0000", "00000", "8113", "0048113", "O48113", "٠٤٨١١٣", "TX"])
def test_a_broken_same_code_names_no_place(value: str) -> None:
    """Least of all the whole country: an empty value is not 000000."""
    assert codes("SAME", value) == []


def test_a_part_of_a_unit_is_not_the_whole() -> None:
    """P other than 0 means a part: the unit is told, but not as whole."""
    for value in ("148113", "148000"):
        (unit,) = places.read("SAME", value) or ()
        assert not unit.whole
        assert unit.region == "US-TX"


@pytest.mark.parametrize("name", ["SAME", "same", "Same ", "FIPS6", "FIPS"])
def test_names_of_schemes_are_read_without_case(name: str) -> None:
    """Senders differ in capitals, and some call the scheme FIPS."""
    assert codes(name, "048113") == ["48113"]


@pytest.mark.parametrize("name", ["CLC", "layer:EC-MSC-SMC:1.0:CLC", "ZIP", "", "EMMA_ID", "profile:CAP-CP:Event:0.4"])
def test_schemes_we_do_not_know_are_told_apart(name: str) -> None:
    """None, not empty: nothing is known of them."""
    assert places.read(name, "048113") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("TXC113", ["48113"]),
        ("txc113", ["48113"]),
        ("TXC113-121", ["48113", "48121"]),
        ("TXC113-OKC001", ["48113", "40001"]),
        ("OHC017-025-KYC015-220545-", ["39017", "39025", "21015"]),
        ("IAC000", ["US-IA"]),
        ("PRC000-081700-", ["US-PR"]),
        ("TXZALL", ["US-TX"]),
        ("TXZ118>120", ["TXZ118", "TXZ119", "TXZ120"]),
        ("TXC121>113", []),
        ("GMZ150", []),  # marine
        ("113", []),
        ("", []),
    ],
)
def test_ugc(value: str, expected: list[str]) -> None:
    """State letters carry on over hyphens, ranges are spelled out, the purge time is no place."""
    assert codes("UGC", value) == expected


def test_a_zone_lies_in_its_state() -> None:
    """Alaska and the Pacific are warned by zone: the state is known from its letters."""
    assert [unit.region for unit in places.read("UGC", "AKZ101-GUZ001") or ()] == ["US-AK", "US-GU"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00", ["CA"]),
        ("59", ["CA-BC"]),
        ("4806", ["4806"]),
        ("4806016", ["4806"]),  # a census subdivision means less than its division
        ("none", []),
        ("9912", []),
        ("480", []),
        ("٤٨", []),
    ],
)
def test_sgc(value: str, expected: list[str]) -> None:
    """The first two digits are the province, whatever the length."""
    assert codes(LOCATION, value) == expected
    assert codes(LOCATION.upper().replace("0.3", "1.0"), value) == expected


def test_every_state_and_province_is_found_by_its_number() -> None:
    """Numbers of 47 CFR 11.31 and of Statistics Canada lead to regions the configuration knows."""
    for fips, (postal, _) in US_STATES.items():
        assert codes("SAME", f"0{fips}000") == codes("UGC", f"{postal}C000") == [f"US-{postal}"]
        assert places.is_region(f"US-{postal}")
    for fips, (country, _) in US_ASSOCIATED.items():
        assert codes("SAME", f"0{fips}000") == [country]
        assert places.is_region(country)
    for digits, (province, _) in CA_PROVINCES.items():
        assert codes(LOCATION, digits) == [f"CA-{province}"]
        assert places.is_region(f"CA-{province}")


@given(name=st.sampled_from(["SAME", "UGC", LOCATION]), value=st.text(max_size=30))
def test_no_value_is_a_surprise(name: str, value: str) -> None:
    """Whatever a sender writes, the answer is a list of units in regions we know."""
    for unit in places.read(name, value) or ():
        assert places.is_region(unit.region)


def test_a_value_names_a_bounded_number_of_places() -> None:
    """Ten characters of a range mean a thousand counties: who writes many of them means no place."""
    assert len(codes("UGC", "TXC001>999") or ()) == 999
    assert codes("UGC", "TXC" + "001>999-" * 1_000_000) == []
    assert len(codes("UGC", "TXC" + "-".join(f"{number:03}" for number in range(1, 255))) or ()) == 254
