"""Judge a document somebody sends, and keep nothing of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from capgateway import cap
from capgateway.feeds.read.judge import judge
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.bodies import body
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import needs
from capgateway.web.told import tells

if TYPE_CHECKING:
    from capgateway.web.gateway import Gateway

PROFILES = ("auto", "none", "ipaws", "cap-cp", "cap-au")

routes = web.RouteTableDef()


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The reports on a document."""

    items: list[cap.Report]


@routes.post("/api/v1/validate")
@needs("read", "submit")
@tells(Judged, takes_xml=True, query={"profile": {"enum": PROFILES, "default": PROFILES[0]}})
async def validate(request: web.Request) -> web.Response:
    """The reports that ``capgateway validate`` gives: one for a container, one for each message."""
    gateway, profile = request.app[GATEWAY], query.choice(request, "profile", PROFILES)
    return as_json(Judged(items=await judged(gateway, await body(request), profile)))


async def judged(gateway: Gateway, document: bytes, profile: str) -> list[cap.Report]:
    """What there is to say about a document."""
    now = gateway.now()
    return await asyncio.to_thread(lambda: list(judge(document, gateway.schemas, now=now, profile=profile)))
