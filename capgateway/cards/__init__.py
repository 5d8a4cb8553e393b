"""Which alerts are AMBER, what a card says, how it lives and ends. Pure: values in, values out."""

from capgateway.cards.area import touches
from capgateway.cards.card import Card, SignatureNote
from capgateway.cards.convert import Member
from capgateway.cards.decide import MAX_NAME, decide, expire, unusable
from capgateway.cards.decision import CardState, Change, Decision, Display, End, EndReason
from capgateway.cards.policy import Policy, PolicyAction

__all__ = [
    "MAX_NAME",
    "Card",
    "CardState",
    "Change",
    "Decision",
    "Display",
    "End",
    "EndReason",
    "Member",
    "Policy",
    "PolicyAction",
    "SignatureNote",
    "decide",
    "expire",
    "touches",
    "unusable",
]
