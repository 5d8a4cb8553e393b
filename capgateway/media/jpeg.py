"""What a picture's first bytes say that it is, and whether a JPEG is as plain as ours are. Pure."""

from __future__ import annotations

PLAIN = frozenset({0xE0, 0xDB, 0xC0, 0xC4, 0xDA})
"""The segments of a JPEG that Pillow writes: JFIF, quantisation, baseline frame, Huffman tables, scan. None contains a text."""
MARK, JFIF, FRAME, SCAN = 0xFF, 0xE0, 0xC0, 0xDA
LENGTH_OF_JFIF = 16
"""Longer, it contains a thumbnail."""


def format_of(content: bytes) -> str | None:
    """``JPEG``, ``PNG`` or ``WEBP``; ``None`` for anything else, whatever it is called."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    return "WEBP" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


_KNOWN = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"%PDF": "PDF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"PK": "ZIP",
    b"\x1f\x8b": "gzip",
}
_PAGE = b"<"


def told(content: bytes) -> str:
    """What a file that is none of these looks like, for operators."""
    if not content:
        return "it is empty"
    if content[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_PAGE):
        return "it is a page, an SVG drawing or another text with tags"
    if content[4:8] == b"ftyp":
        return "it is a film, or a picture of the kinds HEIC or AVIF"
    kind = next((kind for start, kind in _KNOWN.items() if content.startswith(start)), None)
    return f"it is a {kind} file" if kind else "its first bytes are not those of any picture"


def is_plain(content: bytes, width: int, height: int) -> bool:
    """Whether these bytes are one baseline JPEG of this size, with no segment that could hold anything else, and nothing behind
    its end."""
    if not (content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")):
        return False
    at, size = 2, None
    while at + 4 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if content[at] != MARK or marker not in PLAIN or (marker == JFIF and length != LENGTH_OF_JFIF):
            return False
        if marker == FRAME:
            size = int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        if marker == SCAN:
            return size == (width, height) and _ends_there(content, at + 2 + length)
        at += 2 + length
    return False


def _ends_there(content: bytes, start: int) -> bool:
    """Whether the scan ends with the file: within it, 0xFF is only a stuffed byte."""
    at = content.find(b"\xff", start)
    while at != -1 and content[at + 1 : at + 2] == b"\0":
        at = content.find(b"\xff", at + 2)
    return at == len(content) - 2
