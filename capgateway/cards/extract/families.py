"""Names that share a surname, and ages that are listed apart from the names."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from capgateway.cards.extract import names

if TYPE_CHECKING:
    from capgateway.cards.extract.text import Tokens


class Families(NamedTuple):
    """The surname of a first name that begins at a token, and where surnames stand that are not names of their own."""

    of: dict[int, names.Run]
    surnames: frozenset[int]
    chained: frozenset[int] = frozenset()
    ages: dict[int, int] = {}  # noqa: RUF012  (never changed) the token of the age that a later list gives to a name
    listed: frozenset[int] = frozenset()


def echoed(tokens: Tokens, runs: list[names.Run]) -> frozenset[int]:
    """Full names one of whose parts is used alone of a person elsewhere: "Leif Andersson-Cho had been there. Leif is 5 feet tall"."""
    alone = {run.parts[0] for run in runs if len(run.parts) == 1 and names.strength_after(tokens, run.end) >= 2}
    return frozenset(run.first for run in runs if len(run.parts) > 1 and {run.parts[0], run.parts[-1]} & alone)


def families(tokens: Tokens, runs: list[names.Run]) -> Families:
    """``Ingrid and Astrid Halvorsen-Nye, 8``; ``Rowan (4) & Asher (2) Pemberton``."""
    of: dict[int, names.Run] = {}
    surnames = set()
    for place in range(len(runs) - 1, 0, -1):
        run, before = runs[place], runs[place - 1]
        between = tokens.words[before.end : run.first]
        if len(before.parts) == 1 and tokens.word(before.first - 1) in {"of", "from", "in", "de", "a", "en"}:
            continue  # a town
        if len(before.parts) > 2 or len(between) > LONGEST_BETWEEN or not all(map(_is_in_list, between)):
            continue
        if len(before.parts) == 2 and not (between[:1] == ["("] and run.first in of):
            continue
        is_listed = any(word in JOINERS for word in between)
        has_age = any(word.isdigit() for word in between)
        is_bare = len(between) == 1 and between[0].isdigit() and tokens.word(before.first - 1) in JOINERS
        if (
            (is_bare or (has_age and not is_listed and between[-1] == ")"))
            and len(run.parts) <= 2
            and len(before.parts) == 1
        ):
            of[before.first] = run
            surnames.add(run.first)
        elif is_listed or (has_age and "," in between):
            family = of.get(run.first) or (_surname(tokens, run) if len(run.parts) > 1 else None)
            if family is not None and family.parts[-1] != before.parts[-1]:
                of[before.first] = family
        elif between == [","] and run.first in of:
            of[before.first] = of[run.first]
    ages = _ages_of(tokens, runs, of)
    return Families(of, frozenset(surnames), _chained(tokens, runs), ages, frozenset(ages.values()))


def _chained(tokens: Tokens, runs: list[names.Run]) -> frozenset[int]:
    """First names that each have an age and follow one another: ``took Abel, 10, Naomi, 7, and Micah, 4``."""
    found: set[int] = set()
    aged = [run for run in runs if len(run.parts) == 1 and names.bare_age(tokens, run.end)]
    for one, other in pairwise(aged):
        between = tokens.words[one.end : other.first]
        if len(between) <= LONGEST_CHAIN and all(map(_is_in_list, between)):
            found |= {one.first, other.first}
    return frozenset(found)


LONGEST_CHAIN = 5


def _ages_of(tokens: Tokens, runs: list[names.Run], of: dict[int, names.Run]) -> dict[int, int]:
    """``Diego y Valeria Ríos Peña, de 8 y 5 años``: as many ages as names, in their order."""
    found: dict[int, int] = {}
    listed: list[int] = []
    for run in runs:
        listed.append(run.first)
        if run.first in of:
            continue
        ages = _ages_after(tokens, run.end)
        if len(listed) > 1 and len(ages) == len(listed):
            found.update(zip(listed, ages, strict=True))
        listed = []
    return found


def _ages_after(tokens: Tokens, at: int) -> list[int]:
    ages = []
    for place in range(at, min(len(tokens), at + 12)):
        word = tokens.words[place]
        if word.isdigit() and len(word) < 3:
            ages.append(place)
        elif word not in BESIDE_AGES:
            break
    return ages


JOINERS = frozenset(["and", "&", "et", "y", "/", "e"])
IN_LIST = JOINERS | frozenset(
    ", ( ) ... - ; ans anos yo yrs yr years year old de aged age m f mo months mois meses +".split()
)
LONGEST_BETWEEN = 9
"""Tokens between two names of a list: ``, 7 years old, and``."""


BESIDE_AGES = frozenset(
    "... , ( de d ' ages age aged agee agees edades con and y et & ans anos years old year - of respectively respectivement respectivamente".split()
)


def _is_in_list(word: str) -> bool:
    return word in IN_LIST or (word.isdigit() and len(word) < 3)


def _surname(tokens: Tokens, run: names.Run) -> names.Run | None:
    """All of a name but the first, if anything is left."""
    first = run.first + 1
    while first < run.end and tokens.words[first] in {".", "-", "'"}:
        first += 2 if tokens.words[first] != "." else 1
    return names.Run(first, run.end, run.parts[1:]) if first < run.end else None
