"""EDXL-DE 1.0 envelopes: what is inside, and whether the envelope keeps its own rules. Pure.

The envelope's status weighs more than that of the message inside: a message in an envelope marked ``Test`` is a test.
What the envelope says of updates and cancels is not acted on; the messages say that themselves (E-10).
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.cap import Rule
from capgateway.cap.place import local, namespace_of
from capgateway.feeds.read import envelope
from capgateway.feeds.read.entry import HTTP, Entry, embedded, linked
from capgateway.feeds.read.links import CAP_TYPES, XML_TYPES
from capgateway.feeds.read.markup import (
    absolute,
    alert_in_text,
    alerts_inside,
    child,
    cut,
    is_http,
    is_message,
    media_type,
    places,
    quoted,
    text,
    wrong_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

NAMESPACE = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
#: Elements whose text may be a message, though none belongs there.
TEXTS = ("embeddedXMLContent", "keyXMLContent", "xmlContent")
_VERSION = re.compile(r"urn:oasis:names:tc:emergency:EDXL:DE:(\d{1,3}(?:\.\d{1,3})*)", re.IGNORECASE | re.ASCII)
_HOME = "embeddedXMLContent"
#: More than twice the longest status of the standard, and all the store has room for.
MAX_STATUS = 20

ROOT = Rule(
    id="edxl.root",
    level="error",
    layer="feed",
    asks="The root element is `EDXLDistribution` in the namespace of EDXL-DE 1.0.",
    why="The form of an envelope of another version is not checked. The messages inside are found and judged all the same.",
    reference="EDXL-DE 1.0 §3.2.1",
    source=("E-01",),
)
PLACE = Rule(
    id="edxl.place",
    level="error",
    layer="feed",
    asks="A CAP message is XML in embeddedXMLContent of xmlContent, or base64 in contentData of nonXMLContent.",
    why="Readers look only there.",
    reference="EDXL-DE 1.0 §3.2.5",
    source=("E-07",),
)
STATUS = Rule(
    id="edxl.status",
    level="warning",
    layer="feed",
    asks="A message inside has status Actual only if the distributionStatus of its envelope is Actual.",
    why="It is read here with the status of the envelope. A receiver that takes the message out of the envelope takes it for "
    "real.",
    source=("E-03",),
)
CAP_INSIDE = Rule(
    id="edxl.cap",
    level="warning",
    layer="feed",
    asks="An envelope contains at least one CAP message. A content object with CAP's media type contains one, or its http or "
    "https address in uri.",
    why="Otherwise there is nothing to validate or show.",
    source=("E-07", "E-08", "E-09"),
)


def read_edxl(root: etree._Element, base_url: str) -> Iterator[Entry | cap.Finding]:
    """Every CAP message of an envelope, embedded, in base64 or linked, and what is wrong with the envelope."""
    match = _VERSION.fullmatch(namespace_of(root))
    version = match[1] if match else "1.0"  # an unknown namespace is most likely a wrong one
    is_ours = version == "1.0"
    if not is_ours:
        message = f"The envelope is EDXL-DE {version}; its form is not checked. Send EDXL-DE 1.0, in `{NAMESPACE}`."
        yield ROOT.finding(message, xpath="/EDXLDistribution", line=root.sourceline)
    else:
        for finding in wrong_namespace(root, "/EDXLDistribution", NAMESPACE):
            yield ROOT.finding(finding.message, xpath=finding.xpath, line=finding.line)
        yield from envelope.check(root)
    is_empty = True
    status, sent = _status(root) or None, text(root, "dateTimeSent") or None
    for holder, where in places(root, "/EDXLDistribution"):
        for found in _content(holder, where, status, sent, base_url):
            if not is_ours and not isinstance(found, Entry) and found.rule == PLACE.id:
                continue  # another version has other places
            is_empty = is_empty and not isinstance(found, Entry)
            yield found
    if is_empty:
        message = "The envelope contains no CAP message; put it into contentObject/xmlContent/embeddedXMLContent."
        yield CAP_INSIDE.finding(message, xpath="/EDXLDistribution", line=root.sourceline)


def _status(distribution: etree._Element) -> str:
    return text(distribution, "distributionStatus", "DistributionStatus", most=MAX_STATUS)  # the latter in EDXL-DE 2.0


def _content(
    holder: etree._Element, where: str, status: str | None, sent: str | None, base_url: str
) -> Iterator[Entry | cap.Finding]:
    """What a child of the envelope contains: a content object, or another in which a message went astray."""
    title = text(holder, "contentDescription", "incidentDescription")
    nested = (_status(inner) for inner in holder.iter("{*}EDXLDistribution"))
    # a test in a real one is a test
    status = next((one for one in (status, *nested) if one and one != "Actual"), status)
    for alert in alerts_inside(holder):
        yield from _misplaced(alert, holder, where)
        yield from _contradicted(alert, holder, where, status)
        yield embedded(cut(alert), title=title, envelope_status=status, element=alert)
    for element in holder.iter(*(f"{{*}}{name}" for name in TEXTS)):
        document = alert_in_text(element)
        if document is not None:
            yield from _contradicted(cap.read_xml(document).root, holder, where, status)
            yield embedded(document, title=title, envelope_status=status)
    for element in holder.iterchildren("{*}nonXMLContent"):
        yield from _other_content(element, holder, where, title, status, sent, base_url)


def _misplaced(alert: etree._Element, holder: etree._Element, where: str) -> Iterator[cap.Finding]:
    if next(alert.iterancestors(f"{{*}}{_HOME}"), None) is None:
        parent = alert.getparent()
        place = f"in {quoted(local(parent))}" if parent is not None else "alone"
        message = f"A CAP message is {place}; move it into `xmlContent/{_HOME}`."
        yield PLACE.finding(message, xpath=where, line=holder.sourceline)


def _contradicted(
    alert: etree._Element | None, holder: etree._Element, where: str, status: str | None
) -> Iterator[cap.Finding]:
    if alert is not None and status not in {None, "Actual"} and text(alert, "status") == "Actual":
        message = (
            f"The envelope has status {status}, but the message in it Actual; it is read as {status}. Write the same status in "
            "both."
        )
        yield STATUS.finding(message, xpath=where, line=holder.sourceline)


def unpacked(element: etree._Element) -> bytes | None:
    """The bytes that a ``nonXMLContent`` of CAP's type contains in base64, or of an XML type (E-20), or of none, when they
    are a message; else ``None``."""
    packed, kind = child(element, "contentData"), media_type(text(element, "mimeType"))
    if packed is None or kind not in CAP_TYPES | XML_TYPES | {""} or not envelope.is_base64(packed.text or ""):
        return None
    document = base64.b64decode("".join((packed.text or "").split()))
    root = cap.read_xml(document).root
    is_alert = root is not None and is_message(root, also_empty=True)
    return document if is_alert or kind in CAP_TYPES else None


def _other_content(
    element: etree._Element,
    holder: etree._Element,
    where: str,
    title: str,
    status: str | None,
    sent: str | None,
    base_url: str,
) -> Iterator[Entry | cap.Finding]:
    """A message in base64, or an address of one (E-08)."""
    document = unpacked(element)
    if document is not None:
        yield from _contradicted(cap.read_xml(document).root, holder, where, status)
        yield embedded(document, title=title, envelope_status=status)
        return
    packed, address = child(element, "contentData"), child(element, "uri")
    if packed is not None or media_type(text(element, "mimeType")) not in CAP_TYPES:
        return  # that it is not base64 was reported with the envelope's form
    link = absolute(address.text, address, base_url) if address is not None else None
    if link is None:
        message = "The content has neither contentData nor uri; add the message in base64, or its address."
        yield CAP_INSIDE.finding(message, xpath=where, line=holder.sourceline)
    elif not is_http(link):
        message = "The uri is not http or https; write an address that every reader can fetch."
        yield HTTP.finding(message, xpath=where, line=holder.sourceline)
    else:
        yield linked(link, title=title, updated=sent, envelope_status=status)
