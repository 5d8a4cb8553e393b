"""What operators do to cards and to the gateway, and what they did: the audit trail."""

from __future__ import annotations

from aiohttp import web

from capgateway.store import audit as trail
from capgateway.store import lists
from capgateway.store import pause as pausing
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused
from capgateway.web.said import act, done, said

routes = web.RouteTableDef()


@routes.post("/api/v1/cards/{id}/verify")
async def verify(request: web.Request) -> web.Response:
    """Confirm that a card is still true."""
    card_id, given = query.name(request), await said(request)
    await done(request.app[GATEWAY].hands.verify(card_id, act(request, given, needs_reason=True)))
    return await _card(request, card_id, "verified_at", "unverified_since")


@routes.post("/api/v1/cards/{id}/withdraw")
async def withdraw(request: web.Request) -> web.Response:
    """Take a card down; what its issuer says later waits for a person."""
    card_id, given = query.name(request), await said(request)
    await done(request.app[GATEWAY].hands.withdraw(card_id, act(request, given, needs_reason=True)))
    return await _card(request, card_id, "end_reason", "ended_at")


@routes.post("/api/v1/cards/{id}/restore")
async def restore(request: web.Request) -> web.Response:
    """Show again, as a new card, what a person withdrew."""
    card_id, given = query.name(request), await said(request)
    restored = await done(request.app[GATEWAY].hands.restore(card_id, act(request, given)))
    told = {"card_id": restored.card_id, "state": restored.state, "restored": card_id}
    return as_json(told | {"alert_id": restored.alert_id})


@routes.post("/api/v1/cards/{id}/correct")
async def correct(request: web.Request) -> web.Response:
    """Remove facts from a card, in a new revision. Nothing can be added."""
    card_id, given = query.name(request), await said(request)
    if not given.remove:
        raise Refused(
            400, 'say in the body what to remove: {"remove": ["/vehicles/0/plate"], "reason": "why you do this"}'
        )
    by = act(request, given, needs_reason=True)
    corrected = await done(request.app[GATEWAY].hands.correct(card_id, given.remove, by))
    told = {"card_id": corrected.card_id, "revision": corrected.revision, "removed": given.remove}
    return as_json(told | {"paused_since": await request.app[GATEWAY].store.read(pausing.since)})


@routes.post("/api/v1/cards/{id}/hold")
async def hold(request: web.Request) -> web.Response:
    """Keep the data of a card beyond the retention; with ``lift``, no longer."""
    card_id, given = query.name(request), await said(request)
    await done(request.app[GATEWAY].hands.hold(card_id, act(request, given), lift=given.lift))
    return await _card(request, card_id, "held_at")


@routes.post("/api/v1/alerts/{id}/publish")
async def publish(request: web.Request) -> web.Response:
    """Display a declined alert."""
    alert_id, given = query.name(request), await said(request)
    by = act(request, given, needs_reason=True)
    published = await done(request.app[GATEWAY].hands.publish(alert_id, given.programme, by))
    told = {"alert_id": alert_id, "handled": "published", "card_id": published.card_id}
    return as_json(told | {"decision": published.decision, "programme": published.programme})


@routes.post("/api/v1/pause")
async def pause(request: web.Request) -> web.Response:
    """Let no display start. Take-downs continue."""
    paused = await done(request.app[GATEWAY].hands.pause(act(request, await said(request))))
    return as_json({"paused_since": paused.since, "is_new": paused.is_new, "under_way": paused.under_way})


@routes.post("/api/v1/resume")
async def resume(request: web.Request) -> web.Response:
    """Send displays again."""
    was = await done(request.app[GATEWAY].hands.resume(act(request, await said(request))))
    return as_json({"paused_since": None, "was_paused_since": was})


@routes.get("/api/v1/audit")
async def audit(request: web.Request) -> web.Response:
    """Who did what, when and why, the newest first."""
    asked = query.page(request, card_id=None, since=None)
    return as_json(await query.found(request.app[GATEWAY].store.read(trail.page, **asked)))


async def _card(request: web.Request, card_id: str, *names: str) -> web.Response:
    """What an action left of a card."""
    found = await request.app[GATEWAY].store.read(lists.one_card, card_id)
    return as_json({name: getattr(found, name) for name in ("card_id", "state", *names)})
