"""Where in a TOML file a value is, so that a fault can name its line; ``tomllib`` returns only values.

The text is one that ``tomllib`` has accepted. This walk follows the same grammar and keeps no values, only lines.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[\s,]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_SCALAR = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:'{0,2})|"(?:[^"\\]|\\.)*"|'[^']*'|[^,\]}#\n]+''', re.DOTALL
)


def find(text: str) -> dict[Path, int]:
    """The line, from 1, of every table, key and list item. ``("feeds", 0, "url")`` is ``feeds[0].url``."""
    walk = _Walk(text)
    walk.document()
    return walk.lines


class _Walk:
    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text, self._at = text, 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._repeated: dict[Path, int] = {}  # [[tables]], and how many of them so far

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            table = self._header() if self._text[self._at] == "[" else self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        line = self._line()
        repeated = self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        *parents, last = self._key()
        self._at += 2 if repeated else 1
        path = self._down((), parents)
        path = (*path, last)
        if repeated:
            self.lines.setdefault(path, line)
            self._repeated[path] = self._repeated.get(path, -1) + 1
            path = (*path, self._repeated[path])
        self.lines.setdefault(path, line)
        return path

    def _down(self, path: Path, parts: list[str]) -> Path:
        """Follow key parts; where a part names ``[[tables]]``, the newest of them is meant."""
        for part in parts:
            path = (*path, part)
            if path in self._repeated:
                path = (*path, self._repeated[path])
            self.lines.setdefault(path, self._line())
        return path

    def _pair(self, table: Path) -> Path:
        line = self._line()
        *parents, last = self._key()
        path = (*self._down(table, parents), last)
        self.lines[path] = line
        self._at += 1  # the "="
        self._skip(_SPACE)
        self._value(path)
        return table

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            parts.append(self._part())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _part(self) -> str:
        match = _KEY_PART.match(self._text, self._at)
        assert match, "tomllib accepted this text"  # noqa: S101
        self._at = match.end()
        quoted = match[0][0] in "\"'"
        return str(tomllib.loads(f"key = {match[0]}")["key"]) if quoted else match[0]

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening not in "[{":
            self._skip(_SCALAR)
            return
        self._at += 1
        if opening == "[":
            self._list(path)
        else:
            self._inline_table(path)

    def _list(self, path: Path) -> None:
        position = 0
        while not self._closed("]"):
            self.lines[*path, position] = self._line()
            self._value((*path, position))
            position += 1

    def _inline_table(self, path: Path) -> None:
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, bracket: str) -> bool:
        """Step to the next item, or over the closing bracket."""
        self._skip(_BLANK)
        closed = self._text[self._at] == bracket
        self._at += closed
        return closed

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)
