"""Alert, Update, Cancel, expiry: the stories one would tell a dispatcher."""

from __future__ import annotations

from datetime import timedelta

import pytest
from card_samples import (
    ANYWHERE,
    HOUR,
    NOW,
    TEXAS,
    a_member,
    an_alert,
    an_info,
    decide,
    decided,
    following,
    reference,
    same,
    time,
    verdict,
)
from card_table import Table, after

from capgateway import cap, cards
from capgateway.cards import CardState, End

FIRST = an_alert()
UPDATE = following(FIRST, "Update", an_info(headline="A white pickup"))
CANCEL = following(FIRST, "Cancel", sent=time(NOW))


def ends(table: Table) -> dict[str, str | None]:
    return {card_id: state.end_reason for card_id, state in table.states.items() if not state.active}


def test_a_card_is_published_updated_and_cancelled() -> None:
    """One card through its whole life; a Cancel without info is enough."""
    table = Table()
    words = [verdict(table.take_in(alert)) for alert in (FIRST, UPDATE, CANCEL)]
    assert words == [("published", None), ("updated", None), ("ended", "cancelled")]
    (state,) = table.states.values()
    assert (state.revision, state.active, state.end_reason) == (3, False, "cancelled")


def test_a_cancel_before_its_alert_keeps_it_down() -> None:
    """Out of order, nothing is ever shown."""
    table = Table()
    assert verdict(table.take_in(CANCEL)) == ("unchanged", None)
    assert verdict(table.take_in(FIRST)) == ("ignored", "stale")
    assert verdict(table.take_in(UPDATE)) == ("ignored", "stale")
    assert table.states == {}


def test_an_old_update_after_a_new_one_changes_nothing() -> None:
    """The newest by ``sent`` is on display, not the last to arrive."""
    newer = following(FIRST, "Update", identifier="A-2", sent=time(NOW - HOUR / 4))
    table = after((FIRST, newer))
    assert verdict(table.take_in(UPDATE)) == ("ignored", "stale")
    (state,) = table.live()
    assert (state.alert_id, state.revision) == (a_member(newer).alert_id, 2)


def test_a_late_link_makes_one_card_of_two() -> None:
    """An Update that names only the one before it comes first: when that one follows, the twin is taken down."""
    newest = following(UPDATE, "Update", identifier="A-2")
    table = after((FIRST, newest))
    assert len(table.live()) == 2
    assert verdict(table.take_in(UPDATE)) == ("ignored", "stale")
    (state,) = table.live()
    assert state.alert_id == a_member(newest).alert_id
    assert list(ends(table).values()) == ["superseded"]


def test_a_cancel_finds_an_update_by_an_alert_we_never_saw() -> None:
    """Started late: Update and Cancel both name the first Alert, which never reached us (A-44)."""
    for order in ((UPDATE, CANCEL), (CANCEL, UPDATE)):
        assert after(order).live() == []


def test_what_comes_after_the_end_is_a_new_card() -> None:
    """The issuer takes it up again: an ended card stays ended."""
    again = following(FIRST, "Update", identifier="A-2", sent=time(NOW + timedelta(minutes=4)))
    table = after((FIRST, CANCEL, again))
    assert list(ends(table).values()) == ["cancelled"]
    (state,) = table.live()
    assert state.revision == 1


def test_an_alert_taken_in_twice_is_taken_in_once() -> None:
    """Decided anew, with everything known, it changes nothing."""
    table = after((FIRST, UPDATE))
    for member in list(table.members.values()):
        assert table.decide(member).changes == ()


@pytest.mark.parametrize("over", [{"urgency": "Past"}, {"response_types": ("AllClear",)}])
def test_an_update_may_say_that_it_is_over(over: dict[str, str]) -> None:
    """Found safe: some issuers send an Update instead of a Cancel (C-26)."""
    table = after((FIRST,))
    assert verdict(table.take_in(following(FIRST, "Update", an_info(**over)))) == ("ended", "cancelled")


def test_text_alone_never_ends_a_card() -> None:
    """F-27: prose is no rule; a coded, live Update is shown as it is."""
    told = an_info(headline="AMBER Alert cancelled: child found safe")
    assert after((FIRST, following(FIRST, "Update", told))).live()


def test_a_follow_up_under_another_code_ends_the_card() -> None:
    """F-08: the case goes on as a missing person, and that is no AMBER Alert."""
    missing = an_info(event="Missing Endangered Person", event_codes=(cap.Named(name="SAME", value="MEP"),))
    table = after((FIRST,))
    assert verdict(table.take_in(following(FIRST, "Update", missing))) == ("ended", "superseded")
    assert verdict(table.take_in(following(FIRST, "Update", identifier="B", sent=time(NOW)))) == ("published", None)


def test_a_cancel_under_another_code_still_cancels() -> None:
    """Taking down is always safe: senders cancel under codes of their own."""
    admin = an_info(event="Administrative message", event_codes=(cap.Named(name="SAME", value="ADR"),))
    table = after((FIRST,))
    assert verdict(table.take_in(following(FIRST, "Cancel", admin))) == ("ended", "cancelled")
    assert after((following(FIRST, "Cancel", admin), FIRST)).live() == []


