"""Pictures, at addresses that only cards show. An address is the key to its picture, and the picture is gone when the card ends."""

from __future__ import annotations

from aiohttp import web

from capgateway.store import media_rows
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import unguarded
from capgateway.web.problems import Refused
from capgateway.web.told import tells

routes = web.RouteTableDef()

HEADERS = {
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "X-Robots-Tag": "noindex",
}
"""Beside those of every answer: never kept, never taken for anything but an image, never a page."""


@routes.get("/media/{token}")
@tells(media="image/*", refuses=(410,))
@unguarded
async def picture(request: web.Request) -> web.Response:
    """The picture at an address. 410: its card has ended. Receivers copy pictures, so nothing is kept on the way."""
    token = request.match_info["token"]  # PostgreSQL fails over a NUL as if it were out of order
    found = await request.app[GATEWAY].store.read(media_rows.serve, token) if token.isprintable() else None
    if found is None:
        raise Refused(404, "there is no picture at this address")
    if found == "gone":
        raise Refused(410, "the card that showed this picture has ended")
    return web.Response(body=found.content, content_type=found.mime_type, headers=HEADERS)
