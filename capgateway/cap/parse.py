"""Bytes in, :class:`Alert` and first findings out: the one door through which every CAP message comes."""

from __future__ import annotations

import msgspec
from lxml import etree

from capgateway.cap.finding import Finding
from capgateway.cap.model import Alert
from capgateway.cap.names import NAMESPACE, VERSIONS
from capgateway.cap.place import local, namespace_of, xpath
from capgateway.cap.read import Reader, parts_of
from capgateway.cap.xml import read_xml

#: Namespaces that are not CAP's own but hold CAP of that version: Luxembourg's, in use since 2024.
PROFILE_NAMESPACES = {"urn:oasis:names:tc:emergency:cap:1.2:profile:cap-lu:1.0": "1.2"}


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """A document as far as it could be read. ``root`` is ``None`` when it is no XML, ``alert`` and ``version`` are
    ``None`` when it is no CAP message; ``findings`` tell why, and what was repaired. ``texts`` are those of the alert's
    own elements as they stand there, outer blanks included."""

    document: bytes
    root: etree._Element | None
    alert: Alert | None
    version: str | None
    findings: tuple[Finding, ...]
    texts: dict[str, str] = {}


def parse(document: bytes) -> Parsed:
    """Read one CAP message of any version. Never raises for what the bytes hold."""
    xml = read_xml(document, keep="elements")
    if xml.root is None:
        return Parsed(document=document, root=None, alert=None, version=None, findings=xml.findings)
    return parse_element(xml.root, document=document, findings=xml.findings)


def parse_element(root: etree._Element, *, document: bytes = b"", findings: tuple[Finding, ...] = ()) -> Parsed:
    """Read the CAP message at ``root``, the root of a document or an element inside an envelope."""
    namespace, name = namespace_of(root), local(root)
    version = VERSIONS.get(namespace)
    if version is None or name != "alert":
        findings = (*findings, _wrong_root(root, namespace, name))
        version = PROFILE_NAMESPACES.get(namespace)
        if version is None or name != "alert":
            return Parsed(document=document, root=root, alert=None, version=None, findings=findings)
    reader = Reader(root=root, version=version, parts=parts_of(namespace))
    alert = reader.alert()
    return Parsed(
        document=document,
        root=root,
        alert=alert,
        version=version,
        findings=(*findings, *reader.repairs),
        texts=reader.texts,
    )


def _wrong_root(root: etree._Element, namespace: str, name: str) -> Finding:
    where = f"in the namespace `{namespace}`" if namespace else "in no namespace"
    if namespace in PROFILE_NAMESPACES:
        what = f"that is a national profile's, read here as CAP {PROFILE_NAMESPACES[namespace]}"
    elif namespace in VERSIONS:
        what = "a message begins with `alert`"
    else:
        what = "CAP 1.2 is `urn:oasis:names:tc:emergency:cap:1.2`"
    message = f"The root element is `{name}` {where}; {what}."
    return NAMESPACE.finding(message, xpath=xpath(root), line=root.sourceline)
