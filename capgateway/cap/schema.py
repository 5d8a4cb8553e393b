"""The schema's verdict: libxml2 decides, with a guard for what it wrongly lets through; :mod:`capgateway.cap.explain` says
why it refuses a message.

One compiled schema per thread: a shared one mixes the threads' error logs (its verdicts stay right).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap.explain import SCHEMA, explain
from capgateway.cap.names import XMLDSIG
from capgateway.cap.place import namespace_of, xpath
from capgateway.cap.xml import is_wide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.cap.finding import Finding

#: libxml2 counts the siblings of everything it complains about; for more faulty ones that takes longer than a moment.
MANY_CHILDREN = 4_000
_FOREIGN = f"{{{XMLDSIG}}}*"


class _Compiled(threading.local):
    """A thread's compiled schemas, by version."""

    def __init__(self) -> None:
        self.of: dict[str, etree.XMLSchema] = {}


class Schemas:
    """The CAP schemas by version, as bytes; safe to share between threads."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self._compiled = _Compiled()

    def findings(self, root: etree._Element, version: str, *, is_large: bool = False) -> tuple[Finding, ...]:
        """What the schema of that version has to say about the message at ``root``; nothing when it is valid. Only of one
        in a large document it is asked whether it is wide."""
        compiled = self._compiled.of.get(version)
        if compiled is None:
            compiled = self._compiled.of[version] = etree.XMLSchema(etree.fromstring(self._files[version]))
        if is_large and is_wide(root, MANY_CHILDREN) and not _is_valid_stream(root, compiled):
            faults = explain(root, self._files[version], (), version)
            if faults:
                return faults
        try:
            is_valid = compiled.validate(root)
        except etree.XMLSchemaValidateError:  # libxml2 gives up on the document: certainly no valid CAP
            is_valid = False
        if is_valid:
            return guard(root)
        return explain(root, self._files[version], compiled.error_log, version)


def _is_valid_stream(root: etree._Element, schema: etree.XMLSchema) -> bool:
    """The verdict without reasons: read as a stream, a message has no siblings that could be counted."""
    try:
        etree.fromstring(etree.tostring(root, with_tail=False), etree.XMLParser(schema=schema, resolve_entities=False))
    except etree.XMLSyntaxError:
        return False
    return True


def guard(root: etree._Element) -> tuple[Finding, ...]:
    """What the schema forbids and libxml2 accepts: it takes ``info* any*`` for ``(info | any)*``, so that a Signature may
    stand before an info."""
    foreign = next(root.iterchildren(_FOREIGN), None)
    if foreign is None or next(foreign.itersiblings(f"{{{namespace_of(root)}}}*"), None) is None:
        return ()
    message = "A Signature comes before elements of CAP; move it to the end of the alert, after every info."
    return (SCHEMA.finding(message, xpath=xpath(foreign), line=foreign.sourceline),)
