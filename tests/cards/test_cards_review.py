"""Review: what waits for a person before it is displayed, for how long; take-downs never do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from card_samples import ANYWHERE, HOUR, NOW, SENDER, a_member, an_alert, an_info, decided, following, time, verdict
from msgspec.structs import replace

from capgateway.cards import AMBER, MEP, CardState, Decision, Member, Policy

MINUTE = timedelta(minutes=1)
WAITS = ("quarantined", "review")
ALL = Policy(review="all")
DOUBTFUL = Policy(review="doubtful")
PUBLISH = replace(ALL, review_default="publish")
FIRST = an_alert()
WORDS = an_alert(an_info(event_codes=()))


def waiting(member: Member, since: datetime = NOW) -> Member:
    return replace(member, waits_since=since)


@pytest.mark.parametrize(("policy", "first"), [(ANYWHERE, "published"), (DOUBTFUL, "published"), (ALL, "quarantined")])
def test_which_displays_wait(policy: Policy, first: str) -> None:
    """None, those that are doubtful, or all."""
    assert decided(a_member(FIRST), policy=policy).word == first
    expected = "published" if policy is ANYWHERE else "quarantined"
    assert decided(a_member(WORDS), policy=policy).word == expected


def test_an_update_waits_while_its_card_stays() -> None:
    """What was displayed before does not change."""
    update = following(FIRST, "Update")
    shown = replace(a_member(FIRST), was_shown=True)
    assert decided(a_member(update), [shown], [card_of(FIRST)], ALL) == Decision(word="quarantined", reason="review")


@pytest.mark.parametrize("kind", ["Cancel", "AllClear", "Past"])
def test_a_take_down_never_waits(kind: str) -> None:
    """However its issuer says it, and whatever waits."""
    over = {"AllClear": an_info(response_types=("AllClear",)), "Past": an_info(urgency="Past")}.get(kind)
    end = following(FIRST, "Update", over) if over else following(FIRST, "Cancel")
    shown = replace(a_member(FIRST), was_shown=True)
    ended = decided(a_member(end), [shown], [card_of(FIRST)], ALL)
    assert verdict(ended) == ("ended", "cancelled")
    assert decided(waiting(a_member(FIRST)), [a_member(end)], policy=PUBLISH, now=NOW + HOUR).changes == ()


def test_a_person_lets_it_be_displayed() -> None:
    """It keeps its place in the order: an older statement does not come before a newer one by that."""
    released = replace(a_member(FIRST), released_at=NOW)
    assert verdict(decided(released, policy=ALL)) == ("published", None)
    update = replace(a_member(following(FIRST, "Update")), was_shown=True)
    late = decided(released, [update], policy=ALL)
    assert verdict(late) == ("ignored", "stale")
    assert [getattr(change, "alert_id", None) for change in late.changes] == [update.alert_id]


def test_a_dismissed_statement_is_never_displayed() -> None:
    """Neither when its time is over nor under another policy."""
    dismissed = replace(waiting(a_member(FIRST)), was_dismissed=True)
    for policy in (PUBLISH, ANYWHERE):
        assert verdict(decided(dismissed, policy=policy, now=NOW + HOUR)) == WAITS


def test_what_nobody_answers_for_is_displayed_if_the_policy_says_so() -> None:
    """After the time, not before."""
    late = NOW + 10 * MINUTE
    assert verdict(decided(waiting(a_member(FIRST)), policy=PUBLISH, now=late - MINUTE)) == WAITS
    assert verdict(decided(waiting(a_member(FIRST)), policy=ALL, now=late)) == WAITS
    assert verdict(decided(waiting(a_member(FIRST)), policy=PUBLISH, now=late)) == ("published", None)


def test_time_never_decides_over_a_drill() -> None:
    """A person does."""
    drill = waiting(a_member(an_alert(an_info(headline="DRILL - AMBER Alert"))))
    assert verdict(decided(drill, policy=PUBLISH, now=NOW + HOUR)) == WAITS
    assert verdict(decided(replace(drill, released_at=NOW), policy=PUBLISH)) == ("published", None)


def test_what_is_on_display_passes_a_stricter_policy() -> None:
    """A reload does not take a card down for review."""
    shown = replace(a_member(FIRST), was_shown=True)
    assert verdict(decided(shown, states=[card_of(FIRST)], policy=ALL)) == ("unchanged", None)


def test_a_programme_may_be_reviewed_for_itself() -> None:
    """AMBER Alerts do not wait for that."""
    policy = Policy(programmes=(AMBER, replace(MEP, review="all", review_default="publish", review_timeout=MINUTE)))
    missing = a_member(an_alert(an_info(event_codes=(replace(an_info().event_codes[0], value="MEP"),))))
    assert decided(a_member(FIRST), policy=policy).word == "published"
    assert verdict(decided(missing, policy=policy)) == WAITS
    assert decided(waiting(missing), policy=policy, now=NOW + MINUTE).word == "published"


def test_an_identifier_used_again_after_an_end_is_doubtful() -> None:
    """It may be a copy of something old."""
    cancel = following(FIRST, "Cancel")
    again = an_alert(sent=time(NOW - HOUR / 4))
    chain = [replace(a_member(FIRST), was_shown=True), a_member(cancel)]
    ended = card_of(FIRST, state="ended", end_reason="cancelled")
    assert verdict(decided(a_member(again), chain, [ended], DOUBTFUL)) == WAITS
    assert verdict(decided(a_member(again), chain, [ended], ANYWHERE)) == ("published", None)


def card_of(alert: object, **fields: object) -> CardState:
    """The card that an alert made."""
    made = {
        "card_id": "crd_1",
        "incident_id": "inc_1",
        "revision": 1,
        "alert_id": a_member(FIRST).alert_id,
        "published_at": NOW - HOUR / 2,
        "target": ("48113",),
    }
    return CardState(**made | fields)  # type: ignore[arg-type]


WITHDRAWN = {"state": "ended", "end_reason": "withdrawn", "ended_at": NOW - HOUR / 3}


def test_what_follows_a_withdrawal_waits_whatever_the_setting() -> None:
    """An Update of what was withdrawn is held as that; an Alert that begins anew waits for review, and so does what follows it.
    A person lets each be displayed."""
    first = replace(a_member(FIRST), was_shown=True)
    update = a_member(following(FIRST, "Update"))
    card = card_of(FIRST, **WITHDRAWN)
    assert verdict(decided(update, [first], [card])) == ("quarantined", "withdrawn")
    anew = an_alert(sent=time(NOW - HOUR / 4), identifier=FIRST.identifier)
    assert verdict(decided(a_member(anew), [first, update], [card])) == WAITS
    more = following(anew, "Update", sent=time(NOW - HOUR / 8))
    assert verdict(decided(a_member(more), [first, update, a_member(anew)], [card])) == WAITS
    shown = decided(replace(a_member(anew), released_at=NOW), [first, update], [card])
    assert verdict(shown) == ("published", None)
    assert shown.changes[0].card_id != card.card_id


def test_what_the_policy_withdrew_waits_for_nobody() -> None:
    """No person did."""
    card = card_of(FIRST, **WITHDRAWN, restored_at=NOW - HOUR / 3)
    assert verdict(decided(a_member(FIRST), states=[card])) == ("published", None)


def test_a_person_may_vouch_for_a_feed() -> None:
    """What lies outside its jurisdiction is displayed once it is released."""
    from capgateway.cards import FeedRules  # noqa: PLC0415

    policy = Policy(feeds={"ipaws": FeedRules(jurisdiction=("US-OK",), senders=(SENDER,))})
    assert verdict(decided(a_member(FIRST), policy=policy)) == ("quarantined", "jurisdiction")
    released = replace(a_member(FIRST), released_at=NOW)
    assert verdict(decided(released, policy=policy)) == ("published", None)


def test_what_a_person_published_stays_withdrawn_by_a_later_hand() -> None:
    """The later of the two words counts."""
    card = card_of(FIRST, **WITHDRAWN)
    before, after = (NOW - HOUR / 2, NOW)
    published = replace(a_member(FIRST), published_as="amber", published_at=before, was_shown=True)
    assert verdict(decided(published, states=[card])) == ("quarantined", "withdrawn")
    assert verdict(decided(replace(published, published_at=after), states=[card])) == ("published", None)


def test_what_was_erased_by_order_is_never_displayed_again() -> None:
    """Whoever published or released it."""
    card = card_of(FIRST, **WITHDRAWN | {"end_reason": "erased"})
    published = replace(a_member(FIRST), published_as="amber", published_at=NOW, released_at=NOW)
    assert decided(published, states=[card]).word == "quarantined"


def test_a_strangers_use_of_a_name_makes_nothing_doubtful() -> None:
    """Anybody may write an identifier; only what may be said under it counts."""
    cancel = following(FIRST, "Cancel")
    again = an_alert(sent=time(NOW - HOUR / 4))
    forged = replace(a_member(FIRST), feed="push", was_barred=True)
    assert decided(a_member(again), [forged, a_member(cancel)], policy=DOUBTFUL).word == "published"
