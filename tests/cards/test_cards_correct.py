"""Facts in, facts out: what a person removed stays away, and nothing else does."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from capgateway.cards.correct import NotAFact, corrections, without

FACTS: dict[str, Any] = {
    "children": [
        {"name": "Ada Testchild", "age": {"value": 7, "text": "7"}, "photo": "m1"},
        {"name": "Bo", "photo": None},
    ],
    "suspects": [{"name": "X. Ample", "photo": "m2"}],
    "vehicles": [
        {"color": "white", "plate": "KPW4471", "plate_region": "US-TX", "plate_partial": True},
        {"color": "red", "plate": "ABC123", "plate_region": "US-OK", "plate_partial": False},
    ],
    "last_seen": {"place": "Dallas", "time": {"text": "noon", "at": None}, "direction": None},
    "safety": ["do_not_approach", "armed"],
    "media": [{"id": "m1", "url": "https://a/1", "sha256": "aa"}, {"id": "m2", "url": "https://a/2", "sha256": "bb"}],
    "actions": [
        {"type": "call", "value": "911", "from": "policy"},
        {"type": "open", "value": "https://b", "from": "cap"},
    ],
}


def left(*pointers: str, of: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is left of later facts when these were removed from the first ones."""
    return without(deepcopy(of or FACTS), corrections(FACTS, pointers))


def changed(**facts: Any) -> dict[str, Any]:
    return deepcopy(FACTS) | facts


def test_a_plate_goes_with_what_it_is_of() -> None:
    """Neither its region nor that it is partial says anything without it; the other vehicle keeps its own."""
    first, second = left("/vehicles/0/plate")["vehicles"]
    assert first == {"color": "white", "plate": None, "plate_region": None, "plate_partial": False}
    assert second == FACTS["vehicles"][1]


def test_positions_may_shift() -> None:
    """The fact is known by its kind and value, wherever it is in the list."""
    shifted = changed(vehicles=[{"color": "blue", "plate": "NEW1"}, *FACTS["vehicles"]])
    assert [one["plate"] for one in left("/vehicles/0/plate", of=shifted)["vehicles"]] == ["NEW1", None, "ABC123"]
    assert left("/safety/0", of=changed(safety=["armed", "do_not_approach"]))["safety"] == ["armed"]


def test_another_value_comes_back() -> None:
    """The issuer said something else."""
    (vehicle,) = left("/vehicles/0/plate", of=changed(vehicles=[{"plate": "KPW4472"}]))["vehicles"]
    assert vehicle["plate"] == "KPW4472"
    assert left("/last_seen/place", of=changed(last_seen={"place": "Waco"}))["last_seen"] == {"place": "Waco"}


def test_the_same_value_of_another_kind_stays() -> None:
    """A suspect may have the name that was wrong for a child."""
    facts = changed(suspects=[{"name": "Ada Testchild"}])
    gone = left("/children/0/name", of=facts)
    assert (gone["children"][0]["name"], gone["suspects"][0]["name"]) == (None, "Ada Testchild")


def test_a_whole_person_vehicle_or_place_can_be_removed() -> None:
    """Whatever position its picture has by now."""
    moved = changed(suspects=[{"name": "X. Ample", "photo": "m9"}])
    gone = left("/suspects/0", "/vehicles/1", "/last_seen", of=moved)
    assert (gone["suspects"], gone["vehicles"], gone["last_seen"]) == ([], FACTS["vehicles"][:1], None)


def test_a_picture_goes_from_whom_it_shows() -> None:
    """It is known by its bytes, not by its address, which changes each time."""
    again = changed(media=[{"id": "m1", "url": "https://a/other", "sha256": "aa"}, FACTS["media"][1]])
    gone = left("/media/0", of=again)
    assert [one["id"] for one in gone["media"]] == ["m2"]
    assert [one["photo"] for one in (*gone["children"], *gone["suspects"])] == [None, None, "m2"]


def test_several_corrections_count_in_their_order() -> None:
    """A vehicle that was removed after its plate was stays away as a whole."""
    first = corrections(FACTS, ["/vehicles/0/plate"])
    second = corrections(without(FACTS, first), ["/vehicles/0"])
    assert without(FACTS, [*first, *second])["vehicles"] == FACTS["vehicles"][1:]
    assert FACTS["vehicles"][0]["plate"] == "KPW4471"


def test_the_policy_keeps_its_actions() -> None:
    """Only the alert's own can be removed, even where both are alike."""
    twice = changed(actions=[{**FACTS["actions"][1], "from": "policy"}, FACTS["actions"][1]])
    assert left("/actions/1", of=twice)["actions"] == twice["actions"][:1]
    with pytest.raises(NotAFact, match="an action of your policy"):
        left("/actions/0")


@pytest.mark.parametrize(
    "pointer",
    [
        "", "/", "vehicles/0", "/vehicles", "/vehicles/x", "/vehicles/-", "/vehicles/0/plate/1", "/vehicles/0/plate_partial",
        "/children/0/photo", "/children/0/age/value", "/last_seen/time/text", "/safety", "/content/en-US/description",
        "/area/target/0", "/issuer/name", "/expires_at", "/actions/0/value", "/vehicles/99999", "/vehicles/0/" + "x" * 300,
    ],
)  # fmt: skip
def test_what_is_no_fact_is_refused(pointer: str) -> None:
    """Whatever the card says."""
    with pytest.raises(NotAFact):
        corrections(FACTS, [pointer])


@pytest.mark.parametrize("pointer", ["/vehicles/2", "/vehicles/0/make", "/last_seen/direction", "/children/1/age"])
def test_what_the_card_does_not_say_cannot_be_removed(pointer: str) -> None:
    """That is another answer than for what is no fact."""
    with pytest.raises(ValueError, match=f"the card has no fact at {pointer}") as refused:
        corrections(FACTS, [pointer])
    assert not isinstance(refused.value, NotAFact)


def test_a_fact_is_named_once() -> None:
    """A part and the whole at once would leave open what the value was."""
    with pytest.raises(NotAFact, match="/vehicles/0/plate is a part of /vehicles/0"):
        corrections(FACTS, ["/vehicles/0", "/vehicles/0/plate"])
    assert len(corrections(FACTS, ["/safety/0", "/safety/0"])) == 1
