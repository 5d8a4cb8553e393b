"""Every error of the API is a problem document (RFC 9457): what was wrong in a sentence, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from capgateway import log
from capgateway.errors import StoreError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "something unexpected happened; the gateway's log says more"

# aiohttp calls a middleware with the keyword "handler".
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(status: int, detail: str, **more: Any) -> web.Response:
    """A problem without a type of its own: the title is the status' name, as the RFC wants for ``about:blank``."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail} | more
    return web.Response(status=status, body=msgspec.json.encode(told), content_type=MEDIA_TYPE)


class Refused(Exception):
    """A request that cannot be answered as it is; becomes a problem document, with ``more`` members where given."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        self.status, self.detail, self.headers, self.more = status, detail, headers or {}, more
        super().__init__(detail)


def _path(request: web.Request) -> str:
    """What was asked, for logs: the address of a picture is its key, so a route is logged without its variable parts."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else request.path


@web.middleware
async def tell_problems(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Answer with a problem document instead of whatever was raised."""
    try:
        return await handler(request)
    except Refused as refused:
        told = problem(refused.status, refused.detail, **refused.more)
        told.headers.update(refused.headers)
        return told
    except web.HTTPMethodNotAllowed as error:
        told = problem(error.status, f"{request.path} takes {', '.join(sorted(error.allowed_methods))}")
        told.headers["Allow"] = error.headers["Allow"]
        return told
    except web.HTTPRequestEntityTooLarge as error:
        return problem(error.status, f"the body is larger than {request.client_max_size:,} bytes")
    except web.HTTPException as error:
        return problem(error.status, _detail(error, request))
    except StoreError as error:
        log.event(logger, "web.database_failed", level=logging.ERROR, path=_path(request), detail=str(error))
        return problem(503, "the database cannot be used at the moment")
    except Exception as error:  # noqa: BLE001  (the edge: one request that fails unexpectedly ends alone)
        log.event(logger, "web.failed", level=logging.ERROR, error=error, method=request.method, path=_path(request))
        return problem(500, UNEXPECTED)


def _detail(error: web.HTTPException, request: web.Request) -> str:
    return f"there is nothing at {request.path}" if error.status == HTTPStatus.NOT_FOUND else error.reason
