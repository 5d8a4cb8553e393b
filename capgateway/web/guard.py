"""Who may look, who may change things, and what browsers may do with it: cards hold children's names.

Without tokens only this machine is answered, and everything is allowed. With tokens every request needs one, but for the
two that orchestrators ask, and for pages that are :func:`unguarded`. What a token needs is written at each page (:func:`needs`); a page that says nothing needs
``read``, or ``operate`` where it changes something.

Two dangers come through a browser on this machine that shows a stranger's page. Its own name may resolve to 127.0.0.1
(DNS rebinding), to read the API as "same origin": such requests carry that name as Host, so without tokens only loopback
names are answered. And it may post a form to us: such requests carry its own origin as Origin, and are refused.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from capgateway import log
from capgateway.config import Scope, Token
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Answer, Refused

LOGGER = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"/healthz", "/readyz"})  # orchestrators carry no tokens; they learn yes or no
THIS_MACHINE = Token(name="local", token="", scopes=("read", "operate", "submit"))
"""The actor where there are no tokens."""

ACTOR = web.RequestKey("actor", Token)
_NEEDS = "capgateway_needs"
_UNGUARDED = "capgateway_unguarded"

F = TypeVar("F", bound=Callable[..., object])


def needs(*scopes: Scope) -> Callable[[F], F]:
    """A page that a token with any one of these scopes may ask."""

    def mark(page: F) -> F:
        setattr(page, _NEEDS, scopes)
        return page

    return mark


def unguarded(page: F) -> F:
    """A page that needs no token: to know its address is enough."""
    setattr(page, _UNGUARDED, True)
    return page


def actor(request: web.Request) -> Token:
    """The actor. Not for the open pages, where that may be nobody."""
    return request[ACTOR]


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Give every answer, errors too, the headers it does not set itself."""
    set_headers(response)


def set_headers(response: web.StreamResponse) -> None:
    """The headers of every answer, where it does not have its own."""
    response.headers["Server"] = "capgateway"  # not which libraries in which versions
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def only_known(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Answer who may ask, and log what they changed."""
    _check_origin(request)
    _check_packing(request)
    tokens = request.app[GATEWAY].settings.tokens
    found = _by_token(request, tokens) if tokens else _on_this_machine(request)
    if found is None:
        if not _is_open(request):
            raise _unknown(request)
        return await handler(request)
    request[ACTOR] = found
    _check_scope(request, found)
    answer = await handler(request)
    if request.method not in READING:
        log.event(
            LOGGER, "api.called", method=request.method, path=request.path, actor=found.name, status=answer.status
        )
    return answer


def _is_open(request: web.Request) -> bool:
    return request.path in OPEN or getattr(request.match_info.handler, _UNGUARDED, False)


def may_know(request: web.Request) -> bool:
    """Whether an open page may give its reasons."""
    found = request.get(ACTOR)
    return found is not None and "read" in found.scopes


def _by_token(request: web.Request, tokens: tuple[Token, ...]) -> Token | None:
    """The token of the request, compared with each in the same time whether it matches or not."""
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    given = sent.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""
    matching = [token for token in tokens if hmac.compare_digest(token.token.encode(), given)]
    return matching[0] if matching else None


def _on_this_machine(request: web.Request) -> Token:
    """The name it is asked by, and where it is asked from: after a reload the socket may still be one for others."""
    if not (is_loopback(request.headers.get("Host", "")) and _is_loopback_address(request.remote or "")):
        raise Refused(421, "this gateway has no tokens, so it answers to localhost, 127.0.0.1 and [::1] only")
    return THIS_MACHINE


def _check_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    if request.method in READING or origin is None:
        return
    if origin.partition("://")[2].lower() != request.headers.get("Host", "").lower():
        raise Refused(403, "pages of other sites may not change anything here")


def _check_packing(request: web.Request) -> None:
    """Nothing is unpacked: a small packed body may hold gigabytes."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Refused(415, "send the body as it is, without Content-Encoding", headers={"Accept-Encoding": "identity"})


def _check_scope(request: web.Request, found: Token) -> None:
    usual: tuple[Scope, ...] = ("read",) if request.method in READING else ("operate",)
    wanted = getattr(request.match_info.handler, _NEEDS, usual)
    if _is_open(request) or any(scope in found.scopes for scope in wanted):
        return
    challenge = f'Bearer realm="capgateway", error="insufficient_scope", scope="{" ".join(wanted)}"'
    detail = f'the token "{found.name}" lacks the scope {" or ".join(wanted)}'
    raise Refused(403, detail, headers={"WWW-Authenticate": challenge})


def _unknown(request: web.Request) -> Refused:
    """A wrong token is logged: somebody may be trying."""
    challenge = 'Bearer realm="capgateway"'
    if "Authorization" not in request.headers:
        return Refused(401, "this gateway asks for a token", headers={"WWW-Authenticate": challenge})
    log.event(LOGGER, "api.unknown_token", level=logging.WARNING, path=request.path, peer=request.remote)
    challenge += ', error="invalid_token"'
    return Refused(401, "this token is not known here", headers={"WWW-Authenticate": challenge})


def is_loopback(host: str) -> bool:
    """Whether a Host header, with or without port, names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback_address(name)


def _is_loopback_address(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
