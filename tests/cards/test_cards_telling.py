"""What a card tells of the facts: lines in each language, what the policy allows, and where each fact was read."""

from __future__ import annotations

import msgspec
import pytest
from card_samples import NOW, TEXAS, a_member, an_alert, an_info, card_of, decide, same

from capgateway import cap, cards
from capgateway.cards import Card, Display, Policy, extract
from capgateway.cards.card import Evidence, Person
from capgateway.cards.correct import Correction, corrections
from capgateway.cards.extract import Facts, words
from capgateway.cards.extract.words import FRENCH_COLORS, GENERIC
from capgateway.cards.lines import BODIES, CATALOGUE, COLORS, lines
from capgateway.simulate import story

TEXT = """Ada Testchild, 7, white female, was last seen in Dallas, Texas. Suspect: Max Testman, 34, black male. The vehicle is a white 2014 GMC
Sierra, Texas license plate KPW4471. Do not approach. Call 911 or 512-555-0142."""


def told(language: str = "en-US", text: str = TEXT, policy: Policy = TEXAS) -> Card:
    return card_of(an_alert(an_info(language=language, description=text)), policy)


def corrected_card(alert: cap.Alert, removed: list[Correction]) -> Card:
    (change,) = decide(alert, policy=TEXAS).changes
    assert isinstance(change, Display)
    member = a_member(alert, NOW)
    return cards.convert(change, member, cards.draft(alert, member.gist), TEXAS, removed)


def said(card: Card, language: str) -> list[tuple[str, str]]:
    return [(line.role, line.text) for line in card.content[language].lines]


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en-US", ["Ada Testchild, 7", "White 2014 GMC Sierra, TX KPW4471", "Max Testman, 34", "Last seen: Dallas, Texas", "Do not approach"]),
        ("fr-CA", ["Ada Testchild, 7 ans", "GMC Sierra 2014, blanc, TX KPW4471", "Max Testman, 34 ans", "Dernière localisation connue : Dallas, Texas", "N’approchez pas"]),
        ("es-US", ["Ada Testchild, 7 años", "GMC Sierra 2014, blanco, TX KPW4471", "Max Testman, 34 años", "Visto por última vez: Dallas, Texas", "No se acerque"]),
    ],
)  # fmt: skip
def test_lines_are_in_the_language_of_their_content(language: str, wanted: list[str]) -> None:
    """The facts of an alert in English, said in each language of it."""
    alert = an_alert(an_info(description=TEXT), an_info(language=language, description="…", areas=(same("048113"),)))
    card = card_of(alert, TEXAS)
    assert said(card, language) == list(
        zip(["child", "vehicle", "suspect", "last_seen", "safety"], wanted, strict=True)
    )
    assert card.content[language].accessibility.endswith(". ".join(wanted))


def test_the_catalogue_is_complete() -> None:
    """Each language has every message, and a word for every colour and kind of vehicle that is read."""
    assert {frozenset(words) for words in CATALOGUE.values()} == {frozenset(CATALOGUE["en"])}
    for language in ("fr", "es"):
        assert {*words.COLORS.values(), *FRENCH_COLORS.values()} <= set(COLORS[language])
        assert set(words.BODIES.values()) - GENERIC <= set(BODIES[language])


def test_a_language_without_messages_has_no_lines() -> None:
    """Nothing is said in another language than the content's."""
    card = card_of(an_alert(an_info(description=TEXT), an_info(language="vi", description="…")), TEXAS)
    assert (said(card, "vi"), bool(said(card, "en-US"))) == ([], True)


@pytest.mark.parametrize("language", CATALOGUE)
def test_an_adult_is_never_called_a_child(language: str) -> None:
    """Neither in the role nor in the text, also where the name is unknown."""
    age = {"value": 34, "text": "34"}
    for sex in ("F", "M", None):
        person = msgspec.convert({"age": age, "sex": sex}, Person)
        proof = Evidence(confidence="high", text="x", language="en", field="description", start=0, end=1)
        facts = Facts(children=(person,), evidence={"/children/0/age": proof, "/children/0/sex": proof})
        (line,) = lines(facts, language)
        assert line.role == "person"
        assert not {CATALOGUE[language][word] for word in ("F", "M", "child")} & set(line.text.split(", "))


