"""A fault of the gateway itself over one alert: it is kept as undecided and named in the log, its neighbours go on, and it
is decided again when the fault is mended."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

import pytest
from ingest_source import SCHEMAS, Source
from msgspec.structs import replace

from capgateway import cap, cards
from capgateway.cards import Policy
from capgateway.clock import utc_now
from capgateway.examine import examine
from capgateway.ingest import intake as intake_module
from capgateway.operate import Operate
from capgateway.simulate import story
from capgateway.store import lists

NOW = utc_now()
ALERTS = [replace(story.amber(NOW), identifier=name) for name in ("TX-1", "TX-STUMBLE", "TX-3")]


def wrapper(*alerts: cap.Alert) -> bytes:
    """An IPAWS wrapper with these alerts."""
    inside = b"".join(cap.write(alert).split(b"?>", 1)[1] for alert in alerts)
    return b'<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">' + inside + b"</ns1:alerts>"


def stumble_over(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """Let one function break down over one alert."""
    real = getattr(cards, stage)

    def stumbling(first: Any, *rest: Any, **how: Any) -> Any:
        identifier = getattr(first, "identifier", None) or getattr(getattr(first, "arrived", None), "gist", first)
        if "TX-STUMBLE" in (identifier, getattr(identifier, "identifier", None)):
            raise ZeroDivisionError("Ada Testchild")
        return real(first, *rest, **how)

    monkeypatch.setattr(cards, stage, stumbling)


@pytest.mark.parametrize("stage", ["gist", "draft", "unusable", "decide"])
async def test_a_fault_of_ours_costs_one_alert(
    source: Source, stage: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever it breaks down: the alert is undecided with its bytes, the log names feed and alert but no person, the others
    are published, and after the upgrade so is it."""
    caplog.set_level(logging.ERROR)
    source.server.publish("recent.xml", wrapper(*ALERTS))
    stumble_over(monkeypatch, stage)
    assert await source.poll("recent.xml", kind="ipaws") == ("ok", 3)
    assert sorted(await source.decisions()) == ["published", "published", "quarantined undecided"]
    (held,) = (await source.store.read(lists.alert_page, decision="quarantined")).items
    kept = await source.store.read(lists.original, held.id)
    assert kept is not None
    assert b"TX-STUMBLE" in kept
    (line,) = [record for record in caplog.records if record.getMessage() == "alert.undecided"]
    told = vars(line)["capgateway_fields"]
    assert (told["feed"], told["alert"]) == ("recent-xml", held.id)
    assert "ZeroDivisionError" in told["fault"]
    assert "Ada" not in str(told)
    monkeypatch.undo()
    feeds = {"recent-xml": source.watches["recent.xml"].feed}
    mended = Operate(source.store, SCHEMAS, Policy(regions=("US-TX",)), feeds, on_messages=lambda: None)
    await mended.reconsider()
    assert await source.decisions() == ["published"] * 3
    assert len((await source.store.read(lists.card_page, state="active")).items) == 3
    assert await source.poll("recent.xml", kind="ipaws") == ("not_modified", 0)


async def test_a_fault_in_reading_an_index_is_the_feeds_failure(
    source: Source, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A poll that breaks down is logged with the feed's name and tried again; nothing is remembered of the body."""
    caplog.set_level(logging.ERROR)
    source.publish(ALERTS[0])

    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules["capgateway.ingest.poll"], "read_entries", broken)
    outcome, new = await source.poll("index.atom")
    assert (outcome, new) == ("fault", 0)
    assert any("index-atom" in str(vars(record)) for record in caplog.records)
    monkeypatch.undo()
    assert await source.poll("index.atom") == ("ok", 1)


async def test_large_documents_are_examined_off_the_loop(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of a megabyte is parsed by another thread than the one that delivers; a small one needs no thread."""
    threads: list[bool] = []

    def watched(*of: Any, **how: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return examine(*of, **how)

    monkeypatch.setattr(intake_module, "examine", watched)
    feed = source.watch("index.atom").feed
    long = replace(ALERTS[0], infos=tuple(replace(info, description="x" * 500_000) for info in ALERTS[0].infos))
    for alert in (long, ALERTS[2]):
        assert (await source.intake.take_in(cap.write(alert), feed)).decision.word == "published"
    assert threads == [False, True]
