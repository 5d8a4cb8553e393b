"""What waits for a person, with what is doubtful about it; release and dismiss."""

from __future__ import annotations

from aiohttp import web

from capgateway.store import lists
from capgateway.web import query
from capgateway.web.console import alerts, forms, paging, render
from capgateway.web.console.alerts import ways
from capgateway.web.console.briefs import because
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor
from capgateway.web.problems import Refused
from capgateway.web.quarantine import REASONS
from capgateway.web.said import done

routes = web.RouteTableDef()


@routes.get("/quarantine")
async def quarantine(request: web.Request) -> web.Response:
    """The list."""
    asked = paging.asked(request, feed=None, reason=REASONS)
    page = await query.found(request.app[GATEWAY].store.read(lists.quarantine_page, **asked.of_store))
    return await render.page(
        request,
        "quarantine.html",
        done=alerts.DONE.get(request.query.get("done", "")),
        waiting=page.items,
        next=page.next,
        query=asked.query,
        reasons=REASONS,
        feeds=alerts.feeds_to_choose(request, asked.query),
        ways=ways,
        doubts=lists.DOUBTS,
        because=because,
    )


@routes.post("/quarantine/{id}/release")
@forms.action
async def release(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Let a take-down end a card after all, or an alert be displayed."""
    alert_id, by = query.name(request), fields.act(request, needs_reason=True)
    acting = request.app[GATEWAY].hands.release(alert_id, fields.one("card") or None, actor=by.actor, reason=by.reason)
    try:
        await done(acting)
    except Refused as refused:
        return await alerts.show_refused(request, alert_id, refused)
    return forms.see(f"/alerts/{alert_id}?done=release")


@routes.post("/quarantine/{id}/dismiss")
@forms.action
async def dismiss(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Settle an alert without an effect."""
    alert_id, by = query.name(request), fields.act(request, needs_reason=True)
    try:
        await done(request.app[GATEWAY].hands.dismiss(alert_id, actor=actor(request).name, reason=by.reason or ""))
    except Refused as refused:
        return await alerts.show_refused(request, alert_id, refused)
    return forms.see("/quarantine?done=dismiss")
