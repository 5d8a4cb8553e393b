"""The line of a document that a finding speaks of, cut to fit, with a caret under the very place."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capgateway.cap.encoding import decoded
from capgateway.cli.output import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap import Finding, Report

#: Documents beyond this many characters get no carets: to find an element every tag before it is looked at, and a second
#: is too long for that.
MAX_SEARCHED = 2_000_000

_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"""|<(?P<end>/?)(?P<prefix>(?:[^\s/>:]+:)?)(?P<name>[^\s/>]++)(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""",
    re.DOTALL,
)
#: A piece of an element's text, up to the next tag. What the parser leaves out has no group.
_PIECE = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<section>.*?)\]\]>|(?P<one>&[^;\s<]*+;|\r\n?)|(?P<plain>[^<&\r]++)", re.DOTALL
)

#: A line, from 1, and a character in it, from 0.
Place = tuple[int, int]


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


class _Tag(NamedTuple):
    """A start tag: where it begins, and the offset in the document at which it ends."""

    place: Place
    end: int


class Source:
    """A document that findings speak of; decoded and searched only when there is something to show."""

    def __init__(self, document: bytes, reports: Iterable[Report]) -> None:
        self._document = document
        self._reports = tuple(reports)

    def placed(self, report: Report) -> Report:
        """One of the reports with the line and the column of each finding's very place, as far as it is certain."""
        if not report.findings:
            return report
        return msgspec.structs.replace(report, findings=tuple(map(self._placed, report.findings)))

    def excerpt(self, finding: Finding) -> Excerpt | None:
        """What to show for a finding that was placed; ``None`` where it speaks of no line of this document."""
        number = finding.line
        if number is None or not 0 < number <= len(self._lines):
            return None
        line = self._lines[number - 1].rstrip()
        at = finding.column - 1 if finding.column else None
        return Excerpt(number=number, line=line, at=at if at is not None and at <= len(line) else None)

    def _placed(self, finding: Finding) -> Finding:
        line, column = finding.line, finding.column
        if column is None and line is not None and finding.xpath is not None:
            tag = self._tag(finding.xpath, line)
            if tag is not None:
                line, column = self._inside(tag, finding.offset) or (tag.place[0], tag.place[1] + 1)
        return msgspec.structs.replace(finding, line=line, column=column, offset=msgspec.UNSET)

    def _tag(self, xpath: str, number: int) -> _Tag | None:
        """The start tag of an element; it ends in the line of that number, the one that libxml2 counts."""
        here = self._tags.get((_counted(xpath), number), ())
        return here[0] if len(here) == 1 else None

    def _inside(self, tag: _Tag, offset: int | msgspec.UnsetType) -> Place | None:
        """The line and the column, both from 1, of a character of the text behind a tag."""
        if offset is msgspec.UNSET:
            return None
        at = _offset(self._text, tag.end, offset)
        if at is None:
            return None
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)

    @cached_property
    def _text(self) -> str:
        return decoded(self._document)

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.split("\n")

    @cached_property
    def _tags(self) -> dict[tuple[str, int], list[_Tag]]:
        """The start tags that findings speak of, by xpath with every step counted and the line they end in."""
        if len(self._document) > 4 * MAX_SEARCHED or len(self._text) > MAX_SEARCHED:
            return {}
        wanted = {_counted(finding.xpath) for report in self._reports for finding in report.findings if finding.xpath}
        return _start_tags(self._text, wanted)


def _offset(text: str, begin: int, count: int) -> int | None:
    """The offset of a character of an element's text that begins at ``begin``, after ``count`` others as the parser counts
    them: an entity is one, a comment none, a line break one however it is written."""
    for piece in _PIECE.finditer(text, begin):
        if piece.start() != begin:
            return None
        begin = piece.end()
        if piece["section"] is not None:
            characters, start = piece["section"].replace("\r\n", "\n"), piece.start("section")
        elif piece["plain"] is not None:
            characters, start = piece["plain"], piece.start()
        else:
            characters, start = "x" if piece["one"] is not None else "", piece.start()
        if count < len(characters):
            return start + count
        count -= len(characters)
    return None


def _start_tags(text: str, wanted: set[str]) -> dict[tuple[str, int], list[_Tag]]:
    """Of a well-formed document: what has an xpath was parsed."""
    found: dict[tuple[str, int], list[_Tag]] = {}
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
            found.setdefault((here, number), []).append(_Tag(start, tag.end()))
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
