"""Regions as the policy names them: what lies in what, and the territories with their two names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgateway import places

REGIONS = st.sampled_from(places.region_codes())


@pytest.mark.parametrize(
    ("place", "region", "expected"),
    [
        ("US-TX", "US-TX", True),
        ("US-TX", "US", True),
        ("US", "US-TX", False),
        ("US-TX", "US-OK", False),
        ("CA-ON", "US", False),
        ("CA", "US-CA", False),  # Canada is not California
        ("PR", "US", True),
        ("US-PR", "PR", True),
        ("PR", "US-PR", True),
        ("FM", "US", False),
    ],
)
def test_within(place: str, region: str, expected: bool) -> None:
    """A subdivision lies in its country, a territory in the US under either name."""
    assert places.is_within(place, region) is expected


def test_no_regions_means_everywhere() -> None:
    """An empty list of regions leaves nothing out."""
    assert places.touches("NZ", ())


@given(place=REGIONS, region=REGIONS)
def test_touching_is_mutual(place: str, region: str) -> None:
    """Two places overlap, or they do not: the order of asking does not matter."""
    assert places.touches(place, (region,)) == places.touches(region, (place,))


@given(place=REGIONS, region=REGIONS)
def test_what_lies_within_touches(place: str, region: str) -> None:
    """A whole region read as a unit is itself."""
    assert places.whole(place).region in (place, f"US-{place}")
    if places.is_within(place, region):
        assert places.touches(place, (region,))


@pytest.mark.parametrize("code", ["USA", "us-tx", "TX", "US-XX", "CA-48", "", "XX"])
def test_what_is_no_region(code: str) -> None:
    """Codes are those of ISO 3166, in capitals."""
    assert not places.is_region(code)
