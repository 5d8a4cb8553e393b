"""A document from a web address that the user typed, which may therefore be private; where it redirects to may not."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from ipaddress import ip_network

from yarl import URL

from capgateway import net
from capgateway.cli.source_names import shown
from capgateway.errors import SourceError
from capgateway.feeds.http.answer import REDIRECTS
from capgateway.feeds.http.fetch import ACCEPT, MAX_REDIRECTS

USER_AGENT = "capgateway-validate"

_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


#: Why a redirect is not followed, by the reason for which ``net`` refuses it.
_REFUSED = {
    "scheme": "plain http is not followed to another host or port",
    "blocked": "an address that is not public is not followed",
    "url": "it is not followed, because it is not an http or https URL, or contains a login",
}


def download(url: str, *, limit: int) -> bytes:
    """The body at a URL, at most ``limit`` bytes. Raises :class:`SourceError` when there is none to be had."""
    try:
        return asyncio.run(_follow(_url(url), limit))
    except ValueError as error:
        raise SourceError(f"{shown(url)}: cannot be read: {error}") from None


async def _follow(typed: URL, limit: int) -> bytes:
    """Raises ``ValueError``, with a sentence, for whatever goes wrong."""
    if typed.user is not None or typed.password is not None:
        raise ValueError("it contains a login, which is never sent; download the document by other means")
    url = typed
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = await _ask(url, _EVERYWHERE if url.origin() == typed.origin() else (), limit)
        except net.TROUBLE as error:
            told = net.fetch_error(error)
            if url == typed:
                raise ValueError(told) from None
            raise ValueError(f"it redirects to {shown(str(url))}: {_REFUSED.get(told.reason, told)}") from None
        if isinstance(answer, bytes):
            return answer
        url = answer
    raise ValueError(f"more than {MAX_REDIRECTS} redirects")


async def _ask(url: URL, networks: net.Networks, limit: int) -> bytes | URL:
    """The body, or where it is said to be."""
    net.check_url(url, allow_networks=networks)
    async with (
        net.new_session(user_agent=USER_AGENT, allow_networks=networks) as session,
        session.get(url, headers={"Accept": ACCEPT}, allow_redirects=False) as response,
    ):
        if response.status in REDIRECTS and "Location" in response.headers:
            return _url(response.headers["Location"], base=url)
        if response.status != HTTPStatus.OK:
            raise ValueError(f"the server answered {response.status}")
        return await net.read_bounded(response, limit)


def _url(text: str, base: URL | None = None) -> URL:
    try:
        url = URL(text) if base is None else base.join(URL(text))
        url.origin()  # raises for one without a host
    except ValueError:  # what the libraries say speaks of codecs
        raise ValueError(f"{'this' if base is None else 'where it redirects to'} is not a web address") from None
    return url
