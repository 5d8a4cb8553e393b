"""Which facts a card may tell, and where each was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from capgateway.cards.card import LastSeen, Person, Vehicle
from capgateway.cards.correct import without
from capgateway.cards.lines import lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from capgateway.cards.card import Action, Card, Content, Evidence
    from capgateway.cards.correct import Correction
    from capgateway.cards.extract import Facts

LISTED = ("children", "suspects", "vehicles", "safety")
CORRECTED = (*LISTED, "last_seen")
GOVERNED = ("children", "suspects", "vehicles", "last_seen")


def allowed(facts: Facts, kinds: Collection[str]) -> Facts:
    """The facts that a policy lets cards show, with the evidence of these alone. ``race`` is shown only where it is listed."""
    changed: dict[str, Any] = {
        kind: type(getattr(facts, kind))() if kind != "last_seen" else None for kind in GOVERNED if kind not in kinds
    }
    if "race" not in kinds:
        for kind in ("children", "suspects"):
            if kind in kinds:
                changed[kind] = tuple(msgspec.structs.replace(person, race=None) for person in getattr(facts, kind))
    if not changed:
        return facts
    kept = msgspec.structs.replace(facts, **changed)
    return msgspec.structs.replace(
        kept, evidence={pointer: one for pointer, one in kept.evidence.items() if _at(kept, pointer) is not None}
    )


def corrected(facts: Facts, removed: Sequence[Correction]) -> Facts:
    """The facts without those that a person removed, and the evidence of what is left at its new place."""
    if not removed:
        return facts
    told = {name: msgspec.to_builtins(getattr(facts, name)) for name in CORRECTED}
    left = without(told, removed)
    kept = msgspec.structs.replace(
        facts,
        children=msgspec.convert(left["children"], tuple[Person, ...]),
        suspects=msgspec.convert(left["suspects"], tuple[Person, ...]),
        vehicles=msgspec.convert(left["vehicles"], tuple[Vehicle, ...]),
        last_seen=msgspec.convert(left["last_seen"], LastSeen | None),
        safety=msgspec.convert(left["safety"], tuple[str, ...]),
    )
    return msgspec.structs.replace(kept, evidence=_moved(facts, kept))


def _moved(facts: Facts, shown: Facts | Card) -> dict[str, Evidence]:
    """The evidence of the facts that are shown, under the pointers that they have there: items before them may be gone."""
    places = {name: _places(getattr(facts, name), getattr(shown, name)) for name in LISTED}
    found = {}
    for pointer, one in facts.evidence.items():
        name, *rest = pointer.split("/")[1:]
        if name in places:
            if int(rest[0]) not in places[name]:
                continue
            rest[0] = str(places[name][int(rest[0])])
        here = "/".join(["", name, *rest])
        if name == "contacts" or _at(shown, here) is not None:
            found[here] = one
    return found


def _places(items: Sequence[Any], shown: Sequence[Any]) -> dict[int, int]:
    """Where each item is among those that are shown, which are in the same order and may say less."""
    found: dict[int, int] = {}
    at = 0
    for place, item in enumerate(items):
        if at < len(shown) and _is_left_of(shown[at], item):
            found[place] = at
            at += 1
    return found


def _is_left_of(shown: Any, item: Any) -> bool:
    if isinstance(item, str):
        return bool(shown == item)
    return all(
        getattr(shown, field) in (None, False, getattr(item, field))
        for field in item.__struct_fields__
        if field != "photo"
    )


def with_lines(content: Mapping[str, Content], facts: Facts) -> dict[str, Content]:
    """The contents with their lines, which are also spoken by those who cannot see the card."""
    made = {}
    for language, one in content.items():
        said = lines(facts, language)
        spoken = ". ".join([text.rstrip(".") for text in (one.accessibility, *(line.text for line in said)) if text])
        made[language] = msgspec.structs.replace(one, lines=said, accessibility=spoken) if said else one
    return made


def evidence(card: Card, facts: Facts) -> dict[str, Evidence]:
    """Where each fact of a card was read, by its JSON Pointer in the card. What the card does not show has none."""
    found = {}
    for pointer, one in _moved(facts, card).items():
        if not pointer.startswith("/contacts/"):
            found[pointer] = one
            continue
        contact = facts.contacts[int(pointer.rpartition("/")[2])]
        at = _action(card.actions, contact.type, contact.value)
        if at is not None:
            found[f"/actions/{at}"] = one
    return found


def _action(actions: tuple[Action, ...], kind: str, value: str) -> int | None:
    same = (
        at
        for at, action in enumerate(actions)
        if (action.type, action.value) == (kind, value) and action.origin == "cap"
    )
    return next(same, None)


def _at(found: Any, pointer: str) -> Any:
    """What a pointer leads to, or ``None``."""
    for step in pointer.split("/")[1:]:
        if found is None:
            return None
        if step.isdigit():
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = getattr(found, step)
    return found