def test_an_update_may_leave_the_regions() -> None:
    """The search moved on: the card is taken down here, and comes anew if it returns."""
    moved = following(FIRST, "Update", an_info(areas=(same("040001"),)))
    back = following(FIRST, "Update", identifier="B", sent=time(NOW))
    table = after((FIRST,), TEXAS)
    assert [verdict(table.take_in(alert)) for alert in (moved, back)] == [("ended", "left_region"), ("published", None)]


def test_an_update_that_waits_leaves_the_card_as_it_is() -> None:
    """An area that cannot be resolved is held back; what was shown stays until it expires or is cancelled."""
    shape = cap.Area(area_desc="A shape", polygons=("somewhere",))
    table = after((FIRST,))
    assert verdict(table.take_in(following(FIRST, "Update", an_info(areas=(shape,))))) == ("quarantined", "area")
    assert [state.alert_id for state in table.live()] == [a_member(FIRST).alert_id]
    assert verdict(table.take_in(CANCEL)) == ("ended", "cancelled")


def test_an_update_may_shorten_or_lengthen_the_life() -> None:
    """Its own ``expires`` counts, not the Alert's."""
    shorter = following(FIRST, "Update", an_info(expires=time(NOW - HOUR / 4)))
    assert verdict(after((FIRST,)).take_in(shorter)) == ("ended", "expired")
    longer = following(FIRST, "Update", an_info(expires=time(NOW + 9 * HOUR)))
    assert [card.expires_at for card in after((FIRST, longer)).shown.values()] == [NOW + 9 * HOUR]


def test_expiry_needs_no_message() -> None:
    """The clock ends a card for good; a late Cancel changes nothing, a newer Update is a new card."""
    table = after((FIRST,))
    (state,) = table.live()
    decision = cards.expire(state)
    table.apply(decision)
    assert (verdict(decision), table.live()) == (("ended", "expired"), [])
    assert table.take_in(CANCEL).changes == ()


@pytest.mark.parametrize("msg_type", ["Update", "Cancel"])
def test_nobody_changes_what_is_not_theirs(msg_type: str) -> None:
    """Another sender's Update or Cancel waits for a person, and touches no card (A-43)."""
    stranger = following(FIRST, msg_type, sender="someone@else.example")
    table = after((FIRST,))
    before = table.display()
    assert verdict(table.take_in(stranger)) == ("quarantined", "cross_sender")
    assert table.display() == before


def test_a_stranger_who_speaks_of_something_else_is_ignored() -> None:
    """Only what claims to be about an AMBER Alert is worth a person's time."""
    storm = an_info(event="Severe Thunderstorm Warning", event_codes=(cap.Named(name="SAME", value="SVR"),))
    stranger = following(FIRST, "Update", storm, sender="someone@else.example")
    assert verdict(decide(stranger)) == ("ignored", "no_programme")


def test_references_to_several_senders_count_for_the_own_ones() -> None:
    """An Update may also name the alert of a neighbour it works with."""
    neighbour = an_alert(sender="someone@else.example")
    both = following(FIRST, "Update", references=(reference(neighbour), reference(FIRST)))
    assert verdict(after((neighbour, FIRST)).take_in(both)) == ("updated", None)


def test_two_alerts_of_one_sender_are_two_cards() -> None:
    """However alike they are; an Update that names both makes one of them."""
    second = an_alert(identifier="B")
    table = after((FIRST, second))
    assert len(table.live()) == 2
    both = following(FIRST, "Update", references=(reference(FIRST), reference(second)))
    assert verdict(table.take_in(both)) == ("updated", None)
    assert (len(table.live()), list(ends(table).values())) == (1, ["superseded"])


def test_an_operators_take_down_is_sticky() -> None:
    """Later Updates wait for a person, and so does the same alert decided anew."""
    table = after((FIRST,))
    table.withdraw(table.live()[0].card_id)
    assert verdict(table.take_in(UPDATE)) == ("quarantined", "withdrawn")
    assert verdict(table.take_in(CANCEL)) == ("unchanged", None)


def test_a_cancel_of_the_same_second_wins() -> None:
    """Of two messages with one time the one that takes down is the safer reading."""
    at_once = following(FIRST, "Cancel", sent=FIRST.sent)
    state = CardState(
        card_id="crd_1",
        incident_id="inc_1",
        revision=1,
        state="active",
        alert_id=a_member(FIRST).alert_id,
        published_at=NOW,
    )
    decision = decide(at_once, FIRST, states=(state,))
    assert decision.changes == (End(card_id="crd_1", revision=2, reason="cancelled"),)


def test_the_same_facts_give_the_same_name() -> None:
    """After a restore from a backup the card is not a twin; another gateway's is."""

    def name(deployment: str) -> str:
        decision = decided(a_member(FIRST), deployment=deployment)
        (change,) = decision.changes
        assert not isinstance(change, End)
        return change.card_id

    assert name("one") == name("one") != name("two")


def test_issued_at_is_that_of_the_first_alert() -> None:
    """Through all revisions, whichever message arrived first."""
    for order in ((FIRST, UPDATE), (UPDATE, FIRST)):
        ((_, card),) = after(order, ANYWHERE, NOW + timedelta(minutes=1)).display()
        assert (card.issued_at, card.updated_at) == (NOW - HOUR, NOW - HOUR / 2)
