"""Maps of areas that nobody would expect: each is drawn where it is, in a bounded drawing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from capgateway import cap, cards
from capgateway.cards import Policy
from capgateway.places.atlas import ATLAS
from capgateway.simulate import story
from capgateway.web.console import maps

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
MOST_OF_A_PATH = 20_000
AREAS: dict[str, dict[str, Any]] = {
    "the world": {"polygons": ("-90,-180 -90,180 90,180 90,-180 -90,-180",)},
    "half of it": {"polygons": ("10,50 10,170 60,170 60,50 10,50",)},
    "across 180 degrees": {"polygons": ("50,179 50,-179 55,-179 55,179 50,179",)},
    "a pole": {"circles": ("90,0 500",)},
    "the other pole": {"circles": ("-90,0 500",)},
    "round a pole": {"polygons": ("85,-170 85,-60 85,60 85,170 85,-170",)},
    "a point": {"circles": ("32.7,-96.8 0",)},
    "a sliver": {"polygons": ("32,-96 32.0000001,-96 32,-96.0000001 32,-96",)},
    "a bow": {"polygons": ("30,-100 31,-99 31,-100 30,-99 30,-100",)},
    "a hundred circles": {
        "circles": tuple(f"{30 + n % 10 * 0.2:.2f},{-100 + n // 10 * 0.2:.2f} 1" for n in range(100))
    },
}


@pytest.mark.parametrize("name", AREAS)
def test_any_area_is_drawn(name: str) -> None:
    """Within the drawing, and in few bytes; as a dot at least."""
    drawn = maps.of_card(card(cap.Area(area_desc=name, **AREAS[name])), ATLAS)
    assert drawn is not None
    (area,) = drawn.areas
    assert (0 <= area.x <= drawn.width, 0 <= area.y <= drawn.height) == (True, True)
    assert area.path or area.is_small
    assert len(area.path) + sum(len(one.path) for one in (*drawn.lands, *drawn.units)) < 2 * MOST_OF_A_PATH
    both = maps.of_cards([card(cap.Area(area_desc=name, **AREAS[name]))], ("US-TX",), ATLAS)
    assert len(both.areas) == 1


@pytest.mark.parametrize(("name", "least", "most"), [("the world", 400, 1000), ("half of it", 40, 150)])
def test_an_area_across_the_edge_of_maps_is_where_it_is(name: str, least: int, most: int) -> None:
    """The world is wide, and Asia does not become the Atlantic."""
    drawn = maps.of_card(card(cap.Area(area_desc=name, **AREAS[name])), ATLAS)
    assert drawn is not None
    (area,) = drawn.areas
    assert not area.is_small
    steps = [abs(int(one)) for one in re.findall(r"[l ](-?\d+) -?\d+", area.path)]
    assert least <= max(steps) <= most


def card(area: cap.Area) -> cards.Card:
    """The card of an alert for that area."""
    alert = story.amber(NOW)
    alert = replace(alert, infos=(replace(alert.infos[0], areas=(area,)),))
    gist = cards.gist(alert)
    member = cards.Member(alert_id="alt_1", gist=gist, feed="nws", received_at=NOW)
    (shown,) = cards.decide(cards.Situation(arrived=member, now=NOW), Policy()).changes
    assert isinstance(shown, cards.Display)
    return cards.convert(shown, member, cards.draft(alert, gist), Policy())
