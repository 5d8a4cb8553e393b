"""The one form of the API's answers."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web


def as_json(value: Any, *, status: int = 200) -> web.Response:
    """An answer of the API."""
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")
