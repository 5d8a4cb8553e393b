"""What a request may ask: every parameter is known, bounded and of its form, else the request is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from capgateway.config.values import unknown
from capgateway.store import Page
from capgateway.web.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from aiohttp import web

T = TypeVar("T")


class Named(Protocol):
    """What is configured under a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)
MADE_UP = 'after is the "next" of an earlier page'

USUAL_PAGE = 50
LARGEST_PAGE = 200  # cards with their texts: about 4 MB of JSON at the very most
YEARS = range(1900, 9000)  # the calendar of Python ends some centuries later, and nothing here is older
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LONGEST_WORD = 500  # identifiers and names; CAP sets no length, real identifiers stay under 200


def page(request: web.Request, **filters: tuple[str, ...] | None) -> dict[str, Any]:
    """``limit``, ``after`` and the named filters, ready for the store's lists. A filter's tuple lists its words."""
    return asked(request.query, **filters)


def asked(query: Mapping[str, str], **filters: tuple[str, ...] | None) -> dict[str, Any]:
    """The same of parameters that did not come just so."""
    unknown = sorted(set(query) - {"limit", "after", *filters})
    if unknown:
        raise Refused(
            400,
            f"there is no parameter {unknown[0][:50]!r}; known are limit, after{''.join(f', {name}' for name in filters)}",
        )
    found: dict[str, Any] = {name: _word(name, query[name], words) for name, words in filters.items() if name in query}
    if "since" in found:
        found["since"] = _moment("since", found["since"])
    return found | {"limit": _limit(query), "after": _word("after", query["after"]) if "after" in query else None}


def part(request: web.Request, every: Sequence[N]) -> Page[N]:
    """A page of configured things, in their order; ``after`` is a name."""
    asked_for = page(request)
    names, start = [one.name for one in every], 0
    if asked_for["after"]:
        if asked_for["after"] not in names:
            raise Refused(400, MADE_UP)
        start = names.index(asked_for["after"]) + 1
    items = list(every[start : start + asked_for["limit"]])
    return Page(items=items, next=items[-1].name if start + len(items) < len(every) else None)


def choice(request: web.Request, name: str, words: tuple[str, ...]) -> str:
    """The only parameter, one of some words; the first of them when it is left out."""
    unknown = sorted(set(request.query) - {name})
    if unknown:
        raise Refused(400, f"there is no parameter {unknown[0][:50]!r}; known is {name}")
    return _word(name, request.query.get(name, words[0]), words)


def only(request: web.Request, name: str) -> str:
    """The only parameter, which must be given."""
    unknown = sorted(set(request.query) - {name})
    if unknown or name not in request.query:
        wrong = f"there is no parameter {unknown[0][:50]!r}" if unknown else f"the parameter {name} is missing"
        raise Refused(400, f"{wrong}; known is {name}")
    return _word(name, request.query[name])


def moments(query: Mapping[str, str], *names: str) -> dict[str, datetime]:
    """The only parameters, times each of which may be left out. A day means its beginning, in UTC."""
    unknown = sorted(set(query) - set(names))
    if unknown:
        raise Refused(400, f"there is no parameter {unknown[0][:50]!r}; known are {', '.join(names)}")
    given = {name: query[name] for name in names if name in query}
    return {
        name: _moment(name, f"{value}T00:00:00Z" if _DAY.fullmatch(value) else value) for name, value in given.items()
    }


def name(request: web.Request) -> str:
    """The ``{id}`` of the path."""
    return _word("id", request.match_info["id"])


def check_name(what: str, name: str, known: list[str]) -> None:
    """Refuse a filter by a name that is not configured, rather than answer that there is nothing. The history of a feed or
    receiver that is no longer configured still answers."""
    if refusal := unknown(what, name, known):
        raise Refused(400, refusal)


async def found(asked: Awaitable[Page[T]]) -> Page[T]:
    """The page of the store that was asked for, unless its cursor was made up."""
    try:
        return await asked
    except ValueError:
        raise Refused(400, MADE_UP) from None


def _word(name: str, value: str, words: tuple[str, ...] | None = None) -> str:
    if words and value not in words:
        raise Refused(400, f"{name} is one of {', '.join(words)}")
    if not value or len(value) > LONGEST_WORD or not value.isprintable():
        raise Refused(400, f"{name} must be 1 to {LONGEST_WORD} printable characters")
    return value


def _limit(query: Mapping[str, str]) -> int:
    value = query.get("limit", str(USUAL_PAGE))
    if not (value.isascii() and value.isdigit() and len(value) < len("10000") and 1 <= int(value) <= LARGEST_PAGE):
        raise Refused(400, f"limit is a whole number from 1 to {LARGEST_PAGE}")
    return int(value)


def _moment(name: str, value: str) -> datetime:
    """A time with its zone, in UTC. A "+" that the client did not escape arrives as a space."""
    try:
        moment = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year not in YEARS:
        raise Refused(400, f"{name} is a time with its zone, such as 2026-11-22T07:00:00Z")
    return moment.astimezone(UTC)
