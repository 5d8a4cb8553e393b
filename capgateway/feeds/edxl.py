"""EDXL-DE 1.0 envelopes: what is inside, and whether the envelope keeps its own rules. Pure.

The envelope's status weighs more than that of the message inside: a message in an envelope marked ``Test`` is a test.
What the envelope says of updates and cancels is not acted on; the messages say that themselves (E-10).
"""

from __future__ import annotations

import base64
import binascii
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from capgateway.cap.rule import Rule
from capgateway.feeds.entry import HTTP, Entry, embedded, linked
from capgateway.feeds.markup import CAP_TYPES, absolute, alerts_inside, child, is_http, local, media_type, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

NAMESPACE = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
STATUSES = frozenset({"Actual", "Exercise", "System", "Test"})
TYPES = frozenset(
    {
        "Report",
        "Update",
        "Cancel",
        "Request",
        "Response",
        "Dispatch",
        "Ack",
        "Error",
        "SensorConfiguration",
        "SensorControl",
        "SensorStatus",
        "SensorDetection",
    }
)
_REQUIRED = (
    "distributionID",
    "senderID",
    "dateTimeSent",
    "distributionStatus",
    "distributionType",
    "combinedConfidentiality",
)
_ORDER = (
    *_REQUIRED,
    "language",
    "senderRole",
    "recipientRole",
    "keyword",
    "distributionReference",
    "explicitAddress",
    "targetArea",
    "contentObject",
)
_ONCE = frozenset({*_REQUIRED, "language"})
_DATE = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)

ROOT = Rule(
    id="edxl.root",
    level="error",
    layer="feed",
    asks="The root element is `EDXLDistribution` in the namespace of EDXL-DE 1.0.",
    reference="EDXL-DE 1.0 §3.2.1",
    source=("E-01",),
)
ELEMENTS = Rule(
    id="edxl.elements",
    level="error",
    layer="feed",
    asks="The elements of an envelope are all there, known, and in the standard's order.",
    reference="EDXL-DE 1.0 §3.2.1",
    source=("E-02",),
)
VALUES = Rule(
    id="edxl.values",
    level="error",
    layer="feed",
    asks="Status, type and time of an envelope have values of the standard's lists and form.",
    reference="EDXL-DE 1.0 §3.2.1",
    source=("E-03", "E-04", "E-05"),
)
CONTENT = Rule(
    id="edxl.content",
    level="error",
    layer="feed",
    asks="A content object has exactly one of nonXMLContent and xmlContent.",
    reference="EDXL-DE 1.0 §3.2.3",
    source=("E-06",),
)
CAP_INSIDE = Rule(
    id="edxl.cap",
    level="warning",
    layer="feed",
    asks="An envelope from a source of alerts holds CAP messages.",
    source=("E-07", "E-08", "E-09"),
)


def read_edxl(root: etree._Element, base_url: str) -> Iterator[Entry | cap.Finding]:
    """Every CAP message of an envelope, embedded, in base64 or linked, and what is wrong with the envelope."""
    yield from _check(root)
    is_empty = True
    status, sent = text(root, "distributionStatus") or None, text(root, "dateTimeSent") or None
    for number, holder in enumerate(root.iterchildren("{*}contentObject"), 1):
        where = f"/EDXLDistribution/contentObject[{number}]"
        for found in _content(holder, where, status, sent, base_url):
            is_empty = is_empty and not isinstance(found, Entry)
            yield found
    if is_empty:
        yield CAP_INSIDE.finding("No CAP message is inside.", xpath="/EDXLDistribution", line=root.sourceline)


def _content(
    holder: etree._Element, where: str, status: str | None, sent: str | None, base_url: str
) -> Iterator[Entry | cap.Finding]:
    title = text(holder, "contentDescription", "incidentDescription")
    nested = (text(envelope, "distributionStatus") for envelope in holder.iter("{*}EDXLDistribution"))
    status = next(
        (one for one in (status, *nested) if one and one != "Actual"), status
    )  # a test in a real one is a test
    if len([element for element in holder if local(element) in {"nonXMLContent", "xmlContent"}]) != 1:
        yield CONTENT.finding("It has none, or more than one.", xpath=where, line=holder.sourceline)
    for element in holder.iterchildren("{*}xmlContent"):
        for document in alerts_inside(element):
            yield embedded(document, title=title, envelope_status=status)
    for element in holder.iterchildren("{*}nonXMLContent"):
        if media_type(text(element, "mimeType")) in CAP_TYPES:
            yield _other_content(element, where, title, status, sent, base_url)


def _other_content(
    element: etree._Element, where: str, title: str, status: str | None, sent: str | None, base_url: str
) -> Entry | cap.Finding:
    """A message in base64, or an address of one (E-08)."""
    packed = child(element, "contentData")
    if packed is not None:
        try:
            document = base64.b64decode("".join((packed.text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            return CAP_INSIDE.finding("Its contentData is no base64.", xpath=where, line=packed.sourceline)
        return embedded(document, title=title, envelope_status=status)
    address = child(element, "uri")
    link = absolute(address.text, address, base_url) if address is not None else None
    if link is None:
        return CAP_INSIDE.finding("It has neither contentData nor uri.", xpath=where, line=element.sourceline)
    if not is_http(link):
        return HTTP.finding("Its uri is not http.", xpath=where, line=element.sourceline)
    return msgspec.structs.replace(linked(link, title=title, updated=sent), envelope_status=status)


def _check(root: etree._Element) -> Iterator[cap.Finding]:
    where = "/EDXLDistribution"
    if root.tag != f"{{{NAMESPACE}}}EDXLDistribution":
        yield ROOT.finding(f"The root element is `{root.tag!s}`.", xpath=where, line=root.sourceline)
    names = [local(element) for element in root]
    for name in _REQUIRED:
        if name not in names:
            yield ELEMENTS.finding(f"`{name}` is missing.", xpath=where, line=root.sourceline)
    for element in root:
        if local(element) not in _ORDER:
            message = f"`{local(element)}` is no element of an envelope."
            yield ELEMENTS.finding(message, xpath=where, line=element.sourceline)
    known = [name for name in names if name in _ORDER]
    for before, after in pairwise(known):
        if _ORDER.index(before) > _ORDER.index(after) or (before == after and after in _ONCE):
            message = f"`{after}` may not come after `{before}`."
            yield ELEMENTS.finding(message, xpath=where, line=root.sourceline)
    yield from _check_values(root, where)


def _check_values(root: etree._Element, where: str) -> Iterator[cap.Finding]:
    for name, allowed in (("distributionStatus", STATUSES), ("distributionType", TYPES)):
        element = child(root, name)
        if element is not None and text(root, name) not in allowed:
            message = f"`{text(root, name)}` is none of {', '.join(sorted(allowed))}."
            yield VALUES.finding(message, xpath=f"{where}/{name}", line=element.sourceline)
    sent = child(root, "dateTimeSent")
    if sent is not None and not _DATE.fullmatch(text(root, "dateTimeSent")):
        yield VALUES.finding("This is no xs:dateTime.", xpath=f"{where}/dateTimeSent", line=sent.sourceline)
