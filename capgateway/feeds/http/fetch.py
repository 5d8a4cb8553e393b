"""Ask a feed's server for one document, with good manners, and say what came of it.

A conditional GET that follows few redirects, sends a feed's own headers to its own origin only, and reads a bounded
body. It decides nothing: ``pace`` says when to ask again, ``read`` what the body announces.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from multidict import CIMultiDict
from yarl import URL

from capgateway import net
from capgateway.errors import FetchError
from capgateway.feeds.http import answer
from capgateway.feeds.http.answer import Validators
from capgateway.feeds.read.entries import MAX_FEED_BYTES
from capgateway.masking import SHORTEST, credentials, hide, mask_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from capgateway.feeds.feed import Feed
    from capgateway.feeds.http.hosts import Hosts, Lane

__all__ = ["FetchFailed", "Fetched", "fetch"]

MAX_REDIRECTS = 5
# CAP's own type first: some servers give one address in many forms. Some answer 406 to anything narrower than */*.
ACCEPT = (
    "application/cap+xml, application/atom+xml;q=0.9, application/rss+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, "
    "*/*;q=0.1"
)
# A tag is sent back as it came; one that no real server would make is not.
MAX_TAG = 1_000
HASHED_AT_ONCE = 1_000_000
# Some servers answer 304 although the content changed. Once in this time the whole document is asked for.
WHOLE_EVERY = timedelta(hours=1)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A body that is new. ``url`` is where it was in the end; ``moved_to`` is set when only permanent redirects led
    there, so that the operator can change the configuration."""

    url: str
    status: int
    body: bytes
    media_type: str
    validators: Validators
    fresh_until: datetime | None = None
    moved_to: str | None = None


class FetchFailed(msgspec.Struct, frozen=True, kw_only=True):
    """No usable answer. ``reason`` is one stable word, ``message`` a sentence for the operator."""

    reason: str
    message: str
    status: int | None = None
    retry_at: datetime | None = None


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    """What stays the same from one redirect to the next."""

    feed: Feed
    known: Validators | None
    now: datetime
    limit: int
    accept: str
    lane: Lane


async def fetch(  # noqa: PLR0913  (the facts of one request)
    session: aiohttp.ClientSession,
    url: str,
    *,
    feed: Feed,
    now: datetime,
    known: Validators | None = None,
    limit: int = MAX_FEED_BYTES,
    accept: str = ACCEPT,
    hosts: Hosts | None = None,
    lane: Lane = "feeds",
    whole: bool = False,
) -> Fetched | FetchFailed | None:
    """What a server has at ``url``, the feed's own or one its index links to; ``None`` when that is what we know already.

    A plain http URL is asked over https unless the feed has ``allow_networks``: plain http is for these only. With
    ``hosts`` a public host is asked in turn, in its ``lane``, and not at all while it wants to be left alone. ``whole``
    asks without conditions; the same document again is still no news.
    """
    asked_about = None if known is None or whole or _wants_whole(url, feed, now) else known
    question = _Question(feed=feed, known=asked_about, now=now, limit=limit, accept=accept, lane=lane)
    try:
        found = await _ask(session, _secured(URL(url), feed), question, None if feed.allow_networks else hosts)
    except net.TROUBLE as error:
        trouble = net.fetch_error(error)
        return FetchFailed(reason=trouble.reason, message=_quiet(str(trouble), url, feed))
    except ValueError as error:  # what yarl calls no URL
        return FetchFailed(reason="url", message=_quiet(f"not a URL: {error}", url, feed))
    if isinstance(found, FetchFailed):
        return msgspec.structs.replace(found, message=_quiet(found.message, url, feed))
    if isinstance(found, Fetched) and known is not None and found.validators.sha256 == known.sha256:
        return None
    return found


def _quiet(text: str, url: str, feed: Feed) -> str:
    """A sentence without the keys of the feed, which a server may repeat in its refusal."""
    keys = {value for value in feed.headers.values() if len(value) >= SHORTEST}
    return hide(mask_addresses(text), credentials(url, feed.url, feed.proxy) | keys)


def _wants_whole(url: str, feed: Feed, now: datetime) -> bool:
    """Whether this is the poll of the hour that asks without conditions; each URL has its own minute."""
    period = WHOLE_EVERY.total_seconds()
    return (now.timestamp() + zlib.crc32(url.encode())) % period < min(feed.interval.total_seconds(), period / 2)


def _secured(url: URL, feed: Feed) -> URL:
    if url.scheme == "http" and not feed.allow_networks and url.is_default_port():
        return url.with_scheme("https")
    return url


