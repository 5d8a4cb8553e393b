"""Rules about resources: files that an info points to or carries (CAP 1.2 §3.2.3)."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule
from capgateway.cap.rules.info import blank_in

if TYPE_CHECKING:
    from capgateway.cap.model import Resource
    from capgateway.cap.rules.notes import Notes, Step

DESCRIPTION = Rule(
    id="cap.resource-desc.empty",
    level="error",
    asks="resourceDesc says what the file is.",
    reference="CAP 1.2 §3.2.3",
    source=("A-90",),
)
MIME_TYPE = Rule(
    id="cap.mime-type.form",
    level="error",
    asks="mimeType is a type and a subtype, such as image/jpeg.",
    reference="CAP 1.2 §3.2.3",
    source=("A-91",),
)
RESOURCE_URI = Rule(
    id="cap.uri.absolute",
    level="error",
    asks="uri is absolute, unless the file itself is in derefUri.",
    why="A relative one is no more than a name for the content of derefUri.",
    reference="CAP 1.2 §3.2.3",
    source=("A-93",),
)
BASE64 = Rule(
    id="cap.deref-uri.base64",
    level="error",
    asks="derefUri holds the file in base64.",
    reference="CAP 1.2 §3.2.3",
    source=("A-94",),
)
DIGEST_FORM = Rule(
    id="cap.digest.form",
    level="warning",
    asks="digest is a SHA-1, 40 hexadecimal digits or 28 characters of base64.",
    why="Which of the two is not settled, so both are read.",
    reference="CAP 1.2 §3.2.3",
    source=("A-97",),
)
DIGEST = Rule(
    id="cap.digest.mismatch",
    level="error",
    asks="digest is the SHA-1 of the file.",
    why="When it is not, the file was changed or exchanged on the way.",
    reference="CAP 1.2 §3.2.3",
    source=("A-97",),
)
CONTENT = Rule(
    id="cap.resource.content",
    level="warning",
    asks="A resource has a uri or a derefUri.",
    why="With neither there is nothing to show.",
    reference="CAP 1.2 §3.2.3",
    source=("A-99",),
)

_NAME = r"[A-Za-z0-9!#$&^_.+-]{1,127}"
_MIME_TYPE = rf"{_NAME}/{_NAME}(\s*;.*)?"
# A scheme of one letter is a drive of Windows; a web address has a host.
_ABSOLUTE = r"(?i:https?|ftps?)://[^\s/?#]\S*|(?!(?i:https?|ftps?):)[A-Za-z][A-Za-z0-9+.-]+:\S+"
_HEX_SHA1 = r"[0-9A-Fa-f]{40}"
_BASE64_SHA1 = r"[A-Za-z0-9+/]{27}="


def check_resource(resource: Resource, notes: Notes, *here: Step) -> None:
    has_file = bool(resource.deref_uri and resource.deref_uri.strip())
    if not resource.resource_desc.strip() and notes.has(*here, "resourceDesc"):
        notes.add(DESCRIPTION, "resourceDesc is empty; say what the file is.", *here, "resourceDesc")
    if resource.mime_type is not None and not re.fullmatch(_MIME_TYPE, resource.mime_type):
        notes.add(MIME_TYPE, "mimeType is not type/subtype, such as image/jpeg.", *here, "mimeType")
    if not resource.uri and not has_file:
        notes.add(CONTENT, "The resource has neither uri nor derefUri; say where the file is.", *here)
    if resource.uri and not has_file and not re.fullmatch(_ABSOLUTE, resource.uri):
        message = blank_in("uri", resource.uri) or "uri is relative and there is no derefUri; write a full URI."
        notes.add(RESOURCE_URI, message, *here, "uri")
    content = _content(resource.deref_uri or "", notes, *here) if has_file else None
    if resource.digest:
        _digest(resource.digest, content, notes, *here)


def _content(deref_uri: str, notes: Notes, *here: Step) -> bytes | None:
    try:
        return binascii.a2b_base64("".join(deref_uri.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        notes.add(BASE64, "derefUri is not base64; encode the file again.", *here, "derefUri")
        return None


def _digest(digest: str, content: bytes | None, notes: Notes, *here: Step) -> None:
    if re.fullmatch(_HEX_SHA1, digest):
        stated = bytes.fromhex(digest)
    elif re.fullmatch(_BASE64_SHA1, digest):
        stated = binascii.a2b_base64(digest)
    else:
        notes.add(DIGEST_FORM, "digest is no SHA-1 in hexadecimal or base64.", *here, "digest")
        return
    import hashlib  # noqa: PLC0415  (few messages need it, and it takes 3 ms of a command that takes 80)

    if content is not None and hashlib.sha1(content, usedforsecurity=False).digest() != stated:
        notes.add(DIGEST, "digest is not the SHA-1 of the file in derefUri: one of the two is wrong.", *here, "digest")
