"""Read RSS feeds (2.0, and 1.0 by its items) whose items link to CAP messages or hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule
from capgateway.feeds.entry import MAX_LINK, Entry
from capgateway.feeds.markup import CAP_TYPES, absolute, child, is_http, local, media_type, read_entry, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

DESCRIBED = Rule(
    id="feed.rss-item",
    level="error",
    layer="feed",
    asks="An RSS item has a title or a description.",
    reference="RSS 2.0, item",
    source=("D-33",),
)


def read_rss(root: etree._Element, base_url: str) -> Iterator[Entry | cap.Finding]:
    """The items of a channel, and what is wrong with it. Dates are not read: too many are malformed (D-33)."""
    for number, item in enumerate(_items(root), 1):
        where = f"/rss/channel/item[{number}]"
        if child(item, "title", "description") is None:
            yield DESCRIBED.finding("It has neither title nor description.", xpath=where, line=item.sourceline)
        yield from read_entry(
            item,
            where,
            name=text(item, "guid", most=MAX_LINK),
            title=text(item, "title", "description"),
            updated=text(item, "updated", "pubDate", "date") or None,
            link=choose_link(item, base_url),
            texts=("encoded", "description", "content"),
        )


def _items(root: etree._Element) -> Iterator[etree._Element]:
    for place in (root, *root.iterchildren("{*}channel")):
        yield from place.iterchildren("{*}item")


def choose_link(item: etree._Element, base_url: str) -> str | None:
    """The link of CAP's type where there is one (an enclosure, an ``atom:link``), else ``link``, else a ``guid`` that
    is one."""
    for element in item.iterchildren("{*}enclosure", "{*}link", "{*}content"):
        if media_type(element.get("type")) in CAP_TYPES:
            url = absolute(element.get("url") or element.get("href"), element, base_url)
            if url is not None:
                return url
    for element in item.iterchildren("{*}link", "{*}guid"):
        if local(element) == "guid" and (element.get("isPermaLink") == "false" or not is_http(element.text or "")):
            continue
        url = absolute(element.text or element.get("href"), element, base_url)
        if url is not None:
            return url
    return None
