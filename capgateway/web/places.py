"""Every code of a point or of a unit: a receiver asks once per viewer, and compares the answer with the target of each card."""

from __future__ import annotations

from aiohttp import web

from capgateway import threads
from capgateway.places import viewers
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.guard import needs
from capgateway.web.problems import Refused
from capgateway.web.told import tells

POINT = {"type": "string", "pattern": viewers.POINT.pattern, "examples": ["32.78,-96.80"]}

routes = web.RouteTableDef()


@routes.get("/api/v1/places")
@needs("read", "receive")
@tells(viewers.Place, query={"at": POINT})
async def places(request: web.Request) -> web.Response:
    """Every code of a point."""
    point = viewers.point(query.only(request, "at"))
    if point is None:
        raise Refused(400, "at is latitude,longitude in degrees, such as at=32.78,-96.80")
    atlas = request.app[GATEWAY].atlas()
    return as_json(await threads.parse(lambda: viewers.at(*point, atlas)))


@routes.get("/api/v1/places/{id}")
@needs("read", "receive")
@tells(viewers.Place)
async def place(request: web.Request) -> web.Response:
    """One unit, by its code in any scheme."""
    code, atlas = query.name(request), request.app[GATEWAY].atlas()
    found = await threads.parse(lambda: viewers.show(code, atlas))
    if found is None:
        raise Refused(404, f"there is no place with the code {code}")
    return as_json(found)
