"""The documents a user names on the command line: files, directories, globs, standard input and web addresses."""

from __future__ import annotations

import glob
import os
import stat
import sys
from typing import TYPE_CHECKING

from capgateway.cli.source_names import STANDARD_INPUT, is_url, shown
from capgateway.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What is read of a directory. A file named by itself is read whatever its name.
SUFFIXES = frozenset({".xml", ".cap", ".atom", ".rss", ".edxl", ".edxlde"})
#: As much as of a feed; one byte more shows that a source is larger.
MAX_BYTES = 20_000_000


def find(sources: Iterable[str]) -> Iterator[str]:
    """The names of all documents that the sources stand for, in order and each once; a source that stands for none, and
    a directory that cannot be searched, remain as they are, for :func:`read` to say what is wrong with them."""
    seen = set()
    for source in sources:
        for name in list(_expand(source)) or [source]:
            same = name if name == STANDARD_INPUT or is_url(name) else os.path.abspath(name)
            if same not in seen:
                seen.add(same)
                yield name


def read(name: str) -> bytes:
    """The document of that name. Raises :class:`SourceError` when it cannot be read."""
    if is_url(name):
        from capgateway.cli.download import download  # noqa: PLC0415  (aiohttp takes 0.2 s)

        return download(name, limit=MAX_BYTES)
    try:
        return _standard_input() if name == STANDARD_INPUT else _file(name)
    except (OSError, ValueError) as error:  # ValueError for a name with a NUL in it
        reason = error.strerror if isinstance(error, OSError) else error
        raise SourceError(f"{shown(name)}: cannot be read: {reason}") from None


def _standard_input() -> bytes:
    if sys.stdin is None:  # as Python has it where a shell says `<&-`
        raise SourceError("-: cannot be read: standard input is closed")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _file(name: str) -> bytes:
    if os.path.isdir(name):
        os.scandir(name).close()  # raises where it cannot be searched
        if next(_inside(name), None):  # where one document is wanted: others search it
            raise SourceError(f"{shown(name)}: is a directory; name one file in it")
        raise SourceError(f"{shown(name)}: contains no file ending in {', '.join(sorted(SUFFIXES))}")
    with open(name, "rb") as file:  # a Path would take no name for the directory at hand
        return file.read(MAX_BYTES + 1)


# os.path answers "no" where Path raises: for a directory that is locked, a name that is too long.
def _expand(source: str) -> Iterator[str]:
    if source == STANDARD_INPUT or is_url(source):
        yield source
    elif os.path.isdir(source):
        yield from _inside(source)
    elif os.path.lexists(source):
        yield source
    elif glob.has_magic(source):
        for found in sorted(glob.glob(source, recursive=True)):
            yield from _expand(found)


def _inside(directory: str) -> Iterator[str]:
    locked: list[str] = []
    for parent, directories, files in os.walk(directory, onerror=lambda error: locked.append(error.filename)):
        directories.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            if os.path.splitext(name)[1].lower() in SUFFIXES and not _is_special(path):
                yield path
    yield from locked


def _is_special(path: str) -> bool:
    """Whether it is a pipe, a device or the like, which a search leaves alone. What cannot be looked at is none: it is
    to be reported, as is a link that leads nowhere."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
