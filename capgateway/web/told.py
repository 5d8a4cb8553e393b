"""What each route of the API takes and answers, written at the route, so that ``GET /openapi.json`` is made of the very types that
are encoded and decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

JSON = "application/json"
XML = "application/xml"

Filters = Mapping[str, tuple[str, ...] | None]
"""The filters of a list: the words that each may be, ``None`` for any text."""

_TOLD = "capgateway_told"

F = TypeVar("F", bound=Callable[..., object])


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One route. ``answers`` is the type of its JSON, several where that depends on the token, ``None`` where ``media`` is not JSON; ``takes`` is the type of the JSON that
    it is sent, which may be left out unless a field is required; ``takes_xml``: a document is sent. ``filters`` are those of a list,
    which is paged; ``query`` are other parameters, each with its schema. ``refuses`` are statuses of its own."""

    answers: Any = None
    status: int = 200
    media: str = JSON
    takes: type[msgspec.Struct] | None = None
    takes_xml: bool = False
    filters: Filters | None = None
    query: Mapping[str, Mapping[str, Any]] = {}
    refuses: tuple[int, ...] = ()


def tells(answers: Any = None, **more: Any) -> Callable[[F], F]:
    """Write down what a route takes and answers: the fields of :class:`Told`."""

    def mark(page: F) -> F:
        setattr(page, _TOLD, Told(answers=answers, **more))
        return page

    return mark


def told(page: object) -> Told | None:
    """What was written down of a route; ``None`` for a page of the console."""
    found: Told | None = getattr(page, _TOLD, None)
    return found
