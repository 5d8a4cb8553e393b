"""The address of a list's other pages."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode


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
