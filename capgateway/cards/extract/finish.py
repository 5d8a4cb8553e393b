"""From what was read of people to the people of a card: those that are one are joined, and those who are neither sought nor
suspected are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.extract.person import Person, agree

if TYPE_CHECKING:
    from capgateway.cards.extract.cues import Role

YOUNGEST_SUSPECT = 12
"""Years. The youngest suspects of real alerts are teenagers."""
FRIENDS = frozenset(
    "friend classmate cousin neighbor ami amie voisin voisine camarade amigo amiga primo prima vecino vecina".split()
)
DESCRIBED = frozenset(["height", "weight", "hair", "clothing"])
GUESSED = frozenset(["age", "height", "weight", "hair", "clothing", "race"])
BODY = frozenset(["height", "weight", "hair", "eyes", "clothing", "race"])


def settle(people: list[Person]) -> tuple[list[Person], list[Person]]:
    """Those sought and the suspects."""
    _find_named_children(people)
    _decide_roles(people)
    kept = _joined([person for person in people if person.role in {"child", "suspect"} and person.facts])
    for person in kept:
        for what in person.conflicts:
            person.facts.pop(what, None)
    kept = _without_counted(kept)
    children = _worth_showing([person for person in kept if person.role == "child" and person.facts])
    suspects = _worth_showing(
        _without_described([person for person in kept if person.role == "suspect" and person.facts])
    )
    return children, suspects


def _without_counted(people: list[Person]) -> list[Person]:
    """Without ``two grandsons, ages 6 and 8`` where as many are named: which of them is 6 nobody says."""
    counted = [
        person
        for person in people
        if person.role == "child" and not person.parts and set(person.facts) <= {"age", "sex"}
    ]
    named = [person for person in people if person.role == "child" and person.parts]
    if len(named) > 1:  # Girl: red toque. Boy: brown hair.
        people = [each for each in people if each.role != "child" or each.parts or each.age or each.is_counted]
    if len(counted) > 1 and len(counted) == len(named) and not any(person.age for person in named):
        return [person for person in people if person not in counted]
    return people


def _without_described(suspects: list[Person]) -> list[Person]:
    """Of ``two men``, only as many as the text does not describe one by one."""
    described = [person for person in suspects if not person.is_counted]
    kept = []
    for person in suspects:
        same = (
            [
                other
                for other in described
                if "sex" not in other.facts or other.facts["sex"].value == person.facts["sex"].value
            ]
            if person.is_counted
            else []
        )
        if same:
            described.remove(same[0])
        else:
            kept.append(person)
    return sorted(kept, key=lambda person: person.is_counted)


def _worth_showing(people: list[Person]) -> list[Person]:
    """Without somebody of whom almost nothing is known, where others are known better."""
    little = {"sex", "race"} if any(person.role == "child" for person in people) else {"sex"}
    if all(set(person.facts) <= {"sex", "race"} for person in people):
        return people if all(person.is_counted for person in people) else people[:1]
    return [person for person in people if person.is_counted or set(person.facts) - little]


def _find_named_children(people: list[Person]) -> None:
    """A name whose role nothing says, where one child is spoken of without a name."""
    nameless = [person for person in people if person.role == "child" and person.facts and not person.parts]
    named = [person for person in people if person.role == "child" and person.parts]
    open_ones = [person for person in people if person.role is None and person.parts and not person.is_adult]
    if (
        len(nameless) == 1
        and not named
        and len(open_ones) == 1
        and _fits(open_ones[0], nameless[0])
        or not nameless
        and not named
        and len(open_ones) == 1
        and any(person.role == "suspect" for person in people)
    ):
        open_ones[0].role = "child"


def _decide_roles(people: list[Person]) -> None:
    """Where words leave the role open, ages decide."""
    for person in people:
        if person.kin in FRIENDS and person.is_minor and person.parts:
            person.role = "other"  # who was there too
        elif (person.role is None and person.is_minor) or (person.role == "suspect" and _is_small(person)):
            person.role = "child"
        if (
            person.role == "other"
            and person.is_kin
            and person.parts
            and DESCRIBED & set(person.facts)
            and (person.age or person.kin not in FRIENDS)
        ):
            person.role = "child" if person.is_minor else "suspect"  # nobody describes a relative whom no one seeks
    has_child = any(person.role == "child" and person.facts for person in people)
    has_minor = any(person.role == "child" and person.facts and not person.is_adult for person in people)
    for person in people:
        is_open = person.role is None and has_child and bool(person.parts or BODY & set(person.facts))
        is_doubtful = person.role == "child" and has_minor and (person.is_guess or not person.parts)
        if (
            person.is_adult
            and (is_open or is_doubtful)
            or person.role is None
            and person.is_grown
            and has_child
            and (GUESSED & set(person.facts))
        ):
            person.role = "suspect"


def _is_small(person: Person) -> bool:
    """Whether they are too young to be a suspect, whatever the words beside them seem to say."""
    return person.age is not None and (person.age.unit != "year" or person.age.value < YOUNGEST_SUSPECT)


def _joined(people: list[Person]) -> list[Person]:
    kept: list[Person] = []
    for person in people:
        twin = None if person.is_another else _twin(person, kept, people)
        if twin is None:
            kept.append(person)
            continue
        for what, found in person.facts.items():
            twin.learn(what, found)
        twin.texts |= person.texts
        twin.parts = twin.parts or person.parts
    return kept


def _twin(person: Person, kept: list[Person], people: list[Person]) -> Person | None:
    fit = [other for other in kept if other.role == person.role and _fits(person, other)]
    if person.parts:
        fit = [other for other in fit if not other.parts or set(other.parts) == set(person.parts)]
    elsewhere = [other for other in fit if not (other.texts & person.texts)]
    if len(elsewhere) == 1 and (
        not person.parts or not elsewhere[0].parts or set(elsewhere[0].parts) == set(person.parts)
    ):
        return elsewhere[0]
    same_age = [
        other
        for other in fit
        if other.age is not None and other.age == person.age and not (other.parts and person.parts)
    ]
    if len(same_age) >= 1:
        return same_age[0]
    role: Role | None = person.role
    mine = [other for other in people if other.role == role and other.facts]
    if role == "child" and len(mine) == 2 and len(fit) == 1 and not (person.parts or fit[0].parts):
        sexes = [other.facts["sex"].value for other in mine if "sex" in other.facts]
        if len(sexes) == 2 and sexes[0] == sexes[1] and not (person.age and fit[0].age):
            return fit[0]
    if role == "child" and "sex" in person.facts and (twin := _only_of_a_sex(person, mine)) in fit:
        return twin
    named = [other for other in mine if other.parts]
    nameless = [other for other in mine if not other.parts]
    if len(named) == 1 and len(nameless) == 1 and len(fit) == 1 and bool(fit[0].parts) != bool(person.parts):
        return fit[0]
    return None


def _only_of_a_sex(person: Person, mine: list[Person]) -> Person | None:
    """``a boy aged 14 months and his half-sister … Boy: Koda``: the one with a name and the one without, of the same sex."""
    sex = person.facts["sex"].value
    same = [other for other in mine if "sex" in other.facts and other.facts["sex"].value == sex]
    if len(same) != len([person, None]) or len([other for other in same if other.parts]) != 1:
        return None
    return next(other for other in same if other is not person) if person in same else None


def _fits(person: Person, other: Person) -> bool:
    return all(
        what not in other.facts or agree(what, other.facts[what].value, found.value)
        for what, found in person.facts.items()
        if what != "name"
    )
