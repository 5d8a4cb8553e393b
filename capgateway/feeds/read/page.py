"""What comes in place of a feed with status 200: a page for people. Pure."""

from __future__ import annotations

import re

from capgateway.cap.malformed import is_page

__all__ = ["page_instead"]

#: So much of a page is looked at: what it asks for stands in its form, behind its styles and scripts.
MAX_LOOKED_AT = 300_000
_LOG_IN = re.compile(
    rb"type\s*=\s*[\"']?password|<title>[^<]{0,80}\b(?:log|sign)[ -]?in\b|\bsign in to\b", re.IGNORECASE
)
_WALL = re.compile(
    rb"captcha|checking your browser|just a moment|enable (?:java ?script|cookies)|java ?script (?:is )?(?:required|disabled)"
    rb"|(?:accept|allow|require|consent)\w*[^<>]{0,60}\bcookies?\b|\bcookies?\b[^<>]{0,60}(?:accept|allow|require|consent|disabled)",
    re.IGNORECASE,
)


def page_instead(body: bytes) -> str | None:
    """Which kind of page a body is, in words, or ``None`` for what is not an HTML page."""
    if not is_page(body):
        return None
    start = body[:MAX_LOOKED_AT]
    if _LOG_IN.search(start):
        return "a log-in page"
    if _WALL.search(start):
        return "a page that wants cookies or JavaScript first (a cookie wall)"
    return "an HTML page"
