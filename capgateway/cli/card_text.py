"""A card as a person reads it: the issuer's words in each language, for when and where, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgateway.cli.output import harmless
from capgateway.cli.table import fields, moment, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from capgateway.cards.card import Evidence

Card = dict[str, Any]


def card_lines(card: Card, indent: str = "", evidence: Mapping[str, Evidence] | None = None) -> Iterator[str]:
    """The card, of the form ``card/1``. With ``evidence``, the words that each fact was read from are marked in their text."""
    if card.get("status") == "exercise":
        yield f"{indent}EXERCISE: this is a drill"
    yield from fields(_facts(card), indent)
    for language in card["content_order"]:
        yield ""
        yield f"{indent}[{language}]"
        yield from _words(card["content"][language], indent + "  ", _marks(language, evidence or {}))
    if evidence:
        yield ""
        yield from _proofs(evidence, indent)
    yield ""
    yield from fields(_origin(card), indent)


def area(card: Card) -> str:
    """Where the card is shown, in the issuer's words, else by code."""
    areas = card["area"]
    return "; ".join(areas["descriptions"]) or ", ".join(areas["subdivisions"] or areas["countries"])


def first(card: Card, what: str) -> str | None:
    """The event or headline in the first language."""
    for language in card["content_order"]:
        if found := card["content"][language].get(what):
            return str(found)
    return None


def _facts(card: Card) -> list[tuple[str, Any]]:
    until = {"cap": "", "default": " (the alert names no end)", "max": " (the longest that a card may live)"}
    return [
        ("issuer", f"{card['issuer']['name']} <{card['issuer']['sender']}>"),
        ("area", area(card)),
        ("regions", card["area"]["subdivisions"] or card["area"]["countries"]),
        ("issued", moment(card["issued_at"])),
        ("updated", moment(card["updated_at"]) if card["updated_at"] != card["issued_at"] else None),
        ("expires", moment(card["expires_at"]) + until.get(card["expires_from"], "")),
        ("actions", [f"{one['type']} {one['value']}" for one in card["actions"]]),
        ("pictures", [f"{one['id']} {one['role']}, {one['width']} × {one['height']}" for one in card["media"]]),
    ]


def _marks(language: str, evidence: Mapping[str, Evidence]) -> dict[str, list[tuple[int, int]]]:
    """Per field of a language, the spans that facts were read from; of spans inside each other, the longer one."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for one in sorted(evidence.values(), key=lambda one: (one.start, -one.end)):
        known = spans.setdefault(one.field, [])
        if one.language == language and (not known or one.start >= known[-1][1]):
            known.append((one.start, one.end))
    return spans


def _marked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with each span in brackets."""
    for start, end in reversed(spans):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def _proofs(evidence: Mapping[str, Evidence], indent: str) -> Iterator[str]:
    """Each fact with the words that it was read from."""
    yield f"{indent}Evidence, marked above by [ ]"
    for pointer, one in evidence.items():
        where = f"{one.confidence}, {one.language} {one.field} {one.start}-{one.end}"
        yield from wrapped(f"{indent}  {pointer:<24} ", harmless(f"{' '.join(one.text.split())} ({where})"))


def _words(content: dict[str, Any], indent: str, marks: Mapping[str, list[tuple[int, int]]]) -> Iterator[str]:
    """The texts, each line break of the issuer kept, and the lines that are made of facts."""
    for line in content.get("lines") or ():
        yield from wrapped(f"{indent}{line['role'] + ':':<13}", harmless(line["text"]))
    for name in ("event", "headline", "description", "instruction", "area", "short", "long"):
        for number, line in enumerate(_marked(content.get(name) or "", marks.get(name, [])).splitlines()):
            title = f"{name}:" if number == 0 else ""
            yield from wrapped(f"{indent}{title:<13}", harmless(line))


def _origin(card: Card) -> list[tuple[str, Any]]:
    source = card["source"]
    return [
        ("card", f"{card['card_id']}, revision {card['revision']}, {card['state']}"),
        ("alert", source["identifier"]),
        ("feed", source["feed"]),
        ("signature", source["signature"]["status"]),
    ]
