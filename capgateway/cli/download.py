"""A document from a web address that the user typed, which may therefore be private; where it redirects to may not."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from ipaddress import ip_network

from yarl import URL

from capgateway import net
from capgateway.errors import SourceError
from capgateway.feeds.fetch import ACCEPT, MAX_REDIRECTS

USER_AGENT = "capgateway-validate"

_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def download(url: str, *, limit: int) -> bytes:
    """The body at a URL, at most ``limit`` bytes. Raises :class:`SourceError` when there is none to be had."""
    try:
        return asyncio.run(_follow(URL(url), limit))
    except (*net.TROUBLE, ValueError) as error:
        reason = error if isinstance(error, ValueError) else net.fetch_error(error)
        raise SourceError(f"{url}: cannot be read: {reason}") from None


async def _follow(typed: URL, limit: int) -> bytes:
    url = typed
    for _ in range(MAX_REDIRECTS + 1):
        networks = _EVERYWHERE if url.origin() == typed.origin() else ()
        net.check_url(url, allow_networks=networks)
        async with (
            net.new_session(user_agent=USER_AGENT, allow_networks=networks) as session,
            session.get(url, headers={"Accept": ACCEPT}, allow_redirects=False) as response,
        ):
            if response.status not in _REDIRECTS or "Location" not in response.headers:
                if response.status != HTTPStatus.OK:
                    raise ValueError(f"the server answered {response.status}")
                return await net.read_bounded(response, limit)
            url = url.join(URL(response.headers["Location"]))
    raise ValueError(f"more than {MAX_REDIRECTS} redirects")
