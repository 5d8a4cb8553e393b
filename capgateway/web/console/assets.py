"""The files that pages need: one stylesheet, one script, one icon. Their addresses name their content, so browsers keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from capgateway.web.guard import unguarded
from capgateway.web.problems import Refused

STATIC = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Another content has another address."""
DIGITS = 12

routes = web.RouteTableDef()


class Asset(NamedTuple):
    """One file, as it is sent."""

    content: bytes
    media_type: str


@cache
def known() -> dict[str, Asset]:
    """The files by the last part of their addresses."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:DIGITS]
        found[f"{path.stem}.{digest}{path.suffix}"] = Asset(content, TYPES[path.suffix])
    return found


@cache
def address(name: str) -> str:
    """The address of a file, such as ``console.css``."""
    stem, _, suffix = name.partition(".")
    return next(f"/assets/{key}" for key in known() if key.startswith(f"{stem}.") and key.endswith(f".{suffix}"))


@routes.get("/assets/{name}")
@unguarded
async def asset(request: web.Request) -> web.Response:
    """One file. The page that asks for a token needs them too."""
    found = known().get(request.match_info["name"])
    if found is None:
        raise Refused(404, "there is no such file; load the page again")
    answer = web.Response(body=found.content, content_type=found.media_type, charset="utf-8", headers=KEPT)
    answer.enable_compression()
    return answer
