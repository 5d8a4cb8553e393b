"""Which alerts are AMBER, what a card says, how it lives and ends. Pure: values in, values out."""

from capgateway.cards.area import touches
from capgateway.cards.card import Card, Media, SignatureNote
from capgateway.cards.convert import convert
from capgateway.cards.correct import Correction, Facts, NotAFact, corrections
from capgateway.cards.decide import MAX_NAME, decide, expire, stories, unusable
from capgateway.cards.decision import CardState, Change, Decision, Display, End, EndReason, Situation
from capgateway.cards.draft import Draft, draft, may_display
from capgateway.cards.exercise import exercise, exercise_over, has_code
from capgateway.cards.gist import VERSION, Gist, gist, key, known_word, reference_text, says_cancel
from capgateway.cards.incident import was_cancelled_unseen
from capgateway.cards.life import STATEMENTS, is_of_sender, may_not_change, may_speak
from capgateway.cards.member import Member, expiry
from capgateway.cards.pictures import Picture, Ready, is_listed, may_show
from capgateway.cards.policy import FeedRules, Policy, PolicyAction, retention_of, shortest_retention
from capgateway.cards.programmes import AMBER, BUILT_IN, MEP, Programme
from capgateway.cards.publish import never_published
from capgateway.cards.review import doubts_of
from capgateway.cards.strands import Case, case_of
from capgateway.cards.takedown import (
    is_matched,
    is_meant,
    is_take_down,
    may_mean_a_card,
    waits_for_a_person,
)
from capgateway.cards.telling import evidence
from capgateway.cards.traits import Traits
from capgateway.cards.words import fingerprint

__all__ = [
    "AMBER",
    "BUILT_IN",
    "MAX_NAME",
    "MEP",
    "STATEMENTS",
    "VERSION",
    "Card",
    "CardState",
    "Case",
    "Change",
    "Correction",
    "Decision",
    "Display",
    "Draft",
    "End",
    "EndReason",
    "Facts",
    "FeedRules",
    "Gist",
    "Media",
    "Member",
    "NotAFact",
    "Picture",
    "Policy",
    "PolicyAction",
    "Programme",
    "Ready",
    "SignatureNote",
    "Situation",
    "Traits",
    "case_of",
    "convert",
    "corrections",
    "decide",
    "doubts_of",
    "draft",
    "evidence",
    "exercise",
    "exercise_over",
    "expire",
    "expiry",
    "fingerprint",
    "gist",
    "has_code",
    "is_listed",
    "is_matched",
    "is_meant",
    "is_of_sender",
    "is_take_down",
    "key",
    "known_word",
    "may_display",
    "may_mean_a_card",
    "may_not_change",
    "may_show",
    "may_speak",
    "never_published",
    "reference_text",
    "retention_of",
    "says_cancel",
    "shortest_retention",
    "stories",
    "touches",
    "unusable",
    "waits_for_a_person",
    "was_cancelled_unseen",
]
