"""The words of CAP: namespaces by version, the order of elements, and the lists of values the standard allows."""

from __future__ import annotations

NAMESPACES = {
    "1.0": "http://www.incident.com/cap/1.0",
    "1.1": "urn:oasis:names:tc:emergency:cap:1.1",
    "1.2": "urn:oasis:names:tc:emergency:cap:1.2",
}
VERSIONS = {namespace: version for version, namespace in NAMESPACES.items()}
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"

#: Elements that may occur more than once under their parent; an XPath counts these always.
REPEATABLE = frozenset(
    {
        "code",
        "info",
        "category",
        "responseType",
        "eventCode",
        "parameter",
        "resource",
        "area",
        "polygon",
        "circle",
        "geocode",
    }
)
