"""Quarantined alerts that wait for a person, and what a person makes of them."""

from __future__ import annotations

from typing import get_args

from aiohttp import web

from capgateway.cards.decision import QuarantineReason
from capgateway.store import lists
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor
from capgateway.web.problems import Refused
from capgateway.web.said import done, required, said

REASONS = get_args(QuarantineReason)

routes = web.RouteTableDef()


@routes.get("/api/v1/quarantine")
async def quarantine(request: web.Request) -> web.Response:
    """Quarantined alerts that nobody has dealt with, the newest first, with the live cards that they may be meant for."""
    gateway, asked = request.app[GATEWAY], query.page(request, feed=None, reason=REASONS)
    page = await query.found(gateway.store.read(lists.quarantine_page, **asked))
    if not page.items and asked.get("feed"):
        query.check_name("feed", asked["feed"], [one.name for one in gateway.settings.feeds])
    return as_json(page)


@routes.get("/api/v1/quarantine/{id}")
async def quarantined(request: web.Request) -> web.Response:
    """One of them."""
    store, alert_id = request.app[GATEWAY].store, query.name(request)
    found = await store.read(lists.one_quarantined, alert_id)
    if found is not None:
        return as_json(found)
    alert = await store.read(lists.one_alert, alert_id)
    if alert is None:
        raise Refused(404, f"there is no alert {alert_id}")
    was = f"it was {alert.handled}" if alert.handled else f"its decision is {alert.decision}"
    was = "it is erased" if alert.erased_at and alert.decision == "quarantined" else was
    raise Refused(404, f"the alert {alert_id} is not in quarantine: {was}")


@routes.post("/api/v1/quarantine/{id}/dismiss")
async def dismiss(request: web.Request) -> web.Response:
    """Settle an alert without an effect: its cards keep their display and lose their marks."""
    alert_id, reason = query.name(request), required(await said(request))
    await done(request.app[GATEWAY].hands.dismiss(alert_id, actor=actor(request).name, reason=reason))
    return as_json({"alert_id": alert_id, "handled": "dismissed"})


@routes.post("/api/v1/quarantine/{id}/release")
async def release(request: web.Request) -> web.Response:
    """Let a take-down end a card after all, or an alert be displayed that waits. The card may be left out where the take-down
    marks only one."""
    alert_id, given = query.name(request), await said(request)
    acting = request.app[GATEWAY].hands.release(
        alert_id, given.card, actor=actor(request).name, reason=(given.reason or "").strip() or None
    )
    decision = await done(acting)
    concerned = [change.card_id for change in decision.changes]
    what = {"alert_id": alert_id, "handled": "released", "cards": concerned}
    return as_json(what | {"decision": decision.word, "reason": decision.reason})
