"""TLS as we speak it, with certificates as they are in their files now.

Certificates are renewed under the same path while the gateway runs, and authorities change. So the files are looked at
before each connection: it costs microseconds, and nobody has to restart anything.
"""

from __future__ import annotations

import os
import ssl
from functools import cache, lru_cache
from typing import TypeAlias

from capgateway.errors import ConfigError, FetchError

MOST_SETTINGS = 1024
"""Each of a thousand receivers may have its own; beyond that some files are read more often."""

_Stamp: TypeAlias = "tuple[tuple[int, int, int] | None, ...]"


class Certificates:
    """The certificate files of one feed or receiver, paths of PEM files: who is trusted, and who we are."""

    def __init__(self, ca: str | None = None, client_cert: str | None = None, client_key: str | None = None) -> None:
        self._ca, self._client_cert, self._client_key = ca, client_cert, client_key
        self._context: ssl.SSLContext | None = None
        self._stamp: _Stamp = ()

    @property
    def are_ours(self) -> bool:
        """Whether the operator named any, beside the system's authorities."""
        return self._ca is not None or self._client_cert is not None

    def context(self) -> ssl.SSLContext:
        """For the next connection: the same as before while no file has changed. Raises ``FetchError``, reason ``tls``,
        while the files cannot be used; as soon as they can, all is well again."""
        if not self.are_ours and self is not _SYSTEM:
            return _SYSTEM.context()
        stamp = _stamp(*self._files())
        if self._context is None or stamp != self._stamp:
            try:
                self._context = tls_context(self._ca, self._client_cert, self._client_key)
            except ConfigError as error:
                self._context = None  # who was trusted before may be the reason for the change
                raise FetchError(str(error), reason="tls") from error
            self._stamp = stamp
        return self._context

    def _files(self) -> tuple[str | None, ...]:
        if self is _SYSTEM:
            return _system_files()
        return self._ca, self._client_cert, self._client_key


@cache
def _system_files() -> tuple[str | None, str | None]:
    paths = ssl.get_default_verify_paths()
    return paths.cafile, paths.capath


_SYSTEM = Certificates()
"""The system's authorities, shared: reading them takes tens of milliseconds and half a megabyte."""


@lru_cache(maxsize=MOST_SETTINGS)
def certificates(ca: str | None = None, client_cert: str | None = None, client_key: str | None = None) -> Certificates:
    """Shared by all who name the same files: a context takes half a megabyte, and milliseconds to make."""
    return Certificates(ca, client_cert, client_key)


def tls_context(ca: str | None = None, client_cert: str | None = None, client_key: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificates verified: against the files of ``ca`` instead of the system's authorities if given.

    ``client_cert`` may hold its key. Raises ``ConfigError`` when a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
        if client_cert:
            context.load_cert_chain(client_cert, client_key)
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(name for name in (ca, client_cert, client_key) if name)
        raise ConfigError(f"certificate files cannot be used ({files}): {error.strerror or error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _stamp(*paths: str | None) -> _Stamp:
    """What changes when a file is written or replaced, also behind a symbolic link."""
    return tuple(_facts(path) for path in paths if path)


def _facts(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
