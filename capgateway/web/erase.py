"""``POST erase``: an operator has everything erased that a card or an alert is about."""

from __future__ import annotations

from aiohttp import web

from capgateway.store.erase import Report
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor
from capgateway.web.problems import Refused
from capgateway.web.said import Order, done, said
from capgateway.web.told import tells

routes = web.RouteTableDef()


@routes.post("/api/v1/erase")
@tells(Report, takes=Order, refuses=(409,))
async def erase(request: web.Request) -> web.Response:
    """Erase an incident: its cards are taken down, and its words wiped. Answers when the receivers have acknowledged that, or
    after some seconds with those who have not."""
    given = await said(request, Order)
    if (given.card is None) == (given.identifier is None):
        raise Refused(400, 'say what to erase: {"card": "crd_…", "reason": …} or {"identifier": "…", "reason": …}')
    acting = request.app[GATEWAY].hands.erase(
        card_id=given.card, identifier=given.identifier, actor=actor(request).name, reason=given.reason.strip()
    )
    return as_json(await done(acting))
