"""How a feed is doing, as API, metrics and command line tell it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from capgateway.feeds.feed import FeedKind

Health = Literal["ok", "failing", "silent", "waiting", "disabled"]


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One feed now. ``health``: ``waiting`` before the first answer, ``silent`` when nothing came for ``silent_after``
    (no success for a polled feed, no message for a stream), ``failing`` when the last try failed but that is recent.

    ``wait_reason`` says why it is not asked at its usual pace. ``unusable`` counts entries of its last body that lead to no
    message. ``newest_at`` is when the latest alert came in, ``latency_seconds`` its way from ``sent`` to here. ``missing`` counts
    entries whose CAP was not fetched yet. ``gap_since`` is set when the source was out of reach for longer than it
    keeps alerts: what came in between may be lost. It stays for a day after ``gap_ended_at``, the first complete answer. ``clock_offset_seconds`` is how far this machine's clock is ahead of the
    server's ``Date``; ``fault`` says what in the gateway itself fails for this feed.
    """

    name: str
    kind: FeedKind
    enabled: bool
    health: Health
    url: str
    last_try: datetime | None = None
    last_success: datetime | None = None
    next_try: datetime | None = None
    consecutive_failures: int = 0
    trouble: str | None = None
    newest_at: datetime | None = None
    latency_seconds: float | None = None
    missing: int = 0
    unusable: int = 0
    wait_reason: str | None = None
    gap_since: datetime | None = None
    gap_ended_at: datetime | None = None
    moved_to: str | None = None
    certificate_expires_at: datetime | None = None
    client_certificate_expires_at: datetime | None = None
    clock_offset_seconds: float | None = None
    fault: str | None = None


class PollResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one poll brought. ``outcome`` is ``ok``, ``not_modified`` or the reason of the failure."""

    feed: str
    outcome: str
    new: int
    trouble: str | None = None


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one document handed in."""

    alert_id: str
    decision: str
    reason: str | None
    is_new: bool
    verdict: str
    identifier: str | None
