"""The seal on secrets that have to be kept: readable only with a key that is not in the database.

Beside a SQLite database the key is a file of its own, ``NAME.key``, which no backup of the database contains. Gateways that
share a PostgreSQL have its password in common, and the key is made from that. Where there is neither, nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from capgateway.store.place import OWNER_ONLY_FILE, file_of

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

KEY_BYTES, NONCE_BYTES = 32, 12
COST = {"n": 1 << 14, "r": 8, "p": 1}
"""Of trying a password on a stolen copy of the database: a twentieth of a second each."""


class Seal:
    """``key`` is ``None`` where there is none."""

    def __init__(self, key: bytes | None) -> None:
        self._cipher = ChaCha20Poly1305(key) if key else None

    def close(self, name: str, content: bytes) -> bytes | None:
        """The content, sealed for this name; ``None`` without a key."""
        if self._cipher is None:
            return None
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes | None:
        """What was sealed for this name; ``None`` where the key is another, or there is none."""
        if self._cipher is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            return None


def seal_of(url: URL, deployment: str) -> Seal:
    """The seal of a database."""
    if (path := file_of(url)) is not None:
        return Seal(_key_beside(path))
    password = url.password
    return Seal(
        hashlib.scrypt(str(password).encode(), salt=deployment.encode(), dklen=KEY_BYTES, **COST) if password else None
    )


def _key_beside(path: Path) -> bytes | None:
    """The key of a SQLite database, which is made when it is first needed; ``None`` if it cannot be read."""
    place = path.with_name(f"{path.name}.key")
    try:
        made = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY_FILE)
    except FileExistsError:
        return _read(place)
    except OSError:
        return None
    with os.fdopen(made, "wb") as file:
        os.fchmod(made, OWNER_ONLY_FILE)
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(made)
    return _read(place)


def _read(place: Path) -> bytes | None:
    try:
        key = place.read_bytes()
    except OSError:
        return None
    return key if len(key) == KEY_BYTES else None
