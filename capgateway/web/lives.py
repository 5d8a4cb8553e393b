"""What is known of one case: the whole life of an alert, and the evidence of a card."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from capgateway import explained
from capgateway.operate.bundle import bundle
from capgateway.store import Page, lives
from capgateway.store.audit import Act
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor
from capgateway.web.problems import Refused
from capgateway.web.said import done
from capgateway.web.told import tells

routes = web.RouteTableDef()


@routes.get("/api/v1/alerts/{id}/explain")
@tells(Page[lives.Life])
async def explain(request: web.Request) -> web.Response:
    """The whole life of an alert, by its id here or its CAP identifier, which may mean several. 404 with the gaps of the feeds
    where none is known."""
    name, store = query.name(request), request.app[GATEWAY].store
    found = await store.read(lives.named, name)
    if not found:
        gaps = await store.read(lives.gaps_of_all)
        said, why, *_ = explained.unknown(name, msgspec.to_builtins(gaps))
        raise Refused(404, f"{said}; {why.removesuffix(':')}", gaps=gaps)
    return as_json(Page(items=found, next=None))


@routes.get("/api/v1/cards/{id}/export")
@tells(media="application/zip", refuses=(409,))
async def export(request: web.Request) -> web.Response:
    """The evidence bundle of a card, a zip. That it was taken is in the audit trail."""
    card_id, gateway = query.name(request), request.app[GATEWAY]
    found = await done(gateway.hands.export(card_id, Act(actor=actor(request).name)))
    packed = await asyncio.to_thread(bundle, found, gateway.now())
    return web.Response(
        body=packed,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{card_id}.zip"'},
    )
