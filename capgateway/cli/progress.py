"""How far it is, told on the terminal while something takes longer than a second."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Self

from capgateway.cli.output import is_dumb

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds until something is said at all, and then between two looks.
PATIENCE, TICK = 1.0, 0.2
_ERASE = "\r\x1b[K"


class Progress:
    """A last line on a terminal's stderr; the caller sets ``done``. Nothing where stderr is not a terminal."""

    def __init__(self, total: int, what: str = "validated") -> None:
        self.done, self._what = 0, what
        self._total = total
        self._begun = time.monotonic()
        self._is_shown = False
        self._lock, self._over = Lock(), Event()
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty() and not is_dumb():
            self._thread = Thread(target=self._show, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
        with self.aside():
            pass

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While others write, to what may be the same terminal."""
        with self._lock:
            if self._is_shown:
                self._write(_ERASE)
                self._is_shown = False
            yield

    def _show(self) -> None:
        self._over.wait(PATIENCE)
        with suppress(OSError):  # the terminal was closed
            while not self._over.wait(TICK):
                with self._lock:
                    seconds = int(time.monotonic() - self._begun)
                    self._write(f"{_ERASE}{self.done:,} of {self._total:,} {self._what}, {seconds} s ")
                    self._is_shown = True

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
