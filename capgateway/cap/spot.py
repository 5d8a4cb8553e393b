"""Where in a document a finding is: its line and column, found with the bytes."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capgateway.cap.encoding import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap.finding import Finding, Report

#: Documents beyond this many characters get no columns: to find an element every tag before it is looked at, and a second
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


class _Tag(NamedTuple):
    """A start tag: where it begins, and the offset in the document at which it ends."""

    place: Place
    end: int


class Source:
    """A document that findings speak of; decoded and searched only when there is something to show."""

    def __init__(self, document: bytes, findings: Iterable[Finding]) -> None:
        self._document = document
        self._findings = tuple(findings)

    def placed(self, report: Report) -> Report:
        """One of the reports with the line and the column of each finding's very place, as far as it is certain."""
        if not report.findings:
            return report
        return msgspec.structs.replace(report, findings=tuple(map(self.spotted, report.findings)))

    def line(self, number: int) -> str | None:
        """A line, from 1, without its end; ``None`` where the document has no such line."""
        return self.lines[number - 1].rstrip() if 0 < number <= len(self.lines) else None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the document, as findings count them."""
        return self._text.split("\n")

    def spotted(self, finding: Finding) -> Finding:
        """One of the findings, with the line and the column of its very place, as far as they are certain."""
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
    def _tags(self) -> dict[tuple[str, int], list[_Tag]]:
        """The start tags that findings speak of, by xpath with every step counted and the line they end in."""
        if len(self._document) > 4 * MAX_SEARCHED or len(self._text) > MAX_SEARCHED:
            return {}
        wanted = {_counted(finding.xpath) for finding in self._findings if finding.xpath}
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
