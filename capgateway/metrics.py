"""What Prometheus may ask: a few numbers named ``capgateway_…``, in a registry of our own.

Two sorts. What *happens* is counted when it happens (:meth:`Metrics.decided`, :meth:`Metrics.attempted`, :meth:`Metrics.polled`).
What *is* (pending deliveries, a feed's last success) is read from the store when Prometheus asks, and handed to
:meth:`Metrics.exposition` as a :class:`State`, so it is right after a restart and in every process.

Labels are the operator's names and our own words, never anything from a document: a value of another form becomes ``other``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version

import msgspec
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_LABEL = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class FeedGauge(msgspec.Struct, frozen=True, kw_only=True):
    """How one feed is doing; ``None`` is what is not known yet, or does not apply."""

    feed: str
    is_silent: bool = False
    last_success: datetime | None = None
    newest_at: datetime | None = None
    latency_seconds: float | None = None
    failures: int = 0
    missing: int = 0
    has_gap: bool = False
    certificate_expires_at: datetime | None = None
    clock_offset_seconds: float | None = None


class DeliveryState(msgspec.Struct, frozen=True, kw_only=True):
    """Deliveries neither acknowledged nor given up, counted by receiver, and when each receiver's oldest
    unacknowledged take-down was made."""

    pending: Mapping[str, int] = {}
    oldest_take_down: Mapping[str, datetime] = {}


class ReceiverGauge(msgspec.Struct, frozen=True, kw_only=True):
    """How one receiver is doing, in a word of :data:`RECEIVER_STATES`; ``acknowledged_at`` of its last snapshot."""

    receiver: str
    state: str
    acknowledged_at: datetime | None = None
    misses: int = 0


RECEIVER_STATES = ("well", "failing", "degraded", "suspended", "disabled")


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is so at the time of asking; ``deliveries`` is ``None`` when the database does not answer, and ``is_writable``
    says whether it takes what is written. ``cards_unverified`` and ``take_downs_held`` wait for a person; they are known
    where ``deliveries`` is."""

    feeds: tuple[FeedGauge, ...] = ()
    receivers: tuple[ReceiverGauge, ...] = ()
    deliveries: DeliveryState | None = None
    cards_unverified: int = 0
    take_downs_held: int = 0
    is_writable: bool = False
    is_paused: bool = False


class Metrics:
    """The counters of one gateway."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._alerts = Counter(
            "capgateway_alerts",
            "Alerts decided, by decision and reason.",
            ["feed", "decision", "reason"],
            registry=self._registry,
        )
        self._attempts = Counter(
            "capgateway_delivery_attempts",
            "Attempts to deliver a message.",
            ["receiver", "outcome"],
            registry=self._registry,
        )
        self._polls = Counter("capgateway_polls", "Polls of a feed.", ["feed", "outcome"], registry=self._registry)
        self._tasks = Counter(
            "capgateway_task_failures",
            "Faults in a task that should live as long as the gateway, by the feed or receiver it works for.",
            ["task", "name"],
            registry=self._registry,
        )
        self._pictures = Counter(
            "capgateway_pictures",
            "Pictures tried: ready, later (tried again), or the finding for which they are not shown.",
            ["outcome"],
            registry=self._registry,
        )
        self._steps = Counter(
            "capgateway_clock_steps", "Jumps of this machine's clock.", ["direction"], registry=self._registry
        )

    def decided(self, *, feed: str, decision: str, reason: str | None) -> None:
        """Count one alert; ``reason`` is empty in the label where the decision needs none."""
        self._alerts.labels(_label(feed), _label(decision), _label(reason) if reason else "").inc()

    def attempted(self, *, receiver: str, outcome: str) -> None:
        """Count one attempt by the one stable word of its outcome."""
        self._attempts.labels(_label(receiver), _label(outcome)).inc()

    def polled(self, *, feed: str, outcome: str) -> None:
        """Count one poll: ``ok``, ``not_modified`` or the reason of the failure."""
        self._polls.labels(_label(feed), _label(outcome)).inc()

    def task_failed(self, *, task: str, name: str) -> None:
        """Count one fault of a task, by its kind and by whom it works for."""
        self._tasks.labels(_label(task), _label(name)).inc()

    def pictured(self, *, outcome: str) -> None:
        """Count one try for a picture: ``ready``, ``later``, or the finding for which it is not shown."""
        self._pictures.labels(_label(outcome)).inc()

    def clock_stepped(self, by: timedelta) -> None:
        """Count one jump of the wall clock."""
        self._steps.labels("back" if by < timedelta(0) else "forward").inc()

    def exposition(self, state: State, now: datetime) -> bytes:
        """Everything in Prometheus' text format, to be sent as :data:`CONTENT_TYPE`."""
        now_registry = CollectorRegistry()
        now_registry.register(_Gauges(state, now))
        return generate_latest(self._registry) + generate_latest(now_registry)


