"""What changed from one revision of a card to the next, in words a person reads."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgateway.cards import Card

LONGEST = 800
"""Words of a text that are compared one by one: the effort grows with the square. Longer ones are shown before and after."""
UNSAID = frozenset({"schema", "card_id", "revision", "state", "updated_at", "incident_id"})
"""Of every revision, or shown elsewhere."""
OF_SOURCE = ("identifier", "msg_type", "feed")
OF_AREA = ("target", "match", "descriptions")
WORDS = re.compile(r"\s+|[^\s]+")


class Part(NamedTuple):
    """A part of a text that stayed, came or went."""

    what: Literal["same", "added", "removed"]
    text: str


class Difference(NamedTuple):
    """One value of the card that changed."""

    name: str
    parts: list[Part]


def differences(before: Card, after: Card) -> list[Difference]:
    """What is new, gone or another."""
    old, new = dict(_values(before)), dict(_values(after))
    names = [*old, *(name for name in new if name not in old)]
    return [
        Difference(name, compared(old.get(name), new.get(name))) for name in names if old.get(name) != new.get(name)
    ]


def compared(old: str | None, new: str | None) -> list[Part]:
    """Two texts, word by word."""
    if not old or not new:
        return [Part("removed", old)] if old else [Part("added", new or "")]
    first, second = WORDS.findall(old), WORDS.findall(new)
    if max(len(first), len(second)) > LONGEST or min(len(first), len(second)) == 1:
        return [Part("removed", old), Part("same", " "), Part("added", new)]
    found: list[Part] = []
    for tag, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Part("same", "".join(first[a:b])))
            continue
        found += [Part("removed", "".join(first[a:b]))] if b > a else []
        found += [Part("added", "".join(second[c:d]))] if d > c else []
    return found


def _values(card: Card) -> Iterator[tuple[str, str]]:
    """The values of a card that a person would miss, under readable names."""
    told: dict[str, Any] = msgspec.to_builtins(card)
    told["area"] = {name: told["area"][name] for name in OF_AREA}
    told["source"] = {name: told["source"][name] for name in OF_SOURCE}
    for name, value in told.items():
        if name not in UNSAID:
            yield from _flat(name.replace("_", " "), value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if "text" in value and "role" not in value:  # an age, a height: the issuer's words
            yield name, str(value["text"])
            return
        for key, each in value.items():
            if key not in ("at", "accessibility", "photo"):
                yield from _flat(f"{name} › {str(key).replace('_', ' ')}", each)
    elif isinstance(value, (list, tuple)) and value and all(isinstance(one, dict) for one in value):
        yield from _items(name, value)
    elif isinstance(value, (list, tuple)):
        if value:
            yield name, ", ".join(str(one) for one in value)
    elif value is not None and value is not False:
        yield name, "yes" if value is True else str(value)


def _items(name: str, items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Items with a name of their own keep it where others come before them."""
    if name.endswith("target"):
        yield name, ", ".join(str(one["name"] or one["code"]) for one in items)
    elif name == "media":
        yield "pictures", "; ".join(f"{one['role']}, {one['width']} × {one['height']}" for one in items)
    elif name.endswith("lines"):
        yield name, "; ".join(str(one["text"]) for one in items)
    else:
        for at, one in enumerate(items):
            yield from _flat(f"{name} {at + 1}", one)
