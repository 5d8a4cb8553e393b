"""Which alerts are AMBER Alerts: by their codes, and only without any by their words."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from card_samples import ANYWHERE, CAE, an_alert, an_info, decide, following, verdict
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap, cards

EVENT = "profile:CAP-CP:Event:0.4"


def recognise(alert: cap.Alert) -> str | None:
    """Why the alert counts as an AMBER Alert, or ``None``."""
    found = ANYWHERE.recognise(cards.gist(alert))
    return found.basis if found else None


def coded(*codes: tuple[str, str], event: str = "Message", headline: str | None = None) -> cap.Alert:
    named = tuple(cap.Named(name=name, value=value) for name, value in codes)
    return an_alert(an_info(event=event, headline=headline, event_codes=named))


def said(event: str, headline: str | None = None) -> cap.Alert:
    return coded(event=event, headline=headline)


@pytest.mark.parametrize(
    ("name", "value", "basis"),
    [
        ("SAME", "CAE", "same"),
        ("same", "cae", "same"),
        ("S.A.M.E.", "CAE", "same"),
        ("profile:CAP-CP:Event:0.4", "amber", "cap-cp"),
        ("profile:CAP-CP:Event:1.0", "AMBER", "cap-cp"),
        ("PROFILE:cap-cp:EVENT:12.3", "Amber", "cap-cp"),
        ("profile:CAP-CP:Event", "amber", "cap-cp"),
        ("OET", "OET-038", "oet"),
        ("urn:oasis:names:tc:emergency:cap:oet", "oet-038", "oet"),
        ("NationalWeatherService", "CAE", "nws"),
    ],
)
def test_a_code_is_enough(name: str, value: str, basis: str) -> None:
    """Whatever else the message says, and in whatever letters the code is written."""
    assert recognise(coded((name, value))) == basis


@pytest.mark.parametrize("category", ["Other", "Met", "Rescue", "Safety", "CBRNE"])
@pytest.mark.parametrize("severity", ["Minor", "Moderate", "Unknown"])
def test_category_and_severity_are_never_asked(category: str, severity: str) -> None:
    """Real AMBER Alerts of 2026 came as Other and Moderate."""
    info = an_info(categories=(category,), severity=severity, urgency="Unknown", certainty="Unknown")
    assert verdict(decide(an_alert(info))) == ("published", None)


@pytest.mark.parametrize(
    "code",
    [
        *(("SAME", value) for value in ("BLU", "MEP", "LAE", "CEM", "ADR", "SVR", "RMT", "DMO", "CAEX", "")),
        *((EVENT, value) for value in ("silver", "missingPer", "missingVPer", "testMessage", "ambers")),
        ("OET", "OET-037"),
        ("NationalWeatherService", "CEM"),
    ],
)
def test_another_code_is_never_amber_whatever_the_text(code: tuple[str, str]) -> None:
    """A text may mention a child or even the programme: the code says what the alert is."""
    alert = coded(code, event="AMBER Alert", headline="AMBER Alert: Child Abduction Emergency")
    assert recognise(alert) is None
    assert verdict(decide(alert)) == ("ignored", "no_programme")


def test_same_rules_over_the_code_that_nws_repeats() -> None:
    """NWS writes its own code beside SAME, at times another one."""
    assert recognise(coded(("SAME", "CEM"), ("NationalWeatherService", "CAE"))) is None
    assert recognise(coded(("NationalWeatherService", "CEM"), ("SAME", "CAE"))) == "same"


def test_info_blocks_are_judged_together() -> None:
    """The code may stand in one language's block only."""
    alert = an_alert(an_info(language="fr-CA", event="Message", event_codes=(), headline=None), an_info())
    assert recognise(alert) == "same"


@pytest.mark.parametrize(
    "text",
    [
        "AMBER Alert",
        "amber alert",
        "Child Abduction Emergency",
        "Child Abduction",
        "Texas AMBER Alert",
        "Police have issued an AMBER Alert for two children",
        "The Example State Highway Patrol has issued an AMBER Alert for a boy of 5",
        "UPDATE #2 - AMBER Alert extended to Idaho",
        "LAKE CITY — An Amber Alert was declared Thursday",
        "AMBER Alert: last seen in a lifted gray pickup",
        "Amber Alert for a girl from Snow Hill",
        "AMBER Alert over abduction in Hurricane, UT",
        "Alerta AMBER: placa terminada en 45",
        "AMBER Alert: red Storm trailer",
        "Alerta AMBER",
        "ALERTA ÁMBER: se busca a una niña de 8 años",
        "Se ha activado una Alerta AMBER en el condado",
        "Abducción de niño",
        "Secuestro de un menor",
        "Alerte AMBER",
        "Une alerte AMBER a été déclenchée",
        "Enlèvement d'enfant",
        "Enlèvement d’un enfant",
    ],
)
def test_without_any_code_the_words_decide(text: str) -> None:
    """In English, French and Spanish, in the event or in the headline."""
    assert recognise(said(text)) == recognise(said("Message", text)) == "text"


