"""What a list was asked for, and the address of its other pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from capgateway.web import query
from capgateway.web.gateway import GATEWAY

if TYPE_CHECKING:
    from aiohttp import web

LIMIT = "50"
SINCE = {
    "1h": ("the last hour", timedelta(hours=1)),
    "24h": ("the last 24 hours", timedelta(hours=24)),
    "7d": ("the last 7 days", timedelta(days=7)),
}
"""What a list's form offers for since when; an address may give any time."""
OF_THE_PAGE = frozenset({"done"})
"""Parameters about what was just done, which filter nothing."""


class Query(NamedTuple):
    """What a list was asked for: filters, and where the page begins."""

    filters: dict[str, str]
    after: str | None

    @property
    def without_after(self) -> str:
        """The query of the first page."""
        return urlencode(self.filters)

    def with_after(self, after: str) -> str:
        """The query of the page that begins there."""
        return urlencode(self.filters | {"after": after})


class Asked(NamedTuple):
    """What a list was asked for: the arguments of the store's list, and the query for its other pages."""

    of_store: dict[str, Any]
    query: Query


def asked(request: web.Request, **filters: tuple[str, ...] | None) -> Asked:
    """The filters of a form, where an empty field means nothing. A filter's tuple lists its words; others are refused."""
    given = {name: value.strip() for name, value in request.query.items() if value.strip() and name not in OF_THE_PAGE}
    after = given.get("after")
    shown = {name: value for name, value in given.items() if name not in ("after", "limit")}
    if given.get("since") in SINCE:
        given["since"] = (request.app[GATEWAY].now() - SINCE[given["since"]][1]).isoformat()
    return Asked(query.asked({"limit": LIMIT} | given, **filters), Query(shown, after))
