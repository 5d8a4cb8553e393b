"""Receivers that keep a receiver's rules and remember everything: a steady one, a slow one, one that fails now and then."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from capgateway.simulate.demo import BY_THE_CLOCK

REFUSES, FORGETS, HANGS = 0.07, 0.14, 0.17
"""Shares, added up: answers 503 and takes nothing in; takes it in and breaks off; takes it in and answers too late."""
TOO_LATE = 1.4
ANSWERS = {"steady": (0.0, 0.2), "slow": (0.5, 0.9), "moody": (0.0, 0.4)}
"""Seconds until each answers. The slow one has something under way at any moment, and so when the gateway dies."""


class Word(NamedTuple):
    """The last word on one card: ``head`` is the alert on display, ``None`` once it was taken down."""

    sequence: int
    head: str | None


class Ledger:
    """What one receiver shows, by the rules: verified, each id once, nothing older than the last word on a card. What
    the gateway promised and did not keep are ``faults``, also where the rules made them harmless."""

    def __init__(self, secret: bytes) -> None:
        self.faults: list[str] = []
        self.shown: set[str] = set()
        self.repeated = 0
        self._webhook = Webhook(secret)
        self._bodies: dict[str, bytes] = {}
        self._words: dict[str, Word] = {}

    @property
    def live(self) -> list[str]:
        """The alerts on display, once for each card."""
        return sorted(word.head for word in self._words.values() if word.head is not None)

    def take(self, headers: dict[str, str], raw: bytes) -> None:
        try:
            body = self._webhook.verify(raw, headers)
        except WebhookVerificationError as error:
            self.faults.append(f"a signature does not verify: {error}")
            return
        message_id, told = headers["webhook-id"], body["data"]
        before = self._bodies.setdefault(message_id, raw)
        self.repeated += before is not raw
        if before != raw:
            self.faults.append(f"{message_id} came with two bodies")
        if body["type"] == "state.snapshot":
            self._obey(told)
        if body["type"] in BY_THE_CLOCK:
            return
        if not body["type"].startswith("card."):
            self.faults.append(f"{body['type']} is none of ours")
        self._apply(message_id, Word(told["sequence"], _head(told)), self._words.get(told["card_id"]), told["card_id"])

    def _obey(self, told: dict[str, Any]) -> None:
        """What a newer snapshot does not list has to go."""
        listed = {one["card_id"] for one in told["active"]}
        for card, word in self._words.items():
            if card not in listed and word.sequence <= told["sequence"]:
                self._words[card] = Word(word.sequence, None)

    def _apply(self, message_id: str, word: Word, last: Word | None, card: str) -> None:
        if word.head and last and last.head is None:
            self.faults.append(f"{message_id} displays {card} after its take-down")
        elif last and word.sequence < last.sequence:
            self.faults.append(f"{message_id} goes back in the lane of {card}")
        if last is None or word.sequence > last.sequence:
            self._words[card] = word
            self.shown |= {word.head} if word.head else set()


def _head(told: dict[str, Any]) -> str | None:
    return str(told["card"]["source"]["identifier"]) if told["action"] == "display" else None


class Receivers:
    """``ledgers`` by the last part of their address; the slow and the moody one behave once they are not ``is_difficult``. ``under_way`` are the
    requests that are being answered."""

    def __init__(self, secret: bytes, chance: random.Random) -> None:
        self.ledgers = {name: Ledger(secret) for name in ANSWERS}
        self.is_difficult = True
        self.under_way = 0
        self.url = ""
        self._chance = chance

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/{name}", self._count)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def _count(self, request: web.Request) -> web.Response:
        self.under_way += 1
        try:
            return await self._hook(request)
        finally:
            self.under_way -= 1

    async def _hook(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        mood = self._chance.random() if name == "moody" and self.is_difficult else 1.0
        raw = await request.read()
        if mood < REFUSES:
            return web.Response(status=503)
        self.ledgers[name].take(dict(request.headers), raw)
        if mood < FORGETS and request.transport:
            request.transport.abort()
        await asyncio.sleep(TOO_LATE if mood < HANGS else self._chance.uniform(*ANSWERS[name]) * self.is_difficult)
        return web.Response()
