"""How long the parts of a request took, and where it went. Only callers that ask (:func:`watched`) pay for it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator


class Timing:
    """Seconds for looking the name up and for connecting, TLS and look-up included; ``None`` where a connection was there. The
    address that was connected to, and the version of TLS. ``is_at_proxy`` while a proxy has not connected us yet;
    ``is_connected`` as soon as something may have been sent."""

    __slots__ = ("connected", "is_at_proxy", "is_connected", "looked_up", "remote", "tls")

    def __init__(self) -> None:
        self.looked_up: float | None = None
        self.connected: float | None = None
        self.remote: str | None = None
        self.tls: str | None = None
        self.is_at_proxy = self.is_connected = False

    def went_to(self, transport: asyncio.BaseTransport | None) -> None:
        """What the connection says of its other end."""
        self.is_connected = True
        if transport is None:
            return
        peer: Any = transport.get_extra_info("peername")
        secured: Any = transport.get_extra_info("ssl_object")
        self.remote = str(peer[0]) if isinstance(peer, tuple) else None
        self.tls = secured.version() if secured else None


_CURRENT: ContextVar[Timing | None] = ContextVar("_CURRENT", default=None)


def current() -> Timing | None:
    """What is to be filled in, in the task that makes the request."""
    return _CURRENT.get()


@contextmanager
def watched() -> Iterator[Timing]:
    """The timing of the request that is made inside."""
    timing = Timing()
    token = _CURRENT.set(timing)
    try:
        yield timing
    finally:
        _CURRENT.reset(token)
