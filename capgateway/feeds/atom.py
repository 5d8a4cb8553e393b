"""Read Atom feeds (RFC 4287) whose entries hold CAP messages or link to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from capgateway.cap.rule import Rule
from capgateway.feeds.entry import MAX_LINK, Entry
from capgateway.feeds.markup import CAP_TYPES, XML_TYPES, absolute, child, local, media_type, read_entry, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

ATOM = "http://www.w3.org/2005/Atom"
_FEED_CHILDREN = frozenset(
    "author category contributor generator icon id link logo rights subtitle title updated entry".split()  # noqa: SIM905
)

REQUIRED = Rule(
    id="feed.atom-required",
    level="error",
    layer="feed",
    asks="An Atom feed and each of its entries has an id, a title and a time of update.",
    why="Readers tell entries apart by them.",
    reference="RFC 4287 §4.1.1, §4.1.2",
    source=("D-30",),
)
UNIQUE = Rule(
    id="feed.atom-unique-id",
    level="error",
    layer="feed",
    asks="No two entries of a feed have the same id.",
    why="Many readers keep one entry for each id, and lose the other.",
    reference="RFC 4287 §4.2.6",
    source=("D-31",),
)
KNOWN = Rule(
    id="feed.atom-element",
    level="error",
    layer="feed",
    asks="A feed holds no elements of Atom's namespace that Atom does not know.",
    reference="RFC 4287 §4.1.1",
    source=("D-30",),
)


def read_atom(root: etree._Element, base_url: str) -> Iterator[Entry | cap.Finding]:
    """The entries of a feed, and what is wrong with it."""
    yield from _missing(root, "/feed")
    for element in root.iterchildren(f"{{{ATOM}}}*"):
        if local(element) not in _FEED_CHILDREN:
            yield KNOWN.finding(f"`{local(element)}` is no element of Atom.", xpath="/feed", line=element.sourceline)
    ids: set[str] = set()
    for number, element in enumerate(root.iterchildren("{*}entry"), 1):
        where = f"/feed/entry[{number}]"
        yield from _missing(element, where)
        name = text(element, "id", most=MAX_LINK)
        if name and name in ids:
            yield UNIQUE.finding(f"The id `{name}` was used before.", xpath=where, line=element.sourceline)
        ids.add(name)
        yield from read_entry(
            element,
            where,
            name=name,
            title=text(element, "title"),
            updated=text(element, "updated", "published") or None,
            link=choose_link(element, base_url),
            texts=("content", "summary"),
        )


def _missing(element: etree._Element, where: str) -> Iterator[cap.Finding]:
    absent = [name for name in ("id", "title", "updated") if child(element, name) is None]
    if absent:
        yield REQUIRED.finding(f"Not there: {', '.join(absent)}.", xpath=where, line=element.sourceline)


class _Link(NamedTuple):
    url: str
    type: str
    rel: str


def choose_link(element: etree._Element, base_url: str) -> str | None:
    """Of an entry's links the one that leads to its CAP message: one of CAP's type, the only untyped one, one of an XML
    type (D-32); failing these the first that is not for people to read, as Sweden types its CAP ``atom+xml``."""
    links = [link for link in _links(element, base_url) if "html" not in link.type]
    untyped = [link for link in links if not link.type]
    ranked = (
        [link for link in links if link.type in CAP_TYPES],
        untyped if len(untyped) == 1 else [],
        [link for link in links if link.type in XML_TYPES],
        [link for link in links if link.rel == "alternate"],
        links,
    )
    return next((found[0].url for found in ranked if found), None)


def _links(element: etree._Element, base_url: str) -> Iterator[_Link]:
    for source in element.iterchildren("{*}link", "{*}content"):
        url = absolute(source.get("href" if local(source) == "link" else "src"), source, base_url)
        if url is not None:
            yield _Link(url, media_type(source.get("type")), source.get("rel", "alternate").strip().lower())
