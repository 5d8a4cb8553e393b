"""Documents become what sources of each kind serve. Pure.

==========================  ===========================================================
``index.atom``              Atom that links to each document
``embedded.atom``           Atom that contains them
``index.rss``               RSS that links to them
``embedded.rss``            RSS that contains them, escaped
``recent/2026-…Z``          IPAWS: those published since then, wrapped
``alerts/active``           NWS: all but cancels, as GeoJSON, JSON-LD or Atom by ``Accept``
``alerts``                  NWS: ``?message_type=cancel`` and the like, in pages
``envelope.edxl``           EDXL-DE 1.0 around them
==========================  ===========================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from lxml import etree

from capgateway import cap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ATOM = "http://www.w3.org/2005/Atom"
EDXL = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
NWS_PAGE = 500  # alerts on a page of a listing, when the client does not say
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
        info = self.alert.infos[0] if self.alert and self.alert.infos else None
        return (info.headline or info.event) if info else self.name

    @property
    def alert(self) -> cap.Alert | None:
        """The message, if it is one."""
        return cap.parse(self.body).alert

    @property
    def message_type(self) -> str:
        """``alert``, ``update``, ``cancel``, as the NWS writes it."""
        return self.alert.msg_type.lower() if self.alert else "alert"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a listing: the path below the server's address, its query, and what the client accepts."""

    name: str
    query: Mapping[str, str] = {}
    accept: str = "*/*"


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A listing's bytes and their media type."""

    body: bytes
    media_type: str


def listing(asked: Asked, documents: Sequence[Document], url_of: Callable[[str], str]) -> Listing | None:
    """The listing of that name over the documents, newest first; ``None`` when there is none of that name."""
    name = asked.name
    if name in {"index.atom", "embedded.atom"}:
        return Listing(body=atom(documents, url_of, embed=name[0] == "e"), media_type="application/atom+xml")
    if name in {"index.rss", "embedded.rss"}:
        return Listing(body=rss(documents, url_of, embed=name[0] == "e"), media_type="application/rss+xml")
    if name == "envelope.edxl":
        return Listing(body=edxl(documents), media_type="application/xml")
    if name.startswith("recent/"):
        since = cap.time(name.removeprefix("recent/")).instant
        return Listing(body=ipaws(documents, since), media_type="application/xml") if since else None
    if name in {"alerts", "alerts/active", "alerts/active.atom"}:
        return _nws(asked, documents, url_of)
    return None


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
    updated = max((document.updated for document in documents), default=datetime.fromtimestamp(0, UTC))
    etree.SubElement(channel, "pubDate").text = format_datetime(updated, usegmt=True)
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


def ipaws(documents: Sequence[Document], since: datetime) -> bytes:
    """FEMA's wrapper around what was published since then."""
    namespace = "http://gov.fema.ipaws.services/feed"
    root = etree.Element(f"{{{namespace}}}alerts", nsmap={"ns1": namespace})
    for document in documents:
        if document.updated >= since:
            _hold(root, document.body)
    return etree.tostring(root, **_XML)  # type: ignore[call-overload, no-any-return]


def edxl(documents: Sequence[Document]) -> bytes:
    """One EDXL-DE envelope around all documents."""
    root = etree.Element(f"{{{EDXL}}}EDXLDistribution", nsmap={"de": EDXL})
    sent = max((document.updated for document in documents), default=datetime.fromtimestamp(0, UTC))
    for name, value in (
        ("distributionID", f"simulated-{sent.timestamp()}"),
        ("senderID", "simulator@alerts.example"),
        ("dateTimeSent", sent.isoformat()),
        ("distributionStatus", "Actual"),
        ("distributionType", "Report"),
        ("combinedConfidentiality", "UNCLASSIFIED"),
    ):
        etree.SubElement(root, f"{{{EDXL}}}{name}").text = value
    for document in documents:
        held = etree.SubElement(root, f"{{{EDXL}}}contentObject")
        etree.SubElement(held, f"{{{EDXL}}}contentDescription").text = document.title
        xml = etree.SubElement(held, f"{{{EDXL}}}xmlContent")
        _hold(etree.SubElement(xml, f"{{{EDXL}}}embeddedXMLContent"), document.body)
    return etree.tostring(root, **_XML)  # type: ignore[call-overload, no-any-return]


def _nws(asked: Asked, documents: Sequence[Document], url_of: Callable[[str], str]) -> Listing:
    """A listing of the NWS: ``active`` never shows cancels, the other one is filtered by type and comes in pages."""
    wanted = asked.query.get("message_type")
    is_active = asked.name != "alerts"
    chosen = [
        document
        for document in documents
        if not (is_active and document.message_type == "cancel") and wanted in {None, document.message_type}
    ]
    if asked.name.endswith(".atom") or asked.accept.startswith("application/atom+xml"):
        return Listing(body=atom(chosen, url_of, embed=False), media_type="application/atom+xml")
    begin, size = _number(asked.query.get("cursor"), 0), _number(asked.query.get("limit"), NWS_PAGE)
    page: dict[str, object] = {}
    if not is_active and begin + size < len(chosen):
        page["pagination"] = {"next": url_of(f"alerts?{_query(asked.query, cursor=begin + size)}")}
    facts = [_nws_facts(document, url_of) for document in (chosen if is_active else chosen[begin : begin + size])]
    if asked.accept.startswith("application/ld+json"):
        return Listing(body=msgspec.json.encode({"@graph": facts, **page}), media_type="application/ld+json")
    features = [{"id": fact["@id"], "type": "Feature", "geometry": None, "properties": fact} for fact in facts]
    body = msgspec.json.encode({"type": "FeatureCollection", "features": features, **page})
    return Listing(body=body, media_type="application/geo+json")


def _nws_facts(document: Document, url_of: Callable[[str], str]) -> dict[str, object]:
    alert = document.alert
    return {
        "@id": url_of(document.name),
        "@type": "wx:Alert",
        "id": alert.identifier if alert else document.name,
        "sent": alert.sent.text if alert and alert.sent else document.updated.isoformat(),
        "messageType": alert.msg_type if alert else "Alert",
        "headline": document.title,
    }


def _query(query: Mapping[str, str], **changes: object) -> str:
    return urlencode({**query, **changes})


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


def _hold(content: etree._Element, body: bytes) -> None:
    """A document as a child element; one that is not XML as text, as a careless source would do it."""
    root = cap.read_xml(body).root
    if root is not None:
        content.append(root)
    else:
        content.text = _text(body)


def _text(body: bytes) -> str:
    return _NOT_XML.sub("?", body.decode(errors="replace"))
