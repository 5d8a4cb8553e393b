"""When the certificate of a feed's server expires. A certificate that is not renewed can be reported weeks before the feed stops.

HTTP connections are given back before anyone can look at them, so this makes one of its own: ask now and then, not at
every poll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yarl import URL

from capgateway import net

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.feeds.feed import Feed

__all__ = ["certificate_end"]


async def certificate_end(url: str, feed: Feed) -> datetime | None:
    """When the certificate at an ``https`` or ``tls`` address expires, in UTC; ``None`` where there is no TLS. Raises what is in
    ``net.TROUBLE``, and ``ValueError`` for what is not an address."""
    address = URL(url)
    if address.scheme not in {"https", "tls"} or not address.host or not address.port:
        return None
    tls = net.certificates(feed.ca, feed.client_cert, feed.client_key).context()
    return await net.certificate_expires(
        address.host, address.port, tls=tls, allow_networks=feed.allow_networks, proxy=feed.proxy
    )
