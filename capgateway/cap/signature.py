"""The verdict on a message's signatures: correct and trusted, wrong, by a stranger, with an expired certificate.

All of them must be right: one good signature beside a broken one says that the message was changed. Read from a parse of
its own that keeps comments and white space. Imported only for messages that carry a Signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from lxml import etree

from capgateway.cap.dsig import Seal, seals
from capgateway.cap.finding import Finding, Signature, SignatureStatus
from capgateway.cap.names import SIGNATURE
from capgateway.cap.place import xpath
from capgateway.cap.rule import Rule
from capgateway.cap.trust import Anchors, anchors, standing
from capgateway.cap.xml import read_xml

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

#: Nobody signs an alert more often; more would only cost time.
MAX_SIGNATURES = 8
#: A subject is some hundred characters long; it comes from strangers and is shown in findings.
MAX_NAME = 300

INVALID = Rule(
    id="signature.invalid",
    level="error",
    layer="signature",
    asks="Every Signature of a message is correct and covers the whole message.",
    why="An incorrect one means that the message was changed after it was signed. Re-indenting is a change too.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134", "A-135", "A-138", "B-42"),
)
UNTRUSTED = Rule(
    id="signature.untrusted",
    level="warning",
    layer="signature",
    asks="A chain of certificates leads from a trusted certificate or key to the signer, and each is allowed to issue or sign.",
    why="Anybody can sign. A signature of an unknown signer proves only that the message was not changed since. Checked only if "
    "trust anchors are given.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134",),
)
EXPIRED = Rule(
    id="signature.expired",
    level="warning",
    layer="signature",
    asks="The certificates of the signer and of the authorities below the trusted one were valid when the message was sent, or "
    "at the time that `--at` gives.",
    why="The dates of a trusted authority itself do not count (RFC 5280 §6.1): those who trust it decide for how long. Those of "
    "a trusted certificate that is the signer's own count.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134", "B-72"),
)
UNSUPPORTED = Rule(
    id="signature.unsupported",
    level="warning",
    layer="signature",
    asks='A Signature is enveloped, has one Reference with URI "" or without URI, and uses RSA, ECDSA or DSA with a safe key.',
    why="Other signatures cannot be checked here. A message is not refused for that, and counts as not signed. At most 8 "
    "Signatures are checked.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-131", "A-132"),
)
WEAK = Rule(
    id="signature.sha1",
    level="info",
    layer="signature",
    asks="A Signature uses SHA-256 or a stronger hash, not SHA-1.",
    why="An attacker with enough money can create two texts with the same SHA-1.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134",),
)

#: The best that can be said of several signatures that are all right is said first.
_BEST_FIRST: tuple[SignatureStatus, ...] = ("valid", "expired", "untrusted", "unsupported")
_STATUS: dict[str, SignatureStatus] = {"trusted": "valid", "expired": "expired", "stranger": "untrusted"}


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One Signature, what it is worth, and who made it as far as that is known."""

    element: etree._Element
    seal: Seal
    status: SignatureStatus
    signer: str | None

    @classmethod
    def of(cls, element: etree._Element, seal: Seal, trusted: Anchors, at: datetime) -> _Judged:
        if seal.outcome != "right":
            status: SignatureStatus = "invalid" if seal.outcome == "wrong" else "unsupported"
            return cls(element=element, seal=seal, status=status, signer=None)
        stands = standing(seal, trusted, at)
        return cls(element=element, seal=seal, status=_STATUS[stands.word], signer=_name(stands.certificate))


def verify(document: bytes, *, trust: bytes = b"", at: datetime) -> tuple[Signature, tuple[Finding, ...]]:
    """Judge the signatures of a message that :func:`parse` could read. ``trust`` is PEM text with the certificates (of
    authorities or signers) and public keys that are trusted; ``at`` the time at which certificates must be valid.
    Raises ``ValueError`` for ``trust`` that contains neither, or anything else."""
    xml = read_xml(document, keep="all")
    root = xml.root
    if root is None:  # it was read without comments and white space, so that this is rare; absent is another thing
        why = f"The Signature cannot be checked, because the message cannot be read again: {xml.findings[-1].message}"
        return Signature(status="unsupported"), (UNSUPPORTED.finding(why),)
    if next(root.iter(SIGNATURE), None) is None:
        return Signature(status="absent"), ()
    trusted = anchors(trust) if trust else Anchors()
    elements = root.findall(SIGNATURE)
    if len(elements) != len(list(root.iter(SIGNATURE))):
        misplaced = _at(
            INVALID, "A Signature is not a child of alert: it was moved. Move it back.", next(root.iter(SIGNATURE))
        )
        return Signature(status="invalid"), (misplaced,)
    if len(elements) > MAX_SIGNATURES:
        why = f"The message has {len(elements)} Signatures; at most {MAX_SIGNATURES} are checked."
        return Signature(status="unsupported"), (_at(UNSUPPORTED, why, elements[0]),)
    judged = [_Judged.of(element, seal, trusted, at) for element, seal in zip(elements, seals(root), strict=True)]
    findings = tuple(finding for one in judged for finding in _findings(one, is_asked=bool(trust)))
    if any(one.status == "invalid" for one in judged):
        return Signature(status="invalid"), findings
    best = min(judged, key=lambda one: _BEST_FIRST.index(one.status))
    return Signature(status=best.status, signer=best.signer), findings


def _findings(one: _Judged, *, is_asked: bool) -> list[Finding]:
    found = []
    signer = one.signer or "a bare key"
    if one.status == "invalid":
        found.append((INVALID, f"The Signature is not correct: {one.seal.why}. Sign the message again."))
    elif one.status == "unsupported":
        found.append((UNSUPPORTED, f"The Signature cannot be checked: {one.seal.why}."))
    elif one.status == "expired":
        found.append((EXPIRED, f"The Signature is correct, but a certificate of {signer} was not valid at the time."))
    elif one.status == "untrusted" and is_asked:
        found.append((UNTRUSTED, f"The Signature is correct, but no trusted certificate or key leads to {signer}."))
    if one.seal.is_sha1:
        found.append((WEAK, "The Signature uses SHA-1; sign with SHA-256."))
    return [_at(rule, message, one.element) for rule, message in found]


def _at(rule: Rule, message: str, element: etree._Element) -> Finding:
    return rule.finding(message, xpath=xpath(element), line=element.sourceline)


def _name(certificate: x509.Certificate | None) -> str | None:
    if certificate is None:
        return None
    name = certificate.subject.rfc4514_string()
    return name if len(name) <= MAX_NAME else name[:MAX_NAME] + "…"
