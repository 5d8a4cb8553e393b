"""Read RSS feeds (2.0, and 1.0 by its items) whose items link to CAP messages or hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap import Rule
from capgateway.cap.place import local, namespace_of
from capgateway.feeds.read.entry import MAX_LINK, Entry
from capgateway.feeds.read.links import CAP_TYPES, Choice, Link
from capgateway.feeds.read.markup import (
    absolute,
    is_http,
    media_type,
    places,
    quoted,
    read_entry,
    text,
    wrong_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

#: Children of an item whose text may be a message.
TEXTS = ("encoded", "description", "content")
#: What a link is to its item, besides what ``atom:link`` says.
_FILE, _GUID = "enclosure", "guid"
#: The namespaces of the root and of what is in it: RSS 2.0 has none, RSS 1.0 one of its own in one of RDF.
_NAMESPACES = {"rss": ("", ""), "RDF": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://purl.org/rss/1.0/")}

CHANNEL = Rule(
    id="feed.rss-channel",
    level="error",
    layer="feed",
    asks="RSS has exactly one channel. In RSS 2.0 the items are inside it.",
    why="Many readers see only the items of the first channel.",
    reference="RSS 2.0, channel",
    source=("D-33",),
)
DESCRIBED = Rule(
    id="feed.rss-item",
    level="error",
    layer="feed",
    asks="An RSS item has a title or a description.",
    why="Readers have nothing else to show.",
    reference="RSS 2.0, item",
    source=("D-33",),
)
ADVISED = Rule(
    id="feed.rss-advised",
    level="warning",
    layer="feed",
    asks="In RSS 2.0 a channel has a pubDate, and each of its items a guid.",
    why="Readers recognise by them what is new. Only the first item without a guid is reported.",
    reference="RSS 2.0, channel and item",
    source=("D-33",),
)
UNIQUE = Rule(
    id="feed.rss-unique-guid",
    level="warning",
    layer="feed",
    asks="No two items of a channel have the same guid.",
    why="Many readers keep only one item per guid and lose the other.",
    reference="RSS 2.0, item",
    source=("D-31", "D-33"),
)


def read_rss(root: etree._Element, base_url: str) -> Iterator[Entry | cap.Finding]:
    """The items of a channel, and what is wrong with it. Dates are not read: too many are malformed (D-33)."""
    top, (outer, inner) = f"/{local(root)}", _NAMESPACES[local(root)]
    yield from wrong_namespace(root, top, outer)
    yield from _channels(root, top)
    is_advised = False
    guids: set[str] = set()
    for item, where in _items(root, top):
        if namespace_of(item) != namespace_of(root):  # what is wrong with all was said once
            yield from wrong_namespace(item, where, inner)
        if not any(text(item, name) for name in ("title", "description")):
            message = "The item has neither a title nor a description; add one."
            yield DESCRIBED.finding(message, xpath=where, line=item.sourceline)
        if not is_advised and local(root) == "rss" and not text(item, "guid"):
            is_advised = True  # what is so with one is so with most
            message = (
                "The item has no guid; give each item one that never changes, such as the identifier of its alert."
            )
            yield ADVISED.finding(message, xpath=where, line=item.sourceline)
        guid = text(item, "guid", most=MAX_LINK)
        if guid and guid in guids:
            message = f"Another item has the guid {quoted(guid)} too; give each item a guid of its own."
            yield UNIQUE.finding(message, xpath=where, line=item.sourceline)
        guids.add(guid)
        yield from read_entry(
            item,
            where,
            name=guid,
            title=text(item, "title", "description"),
            updated=text(item, "updated", "pubDate", "date") or None,
            link=choose_link(item, base_url),
            texts=TEXTS,
            base_url=base_url,
        )


def _channels(root: etree._Element, top: str) -> Iterator[cap.Finding]:
    channels = [(element, where) for element, where in places(root, top) if local(element) == "channel"]
    if not channels:
        yield CHANNEL.finding("The document has no channel; put all items into one.", xpath=top, line=root.sourceline)
    for channel, where in channels[1:]:
        message = "The document has more than one channel; put all items into the first."
        yield CHANNEL.finding(message, xpath=where, line=channel.sourceline)
    if local(root) == "rss":
        for channel, where in channels:
            if not text(channel, "pubDate"):
                message = "The channel has no pubDate; add the time of its last publication."
                yield ADVISED.finding(message, xpath=where, line=channel.sourceline)
        for item, where in places(root, top):
            if local(item) == "item":
                message = "The item is outside the channel; move it inside."
                yield CHANNEL.finding(message, xpath=where, line=item.sourceline)


def _items(root: etree._Element, top: str) -> Iterator[tuple[etree._Element, str]]:
    for element, where in places(root, top):
        if local(element) == "item":
            yield element, where
        elif local(element) == "channel":
            yield from ((item, place) for item, place in places(element, where) if local(item) == "item")


def choose_link(item: etree._Element, base_url: str) -> Choice:
    """The link of CAP's type where there is one (an enclosure, an ``atom:link``), else ``link`` or a ``guid`` that is
    one, else a file of an XML type; failing these whatever is a link."""
    links = list(_links(item, base_url))
    pages = [link for link in links if link.rel != _FILE]
    untyped = [link for link in pages if not link.type and link.is_content]
    ranked = (
        [link for link in links if link.type in CAP_TYPES],
        [link for link in pages if (not link.type and link.is_content) or link.is_xml],
        [link for link in links if link.rel == _FILE and link.is_xml],
    )
    chosen = next((found[0] for found in ranked if found), None)
    guid = text(item, "guid", most=MAX_LINK)
    others = tuple(
        dict.fromkeys([*(link.url for link in links if link.is_content), *([guid] if is_http(guid) else ())])
    )
    if chosen is None:
        return Choice(pages[0].url if pages else None, is_named=False, others=others)
    is_only = len({link.url for link in untyped if link.rel != _GUID}) <= 1
    return Choice(chosen.url, is_named=bool(chosen.type) or chosen.rel == _GUID or is_only, others=others)


def _links(item: etree._Element, base_url: str) -> Iterator[Link]:
    """Files, ``link`` and ``atom:link``, and a ``guid`` that is a link, in their order."""
    for element in item.iterchildren("{*}enclosure", "{*}content", "{*}link", "{*}guid"):
        name, rel = local(element), element.get("rel", "alternate").strip().lower()
        written = element.get("url") or element.get("href")
        if name in {"enclosure", "content"}:
            rel = _FILE
        elif name == "guid":
            is_link = element.get("isPermaLink") != "false" and is_http(element.text or "")
            rel, written = _GUID, element.text if is_link else None
        else:
            written = written or element.text
        url = absolute(written, element, base_url)
        if url is not None:
            yield Link(url, media_type(element.get("type")), rel)
