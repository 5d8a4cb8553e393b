"""Certificate files that expire soon: reported 30, 7 and 1 days before, and when they have expired.

An expired file is a warning too. A gateway that did not start because of one receiver's certificate would serve none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway import net

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.config.settings import Settings
    from capgateway.feeds.feed import Feed
    from capgateway.webhooks.receiver import Receiver

DAYS = (1, 7, 30)
"""A month to order one, a week to find out why nobody did, a day to act."""


class Expiring(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a feed or receiver, and how near its end is: the smallest of ``DAYS`` that still lasts as long, 0 when it has
    expired."""

    feed: str | None = None
    receiver: str | None = None
    key: str
    path: str
    expires_at: datetime
    within: int

    def told(self, now: datetime) -> str:
        """A sentence about it."""
        day, left = f"{self.expires_at:%Y-%m-%d %H:%M} UTC", (self.expires_at - now).days
        if not self.within:
            return f"{self.path} expired on {day}"
        return f"{self.path} expires on {day}, in {left} days" if left > 1 else f"{self.path} expires on {day}"


def expiring(settings: Settings, now: datetime) -> list[Expiring]:
    """Those of all feeds and receivers that are enabled."""
    feeds = [found for one in settings.feeds if one.enabled for found in _of(one, now, feed=one.name)]
    return feeds + [found for one in settings.receivers if one.enabled for found in _of(one, now, receiver=one.name)]


class Reminders:
    """What was not reported yet. A file is reported once for each limit that it passes, and again after it was renewed."""

    def __init__(self) -> None:
        self.reported: list[Expiring] = []

    def news(self, settings: Settings, now: datetime) -> list[Expiring]:
        """What there is to report now."""
        found = expiring(settings, now)
        new = [one for one in found if one not in self.reported]
        self.reported = found
        return new


def _of(one: Feed | Receiver, now: datetime, *, feed: str | None = None, receiver: str | None = None) -> list[Expiring]:
    found = expiring_files(one.ca, one.client_cert, now)
    return [msgspec.structs.replace(file, feed=feed, receiver=receiver) for file in found]


def expiring_files(ca: str | None, client_cert: str | None, now: datetime) -> Iterator[Expiring]:
    """Those of these two files that expire within a month."""
    for key, path, end in (("ca", ca, net.authorities_end), ("client_cert", client_cert, net.certificate_end)):
        expires_at = end(path) if path else None
        within = None if expires_at is None else _within(expires_at - now)
        if path and expires_at and within is not None:
            yield Expiring(key=key, path=path, expires_at=expires_at, within=within)


def _within(left: timedelta) -> int | None:
    if left <= timedelta(0):
        return 0
    return next((days for days in DAYS if left <= timedelta(days=days)), None)
