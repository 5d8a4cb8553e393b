"""Feeds that fall silent: operators get one message while it lasts, over restarts too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from kinds_gateway import Gateway, feed, opened

from capgateway.clock import utc_now
from capgateway.ingest import Watch, poll
from capgateway.ingest.silence import Silence
from capgateway.simulate.feed import Fault, FeedServer
from capgateway.store import catch_up, feeds

QUARTER = timedelta(minutes=15)
LATER = QUARTER + timedelta(seconds=1)


async def told(gateway: Gateway) -> list[dict[str, Any]]:
    """What operators were sent of silent feeds."""
    page = await gateway.store.read(catch_up.messages_after, 0)
    found = [one for one in page.items if one.type == "operator.feed_silent" and one.body]
    return [msgspec.json.decode(one.body or b"")["data"] for one in found]


def watched(gateway: Gateway, source: FeedServer, kind: str = "atom") -> Watch:
    return gateway.watch(feed("f", kind, source.url("index.atom"), silent_after=QUARTER))


async def look(silence: Silence, watches: Sequence[Watch], *moments: datetime) -> None:
    for moment in moments:
        await silence.look(watches, moment)


async def test_a_silent_feed_is_reported_once_until_it_speaks(tmp_path: Path) -> None:
    """With its last answer. A second silence is another one."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        watch, silence, now = watched(gateway, source), Silence(gateway.intake), utc_now()
        await poll(gateway.intake, watch)
        source.misbehave("index.atom", Fault(status=503))
        await poll(gateway.intake, watch)
        await look(silence, [watch], now, now + LATER, now + 2 * LATER)
        (said,) = await told(gateway)
        assert (said["feed"], said["severity"], said["last_answer"]) == ("f", "critical", "answered 503")
        source.behave()
        await poll(gateway.intake, watch)
        await look(silence, [watch], utc_now())
        assert await gateway.store.read(feeds.silent) == set()
        await look(silence, [watch], utc_now() + LATER)
        assert len(await told(gateway)) == 2


async def test_a_restart_does_not_report_it_again(tmp_path: Path) -> None:
    """A feed that is silent since before stays reported, and one that speaks again at the start is well."""
    async with FeedServer() as source:
        source.misbehave("index.atom", Fault(status=503))
        for _ in range(2):
            async with opened(tmp_path) as gateway:
                watch = watched(gateway, source)
                watch.complete_at = utc_now() - LATER
                await poll(gateway.intake, watch)
                await look(Silence(gateway.intake), [watch], utc_now())
                assert len(await told(gateway)) == 1
        source.behave()
        async with opened(tmp_path) as gateway:
            watch = watched(gateway, source)
            silence = Silence(gateway.intake)
            await look(silence, [watch], utc_now())  # not asked yet
            assert await gateway.store.read(feeds.silent) == {"f"}
            await poll(gateway.intake, watch)
            await look(silence, [watch], utc_now())
            assert await gateway.store.read(feeds.silent) == set()


async def test_after_a_start_a_feed_is_asked_first(tmp_path: Path) -> None:
    """The gateway was down for an hour: that says nothing of the feed. If it fails then, the hour counts."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        watch, silence = watched(gateway, source), Silence(gateway.intake)
        watch.complete_at = utc_now() - timedelta(hours=1)
        await look(silence, [watch], utc_now())
        assert await told(gateway) == []
        source.misbehave("index.atom", Fault(status=500))
        await poll(gateway.intake, watch)
        await look(silence, [watch], utc_now())
        assert len(await told(gateway)) == 1


async def test_a_push_feed_is_never_silent(tmp_path: Path) -> None:
    """It speaks when it has something to say."""
    async with FeedServer() as source, opened(tmp_path) as gateway:
        await look(Silence(gateway.intake), [watched(gateway, source, "push")], utc_now() + timedelta(days=9))
        assert await told(gateway) == []
