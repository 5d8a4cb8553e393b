"""The line of a document that a finding speaks of, cut to fit, with a caret under the very place."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from capgateway.cap.encoding import decoded
from capgateway.cli.output import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap import Report

#: Documents beyond this many characters get no carets: to find an element every tag before it is looked at, and a second
#: is too long for that.
MAX_SEARCHED = 2_000_000

_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"""|<(?P<end>/?)(?P<prefix>(?:[^\s/>:]+:)?)(?P<name>[^\s/>]++)(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""",
    re.DOTALL,
)


#: A line, from 1, and a character in it, from 0.
Place = tuple[int, int]


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """A line, from 1, and the character, from 0, that the finding speaks of; ``None`` where that is not certain."""

    number: int
    line: str
    at: int | None

    def lines(self, room: int) -> tuple[str, str]:
        """The line and what stands under it, blanks and a caret, both within ``room`` columns."""
        prefix = f"{self.number} | "
        around = len(self.line) - len(self.line.lstrip()) if self.at is None else self.at
        shown, before = _cut(self.line, around, room - len(prefix))
        return prefix + shown, "" if self.at is None else " " * (len(prefix) + before) + "^"


class Source:
    """A document that findings speak of; decoded and searched only when there is something to show."""

    def __init__(self, document: bytes, reports: Iterable[Report], *, column: int | None = None) -> None:
        """``column``, from 1, is where the document stops being well-formed."""
        self._document, self._column = document, column
        self._reports = tuple(reports)

    def excerpts(self, report: Report) -> list[Excerpt | None]:
        """What to show for each finding of one of the reports; ``None`` where it speaks of no line of this document."""
        return [self._excerpt(finding.xpath, finding.line) for finding in report.findings]

    def _excerpt(self, xpath: str | None, number: int | None) -> Excerpt | None:
        if number is None or not 0 < number <= len(self._lines):
            return None
        at = self._column - 1 if xpath is None and self._column else None
        if xpath is not None and (start := self._start(xpath, number)) is not None:
            number, at = start
        line = self._lines[number - 1].rstrip()
        return Excerpt(number=number, line=line, at=at if at is not None and at <= len(line) else None)

    def _start(self, xpath: str, number: int) -> Place | None:
        """Where the start tag of an element begins; it ends in the line of that number, the one that libxml2 counts."""
        here = self._tags.get((_counted(xpath), number), ())
        return here[0] if len(here) == 1 else None

    @cached_property
    def _text(self) -> str:
        return decoded(self._document)

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    @cached_property
    def _tags(self) -> dict[tuple[str, int], list[Place]]:
        """Where the start tags begin that findings speak of, by xpath with every step counted and the line they end in."""
        if len(self._text) > MAX_SEARCHED:
            return {}
        wanted = {_counted(finding.xpath) for report in self._reports for finding in report.findings if finding.xpath}
        return _start_tags(self._text, wanted)


def _start_tags(text: str, wanted: set[str]) -> dict[tuple[str, int], list[Place]]:
    """Of a well-formed document: what has an xpath was parsed."""
    found: dict[tuple[str, int], list[Place]] = {}
    path, counts = [""], [dict[str, int]()]
    lines = _Lines(text)
    for tag in _TAG.finditer(text):
        start, (number, _) = lines.place(tag.start()), lines.place(tag.end())
        if not tag["name"]:
            continue
        if tag["end"]:
            path.pop()
            counts.pop()
            continue
        name = tag["prefix"] + tag["name"]
        counts[-1][name] = counts[-1].get(name, 0) + 1
        here = f"{path[-1]}/{tag['name']}[{counts[-1][name]}]"
        if here in wanted:
            found.setdefault((here, number), []).append(start)
        if not tag[0].endswith("/>"):
            path.append(here)
            counts.append({})
    return found


class _Lines:
    """Lines and characters of offsets that are asked for from the beginning to the end of a text."""

    def __init__(self, text: str) -> None:
        self._text, self._asked, self._number, self._begin = text, 0, 1, 0

    def place(self, offset: int) -> Place:
        """The line, from 1, and the character in it, from 0."""
        self._number += self._text.count("\n", self._asked, offset)
        self._begin = max(self._begin, self._text.rfind("\n", self._asked, offset) + 1)
        self._asked = offset
        return self._number, offset - self._begin


def _counted(xpath: str) -> str:
    """The xpath with every step counted: one without a number is the only one, and so the first."""
    return "".join(f"/{step}" if step.endswith("]") else f"/{step}[1]" for step in xpath.split("/")[1:])


def _cut(line: str, at: int, room: int) -> tuple[str, int]:
    """As much of a line around a character as fits, … on the sides that are cut; and in which column, from 0, that
    character then stands."""
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
