"""What taking in alerts needs to know of the feed they come from, and tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    import aiohttp

    from capgateway.feeds import Feed
    from capgateway.store import Arrival, Taken


class Followed(Protocol):
    """A feed being watched, as its bodies and links know it."""

    feed: Feed
    session: aiohttp.ClientSession
    seen: set[str]

    @property
    def is_public(self) -> bool:
        """Whether its servers are other people's."""

    def took(self, arrival: Arrival, taken: Taken, key: str = "") -> bool:
        """An alert came in, announced by the entry of this key; whether it was new."""

    def retry_later(self, at: datetime | None) -> None:
        """Something missing is due then."""
