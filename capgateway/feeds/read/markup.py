"""What the XML readers of feeds share: places, texts, absolute links, messages cut out whole."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from capgateway import cap
from capgateway.cap.names import VERSIONS
from capgateway.cap.place import local, namespace_of, step
from capgateway.feeds.read.entry import HTTP, LINKED, MAX_LINK, MAX_TITLE, NAMESPACE, Entry, embedded, linked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgateway.feeds.read.links import Choice

#: Real feeds declare about five around an alert. Cutting one out takes time by the square of their number: with a hundred
#: still less than to read the alert, with a thousand forty times as long.
MAX_NAMESPACES = 100
_QUOTED = 80  # characters of a stranger's word, so that what to do about it still fits in a message
_TYPED = 'link to it with `type="application/cap+xml"`'
#: How feeds say in an entry that they have nothing to say.
_NOTHING = re.compile(
    r"\b(?:there (?:are|is) (?:currently )?no|no (?:active|current|new)|no (?:alerts?|warnings?|watches|advisories|messages?))\b"
    r"|\baucune? (?:alerte|avertissement|avis)\b|\bsin (?:alertas|avisos)\b",
    re.IGNORECASE,
)
_ALERT = re.compile(r"<(?:[\w.-]{1,40}:)?alert[\s/>]")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")


class CrowdedError(Exception):
    """More namespaces stand around an alert or an entry than anyone needs: nothing more is read of such a document."""


def quoted(written: str) -> str:
    """A stranger's name or word, as messages show it."""
    return f"`{written}`" if len(written) <= _QUOTED else f"`{written[:_QUOTED]}…`"


def places(parent: etree._Element, where: str) -> Iterator[tuple[etree._Element, str]]:
    """The children with their XPaths, as :func:`capgateway.cap.place.xpath` writes them; here in one pass, as a feed may
    be wrong in each of its entries."""
    total, seen = Counter(element.tag for element in parent), Counter[object]()
    for element in parent:
        seen[element.tag] += 1
        yield element, f"{where}/{step(local(element), seen[element.tag], is_alone=total[element.tag] == 1)}"


def wrong_namespace(element: etree._Element, where: str, right: str) -> Iterator[cap.Finding]:
    """A finding when the element is in another namespace than the ``right`` one."""
    if namespace_of(element) != right:
        is_in = f"in the namespace {quoted(namespace_of(element))}" if namespace_of(element) else "in no namespace"
        advice = f"put it into `{right}`" if right else "take it out of any namespace"
        message = f"{quoted(local(element))} is {is_in}; {advice}."
        yield NAMESPACE.finding(message, xpath=where, line=element.sourceline)


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
    inclusive canonical XML counts them (E-12). Raises ``CrowdedError``."""
    if is_crowded(element):
        raise CrowdedError
    return etree.tostring(element, encoding="UTF-8", with_tail=False)


def is_crowded(element: etree._Element) -> bool:
    """Whether more namespaces stand around the element than is read."""
    return len(element.nsmap) > MAX_NAMESPACES


def is_message(element: etree._Element, *, also_empty: bool) -> bool:
    """Whether this is a CAP message, in any namespace: what is wrong with it is for its own validation to say. One
    without content is distinguished from a word of another vocabulary by CAP's namespace only."""
    return local(element) == "alert" and (len(element) > 0 or (also_empty and namespace_of(element) in VERSIONS))


def alerts_inside(element: etree._Element, *, also_empty: bool = True) -> Iterator[etree._Element]:
    """Every CAP message among the element and its descendants, outermost ones only."""
    for alert in element.iter("{*}alert"):
        if is_message(alert, also_empty=also_empty) and next(alert.iterancestors("{*}alert"), None) is None:
            yield alert


def alert_in_text(element: etree._Element, *, also_empty: bool = True) -> bytes | None:
    """The CAP message that is escaped, or in CDATA, in the text of an element, or ``None``."""
    written = (element.text or "").lstrip()
    if declaration := _DECLARATION.match(written):  # it speaks of bytes; this is text
        written = written[declaration.end() :].lstrip()
    if len(element) or not written.startswith("<") or "alert" not in written:
        return None
    document = written.encode()
    root = cap.read_xml(document).root
    return document if root is not None and is_message(root, also_empty=also_empty) else None


def read_entry(
    element: etree._Element,
    where: str,
    *,
    name: str,
    title: str,
    updated: str | None,
    link: Choice,
    texts: Iterable[str],
    base_url: str = "",
) -> Iterator[Entry | cap.Finding]:
    """The messages an entry contains, as elements or in the ``texts`` that may contain one; else what it links to; else an
    unusable entry, or one that only says that there is nothing. A finding says what is wrong with its link."""
    candidates = [one for one in dict.fromkeys((link.url, *link.others)) if one is not None and is_http(one)]
    urls = [one for one in candidates if not is_same_page(one, base_url)]
    url = urls[0] if urls else None
    also_empty = url is None  # an empty message must not keep us from the one that is linked
    holders = list(element.iterchildren(*(f"{{*}}{holding}" for holding in texts)))
    in_texts = (alert_in_text(holder, also_empty=also_empty) for holder in holders)
    inside = [(cut(alert), alert) for alert in alerts_inside(element, also_empty=also_empty)]
    documents = [*inside, *((document, None) for document in in_texts if document)]
    for document, alert in documents:
        yield embedded(document, title=title, link=url, updated=updated, element=alert)
    if documents:
        return
    if url is None:
        broken = [piece for holder in holders if (piece := _broken_alert(holder))]
        for piece in broken:
            yield embedded(piece, title=title, updated=updated, is_sound=False)
        if broken:
            return
    if url is None and (candidates or _NOTHING.search(title)):
        yield Entry(key=f"{where} {name}", title=title, updated=updated, is_placeholder=True)
        return
    fault = _fault(link)
    if fault is not None:
        rule, message = fault
        yield rule.finding(message, xpath=where, line=element.sourceline)
    if url is None:
        yield Entry(key=f"{where} {name}", title=title, updated=updated)
    else:
        stamp = "" if updated else f"sha256:{hashlib.sha256(cut(element)).hexdigest()[:16]}"  # any change counts
        yield linked(
            url,
            title=title,
            updated=updated,
            stamp=stamp,
            others=tuple(urls[1:]),
            is_named=link.is_named and url == link.url,
        )


def _broken_alert(holder: etree._Element) -> bytes | None:
    """What is in the text of an element and begins as a CAP message, but is not well-formed."""
    written = _DECLARATION.sub("", (holder.text or "").lstrip(), count=1).lstrip()
    if len(holder) or not _ALERT.match(written):
        return None
    document = written.encode()
    return document if cap.read_xml(document).root is None else None


def is_same_page(url: str, other: str) -> bool:
    """Whether two addresses differ at most in scheme, fragment and a slash at the end: a feed's entry that leads there leads
    back to the feed."""
    try:
        one, two = urlsplit(url), urlsplit(other)
    except ValueError:
        return False
    return bool(other) and (one.netloc.lower(), one.path.rstrip("/"), one.query) == (
        two.netloc.lower(),
        two.path.rstrip("/"),
        two.query,
    )


def _fault(link: Choice) -> tuple[cap.Rule, str] | None:
    if link.url is None:
        return (
            LINKED,
            f"The entry neither contains a CAP message nor links to one; put the message inside, or {_TYPED}.",
        )
    if not link.is_named:
        return LINKED, f"No link of the entry clearly leads to a CAP message; {_TYPED}."
    if not is_http(link.url):
        return HTTP, "The link to the CAP message is not http or https; write an address that every reader can fetch."
    return None
