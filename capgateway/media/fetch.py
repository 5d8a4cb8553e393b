"""Ask a stranger's server for one picture: over https, at hosts that the operator named, at public addresses, each redirect
too. No header, certificate or cookie of the feed goes along.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from yarl import URL

from capgateway import net
from capgateway.cards import pictures
from capgateway.errors import FetchError
from capgateway.feeds.http import answer
from capgateway.masking import mask_addresses
from capgateway.media.embedded import MOST_BYTES
from capgateway.store.pictures import Failed

if TYPE_CHECKING:
    from datetime import datetime

    import aiohttp

    from capgateway.feeds import Feed

MOST_REDIRECTS = 5
HEADERS = {"Accept": "image/jpeg, image/png, image/webp, */*;q=0.1", "Accept-Encoding": "identity"}
FOR_GOOD = frozenset({"blocked", "scheme", "url", "redirect", "encoding", "host"})
"""Reasons that waiting does not mend."""
PASSING = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Answers after which a picture may still come, besides those of 500 and more: some are uploaded after their alert."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as far as its pictures go: from which hosts they may come, and how these are reached."""

    feed: Feed
    hosts: tuple[str, ...]


async def fetch(uri: str, source: Source, *, user_agent: str, now: datetime) -> bytes | Failed:
    """The file at an address. Waits as long as the caller lets it."""
    feed = source.feed
    try:
        session = net.new_session(
            user_agent=user_agent, allow_networks=feed.allow_networks, ca=feed.ca, proxy=feed.proxy
        )
        async with session:
            return await _follow(session, _secured(URL(uri), feed), source, now)
    except net.TROUBLE as error:
        trouble = net.fetch_error(error)
        finding = "size" if trouble.reason == "too_large" else "fetch"
        is_for_good = finding == "size" or trouble.reason in FOR_GOOD
        return Failed(finding=finding, trouble=mask_addresses(str(trouble)), is_for_now=not is_for_good)
    except ValueError:  # what yarl calls no URL
        return Failed(finding="fetch", trouble="its uri is not a URL")


def _secured(url: URL, feed: Feed) -> URL:
    """Plain http is for ``allow_networks``; elsewhere the same address is asked over https."""
    is_plain = url.scheme == "http" and not feed.allow_networks and url.is_default_port()
    return url.with_scheme("https") if is_plain else url


async def _follow(session: aiohttp.ClientSession, url: URL, source: Source, now: datetime) -> bytes | Failed:
    for _ in range(MOST_REDIRECTS + 1):
        if not pictures.is_listed(url.raw_host or "", source.hosts):
            raise FetchError(f"{url.host} is not in the media_hosts of the feed {source.feed.name}", reason="host")
        net.check_url(url, allow_networks=source.feed.allow_networks)
        async with session.get(url, headers=HEADERS, allow_redirects=False) as response:
            location = response.headers.get("Location", "").strip() if response.status in answer.REDIRECTS else ""
            if not location:
                return await _read(response, now)
        target = _secured(url.join(URL(location)).with_fragment(None), source.feed)
        if url.scheme == "https" and target.scheme == "http":
            raise FetchError(f"{url.host} redirects from https to plain http", reason="redirect")
        url = target
    raise FetchError(f"more than {MOST_REDIRECTS} redirects", reason="redirect")


async def _read(response: aiohttp.ClientResponse, now: datetime) -> bytes | Failed:
    if response.status == HTTPStatus.OK:
        return await net.read_bounded(response, MOST_BYTES)
    return Failed(
        finding="fetch",
        trouble=f"{response.url.host} answered {response.status}",
        is_for_now=response.status in PASSING or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_at=answer.retry_at(response.headers, now),
    )
