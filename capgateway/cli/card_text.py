"""A card as a person reads it: the issuer's words in each language, for when and where, and what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capgateway.cli.output import harmless
from capgateway.cli.table import fields, moment, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

Card = dict[str, Any]


def card_lines(card: Card, indent: str = "") -> Iterator[str]:
    """The card, of the form ``card/1``."""
    if card.get("status") == "exercise":
        yield f"{indent}EXERCISE: this is a drill"
    yield from fields(_facts(card), indent)
    for language in card["content_order"]:
        yield ""
        yield f"{indent}[{language}]"
        yield from _words(card["content"][language], indent + "  ")
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


def _words(content: dict[str, Any], indent: str) -> Iterator[str]:
    """The texts, each line break of the issuer kept."""
    for name in ("event", "headline", "description", "instruction", "area", "short"):
        for number, line in enumerate((content.get(name) or "").splitlines()):
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
