"""Bytes from strangers become an XML tree, or one finding that says why not. Nothing is fetched, nothing expanded.

Three faults of real senders are repaired, each with a finding, because the text is beyond doubt: blank lines before
the XML declaration, a UTF-8 byte order mark, and a declaration that names the wrong encoding.
"""

from __future__ import annotations

import re
import threading
from typing import Literal

import msgspec
from lxml import etree

from capgateway.cap.finding import Finding
from capgateway.cap.rule import Rule

#: The largest alert anyone sends carries recorded speech of some hundred kilobytes; libxml2 itself stops at 10 MB a text.
MAX_BYTES = 10_000_000

SIZE = Rule(
    id="xml.size",
    level="error",
    layer="xml",
    asks="A document has at most 10,000,000 bytes.",
    why="An unbounded document could fill the memory of every receiver.",
    source=("A-15",),
)
SYNTAX = Rule(
    id="xml.syntax",
    level="error",
    layer="xml",
    asks="A document is well-formed XML 1.0, at most 256 elements deep.",
    reference="XML 1.0 §2.1",
    source=("A-13", "A-15"),
)
DOCTYPE = Rule(
    id="xml.doctype",
    level="error",
    layer="xml",
    asks="A document has no DOCTYPE.",
    why="CAP needs none, and its entities can read files, call servers and fill memory.",
    reference="XML 1.0 §2.8",
    source=("A-14",),
)
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
    why="Read by the book such a document is not well-formed; it is read here in the encoding its bytes are in.",
    reference="XML 1.0 §4.3.3",
    source=("A-13",),
)

WIDTH = Rule(
    id="xml.width",
    level="error",
    layer="xml",
    asks="No element has more than 25,000 children.",
    why="libxml2 counts the siblings of everything it complains about, so that a wide document full of faults would take "
    "minutes. The widest ones seen have some thousand.",
    source=("A-15",),
)
MAX_CHILDREN = 25_000

_UTF8_BOM = b"\xef\xbb\xbf"
_DECLARATION = rb"<\?xml\s[^>]{0,200}?\?>"
_ENCODING = rb"(<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"'])([^\"'>]{0,60})"
# Nearly every document: a declaration, then the root element.
_USUAL_HEAD = re.compile(rb"(?:<\?xml [^>?]{0,100}\?>)?\s*<[A-Za-z]")
_ENCODING_FAULTS = frozenset({31, 32, 81})  # XML_ERR_UNKNOWN_ENCODING, UNSUPPORTED_ENCODING, INVALID_ENCODING


class Xml(msgspec.Struct, frozen=True, kw_only=True):
    """What bytes turned out to be: ``root`` is ``None`` when they are no XML we read, and the last finding says why;
    ``column``, from 1, is where in its line a document stops being well-formed."""

    root: etree._Element | None
    findings: tuple[Finding, ...] = ()
    column: int | None = None


#: What of a document is in its tree: its ``elements`` with their texts, also the ``blanks`` between them, or ``all``.
Keep = Literal["elements", "blanks", "all"]


def read_xml(document: bytes, *, limit: int = MAX_BYTES, keep: Keep = "blanks") -> Xml:
    """Parse bytes of any origin: DOCTYPE refused, no entities, no network, bounded in size and depth (256 levels).

    To read and judge a message its ``elements`` are enough; to cut one out of a container the ``blanks`` are needed as
    well, and to verify a signature comments and processing instructions too, ``all``. Never raises for what the bytes hold.
    """
    if len(document) > limit:
        return _refused(SIZE, f"The document has {len(document):,} bytes; at most {limit:,} are read.")
    document, repairs = _repaired(document)
    if _has_doctype(document):
        return _no_doctype()
    try:
        root = _tree(document, keep)
    except etree.XMLSyntaxError as fault:
        reread = _reencoded(document, keep, fault)
        if reread is None:
            refused = _refused(SYNTAX, f"This is not well-formed XML: {_words(fault)}.", line=fault.lineno or 1)
            return msgspec.structs.replace(refused, column=fault.offset)
        root, mislabelled = reread
        repairs = (*repairs, mislabelled)
    if root.getroottree().docinfo.doctype:  # an encoding that hides `<!DOCTYPE` from a look at the bytes, as UTF-7 can
        return _no_doctype()
    if len(document) > 4 * MAX_CHILDREN and any(len(element) > MAX_CHILDREN for element in root.iter()):
        return _refused(WIDTH, f"An element has more than {MAX_CHILDREN:,} children; nothing so wide is read.")
    return Xml(root=root, findings=repairs)


