"""Servers that take a connection and never answer: how long we wait for each link, and when a host is left alone."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

FIRST_PATIENCE = 1.5
"""Seconds for a link that was just announced. One that takes longer is put aside, not given up."""
LEAST_PATIENCE, LEAST_PATIENCE_IN_PUBLIC = 0.5, 1.0
"""When many hang, each is given this much: an AMBER Alert may be behind a hundred of them. A public host also makes us wait
for our turn."""
LONGER, LONGEST = 3.0, 60.0
"""Seconds for a link that was put aside, doubled with each failure, and the most: a recorded speech takes its time."""
TOLERATED = 4
"""Links in a row of one host that may hang before it is left alone."""
LEFT_ALONE, LEFT_ALONE_AT_MOST = 30.0, 900.0
"""Seconds, doubled with each further link that hangs."""
MAX_HOSTS = 1_000


class Hung(NamedTuple):
    links: int
    until: float


class Hangs:
    """What is known of one feed's links. ``now`` is a moment of a clock that only goes forward."""

    def __init__(self) -> None:
        self._patience = FIRST_PATIENCE
        self._hosts: dict[str, Hung] = {}

    def patience(self, *, is_public: bool) -> float:
        """Seconds for a link that was just announced."""
        return max(self._patience, LEAST_PATIENCE_IN_PUBLIC if is_public else LEAST_PATIENCE)

    def longer(self, failures: int) -> float:
        """Seconds for a link that was put aside, or failed so often."""
        return min(LONGER * (1 << min(failures, 10)), LONGEST)

    def left_alone(self, link: str, now: float) -> float:
        """For how many seconds more the host of a link is left alone."""
        hung = self._hosts.get(_host(link))
        return max(0.0, hung.until - now) if hung else 0.0

    def note(self, link: str, feed_url: str, now: float, *, is_slow: bool, was_new: bool) -> None:
        """A link was tried. The feed's own host is never left alone for its links: it answers for the feed."""
        host = _host(link)
        if was_new:
            self._patience = max(self._patience / 2, LEAST_PATIENCE) if is_slow else FIRST_PATIENCE
        if not is_slow:
            self._hosts.pop(host, None)
        elif not was_new and host != _host(feed_url):
            links = self._hosts.pop(host, Hung(0, 0.0)).links + 1
            wait = (
                min(LEFT_ALONE * (1 << min(max(links - TOLERATED, 0), 10)), LEFT_ALONE_AT_MOST)
                if links >= TOLERATED
                else 0.0
            )
            self._hosts[host] = Hung(links, now + wait)
            if len(self._hosts) > MAX_HOSTS:
                del self._hosts[next(iter(self._hosts))]


def _host(link: str) -> str:
    try:
        return urlsplit(link).netloc.lower()
    except ValueError:
        return ""
