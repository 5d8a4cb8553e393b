"""One person that a text speaks of, and what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgateway.cards.extract.numbers import AgeValue

if TYPE_CHECKING:
    from capgateway.cards.extract.cues import Role
    from capgateway.cards.extract.fact import Fact

ADULT = 18
"""Years."""


class Person:
    """What is known of one person; ``facts`` by the card's field, ``seen`` the texts that speak of them."""

    __slots__ = (
        "at",
        "conflicts",
        "facts",
        "is_another",
        "is_counted",
        "is_fresh",
        "is_grown",
        "is_guess",
        "is_kin",
        "kin",
        "parts",
        "role",
        "sentence",
        "texts",
    )

    def __init__(self, role: Role | None, text: int) -> None:
        self.role = role
        self.facts: dict[str, Fact] = {}
        self.conflicts: set[str] = set()
        self.parts: tuple[str, ...] = ()
        self.kin = ""
        self.texts = {text}
        self.is_fresh = True
        self.is_guess = self.is_another = self.is_counted = self.is_kin = self.is_grown = False
        self.sentence = -1
        self.at = -1

    def learn(self, what: str, found: Fact) -> None:
        """A fact; one that contradicts what is known is a conflict, and then neither is shown."""
        known = self.facts.get(what)
        if known is None or (
            what == "age" and known.value.value == 0 and known.value.unit == "day" and found.value.unit != "year"
        ):
            self.facts[what] = found
        elif what == "age" and found.value == AgeValue(0, "day") and known.value.unit != "year":
            pass
        elif not agree(what, known.value, found.value):
            if known.confidence == "medium" and found.confidence != "medium":
                self.facts[what] = found
            elif not (found.confidence == "medium" and known.confidence != "medium"):
                self.conflicts.add(what)

    @property
    def age(self) -> AgeValue | None:
        """As read."""
        found = self.facts.get("age")
        return found.value if found else None

    @property
    def is_adult(self) -> bool:
        """Whether the age says so."""
        return self.age is not None and self.age.unit == "year" and self.age.value >= ADULT

    @property
    def is_minor(self) -> bool:
        """Whether the age says so."""
        return self.age is not None and (self.age.unit != "year" or self.age.value < ADULT)


def agree(what: str, known: Any, new: Any) -> bool:
    """Whether two values of a field may be the same, said twice."""
    if known == new:
        return True
    if what in {"height", "weight"}:
        return bool(abs(known[0] - new[0]) <= max(3, 0.03 * known[0]))
    if what in {"hair", "clothing", "race"}:
        first, second = str(known).casefold(), str(new).casefold()
        return first in second or second in first
    return False
