"""Feeds: how each is doing, its rhythm, its gaps, and how long its alerts are on the way; asking one now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from capgateway.store import lists, lives
from capgateway.web import feeds as api
from capgateway.web.console import charts, forms, overview, render
from capgateway.web.console.briefs import because
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.store import StoredAlert

DRAWN = 200
"""Alerts that the charts show; the newest."""
LISTED = 12
OUTCOMES = {"ok": "The feed answered", "not_modified": "The feed answered that nothing has changed"}

routes = web.RouteTableDef()


@routes.get("/feeds")
async def feeds(request: web.Request) -> web.Response:
    """The list, what needs attention first."""
    found = overview.feeds(request.app[GATEWAY])
    shown = None if found is None else [api.shown(one) for one in found]
    configured = {one.name: one for one in request.app[GATEWAY].settings.feeds}
    return await render.page(request, "feeds.html", feeds=shown, configured=configured)


@routes.get("/feeds/{id}")
async def feed(request: web.Request) -> web.Response:
    """One feed."""
    polled = request.query.get("polled", "")
    done = None
    if polled in OUTCOMES:
        count = request.query.get("new", "0")
        done = f"{OUTCOMES[polled]}: {int(count) if count.isascii() and count.isdigit() and len(count) < LISTED else 0} new."
    return await show(request, done=done)


@routes.post("/feeds/{id}/poll")
@forms.action
async def poll(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Ask a feed now."""
    try:
        came = await api.poll_now(request, fields.act(request))
    except Refused as refused:
        if refused.status == web.HTTPNotFound.status_code:
            raise
        return await show(request, status=refused.status, refused=refused.detail)
    if came.trouble:
        return await show(request, refused=f"the feed gave no usable answer: {came.trouble}")
    told = urlencode({"polled": came.outcome, "new": came.new})
    return forms.see(f"/feeds/{came.feed}?{told}")


async def show(
    request: web.Request, *, status: int = 200, done: str | None = None, refused: str | None = None
) -> web.Response:
    """The page of a feed, with what came of asking it."""
    gateway, configured = request.app[GATEWAY], api.configured(request)
    name = configured.name
    newest = (await gateway.store.read(lists.alert_page, feed=name, limit=DRAWN)).items
    gaps = await gateway.store.read(lives.gaps_of_all)
    return await render.page(
        request,
        "feed.html",
        itself=f"/feeds/{name}",
        status=status,
        done=done,
        refused=refused,
        feed=configured,
        now_it_is=api.status_of(request, name) if gateway.operations else None,
        missing=await api.missing_of(gateway, name),
        gaps=[one for one in gaps if one.feed == name],
        latency=charts.latency(_ways(newest), "From sent to received"),
        rhythm=charts.rhythm([one.received_at for one in newest], gateway.now(), "Alerts that came in"),
        drawn=len(newest),
        alerts=newest[:LISTED],
        is_asked=configured.kind not in api.COME_BY_THEMSELVES,
        because=because,
    )


def _ways(alerts: Sequence[StoredAlert]) -> list[charts.Point]:
    """How long each was on the way, as far as it says when it was sent."""
    found = []
    for one in alerts:
        sent = _moment(one.sent)
        if sent is not None and sent <= one.received_at:
            found.append(charts.Point(one.received_at, (one.received_at - sent).total_seconds()))
    return found


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
