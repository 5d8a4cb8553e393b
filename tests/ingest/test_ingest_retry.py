"""Entries whose CAP could not be fetched are looked for between two polls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from kinds_gateway import amber, feed, identifiers, opened, until

from capgateway import cap
from capgateway.ingest import walk
from capgateway.simulate.feed import Fault, FeedServer


async def test_a_missing_alert_does_not_wait_for_the_next_poll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link fails twice; the feed is polled hourly; the alert comes all the same, within moments."""
    monkeypatch.setattr(walk, "FIRST_RETRY", timedelta(milliseconds=50))
    async with FeedServer() as server, opened(tmp_path) as gateway:
        server.publish("amber.xml", cap.write(amber("TX-LATE")))
        server.misbehave("amber.xml", Fault(status=503), times=2)
        hourly = feed("atom", "atom", server.url("index.atom"), interval=timedelta(hours=1))
        async with gateway.watching().running([hourly]):

            async def has_come() -> bool:
                return await identifiers(gateway.store) == ["TX-LATE"]

            await until(has_come)
        assert len(server.requests_for("index.atom")) == 1
        assert [request.status for request in server.requests_for("amber.xml")] == [503, 503, 200]
