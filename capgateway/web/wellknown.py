"""What receivers may ask before they know anybody: the public keys that verify the ``v1a`` signatures of this gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import unguarded
from capgateway.web.told import tells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.webhooks import Receiver

routes = web.RouteTableDef()


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON Web Key (RFC 8037), and the same as Standard Webhooks writes it."""

    kty: str
    crv: str
    x: str
    kid: str
    whpk: str


class PublicKeys(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON Web Key Set."""

    keys: list[PublicKey]


FRESH = {"Cache-Control": "public, max-age=300"}
"""Public keys are not secret, and a receiver should not ask for them with every message."""


@routes.get("/.well-known/webhook-keys.json")
@unguarded
@tells(PublicKeys)
async def webhook_keys(request: web.Request) -> web.Response:
    """The public keys of the configured receivers, each once, never with a name. A receiver pins the one it was given."""
    answer = as_json(PublicKeys(keys=public_keys(request.app[GATEWAY].settings.receivers)))
    answer.headers.update(FRESH)
    return answer


def public_keys(receivers: Iterable[Receiver]) -> list[PublicKey]:
    """As JSON Web Keys, in the order of their ids: the order of the configuration would say whose each one is."""
    keys = {receiver.signer.public for receiver in receivers if receiver.signer is not None}
    return sorted((PublicKey(**key.jwk, whpk=str(key)) for key in keys), key=lambda key: key.kid)