def test_only_sure_facts_are_said() -> None:
    """A card may show what is probable; its lines do not say it."""
    card = told(text="AMBER Alert for a child. The girl from Muncie is 8. She is 4 feet tall.")
    assert card.last_seen is not None
    assert card.last_seen.place == "Muncie"
    assert [role for role, _ in said(card, "en-US")] == ["child"]


def test_the_policy_says_which_facts_are_shown() -> None:
    """By default all but race; what is left out has neither line nor evidence."""
    everything = told(policy=Policy(facts=("children", "suspects", "vehicles", "last_seen", "race")))
    some = told(policy=Policy(facts=("vehicles",)))
    assert (told().children[0].race, everything.children[0].race, everything.suspects[0].race) == (
        None,
        "white",
        "black",
    )
    assert (some.children, some.suspects, some.last_seen, len(some.vehicles)) == ((), (), None, 1)
    assert [role for role, _ in said(some, "en-US")] == ["vehicle", "safety"]


def test_evidence_is_for_what_the_card_shows() -> None:
    """One entry per fact under its pointer, contacts among the actions; each span slices to its text."""
    alert = an_alert(an_info(description=TEXT))
    draft = cards.draft(alert, cards.gist(alert))
    for policy in (TEXAS, Policy(facts=("vehicles",)), Policy(facts=())):
        card = card_of(alert, policy)
        proof = cards.evidence(card, draft.facts)
        shown = msgspec.to_builtins(card)
        people = [
            f"/{kind}/{at}/{what}"
            for kind in ("children", "suspects")
            for at, one in enumerate(shown[kind])
            for what, value in one.items()
            if value
        ]
        cars = [
            f"/vehicles/{at}/{what}" for at, one in enumerate(shown["vehicles"]) for what, value in one.items() if value
        ]
        seen = [f"/last_seen/{what}" for what, value in (shown["last_seen"] or {}).items() if value]
        calls = [f"/actions/{at}" for at, one in enumerate(card.actions) if one.origin == "cap"]
        assert sorted(proof) == sorted([*people, *cars, *seen, *calls, "/safety/0"])
        for one in proof.values():
            assert getattr(card.content[one.language], one.field)[one.start : one.end] == one.text


def test_what_alert_and_policy_both_ask_for_is_there_once() -> None:
    """As the alert's own; a number that only the text gives becomes a call to action."""
    calls = [(action.value, action.origin) for action in told().actions]
    assert calls == [("911", "cap"), ("512-555-0142", "cap")]
    assert told(text="Ada Testchild, 7, was taken.").actions[0].origin == "policy"


def test_facts_of_an_update_replace_the_old_ones() -> None:
    """Never field by field: a car that was found would survive."""
    first = story.amber(NOW)
    info = msgspec.structs.replace(
        first.infos[0], description="UPDATE: Ada Testchild, 7, is now in a blue Kia Rio.", parameters=()
    )
    card = card_of(msgspec.structs.replace(first, infos=(info,)), TEXAS)
    assert [(vehicle.make, vehicle.plate) for vehicle in card.vehicles] == [("Kia", None)]


def test_several_blocks_of_one_language_lose_nothing() -> None:
    """The first block's headline stays; what later ones say follows, word for word (A-71)."""
    later = an_info(headline="Second", description="Two.", instruction="Look.", areas=(same("048439"),))
    content = card_of(an_alert(an_info(headline="First", description="One.", instruction="Call."), later)).content[
        "en-US"
    ]
    assert (content.headline, content.description, content.instruction) == (
        "First",
        "One.\n\nSecond\n\nTwo.",
        "Call.\n\nLook.",
    )


