"""The documents a user names on the command line: files, directories, globs, standard input and web addresses."""

from __future__ import annotations

import glob
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from capgateway.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What is read of a directory. A file named by itself is read whatever its name.
SUFFIXES = frozenset({".xml", ".cap", ".atom", ".rss", ".edxl", ".edxlde"})
STANDARD_INPUT = "-"
#: As much as of a feed; one byte more shows that a source is larger.
MAX_BYTES = 20_000_000


def find(sources: Iterable[str]) -> Iterator[str]:
    """The names of all documents that the sources stand for, in order; a source that stands for none remains as it is."""
    for source in sources:
        yield from list(_expand(source)) or [source]


def read(name: str) -> bytes:
    """The document of that name. Raises :class:`SourceError` when it cannot be read."""
    if is_url(name):
        from capgateway.cli.download import download  # noqa: PLC0415  (aiohttp takes 0.2 s)

        return download(name, limit=MAX_BYTES)
    if Path(name).is_dir():
        raise SourceError(f"{name}: holds no file ending in {', '.join(sorted(SUFFIXES))}")
    try:
        if name == STANDARD_INPUT:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError for a name with a NUL in it
        reason = error.strerror if isinstance(error, OSError) else error
        raise SourceError(f"{name}: cannot be read: {reason}") from None


def is_url(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def _expand(source: str) -> Iterator[str]:
    if source == STANDARD_INPUT or is_url(source):
        yield source
    elif Path(source).is_dir():
        yield from _inside(source)
    elif Path(source).exists():
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
