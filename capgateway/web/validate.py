"""Judge a document somebody sends, and keep nothing of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from capgateway.feeds.read.judge import judge
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.feeds import body
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import needs

if TYPE_CHECKING:
    from capgateway import cap
    from capgateway.web.gateway import Gateway

PROFILES = ("auto", "none", "ipaws", "cap-cp", "cap-au")

routes = web.RouteTableDef()


@routes.post("/api/v1/validate")
@needs("read", "submit")
async def validate(request: web.Request) -> web.Response:
    """The reports that ``capgateway validate`` gives: one for a container, one for each message."""
    gateway, profile = request.app[GATEWAY], query.choice(request, "profile", PROFILES)
    return as_json({"items": await judged(gateway, await body(request), profile)})


async def judged(gateway: Gateway, document: bytes, profile: str) -> list[cap.Report]:
    """What there is to say about a document."""
    now = gateway.now()
    return await asyncio.to_thread(lambda: list(judge(document, gateway.schemas, now=now, profile=profile)))
