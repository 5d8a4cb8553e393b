"""Refusals as pages: people get a page, or the log-in, instead of a problem document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from capgateway.web import guard
from capgateway.web.console import login, render
from capgateway.web.problems import MEDIA_TYPE, Answer

ASKS_FOR_TOKEN = HTTPStatus.UNAUTHORIZED


@web.middleware
async def as_page(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Show problems to browsers as pages; the API's stay as they are."""
    answer = await handler(request)
    if answer.content_type != MEDIA_TYPE or not _is_for_people(request):
        return answer
    body = answer.body if isinstance(answer, web.Response) else None
    if not isinstance(body, bytes):
        return answer
    if answer.status == ASKS_FOR_TOKEN and not guard.sends_token(request):
        return login.first(request)
    problem: dict[str, Any] = msgspec.json.decode(body)
    shown = render.plain(request, "problem.html", status=answer.status, problem=problem)
    shown.headers.extend({name: answer.headers[name] for name in ("Retry-After", "Allow") if name in answer.headers})
    return shown


def _is_for_people(request: web.Request) -> bool:
    is_page = not request.path.startswith(("/api/", "/media/", "/.well-known/")) and request.path not in {
        "/metrics",
        "/readyz",
    }
    return is_page and "text/html" in request.headers.get("Accept", "")
