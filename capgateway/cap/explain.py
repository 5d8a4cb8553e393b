"""Why the schema refuses a message: every fault, and what to do about it.

libxml2 stops at the first fault of a parent, so the message is gone through once more, along the schema as xmlschema
understands it. That costs a third of a second to import and build, which only refused messages pay.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap.place import local, namespace_of, tag, xpath
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xmlschema import XMLSchema10

    from capgateway.cap.finding import Finding
    from capgateway.cap.structure import Fault

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
    why="The schema fixes the elements, their order and number, and the form of values and times; software relies on it.",
    reference="CAP 1.2 §3.4",
    source=tuple(_ROWS.split()),
)

#: Enough to see what is wrong; a message with more is wrong everywhere.
MAX_FINDINGS = 100
#: So many are counted; what is wrong at more places need not be looked at to the end.
MAX_COUNTED = 1_000

_SECTIONS = {"alert": "§3.2.1", "info": "§3.2.2", "resource": "§3.2.3", "area": "§3.2.4"}
_OF_VALUES = ("SCHEMAV_CVC_DATATYPE", "SCHEMAV_CVC_TYPE_3_1_3", "SCHEMAV_CVC_ENUMERATION", "SCHEMAV_CVC_PATTERN")
_NAMESPACE_IN_BRACES = r"\{[a-z]+:[^}]*\}"


def explain(root: etree._Element, schema: bytes, log: Iterable[etree._LogEntry], version: str) -> tuple[Finding, ...]:
    """The faults of the message at ``root`` in document order; ``log`` is what libxml2 said about it. Empty only where a
    value was wrong that is read all the same, ``Very Likely``, or libxml2 was not asked."""
    faults = _faults(root, schema, log)
    if not faults:
        return ()
    here = (root, xpath(root))
    findings = [
        SCHEMA.finding(
            message, xpath=xpath(element, inside=here), line=element.sourceline, reference=_section(element, version)
        )
        for element, message in faults[:MAX_FINDINGS]
    ]
    findings.sort(key=lambda finding: finding.line or 0)
    if len(faults) > MAX_FINDINGS:
        least = "At least " if len(faults) >= MAX_COUNTED else ""
        rest = f"{least}{len(faults) - MAX_FINDINGS:,} more faults of this rule are not listed."
        findings.append(SCHEMA.finding(rest, xpath=here[1]))
    return tuple(findings)


def _faults(root: etree._Element, schema: bytes, log: Iterable[etree._LogEntry]) -> list[Fault]:
    from capgateway.cap import structure  # noqa: PLC0415  (it imports xmlschema, which takes 200 ms)

    compiled = _compiled(schema)
    if compiled and compiled.target_namespace != namespace_of(root):
        message = (
            f"The schema is for the namespace `{compiled.target_namespace}`, but the message is in "
            f"`{namespace_of(root)}`; use the schema of its version."
        )
        return [structure.Fault(root, message)]
    declared = compiled.elements.get(tag(root).rpartition("}")[2]) if compiled else None
    found = list(islice(structure.faults(root, declared), MAX_COUNTED)) if declared is not None else []
    told = {fault.element for fault in found}
    for entry in islice(log, MAX_FINDINGS):
        element = _at(root, entry.path)
        if element in told or (_is_of_value(entry, element) and structure.is_tolerated(element)):
            continue
        if _is_of_value(entry, element):  # such as `1_000`, which xmlschema takes for a number
            found.append(structure.Fault(element, structure.of_value(element)))
        elif not told:  # a schema of another make than CAP's
            found.append(structure.Fault(element, f"`{local(element)}`: {_plain(entry.message)}"))
    return found[:MAX_COUNTED]


def _is_of_value(entry: etree._LogEntry, element: etree._Element) -> bool:
    return not len(element) and entry.type_name.startswith(_OF_VALUES)


@lru_cache(maxsize=8)
def _compiled(schema: bytes) -> XMLSchema10 | None:
    """``None`` for a schema that libxml2 understands and xmlschema does not."""
    import xmlschema  # noqa: PLC0415

    try:
        # Without its bundled xmldsig schema, which refuses the Signature of every Canadian alert (`Id="NAADS Signature"`),
        # and without looking elsewhere for anything.
        return xmlschema.XMLSchema10(schema, use_fallback=False, allow="none", defuse="always", validation="lax")
    except xmlschema.XMLSchemaException:
        return None


def _section(element: etree._Element, version: str) -> str | None:
    """Where the standard describes the part of a message that the element belongs to."""
    parts = (element, *element.iterancestors()) if len(element) else element.iterancestors()
    return next((f"CAP {version} {_SECTIONS[local(part)]}" for part in parts if local(part) in _SECTIONS), None)


def _at(root: etree._Element, path: str | None) -> etree._Element:
    """The element that libxml2 calls so, counted from the message's root; the root itself where that is not known."""
    namespaces = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    below = (path or "").lstrip("/").partition("/")[2]
    try:
        found = root.xpath(below, namespaces=namespaces) if below else [root]
    except etree.XPathError:
        return root
    return found[0] if isinstance(found, list) and found and isinstance(found[0], etree._Element) else root


def _plain(text: str) -> str:
    return re.sub(_NAMESPACE_IN_BRACES, "", text).rstrip(".") + "."
