"""The verdict on a message's signatures: right and trusted, wrong, by a stranger, by an expired certificate.

All of them must be right: one good signature beside a broken one says that the message was changed. Read from a parse of
its own that keeps comments and white space. Imported only for messages that carry a Signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from capgateway.cap.dsig import Seal, seals
from capgateway.cap.finding import Finding, Signature, SignatureStatus
from capgateway.cap.names import XMLDSIG
from capgateway.cap.place import xpath
from capgateway.cap.rule import Rule
from capgateway.cap.trust import Anchors, anchors, standing
from capgateway.cap.xml import read_xml

if TYPE_CHECKING:
    from datetime import datetime

#: Nobody signs an alert more often; more would only cost time.
MAX_SIGNATURES = 8
#: Canonical XML takes quadratic time in declared namespaces; a signed message declares two or three.
MAX_NAMESPACES = 200

INVALID = Rule(
    id="signature.invalid",
    level="error",
    layer="signature",
    asks="Every Signature of a message is right and covers all of it.",
    why="A wrong one means that the message was changed after it was signed, or reformatted, which breaks signatures too.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134", "A-135", "A-138", "B-42"),
)
UNTRUSTED = Rule(
    id="signature.untrusted",
    level="warning",
    layer="signature",
    asks="One of the trusted certificates leads to the signer.",
    why="Anybody can sign; a signature by a stranger says only that the message was not changed since. Looked at when trust "
    "anchors are given.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134",),
)
EXPIRED = Rule(
    id="signature.expired",
    level="warning",
    layer="signature",
    asks="The certificates of the signer were valid at the time in question.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134", "B-72"),
)
UNSUPPORTED = Rule(
    id="signature.unsupported",
    level="warning",
    layer="signature",
    asks='A Signature is enveloped, covers the document with URI "", and uses RSA or ECDSA.',
    why="Others cannot be checked here; a message is not refused for that.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-131", "A-132"),
)
WEAK = Rule(
    id="signature.sha1",
    level="info",
    layer="signature",
    asks="A Signature is made with SHA-256 or better.",
    why="Two texts with the same SHA-1 can be made at a price that some would pay.",
    reference="CAP 1.2 §3.3.4.1",
    source=("A-134",),
)

_SIGNATURE = f"{{{XMLDSIG}}}Signature"
#: The best that can be said of several signatures that are all right is said first.
_BEST_FIRST: tuple[SignatureStatus, ...] = ("valid", "expired", "untrusted", "unsupported")


def has_signature(root: etree._Element) -> bool:
    """Whether there is any Signature in the message, in its place or not."""
    return next(root.iter(_SIGNATURE), None) is not None


def verify(document: bytes, *, trust: bytes = b"", at: datetime) -> tuple[Signature, tuple[Finding, ...]]:
    """Judge the signatures of a message that :func:`parse` could read. ``trust`` is PEM text with the certificates (of
    authorities or signers) and public keys that are trusted; ``at`` the time at which certificates must be valid.
    Raises ``ValueError`` for ``trust`` that holds neither."""
    root = read_xml(document, keep="all").root
    if root is None or not has_signature(root):
        return Signature(status="absent"), ()
    if document.replace(b"\0", b"").count(b"xmlns") > MAX_NAMESPACES:
        return _unchecked(next(root.iter(_SIGNATURE)), f"the message declares more than {MAX_NAMESPACES} namespaces")
    trusted = anchors(trust) if trust else Anchors()
    elements = root.findall(_SIGNATURE)
    if len(elements) != len(list(root.iter(_SIGNATURE))):
        return _refused(next(root.iter(_SIGNATURE)), "A Signature stands where none belongs: it was moved.")
    if len(elements) > MAX_SIGNATURES:
        return _refused(
            elements[0], f"The message has {len(elements)} Signatures; more than {MAX_SIGNATURES} are not checked."
        )
    judged = [
        (element, seal, _status(seal, trusted, at))
        for element, seal in zip(elements, seals(root.getroottree()), strict=True)
    ]
    findings = [finding for one in judged for finding in _findings(*one, is_asked=bool(trust))]
    if any(status == "invalid" for _, _, status in judged):
        return Signature(status="invalid"), tuple(findings)
    _, seal, status = min(judged, key=lambda one: _BEST_FIRST.index(one[2]))
    signer = seal.certificates[0].subject.rfc4514_string() if seal.certificates else None
    return Signature(status=status, signer=signer), tuple(findings)


def _status(seal: Seal, trusted: Anchors, at: datetime) -> SignatureStatus:
    if seal.outcome != "right":
        return "invalid" if seal.outcome == "wrong" else "unsupported"
    stands = standing(seal, trusted, at)
    return "valid" if stands == "trusted" else "expired" if stands == "expired" else "untrusted"


def _findings(element: etree._Element, seal: Seal, status: SignatureStatus, *, is_asked: bool) -> list[Finding]:
    found = []
    signer = seal.certificates[0].subject.rfc4514_string() if seal.certificates else "a bare key"
    if status == "invalid":
        found.append((INVALID, f"The Signature is wrong: {seal.why}."))
    elif status == "unsupported":
        found.append((UNSUPPORTED, f"The Signature cannot be checked: {seal.why}."))
    elif status == "expired":
        found.append((EXPIRED, f"The Signature is right; a certificate of {signer} was not valid at the time."))
    elif status == "untrusted" and is_asked:
        found.append((UNTRUSTED, f"The Signature is right, but nothing trusted leads to {signer}."))
    if seal.is_sha1:
        found.append((WEAK, "The Signature is made with SHA-1; sign with SHA-256."))
    return [rule.finding(message, xpath=xpath(element), line=element.sourceline) for rule, message in found]


def _unchecked(element: etree._Element, why: str) -> tuple[Signature, tuple[Finding, ...]]:
    message = f"The Signature cannot be checked: {why}."
    finding = UNSUPPORTED.finding(message, xpath=xpath(element), line=element.sourceline)
    return Signature(status="unsupported"), (finding,)


def _refused(element: etree._Element, message: str) -> tuple[Signature, tuple[Finding, ...]]:
    finding = INVALID.finding(message, xpath=xpath(element), line=element.sourceline)
    return Signature(status="invalid"), (finding,)
