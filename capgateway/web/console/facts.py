"""The facts of a card in words, and where they were read: texts cut into pieces, each with the facts that it gave."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from capgateway.cards.correct import NOT_FACTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capgateway.cards import Card
    from capgateway.cards.card import Evidence

KINDS = {
    "children": ("Person sought", "info"),
    "suspects": ("Suspect", "bad"),
    "vehicles": ("Vehicle", "warn"),
    "last_seen": ("Last seen", "good"),
    "safety": ("Safety", "calm"),
    "actions": ("Action", "calm"),
    "media": ("Picture", "calm"),
}
"""What a fact is about, and the tone of its mark."""
TEXTS = {
    "headline": "Headline",
    "description": "Description",
    "instruction": "Instruction",
    "area": "Area",
    "short": "Wireless text",
    "long": "Long wireless text",
}
PARAMETERS = {"short": "parameter:CMAMtext", "long": "parameter:CMAMlongtext"}


class Fact(NamedTuple):
    """A fact of a card; ``anchor`` leads to its place in the original text, if that is shown."""

    pointer: str
    about: str
    name: str
    value: str
    tone: str
    evidence: Evidence | None
    is_removable: bool

    @property
    def anchor(self) -> str:
        """Its name within the page."""
        return "text" + self.pointer.replace("/", "-")

    @property
    def words(self) -> str:
        """What it is, in words."""
        return f"{self.about}: {self.name}" if self.name else self.about


class Piece(NamedTuple):
    """A part of a text, and the facts that were read in it. ``first`` are those that begin here."""

    text: str
    facts: tuple[Fact, ...]
    first: tuple[Fact, ...]


class Field(NamedTuple):
    """One text of the alert."""

    name: str
    pieces: list[Piece]


def facts(card: Card, evidence: Mapping[str, Evidence]) -> list[Fact]:
    """Every fact of a card, in its order."""
    found: dict[str, Any] = msgspec.to_builtins(card)
    return [_fact(pointer, value, evidence) for kind in KINDS for pointer, value in _of(kind, found.get(kind))]


def fields(card: Card, language: str, known: list[Fact]) -> list[Field]:
    """The texts of a language, with the facts in place."""
    content = card.content[language]
    found = []
    for name, title in TEXTS.items():
        if text := getattr(content, name):
            places = {name, PARAMETERS.get(name, name)}
            mine = [one for one in known if one.evidence and one.evidence.language == language]
            found.append(
                Field(title, pieces(text, [one for one in mine if one.evidence and one.evidence.field in places]))
            )
    return found


def pieces(text: str, marked: list[Fact]) -> list[Piece]:
    """A text cut wherever a fact begins or ends."""
    spans = [(one.evidence.start, one.evidence.end, one) for one in marked if one.evidence]
    inside = [span for span in spans if 0 <= span[0] < span[1] <= len(text)]
    cuts = sorted({0, len(text), *(start for start, _, _ in inside), *(end for _, end, _ in inside)})
    found = []
    for start, end in itertools.pairwise(cuts):
        here = tuple(one for first, last, one in inside if first <= start and end <= last)
        found.append(Piece(text[start:end], here, tuple(one for first, _, one in inside if first == start)))
    return found


def _fact(pointer: str, value: Any, evidence: Mapping[str, Evidence]) -> Fact:
    kind, *rest = pointer.split("/")[1:]
    about, tone = KINDS[kind]
    if rest and rest[0].isdigit() and rest[0] != "0":
        about = f"{about} {int(rest[0]) + 1}"
    name = rest[-1].replace("_", " ") if rest and not rest[-1].isdigit() else ""
    is_removable = not (kind == "actions" and value.get("from") != "cap")
    return Fact(pointer, about, name, _words(kind, value), tone, evidence.get(pointer), is_removable)


def _of(kind: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The facts of one kind with their pointers: those of its items, or the items themselves."""
    if kind == "last_seen":
        yield from ((f"/last_seen/{name}", each) for name, each in (value or {}).items() if each is not None)
        return
    for at, item in enumerate(value or ()):
        if kind in ("safety", "actions", "media"):
            yield f"/{kind}/{at}", item
            continue
        for name, each in item.items():
            if each not in (None, "", []) and name not in NOT_FACTS:
                yield f"/{kind}/{at}/{name}", each


def _words(kind: str, value: Any) -> str:
    if kind == "actions":
        return f"{value['type']} {value['value']}"
    if kind == "media":
        return f"{value['role']}, {value['width']} × {value['height']}"
    if isinstance(value, dict):
        return str(value.get("text", ""))
    return str(value).replace("_", " ") if kind == "safety" else str(value)
