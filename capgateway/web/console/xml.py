"""A document as people read it: its lines, each cut into pieces that are coloured, with the findings that speak of it beside it.

What cannot be seen (control characters, and such as change the direction of text) is named, so that a document reads as it is.
It need not be well-formed: anything that is not markup is text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from capgateway import cap
from capgateway.cards.gist import CONTROL, DIRECTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgateway.cap import Finding

MOST_LINES = 1_500
MOST_CHARACTERS = 100_000
"""Shown of a document; real alerts have fewer than a fifth of that."""
MOST_BESIDE, MOST_ELSEWHERE = 20, 100
"""Findings beside one line, and before the first one."""
LONGEST_PIECE = 6_000
"""Characters of one piece of a line: a picture in an alert is a line of a million letters that nobody reads."""
LEFT_OF_A_PIECE = 300

_PARTS = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))|(?P<data><!\[CDATA\[.*?(?:\]\]>|\Z))|(?P<head><[?!][^>]*+>?)"
    r"""|(?P<tag></?[^\s<>/"'=]++(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>)"""
    r"|(?P<entity>&[^\s;<&]{1,40};)|(?P<text>[^<&]++)|(?P<other>[<&]+(?=[<&])|.)",
    re.DOTALL,
)
_OF_A_TAG = re.compile(
    r"""(?P<name>(?<=<)[^\s<>/"'=]++|(?<=</)[^\s<>/"'=]++)|(?P<value>"[^"]*+"|'[^']*+')|(?P<attribute>[^\s<>/"'=]++)|(?P<other>.)""",
    re.DOTALL,
)
_ODD = re.compile(f"({CONTROL.pattern}|{DIRECTING.pattern}|[\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff])")


class Piece(NamedTuple):
    """A part of a line. ``kind`` is ``tag``, ``attribute``, ``value``, ``comment``, ``entity``, ``head``, ``odd``, ``cut``, or empty
    for text."""

    kind: str
    text: str


class Line(NamedTuple):
    """A line, from 1."""

    number: int
    pieces: list[Piece]
    findings: list[Finding]


class Shown(NamedTuple):
    """A document; ``elsewhere`` are the findings that speak of none of the lines shown, or of one that has too many; ``left_out``
    says what is not shown, ``unshown`` how many findings."""

    lines: list[Line]
    elsewhere: list[Finding]
    unshown: int
    left_out: str | None


def shown(document: bytes, findings: Iterable[Finding]) -> Shown:
    """A document with the findings about it."""
    known = list(findings)
    source = cap.Source(document, known)
    spotted = [source.spotted(one) for one in known]
    text = "\n".join(source.lines[:MOST_LINES])[:MOST_CHARACTERS]
    lines = [list(_cut(line)) for line in _lines(text.rstrip())]
    by_line: dict[int, list[Finding]] = {}
    for one in sorted(spotted, key=lambda one: one.column or 0):
        by_line.setdefault(one.line or 0, []).append(one)
    numbered = [Line(number, pieces, by_line.get(number, [])[:MOST_BESIDE]) for number, pieces in enumerate(lines, 1)]
    others = [
        one for number, found in by_line.items() for one in (found[MOST_BESIDE:] if 0 < number <= len(lines) else found)
    ]
    is_whole = len(source.lines) <= MOST_LINES and len(text) < MOST_CHARACTERS
    left_out = None if is_whole else _left_out(len(lines), len(source.lines))
    return Shown(numbered, others[:MOST_ELSEWHERE], len(others[MOST_ELSEWHERE:]), left_out)


def _left_out(shown: int, of: int) -> str:
    if shown < of:
        return f"Only the first {shown:,} of {of:,} lines are shown."
    return f"Only the first {MOST_CHARACTERS:,} characters are shown."


def _lines(text: str) -> Iterator[list[Piece]]:
    line: list[Piece] = []
    for kind, part in _pieces(text):
        first, *others = part.split("\n")
        line += [Piece(kind, first)] if first else []
        for other in others:
            yield line
            line = [Piece(kind, other)] if other else []
    yield line


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for found in _PARTS.finditer(text):
        kind = found.lastgroup or "text"
        if kind == "tag":
            yield from _of_a_tag(found[0])
        else:
            yield {"text": "", "data": "", "other": ""}.get(kind, kind), found[0]


def _of_a_tag(text: str) -> Iterator[tuple[str, str]]:
    for found in _OF_A_TAG.finditer(text):
        yield {"name": "tag", "other": "tag"}.get(found.lastgroup or "", found.lastgroup or ""), found[0]


def _cut(line: list[Piece]) -> Iterator[Piece]:
    """The line without what nobody can see or read; neighbours of one kind are one piece."""
    joined: list[Piece] = []
    for one in line:
        if joined and joined[-1].kind == one.kind:
            joined[-1] = Piece(one.kind, joined[-1].text + one.text)
        else:
            joined.append(one)
    for kind, text in joined:
        kept = text.rstrip("\r")
        for number, part in enumerate(_ODD.split(kept[: LEFT_OF_A_PIECE if len(kept) > LONGEST_PIECE else None])):
            if part:
                yield Piece("odd", f"U+{ord(part):04X}") if number % 2 else Piece(kind, part)
        if len(kept) > LONGEST_PIECE:
            yield Piece("cut", f"… {len(kept) - LEFT_OF_A_PIECE:,} more characters")