def test_a_block_that_is_over_says_nothing() -> None:
    """One message may be live for one area and over for another (A-72)."""
    over = an_info(description="Over.", response_types=("AllClear",), areas=(same("048439"),))
    assert card_of(an_alert(an_info(description="One."), over)).content["en-US"].description == "One."


def test_languages_that_contradict_each_other_are_a_doubt() -> None:
    """A plate that differs; what only one language says is no contradiction."""
    spanish = "Alerta AMBER: Ada Testchild, de 7 años. GMC Sierra 2014 blanca, placas de Texas {}."

    def doubts(*infos: cap.Info) -> tuple[str, ...]:
        return cards.gist(an_alert(*infos)).doubts

    def in_spanish(text: str) -> cap.Info:
        return an_info(language="es-US", headline=None, description=text)

    english = an_info(description=TEXT)
    assert doubts(english, in_spanish(spanish.format("KPW4417"))) == ("languages",)
    assert doubts(english, in_spanish(spanish.format("KPW4471"))) == ()
    assert doubts(english, in_spanish("Llame al 911.")) == doubts(english) == ()


def test_a_fault_in_reading_facts_keeps_no_alert_from_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer's words are what matters."""

    def fail(*_: object, **__: object) -> Facts:
        raise ZeroDivisionError

    monkeypatch.setattr(extract, "facts", fail)
    card = told()
    assert (card.content["en-US"].description, card.children) == (TEXT, ())


def test_what_becomes_no_card_is_not_read() -> None:
    """An alert of another kind keeps no draft, and one of no known programme by its words gives no facts."""
    storm = an_alert(an_info(event="Storm", event_codes=(cap.Named(name="SAME", value="SVR"),), description=TEXT))
    unknown = an_alert(an_info(event="Storm", headline="A storm", event_codes=(), description=TEXT))
    assert not cards.may_display(cards.gist(storm), TEXAS)
    assert cards.draft(unknown, cards.gist(unknown)).facts == Facts()


def test_other_programmes_may_call_themselves_what_they_are() -> None:
    """A Missing and Endangered Person alert gives facts; the same words in an AMBER Alert contradict its code."""
    text = f"Missing Endangered Person Advisory. {TEXT}"
    missing = an_alert(an_info(event_codes=(cap.Named(name="SAME", value="MEP"),), description=text))
    amber = an_alert(an_info(event="Alert", headline=None, description=text))
    assert [bool(cards.draft(alert, cards.gist(alert)).facts.children) for alert in (missing, amber)] == [True, False]


def test_what_a_person_removed_is_neither_shown_nor_said_nor_proved() -> None:
    """Lines and evidence follow the card; what is left keeps its evidence at its new place."""
    text = f"{TEXT} They may also be in a blue 2011 Kia Rio, Texas license plate GBX4417."
    alert = an_alert(an_info(description=text))
    draft = cards.draft(alert, cards.gist(alert))
    whole = msgspec.to_builtins(card_of(alert, TEXAS))
    for pointer, plates in (("/vehicles/0", ["GBX4417"]), ("/vehicles/0/plate", [None, "GBX4417"])):
        card = corrected_card(alert, corrections(whole, [pointer]))
        proof = cards.evidence(card, draft.facts)
        assert [vehicle.plate for vehicle in card.vehicles] == plates
        assert not any("KPW4471" in line.text for line in card.content["en-US"].lines)
        found = {pointer: one.text for pointer, one in proof.items() if pointer.endswith("/plate")}
        assert found == {f"/vehicles/{len(plates) - 1}/plate": "GBX4417"}


def test_sure_facts_are_traits() -> None:
    """By which cards of different senders are known to be about the same child."""
    alert = an_alert(an_info(description=TEXT))
    traits = cards.draft(alert, cards.gist(alert)).traits
    assert (traits.names, traits.ages, traits.plates, traits.place) == (
        ("ada testchild",),
        ("7 year",),
        ("KPW4471",),
        "dallas texas",
    )
