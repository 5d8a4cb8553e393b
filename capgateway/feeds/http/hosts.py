"""How hard we lean on each host, over all feeds that live there: few requests at once, few a second, none while it asked
to be left alone.

For public hosts only. What lives in a feed's ``allow_networks`` is the operator's own, and asked as configured.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime, timedelta

#: Requests under way at once. Browsers have used six for decades; a first poll may have hundreds of links to follow.
AT_ONCE = 4
#: Requests a second in the long run, after a first burst. Nobody publishes a limit; the NWS answers 403 above its own.
PER_SECOND = 5.0
BURST = 20
#: Hosts remembered. Links may lead anywhere, so a hostile index could name ever new ones.
MAX_HOSTS = 10_000


class _Host:
    def __init__(self) -> None:
        self.gate = asyncio.Semaphore(AT_ONCE)
        self.next_turn = 0.0  # on the loop's clock; in the past while requests are rarer than they may be
        self.held_until: datetime | None = None


class Hosts:
    """The state of each host. One for the whole process."""

    def __init__(self, *, per_second: float = PER_SECOND, burst: int = BURST) -> None:
        self._seconds, self._burst = 1 / per_second, burst
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait until a request to the host is in order, and hold its place while it is under way."""
        host = self._host(name)
        async with host.gate:
            now = asyncio.get_running_loop().time()
            start = max(host.next_turn, now - self._burst * self._seconds)
            host.next_turn = start + self._seconds
            if start > now:
                await asyncio.sleep(start - now)
            yield

    def hold(self, name: str, until: datetime) -> None:
        """Leave a host alone until then, for every feed: it said so."""
        host = self._host(name)
        host.held_until = max(host.held_until or until, until)

    def held_until(self, name: str, now: datetime) -> datetime | None:
        """Until when a host wants to be left alone, ``None`` if it does not."""
        host = self._hosts.get(name)
        until = host.held_until if host is not None else None
        return until if until is not None and until > now else None

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: a host that wants to be left alone is left alone for as long as before."""
        for host in self._hosts.values():
            host.held_until = host.held_until and host.held_until + by

    def _host(self, name: str) -> _Host:
        host = self._hosts.pop(name, None) or _Host()
        self._hosts[name] = host  # most recently used last
        if len(self._hosts) > MAX_HOSTS:
            del self._hosts[next(iter(self._hosts))]
        return host
