"""Sessions of the console: a signed cookie that names a token and ends after some hours.

The key that signs is made of the token itself, so nothing has to be kept: a session survives a restart, is known to every
gateway with the same configuration, and ends when a reload removes or replaces its token. Trying tokens against a stolen
cookie takes a twentieth of a second each (:data:`COST`). A session that was ended by logging out is remembered by this
process until its time is over; a cookie that was copied before could be used again after a restart, until then.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from capgateway.clock import utc_now
from capgateway.config import Settings, Token

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SECONDS = 12 * 3600
"""A shift."""
LONGEST_COOKIE = 1000  # a name and 100 characters; a longer one is not from here
MOST_ENDED = 10_000  # log-outs that are remembered; nobody logs out that often within a shift
COST = {"n": 1 << 14, "r": 8, "p": 1}


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a cookie says. ``mark`` makes each session one of its own."""

    name: str
    until: int
    mark: str


class Sessions:
    """Begins and finds sessions, and remembers those that ended before their time."""

    def __init__(self) -> None:
        self._ended: dict[str, int] = {}

    def begin(self, token: Token, now: datetime) -> str:
        """The cookie of a new session."""
        until = int(now.timestamp()) + SECONDS
        told = msgspec.json.encode(_Claims(name=token.name, until=until, mark=secrets.token_urlsafe(12)))
        return f"{_text(told)}.{_text(_signature(token, told))}"

    def find(self, cookie: str, tokens: Iterable[Token], now: datetime) -> Token | None:
        """The token of a session that lasts; ``None`` for what was not signed here."""
        told, signature = _parts(cookie)
        claims = _claims(told)
        token = next((one for one in tokens if claims and one.name == claims.name), None)
        if claims is None or token is None or not hmac.compare_digest(_signature(token, told), signature):
            return None
        return token if now.timestamp() < claims.until and claims.mark not in self._ended else None

    def end(self, cookie: str, now: datetime) -> None:
        """A person logged out."""
        claims = _claims(_parts(cookie)[0])
        if claims is not None:
            self._ended = {mark: until for mark, until in self._ended.items() if until > now.timestamp()}
            if len(self._ended) < MOST_ENDED:
                self._ended[claims.mark] = claims.until


SESSIONS = web.AppKey("sessions", Sessions)


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the gateway over TLS, so that they can be forbidden to send the cookie in any other way."""
    return settings.gateway.public_url.lower().startswith("https://")


def cookie_name(settings: Settings) -> str:
    """With TLS a name that browsers accept from this very host only."""
    return "__Host-capgateway" if is_secure(settings) else "capgateway"


def set_cookie(answer: web.StreamResponse, settings: Settings, value: str) -> None:
    """Give a browser its session; an empty one takes it away. It lasts until the browser is closed, at most :data:`SECONDS`."""
    answer.set_cookie(
        cookie_name(settings),
        value,
        max_age=None if value else 0,
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="Strict",
    )


def of_request(request: web.Request, settings: Settings) -> Token | None:
    """The token whose session a request belongs to."""
    cookie = request.cookies.get(cookie_name(settings), "")
    return request.app[SESSIONS].find(cookie, settings.tokens, utc_now()) if cookie else None


def _parts(cookie: str) -> tuple[bytes, bytes]:
    told, _, signature = cookie.partition(".") if len(cookie) <= LONGEST_COOKIE else ("", "", "")
    return _bytes(told), _bytes(signature)


def _claims(told: bytes) -> _Claims | None:
    try:
        return msgspec.json.decode(told, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _signature(token: Token, told: bytes) -> bytes:
    return hmac.digest(_key(token.token), told, "sha256")


@lru_cache(maxsize=64)
def _key(token: str) -> bytes:
    return hashlib.scrypt(token.encode(), salt=b"capgateway console session", **COST)


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        return b""
