"""Read CAP: bytes in, Alert and findings out. Pure: no file, no network, no clock."""

from capgateway.cap.broken import UNJUDGED, unjudged
from capgateway.cap.finding import Finding, Report, Signature, moved, verdict_on
from capgateway.cap.lists import references
from capgateway.cap.model import Alert, Area, Circle, Info, Named, Reference, Resource, Time
from capgateway.cap.parse import Parsed, parse, parse_element
from capgateway.cap.profiles import choose as choose_profile
from capgateway.cap.remains import remains
from capgateway.cap.rule import Rule
from capgateway.cap.schema import Schemas
from capgateway.cap.spot import Source
from capgateway.cap.times import time
from capgateway.cap.validate import validate
from capgateway.cap.write import write
from capgateway.cap.xml import MAX_BYTES, Xml, read_xml

__all__ = [
    "MAX_BYTES",
    "UNJUDGED",
    "Alert",
    "Area",
    "Circle",
    "Finding",
    "Info",
    "Named",
    "Parsed",
    "Reference",
    "Report",
    "Resource",
    "Rule",
    "Schemas",
    "Signature",
    "Source",
    "Time",
    "Xml",
    "choose_profile",
    "moved",
    "parse",
    "parse_element",
    "read_xml",
    "references",
    "remains",
    "time",
    "unjudged",
    "validate",
    "verdict_on",
    "write",
]
