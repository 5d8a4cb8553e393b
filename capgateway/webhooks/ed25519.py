"""The asymmetric half of Standard Webhooks: ``whsk_…`` signs, ``whpk_…`` verifies (signatures ``v1a``).

A receiver that has only the public key cannot forge messages, and no secret has to be brought to it.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNING_PREFIX, PUBLIC_PREFIX, SECRET_PREFIX = "whsk_", "whpk_", "whsec_"
KEY_BYTES = 32
"""Of a seed and of a public key. ``whsk_`` has the seed, or the seed and the public key that follows from it."""

_SEEDS_IN_PRINT = frozenset({b64decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=")})
"""Of the specification's test vector: anyone can sign with it."""


class PublicKey:
    """What verifies. Equal where the bytes are."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._key = Ed25519PublicKey.from_public_bytes(raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __str__(self) -> str:
        return PUBLIC_PREFIX + b64encode(self.raw).decode()

    def matches(self, signature: bytes, content: bytes) -> bool:
        """Whether its key made this signature."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    @property
    def jwk(self) -> dict[str, str]:
        """As a JSON Web Key (RFC 8037); ``kid`` is its thumbprint (RFC 7638), so it is the same wherever it is made."""
        key = {"crv": "Ed25519", "kty": "OKP", "x": _url_safe(self.raw)}
        thumbprint = hashlib.sha256(msgspec.json.encode(key, order="sorted")).digest()
        return key | {"kid": _url_safe(thumbprint)}


class SigningKey:
    """What signs. Making one takes as long as signing, so it is made once per receiver. It never shows its secret."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    def __reduce__(self) -> Any:
        raise TypeError("a signing key is not copied")

    def sign(self, content: bytes) -> bytes:
        return self._key.sign(content)


def decode_seed(text: str) -> bytes:
    """The seed of ``whsk_<base64>``. ``ValueError`` never repeats the key."""
    text = text.strip()
    if text.startswith(SECRET_PREFIX):
        raise ValueError(f"this is a symmetric secret ({SECRET_PREFIX}…); a signing key starts with {SIGNING_PREFIX}")
    if text.startswith(PUBLIC_PREFIX):
        raise ValueError(
            f"this is a public key ({PUBLIC_PREFIX}…), which cannot sign; a signing key starts with {SIGNING_PREFIX}"
        )
    raw = _decoded(text, SIGNING_PREFIX, "a signing key")
    if len(raw) not in (KEY_BYTES, 2 * KEY_BYTES):
        raise ValueError(
            f"a signing key has {KEY_BYTES} or {2 * KEY_BYTES} bytes before base64, this one has {len(raw)}"
        )
    seed, public = raw[:KEY_BYTES], raw[KEY_BYTES:]
    if public and public_key(seed).raw != public:
        raise ValueError("the second half of this signing key is not the public key that belongs to the first half")
    return seed


def encode_seed(seed: bytes) -> str:
    """The written form of a signing key: the seed and the public key, as other programs expect it."""
    return SIGNING_PREFIX + b64encode(seed + public_key(seed).raw).decode()


def public_key(seed: bytes) -> PublicKey:
    """What verifies the signatures of this key."""
    return SigningKey(seed).public


def decode_public_key(text: str) -> PublicKey:
    """The key of ``whpk_<base64>``. ``ValueError`` does not repeat the text, which may be a secret by mistake."""
    text = text.strip()
    if text.startswith((SIGNING_PREFIX, SECRET_PREFIX)):
        raise ValueError(f"this is a secret ({text.partition('_')[0]}_…); a public key starts with {PUBLIC_PREFIX}")
    raw = _decoded(text, PUBLIC_PREFIX, "a public key")
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a public key has {KEY_BYTES} bytes before base64, this one has {len(raw)}")
    return PublicKey(raw)


def is_published_seed(seed: bytes) -> bool:
    """Whether everybody knows this signing key, because it is in the specification's test vectors."""
    return seed in _SEEDS_IN_PRINT


def _decoded(text: str, prefix: str, what: str) -> bytes:
    form = f"{what} is {prefix} followed by standard base64"
    if not text.startswith(prefix):
        raise ValueError(form)
    encoded = text.removeprefix(prefix)
    try:
        return b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (Base64Error, ValueError):
        raise ValueError(form) from None


def _url_safe(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
