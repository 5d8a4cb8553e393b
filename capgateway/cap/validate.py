"""The verdict on one message: parse, schema, rules, and a report of all there is to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from capgateway.cap import profiles
from capgateway.cap.finding import Report, Signature
from capgateway.cap.names import NAMESPACES, XMLDSIG
from capgateway.cap.place import tag, xpath
from capgateway.cap.rules import check
from capgateway.cap.rules.notes import Notes

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cap.finding import Finding
    from capgateway.cap.parse import Parsed
    from capgateway.cap.schema import Schemas

ABSENT = Signature(status="absent")
_SIGNATURE = f"{{{XMLDSIG}}}Signature"
_ROOTS = {version: f"{{{namespace}}}alert" for version, namespace in NAMESPACES.items()}


def validate(
    parsed: Parsed,
    schemas: Schemas,
    *,
    now: datetime,
    profile: str = "auto",
    trust: bytes = b"",
    signed_at: datetime | None = None,
    source: str = "",
    position: int = 1,
) -> Report:
    """Judge a parsed message. Never raises for what it holds; findings come layer by layer.

    ``trust`` is PEM text with what is trusted to sign, ``signed_at`` the time at which its certificates must be valid,
    by default the alert's ``sent``.
    """
    findings = list(parsed.findings)
    signature, chosen = ABSENT, None
    alert, root, version = parsed.alert, parsed.root, parsed.version
    if alert is not None and root is not None and version is not None:
        findings += schemas.findings(_in_cap(root, version), version)
        chosen = profiles.choose(alert, profile)
        notes = Notes(root, parsed.texts, may_hold_markup=_may_hold_markup(parsed.document))
        check(alert, notes, now=now, profile=chosen)
        if chosen:
            profiles.check(alert, chosen, notes)
        findings += notes.findings()
        if next(root.iter(_SIGNATURE), None) is not None:
            at = signed_at or (alert.sent and alert.sent.instant) or now
            signature, wrong = _signature(parsed.document, root, trust, at)
            findings += wrong
    is_invalid = bool(findings) and any(finding.level == "error" for finding in findings)
    return Report(
        source=source,
        position=position,
        kind="cap" if alert else "unknown",
        cap_version=version,
        profile=chosen,
        identifier=alert.identifier or None if alert else None,
        sender=alert.sender or None if alert else None,
        sent=alert.sent.text if alert and alert.sent else None,
        verdict="invalid" if is_invalid else "valid",
        signature=signature,
        findings=tuple(findings),
    )


def _in_cap(root: etree._Element, version: str) -> etree._Element:
    """The message in the namespace of its version, so that its schema can judge it: a national profile has its own."""
    if root.tag == _ROOTS[version]:
        return root
    namespace = tag(root)[1:].partition("}")[0]
    text = etree.tostring(root, encoding="unicode", with_tail=False)
    copy = etree.fromstring(text.replace(f'"{namespace}"', f'"{NAMESPACES[version]}"'))
    for original, element in zip(root.iter(), copy.iter(), strict=True):
        element.sourceline = original.sourceline  # type: ignore[misc]  # lxml lets it be set, its stubs do not
    return copy


def _may_hold_markup(document: bytes) -> bool:
    """Whether some text may hold `<` or `&`: an entity or a CDATA section must have brought it."""
    return not document or b"&" in document or b"!" in document


def _signature(
    document: bytes, root: etree._Element, trust: bytes, at: datetime
) -> tuple[Signature, tuple[Finding, ...]]:
    from capgateway.cap.signature import verify  # noqa: PLC0415  (cryptography takes 50 ms, most messages are not signed)

    is_inside = root.getparent() is not None
    document = document or etree.tostring(root, encoding="utf-8", with_tail=False)
    signature, findings = verify(document, trust=trust, at=at)
    if not is_inside:
        return signature, findings
    where, lines_before = xpath(root), (root.sourceline or 1) - 1
    return signature, tuple(
        msgspec.structs.replace(
            finding,
            xpath=finding.xpath and where + finding.xpath.removeprefix("/alert"),
            line=finding.line and finding.line + lines_before,
        )
        for finding in findings
    )
