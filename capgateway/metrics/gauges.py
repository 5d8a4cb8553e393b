"""What is, as Prometheus reads it: a collector that lives for one scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

from prometheus_client.core import GaugeMetricFamily, Metric

from capgateway.metrics.label import label
from capgateway.metrics.state import RECEIVER_STATES, FeedGauge, Queues, State


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
        lambda feed, _: float(feed.gap_since is not None),
    ),
    "capgateway_feed_gap_since_timestamp_seconds": (
        "When that gap began, in seconds since 1970: a later one has another; absent without a gap.",
        lambda feed, _: _since_1970(feed.gap_since),
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


class Gauges:
    """The collector of one scrape."""

    def __init__(self, state: State, now: datetime) -> None:
        self._state, self._now = state, now

    def collect(self) -> Iterator[Metric]:
        yield _gauge(
            "capgateway_build_info", "Always 1; the version is the label.", ["version"], [([version("capgateway")], 1)]
        )
        yield from self._feeds()
        yield from self._receivers()
        yield _gauge(
            "capgateway_database_up", *_alone(self._state.is_writable, "1 when the database could be written to.")
        )
        yield _gauge(
            "capgateway_writes_waiting",
            *_alone(self._state.writes_waiting, "Units of work that wait for the thread that writes to the database."),
        )
        if self._state.queues is not None:
            yield from self._cards(self._state.queues)
            yield from self._deliveries(self._state.queues)

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
            "capgateway_receiver_trouble",
            "1 for each cause for which the receiver is degraded; absent for the others.",
            ["receiver", "cause"],
            [([one.receiver, cause], 1.0) for one in every for cause in one.causes],
        )
        yield _gauge(
            "capgateway_receiver_breaker_open",
            "1 while the receiver is only probed because it failed so often.",
            ["receiver"],
            [([one.receiver], float(one.is_only_probed)) for one in every],
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

    def _cards(self, queues: Queues) -> Iterator[Metric]:
        told = {
            "capgateway_paused": (
                queues.is_paused,
                "1 while displays are paused: none starts, and take-downs continue.",
            ),
            "capgateway_cards_displayed": (queues.displayed, "Cards on display now."),
            "capgateway_cards_unverified": (
                queues.unverified,
                "Live cards that nobody has confirmed since a gap of their feed.",
            ),
            "capgateway_take_downs_held": (
                queues.held,
                "Take-downs in quarantine that may be meant for a live card.",
            ),
        }
        for name, (number, text) in told.items():
            yield _gauge(name, *_alone(number, text))
        yield _gauge(
            "capgateway_quarantine_waiting",
            "Quarantined alerts that nobody has dealt with and whose text is not erased.",
            ["reason"],
            _numbers(queues.quarantined),
        )

    def _deliveries(self, queues: Queues) -> Iterator[Metric]:
        yield _gauge(
            "capgateway_deliveries_pending",
            "Deliveries neither acknowledged nor given up.",
            ["receiver"],
            _numbers(queues.pending),
        )
        yield _gauge(
            "capgateway_deliveries_dead",
            "Deliveries that were given up and have not been sent again.",
            ["receiver"],
            _numbers(queues.dead),
        )
        yield _gauge(
            "capgateway_oldest_take_down_seconds",
            "Age of the oldest take-down that the receiver has not acknowledged; absent when there is none.",
            ["receiver"],
            [
                ([receiver], max(0.0, (self._now - since).total_seconds()))
                for receiver, since in queues.oldest_take_down.items()
            ],
        )


def _alone(number: float, text: str) -> tuple[str, list[str], list[tuple[list[str], float]]]:
    """Text, labels and samples of a metric without labels."""
    return text, [], [([], float(number))]


def _numbers(counts: Mapping[str, int]) -> list[tuple[list[str], float]]:
    return [([name], float(count)) for name, count in counts.items()]


def _gauge(name: str, text: str, labels: list[str], samples: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        told = [value if name == "version" else label(value) for name, value in zip(labels, values, strict=True)]
        family.add_metric(told, number)
    return family
