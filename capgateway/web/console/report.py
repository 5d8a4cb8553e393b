"""The report of conduct: how fast cards went up and came down in a period, without personal data."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from capgateway import explained
from capgateway.operate.spreadsheet import spreadsheet
from capgateway.store import conduct
from capgateway.web import report as api
from capgateway.web.console import render
from capgateway.web.console.words import iso
from capgateway.web.gateway import GATEWAY
from capgateway.web.said import done

LISTED = 200
"""Cards that the page lists; the files have all."""
PERIODS = {"the last 24 hours": 1, "30 days": 30, "a year": 365}

routes = web.RouteTableDef()


@routes.get("/report")
async def report(request: web.Request) -> web.Response:
    """The page."""
    found = await _conduct(request)
    ends = found.until.astimezone(UTC)
    periods = {word: urlencode({"from": iso(ends - timedelta(days=days))}) for word, days in PERIODS.items()}
    return await render.page(
        request,
        "report.html",
        report=found,
        cards=found.cards[-LISTED:][::-1],
        steps=explained.STEPS,
        duration=explained.duration,
        asked=urlencode({"from": iso(found.since), "to": iso(found.until)}),
        periods=periods,
        to=request.query.get("to", "")[: len("2026-11-22")],
    )


@routes.get("/report.csv")
async def as_table(request: web.Request) -> web.Response:
    """The cards of the report for a spreadsheet."""
    found = await _conduct(request)
    written = await asyncio.to_thread(lambda: spreadsheet(msgspec.to_builtins(found)))  # of years it takes seconds
    return web.Response(
        text=written,
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="report-{found.since:%Y%m%d}-{found.until:%Y%m%d}.csv"'},
    )


async def _conduct(request: web.Request) -> conduct.Conduct:
    gateway = request.app[GATEWAY]
    asked = {name: value for name, value in request.query.items() if value}
    since, until = api.period(asked, gateway.now())
    return await done(gateway.store.read(conduct.conduct, since, until, gateway.now()))
