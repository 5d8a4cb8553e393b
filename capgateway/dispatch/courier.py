"""One receiver's session and slots, and the loop that fills them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from capgateway import log, net
from capgateway.clock import utc_now
from capgateway.dispatch import report
from capgateway.errors import ConfigError, StoreError

if TYPE_CHECKING:
    import aiohttp

    from capgateway.store import Store
    from capgateway.webhooks import Claim, Receiver

LEASE_MARGIN = timedelta(seconds=30)
"""A lease outlasts the receiver's timeout by this: room for writing down what came of it."""

Deliver: TypeAlias = "Callable[[aiohttp.ClientSession, Receiver, Claim], Awaitable[None]]"


class Courier:
    """One receiver's session and slots, and the loop that fills them."""

    def __init__(self, receiver: Receiver, store: Store, deliver: Deliver, *, user_agent: str) -> None:
        self.receiver = receiver
        self._store, self._deliver, self._user_agent = store, deliver, user_agent
        self._slots = max(1, receiver.concurrency - 1)  # one more is kept for take-downs
        self._busy = 0
        self._woken = asyncio.Event()
        self._retired = False

    @property
    def has_room(self) -> bool:
        return self._busy < self._slots

    def wake(self) -> None:
        self._woken.set()

    def retire(self) -> None:
        """Claim nothing more; what is under way is finished."""
        self._retired = True
        self.wake()

    async def run(self) -> None:
        """Claim and deliver until retired."""
        receiver = self.receiver
        try:
            session = net.new_session(
                user_agent=self._user_agent,
                allow_networks=receiver.allow_networks,
                ca=receiver.ca,
                client_cert=receiver.client_cert,
                client_key=receiver.client_key,
                proxy=receiver.proxy,
            )
        except ConfigError as error:  # a certificate file that was right when the configuration was checked
            log.event(
                report.LOGGER,
                "delivery.receiver_unusable",
                level=logging.ERROR,
                receiver=receiver.name,
                reason=str(error),
            )
            return
        async with session, asyncio.TaskGroup() as group:
            while not self._retired:
                await self._claim(group, session, self._slots - self._busy, take_downs_only=not receiver.enabled)
                if not self.has_room:
                    await self._claim(group, session, self._slots + 1 - self._busy, take_downs_only=True)
                await self._woken.wait()
                self._woken.clear()

    async def _claim(
        self, group: asyncio.TaskGroup, session: aiohttp.ClientSession, limit: int, *, take_downs_only: bool
    ) -> None:
        if limit <= 0:
            return
        name, lease = self.receiver.name, self.receiver.timeout + LEASE_MARGIN
        try:
            claims = await self._store.claim(
                name, now=utc_now(), limit=limit, lease=lease, take_downs_only=take_downs_only
            )
        except StoreError as error:
            report.store_failed(error)
            return
        for claim in claims:
            self._busy += 1
            group.create_task(self._carry(session, claim))

    async def _carry(self, session: aiohttp.ClientSession, claim: Claim) -> None:
        try:
            await self._deliver(session, self.receiver, claim)
        finally:
            self._busy -= 1
            self.wake()
