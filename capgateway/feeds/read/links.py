"""Which of an entry's links leads to its CAP message. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# E-20: both names are in use; the second comes from an expired draft.
CAP_TYPES = frozenset({"application/cap+xml", "application/common-alerting-protocol+xml"})
XML_TYPES = frozenset({"application/xml", "text/xml"})
#: Relations of links that lead to the entry once more, or to what is around it (RFC 4287 §4.2.7.2, RFC 5023 §11).
_NOT_CONTENT = frozenset({"self", "edit", "edit-media", "replies", "license"})


class Link(NamedTuple):
    """``type`` is a media type without its parameters, ``""`` for none; ``rel`` is what the link is to the entry."""

    url: str
    type: str
    rel: str = "alternate"

    @property
    def is_xml(self) -> bool:
        """Whether it is called XML, and content: as Sweden calls its CAP ``application/atom+xml``. Pages and pictures
        are XML for people (RFC 7303 §4.2)."""
        is_named_so = self.type.startswith("application/") and self.type.endswith("+xml") and "html" not in self.type
        return self.is_content and (self.type in XML_TYPES or is_named_so)

    @property
    def is_content(self) -> bool:
        return self.rel not in _NOT_CONTENT


class Choice(NamedTuple):
    """The link to follow, if there is any. One that is not ``named`` by D-32 is a guess. A guess is followed, with an
    error beside it: a message behind a wrong type is still a message, and what else comes is quarantined, not shown. The
    ``others`` are tried where it leads to no message."""

    url: str | None
    is_named: bool
    others: tuple[str, ...] = ()


def named(links: Sequence[Link]) -> Link | None:
    """The link that the feed says leads to the message (D-32): one of CAP's type, the only one without a type, one of
    an XML type. Where one of two without a type leads to the entry itself, the other one is the only one; yet an XML
    type says more."""
    untyped = list({link.url: link for link in links if not link.type}.values())
    content = [link for link in untyped if link.is_content]
    ranked = (
        [link for link in links if link.type in CAP_TYPES],
        content if len(untyped) == 1 else [],
        [link for link in links if link.type in XML_TYPES and link.is_content],
        content if len(content) == 1 else [],
    )
    return next((found[0] for found in ranked if found), None)
