"""Read Atom feeds (RFC 4287) whose entries hold CAP messages or link to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cap import Rule
from capgateway.cap.place import local, namespace_of
from capgateway.feeds.read.dates import is_date
from capgateway.feeds.read.entry import MAX_LINK, Entry
from capgateway.feeds.read.links import Choice, Link, named
from capgateway.feeds.read.markup import (
    absolute,
    is_http,
    media_type,
    places,
    quoted,
    read_entry,
    text,
    wrong_namespace,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from capgateway import cap

ATOM = "http://www.w3.org/2005/Atom"
#: Children of an entry whose text may be a message.
TEXTS = ("content", "summary")
_REQUIRED = ("id", "title", "updated")
#: What a feed and an entry may hold, and what of it only once (RFC 4287 §4.1.1, §4.1.2).
_ONCE = {
    "feed": frozenset({*_REQUIRED, "generator", "icon", "logo", "rights", "subtitle"}),
    "entry": frozenset({*_REQUIRED, "content", "published", "rights", "source", "summary"}),
}
_MANY = frozenset({"author", "category", "contributor", "link"})
_CHILDREN = {"feed": _ONCE["feed"] | _MANY | {"entry"}, "entry": _ONCE["entry"] | _MANY}

REQUIRED = Rule(
    id="feed.atom-required",
    level="error",
    layer="feed",
    asks="An Atom feed and each of its entries have exactly one id that is not empty, one title and one updated. updated and "
    "published are times with an offset.",
    why="Readers distinguish entries by their ids, and recognise new ones by the time.",
    reference="RFC 4287 §3.3, §4.1.1, §4.1.2",
    source=("D-30",),
)
UNIQUE = Rule(
    id="feed.atom-unique-id",
    level="error",
    layer="feed",
    asks="No two entries of a feed have the same id.",
    why="Many readers keep only one entry per id and lose the other.",
    reference="RFC 4287 §4.2.6",
    source=("D-31",),
)
KNOWN = Rule(
    id="feed.atom-element",
    level="error",
    layer="feed",
    asks="A feed and its entries contain only those elements of Atom's namespace that Atom allows there, and none more than once "
    "that it allows once.",
    why="Readers ignore unknown elements, and differ in which of two they use.",
    reference="RFC 4287 §4.1.1, §4.1.2",
    source=("D-30",),
)


def read_atom(root: etree._Element, base_url: str) -> Iterator[Entry | cap.Finding]:
    """The entries of a feed, and what is wrong with it."""
    yield from wrong_namespace(root, "/feed", ATOM)
    yield from _form(root, "/feed")
    ids: set[str] = set()
    for element, where in places(root, "/feed"):
        if local(element) != "entry":
            continue
        if namespace_of(element) != namespace_of(root):  # what is wrong with all was said once
            yield from wrong_namespace(element, where, ATOM)
        yield from _form(element, where)
        name = text(element, "id", most=MAX_LINK)
        if name and name in ids:
            message = f"Another entry has the id {quoted(name)} too; give each entry an id of its own."
            yield UNIQUE.finding(message, xpath=where, line=element.sourceline)
        ids.add(name)
        yield from read_entry(
            element,
            where,
            name=name,
            title=text(element, "title"),
            updated=text(element, "updated", "published") or None,
            link=choose_link(element, base_url),
            texts=TEXTS,
            base_url=base_url,
        )


def _form(element: etree._Element, where: str) -> Iterator[cap.Finding]:
    """What is wrong with the Atom elements of a feed or an entry. Where these are in another namespace, that is the one
    thing to say."""
    if namespace_of(element) != ATOM:
        return
    found: set[str] = set()
    faults: list[tuple[etree._Element, cap.Rule, str]] = []
    for child in element.iterchildren(f"{{{ATOM}}}*"):
        name = local(child)
        faults += ((child, rule, message) for rule, message in _faults(child, local(element), is_again=name in found))
        found.add(name)
    if faults:
        place = dict(places(element, where))
        for child, rule, message in faults:
            yield rule.finding(message, xpath=place[child], line=child.sourceline)
    missing = [f"`{name}`" for name in _REQUIRED if name not in found]
    if missing:
        message = f"`{local(element)}` has no {' and no '.join(missing)}; add what is missing."
        yield REQUIRED.finding(message, xpath=where, line=element.sourceline)


def _faults(child: etree._Element, parent: str, *, is_again: bool) -> Iterator[tuple[cap.Rule, str]]:
    name = local(child)
    if name not in _CHILDREN[parent]:
        yield (
            KNOWN,
            f"Atom does not allow {quoted(name)} in `{parent}`; remove it, or put it into a namespace of your own.",
        )
    elif is_again and name in _ONCE[parent]:
        yield (REQUIRED if name in _REQUIRED else KNOWN), f"`{parent}` has a second `{name}`; keep one."
    if name == "id" and not (child.text or "").strip():
        yield REQUIRED, "The id is empty; write an IRI that nothing else has and that never changes."
    if name in {"updated", "published"} and not is_date((child.text or "").strip(), needs_zone=True):
        yield REQUIRED, f"`{name}` is not a time with an offset; write it as 2026-01-31T12:00:00Z."


def choose_link(element: etree._Element, base_url: str) -> Choice:
    """Of an entry's links the one that leads to its CAP message (D-32), or the likeliest: the only untyped one, the first
    alternative, any that is not for people to read."""
    every = list(_links(element, base_url))
    links = [link for link in every if "html" not in link.type]
    link = named(links)
    untyped = [link for link in links if not link.type]
    alternatives = [link for link in links if link.rel == "alternate"]
    likely = [*([link] if link else ()), *(untyped if len(untyped) == 1 else ()), *alternatives, *links]
    name = text(element, "id", most=MAX_LINK)
    others = tuple(
        dict.fromkeys([*(one.url for one in (*likely, *every) if one.is_content), *([name] if is_http(name) else ())])
    )
    if not likely:
        return Choice(None, is_named=False, others=others)
    return Choice(likely[0].url, is_named=link is not None or likely[0].is_xml, others=others)


def _links(element: etree._Element, base_url: str) -> Iterator[Link]:
    for source in element.iterchildren("{*}link", "{*}content"):
        url = absolute(source.get("href" if local(source) == "link" else "src"), source, base_url)
        if url is not None:
            yield Link(url, media_type(source.get("type")), source.get("rel", "alternate").strip().lower())
