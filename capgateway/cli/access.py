"""A database file that belongs to another user: who that is, and what to do, in one sentence."""

from __future__ import annotations

import os
import pwd
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from capgateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "sqlite:///"
#: What SQLite, and the gateway's lock, keep beside the file.
_BESIDE = ("", "-wal", "-shm", ".lock")


@contextmanager
def explained(database: str, *, writes: bool = False) -> Iterator[None]:
    """Says whose the database is, where that is why it cannot be used; any other trouble passes through."""
    try:
        yield
    except (PermissionError, StoreError) as error:
        if (told := _refusal(database, writes=writes)) is None:
            raise
        raise StoreError(told) from error


def _refusal(database: str, *, writes: bool) -> str | None:
    if not database.startswith(_PREFIX):
        return None
    path = Path(database.removeprefix(_PREFIX))
    closed = _closed(path, writes=writes)
    if closed is None:
        return None
    owner, user = closed.stat().st_uid, os.geteuid()
    where = f"the database {path}" if closed == path else f"{closed}, needed for the database {path},"
    if owner == user:
        return f"{where} is yours, but its permissions do not let you {'use' if writes else 'read'} it; see ls -ld {closed}"
    return (
        f"{where} belongs to the user {_name(owner)}, and the user {_name(user)} may not {'use' if writes else 'read'} it; "
        f"run the command as that user: sudo -u {_name(owner)} capgateway …"
    )


def _closed(path: Path, *, writes: bool) -> Path | None:
    """The first place on the way to the database that this user may not use as needed. Symbolic links are followed."""
    for directory in reversed(path.parents):
        if not _may(directory, os.X_OK):
            return directory if directory.is_dir() else None
    wanted = os.R_OK | os.W_OK if writes else os.R_OK
    if writes and not path.exists():
        return None if _may(path.parent, wanted | os.X_OK) else path.parent
    beside = (path.with_name(path.name + ending) for ending in _BESIDE)
    return next((one for one in beside if one.exists() and not _may(one, wanted)), None)


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # as in a container, whose users have no names
        return str(number)
