"""Kinds of value that only receivers have: webhook secrets, signing keys, and patterns of message types."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, get_args

from capgateway.config.references import reference
from capgateway.config.spot import UNUSABLE, Spot, Wrong
from capgateway.config.values import Kind, many, shown, suggestion, text
from capgateway.webhooks.ed25519 import decode_seed, is_published_seed
from capgateway.webhooks.operator import OperatorType
from capgateway.webhooks.sign import decode_secret, is_published_secret

MOST_SECRETS = 5  # a rotation needs two; each one signs every message

_CARD_ENDINGS = ("published", "updated", "cancelled", "expired", "withdrawn")
MESSAGE_TYPES = (
    *(f"{start}.{end}" for start in ("card", "exercise.card") for end in _CARD_ENDINGS),
    *get_args(OperatorType),
)


def secrets() -> Kind:
    """A webhook secret or a list of them, read as the decoded keys."""
    one = Kind(_secret, reference().form)
    several = many(one)

    def read(value: Any, spot: Spot) -> Any:
        if not isinstance(value, list):
            return (one.read(value, spot),)
        if not 1 <= len(value) <= MOST_SECRETS:
            raise Wrong(f"must be one secret or a list of 1 to {MOST_SECRETS}")
        return several.read(value, spot)

    return Kind(read, {"anyOf": [one.form, several.form | {"minItems": 1, "maxItems": MOST_SECRETS}]})


def _secret(value: Any, spot: Spot) -> bytes:
    if not spot.is_wanted:
        return b""
    spot.warn_literal("the secret is written in this file")
    try:
        secret = decode_secret(reference().read(value, spot))
    except ValueError as error:
        raise Wrong(f"{error}; `capgateway keys generate` generates one") from None
    if is_published_secret(secret):
        raise Wrong("this secret is published as a test vector: anyone could sign with it")
    return secret


def signing_key() -> Kind:
    """An ed25519 key, read as its seed."""
    return Kind(_seed, reference().form)


def _seed(value: Any, spot: Spot) -> bytes | None:
    if not spot.is_wanted:
        return None
    spot.warn_literal("the key is written in this file")
    try:
        seed = decode_seed(reference().read(value, spot))
    except ValueError as error:
        raise Wrong(f"{error}; `capgateway keys generate --type ed25519` generates one") from None
    if is_published_seed(seed):
        raise Wrong("this key is published as a test vector: anyone could sign with it")
    return seed


def patterns() -> Kind:
    """Patterns of message types, each of which must select at least one."""
    several = many(Kind(_pattern, text().form))

    def read(value: Any, spot: Spot) -> Any:
        found = several.read(value, spot)
        if found is not UNUSABLE and not found:
            raise Wrong('selects no message type; remove it to use ["card.*"], or disable the receiver')
        return found

    return Kind(read, several.form | {"minItems": 1})


def _pattern(value: Any, _: Spot) -> str:
    if isinstance(value, str) and any(fnmatchcase(name, value) for name in MESSAGE_TYPES):
        return value
    known = ["card.*", "exercise.card.*", "operator.*", *MESSAGE_TYPES]
    raise Wrong(f"{shown(value)} selects no message type{suggestion(str(value), known)}")
