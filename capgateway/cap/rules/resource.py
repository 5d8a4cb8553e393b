"""Rules about resources: files that an info links to or contains (CAP 1.2 §3.2.3)."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from capgateway.cap import digest
from capgateway.cap.rule import Rule
from capgateway.cap.rules.info import EMPTY_URI, MAX_QUOTED, blank_in
from capgateway.cap.rules.lists import named

if TYPE_CHECKING:
    from capgateway.cap.model import Resource
    from capgateway.cap.rules.notes import Notes, Step

DESCRIPTION = Rule(
    id="cap.resource-desc.empty",
    level="error",
    asks="resourceDesc is not empty.",
    why="resourceDesc is what people see of the file before they open it.",
    reference="CAP 1.2 §3.2.3",
    source=("A-90",),
)
MIME_TYPE = Rule(
    id="cap.mime-type.form",
    level="error",
    asks="mimeType is a type and a subtype, such as image/jpeg.",
    why="Receivers decide by the media type how to show a file.",
    reference="CAP 1.2 §3.2.3",
    source=("A-91",),
)
RESOURCE_URI = Rule(
    id="cap.uri.absolute",
    level="error",
    asks="uri is an absolute URI, unless the resource has a derefUri.",
    why="A relative URI can only be a name for the content of derefUri.",
    reference="CAP 1.2 §3.2.3",
    source=("A-93",),
)
BASE64 = Rule(
    id="cap.deref-uri.base64",
    level="error",
    asks="derefUri is the file in base64.",
    why="Otherwise the file cannot be restored.",
    reference="CAP 1.2 §3.2.3",
    source=("A-94",),
)
DIGEST_FORM = Rule(
    id="cap.digest.form",
    level="warning",
    asks="digest is a SHA-1 value: 40 hexadecimal digits or 28 characters of base64.",
    why="The standard does not say which of the two, so both are accepted.",
    reference="CAP 1.2 §3.2.3",
    source=("A-97",),
)
DIGEST = Rule(
    id="cap.digest.mismatch",
    level="warning",
    asks="digest is the SHA-1 of the file in derefUri, or of its base64 text.",
    why="Otherwise the file may have been changed on the way. The standard does not say of which bytes the digest is, so a "
    "mismatch is not an error.",
    reference="CAP 1.2 §3.2.3",
    source=("A-97",),
)
DIGEST_OF_TEXT = Rule(
    id="cap.digest.text",
    level="info",
    asks="digest is the SHA-1 of the file itself, not of its base64 text.",
    why="Canada's and the United States' systems compute it over the base64 text: as written, without white space, or in lines "
    "of 60, 64 or 76 characters. All of these are accepted. Receivers that compute it over the file see a mismatch.",
    reference="CAP 1.2 §3.2.3",
    source=("A-97",),
)
CONTENT = Rule(
    id="cap.resource.content",
    level="warning",
    asks="A resource has a uri or a derefUri.",
    why="With neither there is no file to show.",
    reference="CAP 1.2 §3.2.3",
    source=("A-99",),
)

_NAME = r"[A-Za-z0-9!#$&^_.+-]{1,127}"
_MIME_TYPE = rf"{_NAME}/{_NAME}(\s*;.*)?"
# A scheme of one letter is a drive of Windows; a web address has a host.
_ABSOLUTE = r"(?i:https?|ftps?)://[^\s/?#]\S*|(?!(?i:https?|ftps?):)[A-Za-z][A-Za-z0-9+.-]+:\S+"
_NOT_BASE64 = r"[^A-Za-z0-9+/=\s]|=(?=[^=\s])"


def check_resource(resource: Resource, notes: Notes, *here: Step) -> None:
    has_file = bool(resource.deref_uri and resource.deref_uri.strip())
    if not resource.resource_desc.strip() and notes.has(*here, "resourceDesc"):
        notes.add(DESCRIPTION, "resourceDesc is empty; describe the file.", *here, "resourceDesc")
    if resource.mime_type is not None and not re.fullmatch(_MIME_TYPE, resource.mime_type):
        message = f"mimeType is `{resource.mime_type[:MAX_QUOTED]}`; write type/subtype, such as image/jpeg."
        notes.add(MIME_TYPE, message, *here, "mimeType")
    if not (resource.uri and has_file):
        _sources(resource, notes, *here, has_file=has_file)
    content = _content(resource.deref_uri or "", notes, *here) if has_file else None
    if resource.digest:
        _digest(resource.digest, content, resource.deref_uri or "", notes, *here)


def _sources(resource: Resource, notes: Notes, *here: Step, has_file: bool) -> None:
    """Where the file is: a uri, a derefUri, or neither. One of the two may be empty, which is a fault of its own."""
    has_any = bool(resource.uri) or has_file
    empty = [
        name
        for name, is_used in (("uri", resource.uri), ("derefUri", has_file))
        if not is_used and notes.has(*here, name)
    ]
    for name in empty:
        advice = (
            "" if has_any else " The resource then has no file: write its address into uri, or leave the resource out."
        )
        notes.add(EMPTY_URI, f"{name} is empty; leave the element out.{advice}", *here, name)
    if not has_any and not empty:
        notes.add(CONTENT, "The resource has neither uri nor derefUri; add the address of the file.", *here)
    if resource.uri and not has_file and not re.fullmatch(_ABSOLUTE, resource.uri):
        message = (
            f"uri is `{resource.uri[:MAX_QUOTED]}`, which is not absolute; write an absolute URI, or add derefUri."
        )
        notes.add(RESOURCE_URI, blank_in("uri", resource.uri) or message, *here, "uri")


def _content(deref_uri: str, notes: Notes, *here: Step) -> bytes | None:
    try:
        return binascii.a2b_base64("".join(deref_uri.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        stray = re.search(_NOT_BASE64, deref_uri)
        if stray is None:
            notes.add(
                BASE64,
                "derefUri is base64 that was cut off or padded wrongly; encode the file again.",
                *here,
                "derefUri",
            )
        else:
            message = f"derefUri contains {named(stray[0])}, which is not base64; {_encode(deref_uri, stray[0])}."
            notes.add(BASE64, message, *here, "derefUri", offset=stray.start())
        return None


def _encode(deref_uri: str, stray: str) -> str:
    if deref_uri.lstrip().startswith("data:"):
        return "leave out everything up to the first comma"
    return "write + for - and / for _" if stray in "-_" else "encode the file again"


def _digest(text: str, content: bytes | None, deref_uri: str, notes: Notes, *here: Step) -> None:
    expected = digest.stated(text)
    if expected is None:
        notes.add(DIGEST_FORM, _not_sha1(text), *here, "digest")
        return
    if content is None:
        return
    form = digest.reading(expected, content, deref_uri)
    if form is None:
        message = "digest is not the SHA-1 of the file in derefUri, nor of its base64 text; compute it again over the decoded file."
        notes.add(DIGEST, message, *here, "digest")
    elif form != digest.OF_FILE:
        message = (
            f"digest is the SHA-1 of the base64 text, {form}, and not of the file; compute it over the decoded file."
        )
        notes.add(DIGEST_OF_TEXT, message, *here, "digest")


def _not_sha1(text: str) -> str:
    """What to say of a digest that has another form."""
    advice = "write the SHA-1 of the file, in 40 hexadecimal digits"
    plain = re.sub(r"^sha-?1[:=]|[\s:-]", "", text.casefold())
    if re.fullmatch(r"[0-9a-f]{40}", plain):
        return "digest has a prefix or separators; write the 40 hexadecimal digits only."
    length = len(plain) if re.fullmatch(r"[0-9a-f]+", plain) else None
    other = {32: "an MD5", 64: "a SHA-256", 96: "a SHA-384", 128: "a SHA-512"}.get(length or 0)
    if other:
        return f"digest is {other}, but CAP uses SHA-1; {advice}."
    if length:
        return f"digest has {length:,} hexadecimal digits, but a SHA-1 has 40; {advice}."
    return f"digest is `{text[:MAX_QUOTED]}`, which is not a SHA-1; {advice}."
