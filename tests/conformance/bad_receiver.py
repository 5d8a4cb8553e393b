"""Receivers that do one thing wrong each, to see what the conformance check says of them."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from capgateway import webhooks
from capgateway.errors import SignatureError
from capgateway.simulate.board import Board, Body, Entry, Told

SECRET = b"a secret of the right length...."


class Forgetful(Board):
    """A board without some of its rules: ``dedupe``, ``fence``, ``expiry``, ``snapshots``; ``careless`` with snapshots."""

    def __init__(self, faults: frozenset[str]) -> None:
        super().__init__(is_fenced="fence" not in faults)
        self._faults = faults

    def take(self, message_id: str, body: Body, *, now: datetime) -> Any:
        if "dedupe" in self._faults:
            self._ids.clear()
        if (
            "by_type" in self._faults
            and body.data.action
            and not body.type.endswith(("published", "updated", "cancelled"))
        ):
            return "ignored"
        if "by_revision" in self._faults:
            self.expire(now)
            known = self.entry(body.data.card_id)
            if known and body.data.action and body.data.revision <= known.revision:
                return "stale"
        return super().take(message_id, body, now=now)

    def expire(self, now: datetime) -> list[str]:
        return [] if "expiry" in self._faults else super().expire(now)

    def _compare(self, snapshot: Told, now: datetime) -> Any:
        if "snapshots" in self._faults:
            return "snapshot"
        wide = msgspec.structs.replace(snapshot, sequence=2**53 - 1) if "careless" in self._faults else snapshot
        return super()._compare(wide, now)


class Bad:
    """A receiver with these faults, and no others."""

    def __init__(self, *faults: str) -> None:
        self.faults, self.board, self.requests = frozenset(faults), Forgetful(frozenset(faults)), 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/hook", self._hook)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        finally:
            await runner.cleanup()

    async def _hook(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.requests += 1
        if "slow" in self.faults:
            await asyncio.sleep(0.3)
        if "redirect" in self.faults:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        if "fragile" in self.faults and _is_malformed(request.headers.get("webhook-signature", "v1,")):
            raise web.HTTPInternalServerError
        if "small" in self.faults and len(raw) > 15_000:
            raise web.HTTPRequestEntityTooLarge(15_000, len(raw))
        if "verify" not in self.faults and not self._is_genuine(request, raw):
            raise web.HTTPUnauthorized
        return web.json_response(self._answer(request.headers.get("webhook-id", ""), raw))

    def _is_genuine(self, request: web.Request, raw: bytes) -> bool:
        written = json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False).encode()
        body = written if "reserialise" in self.faults else raw
        headers = dict(request.headers)
        now, sent = datetime.now(UTC), headers.get("webhook-timestamp", "")
        if "tolerance" in self.faults and len(sent) < 12 and sent.isdigit():
            now = datetime.fromtimestamp(int(sent), UTC)
        if "first_only" in self.faults:
            headers["webhook-signature"] = headers.get("webhook-signature", "").split(" ")[0]
        try:
            webhooks.verify([SECRET], headers, body, now=now)
        except (SignatureError, ValueError, OverflowError):
            return False
        return True

    def _answer(self, message_id: str, raw: bytes) -> dict[str, Any]:
        body = msgspec.json.decode(raw, type=Body)
        if "dies" in self.faults and body.type.rpartition(".")[2] in {"corrected", "retracted", "noted"}:
            raise web.HTTPInternalServerError
        if body.type == "receiver.challenge":
            proof = hmac.new(SECRET, (body.data.nonce or "").encode(), "sha256").hexdigest()
            return {"nonce": body.data.nonce} if "echo" in self.faults else {"nonce": body.data.nonce, "proof": proof}
        self.board.take(message_id, body, now=datetime.now(UTC))
        entry: Entry | None = self.board.entry(body.data.card_id)
        silent = entry is None or "silent" in self.faults
        return {} if silent or entry is None else {"revision": entry.revision, "state": entry.state}


def _is_malformed(header: str) -> bool:
    """Whether a library that expects nothing else would raise."""
    for token in header.split(" "):
        try:
            _, encoded = token.split(",")
            b64decode(encoded, validate=True)
        except ValueError:
            return True
    return False
