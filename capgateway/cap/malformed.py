"""Why a document is not XML, found by looking at it.

libxml2 names the place where it gave up, which may be far behind the fault, and reports a `<` in a text as a missing name.
This module looks for the first place where the text is not markup that XML knows. The verdict remains libxml2's: this
module is asked only for documents that it has refused, and its answer counts only up to the place where libxml2 stopped.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import NamedTuple

from capgateway.cap.encoding import decoded
from capgateway.cap.names import is_html
from capgateway.cap.read import parts_of

#: Longer words of a stranger are cut in messages.
MAX_QUOTED = 60
#: A page or a listing shows what it is at its very beginning, after some comments.
MAX_HEAD = 4_000
#: Names that differ in one or two letters are a slip of the keyboard.
SIMILAR = 0.75

HTML = (
    "This is an HTML page, perhaps a log-in or error page, and not a CAP message; open the address in a browser and "
    "correct the address or the login."
)
#: What files begin with that are not XML, and what to do about each.
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "This is compressed with gzip; decompress it first."),
    (b"PK\x03\x04", "This is a ZIP archive; unpack it first."),
    (b"BZh", "This is compressed with bzip2; decompress it first."),
    (b"\xfd7zXZ", "This is compressed with xz; decompress it first."),
    (b"\x28\xb5\x2f\xfd", "This is compressed with zstd; decompress it first."),
    (b"%PDF", "This is a PDF document, not a CAP message; a CAP message is XML."),
    (b"\x89PNG", "This is a picture, not a CAP message; a CAP message is XML."),
    (b"\xff\xd8\xff", "This is a picture, not a CAP message; a CAP message is XML."),
)
#: The same for files that are text, of which the first line is worth showing.
_TEXT_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"HTTP/1.", "This is an HTTP response with its header; keep only what comes after the first empty line."),
    (b"PD94bWwg", "This is base64; decode it first."),
    (b"PGFsZXJ0", "This is base64; decode it first."),
    (b"{", "This is JSON; a CAP message is XML. Ask the source for the media type application/cap+xml."),
    (b"[", "This is JSON; a CAP message is XML. Ask the source for the media type application/cap+xml."),
)
_PAGE = re.compile(
    r"\s*(?:(?:<!--.*?-->|<\?.*?\?>)\s*)*+<(?:!doctype\s+html|/?(?:html|head|body|title|meta|script|h1|center|div|p|br)\b)",
    re.DOTALL | re.IGNORECASE,
)

_NAME = r"[^\W\d][\w.:-]*+"
_ATTRIBUTES = rf"""(?:\s++{_NAME}\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+"""
_TAG = re.compile(rf"<(?P<name>{_NAME})(?P<attributes>{_ATTRIBUTES})\s*+(?P<end>/?)>")
_END_TAG = re.compile(rf"</(?P<name>{_NAME})\s*+>")
_WHOLE = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_REFERENCE = re.compile(r"&(?:(?P<entity>[A-Za-z_][\w.-]*+)|#(?P<number>\d{1,9}|x[0-9A-Fa-f]{1,8}));")
_SPECIAL = re.compile(r"[<&\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\]\]>")
_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_CONTROLS = frozenset(range(0x20)) - {0x9, 0xA, 0xD}


#: What a message about a stray `&` or `<` begins with, and where there are more: what is right is matched first.
_STRAY = ("an `&` is", "a `<` is in a text")
_STRAY_MARK = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(?:[/!?]|[^\W\d])|&(?:[A-Za-z_][\w.-]*+|#\d+|#x[0-9A-Fa-f]+);|[&<]", re.DOTALL
)
#: So many characters are searched for more, and so many places listed.
MAX_SEARCHED, MAX_LISTED = 1_000_000, 5


class Fault(NamedTuple):
    """What to say about a document, and where: line and column from 1, ``None`` for the document as a whole."""

    message: str
    line: int | None = None
    column: int | None = None


class _Found(NamedTuple):
    """A fault at a character of the text."""

    at: int
    message: str


def is_page(document: bytes) -> bool:
    """Whether a document is an HTML page, or a piece of one."""
    return bool(_PAGE.match(decoded(document[:MAX_HEAD]).lstrip("\ufeff")))


def other_kind(document: bytes) -> Fault | None:
    """What a document is that is not XML at all, and what to do; ``None`` where that is not certain. One that is not text
    either has no line to show."""
    start = document.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return Fault("The document is empty.")
    if is_page(document):
        return Fault(HTML, 1)
    for beginnings, line in ((_BEGINNINGS, None), (_TEXT_BEGINNINGS, 1)):
        for beginning, message in beginnings:
            if start.startswith(beginning):
                return Fault(message, line)
    return None


def explain(document: bytes, line: int, column: int, otherwise: str) -> Fault:
    """Why a document is not well-formed that libxml2 refused at that place, with the reason ``otherwise``."""
    text = decoded(document).removeprefix("\ufeff")
    found = _first(text)
    if found is not None:
        more = _more(text, found) if found.message.startswith(_STRAY) else ""
        place = text.count("\n", 0, found.at) + 1, found.at - text.rfind("\n", 0, found.at)
        if place[0] <= line:
            return Fault(f"This is not well-formed XML: {found.message}.{more}", *place)
    return Fault(f"This is not well-formed XML: {otherwise}.", line, column or None)


def _more(text: str, first: _Found) -> str:
    """How many more `&` and `<` need the same, and in which lines: nobody wants to learn of one after the other."""
    places = [
        match.start()
        for match in re.finditer(_STRAY_MARK, text[first.at + 1 : first.at + 1 + MAX_SEARCHED])
        if match[0] in {"&", "<"}
    ]
    if not places:
        return ""
    begin = text.count("\n", 0, first.at + 1) + 1
    lines = dict.fromkeys(begin + text.count("\n", first.at + 1, first.at + 1 + at) for at in places[:MAX_LISTED])
    rest = " and later ones" if len(places) > MAX_LISTED else ""
    many = "another one follows" if len(places) == 1 else f"{len(places):,} more follow"
    return f" Of `&` and `<` in texts, {many}: line {', '.join(map(str, lines))}{rest}."


def _first(text: str) -> _Found | None:
    """The first place where the text is not XML, as far as a look at tags, texts and references shows it."""
    start = re.match(r"\s*", text)[0]  # type: ignore[index]  # it matches anything
    if not text.startswith("<", len(start)):
        beginning = _quoted(text[len(start) :].partition("<")[0])
        return _Found(len(start), f"it begins with `{beginning}` instead of `<`")
    open_tags: list[tuple[str, int]] = []
    at, had_root = 0, False
    while special := _SPECIAL.search(text, at):
        here = special.start()
        if not open_tags and (stray := _outside(text, at, here, had_root=had_root)):
            return stray
        if special[0] == "&":
            reference = _REFERENCE.match(text, here)
            if fault := _of_reference(text, here, reference):
                return fault
            at = reference.end() if reference else here + 1
        elif special[0] == "<":
            if fault := _of_markup(text, here, open_tags, had_root=had_root):
                return fault
            match = _WHOLE.match(text, here) or _END_TAG.match(text, here) or _TAG.match(text, here)
            at = match.end() if match else here + 1
            had_root = had_root or bool(open_tags) or text.startswith("/>", at - 2)
        else:
            return _of_character(special)
    if open_tags:
        name, begun = open_tags[-1]
        where = f"`<{_quoted(name)}>` of line {text.count(chr(10), 0, begun) + 1}"
        return _Found(
            max(len(text.rstrip()) - 1, 0),
            f"it ends inside {where}; it was cut off, or `</{_quoted(name)}>` is missing",
        )
    return _outside(text, at, len(text), had_root=had_root)


def _outside(text: str, start: int, end: int, *, had_root: bool) -> _Found | None:
    """Text that is outside the root element."""
    stray = text[start:end]
    if not stray.strip():
        return None
    at = start + len(stray) - len(stray.lstrip())
    place = "after the end of the root element" if had_root else "before the root element"
    return _Found(at, f"there is text {place}: `{_quoted(stray)}`; remove it")


def _of_reference(text: str, at: int, reference: re.Match[str] | None) -> _Found | None:
    if reference is None:
        return _Found(at, "an `&` is not part of an entity; write it as `&amp;`")
    if reference["entity"]:
        if reference["entity"] in _ENTITIES:
            return None
        what = _quoted(reference[0])
        return _Found(at, f"XML has no entity `{what}`; write the character itself, or `&amp;` for the `&`")
    number = reference["number"]
    code = int(number[1:], 16) if number.startswith("x") else int(number)
    is_character = code not in _CONTROLS and not 0xD800 <= code <= 0xDFFF and code <= 0x10FFFF  # noqa: PLR2004
    return None if is_character else _Found(at, f"`{text[at : reference.end()]}` is a character XML forbids; remove it")


def _of_character(special: re.Match[str]) -> _Found:
    if special[0] == "]]>":
        return _Found(special.start(), "`]]>` is in a text; write it as `]]&gt;`")
    return _Found(special.start(), f"it contains the control character U+{ord(special[0]):04X}; remove it")


def _of_markup(text: str, at: int, open_tags: list[tuple[str, int]], *, had_root: bool) -> _Found | None:
    """What is wrong with the markup at a `<`; ``None`` after a look at a right one, which is taken into account."""
    if whole := _WHOLE.match(text, at):
        if not had_root or not re.match(r"<\?xml\s", whole[0]):
            return None
        if open_tags:
            return _Found(at, f"an XML declaration is inside `<{_quoted(open_tags[-1][0])}>`; remove it")
        return _Found(at, "a second document begins here; put each document into a file of its own")
    if end := _END_TAG.match(text, at):
        return _closed(text, at, end["name"], open_tags)
    tag = _TAG.match(text, at)
    if tag is None:
        return _Found(at, _broken(text, at))
    for special in re.finditer("&", tag["attributes"]):
        where = tag.start("attributes") + special.start()
        if fault := _of_reference(text, where, _REFERENCE.match(text, where)):
            return fault
    if had_root and not open_tags:
        return _Found(
            at, f"a second root element `<{_quoted(tag['name'])}>` begins; put each message into a file of its own"
        )
    if not tag["end"]:
        open_tags.append((tag["name"], at))
    return None


def _closed(text: str, at: int, name: str, open_tags: list[tuple[str, int]]) -> _Found | None:
    if open_tags and open_tags[-1][0] == name:
        open_tags.pop()
        return None
    if not open_tags:
        return _Found(at, f"`</{_quoted(name)}>` closes nothing; remove it")
    opened, begun = open_tags[-1]
    if any(name == other for other, _ in open_tags):
        return _Found(begun, _unclosed(opened, name))
    if _is_like(opened, name):
        return _Found(at, f"`</{_quoted(name)}>` does not close `<{_quoted(opened)}>`; write `</{_quoted(opened)}>`")
    return _Found(at, f"`</{_quoted(name)}>` closes nothing; add `<{_quoted(name)}>` before it, or remove it")


def _unclosed(opened: str, closed: str) -> str:
    if is_html(opened):
        return f"`<{opened}>` is an HTML tag that is not closed; texts in CAP are plain, so remove it"
    message = f"`<{_quoted(opened)}>` is not closed before `</{_quoted(closed)}>`; add `</{_quoted(opened)}>`"
    return message if _is_known(opened) else f"{message} or, if it is part of a text, write `&lt;` for its `<`"


def _broken(text: str, at: int) -> str:
    """What is wrong with a `<` that begins no markup."""
    for beginning, what in (("<!--", "comment"), ("<![CDATA[", "CDATA section"), ("<?", "processing instruction")):
        if text.startswith(beginning, at):
            return f"the {what} that begins here is not closed"
    name = re.compile(rf"</?({_NAME})").match(text, at)
    if name is None:
        if text.startswith("<!", at):
            return f"`{_quoted(text[at:])}` is not markup that a CAP message may contain; remove it"
        return "a `<` is in a text; write it as `&lt;`"
    rest = re.compile(r"[^<>]*").match(text, name.end())
    is_open = rest is None or not text.startswith(">", rest.end())
    shown = _quoted(name[0])
    if is_open and rest is not None and (end := _END_TAG.match(text, rest.end())) and name[1].startswith(end["name"]):
        return f"the tag `<{_quoted(end['name'])}` is not closed with `>`"
    if rest is None or rest.end() == len(text):
        return f"it ends inside the tag `{shown}`; it was cut off"
    if _is_known(name[1]):
        return f"the tag `{shown}` is not closed with `>`" if is_open else f"the tag `{shown}` has a broken attribute"
    if is_html(name[1]) and not is_open:
        return f"`{shown}` is an HTML tag; texts in CAP are plain, so remove it"
    advice = f"a `<` is in a text before `{_quoted(name[1])}`; write it as `&lt;`"
    return advice if is_open else f'{advice}. If it is a tag, write each attribute as name="value"'


def _is_known(name: str) -> bool:
    """Whether an element is CAP's, with whatever prefix."""
    plain = f"{{}}{name.rpartition(':')[2]}"
    return plain == "{}alert" or any(plain in part.texts or plain in part.lists for part in parts_of(""))


def _is_like(one: str, other: str) -> bool:
    return one.casefold() == other.casefold() or SequenceMatcher(None, one[:80], other[:80]).ratio() >= SIMILAR


def _quoted(text: str) -> str:
    line = " ".join(text[: 2 * MAX_QUOTED].split())
    return line if len(line) <= MAX_QUOTED else f"{line[:MAX_QUOTED]}…"
