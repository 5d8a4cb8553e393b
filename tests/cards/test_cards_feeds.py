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
