"""Questions to ask an HTTP answer: how long it stays fresh, when to come back, where it moved. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.feeds.feed import FeedKind

#: A cache in front of a feed may be set to a year by mistake; an AMBER Alert cannot wait longer than this.
MAX_FRESH = timedelta(minutes=15)
#: A server may ask us to stay away; beyond this we look anyway whether it still means it.
MAX_RETRY_AFTER = timedelta(minutes=15)

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}


class Validators(msgspec.Struct, frozen=True, kw_only=True):
    """What we know of the last body received. The hash is there because tags lie, or change with every answer."""

    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None


def fresh_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when ``Cache-Control: max-age`` lets us not ask again, less the answer's ``Age``; ``None`` without one."""
    control = headers.get("Cache-Control", "")
    found = _MAX_AGE.search(control)
    if found is None or "no-cache" in control.lower() or "no-store" in control.lower():
        return None
    age = headers.get("Age", "").strip()
    seconds = int(found[1]) - (int(age) if age.isascii() and age.isdigit() else 0)
    return now + timedelta(seconds=min(seconds, MAX_FRESH.total_seconds())) if seconds > 0 else None


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When ``Retry-After`` (seconds or a date) asks us to come back, at most ``MAX_RETRY_AFTER`` from now; ``None``
    when it is absent, past or makes no sense."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:10]), MAX_RETRY_AFTER.total_seconds()))
    else:
        moment = http_date(text)
        wait = moment - now if moment else timedelta()
    return now + min(wait, MAX_RETRY_AFTER) if wait > timedelta() else None


def http_date(text: str) -> datetime | None:
    """An HTTP date as a moment in UTC, or ``None`` when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def refusal(status: int, kind: FeedKind) -> str:
    """One stable word for a status that is not a success. The NWS answers 403 to too many requests (D-51)."""
    if kind == "nws" and status == HTTPStatus.FORBIDDEN:
        return "throttled"
    if status == HTTPStatus.NO_CONTENT:
        return "empty"
    words = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "not_found", 429: "throttled"}
    if status in REDIRECTS:
        return "redirect"
    return words.get(status) or ("server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "status")
