"""The form of an EDXL-DE 1.0 envelope: which elements, in which order, with which values. Pure.

The tables below are those of the standard's schema. The schema itself is not used: none is shipped, and the library that
names every fault takes 200 ms to be loaded and to read one.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from capgateway.cap import Rule, geometry
from capgateway.feeds.read.dates import is_date
from capgateway.feeds.read.parts import EMBEDDED, OneOf, Part, Value, faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

STATUSES = ("Actual", "Exercise", "System", "Test")
TYPES = (
    *("Report", "Update", "Cancel", "Request", "Response", "Dispatch", "Ack", "Error"),
    *("SensorConfiguration", "SensorControl", "SensorStatus", "SensorDetection"),
)

ELEMENTS = Rule(
    id="edxl.elements",
    level="error",
    layer="feed",
    asks="An envelope has all required elements and only known ones, in the standard's order, without attributes and without text "
    "between them.",
    why="Readers of the standard's schema refuse any other envelope as a whole.",
    reference="EDXL-DE 1.0 §3.2.1",
    source=("E-02",),
)
VALUES = Rule(
    id="edxl.values",
    level="error",
    layer="feed",
    asks="distributionStatus, distributionType, dateTimeSent, size and contentData have values that the standard allows.",
    why="Readers of the standard's schema refuse any other envelope as a whole.",
    reference="EDXL-DE 1.0 §3.2.1",
    source=("E-03", "E-04", "E-05"),
)
CONTENT = Rule(
    id="edxl.content",
    level="error",
    layer="feed",
    asks="A content object has either one xmlContent or one nonXMLContent with a mimeType. The other elements of the standard come "
    "before it, in the standard's order, and elements of other namespaces after it.",
    why="Readers of the standard's schema refuse any other envelope as a whole.",
    reference="EDXL-DE 1.0 §3.2.3",
    source=("E-06", "E-08"),
)
AREA = Rule(
    id="edxl.area",
    level="warning",
    layer="feed",
    asks="A circle or polygon of a target area has the form that CAP requires.",
    why="The target area is for information only, so this is not an error.",
    reference="EDXL-DE 1.0 §3.2.2",
    source=("E-11",),
)


def is_base64(text: str) -> bool:
    """Whether this is base64, with any blanks in it."""
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_STATUS = Value(STATUSES.__contains__, f"write {', '.join(STATUSES[:-1])} or {STATUSES[-1]}")
_TYPE = Value(TYPES.__contains__, f"write {', '.join(TYPES[:-1])} or {TYPES[-1]}")
_DATE = Value(is_date, "write an existing time, in the form 2026-01-31T12:00:00Z")
_INTEGER = Value(lambda text: bool(re.fullmatch(r"[+-]?\d+", text, re.ASCII)), "write a whole number of bytes")
_BASE64 = Value(is_base64, "encode the bytes in base64")
_CIRCLE = Value(
    lambda text: not isinstance(geometry.circle(text), str),
    "write latitude,longitude and kilometres, such as `38.5,-77 10`",
    is_advised=True,
)
_POLYGON = Value(
    lambda text: not geometry.polygon(text).faults,
    "write at least four pairs latitude,longitude, the last the same as the first",
    is_advised=True,
)

_VALUE_LIST = (Part("valueListUrn", 1), Part("value", 1, None))
_ADDRESS = (Part("explicitAddressScheme", 1), Part("explicitAddressValue", 1, None))
_TARGET = (
    Part("circle", 0, None, _CIRCLE),
    Part("polygon", 0, None, _POLYGON),
    Part("country", 0, None),
    Part("subdivision", 0, None),
    Part("locCodeUN", 0, None),
)
_XML = (Part("keyXMLContent", 0, None, EMBEDDED), Part("embeddedXMLContent", 0, None, EMBEDDED))
_OTHER = (
    Part("mimeType", 1),
    Part("size", form=_INTEGER),
    Part("digest"),
    Part("uri"),
    Part("contentData", form=_BASE64),
)
_CONTENT = (
    Part("contentDescription"),
    Part("contentKeyword", 0, None, _VALUE_LIST),
    Part("incidentID"),
    Part("incidentDescription"),
    Part("originatorRole", 0, None, _VALUE_LIST),
    Part("consumerRole", 0, None, _VALUE_LIST),
    Part("confidentiality"),
    OneOf((Part("xmlContent", form=_XML), Part("nonXMLContent", form=_OTHER))),
    Part("*", 0, None, None),
)
_ENVELOPE = (
    Part("distributionID", 1),
    Part("senderID", 1),
    Part("dateTimeSent", 1, form=_DATE),
    Part("distributionStatus", 1, form=_STATUS),
    Part("distributionType", 1, form=_TYPE),
    Part("combinedConfidentiality", 1),
    Part("language"),
    Part("senderRole", 0, None, _VALUE_LIST),
    Part("recipientRole", 0, None, _VALUE_LIST),
    Part("keyword", 0, None, _VALUE_LIST),
    Part("distributionReference", 0, None),
    Part("explicitAddress", 0, None, _ADDRESS),
    Part("targetArea", 0, None, _TARGET),
    Part("contentObject", 0, None, _CONTENT),
)


def check(root: etree._Element) -> Iterator[cap.Finding]:
    """What is wrong with an envelope's form; its namespace is taken to be the right one."""
    for fault in faults(root, "/EDXLDistribution", _ENVELOPE):
        if fault.about == "elements":
            rule = CONTENT if "/contentObject" in fault.where else ELEMENTS
        else:
            rule = AREA if fault.about == "advice" else VALUES
        yield rule.finding(fault.message, xpath=fault.where, line=fault.element.sourceline)
