"""Which of an entry's links leads to its CAP message. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# E-20: both names are in use; the second comes from an expired draft.
CAP_TYPES = frozenset({"application/cap+xml", "application/common-alerting-protocol+xml"})
XML_TYPES = frozenset({"application/xml", "text/xml"})
#: RFC 4287 §4.2.7.2 without ``self``: that leads to the entry once more.
_ELSEWHERE = frozenset({"alternate", "related", "enclosure", "via"})


class Link(NamedTuple):
    """``type`` is a media type without its parameters, ``""`` for none; ``rel`` is what the link is to the entry."""

    url: str
    type: str
    rel: str = "alternate"


class Choice(NamedTuple):
    """The link to follow, if there is any. One that is not ``named`` by D-32 is a guess. A guess is followed, with an
    error beside it: a message behind a wrong type is still a message, and what else comes is quarantined, not shown."""

    url: str | None
    is_named: bool


def named(links: Sequence[Link]) -> str | None:
    """The link that the feed says leads to the message (D-32): one of CAP's type, the only one without a type, one of
    an XML type, among which Sweden's ``application/atom+xml``."""
    others = [link for link in links if link.rel in _ELSEWHERE]
    untyped = [link for link in others if not link.type]
    ranked = (
        [link for link in links if link.type in CAP_TYPES],
        untyped if len(untyped) == 1 else [],
        [link for link in others if link.type in XML_TYPES],
        [link for link in others if _is_xml(link.type)],
    )
    return next((found[0].url for found in ranked if found), None)


def _is_xml(media_type: str) -> bool:
    """RFC 7303 §4.2; pages and pictures are XML for people."""
    return media_type.startswith("application/") and media_type.endswith("+xml") and "html" not in media_type
