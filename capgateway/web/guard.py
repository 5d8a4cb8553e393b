"""Who may look, and what browsers may do with it. Without tokens only this machine may: cards hold children's names.

A page of a stranger, open in a browser on this machine, could have its own name resolve to 127.0.0.1 (DNS rebinding) and
read the API as "same origin". Its requests carry that name as Host, so only loopback names are answered.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web

from capgateway.web.problems import Answer, Refused

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Give every answer, errors too, the headers it does not set itself."""
    response.headers["Server"] = "capgateway"  # not which libraries in which versions
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def only_this_machine(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Refuse a request that was meant for another name than this machine's own."""
    if not is_loopback(request.headers.get("Host", "")):
        raise Refused(421, "this gateway has no tokens, so it answers to localhost, 127.0.0.1 and [::1] only")
    return await handler(request)


def is_loopback(host: str) -> bool:
    """Whether a Host header, with or without port, names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
