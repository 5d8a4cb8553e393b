"""A receiver to try things on: a real HTTP server on loopback that verifies, deduplicates, fences and shows cards.

::

    async with ReceiverServer(secrets=[secret]) as receiver:
        …                       # deliver to receiver.url
        receiver.cards          # what it shows now, by card_id
        receiver.arrivals       # every request that came, whatever its path, the refused included

It may be asked to misbehave (:class:`Misbehaviour`). ``GET /cards`` answers with the cards that it shows now.
"""

from __future__ import annotations

import asyncio
import hmac
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec
from aiohttp import web

from capgateway import webhooks
from capgateway.errors import SignatureError
from capgateway.simulate.board import Board, Body
from capgateway.simulate.board import Outcome as BoardOutcome

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

LOOPBACK = "127.0.0.1"
PATH = "/hook"
CARDS = "/cards"
LARGEST_BODY = 1 << 20
MOST_ARRIVALS = 10_000
STOP_SECONDS = 1.0
TICK_SECONDS = 0.5
"""How often it looks for cards whose time is over."""

Outcome: TypeAlias = (
    BoardOutcome
    | Literal["refused", "unreadable", "failed", "hung", "lost", "challenge", "expired", "elsewhere", "looked"]
)
Fault: TypeAlias = int | Literal["hang", "lose", "drop"]
"""What is done wrong with a request: the status to fail with, or what happens instead of a proper answer."""


class Misbehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """``fail`` is the share of requests answered with each status before anything is looked at. ``hang`` is the share that is
    never answered, ``lose`` the share that is verified, answered with 200 and forgotten, ``drop`` the share that is processed but
    whose answer breaks off after its headers. Each request has one of these at most. ``delay`` is the pause before any answer,
    ``retry_after`` a header of those that fail. ``no_fence``: older messages are processed after newer ones. With the same
    ``seed``, the same requests suffer."""

    fail: Mapping[int, float] = {}
    hang: float = 0.0
    lose: float = 0.0
    drop: float = 0.0
    delay: timedelta = timedelta(0)
    retry_after: str | None = None
    no_fence: bool = False
    seed: int | None = None

    @property
    def shares(self) -> dict[Fault, float]:
        """How many of all requests suffer each fault."""
        failing: dict[Fault, float] = {status: share for status, share in self.fail.items()}
        return failing | {"hang": self.hang, "lose": self.lose, "drop": self.drop}


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One request, and what the receiver made of it. ``expired`` is not a request: a card ended by itself.

    ``outcome``: ``displayed`` ``removed`` done; ``duplicate`` (known id) and ``stale`` (fenced) passed over;
    ``refused`` (signature), ``unreadable`` (not a message); ``failed`` ``hung`` ``lost`` on purpose; ``challenge`` ``snapshot``
    ``ignored``;
    ``elsewhere``, a ``request`` that is not a POST to the hook, and ``looked``, one for the cards.
    """

    time: datetime
    outcome: Outcome
    status: int | None = None
    message_id: str | None = None
    attempt: int | None = None
    type: str | None = None
    action: str | None = None
    card_id: str | None = None
    revision: int | None = None
    sequence: int | None = None
    reason: str | None = None
    card: dict[str, Any] | None = None
    request: str | None = None
    receiver: str | None = None
    feed: str | None = None
    last_answer: str | None = None
    advice: str | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class ReceiverServer:
    """``secrets`` are decoded keys, ``public_keys`` verify ``v1a``; ``port`` 0 takes a free one; ``on_arrival`` is called for each :class:`Arrival`."""

    def __init__(
        self,
        *,
        secrets: Sequence[bytes],
        public_keys: Sequence[webhooks.PublicKey] = (),
        port: int = 0,
        misbehaviour: Misbehaviour = Misbehaviour(),  # noqa: B008  (frozen)
        on_arrival: Callable[[Arrival], None] = lambda arrival: None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.misbehaviour = misbehaviour
        self.arrivals: deque[Arrival] = deque(maxlen=MOST_ARRIVALS)
        self._secrets, self._port, self._on_arrival, self._clock = tuple(secrets), port, on_arrival, clock
        self._public_keys = tuple(public_keys)
        self._board = Board(is_fenced=not misbehaviour.no_fence)
        self._chance = random.Random(misbehaviour.seed)  # noqa: S311  (dice, no secret)
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post(PATH, self._hook)
        app.router.add_get(CARDS, self._look)
        app.router.add_route("*", "/{path:.*}", self._elsewhere)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}{PATH}"

    @property
    def cards_url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}{CARDS}"

    @property
    def cards(self) -> dict[str, dict[str, Any]]:
        """The cards shown now, by ``card_id``."""
        self._expire()
        return self._board.cards

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ticking.cancel()
        await asyncio.wait([self._ticking])
        await self._runner.cleanup()

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        try:
            raw = await request.read()  # the signature is over these bytes, before any parsing
        except web.HTTPRequestEntityTooLarge:
            about = self._about(request, outcome="unreadable", status=413, reason=f"larger than {LARGEST_BODY:,} bytes")
            return self._say(about, {"error": about.reason})
        await asyncio.sleep(self.misbehaviour.delay.total_seconds())
        fault = self._fault()
        if fault == "hang":
            return await self._hang(request)
        arrival, answer = self._answer(request, raw, fault)
        return await self._drop(request, arrival, answer) if fault == "drop" else self._say(arrival, answer)

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        """Leave the sender waiting until it goes away."""
        self._note(self._about_message(request, "hung", reason="never answered, on purpose"))
        while request.transport is not None:
            await asyncio.sleep(TICK_SECONDS)
        return web.Response()

    async def _drop(self, request: web.Request, arrival: Arrival, answer: dict[str, Any]) -> web.StreamResponse:
        """Promise an answer, and close the connection before it."""
        self._note(msgspec.structs.replace(arrival, reason="the answer broke off after its headers, on purpose"))
        response = web.StreamResponse(status=arrival.status or 200)
        response.content_length = len(msgspec.json.encode(answer))
        await response.prepare(request)
        if request.transport is not None:
            request.transport.close()
        return response

    async def _look(self, request: web.Request) -> web.Response:
        return self._say(self._about(request, outcome="looked", status=200), {"items": list(self.cards.values())})

    async def _elsewhere(self, request: web.Request) -> web.Response:
        """What is not for the hook is shown too: most often the configured URL lacks its path."""
        status = 405 if request.path in {PATH, CARDS} else 404
        about = self._about(request, outcome="elsewhere", status=status, reason=f"webhooks are POST {PATH}")
        return self._say(about, {"error": about.reason})

    def _about(self, request: web.Request, **told: Any) -> Arrival:
        return Arrival(time=self._clock(), request=f"{request.method} {request.path}", **told)

    def _about_message(self, request: web.Request, outcome: Outcome, **told: Any) -> Arrival:
        message_id, attempt = request.headers.get("webhook-id"), _attempt(request)
        return Arrival(time=self._clock(), outcome=outcome, message_id=message_id, attempt=attempt, **told)

    def _say(self, arrival: Arrival, answer: dict[str, Any]) -> web.Response:
        self._note(arrival)
        body, after = msgspec.json.encode(answer), self.misbehaviour.retry_after
        headers = {"Retry-After": after} if after and arrival.outcome == "failed" else {}
        return web.Response(status=arrival.status or 200, body=body, content_type="application/json", headers=headers)

    def _answer(self, request: web.Request, raw: bytes, fault: Fault | None) -> tuple[Arrival, dict[str, Any]]:
        about = self._about_message(request, "failed")
        if isinstance(fault, int):
            return msgspec.structs.replace(about, status=fault), {"error": "failed on purpose"}
        now = about.time
        try:
            webhooks.verify(self._secrets, request.headers, raw, now=now, public_keys=self._public_keys)
            body = msgspec.json.decode(raw, type=Body)
        except SignatureError as error:
            return msgspec.structs.replace(about, outcome="refused", status=401, reason=str(error)), {
                "error": str(error)
            }
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return msgspec.structs.replace(about, outcome="unreadable", status=400), {"error": "not a message"}
        if fault == "lose":
            lost = msgspec.structs.replace(about, outcome="lost", type=body.type, card_id=body.data.card_id, status=200)
            return lost, {}
        return self._take(about, body, now)

    def _take(self, about: Arrival, body: Body, now: datetime) -> tuple[Arrival, dict[str, Any]]:
        told = body.data
        about = msgspec.structs.replace(about, type=body.type, status=200)
        if body.type == "receiver.challenge" and told.nonce is not None:
            proof = hmac.new(self._secrets[0], told.nonce.encode(), "sha256").hexdigest()
            return msgspec.structs.replace(about, outcome="challenge"), {"nonce": told.nonce, "proof": proof}
        about = msgspec.structs.replace(
            about,
            outcome=self._board.take(about.message_id or "", body, now=now),
            action=told.action,
            card_id=told.card_id,
            revision=told.revision or None,
            sequence=told.sequence or None,
            reason=told.reason,
            card=told.card,
            receiver=told.receiver,
            feed=told.feed,
            last_answer=told.last_answer,
            advice=told.advice,
        )
        entry = self._board.entry(told.card_id)
        return about, {"revision": entry.revision, "state": entry.state} if entry else {}

    def _fault(self) -> Fault | None:
        """What to do wrong this time."""
        chance = self._chance.random()
        for fault, share in self.misbehaviour.shares.items():
            chance -= share
            if chance < 0:
                return fault
        return None

    def _note(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self._on_arrival(arrival)

    def _expire(self) -> None:
        now = self._clock()
        for card_id in self._board.expire(now):
            self._note(Arrival(time=now, outcome="expired", card_id=card_id))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._expire()


def _attempt(request: web.Request) -> int | None:
    text = request.headers.get("webhook-attempt", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004
