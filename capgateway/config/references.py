"""The kinds of value that name something outside the configuration file: files, directories, variables of the environment.

They are looked into only where the caller uses them: a user who lists cards need not be able to read the key of a receiver.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from capgateway import net
from capgateway.config.spot import REFERENCE, Spot, Wrong
from capgateway.config.values import Kind, shown

LONGEST_SECRET_FILE = 64 * 1024  # bytes; a key or token is short, a wrong path may name anything


def existing_file() -> Kind:
    """A file, relative to the configuration file, ``file:`` before it or not: read as its absolute path."""

    def read(value: Any, spot: Spot) -> str:
        if not isinstance(value, str) or not value:
            raise Wrong(f"must name a file, not {shown(value)}")
        path = _path(value.removeprefix("file:"), spot)
        if spot.is_wanted and not path.is_file():
            raise Wrong(f"there is no file {path}")
        return str(path)

    return Kind(read, {"type": "string"})


def key_file() -> Kind:
    """A file with a private key."""
    some_file = existing_file()

    def read(value: Any, spot: Spot) -> Any:
        path = some_file.read(value, spot)
        if spot.is_wanted:
            _warn_of_readers(Path(path), Path(path).stat().st_mode, spot)
        return path

    return Kind(read, some_file.form)


def folder() -> Kind:
    """A directory, relative to the configuration file: read as its absolute path. One that is not there may still come
    (a mount), so that is a warning.
    """

    def read(value: Any, spot: Spot) -> str:
        if not isinstance(value, str) or not value:
            raise Wrong(f"must name a directory, not {shown(value)}")
        path = _path(value, spot)
        if not spot.is_wanted:
            return str(path)
        if path.exists() and not path.is_dir():
            raise Wrong(f"{path} is not a directory")
        if not path.is_dir():
            spot.warn(f"there is no directory {path} yet")
        return str(path)

    return Kind(read, {"type": "string", "minLength": 1})


def reference() -> Kind:
    """``env:NAME`` or ``file:PATH``, read as what is found there; anything else is the value itself. ``""`` where the caller
    does not use it."""

    def read(value: Any, spot: Spot) -> str:
        if not isinstance(value, str) or not value:
            raise Wrong('must be a string: "env:NAME", "file:PATH" or the value itself')
        if not spot.is_wanted:
            return ""
        match = REFERENCE.fullmatch(value)
        if match:
            return _from_environment(match[2], spot) if match[1] == "env" else _from_file(match[2], spot)
        return value

    return Kind(read, {"type": "string", "minLength": 1})


def proxy() -> Kind:
    """A proxy's URL, or a reference to one: it may contain a login, so no fault quotes it."""
    some_text = reference()

    def read(value: Any, spot: Spot) -> str:
        found = str(some_text.read(value, spot))
        if not spot.is_wanted:
            return found
        try:
            known = net.read_proxy(found)
        except ValueError as error:
            raise Wrong(str(error)) from None
        if known.login:
            spot.warn_literal("the login of the proxy is written in this file")
        return found

    return Kind(read, some_text.form)


def _from_environment(name: str, spot: Spot) -> str:
    found = spot.file.environ.get(name, "")
    if not found:
        raise Wrong(f"the environment variable {name} is not set")
    return found


def _from_file(name: str, spot: Spot) -> str:
    path = _path(name, spot)
    try:
        with path.open("rb") as file:
            content, mode = file.read(LONGEST_SECRET_FILE + 1), os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise Wrong(f"cannot read {path}: {error.strerror}") from None
    if not content.strip() or len(content) > LONGEST_SECRET_FILE:
        raise Wrong(f"{path} is empty or longer than {LONGEST_SECRET_FILE:,} bytes")
    _warn_of_readers(path, mode, spot)
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        raise Wrong(f"{path} is not text") from None


def _warn_of_readers(path: Path, mode: int, spot: Spot) -> None:
    """A secret that every user of the machine can read is not one."""
    if mode & stat.S_IROTH:
        spot.warn(f"every user of this machine can read {path}; restrict it with: chmod o-rwx {path}")


def _path(name: str, spot: Spot) -> Path:
    return (spot.file.directory / os.path.expanduser(name)).absolute()
