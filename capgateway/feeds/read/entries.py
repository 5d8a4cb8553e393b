"""A feed's body becomes the list of what it announces. Pure, bounded, and never raises for what the bytes hold."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap
from capgateway.cap.encoding import ENCODING
from capgateway.cap.place import local, xpath
from capgateway.cap.xml import SYNTAX
from capgateway.feeds.read.atom import read_atom
from capgateway.feeds.read.edxl import read_edxl
from capgateway.feeds.read.entry import BOUNDED, MAX_LINK, READABLE, Entry, Index, embedded
from capgateway.feeds.read.ipaws import read_ipaws
from capgateway.feeds.read.markup import MAX_NAMESPACES, CrowdedError, quoted
from capgateway.feeds.read.nws import read_nws
from capgateway.feeds.read.rss import read_rss
from capgateway.feeds.read.salvage import Piece, pieces
from capgateway.feeds.read.signed import signed_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lxml import etree

    from capgateway.feeds.feed import FeedKind

#: Twice the largest feed seen in the field (9.4 MB).
MAX_FEED_BYTES = 20_000_000
#: Twelve times the longest index seen (1,600 entries): a feed that lists more is broken or hostile.
MAX_ENTRIES = 20_000
#: Cutting alerts out copies the namespaces around each, so many small ones could grow far beyond the feed itself.
MAX_DOCUMENT_BYTES = 5 * MAX_FEED_BYTES
#: What is wrong with one feed is told this often, the rest is more of the same; a document that consists of faults is
#: not read to its end.
MAX_FINDINGS = 200
MAX_FAULTS = 5 * MAX_ENTRIES

_LONG_BASE = f"boolean(//@xml:base[string-length() > {MAX_LINK}])"
CROWDED = BOUNDED.finding(
    f"More than {MAX_NAMESPACES:,} namespaces are declared around an alert or an entry; nothing after it is read."
)
#: Kinds whose every body is one message, whatever it holds: what is wrong with it is for validation to say.
_SINGLE = frozenset({"cap", "naads"})
#: Kinds where somebody hands over what they have: messages, or envelopes of them, never an index to be followed.
_HANDED_OVER = frozenset({"directory", "push"})

_READERS: dict[str, Callable[[etree._Element, str], Iterator[Entry | cap.Finding]]] = {
    "feed": read_atom,
    "rss": read_rss,
    "RDF": read_rss,
    "alerts": read_ipaws,
    "EDXLDistribution": read_edxl,
}
_ENVELOPES = frozenset({"alerts", "EDXLDistribution"})
_ROOTS: dict[FeedKind, frozenset[str]] = {
    "atom": frozenset({"feed"}),
    "rss": frozenset({"rss", "RDF"}),
    "ipaws": frozenset({"alerts", "feed", "alert"}),
    "nws": frozenset({"feed", "alert"}),
    "edxl": frozenset({"EDXLDistribution"}),
}


def read_entries(body: bytes, *, kind: FeedKind, base_url: str) -> Index:
    """What a feed's body announces.

    Another kind of document than the feed was configured as is read all the same, if it is any, with a finding. Of one that is
    not well-formed the pieces that are whole are read, and the broken ones are entries with their bytes. A body
    that is a message by itself is the only entry, as received; so is whatever was handed over and is not an envelope.
    """
    if kind in _SINGLE:
        return Index(entries=(embedded(body),))
    if kind == "nws" and not body.lstrip().startswith(b"<"):
        items, next_url = read_nws(body, base_url)
        return _gather(items, [], next_url)
    xml = cap.read_xml(body, limit=MAX_FEED_BYTES)
    name = local(xml.root) if xml.root is not None else ""
    if xml.root is None and xml.findings[-1].rule == SYNTAX.id:
        entries = tuple(_salvaged(body, kind, base_url))
        if any(entry.is_sound for entry in entries):
            return Index(entries=entries, findings=xml.findings)
    if kind in _HANDED_OVER and name not in _ENVELOPES:
        return Index(entries=(embedded(body),))
    if xml.root is None:
        return Index(findings=xml.findings)
    return _read(body, xml.root, [*xml.findings], kind, base_url)


def _read(body: bytes, root: etree._Element, findings: list[cap.Finding], kind: FeedKind, base_url: str) -> Index:
    """What a document that is XML announces."""
    if root.xpath(_LONG_BASE):  # each link would read it
        message = f"An `xml:base` is longer than {MAX_LINK:,} characters; shorten it."
        return Index(findings=(*findings, BOUNDED.finding(message)))
    name = local(root)
    is_misread = any(finding.rule == ENCODING.id for finding in findings)
    if name not in _ROOTS.get(kind, _ENVELOPES):
        message = f"The feed is configured as {kind}, but the root element is {quoted(name)}; correct its `kind` or its address."
        findings.append(READABLE.finding(message, xpath=xpath(root), line=root.sourceline))
    if name == "alert":
        return Index(entries=(embedded(body),), findings=tuple(findings))
    read = _READERS.get(name)
    if read and is_misread:  # for one stray byte all others would be read in its encoding
        entries = tuple(_salvaged(body, kind, base_url))
        if len(entries) > 1:
            return Index(entries=entries, findings=tuple(findings))
    signed = signed_messages(body, root, limit=MAX_FEED_BYTES)
    return _gather(_whole(read(root, base_url), signed) if read else (), findings)


def _salvaged(body: bytes, kind: FeedKind, base_url: str) -> Iterator[Entry]:
    """What the pieces of a damaged container announce, each read by itself. A broken piece becomes an entry with its bytes, to be
    found unreadable; where it only links to its message, the link is followed."""
    for number, piece in enumerate(pieces(body)):
        xml = cap.read_xml(piece.document, limit=MAX_FEED_BYTES)
        if xml.root is None:
            yield from _broken(piece, base_url)
            continue
        name = local(xml.root)
        if kind in _HANDED_OVER and name not in _ENVELOPES:
            return
        signed = signed_messages(piece.document, xml.root, limit=MAX_FEED_BYTES)
        for entry in _gather(_whole(_READERS[name](xml.root, base_url), signed), []).entries:
            yield entry if entry.is_usable else msgspec.structs.replace(entry, key=f"/{number} {entry.key}")


def _broken(piece: Piece, base_url: str) -> Iterator[Entry]:
    root = cap.read_xml(piece.cleaned, limit=MAX_FEED_BYTES).root
    if root is not None and local(root) not in _ENVELOPES:
        entries = _gather(_READERS[local(root)](root, base_url), []).entries
        if entries and all(entry.document is None and entry.is_usable for entry in entries):
            yield from entries
            return
    yield embedded(piece.own, is_sound=False)


def _whole(items: Iterable[Entry | cap.Finding], signed: dict[etree._Element, bytes]) -> Iterator[Entry | cap.Finding]:
    """The items, with the messages as they were signed, and without the tree that they were found in."""
    for item in items:
        if isinstance(item, cap.Finding) or item.element is None:
            yield item
        else:
            yield item.holding(signed.get(item.element))


def _until_crowded(items: Iterable[Entry | cap.Finding]) -> Iterator[Entry | cap.Finding]:
    try:
        yield from items
    except CrowdedError:
        yield CROWDED


def _gather(items: Iterable[Entry | cap.Finding], findings: list[cap.Finding], next_url: str | None = None) -> Index:
    """The items within the bounds."""
    entries: list[Entry] = []
    told = Counter[str]()
    size = faults = 0
    for item in _until_crowded(items):
        if item is CROWDED:
            findings.insert(0, CROWDED)
            break
        if isinstance(item, cap.Finding):
            faults += 1
            told[item.level] += 1
            if told[item.level] <= MAX_FINDINGS:
                findings.append(item)
        else:
            size += len(item.document or b"")
            entries.append(item)
        if len(entries) > MAX_ENTRIES or size > MAX_DOCUMENT_BYTES or faults > MAX_FAULTS:
            del entries[MAX_ENTRIES:]
            findings.insert(
                0,
                BOUNDED.finding(f"The feed is larger than what is read; only its first {len(entries):,} entries are."),
            )
            break
    if len(findings) > MAX_FINDINGS:
        findings.sort(key=lambda finding: finding.level != "error")  # the verdict hangs on them
    return Index(entries=tuple(entries), findings=tuple(findings[:MAX_FINDINGS]), next_url=next_url)
