"""Bodies read to a limit, packed or not."""

from __future__ import annotations

import asyncio
import re
import zlib
from typing import TYPE_CHECKING

from capgateway.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import aiohttp

CHUNK = 64 * 1024
#: Unpacked in one go, some milliseconds of work, before others get their turn: a packed chunk may hold 64 MB.
STEP = 1024 * 1024
# A gzip body may be several streams end to end (RFC 1952 §2.2). Real ones have one; each costs us a decoder.
MAX_GZIP_MEMBERS = 64
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
#: What a document begins with that is not packed at all, whatever its header says: some servers write its character
#: encoding there.
_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,100}[<{\[]|\xff\xfe<\0|\xfe\xff\0<")


async def read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body, unpacked, of at most ``limit`` bytes, packed or unpacked.

    Raises ``FetchError`` with reason ``too_large``, ``encoding`` (one we did not ask for, or broken) or ``truncated``;
    the connection is then closed, never drained. A packed bomb is stopped at the limit, at most a ``STEP`` above it.
    """
    packed, body = 0, bytearray()
    try:
        unpacker = Unpacker(response.headers.get("Content-Encoding", ""))
        async for chunk in response.content.iter_chunked(CHUNK):
            packed += len(chunk)
            for piece in unpacker.pieces(chunk):
                body += piece
                if max(packed, len(body)) > limit:
                    raise FetchError(f"the answer is larger than {limit} bytes", reason="too_large")
                await asyncio.sleep(0)
        unpacker.finish()
    except BaseException:
        response.close()
        raise
    return bytes(body)


class Unpacker:
    """Undoes gzip or deflate piece by piece. A document that is not packed is taken as it is, whatever was said of it."""

    def __init__(self, encoding: str) -> None:
        named = [word.strip().lower() for word in encoding.split(",")]
        packings = [word for word in named if word in _PACKED]
        self._encoding = packings[0] if len(packings) == 1 else ""
        self._is_certain = len(packings) <= 1 and all(word in _PACKED | {"", "identity"} for word in named)
        self._packed, self._begun = bool(packings), False
        self._stream: zlib._Decompress | None = None
        self._members = 0

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """The content of a chunk, at most ``STEP`` bytes at a time. Who has had enough takes no more of them."""
        if chunk and not self._begun:
            self._begin(chunk)
        if not self._packed:
            yield chunk
            return
        is_more = bool(chunk)
        while is_more:
            if self._stream is None or self._stream.eof:
                self._stream = self._next_stream(chunk)
            try:
                piece = self._stream.decompress(chunk, STEP)
            except zlib.error as error:
                raise FetchError(f"the packed answer is broken: {error}", reason="encoding") from None
            yield piece
            chunk = self._stream.unconsumed_tail or self._stream.unused_data
            # A full piece may leave something in the decoder although it has swallowed the whole chunk.
            is_more = bool(chunk) or (len(piece) == STEP and not self._stream.eof)

    def _begin(self, chunk: bytes) -> None:
        """Look at the first bytes, which do not lie."""
        self._begun = True
        if _TEXT.match(chunk):
            self._packed = False
        elif not (self._is_certain or self._encoding):
            raise FetchError("the answer is packed in a way we did not ask for", reason="encoding")

    def _next_stream(self, chunk: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > (1 if self._encoding == "deflate" else MAX_GZIP_MEMBERS):
            raise FetchError("the packed answer goes on after its end", reason="encoding")
        if self._encoding != "deflate":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # "deflate" means zlib (RFC 9110 §8.4.1.2), but old servers send the bare stream; zlib's first byte tells.
        return zlib.decompressobj(zlib.MAX_WBITS if chunk[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)

    def finish(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise FetchError("the packed answer ends too early", reason="truncated")
