"""Documents whose beginning is unusual: what stands before the first `<`, and encodings other than the declared one.

What real senders get wrong is repaired, each time with a finding, where the text is beyond doubt.
"""

from __future__ import annotations

import codecs
import re

from capgateway.cap.finding import Finding
from capgateway.cap.rule import Rule

BOM = Rule(
    id="xml.bom",
    level="info",
    layer="xml",
    asks="A UTF-8 document needs no byte order mark.",
    why="It is legal, but some receivers stumble over it.",
    reference="XML 1.0 §4.3.3",
    source=("A-13",),
)
LEADING_BLANK = Rule(
    id="xml.leading-blank",
    level="warning",
    layer="xml",
    asks="Nothing comes before the XML declaration.",
    why="With a blank line before it a document is not well-formed; it is read here as if the line were not there.",
    reference="XML 1.0 §2.8",
    source=("A-13",),
)
ENCODING = Rule(
    id="xml.encoding",
    level="warning",
    layer="xml",
    asks="The encoding that a document declares is the one its bytes have.",
    why="Read by the book such a document is garbled or not well-formed; it is read here in the encoding its bytes are in.",
    reference="XML 1.0 §4.3.3",
    source=("A-13",),
)

_UTF8_BOM = b"\xef\xbb\xbf"
_DECLARATION = rb"<\?xml\s[^>]{0,200}?\?>"
_ENCODING = rb"(<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"'])([^\"'>]{0,60})"
_LATIN = frozenset({"iso-8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii", "ascii"})
#: Bytes that are control characters in ISO-8859-1, which no text holds, and quotes or dashes in Windows-1252.
_CONTROLS = bytes(range(0x80, 0xA0))


def repaired(document: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """The document beginning with its first ``<`` and in the encoding it declares; lines keep their numbers."""
    document, repairs = _beginning(document)
    declared = _declared(document)
    wide = _is_wide(document)
    if wide and declared and not declared.startswith(("utf-16", "utf-32", "ucs", "iso-10646")):
        message = f"The document says it is {declared} but has {wide} bytes a character; it is read as that."
        return document, (*repairs, ENCODING.finding(message, line=1))
    if declared in _LATIN and not document.isascii():
        return _latin(document, declared, repairs)
    return document, repairs


def relabelled(document: bytes) -> tuple[bytes, Finding]:
    """A document that could not be read in the encoding it declares, in UTF-8. Bytes that are none are taken for
    Windows-1252, one by one, so that a single stray one does not garble the others."""
    declared = _declared(document) or "utf-8"
    try:
        text, shown = document.decode(), "it is read as UTF-8"
    except UnicodeDecodeError:
        text, shown = document.decode(errors="capgateway.windows-1252"), "what is not UTF-8 is read as Windows-1252"
    message = f"The document says it is {declared} but its bytes are not; {shown}. Declare the encoding it has."
    return _as_utf8(text), ENCODING.finding(message, line=1)


def declares_wide(document: bytes) -> bool:
    """Whether a document of single bytes calls itself one of more."""
    return (_declared(document) or "").startswith(("utf-16", "utf-32", "ucs"))


def _beginning(document: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    body = document.lstrip(b" \t\r\n")
    repairs: tuple[Finding, ...] = ()
    if body.startswith(_UTF8_BOM):
        at = len(document) - len(body)
        document = document[:at] + body[len(_UTF8_BOM) :]
        body = document.lstrip(b" \t\r\n")
        repairs += (BOM.finding("The document begins with a UTF-8 byte order mark; it is not needed.", line=1),)
    declaration = re.match(_DECLARATION, body)
    if declaration and len(body) < len(document):
        blank = document[: len(document) - len(body)]
        document = declaration[0] + blank + body[declaration.end() :]
        message = "There is white space before the XML declaration; begin the document with `<?xml`."
        repairs += (LEADING_BLANK.finding(message, line=1),)
    return document, repairs


def _latin(document: bytes, declared: str, repairs: tuple[Finding, ...]) -> tuple[bytes, tuple[Finding, ...]]:
    """By chance no text of a Latin encoding is UTF-8 (`Ã±`), and none of ISO-8859-1 has control characters for quotes."""
    for actual, shown in (("utf-8", "UTF-8"), ("cp1252", "Windows-1252")):
        if actual == "cp1252" and ("1252" in declared or document.translate(None, _CONTROLS) == document):
            break
        try:
            text = document.decode(actual)
        except UnicodeDecodeError:
            continue
        message = f"The document says it is {declared} but is {shown}, and read as that. Declare the encoding it has."
        return _as_utf8(text), (*repairs, ENCODING.finding(message, line=1))
    return document, repairs


def _declared(document: bytes) -> str | None:
    head = document[:600].replace(b"\0", b"").lstrip(b"\xff\xfe")
    match = re.match(_ENCODING, head)
    return match[2].decode("ascii", "replace").lower() if match else None


def _is_wide(document: bytes) -> int:
    """How many bytes a character has, 0 for what is read byte by byte."""
    head = document[:4]
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"} and head[2:] != b"\0\0":
        return 2
    return {0: 0, 1: 2, 2: 2, 3: 4}.get(head.count(b"\0"), 0)


def _as_utf8(text: str) -> bytes:
    return re.sub(_ENCODING, rb"\1utf-8", text.encode(), count=1)


def _windows_1252(fault: UnicodeError) -> tuple[str, int]:
    assert isinstance(fault, UnicodeDecodeError)  # noqa: S101  (it is registered for decoding only)
    stray = fault.object[fault.start : fault.start + 1]
    return stray.decode("cp1252", "replace"), fault.start + 1


codecs.register_error("capgateway.windows-1252", _windows_1252)
