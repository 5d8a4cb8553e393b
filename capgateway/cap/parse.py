"""Bytes in, :class:`Alert` and first findings out: the one door through which every CAP message comes."""

from __future__ import annotations

import msgspec
from lxml import etree

from capgateway.cap.finding import Finding
from capgateway.cap.model import Alert
from capgateway.cap.names import NAMESPACE, NAMESPACES, VERSIONS
from capgateway.cap.place import local, namespace_of, xpath
from capgateway.cap.read import Reader, parts_of
from capgateway.cap.xml import read_xml

#: Longer names of a stranger are cut in messages.
MAX_QUOTED = 100
#: Namespaces that are not CAP's own but contain CAP of that version: Luxembourg's, in use since 2024.
PROFILE_NAMESPACES = {"urn:oasis:names:tc:emergency:cap:1.2:profile:cap-lu:1.0": "1.2"}


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """A document as far as it could be read. ``root`` is ``None`` when it is not XML, ``alert`` and ``version`` are
    ``None`` when it is not a CAP message; ``findings`` say why, and what was repaired. ``texts`` are those of the alert's
    own elements as written, outer blanks included."""

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
    where = f"in the namespace `{_quoted(namespace)}`" if namespace else "in no namespace"
    if name.casefold() == "html":
        from capgateway.cap.malformed import HTML  # noqa: PLC0415  (few documents need it)

        return NAMESPACE.finding(HTML, xpath=xpath(root), line=root.sourceline)
    if namespace in PROFILE_NAMESPACES:
        what = f"which is that of a national profile and is read here as CAP {PROFILE_NAMESPACES[namespace]}"
    elif name != "alert" and name.casefold() == "alert":
        what = "write `alert`, in lower case"
    elif name != "alert":
        what = "the root element of a CAP message is `alert`"
    else:
        what = f'write xmlns="{_meant(namespace)}"'
    message = f"The root element is `{_quoted(name)}` {where}; {what}."
    return NAMESPACE.finding(message, xpath=xpath(root), line=root.sourceline)


def _meant(namespace: str) -> str:
    """The namespace that a wrong one stands for: that of the version it contains, else of the current one."""
    return next((right for version, right in NAMESPACES.items() if version in namespace), NAMESPACES["1.2"])


def _quoted(written: str) -> str:
    return written if len(written) <= MAX_QUOTED else f"{written[:MAX_QUOTED]}…"
