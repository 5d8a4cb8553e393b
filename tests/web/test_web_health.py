"""What an orchestrator and an operator are told: not ready when nothing can be written, and what else does not go well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from web_site import Site

from capgateway.errors import StoreError
from capgateway.store import check
from capgateway.tasks import Task

HOUR = timedelta(hours=1)


async def test_a_database_that_takes_no_writes_is_not_ready(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although it can be read; the metric says so too, and both say when it is over."""
    monkeypatch.setattr(check, "GOOD_FOR_SECONDS", 0)
    is_full = True
    real = site.store._write_something

    async def write() -> None:
        if is_full:
            raise StoreError("the database refused a change: database or disk is full")
        await real()

    monkeypatch.setattr(site.store._check, "_write", write)
    status, told = await site.get("/readyz")
    assert (status, told["reasons"]) == (503, ["the database refused a change: database or disk is full"])
    assert "capgateway_database_up 0.0" in await metrics(site)
    is_full = False
    assert (await site.get("/readyz"))[0] == 200
    assert "capgateway_database_up 1.0" in await metrics(site)


async def metrics(site: Site) -> str:
    async with site.session.get("/metrics") as answer:
        return await answer.text()


async def test_a_fault_of_one_feed_is_noted_and_no_more(site: Site) -> None:
    """The gateway is ready, and says what fails; so does the feed."""
    site.service.faults.note(Task("listener", "nws"), KeyError("Ada Testchild"))
    notes = ["the listener of nws failed: KeyError"]
    assert await site.get("/readyz") == (200, {"status": "ready", "notes": notes})
    assert (await site.get("/api/v1/feeds/nws"))[1]["fault"] == notes[0]
    assert (await site.get("/api/v1/receivers/app"))[1]["fault"] is None


async def test_a_fault_of_one_receiver_is_noted_and_no_more(site: Site) -> None:
    """The same for a receiver, which is listed with how it is doing."""
    site.service.faults.note(Task("courier", "app"), KeyError())
    status, told = await site.get("/api/v1/receivers")
    items = told["items"]
    assert isinstance(items, list)
    assert [(one["name"], one["fault"]) for one in items] == [
        ("app", "the courier of app failed: KeyError"),
        ("canada", None),
    ]
    assert status == 200
    assert (await site.get("/api/v1/receivers/nobody"))[0] == 404
