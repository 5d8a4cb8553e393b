"""The National Weather Service's listings (GeoJSON or JSON-LD; its Atom is read as any Atom), and the addresses to ask.

A listing is a summary: each alert is fetched as CAP from its own address. Cancels are never among the active alerts,
so they are asked for separately (D-56). Pure.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import msgspec

from capgateway.cap import Rule
from capgateway.feeds.read.entry import LINKED, MAX_LINK, MAX_TITLE, READABLE, Entry, linked
from capgateway.feeds.read.markup import is_http

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capgateway import cap

#: What a listing is asked for as; the same address gives Atom to those who accept it.
ACCEPT = "application/geo+json, application/ld+json;q=0.9, application/atom+xml;q=0.8"

#: How long the service lists what was sent, cancels included (D-56): what came in a longer absence may be lost.
WINDOW = timedelta(days=7)

JSON = Rule(
    id="feed.json",
    level="error",
    layer="feed",
    asks="A listing of the National Weather Service is well-formed JSON.",
    why="A listing that cannot be read announces nothing.",
    source=("D-55",),
)
_ACTIVE = re.compile(r"/alerts/active(?:\.atom|/(?P<name>area|zone|region)/(?P<value>[^/]+))?/?$")


def cancels_url(url: str) -> str | None:
    """Where the cancels of what ``url`` lists are: ``/alerts?message_type=cancel`` under the same filters; ``None``
    when ``url`` is not a listing of active alerts."""
    parts = urlsplit(url)
    found = _ACTIVE.search(parts.path)
    if found is None:
        return None
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"message_type", "limit", "cursor"}]
    if found["name"]:
        kept.append((found["name"], found["value"]))
    query = urlencode([*kept, ("message_type", "cancel")], quote_via=quote)
    return urlunsplit(parts._replace(path=parts.path[: found.start()] + "/alerts", query=query))


def history_url(url: str, codes: Sequence[str]) -> str | None:
    """Where every alert of the last days with one of these event codes is listed, cancels too, whatever else ``url`` filters
    by: ``/alerts?code=CAE``; ``None`` when there are no codes, or ``url`` is not a listing of active alerts."""
    parts = urlsplit(url)
    found = _ACTIVE.search(parts.path)
    if found is None or not codes:
        return None
    query = urlencode([("code", ",".join(codes))], safe=",")
    return urlunsplit(parts._replace(path=parts.path[: found.start()] + "/alerts", query=query))


def read_nws(body: bytes, base_url: str) -> tuple[Iterator[Entry | cap.Finding], str | None]:
    """The alerts of a listing, and the address of its next page."""
    try:
        listing = _decoded(body)
    except (ValueError, RecursionError) as error:
        return iter((JSON.finding(f"This is not JSON: {error}."),)), None
    items = next((listing[name] for name in ("features", "@graph") if isinstance(_get(listing, name), list)), None)
    if items is None:
        return iter(
            (READABLE.finding("The JSON has no list of alerts, neither `features` (GeoJSON) nor `@graph` (JSON-LD)."),)
        ), None
    next_url = _text(_get(_get(listing, "pagination"), "next"))
    return _entries(items, base_url), _absolute(next_url, base_url)


def _decoded(body: bytes) -> Any:
    """The listing; also one with a stray byte or a control character in a text, of which only the links are needed."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(body.decode(errors="replace"), strict=False)


def _entries(items: list[Any], base_url: str) -> Iterator[Entry | cap.Finding]:
    for number, item in enumerate(items):
        facts = _get(item, "properties") or item
        link = _link(item, facts, base_url)
        title = (_text(_get(facts, "headline")) or _text(_get(facts, "event")) or "")[:MAX_TITLE]
        updated = _text(_get(facts, "sent"))
        if link is None:
            yield LINKED.finding("The item has no address; write that of its alert into `@id`.", xpath=f"/{number}")
            yield Entry(key=f"/{number}", title=title, updated=updated)
        else:
            yield linked(link, title=title, updated=updated)


def _link(item: object, facts: object, base_url: str) -> str | None:
    """The alert's own address: ``@id``, or the feature's id; one that is only an identifier is looked for beside the
    listing."""
    names = [_text(_get(facts, "@id")), _text(_get(item, "id")), _text(_get(facts, "id"))]
    urls = [name for name in names if name and is_http(name) and len(name) <= MAX_LINK]
    identifier = next((name for name in names if name and not is_http(name)), None)
    if urls or identifier is None:
        return urls[0] if urls else None
    return _absolute(f"/alerts/{quote(identifier, safe=':')}", base_url)


def _absolute(link: str | None, base_url: str) -> str | None:
    try:
        url = urljoin(base_url, link or "")
    except ValueError:
        return None
    return url if link and is_http(url) and len(url) <= MAX_LINK else None


def _get(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
