"""Does it live, may it be relied on, how is it doing: for orchestrators and Prometheus."""

from __future__ import annotations

import asyncio

from aiohttp import web

from capgateway import metrics
from capgateway.errors import StoreError
from capgateway.store import Store
from capgateway.web.api import as_json
from capgateway.web.gateway import GATEWAY, Gateway
from capgateway.web.problems import problem

DATABASE_SECONDS = 3.0  # orchestrators commonly give a probe five

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    """The process lives and answers; nothing else is asked."""
    return as_json({"status": "ok"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """The database answers and this process does its part; 503 with the reasons otherwise."""
    gateway = request.app[GATEWAY]
    reasons = [*gateway.troubles(), *await _database_troubles(gateway.store)]
    if reasons:
        return problem(503, "; ".join(reasons), reasons=reasons)
    return as_json({"status": "ready"})


@routes.get("/metrics")
async def exposition(request: web.Request) -> web.Response:
    """Prometheus' text format."""
    gateway = request.app[GATEWAY]
    body = gateway.metrics.exposition(await _state(gateway), gateway.now())
    return web.Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})


async def _database_troubles(store: Store) -> list[str]:
    try:
        await asyncio.wait_for(store.ping(), DATABASE_SECONDS)
    except StoreError as error:
        return [str(error)]
    except TimeoutError:
        return [f"the database did not answer within {DATABASE_SECONDS:.0f} s"]
    return []


async def _state(gateway: Gateway) -> metrics.State:
    seen = gateway.last_success()
    feeds = tuple(
        metrics.FeedState(feed=feed.name, last_success=seen.get(feed.name), silent_after=feed.silent_after)
        for feed in gateway.settings.feeds
        if feed.enabled
    )
    try:
        waiting = await asyncio.wait_for(gateway.store.waiting(), DATABASE_SECONDS)
    except (StoreError, TimeoutError):
        return metrics.State(feeds=feeds)
    none = {receiver.name: 0 for receiver in gateway.settings.receivers}
    told = metrics.DeliveryState(pending=none | waiting.pending, oldest_take_down=waiting.oldest_take_down)
    return metrics.State(feeds=feeds, deliveries=told)
