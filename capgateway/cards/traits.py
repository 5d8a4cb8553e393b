"""Traits: the sure facts by which cards of different senders are known to be about the same child.

They are personal data, are kept with the draft, and go with it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from capgateway.cap import Alert

MOST = 20
"""Traits of one kind that count; a real alert has three children, or one plate."""
SHORTEST_PLATE = 4
SHORTEST_NUMBER = 4
"""Characters of a case or incident number: a shorter one is shared by chance."""
FULL_NAME = 2  # words: given name and family name
CASE_NUMBERS = frozenset(["casenumber", "caseno", "caseid", "ncmeccasenumber", "casereference"])
_SUFFIXES = frozenset(["jr", "sr", "ii", "iii", "iv"])
_YEAR = re.compile(r"(?:19|20)\d\d")
_NICKNAME = re.compile(r"[\"“”«»(][^\"“”«»()]*[\"“”«»)]")


class Traits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``names``, ``ages`` and ``sexes`` are of the persons sought, all folded for comparison. ``numbers`` are case numbers and
    the incidents of the message; ``alerts`` its own triple and those of other senders that it refers to, without ``sent``."""

    names: tuple[str, ...] = ()
    ages: tuple[str, ...] = ()
    sexes: tuple[str, ...] = ()
    plates: tuple[str, ...] = ()
    place: str = ""
    numbers: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()

    def keys(self) -> list[str]:
        """Hashes by which cards that may be about the same child are found. An age alone finds nobody."""
        return [_hash(kind, value) for kind, value in self._findable()]

    def _findable(self) -> Iterator[tuple[str, str]]:
        yield from (("name", name) for name in self.names if _is_full(name))
        yield from (("plate", plate) for plate in self.plates)
        yield from (("number", number) for number in self.numbers)
        yield from (("alert", alert) for alert in self.alerts)
        if self.place:
            yield "place", self.place


def numbers(alert: Alert) -> tuple[str, ...]:
    """The case numbers of an alert and the incidents that it names (CAP 1.2 §3.2.1 incidents), folded."""
    given = [*alert.incidents, *_case_numbers(alert)]
    folded = dict.fromkeys(map(_folded, given))
    return tuple(text for text in folded if len(text) >= SHORTEST_NUMBER and _is_numbered(text))[:MOST]


def case_number(alert: Alert) -> str | None:
    """The first case number that a parameter gives, as received."""
    return next(_case_numbers(alert), None)


def name(text: str) -> str:
    """A person's name for comparison: without accents, marks, nicknames and suffixes; the given name first."""
    words = [word for word in _folded(_NICKNAME.sub(" ", text)).split() if word not in _SUFFIXES]
    return " ".join(words)


def place(text: str) -> str:
    """A place for comparison."""
    return _folded(text)


def plates(given: Iterable[str]) -> tuple[str, ...]:
    """Whole plates for comparison."""
    kept = ("".join(filter(str.isalnum, plate.upper())) for plate in given)
    return tuple(dict.fromkeys(plate for plate in kept if len(plate) >= SHORTEST_PLATE))[:MOST]


def contradict(one: Traits, other: Traits) -> bool:
    """Whether a child of the one is certainly not among those of the other. Both have to name the same children: an alert that
    names one more must never be hidden by one that does not."""
    if one.names and other.names:
        return not _are_all_in(one.names, other.names) or not _are_all_in(other.names, one.names)
    if one.ages and other.ages and set(one.ages) != set(other.ages):
        return True  # nobody is named in one of them: another age may be a brother's or a sister's
    return bool(one.sexes and other.sexes and one.sexes != other.sexes)


def agreeing(one: Traits, other: Traits) -> set[str]:
    """Which of plate, name, age and place of last sight agree. A given name alone is no name: two children may share it."""
    found = set()
    if set(one.plates) & set(other.plates):
        found.add("plate")
    if any(_is_same(mine, yours) for mine in one.names for yours in other.names):
        found.add("name")
    if one.ages and one.ages == other.ages:
        found.add("age")
    if one.place and one.place == other.place:
        found.add("place")
    if found <= {"age", "place"} and one.plates and other.plates:
        found.discard("age")  # another car: another child of that age in the same town
    return found


def share_a_number(one: Traits, other: Traits) -> bool:
    """Whether they have a case number or an incident in common, or the one refers to the other."""
    return bool(set(one.numbers) & set(other.numbers) or set(one.alerts) & set(other.alerts))


def _is_numbered(text: str) -> bool:
    """Whether it has a number other than a year, which everybody's incidents of that year may have ("AMBER 2026")."""
    return any(any(map(str.isdigit, word)) and not _YEAR.fullmatch(word) for word in text.split())


def _case_numbers(alert: Alert) -> Iterator[str]:
    for info in alert.infos:
        for pair in info.parameters:
            if _folded(pair.name).replace(" ", "") in CASE_NUMBERS and pair.value.strip():
                yield pair.value.strip()


def _are_all_in(some: Sequence[str], others: Sequence[str]) -> bool:
    return all(any(_may_be_same(one, other) for other in others) for one in some)


def _may_be_same(one: str, other: str) -> bool:
    """A given name alone may be anybody's of that name."""
    mine, yours = one.split(), other.split()
    return _is_same(one, other) or ((len(mine) < FULL_NAME or len(yours) < FULL_NAME) and bool(set(mine) & set(yours)))


def _is_same(one: str, other: str) -> bool:
    """Middle names are left out often."""
    mine, yours = one.split(), other.split()
    return _is_full(one) and _is_full(other) and (mine[0], mine[-1]) == (yours[0], yours[-1])


def _is_full(text: str) -> bool:
    return text.count(" ") >= FULL_NAME - 1


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


def _hash(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()
