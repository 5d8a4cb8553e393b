"""One feed as the operator configured it."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

import msgspec

FeedKind = Literal["atom", "rss", "cap", "ipaws", "nws", "naads", "edxl", "directory", "push"]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """An upstream source of CAP messages. Fields are the keys of ``[[feeds]]``; secrets are resolved already, and
    ``trust`` is the PEM text of its file, so that a new text is another feed."""

    name: str
    kind: FeedKind
    url: str = ""
    urls: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    path: str = ""
    interval: timedelta = timedelta(minutes=2)
    profile: Literal["auto", "none", "ipaws", "cap-cp", "cap-au"] = "auto"
    signature: Literal["ignore", "verify", "require"] = "verify"
    trust: bytes = b""
    senders: tuple[str, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    precedence: int = 10
    rehearsal: bool = False
    silent_after: timedelta = timedelta(minutes=15)
    media_hosts: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    proxy: str | None = None
    enabled: bool = True

    @property
    def address(self) -> str:
        """Where the feed is: its URL, the first of several, or its folder; ``""`` for one that others push to."""
        return self.url or next(iter(self.urls), "") or self.path

    def __repr__(self) -> str:
        return f"Feed({self.name!r})"  # the headers may hold secrets, which never reach a log
