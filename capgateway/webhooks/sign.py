"""Proves to a receiver that a message comes from this gateway: Standard Webhooks 1.0.0 signatures, symmetric ``v1``.

What is signed is ``id.timestamp.body``, the body being the very bytes that travel. The timestamp is the attempt's, made
fresh at each retry; the id stays.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from capgateway.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

SECRET_PREFIX = "whsec_"  # noqa: S105  (the public prefix of every secret)
SECRET_BYTES = range(24, 65)
"""Standard Webhooks wants 24 to 64 random bytes."""
TOLERANCE_SECONDS = 300
"""The specification names no number; every official library takes five minutes, past and future."""
MAX_TOKENS = 16
"""Signatures looked at in one header: rotation needs three, a stranger must not make us compare thousands."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_KEY_PREFIXES = ("whpk_", "whsk_")

# Secrets that the specification's libraries print in their tests: anyone can sign with them.
_PUBLISHED = frozenset(
    b64decode(text)
    for text in (
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
        "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=",  # the seed of the one above
    )
)


def decode_secret(text: str) -> bytes:
    """The key bytes of ``whsec_<base64>``; prefix and padding may be missing. ``ValueError`` never repeats the secret."""
    text = text.strip()
    if text.startswith(_KEY_PREFIXES):
        raise ValueError(f"this is an ed25519 key ({text[:5]}…); a symmetric secret starts with {SECRET_PREFIX}")
    encoded = text.removeprefix(SECRET_PREFIX)
    if "_" in encoded or "-" in encoded:
        raise ValueError(f"a webhook secret is {SECRET_PREFIX} followed by standard base64, which has neither _ nor -")
    try:
        secret = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"a webhook secret is {SECRET_PREFIX} followed by standard base64") from None
    if len(secret) not in SECRET_BYTES:
        raise ValueError(
            f"a webhook secret has {SECRET_BYTES[0]} to {SECRET_BYTES[-1]} bytes before base64, this one has {len(secret)}"
        )
    return secret


def encode_secret(secret: bytes) -> str:
    """The written form of a secret, as ``decode_secret`` reads it."""
    return SECRET_PREFIX + b64encode(secret).decode()


def is_published_secret(secret: bytes) -> bool:
    """Whether everybody knows this secret or ed25519 key, because it is in the specification's test vectors."""
    return secret in _PUBLISHED


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``. ``secrets`` are newest first; the newest signature comes last.

    Elixir's library looks at the last token only, so the secret that stays has to be there.
    """
    return " ".join(
        "v1," + b64encode(_digest(secret, message_id, timestamp, body)).decode() for secret in reversed(secrets)
    )


def verify(secrets: Iterable[bytes], headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
    """Return when any ``v1`` signature is right and the timestamp is within five minutes, else raise ``SignatureError``.

    Header names are compared without case. Signatures of other versions and malformed tokens are passed over.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id, sent, signature = (_header(found, name) for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    if not _TIMESTAMP.fullmatch(sent):
        raise SignatureError(f"{TIMESTAMP_HEADER} is not a whole number of seconds since 1970")
    timestamp = int(sent)
    late = now.timestamp() - timestamp
    if abs(late) > TOLERANCE_SECONDS:
        raise SignatureError(f"{TIMESTAMP_HEADER} is {abs(late):.0f} s in the {'past' if late > 0 else 'future'}")
    given = list(_signatures(signature))
    expected = [_digest(secret, message_id, timestamp, body) for secret in secrets]
    if not any(hmac.compare_digest(one, other) for one in expected for other in given):
        raise SignatureError("no signature matches")


def _digest(secret: bytes, message_id: str, timestamp: int, body: bytes) -> bytes:
    # Headers arrive decoded with surrogateescape where a stranger sends bytes that are no UTF-8.
    return hmac.digest(secret, f"{message_id}.{timestamp}.".encode(errors="surrogateescape") + body, "sha256")


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise SignatureError(f"{name} is missing")
    return value


def _signatures(header: str) -> Iterable[bytes]:
    """The decoded ``v1`` signatures of a header; what is malformed is not a signature."""
    for token in header.split()[:MAX_TOKENS]:
        version, _, encoded = token.partition(",")
        if version != "v1":
            continue
        try:
            yield b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
