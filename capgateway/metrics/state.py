"""What is so at the time of asking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

RECEIVER_STATES = ("well", "failing", "degraded", "suspended", "disabled")


class FeedGauge(msgspec.Struct, frozen=True, kw_only=True):
    """How one feed is doing; ``None`` is what is not known yet, or does not apply."""

    feed: str
    is_silent: bool = False
    last_success: datetime | None = None
    newest_at: datetime | None = None
    latency_seconds: float | None = None
    failures: int = 0
    missing: int = 0
    gap_since: datetime | None = None
    certificate_expires_at: datetime | None = None
    clock_offset_seconds: float | None = None


class ReceiverGauge(msgspec.Struct, frozen=True, kw_only=True):
    """How one receiver is doing, in a word of :data:`RECEIVER_STATES`; ``acknowledged_at`` of its last snapshot.
    ``is_only_probed`` while its breaker is open; ``causes`` are the words for which it is degraded."""

    receiver: str
    state: str
    acknowledged_at: datetime | None = None
    misses: int = 0
    is_only_probed: bool = False
    causes: tuple[str, ...] = ()


class Queues(msgspec.Struct, frozen=True, kw_only=True):
    """What the store has to show or is waiting for. By receiver: ``pending`` counts deliveries neither acknowledged nor given
    up, ``dead`` those given up, ``oldest_take_down`` is when the oldest unacknowledged take-down was made. ``quarantined``
    counts by reason the alerts that nobody has dealt with; ``displayed``, ``unverified`` (of these) and ``held`` (take-downs
    that may be meant for one of these) are about live cards."""

    pending: Mapping[str, int] = {}
    dead: Mapping[str, int] = {}
    oldest_take_down: Mapping[str, datetime] = {}
    quarantined: Mapping[str, int] = {}
    displayed: int = 0
    unverified: int = 0
    held: int = 0
    is_paused: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is so at the time of asking; ``queues`` is ``None`` while the database does not answer, and ``is_writable`` says
    whether it takes what is written. ``writes_waiting`` are units of work that no commit has taken yet."""

    feeds: tuple[FeedGauge, ...] = ()
    receivers: tuple[ReceiverGauge, ...] = ()
    queues: Queues | None = None
    is_writable: bool = False
    writes_waiting: int = 0
