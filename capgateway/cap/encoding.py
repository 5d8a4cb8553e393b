"""Documents whose beginning is unusual: what comes before the first `<`, and encodings other than the declared one.

What real senders get wrong is repaired, each time with a finding, where the text is beyond doubt.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

from capgateway.cap.finding import Finding
from capgateway.cap.rule import Rule

BOM = Rule(
    id="xml.bom",
    level="info",
    layer="xml",
    asks="A UTF-8 document begins without a byte order mark.",
    why="The mark is legal and not needed, and some receivers fail on it.",
    reference="XML 1.0 §4.3.3",
    source=("A-13",),
)
LEADING_BLANK = Rule(
    id="xml.leading-blank",
    level="warning",
    layer="xml",
    asks="Nothing comes before the XML declaration, and at most one byte order mark before the document.",
    why="A document with a blank line before its declaration is not well-formed. It is read here as if the line were absent.",
    reference="XML 1.0 §2.8",
    source=("A-13",),
)
ENCODING = Rule(
    id="xml.encoding",
    level="warning",
    layer="xml",
    asks="The declared encoding of a document is the one that its bytes have.",
    why="Otherwise receivers see wrong characters or refuse the document. It is read here in the encoding of its bytes.",
    reference="XML 1.0 §4.3.3",
    source=("A-13",),
)

_UTF8_BOM = b"\xef\xbb\xbf"
_PREFIX = rb"(?:[ \t\r\n]++|\xef\xbb\xbf)*+"
_DECLARATION = rb"<\?xml\s[^>]{0,200}?\?>"
_ENCODING = rb"(<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"'])([^\"'>]{0,60})"
#: More bytes a character, by a mark or by the first `<` (XML 1.0, appendix F); longer beginnings first.
_WIDE = {
    b"\xff\xfe\0\0": "utf-32-le",
    b"\0\0\xfe\xff": "utf-32-be",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_LATIN = frozenset({"iso-8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "us-ascii", "ascii"})
#: Of the encodings that Python knows those that XML is written in; others cannot be a parser's, and some are slow.
_USUAL = r"iso[-_]8859-|latin|windows-|cp\d|koi8|shift.?jis|sjis|euc-|iso-2022-|gb|big5"
#: How to decode bytes that are no UTF-8: see the end of this module.
_STRAY = "capgateway.windows-1252"
#: Bytes that are control characters in ISO-8859-1, which no text holds, and quotes or dashes in Windows-1252.
_CONTROLS = bytes(range(0x80, 0xA0))


def repaired(document: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """The document beginning with its first ``<`` and in the encoding it declares; lines keep their numbers."""
    document, repairs = _beginning(document)
    declared = _declared(document)
    wide = _wide(document)
    if wide and declared and _width(declared) != (width := _width(wide)):
        message = (
            f"The document declares {declared} but has {width} bytes per character, and is read so. Declare {wide}."
        )
        return document, (*repairs, ENCODING.finding(message, line=1))
    actual = _actual(document, declared)
    if actual is None or actual == declared:
        return document, repairs
    shown = "UTF-8" if actual == "utf-8" else "Windows-1252"
    message = f"The document {_says(declared)} but is {shown}, and is read as {shown}. Declare {shown}."
    return _as_utf8(document.decode(actual)), (*repairs, ENCODING.finding(message, line=1))


def relabelled(document: bytes) -> tuple[bytes, Finding]:
    """A document that could not be read in the encoding it declares, in UTF-8. Bytes that are none are taken for
    Windows-1252, one by one, so that a single stray one does not garble the others."""
    declared = _declared(document)
    try:
        text, shown = document.decode(), "it is read as UTF-8. Declare UTF-8"
    except UnicodeDecodeError:
        text = document.decode(errors=_STRAY)
        shown = "bytes that are not UTF-8 are read as Windows-1252. Write the document in UTF-8"
    message = f"The document {_says(declared)} but its bytes are not; {shown}."
    return _as_utf8(text), ENCODING.finding(message, line=1)


def _says(declared: str | None) -> str:
    return f"declares {declared}" if declared else "declares no encoding, which means UTF-8,"


def decoded(document: bytes) -> str:
    """The text of a document as the parser reads it, repaired or not, but with the beginning and the declaration that it
    has. Never raises."""
    if wide := _wide(document):
        return document.decode(wide, "replace").removeprefix("\ufeff")
    document = document.removeprefix(_UTF8_BOM)
    actual = _actual(document, _declared(_beginning(document)[0]))
    if actual and re.match(_USUAL, actual):
        with suppress(LookupError, UnicodeError):
            return document.decode(actual)
    return document.decode(errors=_STRAY)  # plain UTF-8 needs no repair by it


def declares_wide(document: bytes) -> bool:
    """Whether a document of single bytes calls itself one of more."""
    return not _wide(document) and bool(_width(_declared(document)))


def _width(encoding: str | None) -> int:
    """How many bytes a character has at least in an encoding of that name, 0 where it may be one."""
    if (encoding or "").startswith(("utf-32", "ucs-4", "iso-10646-ucs-4")):
        return 4
    return 2 if (encoding or "").startswith(("utf-16", "ucs-2", "iso-10646-ucs-2")) else 0


def _beginning(document: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    prefix = re.match(_PREFIX, document)[0]  # type: ignore[index]  # it matches anything
    marks, blanks = prefix.count(_UTF8_BOM), prefix.replace(_UTF8_BOM, b"")
    body = document[len(prefix) :]
    declaration = re.match(_DECLARATION, body)
    repairs: tuple[Finding, ...] = ()
    if marks:
        repairs += (BOM.finding("The document begins with a UTF-8 byte order mark; leave it out.", line=1),)
    if (blanks and declaration) or marks > 1 or not prefix.startswith(_UTF8_BOM[:marks]):
        message = "White space or marks precede the document; begin it with `<?xml`."
        repairs += (LEADING_BLANK.finding(message, line=1),)
    if declaration:  # which has to come first; the blanks go behind it, so that lines keep their numbers
        return declaration[0] + blanks + body[declaration.end() :], repairs
    return blanks + body, repairs


def _actual(document: bytes, declared: str | None) -> str | None:
    """The encoding of a document by what it declares, unless that is a Latin one and wrong: by chance no text of those is
    UTF-8 (`Ã±`), and none of ISO-8859-1 has control characters for quotes."""
    if declared not in _LATIN or document.isascii():
        return declared
    if _is_in(document, "utf-8"):
        return "utf-8"
    has_controls = document.translate(None, _CONTROLS) != document
    return "cp1252" if "1252" not in declared and has_controls and _is_in(document, "cp1252") else declared


def _is_in(document: bytes, encoding: str) -> bool:
    try:
        document.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _declared(document: bytes) -> str | None:
    head = document[:600].replace(b"\0", b"").lstrip(b"\xff\xfe")
    match = re.match(_ENCODING, head)
    return match[2].decode("ascii", "replace").lower() if match else None


def _wide(document: bytes) -> str | None:
    """The encoding of a document with more bytes a character than one."""
    return next((encoding for beginning, encoding in _WIDE.items() if document.startswith(beginning)), None)


def _as_utf8(text: str) -> bytes:
    return re.sub(_ENCODING, rb"\1utf-8", text.encode(), count=1)


def _windows_1252(fault: UnicodeError) -> tuple[str, int]:
    assert isinstance(fault, UnicodeDecodeError)  # noqa: S101  (it is registered for decoding only)
    stray = fault.object[fault.start : fault.start + 1]
    return stray.decode("cp1252", "replace"), fault.start + 1


codecs.register_error(_STRAY, _windows_1252)
