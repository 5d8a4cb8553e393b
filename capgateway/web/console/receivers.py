"""Receivers: how each is doing, what waits for it, and every delivery with its attempts; ping, recover, redeliver."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args
from urllib.parse import urlencode

from aiohttp import web

from capgateway.explained import CAUSES
from capgateway.store import lists
from capgateway.store.recovery import Mode
from capgateway.web import deliveries as sent
from capgateway.web import query
from capgateway.web import receivers as api
from capgateway.web.api import DELIVERY_STATES
from capgateway.web.console import charts, forms, paging, render
from capgateway.web.console.words import DELIVERIES, count
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.dispatch.errands import Pinged
    from capgateway.store import StoredDelivery

DRAWN, DOTS = 100, 500
"""Deliveries whose attempts the chart shows, and attempts; the newest."""
LISTED, WAITING = 25, 8
MODES = get_args(Mode)

routes = web.RouteTableDef()


@routes.get("/receivers")
async def receivers(request: web.Request) -> web.Response:
    """The list, what needs attention first."""
    gateway = request.app[GATEWAY]
    worst = ("suspended", "failing", "degraded", "well", "disabled")
    found = sorted(await api.statuses_of(gateway), key=lambda one: worst.index(one.state))
    configured = {one.name: one for one in gateway.settings.receivers}
    return await render.page(request, "receivers.html", receivers=found, configured=configured, causes=CAUSES)


@routes.get("/receivers/{id}")
async def receiver(request: web.Request) -> web.Response:
    """One receiver."""
    return await show(request, done=_recovered(request))


@routes.post("/receivers/{id}/ping")
@forms.action
async def ping(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Send a test, and show what came of it."""
    return await show(request, pinged=await api.pinged(request.app[GATEWAY], query.name(request), fields.act(request)))


@routes.post("/receivers/{id}/recover")
@forms.action
async def recover(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Send a receiver again what it lost."""
    mode = next((one for one in MODES if one == fields.one("mode")), None)
    if mode is None:
        raise Refused(400, f"choose what is sent again: {', '.join(MODES)}")
    came = await sent.recovered(request.app[GATEWAY], query.name(request), mode, fields.act(request))
    told = {"displays": came.displays, "take_downs": came.take_downs, "others": came.others}
    return forms.see(f"/receivers/{came.receiver}?{urlencode({'done': 'recover'} | told)}")


@routes.get("/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    """The log of all receivers."""
    return await _log(request, done="It is sent again." if request.query.get("done") == "redeliver" else None)


@routes.post("/deliveries/{id}/redeliver")
@forms.action
async def redeliver(request: web.Request, fields: forms.Fields) -> web.StreamResponse:
    """Send one again, and show the log of its receiver."""
    gateway, delivery_id = request.app[GATEWAY], query.name(request)
    try:
        await sent.send_again(gateway, delivery_id, fields.act(request))
    except Refused as refused:
        if refused.status == web.HTTPNotFound.status_code:
            raise
        return await _log(request, status=refused.status, refused=refused.detail)
    receiver = fields.one("receiver")
    known = any(one.name == receiver for one in gateway.settings.receivers)
    return forms.see(f"/deliveries?{urlencode({'receiver': receiver} if known else {})}&done=redeliver")


async def show(request: web.Request, *, done: str | None = None, pinged: Pinged | None = None) -> web.Response:
    """The page of a receiver, with what came of an action."""
    gateway, name = request.app[GATEWAY], query.name(request)
    status = await api.status_of(gateway, name)
    page = await gateway.store.read(lists.delivery_page, receiver=name, limit=DRAWN)
    waiting = await gateway.store.read(lists.delivery_page, receiver=name, state="pending", limit=WAITING)
    oldest = (await gateway.store.read(lists.waiting)).oldest_take_down.get(name)
    return await render.page(
        request,
        "receiver.html",
        itself=f"/receivers/{name}",
        done=done,
        pinged=pinged,
        receiver=api.configured(gateway, name),
        now_it_is=status,
        causes=CAUSES,
        oldest_take_down=oldest,
        waiting=waiting.items,
        deliveries=page.items[:LISTED],
        has_more=len(page.items) > LISTED or page.next is not None,
        latency=charts.latency(_attempts(page.items), "Attempts"),
        modes=MODES,
        query=paging.Query({}, None),
    )


async def _log(
    request: web.Request, *, status: int = 200, done: str | None = None, refused: str | None = None
) -> web.Response:
    gateway = request.app[GATEWAY]
    asked = paging.asked(request, state=DELIVERY_STATES, receiver=None, card_id=None)
    page = await query.found(gateway.store.read(lists.delivery_page, **asked.of_store))
    names = [one.name for one in gateway.settings.receivers]
    chosen = asked.query.filters.get("receiver")
    return await render.page(
        request,
        "deliveries.html",
        itself="/deliveries" if refused else None,
        status=status,
        done=done,
        refused=refused,
        deliveries=page.items,
        next=page.next,
        query=asked.query,
        states={value: state.word for value, state in DELIVERIES.items()},
        receivers=[*names, chosen] if chosen and chosen not in names else names,
    )


def _attempts(deliveries: Sequence[StoredDelivery]) -> list[charts.Point]:
    found = [
        charts.Point(one.started_at, one.duration_ms / 1000, one.outcome != "delivered")
        for each in deliveries
        for one in each.attempts
    ]
    return sorted(found)[-DOTS:]


def _recovered(request: web.Request) -> str | None:
    """What a recovery sent again, as the address says after it."""
    if request.query.get("done") != "recover":
        return None
    counts = [request.query.get(name, "") for name in ("displays", "take_downs", "others")]
    told = [int(one) if one.isascii() and one.isdigit() and len(one) < len("1000000") else 0 for one in counts]
    displays, take_downs = count(told[0], "display", "displays"), count(told[1], "take-down", "take-downs")
    return f"Sent again: {displays}, {take_downs} and {count(told[2], 'other', 'others')}."
