"""Wrong tokens are slowed down, by the address they come from. A right token is looked at first, so this never blocks one."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from time import monotonic

from aiohttp import web

FREE = 10  # wrong tokens per address and window: a person who mistypes, a client with an old token
WINDOW_SECONDS = 60.0
HOST_BITS = 64
MOST_PEERS = 1_000  # addresses that are remembered; who has more of them is not slowed by counting


class Slowing:
    """Counts the wrong tokens of each address."""

    def __init__(self) -> None:
        self._peers: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wrong(self, peer: str, now: float | None = None) -> int:
        """One more wrong token; how many seconds its sender has to wait, 0 while it may try again at once."""
        at, peer = monotonic() if now is None else now, _sender(peer)
        since, count = self._peers.pop(peer, (at, 0))
        if at - since >= WINDOW_SECONDS:
            since, count = at, 0
        self._peers[peer] = (since, count + 1)
        if len(self._peers) > MOST_PEERS:
            self._peers.popitem(last=False)
        return 0 if count < FREE else max(1, round(since + WINDOW_SECONDS - at))


def _sender(peer: str) -> str:
    """Who counts as one: an address, or a network of IPv6, of which one customer has every address."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    if not isinstance(address, IPv6Address) or address.ipv4_mapped:
        return str(getattr(address, "ipv4_mapped", address))
    return f"{int(address) >> HOST_BITS:x}/64"


SLOWING = web.AppKey("slowing", Slowing)
