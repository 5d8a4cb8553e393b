"""Which facts a card may tell, and where each was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from capgateway.cards.lines import lines

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from capgateway.cards.card import Action, Card, Content, Evidence
    from capgateway.cards.extract import Facts

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
    for pointer, one in facts.evidence.items():
        if pointer.startswith("/contacts/"):
            contact = facts.contacts[int(pointer.rpartition("/")[2])]
            at = _action(card.actions, contact.type, contact.value)
            if at is not None:
                found[f"/actions/{at}"] = one
        elif _at(card, pointer) is not None:
            found[pointer] = one
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
