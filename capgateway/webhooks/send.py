"""One POST to a receiver, and what came of it. Nothing a receiver does raises here: every outcome is an ``Attempt``.

Only a 2xx whose answer ends in time counts. Redirects are answers like others and are never followed: who follows them
shows a stranger a child's card. Of an answer one kilobyte is read, then the connection is closed.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from capgateway import net
from capgateway.masking import hide
from capgateway.webhooks.retry import IN_BETWEEN, Attempt, http_date, retry_after
from capgateway.webhooks.sign import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.webhooks.lane import Claim
    from capgateway.webhooks.receiver import Receiver

LARGEST_ANSWER = 1024
"""Bytes read of an answer: enough for the confirmation or a reason, too little to fill memory or the log with."""
LONGEST_ERROR = 300
CONNECT_SECONDS = 11
"""Looking the name up, connecting, TLS. Short, so that the fast first retries of a take-down come to pass."""

UNAUTHORISED = frozenset({401, 403})
CLOCKS_DIFFER = timedelta(seconds=60)
"""A receiver refuses signatures that are five minutes off; a clock that is a minute off will get there."""

_NEVER_SENT = frozenset({"dns", "connect", "tls", "proxy", "blocked", "url", "scheme"})
_HOST = re.compile(r"[a-z0-9._:-]{1,253}")
_SILENT_PROXY = "proxy: the proxy did not connect us in time"
_URL = re.compile(r"(https?://)(?:[^/\s?#@]*@)?([^/\s'\"?#]+)[^\s'\"]*")
_CREDENTIAL = re.compile(
    r"""((?:authorization|token|secret|password|passwd|api[-_]?key|session(?:id)?|cookie)["']?\s*[:=]\s*["']?
        (?:(?:bearer|basic)\s+)?
      | \bbearer\s+
      | whs[ep]?[ck]_)
    [^\s"',;&<>{}]+""",
    re.IGNORECASE | re.VERBOSE,
)


class _Confirmation(msgspec.Struct):
    """What a receiver may answer to say what it shows now."""

    revision: int
    state: Literal["displayed", "removed"]


def session_for(receiver: Receiver, user_agent: str) -> aiohttp.ClientSession:
    """A session with the settings of a receiver."""
    return net.new_session(
        user_agent=user_agent,
        allow_networks=receiver.allow_networks,
        ca=receiver.ca,
        client_cert=receiver.client_cert,
        client_key=receiver.client_key,
        proxy=receiver.proxy,
    )


async def send(session: aiohttp.ClientSession, receiver: Receiver, claim: Claim, *, now: datetime) -> Attempt:
    """Deliver the claimed message once. ``session`` comes from :func:`session_for`.

    ``now`` is what the signature says. Only cancelling the task raises.
    """
    with net.watched() as timing:
        attempt = await _send(session, receiver, claim, now)
    if timing.is_at_proxy and attempt.outcome == "timeout":
        attempt = msgspec.structs.replace(attempt, outcome="proxy", error=_SILENT_PROXY)
    if attempt.ambiguous and not timing.is_connected:
        attempt = msgspec.structs.replace(attempt, ambiguous=False)
    parts = {"looked_up": _seconds(timing.looked_up), "connected": _seconds(timing.connected)}
    return msgspec.structs.replace(attempt, remote=timing.remote, tls=timing.tls, **parts)


async def _send(session: aiohttp.ClientSession, receiver: Receiver, claim: Claim, now: datetime) -> Attempt:
    begun, status = time.monotonic(), None
    answered = timedelta(0)
    try:
        net.check_url(receiver.url, allow_networks=receiver.allow_networks)  # a login in it never reaches the session
        async with session.post(
            receiver.url,
            data=claim.body,
            headers=_headers(receiver, claim, now),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=receiver.timeout.total_seconds(), connect=CONNECT_SECONDS),
        ) as response:
            status, answered = response.status, _since(begun)
            answer = await beginning(response)
    except net.TROUBLE as error:
        return _quiet(_unanswered(claim, error, status, now, _since(begun)), receiver)
    return _quiet(
        msgspec.structs.replace(_answered(claim, response, answer, now, _since(begun)), answered=answered), receiver
    )


def cut_off(claim: Claim, outcome: Literal["overtaken", "stopped"], *, now: datetime, duration: timedelta) -> Attempt:
    """The attempt that we ended ourselves: the receiver may have taken it in."""
    return Attempt(
        number=claim.number,
        started_at=now,
        duration=duration,
        outcome=outcome,
        error="closed by the gateway",
        ambiguous=True,
    )