async def _ask(
    session: aiohttp.ClientSession, url: URL, question: _Question, hosts: Hosts | None
) -> Fetched | FetchFailed | None:
    host = url.host
    if hosts is None or not host:
        return await _follow(session, url, question)
    held_until = hosts.held_until(host, question.now, question.lane)
    if held_until is not None:
        return FetchFailed(reason="throttled", message=f"{host} asked us to wait", retry_at=held_until)
    async with hosts.turn(host, question.lane):
        found = await _follow(session, url, question)
    if isinstance(found, FetchFailed) and found.reason == "throttled" and found.retry_at is not None:
        hosts.hold(
            host, found.retry_at, question.lane
        )  # it speaks of all requests; a server in trouble of one document
    return found


async def _follow(session: aiohttp.ClientSession, url: URL, question: _Question) -> Fetched | FetchFailed | None:
    moved_to, is_permanent, seen = None, True, {url}
    for _ in range(MAX_REDIRECTS + 1):
        net.check_url(url, allow_networks=question.feed.allow_networks)
        async with session.get(url, headers=_headers(url, question), allow_redirects=False) as response:
            target = _redirect(response, question.feed)
            if target is None:
                return await _read(response, moved_to, question)
            if target in seen and "Set-Cookie" in response.headers:
                raise FetchError(
                    f"{url.host} redirects in circles until it gets its cookie back: a cookie wall", reason="page"
                )
        seen.add(target)
        is_permanent = is_permanent and response.status in answer.PERMANENT
        moved_to = str(target) if is_permanent else None
        url = target
    raise FetchError(f"more than {MAX_REDIRECTS} redirects", reason="redirect")


def _headers(url: URL, question: _Question) -> CIMultiDict[str]:
    """A feed's own headers may hold a key; they go to the origin the operator wrote, and nowhere a link or redirect
    leads."""
    feed, known, headers = question.feed, question.known, CIMultiDict(Accept=question.accept)
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    if feed.headers and feed.url and url.origin() == URL(feed.url).origin():
        headers.update(feed.headers)
    return headers


def _redirect(response: aiohttp.ClientResponse, feed: Feed) -> URL | None:
    """Where the answer sends us, ``None`` when it does not. Raises ``FetchError`` when we won't go there."""
    location = response.headers.get("Location", "").strip() if response.status in answer.REDIRECTS else ""
    if not location:
        return None
    target = _secured(response.url.join(URL(location)).with_fragment(None), feed)
    if response.url.scheme == "https" and target.scheme == "http":
        raise FetchError(f"{response.url.host} redirects from https to plain http", reason="redirect")
    return target


async def _read(
    response: aiohttp.ClientResponse, moved_to: str | None, question: _Question
) -> Fetched | FetchFailed | None:
    if response.status == HTTPStatus.NOT_MODIFIED and question.known is not None:
        return None
    if response.status != HTTPStatus.OK:
        return FetchFailed(
            reason=answer.refusal(response.status, question.feed.kind),
            message=f"{response.url.host} answered {response.status} {response.reason or ''}".rstrip(),
            status=response.status,
            retry_at=answer.retry_at(response.headers, question.now),
        )
    body = await net.read_bounded(response, question.limit)
    etag, last_modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    return Fetched(
        url=str(response.url),
        status=response.status,
        body=body,
        media_type=response.content_type,
        validators=Validators(
            etag=_sendable(etag),
            last_modified=_sendable(last_modified) if etag or _is_settled(response.headers, question.now) else None,
            sha256=await _digest(body),
        ),
        fresh_until=answer.fresh_until(response.headers, question.now),
        moved_to=moved_to,
    )


async def _digest(body: bytes) -> str:
    """The hash of a body, a megabyte at a time: of the largest it takes so long that others would notice."""
    found, view = hashlib.sha256(), memoryview(body)
    for start in range(0, len(body), HASHED_AT_ONCE):
        found.update(view[start : start + HASHED_AT_ONCE])
        await asyncio.sleep(0)
    return found.hexdigest()


def _is_settled(headers: Mapping[str, str], now: datetime) -> bool:
    """Whether the second of the last change has passed: another change within it may follow, and without a tag beside it
    the date would hide that from us (RFC 9110 §8.8.2.2)."""
    changed = answer.http_date(headers.get("Last-Modified", ""))
    return changed is not None and changed < (answer.http_date(headers.get("Date", "")) or now)


def _sendable(tag: str | None) -> str | None:
    """A validator that can be sent back as it came: bytes outside ASCII would fail every later request."""
    return tag if tag and len(tag) <= MAX_TAG and tag.isascii() and tag.isprintable() else None
