"""The policy: which AMBER Alerts become cards, where, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from card_samples import (
    ANYWHERE,
    HOUR,
    NOW,
    TEXAS,
    a_member,
    an_alert,
    an_info,
    card_of,
    decide,
    following,
    same,
    time,
    verdict,
)

from capgateway import cap, cards, shipped
from capgateway.cards import Display, Policy, expiry

DRILLS = Policy(exercises=True)
TARRANT = "32.6,-97.5 32.6,-97.1 32.9,-97.1 32.6,-97.5"
TULSA = "36.0,-96.1 36.0,-95.8 36.3,-95.8 36.0,-96.1"
SCHEMAS = cap.Schemas(shipped.cap_schemas())


@pytest.mark.parametrize("status", ["Exercise", "System", "Test", "Draft", "", "actual"])
def test_only_actual_alerts_are_real(status: str) -> None:
    """Everything else is kept for the record and shown to nobody."""
    assert verdict(decide(an_alert(status=status))) == ("ignored", "status")


def test_an_exercise_is_relayed_only_where_asked_for_and_says_so() -> None:
    """With ``exercises`` an exercise makes a card of its own status; tests and drafts still do not."""
    assert card_of(an_alert(status="Exercise"), DRILLS).status == "exercise"
    assert card_of(an_alert(), DRILLS).status == "actual"
    assert verdict(decide(an_alert(status="Test"), policy=DRILLS)) == ("ignored", "status")


@pytest.mark.parametrize("msg_type", ["Ack", "Error"])
def test_acknowledgements_are_not_for_the_public(msg_type: str) -> None:
    """They speak to the sender's network, whatever code they carry."""
    assert verdict(decide(an_alert(msg_type=msg_type))) == ("ignored", "status")


@pytest.mark.parametrize("scope", ["Restricted", "Private", ""])
def test_only_public_scope_is_shown(scope: str) -> None:
    """What is restricted must not reach a social platform; its Cancel takes down all the same."""
    first = an_alert()
    assert verdict(decide(an_alert(scope=scope))) == ("ignored", "scope")
    assert verdict(decide(first, following(first, "Cancel", scope=scope))) == ("ignored", "stale")


@pytest.mark.parametrize("name", ["BLOCKCHANNEL", "BlockChannel"])
def test_an_originator_may_keep_an_alert_from_the_public_feed(name: str) -> None:
    """BLOCKCHANNEL repeats, so the one that counts may be the last; other channels do not concern us."""
    blocks = [cap.Named(name=name, value=value) for value in ("EAS", "CMAS", "PUBLIC")]
    assert verdict(decide(an_alert(an_info(parameters=tuple(blocks))))) == ("ignored", "blocked")
    assert decide(an_alert(an_info(parameters=tuple(blocks[:2])))).word == "published"


def test_the_programme_office_only_tests() -> None:
    """Messages of IPAWS-PMO prove the channel, Actual or not."""
    assert verdict(decide(an_alert(sender="ipaws-pmo@dhs.example.gov"))) == ("ignored", "status")
    assert verdict(decide(an_alert(sender="IPAWS-PMO"))) == ("ignored", "status")


def where(*areas: cap.Area, policy: Policy = TEXAS) -> tuple[str, str | None]:
    return verdict(decide(an_alert(an_info(areas=areas)), policy=policy))


def coded(name: str, *values: str) -> cap.Area:
    return cap.Area(area_desc="Here", geocodes=tuple(cap.Named(name=name, value=value) for value in values))


def drawn(*polygons: str) -> cap.Area:
    return cap.Area(area_desc="A shape", polygons=polygons)


