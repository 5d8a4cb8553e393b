"""Cut a stream of CAP messages, sent one after the other without any framing, into its documents. Pure.

NAADS sends documents back to back over TCP; only ``<alert …>`` and ``</alert>`` tell where one begins and ends (C-42).
Pieces may be cut anywhere: inside a tag, a character, a CDATA section. Each document comes out with its bytes as they
were, its XML declaration included: signatures die on any change.

A document that is cut off by the beginning of the next one is given out as it is, to be found unreadable later: it
counts as received, and nothing after it is lost.
"""

from __future__ import annotations

import re

#: The largest document taken from a stream, as other clients have it. Recorded speech in several languages fits.
MAX_DOCUMENT = 8_000_000
#: What may stand between documents unnoticed: the longest beginning of a document that is not yet recognisable.
_MAX_BEGINNING = 1_000

# A declaration and what may follow it (comments, style sheets) belong to the document. All of it is hostile: bounded, and
# with one way only to match each blank, or a few dozen of them would keep the pattern busy for hours.
_PROLOG = rb"<\?xml\s[^>]{0,200}\?>\s{0,100}(?:(?:<\?[^>]{0,300}\?>|<!--[^>]{0,300}-->)\s{0,100}){0,20}"
_BEGIN = re.compile(rb"(?:%s)?<((?:[\w.-]{1,40}:)?alert)(?=[\s/>])" % _PROLOG)
_DECLARED = (b"<?xml ", b"<?xml\t", b"<?xml\n", b"<?xml\r")
# Where a document may hold something that looks like its end, or end, or be overtaken by the next one.
_MARK = re.compile(rb"<!--|<!\[CDATA\[|</|<\?xml(?=\s)|<(?=(?:[\w.-]{1,40}:)?alert[\s/>])")
_CLOSERS = {b"<!--": b"-->", b"<![CDATA[": b"]]>"}
_LONGEST_MARK = 64  # `<` + prefix + `:alert ` and its like; a mark cut by the end of the buffer is looked at again


class Splitter:
    """Feed it pieces, it gives the documents they complete. ``dropped`` counts bytes that belonged to none."""

    def __init__(self, *, limit: int = MAX_DOCUMENT) -> None:
        self.dropped = 0
        self._limit = limit
        self._buffer = bytearray()
        self._end_tag: re.Pattern[bytes] | None = None  # set while inside a document, which begins the buffer
        self._closer: bytes | None = None  # set while inside a comment or CDATA section
        self._at = 0  # everything before was looked at

    def feed(self, piece: bytes) -> list[bytes]:
        """The documents complete with this piece, in their order."""
        self._buffer += piece
        documents: list[bytes] = []
        while self._begin():
            document = self._finish()
            if document is None:
                self._wait()
                break
            documents.append(document)
        return documents

    def _begin(self) -> bool:
        """Whether the buffer begins with a document, after dropping what is none."""
        if self._end_tag is not None:
            return True
        found = _BEGIN.search(self._buffer)
        if found is None:
            self._drop(self._possible_beginning())
            return False
        self._end_tag = re.compile(rb"</%s\s*>" % re.escape(found[1]))
        self._at = found.end() - found.start()
        self._drop(found.start())
        return True

    def _possible_beginning(self) -> int:
        """Where a document may have begun whose first tag is not whole yet; the buffer's end if nowhere."""
        end = len(self._buffer)
        declared = max(self._buffer.rfind(mark, max(0, end - _MAX_BEGINNING)) for mark in _DECLARED)
        if declared >= 0:
            return declared
        tag = self._buffer.rfind(b"<", max(0, end - _LONGEST_MARK))
        return tag if tag >= 0 else end

    def _drop(self, count: int) -> None:
        self.dropped += len(self._buffer[:count].strip())
        del self._buffer[:count]

    def _finish(self) -> bytes | None:
        """The document that begins the buffer, if its end is there too."""
        if self._end_tag is None:
            return None
        while True:
            if self._closer is not None and not self._skip_to(self._closer):
                return None
            mark = _MARK.search(self._buffer, self._at)
            if mark is None:
                self._at = max(self._at, len(self._buffer) - _LONGEST_MARK)
                return None
            self._at = mark.start()
            if mark[0] in _CLOSERS:
                self._closer = _CLOSERS[mark[0]]
                self._at = mark.end()
            elif mark[0] != b"</":
                return self._take(mark.start())  # the next document begins: this one was cut off
            elif end := self._end_tag.match(self._buffer, mark.start()):
                return self._take(end.end())
            elif self._buffer.find(b">", mark.start()) < 0:
                return None  # an end tag that is not whole yet
            else:
                self._at = mark.end()

    def _skip_to(self, closer: bytes) -> bool:
        found = self._buffer.find(closer, self._at)
        if found < 0:
            self._at = max(self._at, len(self._buffer) - len(closer) + 1)
            return False
        self._at, self._closer = found + len(closer), None
        return True

    def _take(self, end: int) -> bytes:
        document = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._forget()
        return document

    def _wait(self) -> None:
        """For more to come, unless this is too much already. Then all of it goes: to look inside for other beginnings
        would let a hostile stream keep us busy."""
        if len(self._buffer) > self._limit:
            self._drop(len(self._buffer))
            self._forget()

    def _forget(self) -> None:
        self._end_tag, self._closer, self._at = None, None, 0
