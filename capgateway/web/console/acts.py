"""What a person does to a card, through the forms of its page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from capgateway.operate.bundle import bundle
from capgateway.web import query
from capgateway.web.console import cards, forms
from capgateway.web.gateway import GATEWAY, Gateway
from capgateway.web.guard import actor
from capgateway.web.problems import Refused
from capgateway.web.said import done

Act = Callable[[web.Request, Gateway, str, forms.Fields], Awaitable[web.StreamResponse]]

LONGEST_REVISION = 9  # digits

routes = web.RouteTableDef()


@routes.post("/cards/{id}/{act}")
@forms.action
async def act(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Do it, and show the card again; where it cannot be done, with the reason."""
    card_id, does = query.name(request), ACTS.get(request.match_info["act"])
    if does is None:
        raise Refused(404, f"there is nothing at {request.path}")
    try:
        return await does(request, request.app[GATEWAY], card_id, fields)
    except Refused as refused:
        if refused.status == web.HTTPNotFound.status_code:
            raise
        return await cards.show(request, card_id, status=refused.status, refused=refused.detail)


async def _withdraw(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    await done(gateway.hands.withdraw(card_id, fields.act(request, needs_reason=True)))
    return _shown(card_id, "withdraw")


async def _restore(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    restored = await done(gateway.hands.restore(card_id, fields.act(request)))
    return _shown(restored.card_id, "restore")


async def _correct(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    removed = fields.every("remove")
    if not removed:
        raise Refused(400, "choose the facts to remove")
    seen = fields.one("revision")
    if not (seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_REVISION):
        raise Refused(400, "the form does not say which revision you looked at; load the page again and repeat")
    await done(gateway.hands.correct(card_id, removed, fields.act(request, needs_reason=True), int(seen)))
    return _shown(card_id, "correct")


async def _verify(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    await done(gateway.hands.verify(card_id, fields.act(request, needs_reason=True)))
    return _shown(card_id, "verify")


async def _hold(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    await done(gateway.hands.hold(card_id, fields.act(request)))
    return _shown(card_id, "hold")


async def _lift(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    await done(gateway.hands.hold(card_id, fields.act(request), lift=True))
    return _shown(card_id, "lift")


async def _erase(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    by = fields.act(request, needs_reason=True)
    acting = gateway.hands.erase(card_id=card_id, identifier=None, actor=actor(request).name, reason=by.reason or "")
    await done(acting)
    return _shown(card_id, "erase")


async def _export(request: web.Request, gateway: Gateway, card_id: str, fields: forms.Fields) -> web.Response:
    found = await done(gateway.hands.export(card_id, fields.act(request)))
    packed = await asyncio.to_thread(bundle, found, gateway.now())
    named = {"Content-Disposition": f'attachment; filename="{card_id}.zip"'}
    return web.Response(body=packed, content_type="application/zip", headers=named)


def _shown(card_id: str, what: str) -> web.Response:
    return forms.see(f"/cards/{card_id}?done={what}")


ACTS: dict[str, Act] = {
    "withdraw": _withdraw,
    "restore": _restore,
    "correct": _correct,
    "verify": _verify,
    "hold": _hold,
    "lift": _lift,
    "erase": _erase,
    "export": _export,
}
