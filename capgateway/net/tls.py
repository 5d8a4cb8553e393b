"""TLS as we speak it, with certificates as they are in their files now.

Certificates are renewed under the same path while the gateway runs, and authorities change. So the files are looked at
before each connection: it costs microseconds, and nobody has to restart anything.
"""

from __future__ import annotations

import os
import re
import ssl
from functools import cache, lru_cache
from typing import TypeAlias

from capgateway.errors import ConfigError, FetchError

MOST_SETTINGS = 1024
"""Each of a thousand receivers may have its own; beyond that some files are read more often."""

LARGEST_FILE = 1024 * 1024
"""Bytes of a client certificate with its chain, or of a key: some kilobytes."""
_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_PRIVATE_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")

Stamp: TypeAlias = "tuple[tuple[int, int, int] | None, ...]"


class Certificates:
    """The certificate files of one feed or receiver, paths of PEM files: who is trusted, and who we are."""

    def __init__(self, ca: str | None = None, client_cert: str | None = None, client_key: str | None = None) -> None:
        self._ca, self._client_cert, self._client_key = ca, client_cert, client_key
        self._context: ssl.SSLContext | None = None
        self._stamp: Stamp = ()

    @property
    def are_ours(self) -> bool:
        """Whether the operator named any, beside the system's authorities."""
        return self._ca is not None or self._client_cert is not None

    def context(self) -> ssl.SSLContext:
        """For the next connection: the same as before while no file has changed. Raises ``FetchError``, reason ``tls``,
        while the files cannot be used; as soon as they can, all is well again."""
        if not self.are_ours and self is not _SYSTEM:
            return _SYSTEM.context()
        found = stamp(*self._files())
        if self._context is None or found != self._stamp:
            try:
                self._context = tls_context(self._ca, self._client_cert, self._client_key)
            except ConfigError as error:
                self._context = None  # who was trusted before may be the reason for the change
                raise FetchError(error.message, reason="tls") from error
            self._stamp = found
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

    ``client_cert`` may hold its key. Raises ``ConfigError`` when a file cannot be used, with the key that names it.
    """
    context = _trusting(ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if client_cert:
        _show(context, client_cert, client_key)
    return context


def _trusting(ca: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError as error:
        raise ConfigError(f"{ca} is not a PEM file with certificates: {_reason(error)}", key="ca") from error
    except OSError as error:
        raise ConfigError(f"cannot read {ca}: {error.strerror}", key="ca") from error


def _show(context: ssl.SSLContext, client_cert: str, client_key: str | None) -> None:
    """Show this certificate to servers that ask for one."""
    key_is = "client_key" if client_key else "client_cert"
    key_file = client_key or client_cert
    _expect(client_cert, _CERTIFICATE, "a certificate", key="client_cert")
    hint = "" if client_key else "; name the file with the private key in client_key"
    _expect(key_file, _PRIVATE_KEY, "a private key", key=key_is, hint=hint)
    try:
        context.load_cert_chain(client_cert, client_key, password=_no_password)
    except _Encrypted:
        decrypt = f"openssl pkey -in {key_file} -out NEW.key"
        told = f"the private key in {key_file} is encrypted, and nobody is there to enter its password; decrypt it: {decrypt}"
        raise ConfigError(told, key=key_is) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            told = f"the private key in {key_file} does not belong to the certificate in {client_cert}"
            raise ConfigError(told, key=key_is) from error
        files = f"{client_cert} or {client_key}" if client_key else client_cert
        raise ConfigError(f"{files} cannot be used: {_reason(error)}", key="client_cert") from error


class _Encrypted(Exception):
    """A password would be needed."""


def _no_password() -> str:
    """Without this, OpenSSL asks for a password at the terminal, and the whole process waits."""
    raise _Encrypted


def _expect(path: str, mark: re.Pattern[bytes], what: str, *, key: str, hint: str = "") -> None:
    """What OpenSSL says about a file without the right block is hard to understand."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", key=key) from error
    if not mark.search(content):
        raise ConfigError(f"{path} does not contain {what} in PEM format{hint}", key=key)


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or error.strerror or "it is damaged").replace("_", " ").lower()


def stamp(*paths: str | None) -> Stamp:
    """What changes when a file is written or replaced, also behind a symbolic link."""
    return tuple(_facts(path) for path in paths if path)


def _facts(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
