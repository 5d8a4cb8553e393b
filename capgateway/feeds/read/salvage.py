"""A container that is not well-formed, cut up by its bytes: each alert, entry or content object is read by itself, and what is
broken costs only itself. Pure.

::

    <feed …> head <entry>…</entry> <entry>…\\x0b…</entry> <entry>…</entry> </feed>
       └───────────┬──────────────────────┬───────────────────┬───────┘
             opening tags + a piece + closing tags: a small document of its own
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

__all__ = ["PIECES", "Piece", "pieces"]

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What each kind of container consists of, by the local name of its root.
PIECES = {"alerts": b"alert", "feed": b"entry", "rss": b"item", "RDF": b"item", "EDXLDistribution": b"contentObject"}
#: The same bound as for entries of a container that is whole.
MAX_PIECES = 20_000
#: Bytes that are parsed in all: a long head would be read again with each of thousands of pieces.
MAX_WORK = 100_000_000
_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf|\s)*+(?P<declaration><\?xml\s[^>]{0,200}\?>)?(?:\s|<!--[^>]{0,2000}-->|<\?[^>]{0,500}\?>)*+"
)
_START = re.compile(rb"<(?P<name>(?:[\w.-]{1,40}:)?(?P<local>[\w.-]{1,40}))(?:\s[^<>]{0,20000})?>")
_CLOSERS = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
#: Characters that no XML may contain.
_ILLEGAL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Piece(NamedTuple):
    """A part of a container as it is written there, and as a container with nothing else in it."""

    own: bytes
    document: bytes

    @property
    def cleaned(self) -> bytes:
        """The document without characters that XML does not allow."""
        return _ILLEGAL.sub(b" ", self.document)


def pieces(body: bytes) -> Iterator[Piece]:
    """The pieces of a container, in their order; nothing for what is none, or is written in more bytes per character."""
    prolog = _PROLOG.match(body)
    root = _START.match(body, prolog.end()) if prolog else None
    unit = PIECES.get(root["local"].decode("ascii", "replace")) if root else None
    if prolog is None or root is None or unit is None:
        return
    opening, closing, left = None, b"</%s>" % root["name"], MAX_WORK
    for start, end in islice(_places(body, root.end(), unit), MAX_PIECES):
        if opening is None:
            head, more = _opening(body, root, start)
            opening, closing = (prolog["declaration"] or b"") + head, more + closing
        own = body[start:end]
        left -= len(opening) + len(own)
        if left < 0:
            return
        yield Piece(own, opening + own + closing)


def _opening(body: bytes, root: re.Match[bytes], first: int) -> tuple[bytes, bytes]:
    """What comes before each piece, and what closes it besides the root: an envelope's whole head, because it says whether
    this is a test; RSS's channel."""
    if root["local"] == b"EDXLDistribution":
        return body[root.start() : first], b""
    channel = (
        re.search(rb"<channel(?:\s[^<>]{0,2000})?>", body[root.end() : first]) if root["local"] == b"rss" else None
    )
    return (root[0] + channel[0], b"</channel>") if channel else (root[0], b"")


def _places(body: bytes, at: int, unit: bytes) -> Iterator[tuple[int, int]]:
    """Where the pieces begin and end. One that is cut off ends where the next begins, or with the body."""
    mark = re.compile(rb"<!--|<!\[CDATA\[|<(?P<slash>/?)(?:[\w.-]{1,40}:)?%s(?=[\s/>])" % unit)
    start, closers = None, dict(_CLOSERS)
    while found := mark.search(body, at):
        at = found.end()
        if found["slash"] is None:
            closer = closers.get(found[0])
            end = body.find(closer, at) if closer else -1
            if end < 0:
                closers.pop(found[0], None)  # there is none to the end of the body: not to be looked for again
            elif not (start is not None and _is_next(mark, body, at, end)):
                at = end
            continue
        if not found["slash"]:
            if start is not None:
                yield start, found.start()
            start = found.start()
        elif start is not None:
            end = body.find(b">", at) + 1 or len(body)
            yield start, end
            start, at = None, end
    if start is not None:
        yield start, len(body)


def _is_next(mark: re.Pattern[bytes], body: bytes, at: int, end: int) -> bool:
    """Whether a comment or CDATA section that was never closed swallows the beginning of another piece: it ends behind one, with
    another such section begun in between."""
    inner = re.compile(rb"<!--|<!\[CDATA\[").search(body, at, end)
    found = mark.search(body, at, end)
    return inner is not None and found is not None and found["slash"] is not None and found.start() < inner.start()
