"""Logging in with a token, and out again."""

from __future__ import annotations

import logging
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from capgateway import log
from capgateway.web import guard, sessions
from capgateway.web.console import forms, render
from capgateway.web.gateway import GATEWAY
from capgateway.web.sessions import SESSIONS

LOGGER = logging.getLogger(__name__)

LONGEST_WAY_BACK = 2_000
CANNOT_READ = "This token may not read, so it has nothing to see here. The console needs a token with the scope read."
NOW = "A right one is taken at any time."
UNDONE = "You were no longer logged in when you sent the form, so nothing was done. Log in, and do it again."
UNKNOWN = "This token is not known here."

routes = web.RouteTableDef()


@routes.get("/login")
@guard.unguarded
async def login(request: web.Request) -> web.StreamResponse:
    """The page that asks for a token. Who follows a link of a pager or a mail comes without the cookie, because that is strict; the
    page then asks once more from here, which shows whether there is a session."""
    to = _local(request.query.get("next", "/"))
    if guard.may_know(request):
        return forms.see(to)
    is_led_here = request.headers.get("Sec-Fetch-Site") == "cross-site"
    again = f"/login?{urlencode({'next': to})}" if is_led_here else None
    return _asked(request, to, notice=UNDONE if "undone" in request.query else None, again=again)


@routes.post("/login")
@guard.unguarded
async def log_in(request: web.Request) -> web.StreamResponse:
    """Begin a session. It needs no form token: who does not know a token can begin none."""
    gateway, fields = request.app[GATEWAY], await forms.read(request)
    to = _local(fields.one("next") or "/")
    token = guard.matching(fields.one("token"), gateway.settings.tokens)
    if token is None:
        refused = guard.wrong_token(request, {})
        trouble = (
            UNKNOWN if refused.status == web.HTTPUnauthorized.status_code else f"{refused.detail.capitalize()}. {NOW}"
        )
        shown = _asked(request, to, status=refused.status, trouble=trouble)
        shown.headers.update(refused.headers)
        return shown
    if "read" not in token.scopes:
        return _asked(request, to, status=403, trouble=CANNOT_READ)
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
    """Where somebody goes who has to log in before they see a page; who sent a form learns that nothing came of it."""
    if request.path == "/logout":
        return forms.see("/login")
    if request.method in guard.READING:
        return forms.see(f"/login?{urlencode({'next': request.path_qs})}" if request.path_qs != "/" else "/login")
    came_from = urlsplit(request.headers.get("Referer", ""))
    way_back = came_from._replace(scheme="", netloc="", fragment="").geturl()
    return forms.see(f"/login?{urlencode({'undone': '', 'next': _local(way_back)})}")


def _asked(
    request: web.Request,
    to: str,
    *,
    status: int = 200,
    trouble: str | None = None,
    notice: str | None = None,
    again: str | None = None,
) -> web.Response:
    told = {"to": to, "trouble": trouble, "notice": notice, "again": again}
    return render.plain(request, "login.html", status=status, **told)


def _local(address: str) -> str:
    """An address of this console, whatever was asked for."""
    is_local = address.startswith("/") and not address.startswith("//") and "\\" not in address
    if not is_local or len(address) > LONGEST_WAY_BACK or not address.isprintable():
        return "/"
    return address
