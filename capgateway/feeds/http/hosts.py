"""How hard we lean on each host, over all feeds that live there: few requests at once, few a second, none while it asked
to be left alone.

The feeds themselves, the documents they link to and what is tried again have lanes of their own: a hundred links that hang
do not keep us from the index of another feed.

For public hosts only. What lives in a feed's ``allow_networks`` is the operator's own, and asked as configured.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime, timedelta

Lane = Literal["feeds", "links", "again"]
#: Requests of one lane under way at once. Browsers have used six for decades; a first poll may have hundreds of links to
#: follow.
AT_ONCE = 4
#: Requests a second in the long run, after a first burst. Nobody publishes a limit; the NWS answers 403 above its own.
PER_SECOND = 5.0
BURST = 20
#: Hosts remembered. Links may lead anywhere, so a hostile index could name ever new ones.
MAX_HOSTS = 10_000


class _Host:
    def __init__(self) -> None:
        self.gates: dict[Lane, asyncio.Semaphore] = {}
        self.next_turn = 0.0  # on the loop's clock; in the past while requests are rarer than they may be
        self.held: dict[Lane, datetime] = {}

    def gate(self, lane: Lane) -> asyncio.Semaphore:
        return self.gates.setdefault(lane, asyncio.Semaphore(AT_ONCE))


class Hosts:
    """The state of each host. One for the whole process."""

    def __init__(self, *, per_second: float = PER_SECOND, burst: int = BURST) -> None:
        self._seconds, self._burst = 1 / per_second, burst
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, name: str, lane: Lane = "feeds") -> AsyncIterator[None]:
        """Wait until a request to the host is in order, and hold its place while it is under way."""
        host = self._host(name)
        async with host.gate(lane):
            now = asyncio.get_running_loop().time()
            start = max(host.next_turn, now - self._burst * self._seconds)
            host.next_turn = start + self._seconds
            if start > now:
                await asyncio.sleep(start - now)
            yield

    def hold(self, name: str, until: datetime, lane: Lane = "feeds") -> None:
        """Leave a host alone until then: it said so. What it says to a link does not count for the feeds of the host."""
        held = self._host(name).held
        held[lane] = max(held.get(lane, until), until)

    def held_until(self, name: str, now: datetime, lane: Lane = "feeds") -> datetime | None:
        """Until when a host wants to be left alone, ``None`` if it does not."""
        host = self._hosts.get(name)
        if host is None:
            return None
        until = max((moment for held, moment in host.held.items() if held in {"feeds", lane}), default=None)
        return until if until is not None and until > now else None

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: a host that wants to be left alone is left alone for as long as before."""
        for host in self._hosts.values():
            host.held = {lane: until + by for lane, until in host.held.items()}

    def _host(self, name: str) -> _Host:
        host = self._hosts.pop(name, None) or _Host()
        self._hosts[name] = host  # most recently used last
        if len(self._hosts) > MAX_HOSTS:
            del self._hosts[next(iter(self._hosts))]
        return host
