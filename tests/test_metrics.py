"""Metrics: few, bounded, and right after a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from capgateway.metrics import FeedGauge, Metrics, Queues, State

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def test_what_happens_is_counted() -> None:
    """Decisions, attempts and polls count up under the operator's names and our words."""
    metrics = Metrics()
    metrics.decided(feed="nws", decision="ignored", reason="no_programme")
    metrics.decided(feed="nws", decision="published", reason=None)
    metrics.attempted(receiver="for-you-feed", outcome="delivered")
    metrics.polled(feed="nws", outcome="not_modified")
    text = metrics.exposition(State(), NOW).decode()
    assert 'capgateway_alerts_total{decision="ignored",feed="nws",reason="no_programme"} 1.0' in text
    assert 'capgateway_alerts_total{decision="published",feed="nws",reason=""} 1.0' in text
    assert 'capgateway_delivery_attempts_total{outcome="delivered",receiver="for-you-feed"} 1.0' in text
    assert 'capgateway_polls_total{feed="nws",outcome="not_modified"} 1.0' in text


def test_what_rules_wait_for_begins_at_zero() -> None:
    """Prometheus does not see the first event of a series that the event makes: jumps of the clock, alerts, take-downs."""
    metrics = Metrics()
    metrics.expect(["app"])
    text = metrics.exposition(State(), NOW).decode()
    for series in (
        'clock_steps_total{direction="back"}',
        'sent_to_received_seconds_bucket{decision="published",le="600.0"}',
        'received_to_stored_seconds_bucket{decision="ended",le="1.0"}',
        'stored_to_acknowledged_seconds_bucket{action="take_down",le="15.0",receiver="app"}',
    ):
        assert f"capgateway_{series} 0.0" in text


def test_what_is_comes_from_the_state() -> None:
    """Feeds and deliveries are told as the store has them at the time of asking."""
    state = State(
        feeds=(
            FeedGauge(feed="nws", last_success=NOW - timedelta(minutes=1)),
            FeedGauge(feed="texas", is_silent=True),
        ),
        queues=Queues(pending={"for-you-feed": 3}, oldest_take_down={"for-you-feed": NOW - timedelta(seconds=90)}),
    )
    text = Metrics().exposition(state, NOW).decode()
    assert 'capgateway_feed_silent{feed="nws"} 0.0' in text
    assert 'capgateway_feed_silent{feed="texas"} 1.0' in text
    assert 'capgateway_feed_last_success_timestamp_seconds{feed="texas"}' not in text
    assert 'capgateway_deliveries_pending{receiver="for-you-feed"} 3.0' in text
    assert 'capgateway_oldest_take_down_seconds{receiver="for-you-feed"} 90.0' in text


def test_how_a_feed_is_doing_is_told() -> None:
    """Age, latency, failures, missing entries, a gap and the certificate's end are numbers; what is unknown is absent."""
    known = FeedGauge(
        feed="nws",
        newest_at=NOW - timedelta(minutes=2),
        latency_seconds=7.5,
        failures=3,
        missing=2,
        gap_since=NOW,
        certificate_expires_at=NOW,
    )
    text = Metrics().exposition(State(feeds=(known, FeedGauge(feed="new"))), NOW).decode()
    numbers = {
        "newest_alert_age_seconds": 120.0,
        "latency_seconds": 7.5,
        "consecutive_failures": 3.0,
        "missing_entries": 2.0,
        "gap": 1.0,
    }
    for name, number in numbers.items():
        assert f'capgateway_feed_{name}{{feed="nws"}} {number}' in text
    assert 'capgateway_feed_gap_since_timestamp_seconds{feed="nws"} 1.7953308e+09' in text
    assert 'capgateway_feed_certificate_expiry_timestamp_seconds{feed="nws"} 1.7953308e+09' in text
    assert 'newest_alert_age_seconds{feed="new"}' not in text


def test_a_label_is_never_what_a_document_said() -> None:
    """A value that is neither a configured name nor one of our words becomes "other"."""
    metrics = Metrics()
    metrics.polled(feed="nws", outcome="Ada Testchild, plate KPW4471\n")
    text = metrics.exposition(State(), NOW).decode()
    assert 'capgateway_polls_total{feed="nws",outcome="other"} 1.0' in text
    assert "KPW4471" not in text


def test_the_version_is_told() -> None:
    """Build info carries the version of the package."""
    assert 'capgateway_build_info{version="' in Metrics().exposition(State(), NOW).decode()


def test_a_database_that_does_not_answer_is_told() -> None:
    """Without the store's numbers there are none, and one metric says why."""
    text = Metrics().exposition(State(), NOW).decode()
    assert "capgateway_database_up 0.0" in text
    assert "capgateway_deliveries_pending" not in text


def test_what_waits_for_a_person_is_always_told() -> None:
    """0 where nothing does, so that an alarm can be tried; no number where the database gives none."""
    for unverified, held in ((0, 0), (2, 1)):
        state = State(queues=Queues(unverified=unverified, held=held))
        text = Metrics().exposition(state, NOW).decode()
        assert f"capgateway_cards_unverified {unverified}.0" in text
        assert f"capgateway_take_downs_held {held}.0" in text
    assert "capgateway_cards_unverified" not in Metrics().exposition(State(), NOW).decode()


def test_what_a_document_says_of_its_time_spoils_no_sum() -> None:
    """Sent in the year 1, or tomorrow: it is counted, as a week at most and as nothing at least."""
    metrics = Metrics()
    for on_the_way in (timedelta(days=700_000), timedelta(days=-1)):
        metrics.arrived(decision="published", on_the_way=on_the_way, to_store=timedelta(0))
    metrics.arrived(decision="quarantined", on_the_way=None, to_store=timedelta(seconds=2))
    metrics.found([("cap.schema", "error"), ("Ada Testchild", "error")])
    text = metrics.exposition(State(), NOW).decode()
    assert 'capgateway_sent_to_received_seconds_sum{decision="published"} 604800.0' in text
    assert 'capgateway_sent_to_received_seconds_count{decision="published"} 2.0' in text
    assert 'capgateway_sent_to_received_seconds_count{decision="quarantined"}' not in text
    assert 'capgateway_received_to_stored_seconds_bucket{decision="quarantined",le="5.0"} 1.0' in text
    assert 'capgateway_findings_total{level="error",rule="other"} 1.0' in text
    assert "Testchild" not in text


def test_a_rejected_configuration_is_told() -> None:
    """Until one is accepted."""
    metrics = Metrics()
    for is_accepted in (False, True):
        metrics.reloaded(is_accepted=is_accepted)
        text = metrics.exposition(State(), NOW).decode()
        assert f"capgateway_config_last_reload_successful {float(is_accepted)}" in text
