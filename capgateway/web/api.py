"""The JSON pages: what came in, which cards there are, what went out. Reading only."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from aiohttp import web

from capgateway.cards.decision import Word
from capgateway.store import Page, StoredAlert
from capgateway.web import query
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused

DECISIONS = get_args(Word)
CARD_STATES = ("active", "ended")
DELIVERY_STATES = ("pending", "delivered", "superseded", "dead")
MOST_OF_A_CARD = 200  # alerts and deliveries told with a card; its whole life has some dozens

routes = web.RouteTableDef()


@routes.get("/api/v1/alerts")
async def alerts(request: web.Request) -> web.Response:
    """What came in, the newest first, with what became of it and why."""
    asked = query.page(request, decision=DECISIONS, feed=None, identifier=None, since=None)
    return await _page(request.app[GATEWAY].store.alerts(**asked))


@routes.get("/api/v1/alerts/{id}")
async def alert(request: web.Request) -> web.Response:
    """One alert with its findings."""
    return as_json(await _alert(request))


@routes.get("/api/v1/alerts/{id}/original")
async def original(request: web.Request) -> web.Response:
    """The bytes as received. To be saved, not shown: they are a stranger's XML, which may carry a style sheet."""
    found = await _alert(request)
    document = await request.app[GATEWAY].store.original(found.id)
    if document is None:
        raise Refused(410, "the bytes of this alert are erased; their sha256 stays with the alert")
    return web.Response(
        body=document,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{found.id}.xml"'},
    )


@routes.get("/api/v1/cards")
async def cards(request: web.Request) -> web.Response:
    """Cards, the newest first."""
    return await _page(request.app[GATEWAY].store.cards(**query.page(request, state=CARD_STATES)))


@routes.get("/api/v1/cards/{id}")
async def card(request: web.Request) -> web.Response:
    """One card with the alerts it is made of, what was found in them, and where it went."""
    store, card_id = request.app[GATEWAY].store, query.name(request)
    found = await store.card(card_id)
    if found is None:
        raise Refused(404, f"there is no card {card_id}")
    made_of = (await store.alerts(card_id=card_id, limit=MOST_OF_A_CARD)).items
    sent = (await store.deliveries(card_id=card_id, limit=MOST_OF_A_CARD)).items
    findings = [{"alert_id": one.id} | msgspec.to_builtins(finding) for one in made_of for finding in one.findings]
    more = {"evidence": {}, "alerts": made_of, "findings": findings, "deliveries": sent}
    return as_json(msgspec.structs.asdict(found) | more)


@routes.get("/api/v1/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    """What went out or is on its way, the newest first, with every attempt."""
    asked = query.page(request, state=DELIVERY_STATES, receiver=None, card_id=None)
    return await _page(request.app[GATEWAY].store.deliveries(**asked))


async def _alert(request: web.Request) -> StoredAlert:
    alert_id = query.name(request)
    found = await request.app[GATEWAY].store.alert(alert_id)
    if found is None:
        raise Refused(404, f"there is no alert {alert_id}")
    return found


async def _page(asked: Any) -> web.Response:
    try:
        page: Page[Any] = await asked
    except ValueError:
        raise Refused(400, 'after is the "next" of an earlier page') from None
    return as_json(page)


def as_json(value: Any) -> web.Response:
    """An answer of the API."""
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
