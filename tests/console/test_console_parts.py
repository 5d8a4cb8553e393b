"""What the pages of cards are made of: marked texts, differences, maps, addresses, words."""

from __future__ import annotations

import pytest
from console_scene import amber
from msgspec.structs import replace

from capgateway import cap, shipped
from capgateway.cards import Card, Policy
from capgateway.cards.card import Evidence
from capgateway.clock import utc_now
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.places import ATLAS
from capgateway.store import Store, alerts, lists
from capgateway.web.console import differences, facts, maps


def fact(pointer: str, start: int, end: int) -> facts.Fact:
    evidence = Evidence(confidence="high", text="", language="en-US", field="description", start=start, end=end)
    return facts.Fact(pointer, "Vehicle", "plate", "", "warn", evidence, True)


async def card_of(url: str) -> Card:
    """The card of an alert for two counties."""
    store = Store.open(url)
    arrival = examine(
        cap.write(amber(0)), Feed(name="state", kind="push"), cap.Schemas(shipped.cap_schemas()), received_at=utc_now()
    )
    await store.write_alone(alerts.take_in, [arrival], Policy())
    (stored,) = (await store.read(lists.card_page)).items
    store.close()
    assert stored.card is not None
    return stored.card


def test_marks_may_overlap_and_lie() -> None:
    """A text is cut wherever a fact begins or ends; nothing of it is lost, and evidence beyond its end is left out."""
    text = "white GMC Sierra"
    found = facts.pieces(text, [fact("/a", 0, 9), fact("/b", 6, 16), fact("/c", 10, 99), fact("/d", 5, 5)])
    assert "".join(piece.text for piece in found) == text
    assert [(piece.text, [one.pointer for one in piece.facts]) for piece in found] == [
        ("white ", ["/a"]),
        ("GMC", ["/a", "/b"]),
        (" Sierra", ["/b"]),
    ]
    assert [one.pointer for piece in found for one in piece.first] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a red car", "a blue car", ["a ", "-red", "+blue", " car"]),
        (None, "KPW4471", ["+KPW4471"]),
        ("KPW4471", None, ["-KPW4471"]),
        ("KPW4471", "KPW4477", ["-KPW4471", " ", "+KPW4477"]),
    ],
)
def test_differences_are_word_by_word(old: str | None, new: str | None, told: list[str]) -> None:
    """A single value is shown before and after."""
    signs = {"same": "", "added": "+", "removed": "-"}
    assert [signs[part.what] + part.text for part in differences.compared(old, new)] == told


def test_a_long_text_is_not_compared_word_by_word() -> None:
    """The effort grows with the square of its length."""
    long = " ".join(str(n) for n in range(100_000))
    assert len(differences.compared(long, f"{long} x")) == 3


async def test_a_map_is_drawn_for_any_area(sqlite_url: str) -> None:
    """Without a shape, with a point, across the antimeridian, broken, and for a whole country: small, and inside its frame."""
    card = await card_of(sqlite_url)
    islands = {"type": "Polygon", "coordinates": [[[172, 51], [172, 54], [-176, 54], [-176, 51], [172, 51]]]}
    west = {
        "type": "MultiPolygon",
        "coordinates": [
            [[[172, 51], [180, 51], [180, 54], [172, 54], [172, 51]]],
            [[[-180, 51], [-176, 51], [-176, 54], [-180, 54], [-180, 51]]],
        ],
    }
    bow = {"type": "Polygon", "coordinates": [[[-97, 32], [-96, 33], [-96, 32], [-97, 33], [-97, 32]]]}
    for geometry, centroid in ((bow, None), (None, None), (None, (-97.0, 32.0)), (islands, None), (west, None)):
        drawn = maps.of_card(replace(card, area=replace(card.area, geometry=geometry, centroid=centroid)), ATLAS)
        assert (drawn is None) == (geometry is None and centroid is None)
        if drawn is not None:
            (area,) = drawn.areas
            assert 0 <= area.x <= drawn.width
            assert 0 <= area.y <= drawn.height
            assert sum(len(land.path) for land in (*drawn.lands, *drawn.units)) < 150_000
    for regions in ((), ("US-TX",), ("CA",), ("US-AK",), ("MX",)):
        drawn = maps.of_cards([card], regions, ATLAS)
        assert sum(len(land.path) for land in drawn.lands) < 60_000
