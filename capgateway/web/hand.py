"""What operators do to cards and to the gateway, and what they did: the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from aiohttp import web

from capgateway.store import Page, StoredCard, lists
from capgateway.store import audit as trail
from capgateway.store import pause as pausing
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused
from capgateway.web.said import Holding, Publication, Removal, Said, Why, act, done, said
from capgateway.web.told import Filters, tells

AUDIT: Filters = {"card_id": None, "since": None}

routes = web.RouteTableDef()


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """A card that a person confirmed."""

    card_id: str
    state: str
    verified_at: datetime | None
    unverified_since: datetime | None


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """A card that a person took down."""

    card_id: str
    state: str
    end_reason: str | None
    ended_at: datetime | None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A card that is held since ``held_at``, or no longer."""

    card_id: str
    state: str
    held_at: datetime | None


class ShownAgain(msgspec.Struct, frozen=True, kw_only=True):
    """The card that took the place of the one that was ``restored``."""

    card_id: str
    state: str
    restored: str
    alert_id: str


class Without(msgspec.Struct, frozen=True, kw_only=True):
    """The card without what was ``removed``, and since when displays are paused, so that receivers do not have it."""

    card_id: str
    revision: int
    removed: list[str]
    paused_since: datetime | None


class ByHand(msgspec.Struct, frozen=True, kw_only=True):
    """The card of an alert that a person published."""

    alert_id: str
    handled: Literal["published"] = "published"
    card_id: str
    decision: str
    programme: str


class Pausing(msgspec.Struct, frozen=True, kw_only=True):
    """Since when displays are paused. ``under_way`` counts requests with displays, which are not stopped."""

    paused_since: datetime
    is_new: bool
    under_way: int


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """Since when displays were paused until now."""

    paused_since: None = None
    was_paused_since: datetime | None


@routes.post("/api/v1/cards/{id}/verify")
@tells(Verified, takes=Why, refuses=(409,))
async def verify(request: web.Request) -> web.Response:
    """Confirm that a card is still true."""
    card_id, given = query.name(request), await said(request, Why)
    await done(request.app[GATEWAY].hands.verify(card_id, act(request, given)))
    card = await _card(request, card_id)
    told = Verified(
        card_id=card_id, state=card.state, verified_at=card.verified_at, unverified_since=card.unverified_since
    )
    return as_json(told)


@routes.post("/api/v1/cards/{id}/withdraw")
@tells(Withdrawn, takes=Why, refuses=(409,))
async def withdraw(request: web.Request) -> web.Response:
    """Take a card down; what its issuer says later waits for a person."""
    card_id, given = query.name(request), await said(request, Why)
    await done(request.app[GATEWAY].hands.withdraw(card_id, act(request, given)))
    card = await _card(request, card_id)
    return as_json(Withdrawn(card_id=card_id, state=card.state, end_reason=card.end_reason, ended_at=card.ended_at))


@routes.post("/api/v1/cards/{id}/restore")
@tells(ShownAgain, takes=Said, refuses=(409,))
async def restore(request: web.Request) -> web.Response:
    """Show again, as a new card, what a person withdrew."""
    card_id, given = query.name(request), await said(request, Said)
    new = await done(request.app[GATEWAY].hands.restore(card_id, act(request, given)))
    return as_json(ShownAgain(card_id=new.card_id, state=new.state, restored=card_id, alert_id=new.alert_id))


@routes.post("/api/v1/cards/{id}/correct")
@tells(Without, takes=Removal, refuses=(409,))
async def correct(request: web.Request) -> web.Response:
    """Remove facts from a card, in a new revision. Nothing can be added."""
    card_id, given = query.name(request), await said(request, Removal)
    corrected = await done(
        request.app[GATEWAY].hands.correct(card_id, given.remove, act(request, given), given.revision)
    )
    told = Without(
        card_id=corrected.card_id,
        revision=corrected.revision,
        removed=given.remove,
        paused_since=await request.app[GATEWAY].store.read(pausing.since),
    )
    return as_json(told)


@routes.post("/api/v1/cards/{id}/hold")
@tells(Kept, takes=Holding, refuses=(409,))
async def hold(request: web.Request) -> web.Response:
    """Keep the data of a card beyond the retention; with ``lift``, no longer."""
    card_id, given = query.name(request), await said(request, Holding)
    await done(request.app[GATEWAY].hands.hold(card_id, act(request, given), lift=given.lift))
    card = await _card(request, card_id)
    return as_json(Kept(card_id=card_id, state=card.state, held_at=card.held_at))


@routes.post("/api/v1/alerts/{id}/publish")
@tells(ByHand, takes=Publication, refuses=(409,))
async def publish(request: web.Request) -> web.Response:
    """Display a declined alert."""
    alert_id, given = query.name(request), await said(request, Publication)
    published = await done(request.app[GATEWAY].hands.publish(alert_id, given.programme, act(request, given)))
    told = ByHand(
        alert_id=alert_id,
        card_id=published.card_id,
        decision=published.decision,
        programme=published.programme,
    )
    return as_json(told)


@routes.post("/api/v1/pause")
@tells(Pausing, takes=Said)
async def pause(request: web.Request) -> web.Response:
    """Let no display start. Take-downs continue."""
    paused = await done(request.app[GATEWAY].hands.pause(act(request, await said(request, Said))))
    return as_json(Pausing(paused_since=paused.since, is_new=paused.is_new, under_way=paused.under_way))


@routes.post("/api/v1/resume")
@tells(Resumed, takes=Said)
async def resume(request: web.Request) -> web.Response:
    """Send displays again."""
    was = await done(request.app[GATEWAY].hands.resume(act(request, await said(request, Said))))
    return as_json(Resumed(was_paused_since=was))


@routes.get("/api/v1/audit")
@tells(Page[trail.Entry], filters=AUDIT)
async def audit(request: web.Request) -> web.Response:
    """Who did what, when and why, the newest first."""
    asked = query.page(request, **AUDIT)
    return as_json(await query.found(request.app[GATEWAY].store.read(trail.page, **asked)))


async def _card(request: web.Request, card_id: str) -> StoredCard:
    """What an action left of a card."""
    found = await request.app[GATEWAY].store.read(lists.one_card, card_id)
    if found is None:
        raise Refused(404, f"there is no card {card_id}")
    return found
