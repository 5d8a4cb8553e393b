"""Every exception of our own, in one tree.

::

    CapgatewayError                 a sentence for the user; the command line prints it and exits 2
    ├── ConfigError                 the configuration cannot be used: file, line, key, what to do
    │   └── ConfigErrors            all faults of one file, a line each
    ├── SourceError                 a file, URL or stream to be validated could not be read at all
    ├── FetchError                  a stranger's server did not give us a usable answer
    │   └── Blocked                 its address is one we refuse to connect to
    ├── SignatureError              a webhook's signature does not verify
    └── StoreError                  the database cannot be used: wrong version, not reachable

Expected trouble is a value, not an exception: an invalid alert gives findings, a feed that has nothing
new gives ``None``, a receiver that is down gives an ``Attempt``.
"""

from __future__ import annotations

from collections.abc import Sequence


class CapgatewayError(Exception):
    """The message is a sentence for the user."""


class ConfigError(CapgatewayError):
    """The configuration cannot be used. ``line`` is 1-based, or ``None`` where the fault has no line (a missing file).

    ``key`` is dotted with list positions from 0, as in ``feeds[0].interval``, or ``None``.
    """

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        self.message, self.path, self.line, self.key = message, path, line, key
        place = ":".join(str(part) for part in (path, line) if part is not None)
        super().__init__(": ".join(part for part in (place, key, message) if part))


class ConfigErrors(ConfigError):
    """All faults of one configuration file, in the order of their lines; the message is one line for each."""

    def __init__(self, faults: Sequence[ConfigError]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SourceError(CapgatewayError):
    """A source named by the user could not be read at all."""


class FetchError(CapgatewayError):
    """A server did not give a usable answer; ``reason`` is one stable word for logs and metrics."""

    def __init__(self, message: str, *, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


class Blocked(FetchError):
    """The address is private, loopback or otherwise not for the public internet, and not in ``allow_networks``."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason="blocked")


class SignatureError(CapgatewayError):
    """A webhook's headers or signature are missing, malformed, too old or wrong."""


class StoreError(CapgatewayError):
    """The database cannot be used."""
