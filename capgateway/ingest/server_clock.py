"""What the servers of feeds say the time is. A clock that is fast ends cards too early, one that is slow shows them too long;
so a difference is reported, whoever's clock is wrong.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp

from capgateway import log
from capgateway.clock import utc_now
from capgateway.feeds.http.answer import http_date
from capgateway.ingest.intake import LOGGER
from capgateway.ingest.watch import differs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import SimpleNamespace

    from capgateway.ingest.watch import Watch

_ASKING: ContextVar[Watch | None] = ContextVar("_ASKING", default=None)


@contextmanager
def asking(watch: Watch) -> Iterator[None]:
    """What is asked within the context is asked for this feed. Sessions are shared by feeds with equal settings."""
    token = _ASKING.set(watch)
    try:
        yield
    finally:
        _ASKING.reset(token)


def trace() -> aiohttp.TraceConfig:
    """Looks at each answer of a session."""
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_on_answer)
    return config


async def _on_answer(_: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
    watch = _ASKING.get()
    if watch is None or end.url.host not in watch.hosts:
        return
    if (offset := _offset(end.response.headers)) is not None:
        note(watch, offset)


def _offset(headers: Mapping[str, str]) -> float | None:
    """How many seconds our clock is ahead of the server's. What comes out of a cache was sent earlier by its ``Age``."""
    sent = http_date(headers.get("Date", ""))
    age = headers.get("Age", "").strip()
    if sent is None:
        return None
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) < len("1000000000") else 0
    return (utc_now() - sent - timedelta(seconds=seconds)).total_seconds()


def note(watch: Watch, offset: float) -> None:
    """Keep what a server's answer says of our clock, and log when it begins and ends to matter."""
    before, watch.clock_offset_seconds = watch.clock_offset_seconds, offset
    was_off, is_off = differs(before), differs(offset)
    if is_off and not was_off:
        advice = "set the clock of this machine by a time server; a fast clock ends cards too early"
        log.event(
            LOGGER,
            "feed.clock_differs",
            level=logging.WARNING,
            feed=watch.feed.name,
            seconds=round(offset),
            advice=advice,
        )
    elif was_off and not is_off:
        log.event(LOGGER, "feed.clock_agrees", feed=watch.feed.name)
