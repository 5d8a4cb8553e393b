"""The words of CAP: namespaces by version, the order of elements, and the lists of values the standard allows."""

from __future__ import annotations

from capgateway.cap.rule import Rule

NAMESPACES = {
    "1.0": "http://www.incident.com/cap/1.0",
    "1.1": "urn:oasis:names:tc:emergency:cap:1.1",
    "1.2": "urn:oasis:names:tc:emergency:cap:1.2",
}
VERSIONS = {namespace: version for version, namespace in NAMESPACES.items()}
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
#: As lxml writes names.
SIGNATURE = f"{{{XMLDSIG}}}Signature"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
#: The attributes that tell where schemas are; what is given there is never fetched, so that every element may carry them.
SCHEMA_LOCATIONS = frozenset({f"{XSI}schemaLocation", f"{XSI}noNamespaceSchemaLocation"})
#: XML's own white space; str.strip() alone would also take away what XML counts as text.
BLANK = " \t\r\n"

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

NAMESPACE = Rule(
    id="cap.namespace",
    level="error",
    layer="schema",
    asks="The root element is `alert` in the namespace of CAP 1.2, 1.1 or 1.0.",
    why="Receivers choose how to read a message by its namespace; a slightly different one makes it no CAP at all.",
    reference="CAP 1.2 §3.4",
    source=("A-02", "A-03", "A-150", "A-155", "A-163"),
)
