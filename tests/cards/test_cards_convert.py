"""What a card says: the issuer's words, unaltered, put where the platform expects them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from card_samples import ANYWHERE, HOUR, NOW, SENDER, TEXAS, a_member, an_alert, an_info, card_of, following, same, time
from hypothesis import given
from hypothesis import strategies as st

from capgateway import cap
from capgateway.cards import Policy, PolicyAction
from capgateway.cards.draft import language_tag
from capgateway.cards.extract.kind import kind
from capgateway.cards.extract.text import Tokens
from capgateway.simulate import story

#: What XML can hold; control characters cannot reach a card.
CHARACTERS = st.characters(categories=("L", "M", "N", "P", "S", "Zs"), include_characters="\n\t")
TEXT = st.text(CHARACTERS, min_size=1, max_size=80).filter(lambda text: kind([Tokens(text)], is_amber=False) is None)
"""Also no word such as EXERCISE, which Hypothesis draws from the code: it makes no card."""


def test_the_story_makes_a_card_in_two_languages() -> None:
    """A document as agencies send it, from end to end."""
    alert = story.amber(NOW)
    card = card_of(alert, TEXAS)
    english, spanish = alert.infos
    assert card.content_order == tuple(card.content) == ("en-US", "es-US")
    assert card.content["en-US"].description == english.description
    assert card.content["es-US"].instruction == spanish.instruction
    assert card.content["es-US"].short == spanish.parameter("CMAMtext")
    assert card.content["en-US"].area == "Dallas County, TX; Tarrant County, TX"
    assert [target.code for target in card.area.target] == ["48113", "48439"]
    assert (card.issuer.name, card.issuer.sender, card.issuer.country) == (story.ISSUER, story.SENDER, "US")


@given(headline=TEXT, description=TEXT, instruction=TEXT, short=TEXT)
def test_texts_are_verbatim(headline: str, description: str, instruction: str, short: str) -> None:
    """No character is added, lost or tidied."""
    parameters = (cap.Named(name="cmamTEXT", value=short), cap.Named(name="CMAMlongtext", value=short + short))
    info = an_info(headline=headline, description=description, instruction=instruction, parameters=parameters)
    content = card_of(an_alert(info)).content["en-US"]
    assert (content.headline, content.description, content.instruction) == (headline, description, instruction)
    assert (content.short, content.long) == (short, short + short)


def test_what_the_alert_leaves_out_is_null() -> None:
    """Nothing is made up: a bare alert gives a bare card."""
    card = card_of(an_alert(an_info(headline=None, sender_name=None, expires=None)))
    content = card.content["en-US"]
    absent = (content.headline, content.description, content.instruction, content.short, content.long)
    assert absent == (None,) * 5
    assert card.issuer.name == SENDER
    assert content.accessibility == "Child Abduction Emergency. Dallas County, TX"
    assert (card.children, card.suspects, card.vehicles, card.last_seen, card.media) == ((), (), (), None, ())


def test_several_blocks_of_one_language_are_one_content() -> None:
    """A later block may add what the first leaves out, never override it."""
    later = an_info(headline="Other", instruction="Call.", areas=(same("048439", area_desc="Tarrant County, TX"),))
    card = card_of(an_alert(an_info(headline="First"), later))
    content = card.content["en-US"]
    assert (content.headline, content.instruction) == ("First", "Call.")
    assert content.area == "Dallas County, TX; Tarrant County, TX"
    assert card.area.counties == ("48113", "48439")


@pytest.mark.parametrize(("text", "tag"), [("en-us", "en-US"), ("FR-ca", "fr-CA"), ("es", "es"), ("en-US", "en-US")])
def test_languages_have_one_letter_case(text: str, tag: str) -> None:
    """So that a receiver finds a language whoever wrote it."""
    assert language_tag(text) == tag
    assert card_of(an_alert(an_info(language=text))).content_order == (tag,)


def actions(policy: Policy = Policy(actions=()), **fields: Any) -> list[tuple[str, str, str]]:  # noqa: B008
    return [
        (action.type, action.value, action.origin) for action in card_of(an_alert(an_info(**fields)), policy).actions
    ]


@pytest.mark.parametrize(
    "web",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "www.dps.example",
        "/amber",
        "ftp://dps.example/x",
        "https://",
        "http://[",
        "mailto:a@dps.example",
        "",
    ],
)
def test_only_web_addresses_become_links(web: str) -> None:
    """What a browser would not open as a page is no call to action."""
    assert actions(web=web) == []


def test_the_alerts_own_address_and_numbers() -> None:
    """The address as it is, the numbers of ``contact`` in one form, each once."""
    contact = "Tips: (512) 555-0142 or 1-800-555-0199; again 512.555.0142. Case 20261122-0042, fax none."
    assert actions(web=" https://dps.example/amber?case=1 ", contact=contact) == [
        ("open", "https://dps.example/amber?case=1", "cap"),
        ("call", "512-555-0142", "cap"),
        ("call", "800-555-0199", "cap"),
    ]


@pytest.mark.parametrize(
    "contact", ["2026-11-22 10:15", "Case 5125550142001", "http://dps.example/512555014212", "911"]
)
def test_what_is_no_telephone_number(contact: str) -> None:
    """Dates and case numbers are not called."""
    assert actions(contact=contact) == []


def test_labels_speak_the_cards_languages() -> None:
    """Details in each language of the content that we have a word for."""
    link = {"web": "https://dps.example/"}
    alert = an_alert(an_info(**link), an_info(language="es-US", **link), an_info(language="zh-Hant-TW", **link))
    _, details = card_of(alert).actions
    assert details.label == {"en-US": "Details", "es-US": "Detalles"}
    (_, only) = card_of(an_alert(an_info(language="vi-VN", **link))).actions
    assert only.label == {"en-US": "Details"}


def test_the_policy_adds_its_calls_where_they_apply() -> None:
    """911 is for the US and Canada; elsewhere the operator's own number."""
    tips = PolicyAction(type="open", value="https://tips.example/", label={"en-US": "Send a tip"}, regions=("US-TX",))
    policy = Policy(actions=(*ANYWHERE.actions, tips))
    assert actions(policy) == [("call", "911", "policy"), ("open", "https://tips.example/", "policy")]
    assert actions(policy, areas=(same("040001"),)) == [("call", "911", "policy")]
    assert actions(policy, areas=(same("064000"),)) == []


