"""Which alerts are AMBER, what a card says, how it lives and ends. Pure: values in, values out."""

from capgateway.cards.area import touches
from capgateway.cards.card import Card, SignatureNote
from capgateway.cards.convert import convert
from capgateway.cards.decide import MAX_NAME, decide, expire, stories, unusable
from capgateway.cards.decision import CardState, Change, Decision, Display, End, EndReason, Situation
from capgateway.cards.draft import Draft, draft, may_display
from capgateway.cards.gist import VERSION, Gist, gist, key, known_word, reference_text, says_cancel
from capgateway.cards.incident import was_cancelled_unseen
from capgateway.cards.life import STATEMENTS, is_of_sender, may_not_change, may_speak
from capgateway.cards.member import Member, expiry
from capgateway.cards.policy import FeedRules, Policy, PolicyAction
from capgateway.cards.takedown import (
    is_matched,
    is_meant,
    is_take_down,
    may_mean_a_card,
    waits_for_a_person,
)
from capgateway.cards.telling import evidence
from capgateway.cards.traits import Traits

__all__ = [
    "MAX_NAME",
    "STATEMENTS",
    "VERSION",
    "Card",
    "CardState",
    "Change",
    "Decision",
    "Display",
    "Draft",
    "End",
    "EndReason",
    "FeedRules",
    "Gist",
    "Member",
    "Policy",
    "PolicyAction",
    "SignatureNote",
    "Situation",
    "Traits",
    "convert",
    "decide",
    "draft",
    "evidence",
    "expire",
    "expiry",
    "gist",
    "is_matched",
    "is_meant",
    "is_of_sender",
    "is_take_down",
    "key",
    "known_word",
    "may_display",
    "may_mean_a_card",
    "may_not_change",
    "may_speak",
    "reference_text",
    "says_cancel",
    "stories",
    "touches",
    "unusable",
    "waits_for_a_person",
    "was_cancelled_unseen",
]
