"""What a validator has to say: findings, and the report that gathers them. The JSON form is a published contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Level = Literal["error", "warning", "info"]
Layer = Literal["xml", "schema", "standard", "profile", "signature", "feed"]
Kind = Literal["cap", "feed", "edxl-de", "unknown"]
Verdict = Literal["valid", "invalid"]
SignatureStatus = Literal["absent", "valid", "invalid", "untrusted", "expired", "unsupported"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a document, and where: ``xpath`` from the document's root, ``line`` and ``column`` from 1.

    A parsed tree knows no columns: only a fault of the bytes themselves has one from the start. For a part of a text,
    ``offset`` says how many characters of the element's text come before it; with the bytes, the column can be found.
    """

    rule: str
    level: Level
    layer: Layer
    xpath: str | None = None
    line: int | None = None
    column: int | None = None
    message: str
    reference: str | None = None
    offset: int | msgspec.UnsetType = msgspec.UNSET


class Signature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The verdict on a message's XML signatures; ``signer`` is the certificate's subject where there is one."""

    status: SignatureStatus
    signer: str | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All findings about one alert, or about one container. ``verdict`` is invalid when any finding is an error; ``failed``
    is there, and true, when the report counts as a failure for the user who asked for ``--strict``."""

    source: str
    position: int
    kind: Kind
    cap_version: str | None = None
    profile: str | None = None
    identifier: str | None = None
    sender: str | None = None
    sent: str | None = None
    verdict: Verdict
    failed: bool | msgspec.UnsetType = msgspec.UNSET
    signature: Signature | None = None
    findings: tuple[Finding, ...]


def verdict_on(findings: Iterable[Finding]) -> Verdict:
    """Invalid when any finding is an error."""
    for finding in findings:
        if finding.level == "error":
            return "invalid"
    return "valid"


def moved(finding: Finding, where: str, lines: int | None, *, root: str = "") -> Finding:
    """The finding about a message as one about the container it is in: ``where`` stands for the path of its ``root``,
    ``lines`` is how many come before it, ``None`` when its lines are not the container's."""
    return msgspec.structs.replace(
        finding,
        xpath=where + (finding.xpath or "").removeprefix(root),
        line=None if finding.line is None or lines is None else finding.line + lines,
        column=None,  # that of the message alone; a container may indent or escape it
    )
