"""What a feed's settings mean for its alerts: where it may speak for, and whether its words are only practice."""

from __future__ import annotations

from card_samples import ANYWHERE, NOW, a_member, an_alert, an_info, following, same
from msgspec.structs import replace

from capgateway import cards
from capgateway.cards import Display, Policy


def test_a_feed_speaks_only_for_its_jurisdiction() -> None:
    """An alert for another state, or for more than its own, is held back; its own, and any Cancel, is not."""
    texas = replace(a_member(an_alert(an_info(areas=(same("048113"),)))), jurisdiction=("US-TX",))
    wider = replace(texas, alert=an_alert(an_info(areas=(same("048113", "040001"),))))
    assert cards.decide(texas, [], [], ANYWHERE, now=NOW).word == "published"
    held = cards.decide(wider, [], [], ANYWHERE, now=NOW)
    assert (held.word, held.reason, held.changes) == ("quarantined", "jurisdiction", ())
    cancel = replace(a_member(following(wider.alert, "Cancel")), jurisdiction=("US-TX",))
    assert cards.decide(cancel, [wider], [], ANYWHERE, now=NOW).word == "unchanged"


def test_a_rehearsing_feed_makes_exercise_cards_only() -> None:
    """Whatever its messages say of themselves; a test is a test there too."""
    member = replace(a_member(an_alert()), rehearsal=True)
    drill = replace(a_member(an_alert(status="Exercise")), rehearsal=True)
    for one in (member, drill):
        (change,) = cards.decide(one, [], [], ANYWHERE, now=NOW).changes
        assert isinstance(change, Display)
        assert change.card.status == "exercise"
    test = replace(a_member(an_alert(status="Test")), rehearsal=True)
    assert cards.decide(test, [], [], Policy(exercises=True), now=NOW).reason == "status"


def test_a_rehearsal_never_touches_a_real_card() -> None:
    """Its Cancel of a real alert ends nothing."""
    real = a_member(an_alert())
    (shown,) = cards.decide(real, [], [], ANYWHERE, now=NOW).changes
    assert isinstance(shown, Display)
    state = cards.CardState(
        card_id=shown.card.card_id,
        incident_id=shown.card.incident_id,
        revision=1,
        active=True,
        alert_id=real.alert_id,
        published_at=NOW,
    )
    cancel = replace(a_member(following(real.alert, "Cancel")), rehearsal=True)
    assert cards.decide(cancel, [real], [state], ANYWHERE, now=NOW).changes == ()


def test_other_regions_show_a_card_elsewhere() -> None:
    """A policy that widens or narrows gives a new revision of a live card, clipped to what it asks for now."""
    both = a_member(an_alert(an_info(areas=(same("048113", "040001"),))))
    (first,) = cards.decide(both, [], [], Policy(regions=("US-TX",)), now=NOW).changes
    assert isinstance(first, Display)
    state = cards.CardState(
        card_id=first.card.card_id,
        incident_id=first.card.incident_id,
        revision=1,
        active=True,
        alert_id=both.alert_id,
        published_at=NOW,
        target=("48113",),
    )
    assert cards.decide(both, [], [state], Policy(regions=("US-TX",)), now=NOW).changes == ()
    (wider,) = cards.decide(both, [], [state], Policy(regions=("US",)), now=NOW).changes
    assert isinstance(wider, Display)
    assert [target.code for target in wider.card.area.target] == ["40001", "48113"]
    assert wider.card.revision == 2


def test_receivers_narrow_what_the_policy_shows() -> None:
    """A receiver for Oklahoma gets no card that is shown in Texas only, whatever else the alert touches."""
    both = a_member(an_alert(an_info(areas=(same("048113", "040001"),))))
    (shown,) = cards.decide(both, [], [], Policy(regions=("US-TX",)), now=NOW).changes
    assert isinstance(shown, Display)
    assert cards.touches(shown.card.area, ("US-TX",))
    assert cards.touches(shown.card.area, ())
    assert not cards.touches(shown.card.area, ("US-OK",))


def test_a_cancel_that_names_nothing_waits_for_a_person() -> None:
    """Nobody can say what it ends; one that names what we do not know is kept for when that comes."""
    nothing = cards.decide(a_member(following(an_alert(), "Cancel", references=())), [], [], ANYWHERE, now=NOW)
    assert (nothing.word, nothing.reason) == ("quarantined", "review")
    assert cards.decide(a_member(following(an_alert(), "Cancel")), [], [], ANYWHERE, now=NOW).word == "unchanged"
