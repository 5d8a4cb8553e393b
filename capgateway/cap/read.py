"""An XML tree becomes an :class:`Alert`: read as far as it goes, whatever its faults, older versions read up to 1.2.

Where a wrong text can only mean one thing the model holds that meaning, and a finding tells of the repair.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.model import Alert, Area, Info, Named, Reference, Resource, Time
from capgateway.cap.place import tag, xpath
from capgateway.cap.rule import Rule
from capgateway.cap.times import time

if TYPE_CHECKING:
    from lxml import etree

    from capgateway.cap.finding import Finding

VERY_LIKELY = Rule(
    id="cap.certainty.very-likely",
    level="warning",
    asks="certainty is not `Very Likely`, a value of CAP 1.0; write `Likely`.",
    why="The standard asks receivers to read the old value as Likely, and so it is read here.",
    reference="CAP 1.2 §3.2.2",
    source=("A-60",),
)

EMPTY_SHAPE = Rule(
    id="cap.shape.empty",
    level="info",
    asks="A polygon or circle that holds nothing is left out.",
    why="Many feeds send them as place holders; they are read as absent.",
    reference="CAP 1.2 §3.2.4",
    source=("A-116",),
)

#: XML's own white space; str.strip() alone would also take away what XML counts as text.
BLANK = " \t\r\n"

#: What CAP 1.2 asks every resource to have and older versions left open (A-160).
UNKNOWN_MIME_TYPE = "application/octet-stream"

_QUOTED_OR_BARE = re.compile(r'"([^"]*)"|([^\s"]+)')
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")  # more digits than any file has bytes


class Children:
    """The children of one element by local name; those of another namespace are not CAP's and left out."""

    __slots__ = ("_found",)

    def __init__(self, parent: etree._Element, prefix: str) -> None:
        found: dict[str, list[etree._Element]] = {}
        start = len(prefix)
        for child in parent:
            full: str = child.tag  # type: ignore[assignment]
            if full.startswith(prefix):
                name = full[start:]
                if name in found:
                    found[name].append(child)
                else:
                    found[name] = [child]
        self._found = found

    def all(self, name: str) -> list[etree._Element]:
        return self._found.get(name, [])

    def text(self, name: str) -> str | None:
        """The first one's text as received, ``""`` when it is empty, ``None`` when there is none."""
        found = self._found.get(name)
        return (found[0].text or "") if found else None

    def token(self, name: str) -> str:
        """The first one's text without outer blanks, ``""`` when there is none."""
        found = self._found.get(name)
        return (found[0].text or "").strip(BLANK) if found else ""

    def tokens(self, name: str) -> tuple[str, ...]:
        found = self._found.get(name)
        return tuple([(child.text or "").strip(BLANK) for child in found]) if found else ()

    def time(self, name: str) -> Time | None:
        text = self.token(name)
        return time(text) if text else None


