"""Facts that a person removed from a card, and that stay away until the issuer's value changes. Facts in, facts out.

A removed fact is known by its kind, the pointer with ``*`` for positions in lists, and by the hash of its value: positions
shift from one message of an issuer to the next. A fact can only be removed. Nothing here adds or changes one.
"""

from __future__ import annotations

import hashlib
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Facts = dict[str, Any]
"""What a card says that a person may remove, as JSON values under the names that they have on the card."""

PERSONS = ("children", "suspects")
LISTS = (*PERSONS, "vehicles", "safety", "actions", "media")
OF_ITEMS = (*PERSONS, "vehicles")
"""Lists whose items have facts of their own."""
NAMES = (*LISTS, "last_seen")
ITEM = 2
"""Parts of a pointer to an item of a list."""
WITH_IT: dict[str, dict[str, Any]] = {"plate": {"plate_region": None, "plate_partial": False}}
"""What says nothing without the fact, and what it says then."""
NOT_FACTS = {
    "photo": "remove the picture itself, at /media/N",
    "plate_partial": "it is part of the plate; remove /vehicles/N/plate",
}
PLACE_IN_THE_CARD = ("id", "url", "photo")
"""What changes with the position of an item or with each making of a card, and is not the issuer's."""
LONGEST_POINTER = 200


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """One removed fact."""

    pointer: str
    value_sha256: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The kind of the pointer."""
        return kind(self.pointer)


class NotAFact(ValueError):
    """The pointer cannot name a fact that may be removed, on whatever card."""


def kind(pointer: str) -> tuple[str, ...]:
    """The parts of a pointer, with ``*`` for positions in lists."""
    return tuple("*" if _is_position(part) else part for part in pointer.split("/")[1:])


def corrections(facts: Facts, pointers: Sequence[str]) -> list[Correction]:
    """What it takes to remove the facts at these pointers. Raises :class:`NotAFact` for a pointer that cannot name one, and
    ``ValueError`` where the card has no such fact."""
    for pointer in pointers:
        _check(pointer)
    for pointer in pointers:
        if inner := next((other for other in pointers if other.startswith(f"{pointer}/")), None):
            raise NotAFact(f"{inner} is a part of {pointer}: name only one of them")
    return [
        Correction(pointer=pointer, value_sha256=_hash(_found(facts, pointer))) for pointer in dict.fromkeys(pointers)
    ]


def without(facts: Facts, removed: Sequence[Correction]) -> Facts:
    """The facts that are left, in the order in which they were removed."""
    if not removed:
        return facts
    left = deepcopy(facts)
    for one in removed:
        _remove(left, one)
    _let_go_of_pictures(left)
    return left


def _check(pointer: str) -> None:
    name, *rest = pointer.split("/")[1:] or [""]
    if not pointer.startswith("/") or len(pointer) > LONGEST_POINTER or name not in NAMES:
        raise NotAFact(
            f"{pointer[:80]!r} cannot be removed: give the JSON Pointer of a fact, which begins with "
            + ", ".join(f"/{one}" for one in NAMES)
        )
    if name in LISTS and not (rest and _is_position(rest[0])):
        raise NotAFact(f"{pointer!r} is not one fact: give its position in the list, such as /{name}/0")
    most = 1 if name == "last_seen" else 2 if name in OF_ITEMS else 1
    if len(rest) > most:
        raise NotAFact(f"{pointer!r} is a part of a fact; remove {'/'.join(pointer.split('/')[: most + 2])} as a whole")
    if name in OF_ITEMS and (why := NOT_FACTS.get(rest[-1])):
        raise NotAFact(f"{pointer!r} cannot be removed by itself: {why}")


def _found(facts: Facts, pointer: str) -> Any:
    value: Any = facts
    for part in pointer.split("/")[1:]:
        if isinstance(value, (list, tuple)):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    if value is None or value in ([], (), {}):
        raise ValueError(f"the card has no fact at {pointer}")
    if pointer.startswith("/actions/") and value.get("from") != "cap":
        raise NotAFact(f"{pointer} is an action of your policy, not of the alert: change [[policy.actions]] and reload")
    return value


def _remove(facts: Facts, one: Correction) -> None:
    """Remove every fact of that kind and value."""
    name, *rest = one.parts
    if not rest:
        if _hash(facts.get(name)) == one.value_sha256:
            facts[name] = None
    elif len(one.parts) == ITEM and name in LISTS:
        facts[name] = [item for item in facts.get(name) or () if not _is(item, one)]
    else:
        for item in _items(facts, name):
            if item.get(rest[-1]) is not None and _hash(item[rest[-1]]) == one.value_sha256:
                item |= {rest[-1]: None, **WITH_IT.get(rest[-1], {})}


def _items(facts: Facts, name: str) -> Iterator[dict[str, Any]]:
    value = facts.get(name)
    yield from (item for item in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(item, dict))


def _is(item: Any, one: Correction) -> bool:
    is_of_policy = isinstance(item, dict) and item.get("from") == "policy"
    return not is_of_policy and _hash(item) == one.value_sha256


def _let_go_of_pictures(facts: Facts) -> None:
    """No person refers to a picture that is not on the card."""
    if "media" not in facts:
        return
    known = {item.get("id") for item in _items(facts, "media")}
    for name in PERSONS:
        for person in _items(facts, name):
            if person.get("photo") and person["photo"] not in known:
                person["photo"] = None


def _hash(value: Any) -> str:
    """Of the canonical JSON: sorted keys, no spaces. Of a picture it is the picture that counts."""
    told = value
    if isinstance(value, dict):
        told = {name: each for name, each in value.items() if name not in PLACE_IN_THE_CARD}
        told = {"sha256": told["sha256"]} if told.get("sha256") else told
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def _is_position(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < len("10000")
