"""What a feed's index announces: entries, each with a CAP message inside or a link to one, and what is wrong with it."""

from __future__ import annotations

import hashlib

import msgspec
from lxml import etree

from capgateway import cap
from capgateway.cap import Rule

MAX_TITLE = 300  # a title is for a person's eye in a list; some feeds put the whole text there
MAX_OTHERS = 4  # further links of an entry that are tried; each costs a request
MAX_LINK = 4_000  # longer than any server accepts in a request line

READABLE = Rule(
    id="feed.root",
    level="error",
    layer="feed",
    asks="The document of a feed is of the kind that is configured for the feed.",
    why="Another document, such as a log-in page with status 200, announces nothing, so the feed would only look quiet.",
)
NAMESPACE = Rule(
    id="feed.namespace",
    level="error",
    layer="feed",
    asks="The elements of a feed are in the namespace of Atom 1.0, of FEMA's wrapper or of RSS 1.0; those of RSS 2.0 are in none.",
    why="Readers recognise a document by its namespace, and skip elements that they do not know.",
    source=("B-62", "D-30"),
)
BOUNDED = Rule(
    id="feed.size",
    level="error",
    layer="feed",
    asks="A feed has at most 20,000 entries, at most 100 MB of alerts inside, at most 100 namespaces declared around each, and no "
    "`xml:base` longer than 4,000 characters.",
    why="One feed must not exhaust the gateway that reads all feeds. Entries beyond a limit are not read.",
)
LINKED = Rule(
    id="feed.entry-link",
    level="error",
    layer="feed",
    asks="An entry contains a CAP message or links to one: by a link with the type `application/cap+xml`, by its only link "
    "without a type, or by a link with an XML type.",
    why="The index is only a summary. Without the message itself nothing can be validated or shown.",
    source=("D-32", "D-33"),
)
HTTP = Rule(
    id="feed.link-scheme",
    level="error",
    layer="feed",
    asks="The links of entries are http or https.",
    why="Links with other schemes read files or start programs.",
    source=("D-34",),
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One item of an index.

    ``key`` says whether it was read before: it names what the entry points to and when that was updated,
    because feeds repeat ids, and repeat one alert under many ids. ``link`` is absolute. ``document`` is the CAP message
    found inside, as a document of its own. ``updated`` is as received. Without link and document it is unusable.
    ``envelope_status`` is what an EDXL-DE envelope says of its content: one of ``Test`` makes a test of what is inside.
    ``element`` is where the document was cut out, until the index is read. ``others`` are further links, for where the first
    leads to no message; where the link is not ``named`` as that of a message, several entries may have it in common. A
    ``placeholder`` only says that there is nothing. What is not ``sound`` is a piece of a damaged
    container that could not be read.
    """

    key: str
    title: str = ""
    link: str | None = None
    document: bytes | None = None
    updated: str | None = None
    envelope_status: str | None = None
    element: etree._Element | None = None
    others: tuple[str, ...] = ()
    is_named: bool = True
    is_placeholder: bool = False
    is_sound: bool = True

    def holding(self, document: bytes | None) -> Entry:
        """The entry out of its tree, with another document inside if one is given."""
        if document is None:
            return msgspec.structs.replace(self, element=None)
        key = embedded(document, envelope_status=self.envelope_status).key
        return msgspec.structs.replace(self, key=key, document=document, element=None)

    @property
    def is_usable(self) -> bool:
        return not self.is_placeholder and (self.link is not None or self.document is not None)


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's document as read: every entry it announces, in its order, usable or not, and findings about the feed.
    ``next_url`` is where the listing goes on, if it does."""

    entries: tuple[Entry, ...] = ()
    findings: tuple[cap.Finding, ...] = ()
    next_url: str | None = None

    @property
    def unusable(self) -> int:
        """How many entries lead to no message although they should."""
        return sum(not entry.is_usable and not entry.is_placeholder for entry in self.entries)

    @property
    def distinct(self) -> tuple[Entry, ...]:
        """The usable entries, each key once: MeteoAlarm has an entry for each area of one message."""
        first: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.is_usable:
                first.setdefault(entry.key, entry)
        return tuple(first.values())


def embedded(
    document: bytes,
    *,
    title: str = "",
    link: str | None = None,
    updated: str | None = None,
    envelope_status: str | None = None,
    element: etree._Element | None = None,
    is_sound: bool = True,
) -> Entry:
    """An entry that contains its message. The message is what it points to, so its hash is the key."""
    return Entry(
        key=_as_said(f"sha256:{hashlib.sha256(document).hexdigest()}", envelope_status),
        title=title,
        link=link,
        document=document,
        updated=updated,
        envelope_status=envelope_status,
        element=element,
        is_sound=is_sound,
    )


def enveloped(alert: cap.Alert, envelope_status: str | None) -> cap.Alert:
    """The alert as its envelope wants it read: in one marked ``Test`` an ``Actual`` is a test. No envelope makes an alert
    more real (E-03)."""
    if alert.status != "Actual" or envelope_status in {None, "Actual"}:
        return alert
    return msgspec.structs.replace(alert, status=envelope_status)


def linked(
    link: str,
    *,
    title: str = "",
    updated: str | None = None,
    stamp: str = "",
    envelope_status: str | None = None,
    others: tuple[str, ...] = (),
    is_named: bool = True,
) -> Entry:
    """An entry that points elsewhere. Where it has no time of update, a ``stamp`` distinguishes one state of it from the next."""
    others = others[:MAX_OTHERS]
    links = [link] if is_named else [link, *others]
    return Entry(
        key=_as_said(" ".join((*links, updated or stamp)).strip(), envelope_status),
        title=title,
        link=link,
        updated=updated,
        envelope_status=envelope_status,
        others=others,
        is_named=is_named,
    )


def _as_said(key: str, envelope_status: str | None) -> str:
    """The key of what an envelope calls a test: in a real one it is another entry."""
    return key if envelope_status in {None, "Actual"} else f"{key} {envelope_status}"
