"""What operators say with an action: a JSON object with their reason."""

from __future__ import annotations

import msgspec
from aiohttp import web

from capgateway.web.feeds import received
from capgateway.web.problems import Refused

LARGEST_BODY = 16_384  # a reason, an id, and room for the escapes of JSON
LONGEST_REASON = 500  # a few sentences; it is logged as it is
EXAMPLE = '{"reason": "why you do this"}'


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``card`` is for actions about one, ``identifier`` for those about the alerts of that identifier."""

    reason: str | None = None
    card: str | None = None
    identifier: str | None = None


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
