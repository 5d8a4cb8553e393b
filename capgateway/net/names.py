"""Names looked up in threads of their own, so that one name server that hangs keeps nobody else waiting.

The system's own look-up is used, because it knows what no other does: ``/etc/hosts``, the names of containers and of the
local network, a ``resolv.conf`` that changes. It blocks its thread, for half a minute when a name server is silent, and
nothing can end it. Hence the four rules here:

- a look-up has a thread to itself, not a place in a pool: the store and other look-ups never queue behind it;
- it is waited for ``LOOKUP_SECONDS``, then the callers get the answer that the name server does not answer;
- a name has one thread at most: a caller that needs it again while it hangs gets that answer at once;
- a session has ``MOST_AT_ONCE`` threads at most, whatever names a hostile index links to.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from concurrent.futures import Future
from typing import NamedTuple, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

#: One silent name server costs the system 5 s before it asks the next.
LOOKUP_SECONDS = 8.0
#: Forty feeds whose names all hang, each following a few links, leave room for others.
MOST_AT_ONCE = 250

_Answers: TypeAlias = "list[ResolveResult]"
_ASKED = socket.AI_ADDRCONFIG & getattr(socket, "AI_MASK", -1)
_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_NUMBERS = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV


class _Lookup(NamedTuple):
    answers: Future[_Answers]
    begun: float


class Names(AbstractResolver):
    """The look-ups of one session."""

    def __init__(self, *, patience: float = LOOKUP_SECONDS, most: int = MOST_AT_ONCE) -> None:
        self._patience, self._most = patience, most
        self._under_way: dict[tuple[str, int], _Lookup] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises ``OSError`` when there are none, or none in time."""
        lookup = self._under_way.get((host, family)) or self._begin(host, family)
        left = lookup.begun + self._patience - time.monotonic()
        try:
            async with asyncio.timeout(left):  # nothing may be left: then it is over at once
                answers = await asyncio.shield(asyncio.wrap_future(lookup.answers))
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answered in time") from None
        return [{**answer, "port": port} for answer in answers]

    async def close(self) -> None:
        """Nothing to do: who still hangs ends by itself, and keeps no process alive."""

    def _begin(self, host: str, family: int) -> _Lookup:
        if len(self._under_way) >= self._most:
            raise socket.gaierror(socket.EAI_AGAIN, f"{self._most} other names are being looked up")
        lookup = self._under_way[host, family] = _Lookup(Future(), time.monotonic())
        try:
            threading.Thread(target=self._look_up, args=(host, family, lookup), name="look-up", daemon=True).start()
        except RuntimeError as error:  # the system allows no more threads
            del self._under_way[host, family]
            raise socket.gaierror(socket.EAI_AGAIN, str(error)) from None
        return lookup

    def _look_up(self, host: str, family: int, lookup: _Lookup) -> None:
        lookup.answers.set_running_or_notify_cancel()
        try:
            found = look_up(host, family)
        except Exception as error:  # noqa: BLE001  (whoever asked gets it)
            del self._under_way[host, family]
            lookup.answers.set_exception(error)
        else:
            del self._under_way[host, family]
            lookup.answers.set_result(found)


def look_up(host: str, family: int = socket.AF_UNSPEC) -> list[ResolveResult]:
    """What the system says; blocks for as long as the system likes."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, family=family, flags=_ASKED)
    except UnicodeError:  # a label of more than 63 characters
        raise socket.gaierror(socket.EAI_NONAME, "it cannot be a host's name") from None
    return [
        ResolveResult(
            hostname=host, host=_numbers(family, address), port=0, family=family, proto=protocol, flags=_FLAGS
        )
        for family, _, protocol, _, address in found
    ]


def _numbers(family: int, address: tuple[object, ...]) -> str:
    """The address as text, with its zone where it has one."""
    if family == socket.AF_INET6 and len(address) > 3 and address[3]:  # noqa: PLR2004  (host, port, flow, zone)
        return socket.getnameinfo(address, _NUMBERS)[0]  # type: ignore[arg-type]
    return str(address[0])
