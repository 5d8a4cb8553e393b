"""A place in the configuration file while it is read: knows its line, takes down faults and warnings, goes on reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from capgateway import log
from capgateway.config.lines import Path as Place
from capgateway.errors import ConfigError

REFERENCE = re.compile(r"(env|file):(.+)", re.DOTALL)
"""A secret that is kept elsewhere: ``env:NAME`` or ``file:PATH``."""

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Wrong(Exception):
    """What is wrong with one value; its place is known to the :class:`Spot` that reads it."""


class Unusable:
    """Stands for a value that was faulty, so that reading can go on and find the next fault."""


UNUSABLE = Unusable()


class File(msgspec.Struct, kw_only=True):
    """One configuration file being read, and what has been found so far. ``secrets_of`` names the tables whose secrets and
    files are read (``gateway``, ``feeds.nws``, ``receivers.app``); ``None`` is all of them."""

    path: str
    directory: Path
    environ: Mapping[str, str]
    document: dict[str, Any]
    lines: dict[Place, int]
    faults: list[ConfigError]
    warnings: list[ConfigError]
    faulty: set[Place] = set()
    secrets_of: frozenset[str] | None = None


class Spot:
    """One value's place in the file."""

    def __init__(self, file: File, path: Place = ()) -> None:
        self.file, self.path = file, path

    def at(self, step: str | int) -> Spot:
        """The place one step further in."""
        return Spot(self.file, (*self.path, step))

    def read(self, how: Callable[[Any, Spot], Any], value: Any) -> Any:
        """What ``how`` makes of the value, or :data:`UNUSABLE` after taking down what is wrong with it."""
        try:
            return how(value, self)
        except Wrong as wrong:
            self.fault(str(wrong))
            return UNUSABLE

    def fault(self, message: str) -> None:
        """Take down what is wrong here. The first fault of a value is the one to mend; a second would only repeat it."""
        if self.path not in self.file.faulty:
            self.file.faulty.add(self.path)
            self.file.faults.append(self._remark(message))

    def warn(self, message: str) -> None:
        self.file.warnings.append(self._remark(message))

    def warn_literal(self, message: str) -> None:
        """Warn, unless the value is a reference."""
        if not REFERENCE.fullmatch(str(self.written)):
            self.warn(f'{message}; use "env:NAME" or "file:PATH" instead, because others can often read this file')

    @property
    def is_wanted(self) -> bool:
        """Whether the caller uses the secrets and files of the table around this place. What is not used is not read: a
        person who lists cards need not hold the secret of any receiver."""
        return self.file.secrets_of is None or self._table in self.file.secrets_of

    @property
    def _table(self) -> str:
        """``gateway``, ``feeds.nws``: the table around this place, by its name where there are several."""
        table = str(self.path[0]) if self.path else ""
        if len(self.path) > 1 and isinstance(self.path[1], int):
            one = self.file.document[table][self.path[1]]
            return f"{table}.{one.get('name')}" if isinstance(one, dict) else table
        return table

    @property
    def written(self) -> Any:
        """The value as it is written in the file."""
        value: Any = self.file.document
        for step in self.path:
            value = value[step]
        return value

    @property
    def line(self) -> int | None:
        """The line of this place, or of the nearest table around it."""
        path = self.path
        while path and path not in self.file.lines:
            path = path[:-1]
        return self.file.lines.get(path)

    @property
    def key(self) -> str:
        """Dotted, with list positions: ``feeds[0].url``."""
        dotted = ""
        for step in self.path:
            dotted += f"[{step}]" if isinstance(step, int) else f".{step if BARE_KEY.fullmatch(step) else quoted(step)}"
        return dotted.removeprefix(".")

    def _remark(self, message: str) -> ConfigError:
        return ConfigError(log.one_line(message), path=self.file.path, line=self.line, key=self.key or None)


def quoted(text: str) -> str:
    """In quotes, on one line, as a TOML file would hold it."""
    return log.one_line(msgspec.json.encode(text).decode())
