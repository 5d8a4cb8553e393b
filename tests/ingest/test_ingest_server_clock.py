"""What servers say the time is: a difference of more than a minute is reported, whoever's clock is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from kinds_gateway import feed, opened, until

from capgateway.clock import utc_now
from capgateway.feeds.status import FeedStatus
from capgateway.ingest import Watching

HOUR = timedelta(hours=1)


class Clock:
    """A server whose clock is ahead by so much, and whose answers come out of a cache after so long."""

    def __init__(self) -> None:
        self.ahead, self.age = timedelta(0), 0

    async def answer(self, _: web.Request) -> web.Response:
        date = utc_now() + self.ahead - timedelta(seconds=self.age)
        return web.Response(status=503, headers={"Date": format_datetime(date, usegmt=True), "Age": str(self.age)})


@asynccontextmanager
async def served(clock: Clock) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{name}", clock.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/index.atom"
    finally:
        await runner.cleanup()


def status(watching: Watching) -> FeedStatus:
    (found,) = watching.statuses()
    return found


@pytest.mark.parametrize(("ahead", "word"), [(HOUR, "behind"), (-HOUR, "ahead of")])
async def test_a_difference_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, ahead: timedelta, word: str
) -> None:
    """In the status of the feed and once in the log, until the clocks agree again."""
    caplog.set_level("INFO")
    clock = Clock()
    async with served(clock) as url, opened(tmp_path) as gateway:
        watching = gateway.watching()
        async with watching.running([feed("f", "atom", url)]):
            watch = watching.find("f")
            assert watch is not None
            for clock.ahead in (ahead, ahead, timedelta(seconds=30)):
                await watching.poll_now(watch)
                offset = status(watching).clock_offset_seconds
                assert offset is not None
                assert abs(offset + clock.ahead.total_seconds()) < 30
            assert caplog.messages.count("feed.clock_differs") == 1
            assert "feed.clock_agrees" in caplog.messages
            clock.ahead, watch.trouble = ahead, None
            await watching.poll_now(watch)
            watch.trouble = None
            assert word in (status(watching).trouble or "")


async def test_an_answer_out_of_a_cache_is_as_old_as_it_says(tmp_path: Path) -> None:
    """Its Date is of when it was made."""
    clock = Clock()
    clock.age = 7200
    async with served(clock) as url, opened(tmp_path) as gateway:
        watching = gateway.watching()
        async with watching.running([feed("f", "atom", url)]):
            await until(lambda: status(watching).clock_offset_seconds is not None)
            assert abs(status(watching).clock_offset_seconds or 999) < 30


async def test_a_step_of_the_clock_is_no_difference_of_the_server(tmp_path: Path) -> None:
    """What was to happen at a time happens after as long as before; what happened is as long ago."""
    async with served(Clock()) as url, opened(tmp_path) as gateway:
        watching = gateway.watching()
        async with watching.running([feed("f", "atom", url)]):
            await until(lambda: status(watching).last_try is not None)
            before = status(watching)
            watching.clock_stepped(-HOUR)
            after = status(watching)
    assert before.last_try is not None
    assert before.next_try is not None
    assert (after.last_try, after.next_try) == (before.last_try - HOUR, before.next_try - HOUR)
