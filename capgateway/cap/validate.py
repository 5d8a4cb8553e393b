"""The verdict on one message: parse, schema, rules, and a report of all there is to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap.finding import Report, Signature
from capgateway.cap.names import VERSIONS
from capgateway.cap.place import tag
from capgateway.cap.rules import check

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cap.parse import Parsed
    from capgateway.cap.schema import Schemas


def validate(
    parsed: Parsed, schemas: Schemas, *, now: datetime, profile: str = "auto", source: str = "", position: int = 1
) -> Report:
    """Judge a parsed message. Never raises for what it holds; findings come layer by layer, in document order."""
    findings = list(parsed.findings)
    alert, root, version = parsed.alert, parsed.root, parsed.version
    if alert is not None and root is not None and version is not None:
        if tag(root)[1:].partition("}")[0] in VERSIONS:
            findings += schemas.findings(root, version, document=parsed.document)
        findings += check(alert, root, now=now)
    is_invalid = any(finding.level == "error" for finding in findings)
    return Report(
        source=source,
        position=position,
        kind="cap" if alert else "unknown",
        cap_version=version,
        profile=None,
        identifier=alert.identifier or None if alert else None,
        sender=alert.sender or None if alert else None,
        sent=alert.sent.text if alert and alert.sent else None,
        verdict="invalid" if is_invalid else "valid",
        signature=Signature(status="absent"),
        findings=tuple(findings),
    )