def target(*values: str, regions: tuple[str, ...] = (), name: str = "SAME") -> list[tuple[str, str, float | None]]:
    area = cap.Area(area_desc="Here", geocodes=tuple(cap.Named(name=name, value=value) for value in values))
    card = card_of(an_alert(an_info(areas=(area,))), Policy(regions=regions))
    return [(unit.code, unit.scheme, unit.share) for unit in card.area.target]


def test_the_target_is_the_smallest_list_of_whole_units() -> None:
    """A state covers its counties, a country its states; a part of a county has no known share."""
    assert target("048113", "148439") == [("48113", "fips", 1.0), ("48439", "fips", None)]
    assert target("148113", "048113") == [("48113", "fips", 1.0)]
    assert target("048113", "048000", "040001") == [("40001", "fips", 1.0), ("US-TX", "iso3166-2", 1.0)]
    assert target("148000", "048113") == [("48113", "fips", 1.0), ("US-TX", "iso3166-2", None)]
    assert target("048113", "048000", "000000") == [("US", "iso3166-1", 1.0)]
    assert target("4806016", "4806", "48", name="profile:CAP-CP:Location:0.3") == [("CA-AB", "iso3166-2", 1.0)]


def test_the_target_is_clipped_to_the_regions() -> None:
    """A nationwide alert under a Texas policy is shown in Texas, all of it, and nowhere else."""
    texas, puerto_rico = ("US-TX", "iso3166-2", 1.0), ("US-PR", "iso3166-2", 1.0)
    assert target("000000", regions=("US-TX",)) == [texas]
    assert target("000000", regions=("US-TX", "PR")) == [puerto_rico, texas]
    assert target("048113", "040001", regions=("US-TX",)) == [("48113", "fips", 1.0)]
    assert target("048113", "040001", regions=("US-OK", "US")) == [("40001", "fips", 1.0), ("48113", "fips", 1.0)]


def test_the_area_tells_what_is_touched() -> None:
    """Codes as received, what they resolve to, and what they do not."""
    odd = same("048113", "075000", area_desc="Coast")
    zip_code = cap.Area(area_desc="Post", geocodes=(cap.Named(name="ZIP", value="75201"),))
    area = card_of(an_alert(an_info(areas=(odd, zip_code)))).area
    assert (area.basis, area.countries, area.subdivisions, area.counties) == (
        "geocode",
        ("US",),
        ("US-TX",),
        ("48113",),
    )
    assert (area.same, area.unresolved) == (("048113", "075000"), ("SAME=075000", "ZIP=75201"))
    assert area.descriptions == ("Coast", "Post")


def test_the_source_names_the_message_as_received() -> None:
    """``sent`` and ``references`` keep the sender's own writing."""
    first = an_alert(sent=cap.Time(text="2026-11-22T11:00:00-06:00", instant=datetime(2026, 11, 22, 17, tzinfo=UTC)))
    update = following(first, "Update", an_info(), an_info(language="es-US"))
    source, member = card_of(update).source, a_member(update)
    assert source.references == (f"{SENDER},A,2026-11-22T11:00:00-06:00",)
    assert (source.identifier, source.msg_type, source.sha256) == ("A-Update", "Update", member.sha256)
    assert [(code.name, code.value) for code in source.event_codes] == [("SAME", "CAE")]
    assert (source.feed, source.received_at, source.signature.status) == ("ipaws", NOW, "absent")


def test_moments_of_the_card() -> None:
    """Issued when the first alert was sent, updated when this one was."""
    card = card_of(an_alert(sent=time(NOW - 2 * HOUR)))
    assert (card.issued_at, card.updated_at, card.revision, card.state) == (NOW - 2 * HOUR, NOW - 2 * HOUR, 1, "active")
