"""Programmes: which alerts become cards, by which rules, and what another configuration changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from card_samples import ANYWHERE, CAE, HOUR, NOW, a_member, an_alert, an_info, card_of, decide, following, verdict
from card_table import Table, after
from msgspec.structs import replace

from capgateway import cap, cards
from capgateway.cards import AMBER, MEP, Policy, PolicyAction, Programme
from capgateway.cards.codes import Code

SILVER = Programme(
    id="silver",
    name={"en-CA": "Silver Alert", "fr-CA": "Alerte Silver"},
    codes=(Code("cap-cp", "silver"),),
    words=("silver alert",),
    default_lifetime=3 * HOUR,
    max_lifetime=3 * HOUR,
    actions=(PolicyAction(type="call", value="555-0100", label={"en-US": "Call the desk"}),),
)
BOTH = Policy(programmes=(AMBER, MEP))
ALL = Policy(programmes=(AMBER, MEP, SILVER))


def coded(name: str, value: str, **fields: object) -> cap.Alert:
    return an_alert(an_info(event_codes=(cap.Named(name=name, value=value),), **fields))


MISSING = coded("SAME", "MEP", event="Missing and Endangered Person", headline="Adult missing")


def test_mep_is_off_until_it_is_enabled() -> None:
    """Its cards then have its name; AMBER Alerts are what they were."""
    assert verdict(decide(MISSING)) == ("ignored", "no_programme")
    card = card_of(MISSING, BOTH)
    assert (card.kind, card.program) == ("mep", "Missing and Endangered Person")
    card = card_of(an_alert(), BOTH)
    assert (card.kind, card.program) == ("amber", "AMBER Alert")


@pytest.mark.parametrize(
    ("language", "name"),
    [("es-US", "Alerta AMBER"), ("es-MX", "Alerta AMBER"), ("fr", "Alerte AMBER"), ("de-CH", "AMBER Alert")],
)
def test_a_card_names_its_programme_in_its_first_language(language: str, name: str) -> None:
    """Or in a language that the programme has a name in."""
    assert card_of(an_alert(an_info(language=language), an_info())).program == name


def test_a_programme_has_rules_of_its_own() -> None:
    """Lifetimes and calls to action; an AMBER Alert beside it keeps those of the policy."""
    alert = coded("profile:CAP-CP:Event:0.4", "silver", expires=None)
    card = card_of(alert, ALL)
    assert (card.expires_at, card.expires_from) == (NOW - HOUR + 3 * HOUR, "default")
    assert [action.value for action in card.actions] == ["555-0100"]
    amber = card_of(an_alert(an_info(expires=None)), ALL)
    assert amber.expires_at == NOW + 23 * HOUR
    assert [action.value for action in amber.actions] == ["911"]


def test_the_first_programme_in_the_list_has_an_alert_with_codes_of_two() -> None:
    """The order of the file decides."""
    both = an_alert(an_info(event_codes=(cap.Named(name="SAME", value="MEP"), CAE)))
    assert card_of(both, BOTH).kind == "amber"
    assert card_of(both, Policy(programmes=(MEP, AMBER))).kind == "mep"


def test_words_of_a_programme_count_without_any_code_only() -> None:
    """Folded, anchored, and marked."""
    gist = cards.gist(an_alert(an_info(event_codes=(), event="SILVER  Alert", headline=None)), ALL.phrases)
    found = ALL.recognise(gist)
    assert found
    assert (found.programme.id, found.basis) == ("silver", "text")
    assert ANYWHERE.recognise(gist) is None
    road = an_alert(an_info(event_codes=(), event="Silver Alert Road closed", headline=None))
    assert ALL.recognise(cards.gist(road, ALL.phrases)) is None
    other = coded("SAME", "SVR", event="Silver Alert")
    assert ALL.recognise(cards.gist(other, ALL.phrases)) is None


def test_a_gist_knows_what_it_was_asked_for() -> None:
    """So that other phrases can be asked for again; where there is a code no phrase counts."""
    plain = an_alert(an_info(event_codes=()))
    assert cards.gist(plain).asked == cards.fingerprint(ANYWHERE.phrases) != cards.fingerprint(ALL.phrases)
    assert cards.gist(an_alert()).asked == ""


def test_without_words_no_text_is_an_amber_alert() -> None:
    """``words = []`` turns them off."""
    strict = Policy(programmes=(replace(AMBER, words=()),))
    gist = cards.gist(an_alert(an_info(event_codes=())), strict.phrases)
    assert strict.recognise(gist) is None


def test_a_chain_that_changes_its_programme_gets_a_new_card() -> None:
    """The old one is superseded, at once."""
    first = an_alert()
    table = after([first], BOTH)
    (old,) = table.live()
    decision = table.take_in(following(first, "Update", MISSING.infos[0]))
    (new,) = table.live()
    assert verdict(decision) == ("published", None)
    assert (new.programme, table.shown[new.card_id].kind, new.card_id == old.card_id) == ("mep", "mep", False)
    assert (table.states[old.card_id].state, table.states[old.card_id].end_reason) == ("ended", "superseded")


def test_a_chain_that_changes_to_a_programme_that_is_off_ends() -> None:
    """As superseded: its issuer says that it is something else."""
    first = an_alert()
    table = after([first])
    table.take_in(following(first, "Update", MISSING.infos[0]))
    assert [state.end_reason for state in table.states.values()] == ["superseded"]


def again(table: Table, policy: Policy) -> None:
    """What a reload does: the heads of all cards are decided again."""
    table.policy = policy
    for alert_id in {state.alert_id for state in table.states.values()}:
        table.decide(table.members[alert_id])


def test_a_programme_that_is_turned_off_takes_its_cards_down() -> None:
    """As withdrawn. Turned on again it makes new cards: no person withdrew the old ones."""
    table = after([MISSING, an_alert(identifier="B")], BOTH)
    (missing,) = (state.card_id for state in table.live() if state.programme == "mep")
    again(table, ANYWHERE)
    assert [state.programme for state in table.live()] == ["amber"]
    assert table.states[missing].end_reason == "withdrawn"
    again(table, BOTH)
    assert sorted(state.programme for state in table.live()) == ["amber", "mep"]
    assert table.states[missing].state == "ended"


def test_an_alert_whose_code_a_programme_loses_is_withdrawn() -> None:
    """Its issuer has said nothing else."""
    table = after([an_alert()])
    again(table, Policy(programmes=(replace(AMBER, codes=(Code("cap-cp", "amber"),)),)))
    assert [state.end_reason for state in table.states.values()] == ["withdrawn"]


def test_a_code_that_moves_to_another_programme_moves_its_cards() -> None:
    """The old card is superseded by the new one."""
    table = after([MISSING], BOTH)
    other = Programme(id="endangered", name={"en": "Endangered"}, codes=MEP.codes)
    again(table, Policy(programmes=(AMBER, other)))
    assert [state.programme for state in table.live()] == ["endangered"]
    assert [state.end_reason for state in table.states.values()] == ["superseded", None]


def test_a_follow_up_without_code_is_of_the_programme_before_it() -> None:
    """Of the nearest, in whatever order they come; its own words do not outweigh the codes of its chain."""
    first = MISSING
    plain = an_info(event="AMBER Alert", headline="More news", event_codes=())
    update = following(first, "Update", plain)
    for order in ([first, update], [update, first]):
        (live,) = after(order, BOTH).live()
        assert (live.programme, live.alert_id) == ("mep", a_member(update).alert_id)


def test_who_publishes_an_alert_says_as_what() -> None:
    """It is of that programme whatever its codes, and waits for nobody; with the programme gone it is of none."""
    member = replace(a_member(coded("SAME", "CEM")), published_as="mep")
    from card_samples import decided  # noqa: PLC0415

    shown = decided(member, policy=replace(BOTH, review="all"))
    assert verdict(shown) == ("published", None)
    assert verdict(decided(member)) == ("ignored", "no_programme")


def test_a_cancel_without_references_is_meant_for_its_own_programme() -> None:
    """A Cancel with the code of another one ends no card."""
    alert = an_alert(an_info(event_codes=(cap.Named(name="SAME", value="MEP"),)), msg_type="Cancel", identifier="C")
    table = after([an_alert()], BOTH)
    (card,) = table.live()
    assert not cards.is_meant(a_member(alert), card, BOTH)
    same = an_alert(msg_type="Cancel", identifier="C")
    assert cards.is_meant(a_member(same), card, BOTH)


def test_the_longest_life_counts_every_programme() -> None:
    """So far back alerts are decided again."""
    assert ALL.longest == timedelta(days=7)
    assert Policy(programmes=(replace(SILVER, max_lifetime=timedelta(days=30)),)).longest == timedelta(days=30)