def _headers(receiver: Receiver, claim: Claim, now: datetime) -> dict[str, str]:
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        ID_HEADER: claim.message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(receiver.secrets, claim.message_id, timestamp, claim.body, key=receiver.signer),
        "webhook-attempt": str(claim.number),
    }


def _seconds(duration: float | None) -> timedelta | None:
    return None if duration is None else timedelta(seconds=duration)


def _since(begun: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - begun)


async def beginning(response: aiohttp.ClientResponse) -> bytes:
    """At most the first kilobyte, as it came over the wire; a longer answer costs its sender the connection."""
    answer = bytearray()
    async for chunk in response.content.iter_any():
        answer += chunk
        if len(answer) > LARGEST_ANSWER:
            response.close()
            break
    return bytes(answer[:LARGEST_ANSWER])


def _unanswered(claim: Claim, error: Exception, status: int | None, now: datetime, duration: timedelta) -> Attempt:
    told = net.fetch_error(error)
    connected = told.reason not in _NEVER_SENT and not isinstance(error, aiohttp.ConnectionTimeoutError)
    return Attempt(
        number=claim.number,
        started_at=now,
        duration=duration,
        outcome=told.reason,
        status=status,
        error=_clean(_URL.sub(r"\1\2/…", str(told)), LONGEST_ERROR),
        ambiguous=connected,
    )


def _answered(
    claim: Claim, response: aiohttp.ClientResponse, answer: bytes, now: datetime, duration: timedelta
) -> Attempt:
    if 200 <= response.status < 300:  # noqa: PLR2004  (Standard Webhooks: 2xx is success, all else is not)
        said = _confirmation(claim, answer)
        agrees = said is None or (said.revision, said.state) == (claim.revision, _state_after(claim))
        return Attempt(
            number=claim.number,
            started_at=now,
            duration=duration,
            outcome="delivered",
            status=response.status,
            error=None if said is None or agrees else f"it says that revision {said.revision} is {said.state}",
            confirmed=said is not None and agrees,
            contradicts=not agrees,
            answer=answer,
        )
    theirs = http_date(response.headers.get("Date", "")) or now
    ahead = _clock_ahead(response.status, theirs - now)
    return Attempt(
        number=claim.number,
        started_at=now,
        duration=duration,
        outcome="status",
        status=response.status,
        error=f"answered {response.status}{_clock(ahead)}",
        retry_after=retry_after(response.headers.get("Retry-After"), now=theirs),
        ambiguous=response.status in IN_BETWEEN,
        response_excerpt=_clean(answer.decode(errors="replace"), LARGEST_ANSWER) or None,
        moved_to=_moved_to(response),
        clock_ahead=ahead,
    )


def _clock_ahead(status: int, ahead: timedelta) -> timedelta | None:
    """Why a receiver may refuse a signature that is right."""
    return ahead if status in UNAUTHORISED and abs(ahead) > CLOCKS_DIFFER else None


def _clock(ahead: timedelta | None) -> str:
    if ahead is None:
        return ""
    return f"; its clock is {abs(ahead).total_seconds():.0f} s {'ahead of' if ahead > timedelta(0) else 'behind'} ours"


def _moved_to(response: aiohttp.ClientResponse) -> str | None:
    """The origin that a redirect names: paths, queries and logins may be secret."""
    location = response.headers.get("Location")
    if location is None or not 300 <= response.status < 400:  # noqa: PLR2004
        return None
    try:
        parts = urlsplit(urljoin(str(response.url), location))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}"


def _confirmation(claim: Claim, answer: bytes) -> _Confirmation | None:
    """What the receiver says that it shows, or has removed; ``None`` where it says nothing of the kind."""
    if claim.action is None:
        return None
    try:
        return msgspec.json.decode(answer, type=_Confirmation)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # most receivers answer nothing, or "ok"
        return None


def _state_after(claim: Claim) -> str:
    return "displayed" if claim.action == "display" else "removed"


def _quiet(attempt: Attempt, receiver: Receiver) -> Attempt:
    """The attempt without what the receiver, or a proxy, repeats of its own address and secrets."""
    said = {name: getattr(attempt, name) for name in ("error", "response_excerpt", "moved_to")}
    hidden = {name: hide(text, receiver.confidential) for name, text in said.items() if text}
    return msgspec.structs.replace(attempt, **hidden) if hidden else attempt


def _clean(text: str, limit: int) -> str:
    """A stranger's text made fit to store and show: no credentials, no control characters, at most ``limit`` bytes."""
    hidden = _CREDENTIAL.sub(r"\1[hidden]", text)
    printable = "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in hidden)
    return printable.encode()[:limit].decode(errors="ignore")
