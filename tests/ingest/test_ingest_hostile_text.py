"""A listing whose addresses no database keeps as text: its other alerts come in, and the feed goes on."""

from __future__ import annotations

import json
from datetime import timedelta

from ingest_source import LOOPBACK, NOW, serving

from capgateway.feeds import Feed
from capgateway.ingest import Watch, poll
from capgateway.simulate import story
from capgateway.store import Store, feeds

NASTY = ["https://127.0.0.1/\0", "https://127.0.0.1/a\0b?\x01", "\0", "\x01urn:oid:1"]


async def test_nul_in_an_address_stops_no_feed(store: Store) -> None:
    """Polled twice: what can be fetched is taken in, what cannot is remembered as missing, and the feed is well."""
    async with serving(store) as source:
        source.publish(story.amber(NOW))
        good = source.server.url(f"{story.amber(NOW).identifier}.xml")
        items = [{"id": link, "properties": {"@id": link, "sent": "2026-11-22T07:00:00Z\0"}} for link in [*NASTY, good]]
        source.server.publish("listing.json", json.dumps({"features": items}).encode())
        url = source.server.url("listing.json")
        feed = Feed(name="nws", kind="nws", url=url, interval=timedelta(0), allow_networks=LOOPBACK)
        watch = Watch(feed, source.session, {})
        assert (await poll(source.intake, watch)).outcome == "ok"
        await poll(source.intake, watch)
        assert watch.failures == 0
        assert await source.decisions() == ["published"]
        links = {entry.link for entry in await store.read(feeds.missing_entries, "nws")}
    assert {"https://127.0.0.1/\0", "https://127.0.0.1/a\0b?\x01"} <= links
