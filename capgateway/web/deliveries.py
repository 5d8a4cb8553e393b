"""Deliveries and messages: what went out, and sending it again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, get_args

from aiohttp import web

from capgateway import log
from capgateway.config.values import unknown
from capgateway.store import catch_up, recovery
from capgateway.store.audit import Act
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor, needs
from capgateway.web.problems import Refused
from capgateway.web.said import said

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    T = TypeVar("T")

LOGGER = logging.getLogger(__name__)
MODES = get_args(recovery.Mode)
LONGEST_SEQUENCE = 16
"""Digits: sequences stay below 2⁵³."""

routes = web.RouteTableDef()


@routes.get("/api/v1/messages")
@needs("read", "receive")
async def messages(request: web.Request) -> web.Response:
    """What went out, in order, after a sequence: none is skipped. A receiver gets its own."""
    asked = query.page(request)
    after = asked["after"] or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= LONGEST_SEQUENCE):
        raise Refused(400, 'after is the sequence of a message, or the "next" of an earlier page')
    store, mine = request.app[GATEWAY].store, actor(request).receiver
    return as_json(await store.read(catch_up.messages_after, int(after), limit=asked["limit"], receiver=mine))


@routes.post("/api/v1/deliveries/{id}/redeliver")
async def redeliver(request: web.Request) -> web.Response:
    """Send a delivery again, if it is still the newest of its lane and its card has not ended."""
    delivery_id, given = query.name(request), await said(request)
    act = Act(actor=actor(request).name, reason=(given.reason or "").strip() or None)
    store = request.app[GATEWAY].store
    again = await _done(store.write(recovery.redeliver, delivery_id, act))
    log.event(LOGGER, "delivery.redelivered", actor=act.actor, delivery=again, why=act.reason)
    return as_json({"id": again, "state": "pending"})


@routes.post("/api/v1/receivers/{id}/recover")
async def recover(request: web.Request) -> web.Response:
    """Send a receiver its current state again, what was given up, or the newest of everything since a time; and let it have
    displays again, if it was suspended."""
    name, given, gateway = query.name(request), await said(request), request.app[GATEWAY]
    if refusal := unknown("receiver", name, [one.name for one in gateway.settings.receivers]):
        raise Refused(404, refusal)
    act = Act(actor=actor(request).name, reason=(given.reason or "").strip() or None)
    again = await gateway.store.write(recovery.recover, name, given.mode, act, since=given.since)
    log.event(
        LOGGER,
        "receiver.sent_again",
        actor=act.actor,
        receiver=name,
        mode=given.mode,
        displays=again.displays,
        take_downs=again.take_downs,
        others=again.others,
        why=act.reason,
    )
    return as_json(again)


async def _done(acting: Awaitable[T]) -> T:
    try:
        return await acting
    except (LookupError, ValueError) as error:
        if type(error) in (LookupError, ValueError):  # a fault of the gateway is a subclass of one of them
            raise Refused(404 if type(error) is LookupError else 409, str(error)) from None
        raise
