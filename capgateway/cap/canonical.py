"""The bytes that signatures are made over: canonical forms of a message and of parts of it, with a bound on the work.

Canonical XML takes quadratic time in namespaces and in attributes, and each of many signatures may ask for other forms. So
each form is made once, and all of them together may take a limited effort.
"""

from __future__ import annotations

import copy
from typing import Literal

import msgspec
from lxml import etree

from capgateway.cap.names import SIGNATURE

#: All the work on the canonical texts of one message, in units of some 35 ns: a second. One text of a message of the
#: largest size takes most of it if that holds nothing but empty elements; all texts of a usual one take a thousandth.
MAX_EFFORT = 30_000_000

#: A signed alert declares two or three namespaces, one in a container some more.
MAX_DECLARED = 100

_XML = "{http://www.w3.org/XML/1998/namespace}"

#: Which Signatures are taken out of a message, as the first and the one after the last.
Removed = tuple[int, int]


class Unwritable(Exception):
    """A canonical text is not made, for this reason."""


class Form(msgspec.Struct, frozen=True):
    """A canonical form of XML: which one, with comments or without, and the prefixes that the exclusive one treats
    inclusively."""

    kind: Literal["1.0", "1.1", "exclusive"]
    comments: bool
    prefixes: tuple[str, ...] = ()

    def of(self, tree: etree._ElementTree[etree._Element]) -> bytes:
        return etree.tostring(
            tree,
            method="c14n",
            exclusive=self.kind == "exclusive",
            with_comments=self.comments,
            inclusive_ns_prefixes=list(self.prefixes) if self.prefixes else None,
        )

    def inherits(self, name: str) -> bool:
        """Whether a part of a document is written with this attribute of the elements around it (Canonical XML 2.4)."""
        if self.kind == "1.1":
            return name in {_XML + "lang", _XML + "space"}
        return self.kind == "1.0" and name.startswith(_XML)


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a text slow, counted in how lxml writes it in UTF-8, where no encoding hides anything. What only looks
    like markup, in texts, is counted as well."""

    length: int
    tags: int
    namespaces: int
    attributes: int

    @classmethod
    def of(cls, text: bytes) -> Size:
        tags, namespaces, attributes = (text.count(mark) for mark in (b"<", b" xmlns", b'="'))
        return cls(length=len(text), tags=tags, namespaces=namespaces, attributes=attributes)

    def copying(self) -> int:
        """The effort of a copy, in memory or in writing."""
        return self.length // 4 + self.tags * 4

    def writing(self, form: Form) -> int:
        """The effort of a canonical text, as measured: the inclusive forms look for every namespace in scope at every
        element, through all that are declared around it, the exclusive ones for the prefixes that are listed. Attributes
        are sorted by inserting."""
        looked_for = len(form.prefixes) if form.kind == "exclusive" else self.namespaces
        namespaces = self.tags * looked_for * (self.namespaces + 64) // 24
        return self.copying() + namespaces + self.attributes**2 // 12


class Texts:
    """The canonical texts of one message that was parsed with comments and white space."""

    def __init__(self, root: etree._Element) -> None:
        self._tree = root.getroottree()
        self._is_alone = root.getprevious() is None and root.getnext() is None
        self._size = Size.of(etree.tostring(self._tree, encoding="utf-8"))
        self._bare: tuple[Removed, etree._ElementTree[etree._Element]] | None = None
        self._known: dict[tuple[Removed, Form], list[bytes]] = {}
        self._left = MAX_EFFORT

    def of_message(self, removed: Removed, form: Form) -> list[bytes]:
        """The message without those Signatures; then without what is around its root, which some signers leave out."""
        if (removed, form) not in self._known:
            bare = self._without(removed)
            trees = [bare] if self._is_alone else [bare, self._root_of(bare)]
            self._spend(self._size.writing(form) * len(trees))
            self._known[removed, form] = [form.of(tree) for tree in trees]
        return self._known[removed, form]

    def of_part(self, element: etree._Element, form: Form) -> list[bytes]:
        """An element of the message by itself: with what it inherits, as the standard has it; then without the inherited
        attributes, as signers write it who take it out before they sign."""
        text = etree.tostring(element, encoding="utf-8", with_tail=False)  # declares the namespaces it inherits
        size = Size.of(text)
        around = _around(element)
        if form.kind == "1.1" and _XML + "base" in around:
            raise Unwritable("it inherits an xml:base, which Canonical XML 1.1 joins with others")
        inherited = {name: value for name, value in around.items() if form.inherits(name)}
        self._spend(2 * size.copying() + size.writing(form) * (2 if inherited else 1))
        # As a document of its own: of an element inside another lxml writes `xmlns=""` where no such thing belongs.
        part = etree.fromstring(text)
        plain = form.of(part.getroottree())
        for name, value in inherited.items():
            if name not in part.attrib:
                part.set(name, value)
        return [form.of(part.getroottree()), plain] if inherited else [plain]

    def _without(self, removed: Removed) -> etree._ElementTree[etree._Element]:
        if self._bare is None or self._bare[0] != removed:
            self._spend(self._size.copying())
            bare = copy.deepcopy(self._tree)
            for signature in bare.getroot().findall(SIGNATURE)[slice(*removed)]:
                _remove(signature)
            self._bare = removed, bare
        return self._bare[1]

    def _root_of(self, tree: etree._ElementTree[etree._Element]) -> etree._ElementTree[etree._Element]:
        self._spend(self._size.copying())
        return copy.deepcopy(tree.getroot()).getroottree()

    def _spend(self, effort: int) -> None:
        if effort > self._left:
            raise Unwritable("the message is made so that it would take too long")
        self._left -= effort


def tidy(root: etree._Element) -> etree._Element | None:
    """A copy of the message without the namespace declarations that no name needs; ``None`` where there is none to drop,
    or where more are declared than it is worth to look through."""
    declared = Size.of(etree.tostring(root, encoding="utf-8")).namespaces
    if declared > MAX_DECLARED:
        return None
    copied = copy.deepcopy(root.getroottree()).getroot()
    etree.cleanup_namespaces(copied)
    return copied if len(copied.nsmap) < len(root.nsmap) else None


def _around(element: etree._Element) -> dict[str, str]:
    """The attributes of the elements around this one, those of the nearest first."""
    found: dict[str, str] = {}
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            found.setdefault(str(name), str(value))
    return found


def _remove(element: etree._Element) -> None:
    """Take an element out and leave the text behind it."""
    parent, before = element.getparent(), element.getprevious()
    assert parent is not None  # noqa: S101  (a child of the root)
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    element.tail = None
    parent.remove(element)