def _tree(document: bytes, keep: Keep) -> etree._Element:
    # libxml2 leaves out blanks before a CDATA section, a comment or an instruction too, even where they belong to a text.
    if keep == "elements" and (b"!" in document or document.find(b"?", document.find(b">")) >= 0):
        keep = "blanks"
    return etree.fromstring(document, _parsers.of[keep])


class _Parsers(threading.local):
    """A thread's parsers: shared ones would make threads wait, new ones cost a fifth of a parse."""

    def __init__(self) -> None:
        self.of: dict[Keep, etree.XMLParser] = {
            "elements": _parser(is_lean=True, remove_blank_text=True),  # a sixth of a parse is for these blanks
            "blanks": _parser(is_lean=True),
            "all": _parser(is_lean=False),
        }


def _parser(*, is_lean: bool, remove_blank_text: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=is_lean,
        remove_pis=is_lean,
        remove_blank_text=remove_blank_text,
    )


_parsers = _Parsers()


def _repaired(document: bytes) -> tuple[bytes, tuple[Finding, ...]]:
    """The document beginning with its first ``<``; lines keep their numbers."""
    if document[:1] == b"<":
        return document, ()
    repairs: tuple[Finding, ...] = ()
    if document.startswith(_UTF8_BOM):
        document = document[len(_UTF8_BOM) :]
        repairs += (BOM.finding("The document begins with a UTF-8 byte order mark; it is not needed.", line=1),)
    body = document.lstrip(b" \t\r\n")
    declaration = re.match(_DECLARATION, body)
    if declaration and len(body) < len(document):
        blank = document[: len(document) - len(body)]
        document = declaration[0] + blank + body[declaration.end() :]
        message = "There is white space before the XML declaration; begin the document with `<?xml`."
        repairs += (LEADING_BLANK.finding(message, line=1),)
    return document, repairs


def _has_doctype(document: bytes) -> bool:
    """Whether a document type declaration comes before the root element, whatever the width of the characters."""
    if _USUAL_HEAD.match(document):
        return False
    head = document[:4]
    if b"\0" in head or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        document = document.replace(b"\0", b"").lstrip(b"\xff\xfe")
    at, blank = 0, re.compile(rb"\s*")
    while True:
        at = blank.match(document, at).end()  # type: ignore[union-attr]  # the pattern matches anywhere
        ending = {b"<?": b"?>", b"<!": b"-->"}.get(document[at : at + 2])
        if ending is None:
            return False
        if document[at : at + 9] == b"<!DOCTYPE":
            return True
        end = document.find(ending, at)
        if end < 0:
            return False
        at = end + len(ending)


def _reencoded(document: bytes, keep: Keep, fault: etree.XMLSyntaxError) -> tuple[etree._Element, Finding] | None:
    """The tree of a document whose declaration names a wrong or unknown encoding, with the finding; ``None`` if that
    is not what is wrong with it."""
    declared = re.match(_ENCODING, document)
    name = declared[2].decode("ascii", "replace") if declared else "UTF-8"
    if fault.code not in _ENCODING_FAULTS and not name.lower().startswith(("utf-16", "utf-32", "ucs")):
        return None
    for actual in ("utf-8", "cp1252", "latin-1"):
        try:
            text = document.decode(actual)
        except UnicodeDecodeError:
            continue
        try:
            root = _tree(re.sub(_ENCODING, rb"\1utf-8", text.encode(), count=1), keep)
        except etree.XMLSyntaxError:
            return None
        shown = {"cp1252": "Windows-1252"}.get(actual, actual.upper())
        message = f"The document says it is {name} but its bytes are not; read as {shown}. Declare the encoding it has."
        return root, ENCODING.finding(message, line=1)
    return None  # pragma: no cover - latin-1 decodes anything


def _words(fault: etree.XMLSyntaxError) -> str:
    """libxml2's reason without its place, which the finding tells by itself."""
    text = (fault.msg or "no reason given").split(", line ")[0].strip()
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _no_doctype() -> Xml:
    return _refused(DOCTYPE, "The document has a DOCTYPE. CAP needs none and it can do harm: remove it.", line=1)


def _refused(rule: Rule, message: str, *, line: int | None = None) -> Xml:
    return Xml(root=None, findings=(rule.finding(message, line=line),))
