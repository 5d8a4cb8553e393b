"""One request under way, which can be given a last moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

from capgateway.clock import monotonic, utc_now
from capgateway.webhooks import Attempt
from capgateway.webhooks.send import cut_off, send

if TYPE_CHECKING:
    import aiohttp

    from capgateway.webhooks import Claim, Receiver

Cut: TypeAlias = Literal["overtaken", "stopped"]


class Flight:
    """One request under way, which can be given a last moment."""

    def __init__(self) -> None:
        self._cut: Cut = "stopped"
        self._last_moment: float | None = None
        self._limit: asyncio.Timeout | None = None

    def hurry(self, cut: Cut, seconds: float) -> None:
        """Let it end within this time. Said twice, the first holds."""
        if self._last_moment is not None:
            return
        self._cut, self._last_moment = cut, asyncio.get_running_loop().time() + seconds
        if self._limit is not None:
            self._limit.reschedule(self._last_moment)

    async def attempt(self, session: aiohttp.ClientSession, receiver: Receiver, claim: Claim) -> Attempt:
        """Send, unless it is too late for the message to be true."""
        begun, started = utc_now(), monotonic()
        if claim.deadline is not None and begun > claim.deadline:
            return Attempt(number=claim.number, started_at=begun, duration=timedelta(0), outcome="late")
        try:
            async with asyncio.timeout_at(self._last_moment) as self._limit:
                return await send(session, receiver, claim, now=begun)
        except TimeoutError:
            return cut_off(claim, self._cut, now=begun, duration=timedelta(seconds=monotonic() - started))
        finally:
            self._limit = None
