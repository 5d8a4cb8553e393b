"""What somebody wears: the issuer's words after "wearing", to where they clearly end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.cues import labels, opens_labelled_line

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens

LONGEST = 40
"""Tokens. A longer stretch has run on into something else, and is left out."""
CUES = frozenset(
    "wears wear wearing wore clad portait porte portant vetu vetue vestia vistiendo llevaba viste vestida vestido dressed lsw".split()
)
ENDS = frozenset(
    ". ; ! ( ) | driving last if who weighs suspect accompanied call heading headed taken abducted believed may might is was were has have he she they "
    "police when weighing and' traveling travelling vehicle carrying approximately about tall suspecte vehicule vehiculo il elle fue qui mesure pese sospechoso contact".split()
)
TRIGGERS = CUES | {":"}
NOT_CLOTHES = frozenset(
    "hair glasses eyeglasses lunettes lentes braces wig implant bracelet brace bandage bun ponytail beard barbe moustache mustache earrings necklace mask monitor verres inscription plaque contacts cast".split()
)
STOPPERS = frozenset(
    "unknown unk inconnu inconnus desconocida desconocido unavailable similar not none n/a tbd unspecified".split()
)
AFTER_COMMA = frozenset(
    "with in near from at driving last hair brown- black- height weight age and who a- no".split()
) - {"a-", "brown-", "black-", "and", "no", "with", "in"}


def clothes(tokens: Tokens) -> list[tuple[int, int, int]]:
    """For each cue: where it is, and where the words begin and end."""
    found = []
    every = labels(tokens)
    starts = {label.end for label in every if label.role == "clothing"}
    stops = frozenset(label.first for label in every)
    for at in sorted([*tokens.places(TRIGGERS), *tokens.dots]):
        word, first = tokens.words[at], 0
        if at + 1 in starts and word in {":", ","}:
            first = at + 1
        elif word in CUES and _is_cue(tokens, at):
            first = at + 1
            while tokens.word(first) in {"in", "de", "d", "'", "un-", "con", "avec", ":", "only"}:
                first += 1
        if first and (end := _end(tokens, first, stops, is_label=at + 1 in starts)):
            found.append((at, first, end))
    return found


def _is_cue(tokens: Tokens, at: int) -> bool:
    word = tokens.words[at]
    if word == "dressed":
        return tokens.word(at + 1) in {"in", "as"}
    if word in {"vestido", "vestida"}:
        return tokens.word(at + 1) in {"con", "de"}
    if word == "porte":
        return tokens.word(at + 1) in {"un", "une", "des"} and tokens.word(at + 2) not in {"arme", "barbe"}
    if word == "lsw":
        return True
    return tokens.word(at + 1) not in {"a", "un", "une", "an"} or tokens.word(at + 2) not in {
        "mask",
        "seatbelt",
        "wig",
        "barbe",
    }


OPEN_ENDED = frozenset("de du d con avec with".split())
"""Words after which a piece of clothing goes on, so that a line that begins there opens no label."""


def _end(tokens: Tokens, first: int, stops: frozenset[int], *, is_label: bool = False) -> int:
    _, high = tokens.sentence(min(first, len(tokens) - 1))
    at = first
    if first >= high or tokens.words[first] in STOPPERS or NOT_CLOTHES & set(tokens.words[first : first + 4]):
        return 0
    while at < min(high, first + LONGEST + 2):
        word = tokens.words[at]
        if at > first and (at in stops or opens_labelled_line(tokens, at)):
            if tokens.words[at - 1] in OPEN_ENDED:
                return 0
            break
        if word == ";" and is_label:
            at += 1
            continue
        if word == ":":
            return 0
        if word in ENDS and not (word == "." and at + 1 < len(tokens) and tokens.gaps[at + 1] == ""):
            break
        if word == "and" and tokens.word(at + 1) in {
            "has",
            "was",
            "is",
            "may",
            "carrying",
            "driving",
            "last",
            "weighs",
            "being",
            "believed",
        }:
            break
        if word in {",", "..."} and (
            tokens.word(at + 1) in AFTER_COMMA or tokens.word(at + 1) in ENDS or tokens.word(at + 1).isdigit()
        ):
            break
        if word == "," and tokens.words[at + 1 : at + 3] == ["in", "connection"]:
            break
        if word == "in" and tokens.word(at + 1) == "the" and tokens.word(at + 2) in {"company", "area"}:
            break
        if (
            word in {"with"}
            and tokens.word(at + 1) in {"his", "her", "a", "an"}
            and tokens.word(at + 2) in {"mother", "father", "unknown", "man", "woman", "male", "female"}
        ):
            break
        if (
            word in {"near", "around", "at", "from", "on"}
            and at > first
            and (tokens.word(at + 1).isdigit() or tokens.capital[min(at + 1, len(tokens) - 1)] and tokens.is_cased)
        ):
            break
        at += 1
    while (
        at > first
        and tokens.words[at - 1]
        in {",", "...", "and", "-", '"', ";", "at", "near", "in", "on", "with", "from", "around"}
        and not (tokens.words[at - 1] == '"' and tokens.words[first:at].count('"') % 2 == 0)
    ):
        at -= 1
    return at if 0 < at - first <= LONGEST else 0
