"""What the rules about texts with several items share: their length, and the blanks between the items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.lists import MAX_ITEMS
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cap.rules.notes import Notes

BLANKS = Rule(
    id="cap.blank.unusual",
    level="warning",
    asks="Pairs of coordinates and references are separated by the white space of XML: space, tab and line break.",
    why="Other white space, such as the no-break space of a spreadsheet, is read here as a space. Many receivers take it for text.",
    reference="CAP 1.2 §3.2",
    source=("A-41", "A-113", "A-117"),
)
LISTS = Rule(
    id="cap.list.length",
    level="error",
    asks="references, addresses and incidents have at most 10,000 items each.",
    why="More items are not read. An unlimited list would cost each receiver time.",
    reference="CAP 1.2 §3.2.1",
    source=("A-15",),
)

_UNUSUAL = r"[^\S\x00-\x7f]"


def check_length(items: Sequence[object], name: str, notes: Notes) -> None:
    """Note a list that is too long."""
    if len(items) > MAX_ITEMS:
        message = f"{name} has more than {MAX_ITEMS:,} items; only the first {MAX_ITEMS:,} are read. Shorten the list."
        notes.add(LISTS, message, name)


def unusual_blank(text: str) -> int | None:
    """Where a character is that Python takes for a blank and XML for text; ``None`` for nowhere."""
    if text.isascii():
        return None
    found = re.search(_UNUSUAL, text)
    return found.start() if found else None


def named(character: str) -> str:
    """How messages call a character that may not be visible."""
    if character.isspace():
        return {" ": "a space", "\t": "a tab", "\n": "a line break"}.get(character, f"the space U+{ord(character):04X}")
    return "a comma" if character == "," else f"`{character}`"
