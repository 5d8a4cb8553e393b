"""The life of a card where messages are many: chains that merge and fork, areas that end one by one, words that come too early."""

from __future__ import annotations

from itertools import permutations

import pytest
from card_samples import HOUR, NOW, a_member, an_alert, an_info, decide, following, reference, same, time, verdict
from card_table import Table, after

from capgateway import cap

FIRST = an_alert()
LOCATION = "layer:EC-MSC-SMC:1.1:Alert_Location_Status"


def info_for(code: str, **fields: object) -> cap.Info:
    return an_info(areas=(same(code, area_desc=f"County {code}"),), **fields)


def located(status: str) -> tuple[cap.Named, ...]:
    return (cap.Named(name=LOCATION, value=status),)


def targets(table: Table) -> list[tuple[str, ...]]:
    return [state.target for state in table.live()]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_chains_that_merge_are_one_card_in_the_end(order: tuple[int, ...]) -> None:
    """An Update that names two alerts makes one case of them, whichever comes first."""
    other = an_alert(identifier="B", sent=time(NOW - HOUR / 2))
    both = following(FIRST, "Update", references=(reference(FIRST), reference(other)), sent=time(NOW - HOUR / 4))
    story = [FIRST, other, both]
    table = after(story[number] for number in order)
    assert [state.alert_id for state in table.live()] == [a_member(both).alert_id]
    cancel = following(both, "Cancel", sent=time(NOW))
    table.take_in(cancel)
    assert table.live() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_that_forks_shows_its_newest_word(order: tuple[int, ...]) -> None:
    """Two Updates of one Alert: the later one counts, and a Cancel of it leaves no older one on display (F-20)."""
    left = following(FIRST, "Update", info_for("048113"), identifier="L")
    right = following(FIRST, "Update", info_for("048201"), identifier="R", sent=time(NOW - HOUR / 4))
    story = [FIRST, left, right]
    table = after(story[number] for number in order)
    assert [state.alert_id for state in table.live()] == [a_member(right).alert_id]
    table.take_in(following(right, "Cancel", sent=time(NOW)))
    assert table.live() == []


def test_an_update_of_what_we_never_saw_is_displayed() -> None:
    """And ended by a Cancel that names only what we never saw."""
    unseen = an_alert(identifier="UNSEEN", sent=time(NOW - 2 * HOUR))
    update = following(unseen, "Update")
    table = after([update])
    assert len(table.live()) == 1
    assert verdict(table.take_in(following(unseen, "Cancel", sent=time(NOW)))) == ("ended", "cancelled")


@pytest.mark.parametrize("how", [{"urgency": "Past"}, {"response_types": ("AllClear",)}])
def test_one_area_of_several_is_over(how: dict[str, str]) -> None:
    """The card stays, where the alert still holds, with what it says there; the last area ends it."""
    both = an_alert(info_for("048113"), info_for("048201"))
    table = after([both])
    assert targets(table) == [("48113", "48201")]
    part = following(both, "Update", info_for("048113", headline="Safe here", **how), info_for("048201"))
    assert verdict(table.take_in(part)) == ("updated", None)
    assert targets(table) == [("48201",)]
    (card,) = (table.shown[state.card_id] for state in table.live())
    assert card.content["en-US"].headline != "Safe here"
    assert card.area.descriptions == ("County 048201",)
    rest = following(part, "Update", info_for("048113", **how), info_for("048201", **how), sent=time(NOW))
    assert verdict(table.take_in(rest)) == ("ended", "cancelled")


@pytest.mark.parametrize("status", ["ended", "cancelled", "transitioned_out", "Ended"])
def test_environment_canada_ends_locations(status: str) -> None:
    """By a parameter of the info alone (C-26): that area is over, the others are not."""
    both = an_alert(info_for("048113", parameters=located("active")), info_for("048201", parameters=located("active")))
    table = after([both])
    part = following(
        both,
        "Update",
        info_for("048113", parameters=located(status)),
        info_for("048201", parameters=located("active")),
    )
    table.take_in(part)
    assert targets(table) == [("48201",)]
    over = following(part, "Update", info_for("048201", parameters=located(status)), sent=time(NOW))
    assert verdict(table.take_in(over)) == ("ended", "cancelled")


def test_expiry_counts_the_areas_that_still_hold() -> None:
    """An info that is over does not keep the card up by its ``expires``."""
    long = info_for("048113", urgency="Past", expires=time(NOW + 9 * HOUR))
    table = after([an_alert(long, info_for("048201", expires=time(NOW + HOUR)))])
    assert [card.expires_at for card in table.shown.values()] == [NOW + HOUR]


def test_one_language_that_is_over_ends_only_itself() -> None:
    """An alert is over when each of its infos is."""
    table = after([an_alert(an_info(urgency="Past"), an_info(language="es-US"))])
    assert [list(card.content) for card in table.shown.values()] == [["es-US"]]


def test_a_cancel_that_comes_first_keeps_every_alert_down_that_it_names() -> None:
    """In any order, with an Update between."""
    update = following(FIRST, "Update")
    cancel = following(FIRST, "Cancel", references=(reference(FIRST), reference(update)), sent=time(NOW))
    for order in permutations([update, FIRST]):
        table = after([cancel])
        assert [verdict(table.take_in(alert)) for alert in order] == [("ignored", "stale")] * 2
        assert table.live() == []


def test_an_end_that_comes_first_is_remembered() -> None:
    """An AllClear or Past before its Alert, as a Cancel."""
    over = following(FIRST, "Update", an_info(urgency="Past"))
    table = after([over])
    assert verdict(table.take_in(FIRST)) == ("ignored", "stale")
    assert table.live() == []


def test_an_update_after_an_end_is_not_a_new_alert_by_itself() -> None:
    """An Update that was sent before the end stays down; what is sent after it is a new card."""
    cancel = following(FIRST, "Cancel", sent=time(NOW - HOUR / 4))
    table = after([FIRST, cancel])
    assert verdict(table.take_in(following(FIRST, "Update"))) == ("ignored", "stale")
    later = following(FIRST, "Update", sent=time(NOW))
    assert verdict(table.take_in(later)) == ("published", None)
    assert len(table.states) == 2


def test_an_alert_that_is_over_on_arrival_is_not_displayed() -> None:
    """By its ``expires``, and by what it says."""
    assert verdict(decide(an_alert(an_info(expires=time(NOW - HOUR / 2))))) == ("ignored", "expired")
    assert verdict(decide(an_alert(an_info(response_types=("AllClear",))))) == ("ignored", "expired")
