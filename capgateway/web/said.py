"""What operators say with an action, a JSON object with their reason; and what they read where it cannot be done."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from aiohttp import web

from capgateway.cards import NotAFact
from capgateway.store.audit import Act
from capgateway.store.recovery import Mode
from capgateway.web.bodies import received
from capgateway.web.guard import actor
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable

    T = TypeVar("T")

LARGEST_BODY = 16_384  # a reason, an id, and room for the escapes of JSON
LONGEST_REASON = 500  # a few sentences; it is kept as it is
EXAMPLE = '{"reason": "why you do this"}'


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With any action: why it is done."""

    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] | None = None


class Why(Said, frozen=True, kw_only=True):
    """With an action that needs a reason."""

    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON, pattern=r"\S")]


class Removal(Why, frozen=True, kw_only=True):
    """Which facts are wrong: their JSON Pointers in the card, and the revision in which they were looked up."""

    remove: Annotated[list[str], msgspec.Meta(min_length=1)]
    revision: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Holding(Said, frozen=True, kw_only=True):
    """``lift``: let the retention count again."""

    lift: bool = False


class Publication(Why, frozen=True, kw_only=True):
    """As an alert of which programme, where its codes do not say it."""

    programme: str | None = None


class Release(Said, frozen=True, kw_only=True):
    """Which card a take-down ends, where it marks several."""

    card: str | None = None


class Order(Why, frozen=True, kw_only=True):
    """What to erase: a card, or the alerts of an identifier."""

    card: str | None = None
    identifier: str | None = None


class Recovery(Said, frozen=True, kw_only=True):
    """What a receiver is sent again: its ``state``, what ``failed``, or the ``log`` since a time."""

    mode: Mode = "state"
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class DrillOrder(Said, frozen=True, kw_only=True):
    """The feed that the exercise goes through, and the receivers that it goes to."""

    feed: str | None = None
    receivers: list[str] = []


S = TypeVar("S", bound=Said)


async def said(request: web.Request, kind: type[S]) -> S:
    """What came with the request; nothing is the same as an empty object."""
    body = await received(request, LARGEST_BODY)
    try:
        return msgspec.json.decode(body.strip() or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise Refused(400, _wrong(str(error), kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, f"the body is a JSON object such as {EXAMPLE}: {error}") from None


def act(request: web.Request, given: Said) -> Act:
    """The actor of the request, and the reason."""
    return Act(actor=actor(request).name, reason=(given.reason or "").strip() or None)


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


def _wrong(fault: str, kind: type[Said]) -> str:
    is_reason = "`$.reason`" in fault
    if is_reason and "length" in fault:
        return f"the reason is longer than {LONGEST_REASON} characters"
    if "field `reason`" in fault or (is_reason and ("regex" in fault or "`null`" in fault)):
        return f"say why in the body: {EXAMPLE}"
    if issubclass(kind, Removal) and "remove" in fault:
        return f'say in the body what to remove: {{"remove": ["/vehicles/0/plate"], "reason": "why you do this"}} ({fault})'
    return f"the body is a JSON object such as {EXAMPLE}: {fault}"
