"""Who may change or end a card: the rules as a table. Everything else is quarantined and changes nothing."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from card_samples import SENDER, a_member, an_alert, decided, following
from msgspec.structs import replace

from capgateway.cards import CardState, End, FeedRules, Member, Policy, SignatureNote
from capgateway.cards.life import Shown, outcome

FIRST = an_alert()
NAMED, OTHER = (SENDER.upper(),), ("someone@else.example",)
SIGNED = SignatureNote(status="valid", signer="CN=agency")
TEXAS, OHIO = ("US-TX",), ("US-OH",)


def through(feed: str, alert: Any, **fields: Any) -> Member:
    return replace(a_member(alert), feed=feed, **fields)


TABLE = [
    ("one", FeedRules(), FeedRules(), False, None),  # (a) the feed whose alert is displayed
    ("two", FeedRules(), FeedRules(), True, None),  # (b) a valid signature
    ("two", FeedRules(), FeedRules(), False, None),  # (c) another polled feed for any sender and anywhere
    ("two", FeedRules(), FeedRules(senders=NAMED, jurisdiction=TEXAS), False, None),
    ("two", FeedRules(), FeedRules(senders=OTHER), False, "sender"),
    ("two", FeedRules(), FeedRules(jurisdiction=OHIO), False, "jurisdiction"),
    ("two", FeedRules(), FeedRules(senders=OTHER), True, None),
    ("two", FeedRules(), FeedRules(is_push=True, senders=NAMED), False, None),  # (d) a push feed that names the sender
    ("two", FeedRules(), FeedRules(is_push=True), False, "sender"),
    ("two", FeedRules(), FeedRules(is_push=True), True, None),
    ("two", FeedRules(signature="require"), FeedRules(), False, "signature"),
    ("two", FeedRules(signature="require"), FeedRules(is_push=True, senders=NAMED), False, "signature"),
    ("two", FeedRules(signature="require"), FeedRules(), True, None),
]


@pytest.mark.parametrize("kind", ["Cancel", "Update"])
@pytest.mark.parametrize(("feed", "displayed", "speaking", "is_signed", "reason"), TABLE)
def test_who_may_change_a_card(
    kind: str, feed: str, displayed: FeedRules, speaking: FeedRules, is_signed: bool, reason: str | None
) -> None:
    """An alert of the same sender that names the displayed one, through another feed or the same."""
    policy = Policy(feeds={"one": displayed, "two": speaking})
    first = through("one", FIRST, signature=SIGNED if displayed.signature == "require" else a_member(FIRST).signature)
    said = through(feed, following(FIRST, kind), **({"signature": SIGNED} if is_signed else {}))
    card = CardState(
        card_id="crd_1",
        incident_id="inc_1",
        revision=1,
        state="active",
        alert_id=first.alert_id,
        published_at=first.received_at,
        target=("48113",),
    )
    decision = decided(said, [first], [card], policy)
    if reason:
        assert (decision.word, decision.reason, decision.changes) == ("quarantined", reason, ())
    elif kind == "Cancel":
        assert decision.changes == (End(card_id="crd_1", revision=2, reason="cancelled"),)
    else:
        assert decision.word == "updated"


@pytest.mark.parametrize("kind", ["Cancel", "Update"])
def test_a_forged_word_counts_for_nothing_in_any_order(kind: str) -> None:
    """What a push feed says without being entitled to changes no display, whether it came before the alert or after it."""
    policy = Policy(feeds={"one": FeedRules(), "push": FeedRules(is_push=True)})
    first, update = through("one", FIRST), through("one", following(FIRST, "Update"))
    forged = through("push", following(FIRST, kind, identifier="FORGED", sent=FIRST.sent))
    for chain in permutations((first, update, forged)):
        result = outcome(chain, policy, first.received_at)
        assert isinstance(result, Shown)
        assert result.member.alert_id == update.alert_id
