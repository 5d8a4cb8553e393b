"""What operators say with an action, a JSON object with their reason; and what they read where it cannot be done."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from aiohttp import web

from capgateway.cards import NotAFact
from capgateway.store.audit import Act
from capgateway.store.recovery import Mode
from capgateway.web.feeds import received
from capgateway.web.guard import actor
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import TypeVar

    T = TypeVar("T")

LARGEST_BODY = 16_384  # a reason, an id, and room for the escapes of JSON
LONGEST_REASON = 500  # a few sentences; it is kept as it is
EXAMPLE = '{"reason": "why you do this"}'


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``card`` is for actions about one, ``identifier`` for those about the alerts of that identifier, ``remove`` for
    corrections, ``programme`` for what is published, ``lift`` for what is held,
    ``mode`` and ``since`` for what a receiver is sent again, ``feed`` and ``receivers`` for drills."""

    reason: str | None = None
    card: str | None = None
    identifier: str | None = None
    remove: list[str] = []
    programme: str | None = None
    lift: bool = False
    mode: Mode = "state"
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    feed: str | None = None
    receivers: list[str] = []


async def said(request: web.Request) -> Said:
    """What came with the request; nothing is the same as an empty object."""
    body = await received(request)
    if len(body) > LARGEST_BODY:
        raise Refused(413, f"the body is larger than {LARGEST_BODY:,} bytes")
    try:
        found = msgspec.json.decode(body, type=Said) if body.strip() else Said()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, f"the body is a JSON object such as {EXAMPLE}: {error}") from None
    if len(found.reason or "") > LONGEST_REASON:
        raise Refused(400, f"the reason is longer than {LONGEST_REASON} characters")
    return found


def required(given: Said) -> str:
    """The reason, where the action needs one."""
    reason = (given.reason or "").strip()
    if not reason:
        raise Refused(400, f"say why in the body: {EXAMPLE}")
    return reason


def act(request: web.Request, given: Said, *, needs_reason: bool = False) -> Act:
    """The actor of the request, and the reason."""
    reason = required(given) if needs_reason else (given.reason or "").strip() or None
    return Act(actor=actor(request).name, reason=reason)


async def done(acting: Awaitable[T]) -> T:
    """What an action gave; the store's refusals are sentences for operators. Only plain ones are: a fault of the gateway may quote
    the alert."""
    try:
        return await acting
    except (LookupError, ValueError) as error:
        if isinstance(error, NotAFact):
            raise Refused(400, str(error)) from None
        if type(error) is LookupError:
            raise Refused(404, str(error)) from None
        if type(error) is ValueError:
            raise Refused(409, str(error)) from None
        raise
