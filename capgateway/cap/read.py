"""An XML tree becomes an :class:`Alert`: read as far as it goes, whatever its faults, older versions read up to 1.2.

Where a wrong text can only mean one thing the model holds that meaning, and a finding tells of the repair.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from capgateway.cap.model import Alert, Area, Info, Named, Reference, Resource, Time
from capgateway.cap.names import ELEMENTS, REPEATABLE
from capgateway.cap.place import local, tag, xpath
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

SIZE = Rule(
    id="cap.size.range",
    level="warning",
    asks="size is a number of bytes that a file can have.",
    reference="CAP 1.2 §3.2.3",
    source=("A-92",),
)

#: XML's own white space; str.strip() alone would also take away what XML counts as text.
BLANK = " \t\r\n"

LARGEST_FILE = 10**15

#: Items read of references, addresses and incidents. A heartbeat lists ten; thousands would only cost time.
MAX_ITEMS = 10_000
#: Repairs that are told; a message with more is full of the same.
MAX_REPAIRS = 50

#: What CAP 1.2 asks every resource to have and older versions left open (A-160).
UNKNOWN_MIME_TYPE = "application/octet-stream"

_QUOTED_OR_BARE = r'"([^"]*)"|([^\s"]+)'
_INTEGER = r"[+-]?[0-9]{1,100}"


class Reader:
    """Reads one document: knows its version and namespace and gathers the repairs made on the way.

    ``texts`` are those of the alert's own elements as they stand there, after :meth:`alert` was called.
    """

    def __init__(self, root: etree._Element, version: str) -> None:
        self.root = root
        self.version = version
        self.repairs: list[Finding] = []
        self.texts: dict[str, str] = {}
        namespace = tag(root)[1:].partition("}")[0]
        self._names = _names(namespace)
        self._name_tag, self._value_tag = f"{{{namespace}}}valueName", f"{{{namespace}}}value"

    def alert(self) -> Alert:
        self.texts, lists = self._children(self.root)
        get = self.texts.get
        return Alert(
            version=self.version,
            identifier=get("identifier", "").strip(BLANK),
            sender=get("sender", "").strip(BLANK),
            sent=_time(get("sent")),
            status=get("status", "").strip(BLANK),
            msg_type=get("msgType", "").strip(BLANK),
            source=get("source"),
            scope=get("scope", "").strip(BLANK),
            restriction=get("restriction"),
            addresses=quoted_items(get("addresses")),
            codes=_tokens(lists.get("code")),
            note=get("note"),
            references=references(get("references"), self.version),
            incidents=quoted_items(get("incidents")),
            infos=tuple([self._info(info) for info in lists.get("info", ())]),
        )

    def _info(self, element: etree._Element) -> Info:
        texts, lists = self._children(element)
        get, listed = texts.get, lists.get
        return Info(
            language=get("language", "").strip(BLANK) or "en-US",
            categories=_tokens(listed("category")),
            event=get("event", ""),
            response_types=_tokens(listed("responseType")),
            urgency=get("urgency", "").strip(BLANK),
            severity=get("severity", "").strip(BLANK),
            certainty=self._certainty(get("certainty", "").strip(BLANK), element),
            audience=get("audience"),
            event_codes=self._named(listed("eventCode")),
            effective=_time(get("effective")),
            onset=_time(get("onset")),
            expires=_time(get("expires")),
            sender_name=get("senderName"),
            headline=get("headline"),
            description=get("description"),
            instruction=get("instruction"),
            web=get("web", "").strip(BLANK) or None,
            contact=get("contact"),
            parameters=self._named(listed("parameter")),
            resources=tuple([self._resource(resource) for resource in listed("resource", ())]),
            areas=tuple([self._area(area) for area in listed("area", ())]),
        )

    def _children(self, parent: etree._Element) -> tuple[dict[str, str], dict[str, list[etree._Element]]]:
        """The texts of the children that occur once, and the elements that may occur more often, by name. Those of another
        namespace are not CAP's and left out; of one that must be alone the first counts."""
        names = self._names
        texts: dict[str, str] = {}
        lists: dict[str, list[etree._Element]] = {}
        for child in parent:
            name = names.get(child.tag)  # type: ignore[arg-type]  # lxml's tags are strings
            if name in REPEATABLE:
                lists.setdefault(name, []).append(child)
            elif name is not None and name not in texts:
                texts[name] = child.text or ""
        return texts, lists

    def _certainty(self, text: str, info: etree._Element) -> str:
        if text != "Very Likely":
            return text
        if self.version != "1.0":
            element = next(info.iterchildren("{*}certainty"))
            message = "certainty `Very Likely` was dropped after CAP 1.0; it is read as Likely. Write `Likely`."
            self._repaired(VERY_LIKELY, message, element)
        return "Likely"

    def _resource(self, element: etree._Element) -> Resource:
        get = self._children(element)[0].get
        return Resource(
            resource_desc=get("resourceDesc", ""),
            mime_type=get("mimeType", "").strip(BLANK) or (None if self.version == "1.2" else UNKNOWN_MIME_TYPE),
            size=self._size(get("size"), element),
            uri=get("uri", "").strip(BLANK) or None,
            deref_uri=get("derefUri"),
            digest=get("digest", "").strip(BLANK) or None,
        )

    def _size(self, text: str | None, resource: etree._Element) -> int | None:
        if text is None or not re.fullmatch(_INTEGER, text.strip(BLANK)):
            return None  # the schema has said so
        size = int(text)
        if 0 <= size <= LARGEST_FILE:
            return size
        element = next(resource.iterchildren("{*}size"))
        message = "size is no number of bytes that a file can have; it is read as absent."
        self._repaired(SIZE, message, element)
        return None

    def _area(self, element: etree._Element) -> Area:
        texts, lists = self._children(element)
        return Area(
            area_desc=texts.get("areaDesc", ""),
            polygons=self._shapes(lists.get("polygon")),
            circles=self._shapes(lists.get("circle")),
            geocodes=self._named(lists.get("geocode")),
            altitude=texts.get("altitude", "").strip(BLANK) or None,
            ceiling=texts.get("ceiling", "").strip(BLANK) or None,
        )

    def _shapes(self, elements: list[etree._Element] | None) -> tuple[str, ...]:
        """The texts as received of the shapes that are not blank."""
        texts = []
        for element in elements or ():
            text = element.text or ""
            if text.strip(BLANK):
                texts.append(text)
            else:
                message = f"{local(element)} is empty and read as absent; leave it out."
                self._repaired(EMPTY_SHAPE, message, element)
        return tuple(texts)

    def _named(self, elements: list[etree._Element] | None) -> tuple[Named, ...]:
        if elements is None:
            return ()
        if self.version == "1.0":
            return tuple([_split_pair(pair.text or "") for pair in elements])
        return tuple([self._pair(pair) for pair in elements])

    def _repaired(self, rule: Rule, message: str, element: etree._Element) -> None:
        if len(self.repairs) < MAX_REPAIRS:
            self.repairs.append(rule.finding(message, xpath=xpath(element), line=element.sourceline))

    def _pair(self, element: etree._Element) -> Named:
        if len(element) == 2:  # noqa: PLR2004  (the usual case, which half of all elements belong to, without a dict)
            name, value = element
            if name.tag == self._name_tag and value.tag == self._value_tag:
                return Named(name=(name.text or "").strip(BLANK), value=(value.text or "").strip(BLANK))
        get = self._children(element)[0].get
        return Named(name=get("valueName", "").strip(BLANK), value=get("value", "").strip(BLANK))


