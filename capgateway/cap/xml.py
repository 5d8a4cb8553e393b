"""Bytes from strangers become an XML tree, or one finding that says why not. Nothing is fetched, nothing expanded."""

from __future__ import annotations

import re
import threading
from typing import Literal

import msgspec
from lxml import etree

from capgateway.cap.encoding import declares_wide, relabelled, repaired
from capgateway.cap.finding import Finding
from capgateway.cap.rule import Rule

#: The largest alert anyone sends carries recorded speech of some hundred kilobytes; libxml2 itself stops at 10 MB a text.
MAX_BYTES = 10_000_000

SIZE = Rule(
    id="xml.size",
    level="error",
    layer="xml",
    asks="A message has at most 10,000,000 bytes, and a feed or an envelope at most 20,000,000.",
    why="A document without limit could fill the memory of every receiver.",
    source=("A-15",),
)
SYNTAX = Rule(
    id="xml.syntax",
    level="error",
    layer="xml",
    asks="A document is well-formed XML 1.0, with elements nested at most 256 deep.",
    why="Receivers refuse a document that is not well-formed as a whole: nobody sees any part of it. What comes in place of an "
    "alert is often an HTML page, such as a log-in or error page, which the message then says.",
    reference="XML 1.0 §2.1",
    source=("A-13", "A-15"),
)
DOCTYPE = Rule(
    id="xml.doctype",
    level="error",
    layer="xml",
    asks="A document has no DOCTYPE.",
    why="CAP does not need one, and its entities can read files, call servers and fill memory.",
    reference="XML 1.0 §2.8",
    source=("A-14",),
)
WIDTH = Rule(
    id="xml.width",
    level="error",
    layer="xml",
    asks="No element has more than 25,000 children, and the squares of the numbers of children do not add up to more than "
    "the square of 25,000.",
    why="libxml2 counts the siblings of every element that it reports, so a wide document full of faults would take "
    "minutes. The widest published ones have a few thousand.",
    source=("A-15",),
)
MAX_CHILDREN = 25_000

# Nearly every document: perhaps a declaration, of UTF-8, then the root element.
_USUAL_HEAD = re.compile(
    rb"(?:<\?xml version ?= ?[\"']1\.0[\"'](?: encoding ?= ?[\"'](?i:utf-8)[\"'])?(?: standalone ?= ?[\"'](?:yes|no)[\"'])? ?\?>)?"
    rb"\s*<[A-Za-z]"
)
_ENCODING_FAULTS = frozenset({31, 32, 81})  # XML_ERR_UNKNOWN_ENCODING, UNSUPPORTED_ENCODING, INVALID_ENCODING


class Xml(msgspec.Struct, frozen=True, kw_only=True):
    """What bytes turned out to be: ``root`` is ``None`` when they are not XML that is read here; the last finding says why."""

    root: etree._Element | None
    findings: tuple[Finding, ...] = ()


#: What of a document is in its tree: its ``elements`` with their texts, also the ``blanks`` between them, or ``all``.
Keep = Literal["elements", "blanks", "all"]


def read_xml(document: bytes, *, limit: int = MAX_BYTES, keep: Keep = "blanks") -> Xml:
    """Parse bytes of any origin: DOCTYPE refused, no entities, no network, bounded in size and depth (256 levels).

    To read and judge a message its ``elements`` are enough; to cut one out of a container the ``blanks`` are needed as
    well, and to verify a signature comments and processing instructions too, ``all``. Never raises for what the bytes hold.
    """
    if len(document) > limit:
        return _refused(SIZE, f"The document has {len(document):,} bytes; at most {limit:,} are read.")
    received = document
    repairs: tuple[Finding, ...] = ()
    if not _USUAL_HEAD.match(document):
        document, repairs = repaired(document)
        if line := _doctype(document):
            return _no_doctype(received, line)
        keep = "blanks" if keep == "elements" else keep
    elif keep == "elements" and not _is_plain(document):
        keep = "blanks"
    try:
        root = etree.fromstring(document, _parsers.of[keep])
    except etree.XMLSyntaxError as fault:
        if fault.code not in _ENCODING_FAULTS and not declares_wide(document):
            return _malformed(received, fault)
        document, mislabelled = relabelled(document)
        repairs = (*repairs, mislabelled)
        try:
            root = etree.fromstring(document, _parsers.of["all" if keep == "all" else "blanks"])
        except etree.XMLSyntaxError as other:
            return _malformed(received, other)
    if root.getroottree().docinfo.doctype:  # an encoding that hides `<!DOCTYPE` from a look at the bytes, as UTF-7 can
        return _no_doctype(received, 1)
    if keep != "all" and len(document) > 4 * MAX_CHILDREN and is_wide(root, MAX_CHILDREN):
        message = f"The document has more than {MAX_CHILDREN:,} elements side by side, which is not read; split it."
        return _refused(WIDTH, message)
    return Xml(root=root, findings=repairs)


