"""What a gateway sends while secrets are rotated under it, verified by packages that others wrote."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import rfc8785
import service_verifiers
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from service_sink import Sink, served
from service_verifiers import Case

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.service import Service
from capgateway.simulate import story
from capgateway.webhooks import encode_secret, encode_seed

PATIENCE_SECONDS = 60
KEYS = {name: encode_secret(name.encode() * 32) for name in "abc"}
SEED = b"s" * 32
ORDERS = ("a", "ba", "ab", "b", "cb", "bc", "cba", "acb", "c")
"""Secrets in the configuration, one reload after the other: both ways round, three at a time, and each alone."""
CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = "127.0.0.1:0"

[[feeds]]
name = "partner"
kind = "push"

[[receivers]]
name = "app"
url = "{url}"
secret = {secrets}
{signing_key}
allow_networks = ["127.0.0.0/8"]
"""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what was configured when it was sent."""

    secrets: str
    is_keyed: bool
    headers: dict[str, str]
    body: bytes

    @property
    def tokens(self) -> list[str]:
        return self.headers["webhook-signature"].split(" ")

    @property
    def content(self) -> bytes:
        return f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that arrived, and the public keys of the gateway."""

    arrived: list[Arrived]
    keys: list[dict[str, str]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    return asyncio.run(rotated(tmp_path_factory.mktemp("interop")))


async def rotated(folder: Path) -> Sent:
    """One gateway that is never restarted: each order of secrets with and without a signing key, a reload before each alert."""
    path, sink, arrived = folder / "capgateway.toml", Sink(), list[Arrived]()
    turns = [(order, keyed) for order in ORDERS for keyed in (False, True)]
    async with sink.open() as url:
        write(path, url, "a", is_keyed=False)
        async with served(path) as service:
            for number, (order, is_keyed) in enumerate(turns):
                write(path, url, order, is_keyed=is_keyed)
                assert not (await service.reload()).errors
                await service.submit("partner", cap.write(story.amber(utc_now(), number + 1)), actor="test")
                headers, body = await sink.request(number)
                arrived.append(Arrived(secrets=order, is_keyed=is_keyed, headers=headers, body=body))
            return Sent(arrived=arrived, keys=await published(service))


def write(path: Path, url: str, order: str, *, is_keyed: bool) -> None:
    secrets = json.dumps([KEYS[name] for name in order])
    signing_key = f'signing_key = "{encode_seed(SEED)}"' if is_keyed else ""
    path.write_text(CONFIG.format(url=url, secrets=secrets, signing_key=signing_key))


async def published(service: Service) -> list[dict[str, str]]:
    assert service.address is not None
    url = f"http://127.0.0.1:{service.address.port}/.well-known/webhook-keys.json"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        keys: list[dict[str, str]] = (await answer.json())["keys"]
        return keys


@pytest.mark.parametrize(
    "verifier",
    [
        service_verifiers.standardwebhooks,
        service_verifiers.svix,
        service_verifiers.npm_standardwebhooks,
        service_verifiers.npm_svix,
    ],
)
def test_packages_of_others_verify(
    sent: Sent, tmp_path: Path, verifier: Callable[[list[Case], Path], list[bool]]
) -> None:
    """With every secret that was configured, and with no other; a `v1a` signature beside them is passed over."""
    asked = [(one, name) for one in sent.arrived for name in KEYS]
    cases = [Case(secret=KEYS[name], headers=one.headers, body=one.body) for one, name in asked]
    altered = [msgspec.structs.replace(case, body=case.body + b" ") for case in cases]
    verdicts = verifier(cases + altered, tmp_path)
    assert verdicts == [name in one.secrets for one, name in asked] + [False] * len(altered)
    assert verdicts.count(True) == 2 * sum(map(len, ORDERS))


def test_the_order_of_the_header(sent: Sent) -> None:
    """`v1a` first where a key is configured, then the secrets from the oldest to the newest, separated by single spaces."""
    for one in sent.arrived:
        made = [
            f"v1,{b64encode(hmac.digest(b64decode(KEYS[name][6:]), one.content, 'sha256')).decode()}"
            for name in one.secrets
        ]
        assert one.tokens[int(one.is_keyed) :] == made[::-1]
        assert one.tokens[0].startswith("v1a,") == one.is_keyed
        last = one.headers["webhook-signature"].rpartition(",")[2]  # all that Elixir's library looks at
        assert last == made[0].partition(",")[2]


def test_the_public_key_of_the_gateway_verifies(sent: Sent) -> None:
    """A library for ed25519 accepts every `v1a` signature with the published key, and none over another body."""
    (key,) = sent.keys
    public = Ed25519PublicKey.from_public_bytes(b64decode(key["whpk"].removeprefix("whpk_")))
    keyed = [one for one in sent.arrived if one.is_keyed]
    assert len(keyed) == len(ORDERS)
    for one in keyed:
        signature = b64decode(one.tokens[0].removeprefix("v1a,"))
        public.verify(signature, one.content)
        with pytest.raises(InvalidSignature):
            public.verify(signature, one.content + b" ")


def test_what_arrives_is_canonical(sent: Sent) -> None:
    """Each body is the canonical form of itself, so that receivers that parse and write it again get the same bytes."""
    bodies = [one.body for one in sent.arrived]
    assert len(set(bodies)) == len(bodies) == 2 * len(ORDERS)
    for body in bodies:
        told: Any = json.loads(body)
        assert (
            rfc8785.dumps(told)
            == body
            == json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        )
