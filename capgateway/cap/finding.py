"""What a validator has to say: findings, and the report that gathers them. The JSON form is a published contract."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["error", "warning", "info"]
Layer = Literal["xml", "schema", "standard", "profile", "signature", "feed"]
Kind = Literal["cap", "feed", "edxl-de", "unknown"]
Verdict = Literal["valid", "invalid"]
SignatureStatus = Literal["absent", "valid", "invalid", "untrusted", "expired", "unsupported"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a document, and where: ``xpath`` from the document's root, ``line`` 1-based."""

    rule: str
    level: Level
    layer: Layer
    xpath: str | None = None
    line: int | None = None
    message: str
    reference: str | None = None


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on a message's XML signatures; ``signer`` is the certificate's subject where there is one."""

    status: SignatureStatus
    signer: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All findings about one alert, or about one container. ``verdict`` is invalid when any finding is an error."""

    source: str
    position: int
    kind: Kind
    cap_version: str | None
    profile: str | None
    identifier: str | None
    sender: str | None
    sent: str | None
    verdict: Verdict
    signature: Signature | None
    findings: tuple[Finding, ...]
