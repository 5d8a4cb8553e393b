"""The digest of a resource, in every way in which senders compute it (CAP 1.2 §3.2.3).

The standard says SHA-1, and neither of which bytes nor how it is written. Canada's and the United States' systems compute it over
the base64 text.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEX_SHA1 = r"[0-9A-Fa-f]{40}"
_BASE64_SHA1 = r"[A-Za-z0-9+/]{27}="
#: IPAWS writes 60, PEM 64 and MIME 76 characters per line.
_WIDTHS = (60, 64, 76)
OF_FILE = "of the file"


def stated(digest: str) -> bytes | None:
    """The SHA-1 that a digest states, ``None`` where it does not have the form of one."""
    if re.fullmatch(_HEX_SHA1, digest):
        return bytes.fromhex(digest)
    return binascii.a2b_base64(digest) if re.fullmatch(_BASE64_SHA1, digest) else None


def reading(expected: bytes, content: bytes, text: str) -> str | None:
    """Of what a SHA-1 is the digest: :data:`OF_FILE`, or how its base64 ``text`` was written; ``None`` for nothing that we
    know."""
    import hashlib  # noqa: PLC0415  (few messages need it, and it takes 3 ms of a command that takes 80)

    def is_of(data: bytes) -> bool:
        return hashlib.sha1(data, usedforsecurity=False).digest() == expected

    if is_of(content):
        return OF_FILE
    return next((form for form, written in _writings(text) if is_of(written.encode())), None)


def matches(digest: str, content: bytes, text: str | None = None) -> bool:
    """Whether a digest is that of a file in any reading. ``text`` is its base64 as the sender wrote it, where that is known."""
    expected = stated("".join(digest.split()))
    if expected is None:
        return False
    written = binascii.b2a_base64(content, newline=False).decode() if text is None else text
    return reading(expected, content, written) is not None


def _writings(text: str) -> Iterator[tuple[str, str]]:
    """The ways in which senders write base64 when they compute a digest over it, the likeliest first."""
    plain = "".join(text.split())
    yield "as written", text
    yield "as written, without white space around it", text.strip()
    yield "without white space", plain
    yield "as written, with line breaks of two characters", text.replace("\n", "\r\n")
    for width in _WIDTHS:
        lines = [plain[at : at + width] for at in range(0, len(plain), width)]
        for end in ("\n", "\r\n"):
            yield f"in lines of {width} characters", end.join(lines)
            yield f"in lines of {width} characters", end.join([*lines, ""])
