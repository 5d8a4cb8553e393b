"""The schema's verdict: libxml2 decides, with a guard for what it wrongly lets through; xmlschema explains a fault.

One compiled schema per thread: a shared one mixes the threads' error logs (its verdicts stay right).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap.explain import SCHEMA, explain
from capgateway.cap.names import XMLDSIG
from capgateway.cap.place import tag, xpath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.cap.finding import Finding

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_SIGNATURES = f"{{{XMLDSIG}}}*"
_TYPED = etree.XPath("descendant-or-self::*[@xsi:type]", namespaces={"xsi": _XSI})


class Schemas:
    """The CAP schemas by version, as bytes; safe to share between threads."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self._local = threading.local()

    def findings(self, root: etree._Element, version: str, *, document: bytes = b"") -> tuple[Finding, ...]:
        """What the schema of that version has to say about the message at ``root``; nothing when it is valid.

        ``document`` is the text it came from, if at hand: it makes a rare check cheaper.
        """
        compiled = self._compiled(version)
        try:
            is_valid = compiled.validate(root)
        except etree.XMLSchemaValidateError:  # libxml2 gives up on the document: certainly no valid CAP
            is_valid = False
        if is_valid:
            return guard(root, document)
        return explain(root, self._files[version], compiled.error_log) or guard(root, document)

    def _compiled(self, version: str) -> etree.XMLSchema:
        try:
            return self._local.compiled[version]  # type: ignore[no-any-return]
        except AttributeError:
            self._local.compiled = {}
        except KeyError:
            pass
        compiled = etree.XMLSchema(etree.fromstring(self._files[version]))
        self._local.compiled[version] = compiled
        return compiled


def guard(root: etree._Element, document: bytes = b"") -> tuple[Finding, ...]:
    """What the schema forbids and libxml2 accepts.

    It takes ``info* any*`` for ``(info | any)*``, so that a Signature may stand before an info. And since our schema gives
    names to its types, ``xsi:type`` could name them, which no message may rely on.
    """
    foreign = next(root.iterchildren(_SIGNATURES), None)
    # Nearly every message: without its name, or a reference that may spell it, no attribute can be of that namespace.
    if (
        foreign is None
        and document
        and not (b"XMLSchema-instance" in document or b"&#" in document or b"\0" in document)
    ):
        return ()
    namespace = tag(root)[1:].partition("}")[0]
    if foreign is not None and next(foreign.itersiblings(f"{{{namespace}}}*"), None) is not None:
        message = "A Signature stands before CAP elements; it comes last in the alert, after every info."
        return (SCHEMA.finding(message, xpath=xpath(foreign), line=foreign.sourceline),)
    message = "CAP elements carry no attributes; take `xsi:type` away."
    return tuple(
        SCHEMA.finding(message, xpath=xpath(element), line=element.sourceline)
        for element in _TYPED(root)
        if element.nsmap.get(element.get(f"{{{_XSI}}}type").rpartition(":")[0] or None) == namespace
    )
