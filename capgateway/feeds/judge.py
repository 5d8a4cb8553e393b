"""Any document judged by what it is: a message, a feed with messages inside, an envelope. One report for a container, then
one for each message in it, with places that begin at the container's root. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway import cap
from capgateway.feeds.markup import cut, local
from capgateway.feeds.read import MAX_FEED_BYTES, read_entries

if TYPE_CHECKING:
    from collections.abc import Iterator
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
#: Where relative links of a file point to; nobody follows them.
_NOWHERE = "https://feed.invalid/"


def judge(
    document: bytes,
    schemas: cap.Schemas,
    *,
    now: datetime,
    profile: str = "auto",
    trust: bytes = b"",
    signed_at: datetime | None = None,
    source: str = "",
    base_url: str = _NOWHERE,
) -> Iterator[cap.Report]:
    """The reports on a document, as :func:`capgateway.cap.validate` makes them. A container has position 0, the messages
    in it count from 1; so does a message that is a document by itself."""

    def report(parsed: cap.Parsed, position: int) -> cap.Report:
        return cap.validate(
            parsed,
            schemas,
            now=now,
            profile=profile,
            trust=trust,
            signed_at=signed_at,
            source=source,
            position=position,
        )

    root = cap.read_xml(document, limit=MAX_FEED_BYTES).root
    if root is None or local(root) not in _CONTAINERS:
        yield report(cap.parse(document), 1)
        return
    kind, reader = _CONTAINERS[local(root)]
    index = read_entries(document, kind=reader, base_url=base_url)
    yield _of_container(kind, index.findings, source)
    elements = list(_messages(root))
    known = {cut(element) for element in elements}
    parsed = [cap.parse_element(element) for element in elements]
    parsed += [cap.parse(entry.document) for entry in index.entries if entry.document and entry.document not in known]
    for position, one in enumerate(parsed, 1):
        yield report(one, position)


def _messages(root: etree._Element) -> Iterator[etree._Element]:
    """The outermost messages among the descendants, in any namespace."""
    for element in root.iter("{*}alert"):
        if len(element) and next(element.iterancestors("{*}alert"), None) is None:
            yield element


def _of_container(kind: Kind, findings: tuple[cap.Finding, ...], source: str) -> cap.Report:
    return cap.Report(
        source=source,
        position=0,
        kind=kind,
        cap_version=None,
        profile=None,
        identifier=None,
        sender=None,
        sent=None,
        verdict="invalid" if any(finding.level == "error" for finding in findings) else "valid",
        signature=None,
        findings=findings,
    )
