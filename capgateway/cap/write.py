"""An :class:`Alert` becomes a CAP 1.2 document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap.names import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from capgateway.cap.model import Alert, Area, Info, Named, Reference, Resource, Time

_CAP = f"{{{NAMESPACES['1.2']}}}"
_NEEDS_QUOTES = r"\s|^$"


def write(alert: Alert) -> bytes:
    """UTF-8 XML in the order of the standard. ``parse(write(alert)).alert`` equals an alert read from CAP 1.2, but for the
    blanks in its ``references_text``."""
    root = etree.Element(_CAP + "alert", nsmap={None: NAMESPACES["1.2"]})
    _put(root, "identifier", alert.identifier)
    _put(root, "sender", alert.sender)
    _put_time(root, "sent", alert.sent)
    _put(root, "status", alert.status)
    _put(root, "msgType", alert.msg_type)
    _put(root, "source", alert.source)
    _put(root, "scope", alert.scope)
    _put(root, "restriction", alert.restriction)
    _put(root, "addresses", _quoted(alert.addresses))
    for code in alert.codes:
        _put(root, "code", code)
    _put(root, "note", alert.note)
    _put(root, "references", " ".join(map(_reference, alert.references)) or None)
    _put(root, "incidents", _quoted(alert.incidents))
    for info in alert.infos:
        _put_info(root, info)
    etree.indent(root)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _put_info(root: etree._Element, info: Info) -> None:
    element = etree.SubElement(root, _CAP + "info")
    _put(element, "language", info.language)
    for category in info.categories:
        _put(element, "category", category)
    _put(element, "event", info.event)
    for response in info.response_types:
        _put(element, "responseType", response)
    _put(element, "urgency", info.urgency)
    _put(element, "severity", info.severity)
    _put(element, "certainty", info.certainty)
    _put(element, "audience", info.audience)
    _put_named(element, "eventCode", info.event_codes)
    _put_time(element, "effective", info.effective)
    _put_time(element, "onset", info.onset)
    _put_time(element, "expires", info.expires)
    _put(element, "senderName", info.sender_name)
    _put(element, "headline", info.headline)
    _put(element, "description", info.description)
    _put(element, "instruction", info.instruction)
    _put(element, "web", info.web)
    _put(element, "contact", info.contact)
    _put_named(element, "parameter", info.parameters)
    for resource in info.resources:
        _put_resource(element, resource)
    for area in info.areas:
        _put_area(element, area)


def _put_resource(info: etree._Element, resource: Resource) -> None:
    element = etree.SubElement(info, _CAP + "resource")
    _put(element, "resourceDesc", resource.resource_desc)
    _put(element, "mimeType", resource.mime_type)
    _put(element, "size", None if resource.size is None else str(resource.size))
    _put(element, "uri", resource.uri)
    _put(element, "derefUri", resource.deref_uri)
    _put(element, "digest", resource.digest)


def _put_area(info: etree._Element, area: Area) -> None:
    element = etree.SubElement(info, _CAP + "area")
    _put(element, "areaDesc", area.area_desc)
    for polygon in area.polygons:
        _put(element, "polygon", polygon)
    for circle in area.circles:
        _put(element, "circle", circle)
    _put_named(element, "geocode", area.geocodes)
    _put(element, "altitude", area.altitude)
    _put(element, "ceiling", area.ceiling)


def _put_named(parent: etree._Element, name: str, pairs: Iterable[Named]) -> None:
    for pair in pairs:
        element = etree.SubElement(parent, _CAP + name)
        _put(element, "valueName", pair.name)
        _put(element, "value", pair.value)


def _put_time(parent: etree._Element, name: str, moment: Time | None) -> None:
    _put(parent, name, None if moment is None else moment.text)


def _put(parent: etree._Element, name: str, text: str | None) -> None:
    if text is not None:
        etree.SubElement(parent, _CAP + name).text = text


def _reference(reference: Reference) -> str:
    return f"{reference.sender},{reference.identifier},{reference.sent.text}"


def _quoted(items: Iterable[str]) -> str | None:
    return " ".join(f'"{item}"' if re.search(_NEEDS_QUOTES, item) else item for item in items) or None
