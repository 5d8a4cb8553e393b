"""The documents a user names on the command line: files, directories, globs and standard input."""

from __future__ import annotations

import glob
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from capgateway.cap import MAX_BYTES
from capgateway.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What is read of a directory. A file named by itself is read whatever its name.
SUFFIXES = frozenset({".xml", ".cap", ".atom", ".rss", ".edxl", ".edxlde"})
STANDARD_INPUT = "-"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """``name`` as the user would write it; ``content`` one byte longer than is allowed when the source is too large."""

    name: str
    content: bytes


def find(sources: Iterable[str]) -> Iterator[str]:
    """The names of all documents that the sources stand for, in order; a source that stands for none remains as it is."""
    for source in sources:
        yield from list(_expand(source)) or [source]


def read(name: str) -> Document:
    """Read one document. Raises :class:`SourceError` when that is not possible."""
    if Path(name).is_dir():
        raise SourceError(f"{name}: holds no file ending in {', '.join(sorted(SUFFIXES))}")
    try:
        if name == STANDARD_INPUT:
            return Document(name=name, content=sys.stdin.buffer.read(MAX_BYTES + 1))
        with Path(name).open("rb") as file:
            return Document(name=name, content=file.read(MAX_BYTES + 1))
    except OSError as error:
        raise SourceError(f"{name}: cannot be read: {error.strerror or error}") from None


def _expand(source: str) -> Iterator[str]:
    if source == STANDARD_INPUT or Path(source).is_file():
        yield source
    elif Path(source).is_dir():
        yield from _inside(source)
    elif Path(source).exists():  # a pipe, such as the shell's <(…)
        yield source
    elif glob.has_magic(source):
        for found in sorted(glob.glob(source, recursive=True)):
            yield from _expand(found)


def _inside(directory: str) -> Iterator[str]:
    for parent, directories, files in os.walk(directory):
        directories.sort()
        for name in sorted(files):
            path = Path(parent, name)
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield str(path)
