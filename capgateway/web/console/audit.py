"""Who did what, when and why."""

from __future__ import annotations

from aiohttp import web

from capgateway import explained
from capgateway.store import audit as trail
from capgateway.web import query
from capgateway.web.console import paging, render
from capgateway.web.console.timeline import ACTS as ABOUT_CARDS
from capgateway.web.gateway import GATEWAY

ACTS = ABOUT_CARDS | {
    "alert.published": "published a declined alert",
    "alert.submitted": "submitted a document by hand",
    "delivery.redelivered": "had a delivery sent again",
    "drill.ended": "ended a drill",
    "drill.started": "started a drill",
    "feed.polled": "polled a feed",
    "gateway.paused": "paused displays",
    "gateway.reloaded": "reloaded the configuration",
    "gateway.resumed": "resumed displays",
    "quarantine.dismissed": "dismissed a quarantined alert",
    "quarantine.released": "released a quarantined alert",
    "receiver.pinged": "sent a receiver a test",
    "receiver.recovered": "had a receiver sent its state again",
}

routes = web.RouteTableDef()


@routes.get("/audit")
async def audit(request: web.Request) -> web.Response:
    """The list."""
    asked = paging.asked(request, card_id=None, since=None)
    page = await query.found(request.app[GATEWAY].store.read(trail.page, **asked.of_store))
    return await render.page(
        request,
        "audit.html",
        entries=page.items,
        next=page.next,
        query=asked.query,
        times={value: words for value, (words, _) in paging.SINCE.items()},
        acts=ACTS,
        details=explained.details,
    )
