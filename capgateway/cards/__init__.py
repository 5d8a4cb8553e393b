"""Which alerts are AMBER, what a card says, how it lives and ends. Pure: values in, values out."""

from capgateway.cards.area import touches
from capgateway.cards.card import Card, SignatureNote
from capgateway.cards.convert import convert
from capgateway.cards.decide import MAX_NAME, decide, expire, unusable
from capgateway.cards.decision import CardState, Change, Decision, Display, End, EndReason, Situation
from capgateway.cards.draft import Draft, draft, may_display
from capgateway.cards.gist import VERSION, Gist, gist, key, known_word, reference_text
from capgateway.cards.life import may_not_change
from capgateway.cards.member import Member, expiry
from capgateway.cards.policy import FeedRules, Policy, PolicyAction
from capgateway.cards.takedown import is_meant, is_take_down, may_mean_a_card, names_nothing, waits_for_a_person

__all__ = [
    "MAX_NAME",
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
    "convert",
    "decide",
    "draft",
    "expire",
    "expiry",
    "gist",
    "is_meant",
    "is_take_down",
    "key",
    "known_word",
    "may_display",
    "may_mean_a_card",
    "may_not_change",
    "names_nothing",
    "reference_text",
    "touches",
    "unusable",
    "waits_for_a_person",
]
