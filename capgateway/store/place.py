"""Where a SQLite database lies: its file, who may read it, and the lock that keeps a second gateway away."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from capgateway.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL

OWNER_ONLY_FILE = 0o600
OWNER_ONLY_DIRECTORY = 0o700
"""The database holds names of children."""


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database, whatever links lead there; ``None`` for a database elsewhere."""
    is_file = url.get_backend_name() == "sqlite" and url.database
    return Path(os.path.realpath(url.database)) if is_file and url.database else None


def immutable(url: URL) -> URL:
    """The address of a SQLite database that nobody changes: its log needs no file beside it."""
    return url.set(database=f"file:{url.database}").update_query_dict({"immutable": "1", "mode": "ro", "uri": "true"})


class Place:
    """A SQLite database's file, locked so that two gateways never deliver from it. SQLite gives the files beside it the
    same mode."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make_directory(path.parent)
            self._lock = _open(path.with_name(f"{path.name}.lock"))
        except OSError as error:
            raise StoreError(f"cannot use the database {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StoreError(
                f"another gateway is using {path}; stop it first, or share a PostgreSQL database"
            ) from None
        try:
            _open(path).close()
            self._inode = path.stat().st_ino
        except OSError as error:
            self._lock.close()
            raise StoreError(f"cannot use the database {path}: {error.strerror}") from error

    def trouble(self) -> str | None:
        """What happened to the file under our hands. What is written to a deleted file is gone with the process."""
        try:
            is_ours = self.path.stat().st_ino == self._inode
            is_ours = is_ours and self.path.with_name(f"{self.path.name}-wal").exists()
        except OSError:
            is_ours = False
        return None if is_ours else f"the database {self.path} was deleted or replaced while the gateway was using it"

    def close(self) -> None:
        """Let others have it."""
        self._lock.close()


def _make_directory(path: Path) -> None:
    """A directory that we make is the owner's alone; one that exists is as somebody wanted it."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        with suppress(FileExistsError):  # made by another meanwhile
            one.mkdir(OWNER_ONLY_DIRECTORY)


def _open(path: Path) -> IO[bytes]:
    """A file that is made here is the owner's alone, whatever the umask says."""
    try:
        made = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY_FILE)
    except FileExistsError:
        return path.open("ab")
    os.fchmod(made, OWNER_ONLY_FILE)
    return os.fdopen(made, "ab")
