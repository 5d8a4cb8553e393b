"""Who may look, who may change things, and what browsers may do with it: cards hold children's names.

Without tokens only this machine is answered, and everything is allowed. With tokens every request needs one, but for the
two that orchestrators ask, and for pages that are :func:`unguarded`. What a token needs is written at each page (:func:`needs`); a page that says nothing needs
``read``, or ``operate`` where it changes something.

Two dangers come through a browser on this machine that shows a stranger's page. Its own name may resolve to 127.0.0.1
(DNS rebinding), to read the API as "same origin": such requests carry that name as Host, so without tokens only loopback
names are answered. And it may post a form to us: such requests carry its own origin as Origin, and are refused.

A session of the console (:mod:`capgateway.web.sessions`) counts where something is read, and for the console's own forms,
which carry a token of their own against forged requests. It never counts for what the API changes.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from capgateway import log
from capgateway.config import Scope, Token
from capgateway.web import sessions
from capgateway.web.gateway import GATEWAY
from capgateway.web.problems import Answer, Refused
from capgateway.web.slowing import SLOWING

LOGGER = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
BEHIND_A_PROXY = "behind a proxy, gateway.public_url has to be the address that browsers use"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"/healthz", "/readyz"})  # orchestrators carry no tokens; they learn yes or no
THIS_MACHINE = Token(name="local", token="", scopes=("read", "operate", "submit"))
"""The actor where there are no tokens."""

ACTOR = web.RequestKey("actor", Token)
_NEEDS = "capgateway_needs"
_UNGUARDED = "capgateway_unguarded"
_FORM = "capgateway_form"

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


def form(page: F) -> F:
    """A page that takes a form of the console, and checks by itself that it came from the console."""
    setattr(page, _FORM, True)
    return page


def needed(page: object, method: str) -> tuple[Scope, ...]:
    """The scopes of which a token needs one; none for a page that is open."""
    usual: tuple[Scope, ...] = ("read",) if method in READING else ("operate",)
    return () if getattr(page, _UNGUARDED, False) else getattr(page, _NEEDS, usual)


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
    found = known(request)
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


def known(request: web.Request) -> Token | None:
    """The token that a request comes with, if the configuration of this moment has it. Without tokens, anybody on this machine
    is known and others are refused."""
    settings = request.app[GATEWAY].settings
    if not settings.tokens:
        return _on_this_machine(request)
    if sends_token(request):
        return _by_token(request, settings.tokens)
    counts = request.method in READING or getattr(request.match_info.handler, _FORM, False)
    return sessions.of_request(request, settings) if counts else None


def sends_token(request: web.Request) -> bool:
    """Whether a request has a token of its own. A log-in that a proxy asked a browser for, and passes on, is not one."""
    sent = request.headers.get("Authorization")
    return sent is not None and sent.partition(" ")[0].lower() != "basic"


def _is_open(request: web.Request) -> bool:
    return request.path in OPEN or getattr(request.match_info.handler, _UNGUARDED, False)


def may_know(request: web.Request) -> bool:
    """Whether an open page may give its reasons."""
    found = request.get(ACTOR)
    return found is not None and "read" in found.scopes


def _by_token(request: web.Request, tokens: tuple[Token, ...]) -> Token | None:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    return matching(sent.strip() if scheme.lower() == "bearer" else "", tokens)


def matching(sent: str, tokens: tuple[Token, ...]) -> Token | None:
    """The token that somebody sent, compared with each in the same time whether it matches or not."""
    given = sent.encode("utf-8", "surrogateescape")
    found = [token for token in tokens if hmac.compare_digest(token.token.encode(), given)]
    return found[0] if found else None


def _on_this_machine(request: web.Request) -> Token:
    """The name it is asked by, and where it is asked from: after a reload the socket may still be one for others."""
    if not (is_loopback(request.headers.get("Host", "")) and _is_loopback_address(request.remote or "")):
        raise Refused(421, "this gateway has no tokens, so it answers to localhost, 127.0.0.1 and [::1] only")
    return THIS_MACHINE


def _check_origin(request: web.Request) -> None:
    """A proxy may ask by a name of its own; then the public address is the one that browsers know."""
    origin = request.headers.get("Origin", "").lower()
    if request.method in READING or "Origin" not in request.headers:
        return
    public = urlsplit(request.app[GATEWAY].settings.gateway.public_url.lower())
    host = request.headers.get("Host", "").lower()
    ours = {f"http://{host}", f"https://{host}", f"{public.scheme}://{public.netloc}"}
    if origin not in ours or origin.endswith("://"):
        raise Refused(403, f"pages of other sites may not change anything here; {BEHIND_A_PROXY}")


def _check_packing(request: web.Request) -> None:
    """Nothing is unpacked: a small packed body may hold gigabytes."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Refused(415, "send the body as it is, without Content-Encoding", headers={"Accept-Encoding": "identity"})


def _check_scope(request: web.Request, found: Token) -> None:
    wanted = needed(request.match_info.handler, request.method)
    if _is_open(request) or any(scope in found.scopes for scope in wanted):
        return
    challenge = f'Bearer realm="capgateway", error="insufficient_scope", scope="{" ".join(wanted)}"'
    detail = f'the token "{found.name}" lacks the scope {" or ".join(wanted)}'
    raise Refused(403, detail, headers={"WWW-Authenticate": challenge})


def _unknown(request: web.Request) -> Refused:
    challenge = 'Bearer realm="capgateway"'
    if not sends_token(request):
        return Refused(401, "this gateway asks for a token", headers={"WWW-Authenticate": challenge})
    challenge += ', error="invalid_token"'
    return wrong_token(request, {"WWW-Authenticate": challenge})


def wrong_token(request: web.Request, headers: Mapping[str, str]) -> Refused:
    """The answer to a wrong token, which is logged: somebody may be trying. After several of one address they are only
    counted, for a while."""
    if wait := request.app[SLOWING].wrong(request.remote or ""):
        return Refused(429, f"too many wrong tokens; try again in {wait} s", headers={"Retry-After": str(wait)})
    log.event(LOGGER, "api.unknown_token", level=logging.WARNING, path=request.path, peer=request.remote)
    return Refused(401, "this token is not known here", headers=headers)


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
