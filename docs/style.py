"""Finds wording that the style note in CONTRIBUTING.md rules out, in documentation, messages, help, docstrings and comments.

Run ``python docs/style.py``; ``make check`` does. It prints one line per find, and exits with 1 if there is any. A list of
patterns cannot judge style: it keeps out only what readers stumbled over before.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = ("*.md", "docs/*.md", "docs/*.toml", "examples/**/*.md")
SETTINGS = ("config/**/*.toml", "examples/**/*.toml")
CODE = ("capgateway/**/*.py", "examples/*.py")

_THINGS = "alert|attempt|card|chain|country|decision|delivery|document|entry|feed|file|index|message|poll|receiver|stream|transaction"


class Wrong(NamedTuple):
    """A pattern, and what to write instead."""

    pattern: re.Pattern[str]
    instead: str


class Text(NamedTuple):
    """Something to read: where it begins, and whether users see it, or only developers."""

    path: Path
    line: int
    words: str
    is_shown: bool


def _wrong(pattern: str, instead: str) -> Wrong:
    return Wrong(re.compile(pattern, re.IGNORECASE), instead)


WRONG = (
    _wrong(r"\b(?:is|are|was|were|be|being|been) told\b", "report, show, say"),
    _wrong(r"\btells\b", "reports, shows, says"),
    _wrong(r"\b(?:stands|stood)\b(?! for\b)|\bmay stand\b", "is, is written"),
    _wrong(r"\bholds\b", "contains, has"),
    _wrong(r"\bapart by\b", "separated by"),
    _wrong(r"(?<!there )\b(?:is|are|was|were) no\b(?! (?:longer|more|later|earlier|less|\w+er)\b)", "is not a …"),
    _wrong(r"\b(?:gives?|has|have) none\b", "does not have a …"),
    _wrong(rf"\bone(?: \w+)? an? (?:{_THINGS}|line)\b", "one per …"),
    _wrong(r"\bonce an? (?:`|interval|poll)", "once per …"),
    _wrong(rf"\d ?[kM]B an? (?:{_THINGS})\b", "per …"),
    _wrong(r"\bwhoever\b|\bfor whom\b|\bwho asks\b", "those who, clients that"),
    _wrong(r"\bas ever\b|\banew\b", "as before, again"),
    _wrong(r"\b(?:none )?of ours\b|\bnone of our business\b", "of this gateway"),
    _wrong(r"\b(?:beside|inside|outside) of\b", "beside, inside, outside"),
)
#: Those who read only documentation and messages meet these words in no other sense.
SHOWN = (
    _wrong(r"(?<![.:-])\bblanks?\b(?!\s+lines?\b)", "space, white space"),
    _wrong(r"\btaken in\b|\bhanded in\b|\bhand in\b", "read, stored, submitted"),
)
#: Comments on columns are part of a database; another wording would need a migration.
STORED = ("capgateway/store/tables.py", "capgateway/store/migrations")
#: For developers, and rewritten with the next change of the design.
OTHERS = ("docs/design.md",)
#: Docstrings of these are rewritten with the work that goes on there; their messages are checked already.
LATER = ("capgateway/cards", "capgateway/dispatch", "capgateway/ingest", "capgateway/service.py", "capgateway/store")


def faults() -> Iterator[str]:
    """Every find, as ``path:line: words; write …``."""
    for text in _texts():
        for pattern, instead in WRONG + SHOWN * text.is_shown:
            for found in pattern.finditer(text.words):
                number = text.line + text.words.count("\n", 0, found.start())
                yield f"{text.path.relative_to(ROOT)}:{number}: {found[0]!r}; write: {instead}"


def _texts() -> Iterator[Text]:
    for path in _files(PAGES):
        yield Text(path, 1, _prose(path), is_shown=True)
    for path in _files(SETTINGS):
        comments = re.sub(r"^[^#\n]*", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        yield Text(path, 1, comments, is_shown=True)
    for path in _files(CODE):
        yield from _strings(path)


def _files(patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if not str(path.relative_to(ROOT)).startswith(STORED + OTHERS):
                yield path


def _prose(path: Path) -> str:
    """The page without the table of wrong wording, which is part of the style note itself."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"<!-- style -->.*?<!-- /style -->", lambda cut: "\n" * cut[0].count("\n"), text, flags=re.DOTALL)


def _strings(path: Path) -> Iterator[Text]:
    """Docstrings, and all other texts of more than one word; not patterns, which nobody reads as a text."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    patterns = {id(part) for node in nodes if _is_pattern(node) for part in ast.walk(node)}
    is_later = str(path.relative_to(ROOT)).startswith(LATER)
    for node in nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or " " not in node.value:
            continue
        if id(node) not in patterns and not (is_later and id(node) in docstrings):
            yield Text(path, node.lineno, node.value, is_shown=id(node) not in docstrings)


def _is_pattern(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "compile"


def main() -> None:
    found = list(faults())
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
