"""A feed's body becomes the list of what it announces. Pure, bounded, and never raises for what the bytes hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from capgateway import cap
from capgateway.feeds.atom import read_atom
from capgateway.feeds.edxl import read_edxl
from capgateway.feeds.entry import BOUNDED, READABLE, Entry, Index, embedded
from capgateway.feeds.ipaws import read_ipaws
from capgateway.feeds.markup import local
from capgateway.feeds.nws import read_nws
from capgateway.feeds.rss import read_rss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lxml import etree

IndexKind = Literal["atom", "rss", "cap", "ipaws", "nws", "edxl"]

#: Twice the largest feed seen in the field (9.4 MB).
MAX_FEED_BYTES = 20_000_000
#: Twelve times the longest index seen (1,600 entries): a feed that lists more is broken or hostile.
MAX_ENTRIES = 20_000
#: Cutting alerts out copies the namespaces around each, so many small ones could grow far beyond the feed itself.
MAX_DOCUMENT_BYTES = 5 * MAX_FEED_BYTES
#: What is wrong with one feed is told this often, the rest is more of the same.
MAX_FINDINGS = 200

_READERS: dict[str, Callable[[etree._Element, str], Iterator[Entry | cap.Finding]]] = {
    "feed": read_atom,
    "rss": read_rss,
    "RDF": read_rss,
    "alerts": read_ipaws,
    "EDXLDistribution": read_edxl,
}
_ROOTS: dict[IndexKind, frozenset[str]] = {
    "atom": frozenset({"feed"}),
    "rss": frozenset({"rss", "RDF"}),
    "cap": frozenset({"alert"}),
    "ipaws": frozenset({"alerts", "feed", "alert"}),
    "nws": frozenset({"feed", "alert"}),
    "edxl": frozenset({"EDXLDistribution"}),
}


def read_entries(body: bytes, *, kind: IndexKind, base_url: str) -> Index:
    """What a feed's body announces.

    A feed of kind ``cap`` is one message, which is its only entry; its own faults are for validation. Another kind of
    document than the feed was configured as is read all the same, if it is any, with a finding.
    """
    if kind == "cap":
        return Index(entries=(embedded(body),))
    if kind == "nws" and not body.lstrip()[:1].startswith(b"<"):
        items, next_url = read_nws(body, base_url)
        return _gather(items, [], next_url)
    xml = cap.read_xml(body, limit=MAX_FEED_BYTES)
    if xml.root is None:
        return Index(findings=xml.findings)
    name, findings = local(xml.root), list(xml.findings)
    if name not in _ROOTS[kind]:
        message = f"Configured as {kind}, but the document's root is `{name}`."
        findings.append(READABLE.finding(message, xpath=f"/{name}", line=xml.root.sourceline))
    if name == "alert":
        return Index(entries=(embedded(body),), findings=tuple(findings))
    read = _READERS.get(name)
    return _gather(read(xml.root, base_url) if read else (), findings)


def _gather(items: Iterable[Entry | cap.Finding], findings: list[cap.Finding], next_url: str | None = None) -> Index:
    """The items within the bounds."""
    entries: list[Entry] = []
    size = 0
    for item in items:
        if isinstance(item, cap.Finding):
            findings.append(item)
            continue
        size += len(item.document or b"")
        if len(entries) == MAX_ENTRIES or size > MAX_DOCUMENT_BYTES:
            message = f"The feed announces more than is read; {len(entries):,} entries are."
            findings.insert(0, BOUNDED.finding(message))
            break
        entries.append(item)
    return Index(entries=tuple(entries), findings=tuple(findings[:MAX_FINDINGS]), next_url=next_url)
