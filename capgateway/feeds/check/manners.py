"""How a feed's server behaves over HTTP, as a second request and its certificate show it, in sentences."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from yarl import URL

from capgateway import net
from capgateway.feeds.http.answer import fresh_until
from capgateway.feeds.http.certificate import certificate_end
from capgateway.feeds.pace import interval_of

if TYPE_CHECKING:
    from datetime import datetime

    import aiohttp

    from capgateway.feeds.feed import Feed
    from capgateway.feeds.http.answer import Validators
    from capgateway.feeds.http.fetch import Fetched

__all__ = ["Remarks", "manners", "say_certificate"]

#: A certificate that ends so soon should have been renewed: issuers renew at 30 days.
EXPIRY_NEAR = timedelta(days=14)
#: What a body should cost at most at each poll.
LARGE = 5_000_000


class Remarks(msgspec.Struct):
    """``facts`` tell how it is, ``advice`` what could be better."""

    facts: list[str] = []
    advice: list[str] = []


async def manners(session: aiohttp.ClientSession, feed: Feed, found: Fetched, *, accept: str, now: datetime) -> Remarks:
    """What there is to say of the server that gave ``found``. A second request that fails is not a fact of its own: the
    first one went well."""
    remarks = Remarks()
    if found.moved_to:
        remarks.advice.append(f"Change the address in the configuration to {found.moved_to}.")
    if len(found.body) > LARGE:
        remarks.advice.append(f"Each new body costs {len(found.body):,} bytes; ask the issuer for a narrower feed.")
    with contextlib.suppress(*net.TROUBLE, ValueError):
        status, headers = await _ask_again(session, feed, found, accept)
        _conditional(remarks, found.validators, status)
        _fresh(remarks, feed, headers, now)
        say_certificate(remarks, await certificate_end(found.url, feed), now)
    return remarks


async def _ask_again(
    session: aiohttp.ClientSession, feed: Feed, found: Fetched, accept: str
) -> tuple[int, dict[str, str]]:
    """Status and headers of a request with the conditions that the first answer gave."""
    said, headers = found.validators, {"Accept": accept}
    if said.etag:
        headers["If-None-Match"] = said.etag
    if said.last_modified:
        headers["If-Modified-Since"] = said.last_modified
    if feed.url and URL(found.url).origin() == URL(feed.url).origin():
        headers |= feed.headers  # they may hold a key, and go nowhere else
    async with session.get(URL(found.url), headers=headers, allow_redirects=False) as response:
        response.close()  # the body is known
        return response.status, {name: ", ".join(response.headers.getall(name)) for name in response.headers}


def _conditional(remarks: Remarks, said: Validators, status: int) -> None:
    names = " and ".join(name for name, tag in (("ETag", said.etag), ("Last-Modified", said.last_modified)) if tag)
    if names and status == HTTPStatus.NOT_MODIFIED:
        remarks.facts.append(f"It sends {names}, and a second request with that was answered 304, as it should be.")
    elif names:
        remarks.advice.append(
            f"It sends {names}, but answers a request with that by {status} and the whole document: ask the issuer to "
            "honour conditional requests."
        )


def _fresh(remarks: Remarks, feed: Feed, headers: dict[str, str], now: datetime) -> None:
    said, interval = headers.get("Cache-Control"), interval_of(feed)
    remarks.facts.append(f"Cache-Control is `{said}`." if said else "It sends no Cache-Control.")
    until = fresh_until(headers, now)
    if until is not None and until - now > interval:
        wait, ours = (length.total_seconds() for length in (until - now, interval))
        remarks.advice.append(f"It asks not to be polled for {wait:.0f} s, which is kept; `interval` is {ours:.0f} s.")


def say_certificate(remarks: Remarks, end: datetime | None, now: datetime) -> None:
    """When a server's certificate expires, and whether that is soon."""
    if end is None:
        return
    days = (end - now).days
    remarks.facts.append(f"Its certificate expires on {end:%Y-%m-%d}, in {days} days.")
    if end - now < EXPIRY_NEAR:
        remarks.advice.append(f"Its certificate expires in {days} days: ask the issuer to renew it.")
