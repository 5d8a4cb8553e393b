"""Whether the languages of an alert contradict each other, so that a person should look at it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from capgateway.cards.extract.facts import Facts, facts
from capgateway.cards.extract.text import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cards.extract.given import Text


def contradict(texts: Iterable[Text], *, is_amber: bool = True) -> bool:
    """Whether two languages name different plates, cars, or children. What one of them leaves out is no contradiction."""
    by_language: dict[str, list[Text]] = {}
    for one in texts:
        by_language.setdefault(one.language[:2], []).append(one)
    if len(by_language) < 2:
        return False
    read = [facts(some, is_amber=is_amber) for some in by_language.values()]
    return any(_differ(one, other) for one, other in combinations(read, 2))


def _differ(one: Facts, other: Facts) -> bool:
    said = [(mine, yours) for mine, yours in zip(_said(one), _said(other), strict=True) if mine and yours]
    return any(not (mine <= yours or yours <= mine) for mine, yours in said)


def _said(read: Facts) -> list[set[str]]:
    """What has to be the same in every language, where it is said: plates, makes and years of cars; names, ages and sexes of children."""
    return [
        {vehicle.plate for vehicle in read.vehicles if vehicle.plate and not vehicle.plate_partial},
        {f"{vehicle.make} {vehicle.model or ''}" for vehicle in read.vehicles if vehicle.make and vehicle.model},
        {str(vehicle.year) for vehicle in read.vehicles if vehicle.year},
        {folded(child.name) for child in read.children if child.name},
        {f"{child.age.value} {child.age.unit}" for child in read.children if child.age},
        {child.sex for child in read.children if child.sex},
    ]
