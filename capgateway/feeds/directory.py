"""A folder where somebody puts alerts: what waits there, and putting it away once it is stored.

A writer hands a file over by renaming it into the folder when it is complete; until then its name begins with a dot or
ends in ``.tmp`` or ``.part``. A file that was merely copied in is taken once it has been left alone for a while. Files
are moved to ``processed/`` or ``failed/`` inside the folder only after they are stored, so a crash reads them again
rather than losing them.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from capgateway.errors import FetchError
from capgateway.feeds.read.entries import MAX_FEED_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["put_away", "read", "waiting"]

PROCESSED, FAILED = "processed", "failed"
#: A copy under way grows; one that has not for this long is whole, or its writer died.
SETTLED_AFTER = timedelta(seconds=2)
#: Files taken at one look; the others wait for the next one.
MAX_FILES = 1_000
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", "~")


def waiting(folder: str | Path, *, now: datetime) -> list[Path]:
    """The files to take in, oldest first. Links, folders, hidden and unfinished files are left alone. Raises
    ``FetchError`` when the folder cannot be read."""
    try:
        found = sorted(_settled(Path(folder), now))
    except OSError as error:
        raise FetchError(f"the folder cannot be read: {error.strerror or error}", reason="folder") from error
    return [path for _, path in found[:MAX_FILES]]


def _settled(folder: Path, now: datetime) -> Iterator[tuple[int, Path]]:
    with os.scandir(folder) as items:
        for item in items:
            if item.name.startswith(".") or item.name.lower().endswith(_UNFINISHED):
                continue
            if not item.is_file(follow_symlinks=False):
                continue
            changed = item.stat(follow_symlinks=False).st_mtime_ns
            if datetime.fromtimestamp(changed / 1e9, UTC) <= now - SETTLED_AFTER:
                yield changed, Path(item.path)


def read(file: Path, *, limit: int = MAX_FEED_BYTES) -> bytes:
    """The bytes of a waiting file, followed through no link. Raises ``FetchError``: ``vanished``, ``too_large``, or
    ``unreadable``."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise FetchError(f"{file.name} is not a regular file", reason="unreadable")
            body = opened.read(limit + 1)
    except FileNotFoundError:
        raise FetchError(f"{file.name} is gone", reason="vanished") from None
    except OSError as error:
        raise FetchError(f"{file.name}: {error.strerror or error}", reason="unreadable") from error
    if len(body) > limit:
        raise FetchError(f"{file.name} is larger than {limit} bytes", reason="too_large")
    return body


def put_away(file: Path, *, failed: bool) -> Path:
    """Move a file that was dealt with to ``processed/`` or ``failed/``; where it went. Never over another file. Raises
    ``FetchError`` when it cannot be moved: the file would be read again at every look."""
    folder = file.parent / (FAILED if failed else PROCESSED)
    number, target = 0, folder / file.name
    try:
        folder.mkdir(exist_ok=True)
        while target.exists():
            number += 1
            target = folder / f"{file.stem}.{number}{file.suffix}"
        file.rename(target)
    except OSError as error:
        raise FetchError(f"{file.name} cannot be put away: {error.strerror or error}", reason="folder") from error
    return target