class Reader:
    """Reads one document: knows its version and namespace and gathers the repairs made on the way."""

    def __init__(self, root: etree._Element, version: str) -> None:
        self.root = root
        self.version = version
        self.repairs: list[Finding] = []
        self._prefix = tag(root)[: tag(root).index("}") + 1]

    def alert(self) -> Alert:
        its = Children(self.root, self._prefix)
        return Alert(
            version=self.version,
            identifier=its.token("identifier"),
            sender=its.token("sender"),
            sent=its.time("sent"),
            status=its.token("status"),
            msg_type=its.token("msgType"),
            source=its.text("source"),
            scope=its.token("scope"),
            restriction=its.text("restriction"),
            addresses=quoted_items(its.token("addresses")),
            codes=its.tokens("code"),
            note=its.text("note"),
            references=references(its.token("references"), self.version),
            incidents=quoted_items(its.token("incidents")),
            infos=tuple([self._info(info) for info in its.all("info")]),
        )

    def _info(self, element: etree._Element) -> Info:
        its = Children(element, self._prefix)
        return Info(
            language=its.token("language") or "en-US",
            categories=its.tokens("category"),
            event=its.text("event") or "",
            response_types=its.tokens("responseType"),
            urgency=its.token("urgency"),
            severity=its.token("severity"),
            certainty=self._certainty(its),
            audience=its.text("audience"),
            event_codes=self._named(its, "eventCode"),
            effective=its.time("effective"),
            onset=its.time("onset"),
            expires=its.time("expires"),
            sender_name=its.text("senderName"),
            headline=its.text("headline"),
            description=its.text("description"),
            instruction=its.text("instruction"),
            web=its.token("web") or None,
            contact=its.text("contact"),
            parameters=self._named(its, "parameter"),
            resources=tuple([self._resource(resource) for resource in its.all("resource")]),
            areas=tuple([self._area(area) for area in its.all("area")]),
        )

    def _certainty(self, its: Children) -> str:
        text = its.token("certainty")
        if text != "Very Likely":
            return text
        if self.version != "1.0":
            element = its.all("certainty")[0]
            message = "certainty `Very Likely` was dropped after CAP 1.0; it is read as Likely. Write `Likely`."
            self.repairs.append(VERY_LIKELY.finding(message, xpath=xpath(element), line=element.sourceline))
        return "Likely"

    def _resource(self, element: etree._Element) -> Resource:
        its = Children(element, self._prefix)
        size = its.token("size")
        return Resource(
            resource_desc=its.text("resourceDesc") or "",
            mime_type=its.token("mimeType") or (None if self.version == "1.2" else UNKNOWN_MIME_TYPE),
            size=int(size) if _INTEGER.fullmatch(size) else None,
            uri=its.token("uri") or None,
            deref_uri=its.text("derefUri"),
            digest=its.token("digest") or None,
        )

    def _area(self, element: etree._Element) -> Area:
        its = Children(element, self._prefix)
        return Area(
            area_desc=its.text("areaDesc") or "",
            polygons=self._shapes(its, "polygon"),
            circles=self._shapes(its, "circle"),
            geocodes=self._named(its, "geocode"),
            altitude=its.token("altitude") or None,
            ceiling=its.token("ceiling") or None,
        )

    def _shapes(self, its: Children, name: str) -> tuple[str, ...]:
        """The texts as received of the shapes that are not blank."""
        texts = []
        for element in its.all(name):
            text = element.text or ""
            if text.strip(BLANK):
                texts.append(text)
            else:
                message = f"{name} is empty and read as absent; leave it out."
                self.repairs.append(EMPTY_SHAPE.finding(message, xpath=xpath(element), line=element.sourceline))
        return tuple(texts)

    def _named(self, its: Children, name: str) -> tuple[Named, ...]:
        pairs = its.all(name)
        if not pairs:
            return ()
        if self.version == "1.0":
            return tuple([_split_pair(pair.text or "") for pair in pairs])
        return tuple([self._pair(pair) for pair in pairs])

    def _pair(self, element: etree._Element) -> Named:
        name_tag, value_tag = self._prefix + "valueName", self._prefix + "value"
        name = value = ""
        for child in element:
            if child.tag == name_tag:
                name = name or (child.text or "").strip(BLANK)
            elif child.tag == value_tag:
                value = value or (child.text or "").strip(BLANK)
        return Named(name=name, value=value)


def _split_pair(text: str) -> Named:
    """CAP 1.0's ``name=value``; only the first ``=`` divides, values may hold more of them."""
    name, _, value = text.partition("=")
    return Named(name=name.strip(BLANK), value=value.strip(BLANK))


def quoted_items(text: str) -> tuple[str, ...]:
    """The items of ``addresses`` or ``incidents``: apart by blanks, in double quotes where they hold some themselves."""
    return tuple([quoted or bare for quoted, bare in _QUOTED_OR_BARE.findall(text)]) if text else ()


def references(text: str, version: str) -> tuple[Reference, ...]:
    """The messages that ``references`` names; items that are no reference are left out."""
    if not text:
        return ()
    read = _reference_1_0 if version == "1.0" else reference
    return tuple([found for item in text.split() if (found := read(item))])


def reference(item: str) -> Reference | None:
    """One ``sender,identifier,sent``, or ``None``."""
    parts = item.split(",")
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004  (the three of the standard)
        return None
    return Reference(sender=parts[0], identifier=parts[1], sent=time(parts[2]))


def _reference_1_0(item: str) -> Reference | None:
    """CAP 1.0's ``identifier/sender``; an identifier may hold a slash, a sender (a name on the net) does not."""
    identifier, _, sender = item.rpartition("/")
    if not identifier or not sender:
        return None
    return Reference(sender=sender, identifier=identifier, sent=Time(text="", instant=None))
