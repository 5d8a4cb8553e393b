"""Any document judged by what it is: a message, a feed with messages inside, an envelope. One report for a container, then
one for each message in it, with places that begin at the container's root. Pure."""

from __future__ import annotations

import html
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap
from capgateway.cap.place import local, xpath
from capgateway.feeds.read import atom, edxl, rss
from capgateway.feeds.read.entries import CROWDED, MAX_ENTRIES, MAX_FEED_BYTES, read_entries
from capgateway.feeds.read.entry import BOUNDED
from capgateway.feeds.read.markup import alert_in_text, is_crowded, is_message
from capgateway.feeds.read.signed import signed_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from lxml import etree

    from capgateway.cap.finding import Kind
    from capgateway.feeds.feed import FeedKind

#: Containers by the name of their root: what a report calls them, and the reader of their rules.
_CONTAINERS: dict[str, tuple[Kind, FeedKind]] = {
    "feed": ("feed", "atom"),
    "rss": ("feed", "rss"),
    "RDF": ("feed", "rss"),
    "alerts": ("feed", "ipaws"),
    "EDXLDistribution": ("edxl-de", "edxl"),
}
#: Elements whose text may be a message, by the element they are in; ``""`` for anywhere.
_TEXTS = {"entry": atom.TEXTS, "item": rss.TEXTS, "": edxl.TEXTS}
_PACKED = "contentData"
#: In longer lines nothing is looked for: a file of one line would be searched for each of its messages.
MAX_LINE = 50_000
#: Where relative links of a file point to; nobody follows them.
NOWHERE = "https://feed.invalid/"
TOO_MANY = BOUNDED.finding(
    f"The document contains more than {MAX_ENTRIES:,} messages; this one and those after it are not judged."
)
#: The messages of a file without line breaks have their line in common.
_unescaped = lru_cache(maxsize=1)(html.unescape)


def judge(
    document: bytes,
    schemas: cap.Schemas,
    *,
    now: datetime,
    profile: str = "auto",
    trust: bytes = b"",
    signed_at: datetime | None = None,
    source: str = "",
    base_url: str = NOWHERE,
) -> Iterator[cap.Report]:
    """The reports on a document, as :func:`capgateway.cap.validate` makes them. A container has position 0, the messages
    in it count from 1; so does a message that is a document by itself. The first one with too many namespaces around it, or
    with too many before it, is the last one told of."""
    report = partial(
        cap.validate,
        schemas=schemas,
        now=now,
        profile=profile,
        trust=trust,
        signed_at=signed_at,
        source=source,
    )
    root = cap.read_xml(document, limit=MAX_FEED_BYTES).root
    if root is None or local(root) not in _CONTAINERS:
        yield report(cap.parse(document))
        return
    kind, reader = _CONTAINERS[local(root)]
    index = read_entries(document, kind=reader, base_url=base_url)
    yield _of(source, 0, kind, index.findings)

    @cache
    def file() -> list[str]:
        encoding = root.getroottree().docinfo.encoding or "utf-8"
        return document.decode(encoding, "replace").split("\n")

    signed = signed_messages(document, root, limit=MAX_FEED_BYTES)
    for position, (holder, inside) in enumerate(_messages(root), 1):
        if position > MAX_ENTRIES:
            yield _of(source, position, "unknown", (TOO_MANY,))
            return
        if inside is None and is_crowded(holder):
            yield _of(source, position, "unknown", (CROWDED,))
            return
        if inside is None:
            yield report(cap.parse_element(holder, document=signed.get(holder, b"")), position=position)
        else:
            where, lines = xpath(holder), None if local(holder) == _PACKED else _lines_before(holder, inside, file)
            found = report(cap.parse(inside), position=position)
            findings = tuple(cap.moved(finding, where, lines) for finding in found.findings)
            yield msgspec.structs.replace(found, findings=findings)


def _messages(root: etree._Element) -> Iterator[tuple[etree._Element, bytes | None]]:
    """The outermost messages in any namespace, in their order: each an element, or an element and the message that its
    text is."""
    names = {name for texts in _TEXTS.values() for name in texts}
    for element in root.iter("{*}alert", f"{{*}}{_PACKED}", *(f"{{*}}{name}" for name in sorted(names))):
        parent = element.getparent()
        if parent is None or next(element.iterancestors("{*}alert"), None) is not None:
            continue
        if local(element) == "alert":
            if is_message(element, also_empty=True):
                yield element, None
            continue
        is_text = local(element) in (*_TEXTS[""], *_TEXTS.get(local(parent), ()))
        inside = edxl.unpacked(parent) if local(element) == _PACKED else alert_in_text(element) if is_text else None
        if inside is not None:
            yield element, inside


def _lines_before(holder: etree._Element, inside: bytes, file: Callable[[], list[str]]) -> int | None:
    """How many lines of the file come before the message that is the text of ``holder``; ``None`` when the lines of the
    one are not those of the other, as comments and written-out line breaks can have it."""
    text, message = holder.text or "", inside.decode()
    before = (holder.sourceline or 1) - 1 + text.count("\n") - message.count("\n")
    lines = message.rstrip().split("\n")
    end, last = before + len(lines), lines[-1].strip()
    there = file()[end - 1] if end <= len(file()) else ""
    if len(there) > MAX_LINE:
        return None
    return before if last in there or last in _unescaped(there) else None


def _of(source: str, position: int, kind: Kind, findings: tuple[cap.Finding, ...]) -> cap.Report:
    """A report on what is not a message that could be judged."""
    return cap.Report(source=source, position=position, kind=kind, verdict=cap.verdict_on(findings), findings=findings)
