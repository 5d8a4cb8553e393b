"""What is left of a CAP message that is not well-formed: never to be relayed, only to know whether a person has to look at it."""

from __future__ import annotations

from typing import cast

from lxml import etree

from capgateway.cap.model import Alert
from capgateway.cap.parse import parse_element
from capgateway.cap.xml import MAX_BYTES, MAX_CHILDREN, has_declaration, is_wide


def remains(document: bytes) -> Alert | None:
    """The message as far as it can be read, ``None`` where that is not even its root. Never raises for what the bytes hold."""
    if len(document) > MAX_BYTES or has_declaration(document):
        return None
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = cast("etree._Element | None", etree.fromstring(document, parser))  # none where nothing can be read
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or root.getroottree().docinfo.doctype or is_wide(root, MAX_CHILDREN):
        return None
    return parse_element(root).alert