PUBLISHED, ELSEWHERE, UNKNOWN = ("published", None), ("ignored", "region"), ("quarantined", "area")


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (same("048113"), PUBLISHED),
        (same("148113"), PUBLISHED),
        (same("048000"), PUBLISHED),
        (same("000000"), PUBLISHED),
        (same("040001", "048113"), PUBLISHED),
        (same("040001"), ELSEWHERE),
        (same("073535", "040001"), ELSEWHERE),
        (same("075000"), UNKNOWN),
        (same(""), UNKNOWN),
        (coded("UGC", "TXC113"), PUBLISHED),
        (coded("UGC", "OKC001"), ELSEWHERE),
        (coded("profile:CAP-CP:Location:0.3", "4806016"), ELSEWHERE),
        (coded("EMMA_ID", "AT001"), UNKNOWN),
        (cap.Area(area_desc="Texas"), UNKNOWN),
        (drawn(TARRANT), PUBLISHED),
        (drawn(TULSA), ELSEWHERE),
        (drawn("hello"), UNKNOWN),
        (drawn(TULSA, "hello"), UNKNOWN),
    ],
)
def test_region(area: cap.Area, expected: tuple[str, str | None]) -> None:
    """Codes and shapes say in which state an area lies. What says no place is held back, never shown and never dropped."""
    assert where(area) == expected


def test_an_area_block_without_place_keeps_the_alert_from_being_dropped() -> None:
    """A county elsewhere and a shape we cannot resolve: the shape may well be here."""
    shape = drawn("hello")
    assert where(same("040001"), shape) == UNKNOWN
    assert where(same("048113"), shape) == PUBLISHED
    assert where(shape, policy=ANYWHERE) == UNKNOWN


def test_an_alert_for_more_places_than_there_are_waits_for_a_person() -> None:
    """A card lists what it is for: nobody's card may grow without bound, nor hold up all others."""
    every_county = same(*(f"0{number:05}" for number in range(1_001, 4_500)))
    assert where(every_county, policy=ANYWHERE) == PUBLISHED
    assert where(same(*(f"{number:06}" for number in range(1_001, 60_000))), policy=ANYWHERE) == UNKNOWN


def test_a_canadian_policy() -> None:
    """A province by any of its codes; the whole country touches it too."""
    alberta = Policy(regions=("CA-AB",))
    for value in ("48", "4806", "4806016", "00"):
        assert where(coded("profile:CAP-CP:Location:0.3", value), policy=alberta) == PUBLISHED
    assert where(coded("profile:CAP-CP:Location:0.3", "5915"), policy=alberta) == ELSEWHERE


@pytest.mark.parametrize("region", ["PR", "US-PR", "US"])
def test_territories_belong_to_the_us(region: str) -> None:
    """Puerto Rico under both of its names, and within the nationwide policy."""
    assert where(same("072127"), policy=Policy(regions=(region,))) == PUBLISHED
    assert where(same("072127"), policy=TEXAS) == ELSEWHERE


def test_cards_end_when_the_alert_says() -> None:
    """By the latest of its info blocks, if that is not beyond the policy's limit."""
    alert = an_alert(an_info(expires=time(NOW + HOUR)), an_info(language="es-US", expires=time(NOW + 2 * HOUR)))
    card = card_of(alert)
    assert (card.expires_at, card.expires_from) == (NOW + 2 * HOUR, "cap")


def test_cards_without_end_get_the_default() -> None:
    """Counted from ``sent``; a time that is none counts as no time."""
    for expires in (None, cap.Time(text="tomorrow", instant=None)):
        card = card_of(an_alert(an_info(expires=expires)), Policy(default_lifetime=5 * HOUR))
        assert (card.expires_at, card.expires_from) == (NOW - HOUR + 5 * HOUR, "default")


def test_no_card_outlives_the_policy() -> None:
    """Neither by its own ``expires`` nor by a default beyond the limit."""
    policy = Policy(max_lifetime=3 * HOUR)
    card = card_of(an_alert(an_info(expires=time(NOW + timedelta(days=400)))), policy)
    assert (card.expires_at, card.expires_from) == (NOW + 2 * HOUR, "max")
    assert card_of(an_alert(an_info(expires=None)), policy).expires_at == NOW + 2 * HOUR


def test_a_wrong_year_keeps_no_card_on_display() -> None:
    """An alert from the future lives from when it was received."""
    sent = NOW + timedelta(days=365)
    for expires in (None, time(sent + HOUR)):
        assert expiry(a_member(an_alert(an_info(expires=expires), sent=time(sent))), ANYWHERE)[0] <= NOW + timedelta(7)


@pytest.mark.parametrize("expires", [NOW, NOW - HOUR / 2])
def test_an_alert_that_is_over_is_not_shown(expires: Any) -> None:
    """Expired on arrival: stored, not posted."""
    assert verdict(decide(an_alert(an_info(expires=time(expires))))) == ("ignored", "expired")
    old = an_alert(an_info(expires=None), sent=time(NOW - timedelta(days=2)))
    assert verdict(decide(old)) == ("ignored", "expired")


