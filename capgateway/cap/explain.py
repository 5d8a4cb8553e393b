"""Why the schema refuses a message: every fault, in words that tell what to do.

libxml2 stops at the first fault of a parent, xmlschema names each one. It costs a third of a second to import and build,
so it is used for refused messages only, and not for huge ones: there libxml2's own few words must do.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap.place import local, xpath
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xmlschema import XMLSchema10, XMLSchemaValidationError
    from xmlschema.validators import XsdAnyElement, XsdElement

    from capgateway.cap.finding import Finding

#: Whatever the official schema decides by itself.
_ROWS = (
    "A-01 A-04 A-05 A-06 A-07 A-08 A-09 A-20 A-25 A-27 A-30 A-33 A-34 A-50 A-52 A-53 A-54 A-55 A-57 A-58 A-59 A-61 A-80 A-81 "
    "A-83 A-90 A-91 A-92 A-110 A-120 A-124 A-130 A-133 A-152 A-156"
)
SCHEMA = Rule(
    id="cap.schema",
    level="error",
    layer="schema",
    asks="A message is valid against the XML schema of its CAP version.",
    why="Elements, their order and number, and the values of lists and times are fixed so that machines can read them.",
    reference="CAP 1.2 §3.4",
    source=tuple(_ROWS.split()),
)

#: xmlschema needs about 0.1 ms an element; beyond this many a refusal would take longer than a second.
MAX_ELEMENTS = 4_000
#: Enough to see what is wrong; a message with more is wrong everywhere.
MAX_FINDINGS = 100
#: Values are quoted in messages up to this length; a fault does not need a whole description.
MAX_QUOTED = 60

_TIMES = frozenset({"sent", "effective", "onset", "expires"})
_ADVICE = {
    **dict.fromkeys(_TIMES, "write a time as 2026-11-22T08:00:00-06:00, UTC with -00:00"),
    "language": "write an RFC 3066 tag such as en-US",
    "size": "write the number of bytes in digits",
    "altitude": "write feet above mean sea level as a plain decimal number, or leave the element out",
    "ceiling": "write feet above mean sea level as a plain decimal number, or leave the element out",
    "web": "write a full URI such as https://agency.example/alerts/1",
    "uri": "write a full URI such as https://agency.example/map.png",
}
_SECTIONS = {
    "alert": "CAP 1.2 §3.2.1",
    "info": "CAP 1.2 §3.2.2",
    "resource": "CAP 1.2 §3.2.3",
    "area": "CAP 1.2 §3.2.4",
}
_NAMESPACE_IN_BRACES = r"\{[^}]*\}"
_one_at_a_time = threading.Lock()  # xmlschema does not promise that a schema may be shared by threads


def explain(root: etree._Element, schema: bytes, log: etree._ListErrorLog) -> tuple[Finding, ...]:
    """The faults of the message at ``root`` in document order; ``log`` is what libxml2 said about it."""
    is_small = next(islice(root.iter(), MAX_ELEMENTS, None), None) is None
    findings = _by_xmlschema(root, schema) if is_small else []
    findings = sorted(findings or _by_libxml2(root, log), key=lambda finding: finding.line or 0)
    return tuple(dict.fromkeys(findings))  # xmlschema says it twice when a value breaks both type and pattern


def _by_xmlschema(root: etree._Element, schema: bytes) -> list[Finding]:
    errors: list[XMLSchemaValidationError] = []
    with _one_at_a_time:
        try:
            found = _compiled(schema).iter_errors(root)  # type: ignore[arg-type]  # lxml's elements are welcome
            errors.extend(islice(found, MAX_FINDINGS))
        except Exception:  # noqa: BLE001, S110
            # A library that stumbles over what it judges must not stop the judging: `xsi:type` with an unknown name raises
            # XMLSchemaKeyError, a year of twenty digits OverflowError. What it found before is told, else libxml2's words.
            pass
        return [_finding(error) for error in errors]


@lru_cache(maxsize=8)
def _compiled(schema: bytes) -> XMLSchema10:
    import xmlschema  # noqa: PLC0415

    # Without its bundled xmldsig schema, which refuses the Signature of every Canadian alert (`Id="NAADS Signature"`).
    return xmlschema.XMLSchema10(schema, use_fallback=False)


def _finding(error: XMLSchemaValidationError) -> Finding:
    import xmlschema  # noqa: PLC0415

    element: etree._Element = error.elem  # type: ignore[assignment]  # we gave it an lxml tree
    if isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        child: etree._Element | None = error.invalid_child  # type: ignore[assignment]
        expected = [name.rpartition("}")[2] for name in error.expected_tags or ()]
        message = _of_children(element, child, expected, error.validator)
        element = element if child is None else child
    else:
        message = _of_value(element, error)
    return SCHEMA.finding(message, xpath=xpath(element), line=element.sourceline, reference=_section(element))


def _section(element: etree._Element) -> str | None:
    """Where the standard describes the part of a message that the element belongs to."""
    return next((_SECTIONS[local(part)] for part in element.iterancestors() if local(part) in _SECTIONS), None)


def _of_children(parent: etree._Element, child: etree._Element | None, expected: list[str], group: object) -> str:
    wanted = " or ".join(f"`{name}`" for name in expected)
    if child is None:
        return f"`{local(parent)}` ends without {wanted or 'all it needs'}, which it must have."
    name = local(child)
    particles: Iterator[XsdElement | XsdAnyElement] = group.iter_elements()  # type: ignore[attr-defined]
    known = [particle.local_name for particle in particles if particle.local_name]
    if name not in known or etree.QName(child).namespace != etree.QName(parent).namespace:
        return f"`{local(parent)}` has no element `{name}` in this version of CAP; put own additions into parameters."
    if wanted and known.index(name) > known.index(expected[0]):
        return f"`{name}` comes too early: {wanted} must stand before it."
    return (
        f"`{name}` stands in the wrong place or once too often; the order in `{local(parent)}` is {', '.join(known)}."
    )


def _of_value(element: etree._Element, error: XMLSchemaValidationError) -> str:
    name, text = local(element), " ".join((element.text or "").split())
    shown = f"`{text[:MAX_QUOTED]}…`" if len(text) > MAX_QUOTED else f"`{text}`" if text else "empty"
    values = getattr(error.validator, "enumeration", None)
    if values and type(error.validator).__name__ == "XsdEnumerationFacets":
        return f"`{name}` is {shown}; write one of {', '.join(map(str, values))}, exactly so."
    if name in _ADVICE and not len(element) and type(error.validator).__name__ != "XsdAttributeGroup":
        return f"`{name}` is {shown}; {_ADVICE[name]}."
    return f"`{name}`: {_plain(error.reason or 'not as the schema wants it')}."


def _by_libxml2(root: etree._Element, log: etree._ListErrorLog) -> list[Finding]:
    is_whole = root.getparent() is None
    findings = []
    for entry in islice(log, MAX_FINDINGS):
        element = _at(root, entry.path) if is_whole else None
        place = None if element is None else xpath(element)
        findings.append(SCHEMA.finding(_plain(entry.message), xpath=place, line=entry.line or None))
    return findings


def _at(root: etree._Element, path: str | None) -> etree._Element | None:
    namespaces = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path or "", namespaces=namespaces)
    except etree.XPathError:
        return None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else None


def _plain(text: str) -> str:
    return re.sub(_NAMESPACE_IN_BRACES, "", text).rstrip(".")
