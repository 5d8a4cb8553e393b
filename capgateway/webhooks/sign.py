"""Proves to a receiver that a message comes from this gateway: Standard Webhooks 1.0.0 signatures, symmetric ``v1`` and
asymmetric ``v1a``.

What is signed is ``id.timestamp.body``, the body being the very bytes that travel. The timestamp is the attempt's, made
fresh at each retry; the id stays.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import msgspec

from capgateway.errors import SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from capgateway.webhooks.ed25519 import PublicKey, SigningKey

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
OURS = frozenset({ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER})

SECRET_PREFIX = "whsec_"  # noqa: S105  (the public prefix of every secret)
SECRET_BYTES = range(24, 65)
"""Standard Webhooks wants 24 to 64 random bytes."""
TOLERANCE_SECONDS = 300
"""The specification names no number; every official library takes five minutes, past and future."""
MAX_TOKENS = 16
"""Signatures looked at in one header: rotation needs three, a stranger must not make us compare thousands."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_KEY_PREFIXES = ("whpk_", "whsk_")

# Secrets that the specification's libraries and their documentation print as examples: anyone can sign with them.
_PUBLISHED = frozenset(
    b64decode(text)
    for text in (
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr==",
        "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH",
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


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """One signature of a header. ``key`` is the position of the secret or public key that made it, among those of its kind;
    ``None``: no known key did, for this ``reason``."""

    version: str
    key: int | None = None
    reason: str = ""


def sign(
    secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes, *, key: SigningKey | None = None
) -> str:
    """The value of ``webhook-signature``. ``secrets`` are newest first; the newest signature comes last.

    Elixir's library looks at the last token only, so the secret that stays has to be there. Receivers that do not know
    ``v1a`` pass it over.
    """
    content = _content(message_id, str(timestamp), body)
    tokens = [f"v1a,{b64encode(key.sign(content)).decode()}"] if key else []
    tokens += [f"v1,{b64encode(hmac.digest(secret, content, 'sha256')).decode()}" for secret in reversed(secrets)]
    return " ".join(tokens)


def verify(
    secrets: Iterable[bytes],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: datetime,
    public_keys: Iterable[PublicKey] = (),
) -> None:
    """Return when any signature is right and the timestamp is within five minutes, else raise ``SignatureError``.

    Header names are compared without case. Signatures of other versions and malformed tokens are passed over.
    """
    check_time(headers, now=now)
    if all(one.key is None for one in examine(secrets, headers, body, public_keys=public_keys)):
        raise SignatureError("no signature matches")


def check_time(headers: Mapping[str, str], *, now: datetime) -> int:
    """The time of the signature, in seconds since 1970; ``SignatureError`` if it is missing or more than five minutes off."""
    _, sent, _ = _headers(headers)
    if not _TIMESTAMP.fullmatch(sent):
        raise SignatureError(f"{TIMESTAMP_HEADER} is not a whole number of seconds since 1970")
    late = now.timestamp() - int(sent)
    if abs(late) > TOLERANCE_SECONDS:
        raise SignatureError(f"{TIMESTAMP_HEADER} is {abs(late):.0f} s in the {'past' if late > 0 else 'future'}")
    return int(sent)


def examine(
    secrets: Iterable[bytes], headers: Mapping[str, str], body: bytes, *, public_keys: Iterable[PublicKey] = ()
) -> list[Looked]:
    """Which key made each signature of the header, whatever its time. Every key is compared, also after a match."""
    message_id, sent, signatures = _headers(headers)
    content = _content(message_id, sent, body)
    expected = [hmac.digest(secret, content, "sha256") for secret in secrets]
    known = tuple(public_keys)
    return [_look(token, content, expected, known) for token in signatures.split()[:MAX_TOKENS]]


def _look(token: str, content: bytes, expected: Sequence[bytes], public_keys: Sequence[PublicKey]) -> Looked:
    version, _, encoded = token.partition(",")
    if version not in {"v1", "v1a"}:
        return Looked(version=version, reason="unknown version")
    try:
        given = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return Looked(version=version, reason="not base64")
    if version == "v1":
        found = [hmac.compare_digest(one, given) for one in expected]
    else:
        found = [one.matches(given, content) for one in public_keys]
    if any(found):
        return Looked(version=version, key=found.index(True))
    return Looked(version=version, reason="matches no known key" if found else "no key of its kind is known")


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    # Headers arrive decoded with surrogateescape where a stranger sends bytes that are not UTF-8.
    return f"{message_id}.{timestamp}.".encode(errors="surrogateescape") + body


def _headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    """Id, timestamp and signatures. Of two with one name nobody knows which the receiver means, so neither counts."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name.lower() in found and name.lower() in OURS:
            raise SignatureError(f"{name.lower()} comes twice")
        found[name.lower()] = value
    message_id, sent, signatures = (_header(found, name) for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    return message_id, sent, signatures


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise SignatureError(f"{name} is missing")
    return value