def _is_plain(document: bytes) -> bool:
    """Whether only blanks between elements are left out where libxml2 is asked for that. Before a carriage return, a CDATA
    section, a comment or an instruction it also leaves out blanks that belong to a text."""
    return not (b"\r" in document or has_declaration(document) or document.find(b"?", document.find(b">")) >= 0)


def has_declaration(document: bytes) -> bool:
    """Whether it contains some `<!`: a comment, a CDATA section. To look for the one character first is many times faster."""
    return b"!" in document and b"<!" in document


def is_wide(root: etree._Element, children: int) -> bool:
    """Whether work that looks at all siblings of each element takes longer than in one of so many children."""
    return sum(len(element) ** 2 for element in root.iter()) > children**2


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


def _doctype(document: bytes) -> int:
    """The line of a document type declaration before the root element, whatever the width of the characters; 0 for none."""
    head = document[:4]
    if b"\0" in head or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        document = document.replace(b"\0", b"").lstrip(b"\xff\xfe")
    at, blank = 0, re.compile(rb"\s*")
    while True:
        at = blank.match(document, at).end()  # type: ignore[union-attr]  # the pattern matches anywhere
        ending = {b"<?": b"?>", b"<!": b"-->"}.get(document[at : at + 2])
        if ending is None:
            return 0
        if document[at : at + 9] == b"<!DOCTYPE":
            return document.count(b"\n", 0, at) + 1
        end = document.find(ending, at)
        if end < 0:
            return 0
        at = end + len(ending)


def _malformed(document: bytes, fault: etree.XMLSyntaxError) -> Xml:
    from capgateway.cap import malformed  # noqa: PLC0415  (few documents need it)

    if kind := malformed.other_kind(document):
        return _refused(SYNTAX, kind.message, line=kind.line)
    line, column = fault.lineno or 1, fault.offset or 0
    text = (fault.msg or "no reason given").split(", line ")[0].strip()
    if text.startswith("Excessive depth"):
        return _refused(SYNTAX, "Elements are nested more than 256 deep, which is not read.", line=line)
    found = malformed.explain(document, line, column, _words(text))
    return _refused(SYNTAX, found.message, line=found.line, column=found.column)


def _words(text: str) -> str:
    """libxml2's reason in ours, where it is common and can be put better."""
    if undeclared := re.match(r"Namespace prefix (\S+) .*not defined", text):
        return f"the prefix `{undeclared[1]}` is not declared; declare it by `xmlns:{undeclared[1]}`, or remove it"
    if twice := re.match(r"Attribute (\S+) redefined", text):
        return f"a tag has the attribute `{twice[1]}` twice; remove one"
    if text.startswith("Double hyphen within comment"):
        return "a comment contains `--`, which XML forbids; remove it"
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _no_doctype(document: bytes, line: int) -> Xml:
    from capgateway.cap import malformed  # noqa: PLC0415  (few documents need it)

    if malformed.is_page(document):
        return _refused(DOCTYPE, malformed.HTML, line=line)
    return _refused(
        DOCTYPE, "The document has a DOCTYPE; remove it. CAP does not need one, and it can do harm.", line=line
    )


def _refused(rule: Rule, message: str, *, line: int | None = None, column: int | None = None) -> Xml:
    return Xml(root=None, findings=(rule.finding(message, line=line, column=column),))
