"""Receivers that do one thing wrong each, to see what the conformance check says of them."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from struct import pack, unpack
from typing import Any

import msgspec
from aiohttp import web

from capgateway import webhooks
from capgateway.errors import SignatureError
from capgateway.simulate.board import Board, Body, Entry, Told

SLOWNESS = 1.1
"""Seconds: longer than a card of these tests lives if nobody looks at how slow the receiver is."""
SECRET = b"a secret of the right length...."


class Forgetful(Board):
    """A board without some of its rules: ``dedupe``, ``fence``, ``expiry``, ``snapshots``; ``careless`` with snapshots.

    ``coarse`` keeps sequences in a float of 32 bits, ``one_fence`` has one fence for all cards, ``snapshot_fence`` takes a snapshot
    for one; ``first_end`` keeps the first ``expires_at`` of a card, ``forgets`` a card that ended by itself; ``never_empty`` takes an
    empty snapshot for a mistake."""

    def __init__(self, faults: frozenset[str]) -> None:
        super().__init__(is_fenced="fence" not in faults)
        self._faults, self._fence = faults, 0

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
        self.expire(now)
        if body.data.action and self._faults & {"one_fence", "snapshot_fence"} and body.data.sequence <= self._fence:
            return "stale"
        if "one_fence" in self._faults or (body.type == "state.snapshot" and "snapshot_fence" in self._faults):
            self._fence = max(self._fence, body.data.sequence)
        return super().take(message_id, self._understood(body), now=now)

    def _understood(self, body: Body) -> Body:
        """With the sequence and the end that this receiver makes of it."""
        told = body.data
        if "coarse" in self._faults:
            (sequence,) = unpack("f", pack("f", told.sequence))
            told = msgspec.structs.replace(told, sequence=int(sequence))
        known = self.entry(told.card_id)
        if "first_end" in self._faults and known and known.expires_at:
            told = msgspec.structs.replace(told, expires_at=known.expires_at)
        return msgspec.structs.replace(body, data=told)

    def expire(self, now: datetime) -> list[str]:
        over = [] if "expiry" in self._faults else super().expire(now)
        for card_id in over if "forgets" in self._faults else ():
            entry = self._entries[card_id]
            self._entries[card_id] = msgspec.structs.replace(entry, sequence=0)
        return over

    def _compare(self, snapshot: Told, now: datetime) -> Any:
        if "snapshots" in self._faults or ("never_empty" in self._faults and not snapshot.active):
            return "snapshot"
        wide = msgspec.structs.replace(snapshot, sequence=2**53 - 1) if "careless" in self._faults else snapshot
        return super()._compare(wide, now)


class Bad:
    """A receiver with these faults, and no others. One with ``public_keys`` relies on them alone."""

    def __init__(self, *faults: str, public_keys: Sequence[webhooks.PublicKey] = ()) -> None:
        self.public_keys, self.known = public_keys, set[bytes]()
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
        if "slow" in self.faults and raw not in self.known and (self.requests == 1 or _is_short_lived(raw)):
            self.known.add(raw)
            await asyncio.sleep(SLOWNESS)
        if "redirect" in self.faults:
            raise web.HTTPTemporaryRedirect("/elsewhere")
        if "fragile" in self.faults and _is_malformed(request.headers.get("webhook-signature", "v1,")):
            raise web.HTTPInternalServerError
        if "small" in self.faults and len(raw) > 15_000:
            raise web.HTTPRequestEntityTooLarge(15_000, len(raw))
        if "verify" not in self.faults and not (self._believes(request) or self._is_genuine(request, raw)):
            raise web.HTTPUnauthorized
        if "hangs_up" in self.faults and request.transport:
            asyncio.get_running_loop().call_soon(request.transport.close)
        padding = {"padding": "x" * 1_024} if "chatty" in self.faults else {}
        return web.json_response(padding | self._answer(request.headers.get("webhook-id", ""), raw))

    def _believes(self, request: web.Request) -> bool:
        """Without a look at the body."""
        return "optional" in self.faults and request.headers.get("webhook-signature") == ""

    def _is_genuine(self, request: web.Request, raw: bytes) -> bool:
        written = json.dumps(json.loads(raw), separators=(",", ":"), ensure_ascii=False).encode()
        body = written if "reserialise" in self.faults else raw
        headers = dict(request.headers)
        now, sent = datetime.now(UTC), headers.get("webhook-timestamp", "")
        if "tolerance" in self.faults and len(sent) < 12 and sent.isdigit():
            now = datetime.fromtimestamp(int(sent), UTC)
        if "first_only" in self.faults:
            headers["webhook-signature"] = headers.get("webhook-signature", "").split(" ")[0]
        if "any_version" in self.faults:
            headers["webhook-signature"] = re.sub("v[0-9]+,", "v1,", headers.get("webhook-signature", ""))
        secrets = [] if self.public_keys else [SECRET, b""] if "empty_secret" in self.faults else [SECRET]
        try:
            webhooks.verify(secrets, headers, body, now=now, public_keys=self.public_keys)
        except (SignatureError, ValueError, OverflowError):
            return False
        return True

    def _answer(self, message_id: str, raw: bytes) -> dict[str, Any]:
        body = msgspec.json.decode(raw, type=Body)
        if self.faults & DETAILS.keys() and _is_too_much(msgspec.json.decode(raw), self.faults):
            raise web.HTTPInternalServerError
        if "dies" in self.faults and body.type.rpartition(".")[2] in {"corrected", "retracted", "noted"}:
            raise web.HTTPInternalServerError
        if body.type == "receiver.challenge":
            proof = hmac.new(SECRET, (body.data.nonce or "").encode(), "sha256").hexdigest()
            return {"nonce": body.data.nonce} if "echo" in self.faults else {"nonce": body.data.nonce, "proof": proof}
        self.board.take(message_id, body, now=datetime.now(UTC))
        entry: Entry | None = self.board.entry(body.data.card_id)
        silent = entry is None or "silent" in self.faults
        return {} if silent or entry is None else {"revision": entry.revision, "state": entry.state}


DETAILS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "strict": lambda told: bool(told.keys() - {"type", "timestamp", "data"}),
    "few_reasons": lambda told: told["data"].get("reason", "expired") not in {"cancelled", "expired", "later"},
    "few_roles": lambda told: any(line["role"] == "later" for words in _content(told) for line in words["lines"]),
    "wants_texts": lambda told: any(words["description"] is None for words in _content(told)),
    "small_numbers": lambda told: told["data"].get("sequence", 0) >= 2**31,
    "ascii": lambda told: not str([words["headline"] for words in _content(told)]).isascii(),
}
"""What each of these faults does not expect of a message."""


def _content(told: dict[str, Any]) -> list[dict[str, Any]]:
    content = (told["data"].get("card") or {}).get("content", {})
    return [words for words in content.values() if "headline" in words]


def _is_too_much(told: dict[str, Any], faults: frozenset[str]) -> bool:
    return any(DETAILS[fault](told) for fault in faults & DETAILS.keys())


def _is_short_lived(raw: bytes) -> bool:
    """Whether this display is about to end."""
    ends = json.loads(raw)["data"].get("expires_at")
    return bool(ends) and datetime.fromisoformat(ends) < datetime.now(UTC) + timedelta(minutes=1)


def _is_malformed(header: str) -> bool:
    """Whether a library that expects nothing else would raise."""
    for token in header.split(" "):
        try:
            _, encoded = token.split(",")
            b64decode(encoded, validate=True)
        except ValueError:
            return True
    return False