@lru_cache(maxsize=16)
def _names(namespace: str) -> dict[str, str]:
    """From an element's name with its namespace to its name."""
    return {f"{{{namespace}}}{name}": name for name in ELEMENTS}


def _tokens(elements: list[etree._Element] | None) -> tuple[str, ...]:
    return tuple([(element.text or "").strip(BLANK) for element in elements]) if elements else ()


def _time(text: str | None) -> Time | None:
    return time(text) if text and text.strip(BLANK) else None


def _split_pair(text: str) -> Named:
    """CAP 1.0's ``name=value``; only the first ``=`` divides, values may hold more of them."""
    name, _, value = text.partition("=")
    return Named(name=name.strip(BLANK), value=value.strip(BLANK))


def quoted_items(text: str | None) -> tuple[str, ...]:
    """The items of ``addresses`` or ``incidents``: apart by blanks, in double quotes where they hold some themselves."""
    found = islice(re.finditer(_QUOTED_OR_BARE, text), MAX_ITEMS) if text else ()
    return tuple([match[1] or match[2] or "" for match in found])


def references(text: str | None, version: str) -> tuple[Reference, ...]:
    """The messages that ``references`` names; items that are no reference are left out."""
    if not text:
        return ()
    read = _reference_1_0 if version == "1.0" else reference
    return tuple([found for item in reference_items(text) if (found := read(item))])


def reference_items(text: str) -> list[str]:
    """The items of ``references`` as they stand there, as many as are read."""
    return text.split(None, MAX_ITEMS)[:MAX_ITEMS]


def reference(item: str) -> Reference | None:
    """One ``sender,identifier,sent``, or ``None``. Without its ``sent`` it still names a message: to drop it could leave
    a cancelled alert on display."""
    sender, identifier, sent, *more = (*item.split(","), "", "")
    if not sender or not identifier or any(more):
        return None
    return Reference(sender=sender, identifier=identifier, sent=time(sent))


def _reference_1_0(item: str) -> Reference | None:
    """CAP 1.0's ``identifier/sender``; an identifier may hold a slash, a sender (a name on the net) does not."""
    identifier, _, sender = item.rpartition("/")
    if not identifier or not sender:
        return None
    return Reference(sender=sender, identifier=identifier, sent=Time(text="", instant=None))
