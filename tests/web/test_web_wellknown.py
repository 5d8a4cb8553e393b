"""The public keys of the gateway, for everybody."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from web_site import APP, CANADA

from capgateway.config import Token
from capgateway.webhooks import PublicKey, decode_public_key, public_key

PATH = "/.well-known/webhook-keys.json"
SEEDS = (bytes(32), b"s" * 32)
READ = Token(name="prometheus", token="read-0123456789abcdef", scopes=("read",))


@pytest.fixture
def keyed(site: Any) -> Any:
    """The same gateway with tokens, and with three receivers, two of which share a key."""
    before, (one, other) = site.gateway.settings, SEEDS
    receivers = (
        msgspec.structs.replace(APP, signing_key=one),
        msgspec.structs.replace(CANADA, signing_key=other),
        msgspec.structs.replace(CANADA, name="wall", signing_key=one, enabled=False),
    )
    site.gateway.settings = msgspec.structs.replace(before, receivers=receivers, tokens=(READ,))
    return site


async def test_public_keys_are_open(keyed: Any) -> None:
    """Each key once, in the form that the contract names, without a token and without a secret."""
    async with keyed.session.get(PATH) as answer:
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert "max-age" in answer.headers["Cache-Control"]
        text = await answer.text()
    keys = msgspec.json.decode(text)["keys"]
    assert [set(key) for key in keys] == [{"kty", "crv", "x", "kid", "whpk"}] * 2
    assert {decode_public_key(key["whpk"]) for key in keys} == {public_key(seed) for seed in SEEDS}
    assert all(decode_public_key(key["whpk"]).jwk == {k: key[k] for k in key if k != "whpk"} for key in keys)
    assert "app" not in text
    assert "whsk_" not in text


async def test_a_reload_changes_the_keys(keyed: Any) -> None:
    """What is configured now counts; the ids of keys that stay do not change."""
    async with keyed.session.get(PATH) as answer:
        before = {key["kid"] for key in (await answer.json())["keys"]}
    keyed.gateway.settings = msgspec.structs.replace(keyed.gateway.settings, receivers=(APP, CANADA))
    async with keyed.session.get(PATH) as answer:
        assert await answer.json() == {"keys": []}
    assert before == {PublicKey(public_key(seed).raw).jwk["kid"] for seed in SEEDS}
