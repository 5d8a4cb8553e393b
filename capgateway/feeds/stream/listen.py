"""Listen to a source that sends its messages over TCP or TLS as they are issued, as NAADS does.

::

    connect ─▶ pieces ─▶ Splitter ─▶ take(document)
       ▲                     │ lost, or silent
       └──── reconnect_after ┘

It decides nothing about what it hears. A heartbeat's references, and where the archives keep them, are ``naads``'.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from contextlib import aclosing
from typing import TYPE_CHECKING, Never
from urllib.parse import urlsplit

from capgateway import cap, net
from capgateway.errors import FetchError
from capgateway.feeds.http.fetch import Fetched, FetchFailed, fetch
from capgateway.feeds.pace import reconnect_after
from capgateway.feeds.stream import naads
from capgateway.feeds.stream.splitter import Splitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime

    import aiohttp

    from capgateway.feeds.feed import Feed
    from capgateway.feeds.http.hosts import Hosts

__all__ = ["follow", "messages", "recover"]

# Cut into documents in one go. What arrives may consist of thousands.
_PIECE = 16 * 1024


async def follow(
    url: str,
    feed: Feed,
    *,
    take: Callable[[bytes], Awaitable[None]],
    lost: Callable[[FetchError, int], None],
    silence: float = naads.SILENCE_SECONDS,
) -> Never:
    """Listen at one address until cancelled, reconnecting with backoff. ``take`` gets each document, heartbeats too;
    ``lost`` gets the reason each time the connection fails or goes silent, and how often in a row that was."""
    failures = 0
    while True:
        try:
            async with aclosing(messages(url, feed, silence=silence)) as documents:
                async for document in documents:
                    failures = 0
                    await take(document)
                    await asyncio.sleep(0)  # a flood of documents that need no waiting for lets others work too
        except FetchError as error:
            failures += 1
            lost(error, failures)
        await asyncio.sleep(reconnect_after(failures, random.random()).total_seconds())  # noqa: S311  (spreads load)


async def messages(url: str, feed: Feed, *, silence: float = naads.SILENCE_SECONDS) -> AsyncGenerator[bytes, None]:
    """The documents of one connection to ``tls://host:port`` or ``tcp://host:port``, as they come. It only ends by
    ``FetchError``; its reason is ``silent`` when no document was completed for so many seconds."""
    reader, writer = await _connect(url, feed)
    splitter = Splitter()
    try:
        while True:
            for document in await _next_documents(reader, splitter, silence):
                yield document
    except (OSError, TimeoutError) as error:
        raise net.fetch_error(error) from error
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await writer.wait_closed()


async def _connect(url: str, feed: Feed) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FetchError(f"not an address: {error}", reason="url") from None
    if parts.scheme not in {"tls", "tcp"} or not host or not port:
        raise FetchError("a stream's address is tls://host:port or tcp://host:port", reason="url")
    files = net.certificates(feed.ca, feed.client_cert, feed.client_key)
    try:
        tls = files.context() if parts.scheme == "tls" else None
        return await net.open_stream(host, port, tls=tls, allow_networks=feed.allow_networks, proxy=feed.proxy)
    except net.TROUBLE as error:
        raise net.fetch_error(error) from error


async def _next_documents(reader: asyncio.StreamReader, splitter: Splitter, silence: float) -> list[bytes]:
    """The documents that the next pieces complete, at least one."""
    try:
        async with asyncio.timeout(silence):
            while piece := await reader.read(_PIECE):
                if documents := splitter.feed(piece):
                    return documents
    except TimeoutError:
        raise FetchError(f"no message, not even a heartbeat, for {silence:g} s", reason="silent") from None
    raise FetchError("the other side closed the connection", reason="disconnected")


async def recover(
    session: aiohttp.ClientSession,
    reference: cap.Reference,
    feed: Feed,
    now: datetime,
    *,
    hosts: Hosts | None = None,
) -> Fetched | FetchFailed:
    """An alert that a heartbeat names, from the first archive that has it; the last failure when none does."""
    failed = FetchFailed(reason="url", message="no archive is configured, or the reference cannot name a file")
    for url in naads.archive_urls(reference, feed.archives):
        found = await fetch(session, url, feed=feed, now=now, limit=cap.MAX_BYTES, hosts=hosts)
        if isinstance(found, Fetched):
            return found
        failed = found or failed
    return failed
