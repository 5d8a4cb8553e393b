"""Quarantined alerts that wait for a person, and what a person makes of them."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec
from aiohttp import web

from capgateway.cards.decision import QuarantineReason
from capgateway.store import Page, lists
from capgateway.store.records import Quarantined
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor
from capgateway.web.problems import Refused
from capgateway.web.said import Release, Why, done, said
from capgateway.web.told import Filters, tells

REASONS = get_args(QuarantineReason)
QUARANTINE: Filters = {"feed": None, "reason": REASONS}

routes = web.RouteTableDef()


class Dismissed(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that was settled without an effect."""

    alert_id: str
    handled: Literal["dismissed"] = "dismissed"


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an alert that was released, and the cards concerned."""

    alert_id: str
    handled: Literal["released"] = "released"
    cards: list[str]
    decision: str
    reason: str | None


@routes.get("/api/v1/quarantine")
@tells(Page[Quarantined], filters=QUARANTINE)
async def quarantine(request: web.Request) -> web.Response:
    """Quarantined alerts that nobody has dealt with, the newest first, with the live cards that they may be meant for."""
    gateway, asked = request.app[GATEWAY], query.page(request, **QUARANTINE)
    page = await query.found(gateway.store.read(lists.quarantine_page, **asked))
    if not page.items and asked.get("feed"):
        query.check_name("feed", asked["feed"], [one.name for one in gateway.settings.feeds])
    return as_json(page)


@routes.get("/api/v1/quarantine/{id}")
@tells(Quarantined)
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
@tells(Dismissed, takes=Why, refuses=(409,))
async def dismiss(request: web.Request) -> web.Response:
    """Settle an alert without an effect: its cards keep their display and lose their marks."""
    alert_id, given = query.name(request), await said(request, Why)
    reason = given.reason.strip()
    await done(request.app[GATEWAY].hands.dismiss(alert_id, actor=actor(request).name, reason=reason))
    return as_json(Dismissed(alert_id=alert_id))


@routes.post("/api/v1/quarantine/{id}/release")
@tells(Released, takes=Release, refuses=(409,))
async def release(request: web.Request) -> web.Response:
    """Let a take-down end a card after all, or an alert be displayed that waits. The card may be left out where the take-down
    marks only one."""
    alert_id, given = query.name(request), await said(request, Release)
    acting = request.app[GATEWAY].hands.release(
        alert_id, given.card, actor=actor(request).name, reason=(given.reason or "").strip() or None
    )
    decision = await done(acting)
    concerned = [change.card_id for change in decision.changes]
    return as_json(Released(alert_id=alert_id, cards=concerned, decision=decision.word, reason=decision.reason))
