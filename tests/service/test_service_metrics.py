"""What Prometheus reads from a running gateway: what happened, in its units, and nothing that a document could choose."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import aiohttp
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from capgateway import cap
from capgateway.clock import utc_now
from capgateway.service import Service
from capgateway.simulate import demo, story
from capgateway.store import Store

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
PRIVATE = ("Testchild", "KPW", "crd_", "alt_", "urn:", "demo:")


async def scraped(service: Service) -> tuple[str, Samples]:
    """The page and its samples, by name and labels."""
    assert service.address
    url = f"http://{service.address.host}:{service.address.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        text = await answer.text()
    families = text_string_to_metric_families(text)
    return text, {(one.name, frozenset(one.labels.items())): one.value for each in families for one in each.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"capgateway_{name}", frozenset(labels.items())]


async def test_a_story_is_told_in_numbers(tmp_path: Path) -> None:
    """Decisions, findings, durations and queues of the demo's story; then a hostile feed, which creates no series."""
    async with demo.stage() as stage:
        settings = stage.settings("127.0.0.1:0")
        feeds = tuple(replace(feed, interval=timedelta(seconds=0.1)) for feed in settings.feeds)
        store = Store.open(f"sqlite:///{tmp_path / 'gateway.db'}")
        service, ready = Service(replace(settings, feeds=feeds), store), asyncio.Event()
        running = asyncio.create_task(service.run(ready))
        try:
            await ready.wait()
            await stage.play(store, lambda _: None)
            text, told = await scraped(service)
            assert_of_the_story(told)
            assert [word for word in PRIVATE if word in text] == []

            stage.feed.publish("a.xml", odd(1))
            await until(service, unreadable=1)
            known = by_documents((await scraped(service))[1])
            for number in range(2, 40):
                stage.feed.publish(f"{number}.xml", odd(number))
            text, told = await until(service, unreadable=39)
            assert by_documents(told) == known
            assert "hostile" not in text
        finally:
            service.stop()
            await running
            store.close()


def by_documents(told: Samples) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """The series that may come from what documents contain: not those of receivers, which begin in their own time."""
    return {series for series in told if "receiver" not in dict(series[1]) and "polls" not in series[0]}


def assert_of_the_story(told: Samples) -> None:
    assert value(told, "alerts_total", feed="simulator", decision="ended", reason="cancelled") == 1
    assert value(told, "findings_total", rule="xml.syntax", level="error") == 1
    for decision in ("published", "updated", "ended"):
        assert value(told, "sent_to_received_seconds_count", decision=decision) == 1
        assert value(told, "received_to_stored_seconds_count", decision=decision) == 1
        assert 0 < value(told, "received_to_stored_seconds_sum", decision=decision) < 60
    app = {"receiver": "demo-app"}
    assert (
        value(told, "stored_to_acknowledged_seconds_count", **app, action="display") == 3
    )  # the picture is a revision
    assert value(told, "stored_to_acknowledged_seconds_count", **app, action="take_down") == 1
    assert value(told, "stored_to_acknowledged_seconds_bucket", **app, action="take_down", le="+Inf") == 1
    assert value(told, "feed_silent", feed="simulator") == 0
    assert value(told, "feed_latency_seconds", feed="simulator") >= 0
    assert value(told, "cards_displayed") == value(told, "cards_unverified") == value(told, "take_downs_held") == 0
    assert value(told, "quarantine_waiting", reason="unreadable") == 0  # it came, and was dismissed
    assert value(told, "alerts_total", feed="simulator", decision="quarantined", reason="unreadable") == 1
    assert value(told, "quarantine_waiting", reason="review") == 0
    assert value(told, "deliveries_pending", **app) == value(told, "deliveries_dead", **app) == 0
    assert value(told, "receiver_breaker_open", **app) == 0
    assert value(told, "receiver_state", **app, state="well") == 1
    assert value(told, "database_up") == value(told, "config_last_reload_successful") == 1
    assert ("capgateway_oldest_take_down_seconds", frozenset(app.items())) not in told


async def until(service: Service, *, unreadable: int) -> tuple[str, Samples]:
    """The page once so many alerts that cannot be read are in quarantine."""
    async with asyncio.timeout(60):
        while True:
            text, told = await scraped(service)
            if value(told, "quarantine_waiting", reason="unreadable") == unreadable:
                return text, told
            await asyncio.sleep(0.05)


def odd(number: int) -> bytes:
    """Other words in every place that a stranger may fill, and not well-formed."""
    alert = cap.write(story.amber(utc_now(), 9000 + number)).decode()
    return alert.replace("<sender>", f"<sender>hostile{number}").replace("</alert>", f"<hostile{number}>").encode()