def _since_1970(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


# name → what it says, and its value for a feed now, None for none.
_OF_A_FEED: dict[str, tuple[str, Callable[[FeedGauge, datetime], float | None]]] = {
    "capgateway_feed_last_success_timestamp_seconds": (
        "When the feed last answered usably, in seconds since 1970; absent before the first time.",
        lambda feed, _: _since_1970(feed.last_success),
    ),
    "capgateway_feed_silent": (
        "1 when the feed had no success for its silent_after, or none yet.",
        lambda feed, _: float(feed.is_silent),
    ),
    "capgateway_feed_consecutive_failures": (
        "How often in a row asking the feed has failed.",
        lambda feed, _: float(feed.failures),
    ),
    "capgateway_feed_newest_alert_age_seconds": (
        "How long ago the newest alert came in; absent before the first.",
        lambda feed, now: max(0.0, (now - feed.newest_at).total_seconds()) if feed.newest_at else None,
    ),
    "capgateway_feed_latency_seconds": (
        "From the sent time of the newest alert to its arrival here; absent before the first.",
        lambda feed, _: feed.latency_seconds,
    ),
    "capgateway_feed_missing_entries": (
        "Entries that the feed announced and whose alert could not be fetched yet.",
        lambda feed, _: float(feed.missing),
    ),
    "capgateway_feed_gap": (
        "1 when the feed was out of reach for longer than it keeps alerts: some may be lost.",
        lambda feed, _: float(feed.has_gap),
    ),
    "capgateway_feed_certificate_expiry_timestamp_seconds": (
        "When the certificate of the feed's server expires, in seconds since 1970; absent where there is none.",
        lambda feed, _: _since_1970(feed.certificate_expires_at),
    ),
    "capgateway_feed_clock_offset_seconds": (
        "How far this machine's clock is ahead of the Date that the feed's server sends; absent without one.",
        lambda feed, _: feed.clock_offset_seconds,
    ),
}


class _Gauges:
    """The collector of one scrape."""

    def __init__(self, state: State, now: datetime) -> None:
        self._state, self._now = state, now

    def collect(self) -> Iterator[Metric]:
        yield _gauge(
            "capgateway_build_info", "Always 1; the version is the label.", ["version"], [([version("capgateway")], 1)]
        )
        yield from self._feeds()
        yield from self._receivers()
        yield from self._deliveries()

    def _feeds(self) -> Iterator[Metric]:
        for name, (text, number) in _OF_A_FEED.items():
            numbers = [([feed.feed], number(feed, self._now)) for feed in self._state.feeds]
            yield _gauge(name, text, ["feed"], [(labels, found) for labels, found in numbers if found is not None])

    def _receivers(self) -> Iterator[Metric]:
        every = self._state.receivers
        yield _gauge(
            "capgateway_receiver_state",
            "1 for the state that the receiver is in, 0 for the others.",
            ["receiver", "state"],
            [([one.receiver, state], float(one.state == state)) for one in every for state in RECEIVER_STATES],
        )
        yield _gauge(
            "capgateway_receiver_snapshot_misses",
            "Snapshots in a row that the receiver did not acknowledge.",
            ["receiver"],
            [([one.receiver], float(one.misses)) for one in every],
        )
        yield _gauge(
            "capgateway_receiver_last_snapshot_timestamp_seconds",
            "When the receiver last acknowledged a snapshot, in seconds since 1970; absent before the first.",
            ["receiver"],
            [([one.receiver], one.acknowledged_at.timestamp()) for one in every if one.acknowledged_at],
        )

    def _deliveries(self) -> Iterator[Metric]:
        known = self._state.deliveries
        yield _gauge(
            "capgateway_database_up",
            "1 when the database could be written to.",
            [],
            [([], float(self._state.is_writable))],
        )
        if known is None:
            return
        yield _gauge(
            "capgateway_paused",
            "1 while displays are paused: none starts, and take-downs continue.",
            [],
            [([], float(self._state.is_paused))],
        )
        yield _gauge(
            "capgateway_cards_unverified",
            "Live cards that nobody has confirmed since a gap of their feed.",
            [],
            [([], float(self._state.cards_unverified))],
        )
        yield _gauge(
            "capgateway_take_downs_held",
            "Take-downs in quarantine that may be meant for a live card.",
            [],
            [([], float(self._state.take_downs_held))],
        )
        yield _gauge(
            "capgateway_deliveries_pending",
            "Deliveries neither acknowledged nor given up.",
            ["receiver"],
            [([receiver], float(count)) for receiver, count in known.pending.items()],
        )
        yield _gauge(
            "capgateway_oldest_take_down_seconds",
            "Age of the oldest take-down that the receiver has not acknowledged; absent when there is none.",
            ["receiver"],
            [
                ([receiver], max(0.0, (self._now - since).total_seconds()))
                for receiver, since in known.oldest_take_down.items()
            ],
        )


def _gauge(name: str, text: str, labels: list[str], samples: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        family.add_metric(
            [_label(value) if label != "version" else value for label, value in zip(labels, values, strict=True)],
            number,
        )
    return family


def _label(value: str) -> str:
    return value if _LABEL.fullmatch(value) else "other"
