"""The first page: what is displayed now, is it down where it has to be, and what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from capgateway import threads
from capgateway.store import lists
from capgateway.store.overview import MOST_COUNTED, overview
from capgateway.web.console import forms, maps, render
from capgateway.web.console.briefs import because, brief, confirmations
from capgateway.web.gateway import GATEWAY
from capgateway.web.said import done

if TYPE_CHECKING:
    from capgateway.feeds.status import FeedStatus
    from capgateway.store import StoredCard
    from capgateway.web.gateway import Gateway

MOST_ROWS = 12
MOST_FEEDS = 8
"""Shown here: what is in doubt or failing comes first. The map has more cards."""
DONE = {"resume": "Displays are sent again. What waited is decided, and on its way."}
WORST_FIRST = ("silent", "failing", "waiting", "ok", "disabled")

routes = web.RouteTableDef()


@routes.get("/")
async def front(request: web.Request) -> web.Response:
    """The overview."""
    gateway = request.app[GATEWAY]
    found = await gateway.store.read(overview)
    shown = [one.card for one in found.shown if one.card is not None]
    policy, atlas = gateway.settings.policy, gateway.atlas()
    drawn = await threads.parse(lambda: maps.of_cards(shown, policy.regions, atlas))
    return await render.page(
        request,
        "overview.html",
        itself="/",
        done=DONE.get(request.query.get("done", "")),
        found=found,
        cards=[brief(one) for one in sorted(found.shown, key=_is_well)[:MOST_ROWS]],
        unverified=[brief(one) for one in found.unverified],
        titles={one.card_id: brief(one).title for one in (*found.shown, *found.meant.values())},
        confirmations=confirmations,
        feeds=feeds(gateway),
        receivers=gateway.settings.receivers,
        most_counted=MOST_COUNTED,
        most_feeds=MOST_FEEDS,
        because=because,
        drawn=drawn,
        regions=policy.regions,
        doubts=lists.DOUBTS,
    )


@routes.post("/pause")
@forms.action
async def pause(request: web.Request, fields: forms.Fields) -> web.Response:
    """Let no display start."""
    await done(request.app[GATEWAY].hands.pause(fields.act(request)))
    return forms.see("/")


@routes.post("/resume")
@forms.action
async def resume(request: web.Request, fields: forms.Fields) -> web.Response:
    """Send displays again."""
    await done(request.app[GATEWAY].hands.resume(fields.act(request)))
    return forms.see("/?done=resume")


def feeds(gateway: Gateway) -> list[FeedStatus] | None:
    """The feeds, the failing ones first; ``None`` in a process that polls none."""
    if gateway.operations is None:
        return None
    found = gateway.operations.feed_statuses()
    return sorted(found, key=lambda one: (not _has_gap(one), WORST_FIRST.index(one.health)))


def _is_well(card: StoredCard) -> bool:
    """Whether nobody has to decide about a card on display."""
    return not card.attention and card.unverified_since is None


def _has_gap(status: FeedStatus) -> bool:
    return status.gap_since is not None and status.gap_ended_at is None
