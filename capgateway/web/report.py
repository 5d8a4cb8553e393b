"""``GET report``: the proof of conduct for an agreement, a regulator or a yearly report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from aiohttp import web

from capgateway.store import conduct
from capgateway.web import query
from capgateway.web.answer import as_json
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Refused
from capgateway.web.said import done
from capgateway.web.told import tells

MOMENT = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}
USUAL = timedelta(days=30)

routes = web.RouteTableDef()


@routes.get("/api/v1/report")
@tells(conduct.Conduct, query={"from": MOMENT, "to": MOMENT}, refuses=(409,))
async def report(request: web.Request) -> web.Response:
    """What was displayed in a period and how fast it came down, without personal data. The period begins at ``from``, 30 days
    before its end unless given, and ends before ``to``, now unless given."""
    gateway = request.app[GATEWAY]
    since, until = period(request.query, gateway.now())
    return as_json(await done(gateway.store.read(conduct.conduct, since, until, gateway.now())))


def period(asked: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """The period that is asked for, which must not end before it begins."""
    given = query.moments(asked, "from", "to")
    until = given.get("to", now)
    since = given.get("from", until - USUAL)
    if since > until:
        raise Refused(400, "the period ends before it begins: from is later than to")
    return since, until
