"""``POST drill``: an exercise goes the whole way to the receivers, and is taken down again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from capgateway.config.values import unknown
from capgateway.operate.drill import Drilled
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused
from capgateway.web.said import DrillOrder, act, done, said
from capgateway.web.told import tells

if TYPE_CHECKING:
    from capgateway.feeds import Feed
    from capgateway.web.gateway import Gateway
    from capgateway.webhooks import Receiver

PROBE = "exercise.card.published"

routes = web.RouteTableDef()


@routes.post("/api/v1/drill")
@tells(Drilled, takes=DrillOrder, refuses=(409,))
async def drill(request: web.Request) -> web.Response:
    """Send an exercise card to the receivers that take exercises, or to those that are named. Answers when all have acknowledged
    its take-down, or after a minute with those that have not."""
    given, gateway = await said(request, DrillOrder), request.app[GATEWAY]
    feed, receivers = _feed(gateway, given), _receivers(gateway, given)
    return as_json(await done(gateway.hands.drill(feed, receivers, act(request, given))))


def _feed(gateway: Gateway, given: DrillOrder) -> Feed | None:
    if given.feed is None:
        return None
    every = gateway.settings.feeds
    if refusal := unknown("feed", given.feed, [one.name for one in every]):
        raise Refused(404, refusal)
    found = next(one for one in every if one.name == given.feed)
    if not found.enabled:
        raise Refused(409, f'the feed "{found.name}" is disabled')
    return found


def _receivers(gateway: Gateway, given: DrillOrder) -> list[Receiver]:
    every = gateway.settings.receivers
    for name in given.receivers:
        if refusal := unknown("receiver", name, [one.name for one in every]):
            raise Refused(404, refusal)
    if given.receivers:
        chosen = [one for one in every if one.name in given.receivers]
    else:
        chosen = [one for one in every if one.enabled and one.wants(PROBE)]
    if disabled := [one.name for one in chosen if not one.enabled]:
        raise Refused(409, f'the receiver "{disabled[0]}" is disabled')
    if not chosen:
        raise Refused(409, "no receiver takes exercise.card.*: add it to the messages of one, or name receivers")
    return chosen
