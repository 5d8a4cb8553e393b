"""Documents become what feeds serve: Atom and RSS indexes, linked or embedded. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from capgateway import cap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML = {"encoding": "UTF-8", "xml_declaration": True}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A CAP message (or what claims to be one) that a source serves under a name."""

    name: str
    body: bytes
    updated: datetime

    @property
    def title(self) -> str:
        """What an index calls it: its headline, its event, or its name when it cannot be read."""
        alert = cap.parse(self.body).alert
        info = alert.infos[0] if alert and alert.infos else None
        return (info.headline or info.event) if info else self.name


def atom(documents: Sequence[Document], url_of: Callable[[str], str], *, embed: bool) -> bytes:
    """An Atom feed, newest first, whose entries link to the documents or hold them."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    updated = max((document.updated for document in documents), default=datetime.fromtimestamp(0, UTC))
    for name, value in (("id", url_of("")), ("title", "Simulated alerts"), ("updated", updated.isoformat())):
        etree.SubElement(feed, f"{{{ATOM}}}{name}").text = value
    for document in documents:
        entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
        url = url_of(document.name)
        for name, value in (("id", url), ("title", document.title), ("updated", document.updated.isoformat())):
            etree.SubElement(entry, f"{{{ATOM}}}{name}").text = value
        if embed:
            _hold(etree.SubElement(entry, f"{{{ATOM}}}content", type="text/xml"), document.body)
        else:
            etree.SubElement(entry, f"{{{ATOM}}}link", href=url, type="application/cap+xml")
    return etree.tostring(feed, **_XML)  # type: ignore[call-overload, no-any-return]


def rss(documents: Sequence[Document], url_of: Callable[[str], str], *, embed: bool) -> bytes:
    """An RSS 2.0 feed, newest first, whose items link to the documents or hold them escaped."""
    root = etree.Element("rss", version="2.0")
    channel = etree.SubElement(root, "channel")
    for name, value in (("title", "Simulated alerts"), ("link", url_of("")), ("description", "For tests")):
        etree.SubElement(channel, name).text = value
    for document in documents:
        item, url = etree.SubElement(channel, "item"), url_of(document.name)
        etree.SubElement(item, "title").text = document.title
        etree.SubElement(item, "guid").text = url
        etree.SubElement(item, "pubDate").text = format_datetime(document.updated, usegmt=True)
        if embed:
            etree.SubElement(item, "description").text = _text(document.body)
        else:
            etree.SubElement(item, "link").text = url
    return etree.tostring(root, **_XML)  # type: ignore[call-overload, no-any-return]


def _hold(content: etree._Element, body: bytes) -> None:
    """A document as a child element; one that is no XML as text, as a careless source would do it."""
    root = cap.read_xml(body).root
    if root is not None:
        content.append(root)
    else:
        content.text = _text(body)


def _text(body: bytes) -> str:
    return _NOT_XML.sub("?", body.decode(errors="replace"))
