"""What makes an alert doubtful: drills that are marked as real, tests marked by software, characters that deceive."""

from __future__ import annotations

import pytest
from card_samples import an_alert, an_info, decide, following, verdict
from msgspec.structs import replace

from capgateway import cap, cards
from capgateway.cards import Policy

DRILLS = [
    "TEST - AMBER Alert",
    "TEST AMBER Alert",
    "TEST TEST TEST",
    "EXERCISE EXERCISE EXERCISE",
    "***TEST*** AMBER Alert",
    "[EXERCISE] AMBER Alert",
    "Drill: AMBER Alert",
    "DRILL AMBER ALERT",
    "AMBER Alert (TEST)",
    "AMBER Alert - DRILL",
    "AMBER Alert test",
    "AMBER Alert DRILL test",
    "AMBER Alert Exercise for Dallas County",
    "Child Abduction Emergency TEST",
    "This is a test of the AMBER Alert system",
    "This is only a drill",
    "TEST ONLY",
    "Required Monthly Test",
    "This is not a real emergency",
    "AMBER Alert hoax",
    "Prueba de Alerta AMBER",
    "Simulacro de Alerta AMBER",
    "Alerta AMBER: SIMULACRO",
    "Esto es una prueba",
    "Esto es solo un simulacro",
    "Essai d'alerte AMBER",
    "ESSAI - Alerte AMBER",
    "Alerte AMBER – EXERCICE",
    "Exercice d’alerte",
    "Ceci est un essai",
    "Ceci n'est qu'un exercice",
    "Il s'agit d'un exercice",
    "Monthly test of the AMBER Alert",
    "ＴＥＳＴ - AMBER Alert",
]
REAL = [
    "AMBER Alert",
    "EXERCISE CAUTION: AMBER Alert, suspect armed",
    "Exercise extreme caution",
    "Test drive vehicle stolen with child inside",
    "AMBER Alert for child last seen at training centre",
    "AMBER Alert: child taken after school test",
    "AMBER Alert: Drill Hall Road, Dallas",
    "AMBER Alert: exercise for children ended in abduction",
    "AMBER Alert: suspect took child during fire drill",
    "AMBER Alert for Ada Testchild",
    "Contest winner abducted",
    "This is not a drill: AMBER Alert",
    "Alerta AMBER: esto no es un simulacro",
    "Alerte AMBER: ceci n'est pas un exercice",
    "Alerte AMBER: enfant vu après un exercice de gymnastique",
]


@pytest.mark.parametrize("text", DRILLS)
def test_a_real_alert_that_calls_itself_a_drill_waits_for_a_person(text: str) -> None:
    """Whatever the setting, in event or headline, and in three languages. It is never lost."""
    for info in (an_info(headline=text), an_info(event=text, headline=None)):
        assert verdict(decide(an_alert(info))) == ("quarantined", "review")


@pytest.mark.parametrize("text", REAL)
def test_a_real_alert_that_only_mentions_one_is_displayed(text: str) -> None:
    """A name, a place, an appeal to caution."""
    assert verdict(decide(an_alert(an_info(headline=text)))) == ("published", None)


def test_the_description_may_say_anything() -> None:
    """It is about the case."""
    info = an_info(description="The child was last seen at a test centre. This is a test result.")
    assert decide(an_alert(info)).word == "published"


def test_an_exercise_may_say_so() -> None:
    """Relayed as an exercise it waits for nobody."""
    drill = an_alert(an_info(headline="EXERCISE - AMBER Alert"), status="Exercise")
    assert decide(drill, policy=Policy(exercises=True)).word == "published"
    assert verdict(decide(drill)) == ("ignored", "status")


def test_an_update_that_calls_itself_a_drill_leaves_what_is_displayed() -> None:
    """The update waits; a take-down would not."""
    first = an_alert()
    drill = following(first, "Update", an_info(headline="TEST - AMBER Alert"))
    assert verdict(decide(drill, first)) == ("quarantined", "review")
    over = following(first, "Update", an_info(headline="TEST - AMBER Alert", response_types=("AllClear",)))
    assert verdict(decide(over, first)) == ("ignored", "expired")


@pytest.mark.parametrize(
    "info",
    [
        an_info(event_codes=(cap.Named(name="SAME", value="CAE"), cap.Named(name="SAME", value="DMO"))),
        an_info(
            event_codes=(
                cap.Named(name="profile:CAP-CP:Event:0.4", value="amber"),
                cap.Named(name="profile:CAP-CP:Event:0.4", value="testMessage"),
            )
        ),
        an_info(parameters=(cap.Named(name="urn:lu-alert:cb-eu-level", value="TEST"),)),
    ],
)
def test_what_software_marks_as_a_test_is_never_displayed(info: cap.Info) -> None:
    """While its status says Actual (F-26)."""
    assert verdict(decide(an_alert(info))) == ("ignored", "status")


def test_the_programme_office_only_tests() -> None:
    """Messages of IPAWS-PMO prove that a channel works."""
    assert verdict(decide(an_alert(sender="IPAWS-PMO.example@fema.example"))) == ("ignored", "status")


def test_a_cancel_with_a_test_marker_still_takes_down() -> None:
    """Taking down is always safe."""
    first = an_alert()
    marked = an_info(event_codes=(cap.Named(name="SAME", value="CAE"), cap.Named(name="SAME", value="RWT")))
    cancel = following(first, "Cancel", marked)
    assert verdict(decide(first, cancel)) == ("ignored", "stale")


@pytest.mark.parametrize("odd", ["\x85", "\x9b", "\u202e", "\u2066", "\u200f"])
@pytest.mark.parametrize("field", ["event", "headline", "description", "instruction", "sender_name", "CMAMtext"])
def test_characters_that_deceive_are_doubtful(odd: str, field: str) -> None:
    """Wherever a card shows them; only where doubtful cards wait do they hold one up."""
    text = f"AMBER {odd}Alert"
    given = {"parameters": (cap.Named(name=field, value=text),)} if field == "CMAMtext" else {field: text}
    alert = an_alert(an_info(**given))
    assert cards.doubts_of(cards.gist(alert)) == ("control",)
    assert decide(alert).word == "published"
    assert verdict(decide(alert, policy=Policy(review="doubtful"))) == ("quarantined", "review")


def test_blanks_and_other_scripts_are_not_doubtful() -> None:
    """Lines, tabs and letters of any language."""
    info = an_info(description="Ñandú\tété\r\nعنبر\n琥珀 👧🏽")
    assert cards.gist(an_alert(info)).doubts == ()


def test_words_alone_are_doubtful() -> None:
    """A code settles it."""
    plain = an_alert(an_info(event_codes=(), event="AMBER Alert"))
    assert cards.doubts_of(cards.gist(plain)) == ("words",)
    assert cards.doubts_of(cards.gist(replace(plain, infos=(an_info(),)))) == ()