@pytest.mark.parametrize("expires", [NOW - HOUR, NOW - timedelta(days=30)])
def test_an_expiry_before_sent_is_no_expiry(expires: Any) -> None:
    """A slip of the sender's: the alert lives for the default lifetime."""
    card = card_of(an_alert(an_info(expires=time(expires))))
    assert (card.expires_at, card.expires_from) == (NOW - HOUR + timedelta(hours=24), "default")


def test_the_longest_life_is_that_of_a_chain() -> None:
    """An Update each day keeps a card on display no longer than the policy says, from the first message on."""
    first = an_alert(an_info(expires=time(NOW + timedelta(days=9))), sent=time(NOW - timedelta(days=6)))
    update = following(first, "Update", an_info(expires=time(NOW + timedelta(days=5))), sent=time(NOW))
    (shown,) = decide(update, first).changes
    assert isinstance(shown, Display)
    assert (shown.expires_at, shown.expires_from) == (NOW + timedelta(days=1), "max")


@pytest.mark.parametrize("over", [{"urgency": "Past"}, {"response_types": ("AllClear",)}])
def test_an_all_clear_is_not_shown(over: dict[str, Any]) -> None:
    """Nothing to act on any more; where another info block is live, that one is the card."""
    assert verdict(decide(an_alert(an_info(**over)))) == ("ignored", "expired")
    ended = an_info(areas=(same("048439"),), language="es-US", expires=time(NOW + 9 * HOUR), **over)
    card = card_of(an_alert(ended, an_info()))
    assert (card.content_order, card.area.counties, card.expires_at) == (("en-US",), ("48113",), NOW + 6 * HOUR)


def test_a_document_is_usable_or_says_why() -> None:
    """The gate before everything: readable, by the schema, identifiable, from a sender the feed may carry."""

    def gate(document: bytes, *senders: str) -> str | None:
        parsed = cap.parse(document)
        return cards.unusable(parsed.alert, cap.validate(parsed, SCHEMAS, now=NOW), senders=senders)

    good = cap.write(an_alert())
    assert gate(good) is None
    assert gate(good, "amber@dps.example.tx.us") is None
    assert gate(good, "someone@else.example") == "sender"
    assert gate(good[:300]) == "unreadable"
    assert gate(good.replace(b">Public<", b">public<")) == "schema"
    assert gate(cap.write(an_alert(identifier=""))) == "unidentifiable"
    assert gate(cap.write(an_alert(identifier="x" * cards.MAX_NAME))) == "unidentifiable"


@pytest.mark.parametrize(
    ("status", "asked", "reason"),
    [
        ("invalid", "ignore", None),
        ("invalid", "verify", "signature"),
        ("untrusted", "verify", None),
        ("absent", "verify", None),
        ("absent", "require", "signature"),
        ("expired", "require", "signature"),
        ("valid", "require", None),
    ],
)
def test_a_feed_may_ask_for_signatures(status: Any, asked: str, reason: str | None) -> None:
    """``verify`` holds back what is wrongly signed, ``require`` all that is not rightly signed, ``ignore`` nothing."""
    parsed = cap.parse(cap.write(an_alert()))
    report = cap.validate(parsed, SCHEMAS, now=NOW)
    signed = msgspec.structs.replace(report, signature=cap.Signature(status=status))
    assert cards.unusable(parsed.alert, signed, signature=asked) == reason


def test_every_state_gets_its_own_alert() -> None:
    """A policy of one state shows what touches it, clipped; a nationwide one shows all of it."""
    alert = an_alert(an_info(areas=(same("048113", "040001"),)))
    targets = {
        policy.regions: [unit.code for unit in change.target]
        for policy in (ANYWHERE, TEXAS, Policy(regions=("US",)), Policy(regions=("US-OK", "US-TX")))
        for change in decide(alert, policy=policy).changes
        if isinstance(change, Display)
    }
    both = ["40001", "48113"]
    assert targets == {(): both, ("US-TX",): ["48113"], ("US",): both, ("US-OK", "US-TX"): both}
