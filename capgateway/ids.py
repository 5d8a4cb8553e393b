"""Names of things: a prefix that says what is named, and 130 bits of a hash in base32. No full stop, no capital."""

from __future__ import annotations

import hashlib
from base64 import b32encode

CHARACTERS = 26
BYTES = 20  # which give 32 characters without padding


def derived(prefix: str, *parts: str) -> str:
    """The name that the same parts always give, such as ``crd_…``. The parts are separated by NUL."""
    return from_digest(prefix, hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest())


def from_digest(prefix: str, digest: bytes) -> str:
    """The name of what already has a hash."""
    return f"{prefix}_{b32encode(digest[:BYTES]).decode().lower()[:CHARACTERS]}"
