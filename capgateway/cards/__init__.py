"""Which alerts are AMBER, what a card says, how it lives and ends. Pure: values in, values out."""

from capgateway.cards.card import Card, SignatureNote
from capgateway.cards.convert import Member
from capgateway.cards.decide import decide, expire, unusable
from capgateway.cards.decision import CardState, Change, Decision, Display, End, EndReason
from capgateway.cards.policy import Policy, PolicyAction

__all__ = [
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
    "unusable",
]
