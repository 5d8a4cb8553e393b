"""What happens, counted and timed when it happens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from capgateway.metrics.gauges import Gauges
from capgateway.metrics.label import label
from capgateway.metrics.state import State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Seconds. An alert reaches a feed within seconds or minutes; a feed is polled every minute or two; after an outage, hours.
ON_THE_WAY = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 6 * 3600, 24 * 3600)
#: Seconds. A commit takes milliseconds; a database that does not answer, minutes.
TO_STORE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 60)
#: Seconds. One request takes milliseconds; the repetitions of one that failed come after 5 seconds, minutes, hours.
TO_DELIVER = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600)
LONGEST = 7 * 24 * 3600.0
"""Seconds: what a document says of its time of sending may be centuries off, and one such number would spoil the sum."""


class Metrics:
    """The counters of one gateway process."""

    def __init__(self) -> None:
        self._registry = every = CollectorRegistry()
        ProcessCollector(registry=every)
        self._alerts = Counter(
            "capgateway_alerts",
            "Alerts decided, by decision and reason.",
            ["feed", "decision", "reason"],
            registry=every,
        )
        self._findings = Counter(
            "capgateway_findings", "Findings about new alerts, by rule.", ["rule", "level"], registry=every
        )
        self._received = Histogram(
            "capgateway_sent_to_received_seconds",
            "From the sent time of a new alert to its arrival here.",
            ["decision"],
            buckets=ON_THE_WAY,
            registry=every,
        )
        self._stored = Histogram(
            "capgateway_received_to_stored_seconds",
            "From the arrival of a new alert until it is decided and stored.",
            ["decision"],
            buckets=TO_STORE,
            registry=every,
        )
        self._acknowledged = Histogram(
            "capgateway_stored_to_acknowledged_seconds",
            "From the time at which a message was stored until its receiver acknowledged it.",
            ["receiver", "action"],
            buckets=TO_DELIVER,
            registry=every,
        )
        self._attempts = Counter(
            "capgateway_delivery_attempts",
            "Attempts to deliver a message.",
            ["receiver", "outcome"],
            registry=every,
        )
        self._polls = Counter("capgateway_polls", "Polls of a feed.", ["feed", "outcome"], registry=every)
        self._tasks = Counter(
            "capgateway_task_failures",
            "Faults in a task that should live as long as the gateway, by the feed or receiver it works for.",
            ["task", "name"],
            registry=every,
        )
        self._pictures = Counter(
            "capgateway_pictures",
            "Pictures tried: ready, later (tried again), or the finding for which they are not shown.",
            ["outcome"],
            registry=every,
        )
        self._steps = Counter("capgateway_clock_steps", "Jumps of this machine's clock.", ["direction"], registry=every)
        self._config = Gauge(
            "capgateway_config_last_reload_successful",
            "1 when the configuration file was accepted the last time it was read, else 0.",
            registry=every,
        )
        self._config.set(1)
        for direction in ("back", "forward"):
            self._steps.labels(direction)
        for decision in ("published", "updated", "ended"):
            self._received.labels(decision)
            self._stored.labels(decision)

    def expect(self, receivers: Iterable[str]) -> None:
        """Let the series of each receiver begin at 0. Prometheus sees an increase only in a series that it knows, and the rules
        would miss the first take-down of each process, which may be the only one of the week."""
        for receiver in receivers:
            for action in ("display", "take_down"):
                self._acknowledged.labels(label(receiver), action)

    def decided(self, *, feed: str, decision: str, reason: str | None) -> None:
        """Count one alert; ``reason`` is empty in the label where the decision needs none."""
        self._alerts.labels(label(feed), label(decision), label(reason) if reason else "").inc()

    def found(self, findings: Iterable[tuple[str, str]]) -> None:
        """Count what a validator reported about one new alert: pairs of rule and level."""
        for rule, level in findings:
            self._findings.labels(label(rule), label(level)).inc()

    def arrived(self, *, decision: str, on_the_way: timedelta | None, to_store: timedelta) -> None:
        """Time one new alert: from ``sent`` to its arrival, where it says when it was sent, and from there until it was stored."""
        if on_the_way is not None:
            self._received.labels(label(decision)).observe(_seconds(on_the_way))
        self._stored.labels(label(decision)).observe(_seconds(to_store))

    def acknowledged(self, *, receiver: str, action: str | None, after: timedelta) -> None:
        """Time one message from the store to its receiver; without an ``action`` it is about no card: ``other``."""
        self._acknowledged.labels(label(receiver), label(action or "other")).observe(_seconds(after))

    def attempted(self, *, receiver: str, outcome: str) -> None:
        """Count one attempt by the one stable word of its outcome."""
        self._attempts.labels(label(receiver), label(outcome)).inc()

    def polled(self, *, feed: str, outcome: str) -> None:
        """Count one poll: ``ok``, ``not_modified`` or the reason of the failure."""
        self._polls.labels(label(feed), label(outcome)).inc()

    def task_failed(self, *, task: str, name: str) -> None:
        """Count one fault of a task, by its kind and by whom it works for."""
        self._tasks.labels(label(task), label(name)).inc()

    def pictured(self, *, outcome: str) -> None:
        """Count one try for a picture: ``ready``, ``later``, or the finding for which it is not shown."""
        self._pictures.labels(label(outcome)).inc()

    def clock_stepped(self, by: timedelta) -> None:
        """Count one jump of the wall clock."""
        self._steps.labels("back" if by < timedelta(0) else "forward").inc()

    def reloaded(self, *, is_accepted: bool) -> None:
        """Note whether the configuration file could be used."""
        self._config.set(is_accepted)

    def exposition(self, state: State, now: datetime) -> bytes:
        """Everything in Prometheus' text format, to be sent as :data:`CONTENT_TYPE`."""
        now_registry = CollectorRegistry()
        now_registry.register(Gauges(state, now))
        return generate_latest(self._registry) + generate_latest(now_registry)


def _seconds(duration: timedelta) -> float:
    return min(max(duration.total_seconds(), 0.0), LONGEST)
