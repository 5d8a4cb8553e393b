"""The verdict on one message: parse, schema, rules, and a report of all there is to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap import profiles
from capgateway.cap.finding import Finding, Report, Signature
from capgateway.cap.names import VERSIONS, XMLDSIG
from capgateway.cap.place import tag
from capgateway.cap.read import VERY_LIKELY
from capgateway.cap.rules import check
from capgateway.cap.rules.notes import Notes

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cap.parse import Parsed
    from capgateway.cap.schema import Schemas

ABSENT = Signature(status="absent")


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
        if tag(root)[1:].partition("}")[0] in VERSIONS:
            repaired = {finding.xpath for finding in parsed.findings if finding.rule == VERY_LIKELY.id}
            said = schemas.findings(root, version)
            findings += [finding for finding in said if finding.xpath not in repaired]
        notes = Notes(root, parsed.texts)
        check(alert, notes, now=now)
        chosen = profiles.choose(alert, profile)
        if chosen:
            profiles.check(alert, chosen, notes)
        findings += notes.findings
        signature, wrong = _signature(parsed, trust, signed_at or (alert.sent and alert.sent.instant) or now)
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


def _signature(parsed: Parsed, trust: bytes, at: datetime) -> tuple[Signature, tuple[Finding, ...]]:
    if parsed.root is None or next(parsed.root.iter(f"{{{XMLDSIG}}}Signature"), None) is None:
        return ABSENT, ()
    from capgateway.cap.signature import verify  # noqa: PLC0415  (cryptography takes 50 ms, most messages are not signed)

    return verify(parsed.document or etree.tostring(parsed.root, encoding="utf-8", with_tail=False), trust=trust, at=at)
