"""Names of things: a prefix that says what is named, and 130 bits of a hash in base32. No full stop, no capital."""

from __future__ import annotations

import hashlib

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
BYTES = 17
SHIFTS = range(126, -1, -10)
"""Of 136 bits the first 130 count, ten for every two characters: much faster than the library's base32."""


def derived(prefix: str, *parts: str) -> str:
    """The name that the same parts always give, such as ``crd_…``. The parts are separated by NUL."""
    return from_digest(prefix, hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest())


def from_digest(prefix: str, digest: bytes) -> str:
    """The name of what already has a hash."""
    number = int.from_bytes(digest[:BYTES])
    return f"{prefix}_{''.join([PAIRS[number >> shift & 1023] for shift in SHIFTS])}"
