"""The verdict on one message: parse, schema, rules, and a report of all there is to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap import profiles
from capgateway.cap.broken import unjudged
from capgateway.cap.doubles import without_doubles
from capgateway.cap.finding import Report, Signature, moved, verdict_on
from capgateway.cap.names import NAMESPACES, SIGNATURE
from capgateway.cap.place import namespace_of, xpath
from capgateway.cap.rules import check
from capgateway.cap.rules.notes import Notes
from capgateway.cap.schema import MANY_CHILDREN
from capgateway.cap.xml import has_declaration

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cap.finding import Finding
    from capgateway.cap.model import Alert
    from capgateway.cap.parse import Parsed
    from capgateway.cap.schema import Schemas

#: In fewer bytes no element has as many children as matter.
MIN_WIDE = 4 * MANY_CHILDREN
ABSENT = Signature(status="absent")
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
    """Judge a parsed message. Never raises for what it contains; findings come layer by layer.

    ``trust`` is PEM text with what is trusted to sign, ``signed_at`` the time at which its certificates must be valid,
    by default the alert's ``sent``.
    """
    alert = parsed.alert
    found: list[Finding] = []
    signature, chosen = ABSENT, None
    if alert is not None:
        chosen = profiles.choose(alert, profile)
        try:
            found, signature = _judge(parsed, alert, schemas, now, chosen, trust, signed_at)
        except Exception as fault:  # noqa: BLE001  (of ours, over one document: its neighbours must be judged all the same)
            found = [unjudged(fault)]
    findings = (*parsed.findings, *found)
    return Report(
        source=source,
        position=position,
        kind="cap" if alert else "unknown",
        cap_version=parsed.version,
        profile=chosen,
        identifier=alert.identifier or None if alert else None,
        sender=alert.sender or None if alert else None,
        sent=alert.sent.text if alert and alert.sent else None,
        verdict=verdict_on(findings),
        signature=signature,
        findings=findings,
    )


def _judge(
    parsed: Parsed,
    alert: Alert,
    schemas: Schemas,
    now: datetime,
    profile: str | None,
    trust: bytes,
    signed_at: datetime | None,
) -> tuple[list[Finding], Signature]:
    root, version = parsed.root, alert.version
    assert root is not None  # noqa: S101  (an alert was read from it)
    notes = Notes(root, parsed.texts, version, may_hold_markup=_may_hold_markup(parsed.document))
    check(alert, notes, now=now, profile=profile)
    if profile:
        profiles.check(alert, profile, notes)
    judged = schemas.findings(_in_cap(root, version), version, is_large=_may_be_wide(parsed.document))
    noted = notes.findings()
    findings = without_doubles([*judged, *noted]) if noted else [*judged]
    if next(root.iter(SIGNATURE), None) is None:
        return findings, ABSENT
    at = signed_at or (alert.sent and alert.sent.instant) or now
    signature, wrong = _signature(parsed.document, root, trust, at)
    return findings + wrong, signature


def _in_cap(root: etree._Element, version: str) -> etree._Element:
    """The message in the namespace of its version, so that its schema can judge it: a national profile has its own."""
    if root.tag == _ROOTS[version]:
        return root
    namespace = namespace_of(root)
    text = etree.tostring(root, encoding="unicode", with_tail=False)
    copy = etree.fromstring(text.replace(f'"{namespace}"', f'"{NAMESPACES[version]}"'))
    for original, element in zip(root.iter(), copy.iter(), strict=True):
        element.sourceline = original.sourceline  # type: ignore[misc]  # lxml lets it be set, its stubs do not
    return copy


def _may_be_wide(document: bytes) -> bool:
    """Whether it is worth a look; the size of a message inside a container is not known."""
    return not document or len(document) > MIN_WIDE


def _may_hold_markup(document: bytes) -> bool:
    """Whether some text may hold `<` or `&`: an entity or a CDATA section must have brought it."""
    return not document or b"&" in document or b"\0" in document or has_declaration(document)


def _signature(document: bytes, root: etree._Element, trust: bytes, at: datetime) -> tuple[Signature, list[Finding]]:
    from capgateway.cap.signature import verify  # noqa: PLC0415  (cryptography takes 50 ms, most messages are not signed)

    document = document or etree.tostring(root, encoding="utf-8", with_tail=False)
    signature, findings = verify(document, trust=trust, at=at)
    if root.getparent() is None:
        return signature, list(findings)
    where, lines = xpath(root), (root.sourceline or 1) - 1
    return signature, [moved(finding, where, lines, root="/alert") for finding in findings]
