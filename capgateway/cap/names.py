"""The words of CAP: its namespaces by version, which elements repeat; and the names of HTML, which do not belong in it."""

from __future__ import annotations

import re

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
#: The attributes that name the addresses of schemas. Those are never fetched, so every element may have the attributes.
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

#: The elements of HTML that texts in the wild contain.
HTML_TAGS = (
    "a|abbr|article|b|big|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|embed|font|footer|form|h[1-6]|head|header|hr|"
    "html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|object|o:p|ol|p|pre|q|s|script|section|small|span|strike|"
    "strong|style|sub|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video|wbr"
)


def is_html(name: str) -> bool:
    """Whether an element's name is one of HTML."""
    return bool(re.fullmatch(HTML_TAGS, name, re.IGNORECASE))


NAMESPACE = Rule(
    id="cap.namespace",
    level="error",
    layer="schema",
    asks="The root element is `alert` in the namespace of CAP 1.2, 1.1 or 1.0.",
    why="Receivers recognise a message, and its version, by its namespace. With one wrong character it is not a CAP message.",
    reference="CAP 1.2 §3.4",
    source=("A-02", "A-03", "A-150", "A-155", "A-163"),
)
