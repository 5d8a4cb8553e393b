"""What else a vehicle is known by, in the issuer's words: ``missing front bumper``, ``kayak rack``, ``orange sticker on the windshield``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.fact import Fact, fact
from capgateway.cards.extract.words import DAYS, MONTHS

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

THINGS = frozenset(
    "sticker stickers decal decals dent dents dented rack bumper headlight taillight windshield window windows hitch stripe stripes rims hubcap hubcaps logo lettering spoiler tarp topper toolbox scratches "
    "rust fender mirror tailgate antenna sunroof plow damage damaged cracked broken tinted lifted primer exhaust "
    "autocollant autocollants pare phare vitre aile coffre calcomania calcomanias parabrisas defensa abolladura rines cofre faro".split()
)
LEADS = frozenset("with avec con".split())
STOPS = frozenset(", ; . ( ) | and bearing displaying bears license licence plate plates lic tag y et".split())
NOT_INSIDE = frozenset(
    "wearing hair eyes he she they his her call child suspect driver last seen headed heading unknown no not if or was were drove".split()
)
SHORTEST, LONGEST = 2, 9
"""Tokens of such words."""


def details(tokens: Tokens) -> list[Fact]:
    """Each, in order: what is between two commas, or after ``with``, and names a part of a vehicle or what is wrong with it."""
    found: list[Fact] = []
    past = 0
    for at in tokens.places(THINGS):
        if at < past:
            continue
        low, high = tokens.sentence(at)
        first, end = at, at + 1
        while first > max(low, past) and tokens.words[first - 1] not in STOPS and tokens.words[first - 1] not in LEADS:
            first -= 1
        while end < high and tokens.words[end] not in STOPS:
            end += 1
        past = end
        first += tokens.words[first] in {"a", "an", "the", "un", "une", "una", "has"}
        words = tokens.words[first:end]
        opens = tokens.word(first - 1 - (tokens.word(first - 1) in {"a", "an", "the", "un", "une", "una", "has"}))
        is_clause = opens in LEADS or opens in {",", ";", "("} or tokens.word(first - 1) == "has"
        is_plain = (
            NOT_INSIDE.isdisjoint(words) and DAYS.isdisjoint(words) and MONTHS.isdisjoint(words) and ":" not in words
        )
        if is_clause and is_plain and SHORTEST <= len(words) <= LONGEST:
            found.append(fact(tokens, first, end, " ".join(tokens.slice(first, end).split())))
    return found
