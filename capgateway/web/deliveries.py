"""Deliveries and messages: what went out, and sending it again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, get_args

import msgspec
from aiohttp import web

from capgateway import log
from capgateway.config.values import unknown
from capgateway.store import catch_up, recovery
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import actor, needs
from capgateway.web.problems import Refused
from capgateway.web.said import Recovery, Said, act, done, said
from capgateway.web.told import tells

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.store.audit import Act
    from capgateway.web.gateway import Gateway

LOGGER = logging.getLogger(__name__)
MODES = get_args(recovery.Mode)
LONGEST_SEQUENCE = 16
"""Digits: sequences stay below 2⁵³."""

routes = web.RouteTableDef()


class Redelivered(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery that is sent again."""

    id: str
    state: Literal["pending"] = "pending"


@routes.get("/api/v1/messages")
@needs("read", "receive")
@tells(catch_up.Messages, filters={})
async def messages(request: web.Request) -> web.Response:
    """What went out, in order, after a sequence: none is skipped. A receiver gets its own."""
    asked = query.page(request)
    after = asked["after"] or "0"
    if not (after.isascii() and after.isdigit() and len(after) <= LONGEST_SEQUENCE):
        raise Refused(400, 'after is the sequence of a message, or the "next" of an earlier page')
    store, mine = request.app[GATEWAY].store, actor(request).receiver
    return as_json(await store.read(catch_up.messages_after, int(after), limit=asked["limit"], receiver=mine))


@routes.post("/api/v1/deliveries/{id}/redeliver")
@tells(Redelivered, takes=Said, refuses=(409,))
async def redeliver(request: web.Request) -> web.Response:
    """Send a delivery again, if it is still the newest of its lane and its card has not ended."""
    again = await send_again(request.app[GATEWAY], query.name(request), act(request, await said(request, Said)))
    return as_json(Redelivered(id=again))


@routes.post("/api/v1/receivers/{id}/recover")
@tells(recovery.Again, takes=Recovery)
async def recover(request: web.Request) -> web.Response:
    """Send a receiver its current state again, what was given up, or the newest of everything since a time; and let it have
    displays again, if it was suspended."""
    given = await said(request, Recovery)
    by = act(request, given)
    return as_json(await recovered(request.app[GATEWAY], query.name(request), given.mode, by, since=given.since))


async def send_again(gateway: Gateway, delivery_id: str, by: Act) -> str:
    """Send a delivery again, on behalf of ``by``; the id of the one that is sent."""
    again = await done(gateway.store.write(recovery.redeliver, delivery_id, by))
    log.event(LOGGER, "delivery.redelivered", actor=by.actor, delivery=again, why=by.reason)
    return again


async def recovered(
    gateway: Gateway, name: str, mode: recovery.Mode, by: Act, *, since: datetime | None = None
) -> recovery.Again:
    """Send a receiver again what it lost, on behalf of ``by``."""
    if refusal := unknown("receiver", name, [one.name for one in gateway.settings.receivers]):
        raise Refused(404, refusal)
    again = await gateway.store.write(recovery.recover, name, mode, by, since=since)
    log.event(
        LOGGER,
        "receiver.sent_again",
        actor=by.actor,
        receiver=name,
        mode=mode,
        displays=again.displays,
        take_downs=again.take_downs,
        others=again.others,
        why=by.reason,
    )
    return again
