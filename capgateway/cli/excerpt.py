"""The line of a document that a finding speaks of, cut to fit, with a caret under the very place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cli.output import harmless

if TYPE_CHECKING:
    from capgateway.cap import Finding, Source


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """A line, from 1, and the character, from 0, that the finding speaks of; ``None`` where that is not certain."""

    number: int
    line: str
    at: int | None

    def lines(self, room: int) -> tuple[str, str]:
        """The line and what is under it, blanks and a caret, both within ``room`` columns."""
        prefix = f"{self.number} | "
        around = len(self.line) - len(self.line.lstrip()) if self.at is None else self.at
        shown, before = _cut(self.line, around, room - len(prefix))
        return prefix + shown, "" if self.at is None else " " * (len(prefix) + before) + "^"


def excerpt(source: Source, finding: Finding) -> Excerpt | None:
    """What to show for a finding that was placed; ``None`` where it speaks of no line of this document."""
    number = finding.line
    line = None if number is None else source.line(number)
    if number is None or line is None:
        return None
    at = finding.column - 1 if finding.column else None
    return Excerpt(number=number, line=line, at=at if at is not None and at <= len(line) else None)


def _cut(line: str, at: int, room: int) -> tuple[str, int]:
    """As much of a line around a character as fits, … on the sides that are cut; and in which column, from 0, that
    character then is."""
    before, after = _clean(line[max(0, at - room) : at]), _clean(line[at : at + room])
    if len(before) + len(after) == len(line) and _columns(before + after) <= room:
        return before + after, _columns(before)
    left = _fitting(before[::-1], max(room // 2, room - _columns(after)) - 1)[::-1]
    right = _fitting(after, room - _columns(left) - 2)
    left = ("…" if len(left) < at else "") + left
    return left + right + ("…" if at + len(right) < len(line) else ""), _columns(left)


def _clean(text: str) -> str:
    """As many characters, none of which moves the cursor by more than its width."""
    return harmless(text.translate({9: " ", 13: " "}))


def _fitting(text: str, room: int) -> str:
    """The longest beginning that needs no more than so many columns."""
    used = 0
    for index, character in enumerate(text):
        used += _columns(character)
        if used > room:
            return text[:index]
    return text


def _columns(text: str) -> int:
    """How many columns a terminal gives the text: two to wide characters of East Asia, none to combining ones."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415  (few documents need it)

    return sum(
        0
        if unicodedata.category(character) in {"Mn", "Me", "Cf"}
        else 2
        if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )
