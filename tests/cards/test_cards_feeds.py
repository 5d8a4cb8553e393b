"""What a feed's settings mean for its alerts: where it may speak for, and whether its words are only practice."""

from __future__ import annotations

from card_samples import ANYWHERE, NOW, a_member, an_alert, an_info, card_of, decide, decided, following, same
from msgspec.structs import replace

from capgateway import cards
from capgateway.cards import Display, FeedRules, Policy


def test_a_feed_speaks_only_for_its_jurisdiction() -> None:
    """An alert for another state, or for more than its own, is held back; its own, and any Cancel, is not."""
    policy = Policy(feeds={"ipaws": FeedRules(jurisdiction=("US-TX",))})
    assert decide(an_alert(an_info(areas=(same("048113"),))), policy=policy).word == "published"
    for more in ("040001", "000000"):  # another county; the whole country
        wider = an_alert(an_info(areas=(same("048113", more),)))
        held = decide(wider, policy=policy)
        assert (held.word, held.reason, held.changes) == ("quarantined", "jurisdiction", ())
        assert decide(following(wider, "Cancel"), wider, policy=policy).word == "unchanged"


def test_a_rehearsing_feed_makes_exercise_cards_only() -> None:
    """Whatever its messages say of themselves; a test is a test there too."""
    for alert in (an_alert(), an_alert(status="Exercise")):
        member = replace(a_member(alert), rehearsal=True)
        (change,) = decided(member).changes
        assert isinstance(change, Display)
        card = cards.convert(change, member, cards.draft(alert, member.gist), ANYWHERE)
        assert card.status == "exercise"
    test = replace(a_member(an_alert(status="Test")), rehearsal=True)
    assert decided(test, [], [], Policy(exercises=True)).reason == "status"


def test_a_rehearsal_never_touches_a_real_card() -> None:
    """Its Cancel of a real alert ends nothing."""
    real = a_member(an_alert())
    (shown,) = decided(real, [], [], ANYWHERE).changes
    assert isinstance(shown, Display)
    state = cards.CardState(
        card_id=shown.card_id,
        incident_id=shown.incident_id,
        revision=1,
        state="active",
        alert_id=real.alert_id,
        published_at=NOW,
    )
    cancel = replace(a_member(following(an_alert(), "Cancel")), rehearsal=True)
    assert decided(cancel, [real], [state], ANYWHERE).changes == ()


def test_other_regions_show_a_card_elsewhere() -> None:
    """A policy that widens or narrows gives a new revision of a live card, clipped to what it asks for now."""
    both = a_member(an_alert(an_info(areas=(same("048113", "040001"),))))
    (first,) = decided(both, [], [], Policy(regions=("US-TX",))).changes
    assert isinstance(first, Display)
    state = cards.CardState(
        card_id=first.card_id,
        incident_id=first.incident_id,
        revision=1,
        state="active",
        alert_id=both.alert_id,
        published_at=NOW,
        target=("48113",),
    )
    assert decided(both, [], [state], Policy(regions=("US-TX",))).changes == ()
    (wider,) = decided(both, [], [state], Policy(regions=("US",))).changes
    assert isinstance(wider, Display)
    assert [target.code for target in wider.target] == ["40001", "48113"]
    assert wider.revision == 2


def test_receivers_narrow_what_the_policy_shows() -> None:
    """A receiver for Oklahoma gets no card that is shown in Texas only, whatever else the alert touches."""
    both = an_alert(an_info(areas=(same("048113", "040001"),)))
    shown = card_of(both, Policy(regions=("US-TX",)))
    assert cards.touches(shown.area, ("US-TX",))
    assert cards.touches(shown.area, ())
    assert not cards.touches(shown.area, ("US-OK",))


def test_a_cancel_that_names_nothing_waits_for_a_person() -> None:
    """Nobody can say what it ends; one that names what we do not know is kept for when that comes."""
    nothing = decided(a_member(following(an_alert(), "Cancel", references=())), [], [], ANYWHERE)
    assert (nothing.word, nothing.reason) == ("quarantined", "review")
    assert decided(a_member(following(an_alert(), "Cancel")), [], [], ANYWHERE).word == "unchanged"
