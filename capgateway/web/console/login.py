"""Logging in with a token, and out again."""

from __future__ import annotations

import logging
from urllib.parse import quote

from aiohttp import web

from capgateway import log
from capgateway.web import guard, sessions
from capgateway.web.console import forms, render
from capgateway.web.gateway import GATEWAY
from capgateway.web.sessions import SESSIONS

LOGGER = logging.getLogger(__name__)

LONGEST_WAY_BACK = 2_000
CANNOT_READ = "This token may not read, so it has nothing to see here. The console needs a token with the scope read."
UNKNOWN = "This token is not known here."

routes = web.RouteTableDef()


@routes.get("/login")
@guard.unguarded
async def login(request: web.Request) -> web.StreamResponse:
    """The page that asks for a token."""
    to = _local(request.query.get("next", "/"))
    if guard.may_know(request):
        return forms.see(to)
    return render.plain(request, "login.html", to=to, trouble=None)


@routes.post("/login")
@guard.unguarded
async def log_in(request: web.Request) -> web.StreamResponse:
    """Begin a session. It needs no form token: who does not know a token can begin none."""
    gateway, fields = request.app[GATEWAY], await forms.read(request)
    to = _local(fields.one("next") or "/")
    token = guard.matching(fields.one("token"), gateway.settings.tokens)
    if token is None:
        refused = guard.wrong_token(request, {})
        trouble = UNKNOWN if refused.status == web.HTTPUnauthorized.status_code else f"{refused.detail.capitalize()}."
        shown = render.plain(request, "login.html", status=refused.status, to=to, trouble=trouble)
        shown.headers.update(refused.headers)
        return shown
    if "read" not in token.scopes:
        return render.plain(request, "login.html", status=403, to=to, trouble=CANNOT_READ)
    log.event(LOGGER, "console.logged_in", actor=token.name, peer=request.remote)
    answer = forms.see(to)
    sessions.set_cookie(answer, gateway.settings, request.app[SESSIONS].begin(token, gateway.now()))
    return answer


@routes.post("/logout")
@guard.needs("read")
@forms.action
async def log_out(request: web.Request, _: forms.Fields) -> web.StreamResponse:
    """End the session, in this browser and wherever its cookie may have been copied to."""
    gateway = request.app[GATEWAY]
    request.app[SESSIONS].end(request.cookies.get(sessions.cookie_name(gateway.settings), ""), gateway.now())
    log.event(LOGGER, "console.logged_out", actor=guard.actor(request).name)
    answer = forms.see("/login")
    sessions.set_cookie(answer, gateway.settings, "")
    return answer


def first(request: web.Request) -> web.Response:
    """Where somebody goes who has to log in before they see a page."""
    way_back = request.path_qs if request.method == "GET" else "/"
    return forms.see(f"/login?next={quote(way_back, safe='')}" if way_back != "/" else "/login")


def _local(address: str) -> str:
    """An address of this console, whatever was asked for."""
    is_local = address.startswith("/") and not address.startswith("//") and "\\" not in address
    if not is_local or len(address) > LONGEST_WAY_BACK or not address.isprintable():
        return "/"
    return address
