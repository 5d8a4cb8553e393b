"""What the XML readers of feeds share: names without namespaces, texts, absolute links, messages cut out whole."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from capgateway import cap
from capgateway.feeds.entry import HTTP, LINKED, MAX_LINK, MAX_TITLE, Entry, embedded, linked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Real feeds declare about five around an alert. Cutting one out takes time by the square of their number.
MAX_NAMESPACES = 1_000
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
# E-20: both names are in use; the second comes from an expired draft.
CAP_TYPES = frozenset({"application/cap+xml", "application/common-alerting-protocol+xml"})
XML_TYPES = frozenset({"application/xml", "text/xml"})


class CrowdedError(Exception):
    """More namespaces stand around an alert than anyone needs: nothing more is read of such a document."""


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """The first child with one of the names, whatever its namespace; the names in order of preference."""
    return next((found for name in names for found in element.iterchildren(f"{{*}}{name}")), None)


def text(element: etree._Element, *names: str, most: int = MAX_TITLE) -> str:
    """The text of that child with blanks collapsed, ``""`` when there is none, cut after so many characters."""
    found = child(element, *names)
    return " ".join("".join(found.itertext()).split())[:most] if found is not None else ""


def media_type(value: str | None) -> str:
    """``application/cap+xml`` of ``Application/CAP+xml; charset=utf-8``."""
    return (value or "").partition(";")[0].strip().lower()


def absolute(link: str | None, element: etree._Element, base_url: str) -> str | None:
    """A link as written at an element, made absolute by ``xml:base`` and the feed's own address; ``None`` for none."""
    written, base = (link or "").strip(), element.base or ""
    if not written or len(written) > MAX_LINK:
        return None
    try:
        url = urldefrag(urljoin(urljoin(base_url, base), written)).url
    except ValueError:  # brackets that hold no IPv6 address
        return None
    return url if len(url) <= MAX_LINK else None


def is_http(url: str) -> bool:
    """Whether a URL is one we may ask at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def cut(element: etree._Element) -> bytes:
    """The element as a UTF-8 document of its own. Namespaces declared around it are declared on it: a signature over
    inclusive canonical XML counts them (E-12)."""
    return etree.tostring(element, encoding="UTF-8", with_tail=False)


def alerts_inside(element: etree._Element) -> Iterator[bytes]:
    """Every CAP message among the descendants, outermost ones only, in any namespace: what is wrong with one is for
    its own validation to say. Raises ``CrowdedError``."""
    for alert in element.iter("{*}alert"):
        if len(alert) and next(alert.iterancestors("{*}alert"), None) is None:
            if len(alert.nsmap) > MAX_NAMESPACES:
                raise CrowdedError
            yield cut(alert)


def alert_in_text(element: etree._Element) -> bytes | None:
    """The CAP message that stands escaped, or as CDATA, in the text of an element, or ``None``."""
    written = (element.text or "").lstrip()
    if declaration := _DECLARATION.match(written):  # it speaks of bytes; this is text
        written = written[declaration.end() :].lstrip()
    if len(element) or not written.startswith("<") or "alert" not in written:
        return None
    document = written.encode()
    root = cap.read_xml(document).root
    return document if root is not None and local(root) == "alert" and len(root) else None


def read_entry(
    element: etree._Element,
    where: str,
    *,
    name: str,
    title: str,
    updated: str | None,
    link: str | None,
    texts: Iterable[str],
) -> Iterator[Entry | cap.Finding]:
    """The messages an entry holds, as elements or in the ``texts`` that may hold one; else what it links to; else an
    unusable entry and a finding that says why."""
    sound_link = link if link is not None and is_http(link) else None
    in_texts = (alert_in_text(holder) for holder in element.iterchildren(*(f"{{*}}{name}" for name in texts)))
    documents = [*alerts_inside(element), *filter(None, in_texts)]
    for document in documents:
        yield embedded(document, title=title, link=sound_link, updated=updated)
    if documents:
        return
    if sound_link is not None:
        stamp = "" if updated else f"sha256:{hashlib.sha256(cut(element)).hexdigest()[:16]}"  # any change counts
        yield linked(sound_link, title=title, updated=updated, stamp=stamp)
        return
    if link is None:
        yield LINKED.finding("No CAP message is in it or linked from it.", xpath=where, line=element.sourceline)
    else:
        yield HTTP.finding("The link to its CAP message is not http.", xpath=where, line=element.sourceline)
    yield Entry(key=f"{where} {name}", title=title, updated=updated)
