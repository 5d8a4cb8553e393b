"""One request to the receiver under test, through the same guard as a delivery, and what came back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import aiohttp
import msgspec

from capgateway import net
from capgateway.webhooks.send import beginning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.webhooks import Receiver

ALONE = {"Connection": "close"}
"""Each request has a connection of its own: a server may close one that waits at any moment, and a check must not fail for that."""


class Said(msgspec.Struct, frozen=True):
    """What a receiver says that it shows of the card of a message."""

    revision: int
    state: Literal["displayed", "removed"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``trouble`` says why there is no ``status``."""

    status: int | None = None
    body: bytes = b""
    seconds: float = 0.0
    trouble: str | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004

    @property
    def is_refused(self) -> bool:
        return self.status is not None and 400 <= self.status < 500  # noqa: PLR2004

    @property
    def is_redirect(self) -> bool:
        return self.status is not None and 300 <= self.status < 400  # noqa: PLR2004

    @property
    def said(self) -> Said | None:
        """The confirmation in it, if it is one."""
        try:
            return msgspec.json.decode(self.body, type=Said)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None

    def __str__(self) -> str:
        return f"answered {self.status}" if self.status is not None else f"did not answer: {self.trouble}"


class Wire:
    """Posts to one receiver, and keeps every answer. ``session`` comes from :func:`capgateway.webhooks.send.session_for`."""

    def __init__(self, session: aiohttp.ClientSession, receiver: Receiver) -> None:
        self.answers: list[Answer] = []
        self._session, self._receiver = session, receiver

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What the receiver answers; never raises for what a receiver does."""
        begun = time.monotonic()
        try:
            status, answer = await self._post(body, headers)
            got = Answer(status=status, body=answer, seconds=time.monotonic() - begun)
        except net.TROUBLE as error:
            got = Answer(trouble=str(net.fetch_error(error)), seconds=time.monotonic() - begun)
        self.answers.append(got)
        return got

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        net.check_url(self._receiver.url, allow_networks=self._receiver.allow_networks)
        timeout = aiohttp.ClientTimeout(total=self._receiver.timeout.total_seconds())
        async with self._session.post(
            self._receiver.url, data=body, headers={**headers, **ALONE}, allow_redirects=False, timeout=timeout
        ) as response:
            return response.status, await beginning(response)