@pytest.mark.parametrize(
    "text",
    [
        "Amber warning of wind",
        "Amber weather warning",
        "Amber heat alert",
        "Amber heat-health alert for the South East",
        "Amber alert for heavy rain",
        "Amber alert issued for strong winds",
        "Amber alert: flooding",
        "Amber Alert is in effect for snow",
        "Fire near Amber Alert Memorial Highway",
        "Road closed: Amber Alert Road",
        "Amber Alert Awareness Day",
        "Amber alert training at the academy",
        "Flood in Amber, Oklahoma",
        "Child safety seat check",
        "Silver Alert",
        "Missing child found after search",
        "Ámbar: alerta por lluvias",
        "TEST - AMBER Alert",
        "This is a test of the AMBER Alert system",
        "AMBER Alert drill",
        "AMBER Alert exercise",
        "Simulacro de Alerta AMBER",
        "ESSAI - Alerte AMBER",
        "AMBER Alert cancelled",
        "AMBER ALERT CANCELED: child found safe",
        "AMBER Alert discontinued",
        "The AMBER Alert has been lifted",
        "La Alerta AMBER ha sido cancelada",
        "Alerte AMBER levée",
        "This is not an AMBER Alert",
        "AMBER Alert hoax",
        "Amber alert for tsunami",
        "Amber alert: tropical storm",
        "Amber Alert level reached at volcano",
        "Amber alert, yellow rain warning",
        "Alerta AMBER por lluvias fuertes",
        "Alerta amber por vientos",
        "Alerte amber pour vents violents",
        "Alerte AMBER - pluie",
        "AMBER Alert has expired",
        "AMBER Alert is over",
        "AMBER Alert cancellation",
        "AMBER Alert criteria not met",
        "Alerta AMBER desactivada",
        "Alerte AMBER terminée",
        "",
    ],
)
def test_words_that_only_look_alike(text: str) -> None:
    """Weather colours, names of places, drills, ends and hoaxes make no card."""
    assert recognise(said(text)) is None
    assert recognise(said("Message", text)) is None


def test_a_doubt_in_one_language_counts_for_all() -> None:
    """A drill announced in English is one in French too."""
    english, french = (said(text).infos[0] for text in ("TEST - AMBER Alert", "Alerte AMBER"))
    assert recognise(an_alert(english, french)) is None


def test_the_description_is_not_asked() -> None:
    """Prose deep in a message proves nothing."""
    info = an_info(event="Road closed", headline=None, event_codes=(), description="AMBER Alert AMBER Alert")
    assert recognise(an_alert(info)) is None


def test_a_code_decides_over_words_of_doubt() -> None:
    """A status of Actual and a code of AMBER are the issuer's word; only without a code do the words weigh."""
    assert recognise(coded(("SAME", "CAE"), headline="AMBER Alert test pattern lifted")) == "same"


def test_a_follow_up_without_code_is_what_it_follows() -> None:
    """An Update may say less than the Alert; one with another code is another matter."""
    first = an_alert()
    plain = following(first, "Update", an_info(event="Update", headline="More news", event_codes=()))
    assert decide(plain, first).word == "published"
    other = following(first, "Update", an_info(event_codes=(cap.Named(name="SAME", value="MEP"),)))
    assert verdict(decide(other, first)) == ("ignored", "no_programme")


@given(text=st.text() | st.text(alphabet="-#/ amber'lt", max_size=300).map(lambda part: part * 200))
def test_no_text_is_a_surprise(text: str) -> None:
    """Whatever stands in a headline is judged, quickly; the suite's time limit tells if it is not."""
    assert recognise(said("Message", text)) in (None, "text")
    assert recognise(an_alert(an_info(event_codes=(CAE,), headline=text))) == "same"


CORPUS = os.environ.get("CAPGATEWAY_CORPUS", "")
TEXTS = Path(CORPUS).parent / "amber" / "texts.jsonl"


@pytest.mark.skipif(not (CORPUS and TEXTS.is_file()), reason="set CAPGATEWAY_CORPUS: amber/texts.jsonl lies beside it")
def test_labelled_texts_are_told_apart() -> None:
    """As headlines of messages without codes: no drill, hoax or look-alike is taken, and hardly an alert is missed."""
    rows = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    heads = [(row["kind"], row["format"], recognise(said("Message", row["text"][:100]))) for row in rows]
    assert {kind for kind, _, basis in heads if basis} <= {"alert", "update", "cancel"}
    wireless = [basis for kind, form, basis in heads if kind == "alert" and form in ("wea90", "wpa")]
    assert wireless.count("text") >= 0.9 * len(wireless)
