"""One webhook endpoint of the platform as the operator configured it."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network

import msgspec

from capgateway import masking
from capgateway.webhooks.ed25519 import SigningKey


class Receiver(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Fields are the keys of ``[[receivers]]``. ``secrets`` are the decoded HMAC keys, newest first: all sign.
    ``signing_key`` is the seed of an ed25519 key, which signs too.

    ``programmes`` are those whose cards it gets, ``*`` for all. ``rate`` is messages a second; ``timeout`` covers the whole
    request, the answer's body included.
    """

    name: str
    url: str
    secrets: tuple[bytes, ...]
    signing_key: bytes | None = None
    messages: tuple[str, ...] = ("card.*",)
    programmes: tuple[str, ...] = ("amber",)
    regions: tuple[str, ...] = ()
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    rate: float = 20.0
    concurrency: int = 8
    timeout: timedelta = timedelta(seconds=15)
    snapshot: timedelta = timedelta(minutes=5)
    contact: str = ""
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    enabled: bool = True

    def __repr__(self) -> str:
        return f"Receiver({self.name!r})"  # the secrets never reach a log

    @cached_property
    def signer(self) -> SigningKey | None:
        """The key of ``signing_key``, made once."""
        return SigningKey(self.signing_key) if self.signing_key else None

    @cached_property
    def confidential(self) -> frozenset[str]:
        """What no log and no answer may repeat of it, although a server that it was sent to might."""
        written = {b64encode(secret).decode() for secret in (*self.secrets, self.signing_key or b"") if secret}
        return masking.credentials(self.url, self.proxy) | written

    def wants(self, message_type: str) -> bool:
        """Whether ``messages`` selects this type. Patterns are anchored and ``*`` crosses dots."""
        return any(fnmatchcase(message_type, pattern) for pattern in self.messages)

    def takes(self, programme: str) -> bool:
        """Whether it gets the cards of a programme."""
        return programme in self.programmes or "*" in self.programmes
