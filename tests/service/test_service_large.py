"""A card that is too large for a message: what the receiver fetches is what the message promises."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import aiohttp
from msgspec.structs import replace
from service_sink import Sink, served

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.simulate import story
from capgateway.webhooks import encode_secret

SECRET = encode_secret(b"a secret of the right length....")
TOKEN = "receive-0123456789abcdef"
CONFIG = """
[gateway]
database = "sqlite:///gateway.db"
listen = "127.0.0.1:0"

[[tokens]]
name = "app"
token = "{token}"
scopes = ["receive"]
receiver = "app"

[[feeds]]
name = "partner"
kind = "push"

[[receivers]]
name = "app"
url = "{url}"
secret = "{secret}"
allow_networks = ["127.0.0.0/8"]
"""


async def test_the_whole_card_has_the_hash_of_the_message(tmp_path: Path) -> None:
    """The receiver fetches `card_url` with its token, writes the card again in the usual way, and gets `card_sha256`."""
    sink, path = Sink(), tmp_path / "capgateway.toml"
    alert = story.amber(utc_now())
    long = tuple(replace(info, description="Last seen in Dallas. " * 1_000) for info in alert.infos)
    async with sink.open() as url:
        path.write_text(CONFIG.format(token=TOKEN, url=url, secret=SECRET))
        async with served(path) as service, aiohttp.ClientSession() as session:
            await service.submit("partner", cap.write(replace(alert, infos=long)), actor="test")
            _, body = await sink.request(0)
            told = json.loads(body)["data"]
            known = {"Authorization": f"Bearer {TOKEN}"}
            async with session.get(told["card_url"], headers=known) as answer:
                card = json.loads(await answer.read())["card"]
    assert told["card"]["content"]["en-US"]["description"] is None
    assert len(card["content"]["en-US"]["description"]) > 20_000
    assert {1} <= {unit["share"] for unit in card["area"]["target"]}
    again = json.dumps(card, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(again).hexdigest() == told["card_sha256"]
