"""An XML tree becomes an :class:`Alert`: read as far as it goes, whatever its faults, older versions read up to 1.2.

Where a wrong text can only mean one thing the model holds that meaning, and a finding tells of the repair.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

from capgateway.cap.model import Alert, Area, Info, Named, Reference, Resource, Time
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
_PAIRS = frozenset({"event_codes", "parameters"})
_INTEGER = r"[+-]?[0-9]{1,100}"


class _Part(NamedTuple):
    """One part of a message: how the elements in it, by name, become fields of the model. ``texts`` are kept as they
    stand, of ``tokens`` XML collapses outer blanks, ``lists`` may occur more often."""

    texts: dict[str, str]
    tokens: dict[str, str]
    lists: dict[str, str]

    def within(self, namespace: str) -> _Part:
        """The same with names as lxml writes them."""
        return _Part(*({f"{{{namespace}}}{name}": field for name, field in names.items()} for names in self))


def _fields(names: str) -> dict[str, str]:
    """Fields are called as the elements, in Python's manner."""
    return {name: intern(re.sub(r"([A-Z])", r"_\1", name).lower()) for name in names.split()}


_ALERT = _Part(
    texts=_fields("identifier sender sent status msgType source scope restriction addresses note references incidents"),
    tokens={},  # its texts are judged as they stand: see Reader.texts
    lists={"code": "codes", "info": "infos"},
)
_INFO = _Part(
    texts=_fields("event audience senderName headline description instruction contact"),
    tokens=_fields("language urgency severity certainty effective onset expires web"),
    lists={
        "category": "categories",
        "responseType": "response_types",
        "eventCode": "event_codes",
        "parameter": "parameters",
        "resource": "resources",
        "area": "areas",
    },
)
_RESOURCE = _Part(texts=_fields("resourceDesc derefUri"), tokens=_fields("mimeType size uri digest"), lists={})
_AREA = _Part(
    texts=_fields("areaDesc"),
    tokens=_fields("altitude ceiling"),
    lists={"polygon": "polygons", "circle": "circles", "geocode": "geocodes"},
)
_PAIR = _Part(texts={}, tokens={"valueName": "name", "value": "value"}, lists={})
_TOKENS_OF_ALERT = ("identifier", "sender", "status", "msg_type", "scope")


@lru_cache(maxsize=16)
def _parts(namespace: str) -> tuple[_Part, ...]:
    return tuple(part.within(namespace) for part in (_ALERT, _INFO, _RESOURCE, _AREA, _PAIR))


def _children(parent: etree._Element, part: _Part) -> tuple[dict[str, Any], dict[str, list[etree._Element]]]:
    """The texts of the children that occur once, and the elements that may occur more often, by field. Those of another
    namespace are not CAP's and left out; of one that must be alone the first counts."""
    texts, tokens, lists = part.texts.get, part.tokens.get, part.lists.get
    fields: dict[str, Any] = {}
    elements: dict[str, list[etree._Element]] = {}
    for child in parent:
        name: str = child.tag  # type: ignore[assignment]  # lxml's tags are strings
        if (field := texts(name)) is not None:
            if field not in fields:
                fields[field] = child.text or ""
        elif (field := lists(name)) is not None:
            if field in elements:
                elements[field].append(child)
            else:
                elements[field] = [child]
        elif (field := tokens(name)) is not None and field not in fields:
            fields[field] = (child.text or "").strip(BLANK)
    return fields, elements


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
        self._alert, self._info, self._resource, self._area, self._pair = _parts(namespace)
        self._name_tag, self._value_tag = self._pair.tokens

    def alert(self) -> Alert:
        fields, lists = _children(self.root, self._alert)
        self.texts = fields.copy()
        for field in _TOKENS_OF_ALERT:
            if field in fields:
                fields[field] = fields[field].strip(BLANK)
        if "sent" in fields:
            fields["sent"] = time(fields["sent"]) if fields["sent"].strip(BLANK) else None
        if "addresses" in fields:
            fields["addresses"] = quoted_items(fields["addresses"])
        if "references" in fields:
            fields["references"] = references(fields["references"], self.version)
        if "incidents" in fields:
            fields["incidents"] = quoted_items(fields["incidents"])
        if "codes" in lists:
            fields["codes"] = _tokens(lists["codes"])
        if "infos" in lists:
            fields["infos"] = tuple([self._read_info(info) for info in lists["infos"]])
        return Alert(version=self.version, **fields)

    def _read_info(self, element: etree._Element) -> Info:
        fields, lists = _children(element, self._info)
        if fields.get("language") == "":
            del fields["language"]
        if fields.get("certainty") == "Very Likely":
            fields["certainty"] = self._likely(element)
        for field in ("effective", "onset", "expires"):
            if field in fields:
                fields[field] = time(fields[field]) if fields[field] else None
        for field, elements in lists.items():
            if field in _PAIRS:
                fields[field] = self._named(elements)
            elif field == "areas":
                fields[field] = tuple([self._read_area(area) for area in elements])
            elif field == "resources":
                fields[field] = tuple([self._read_resource(resource) for resource in elements])
            else:
                fields[field] = _tokens(elements)
        return Info(**fields)

    def _likely(self, info: etree._Element) -> str:
        if self.version != "1.0":
            element = next(info.iterchildren("{*}certainty"))
            message = "certainty `Very Likely` was dropped after CAP 1.0; it is read as Likely. Write `Likely`."
            self._repaired(VERY_LIKELY, message, element)
        return "Likely"

    def _read_resource(self, element: etree._Element) -> Resource:
        fields, _ = _children(element, self._resource)
        get = fields.get
        return Resource(
            resource_desc=get("resource_desc", ""),
            mime_type=get("mime_type") if self.version == "1.2" else get("mime_type") or UNKNOWN_MIME_TYPE,
            size=self._size(get("size"), element),
            uri=get("uri") or None,
            deref_uri=get("deref_uri"),
            digest=get("digest") or None,
        )

    def _size(self, text: str | None, resource: etree._Element) -> int | None:
        if text is None or not re.fullmatch(_INTEGER, text):
            return None  # the schema has said so
        size = int(text)
        if 0 <= size <= LARGEST_FILE:
            return size
        element = next(resource.iterchildren("{*}size"))
        message = "size is no number of bytes that a file can have; it is read as absent."
        self._repaired(SIZE, message, element)
        return None

    def _read_area(self, element: etree._Element) -> Area:
        fields, lists = _children(element, self._area)
        get = fields.get
        return Area(
            area_desc=get("area_desc", ""),
            polygons=self._shapes(lists["polygons"]) if "polygons" in lists else (),
            circles=self._shapes(lists["circles"]) if "circles" in lists else (),
            geocodes=self._named(lists["geocodes"]) if "geocodes" in lists else (),
            altitude=get("altitude") or None,
            ceiling=get("ceiling") or None,
        )

    def _shapes(self, elements: list[etree._Element]) -> tuple[str, ...]:
        """The texts as received of the shapes that are not blank."""
        texts = []
        for element in elements:
            text = element.text or ""
            if text.strip(BLANK):
                texts.append(text)
            else:
                message = f"{local(element)} is empty and read as absent; leave it out."
                self._repaired(EMPTY_SHAPE, message, element)
        return tuple(texts)

    def _named(self, elements: list[etree._Element]) -> tuple[Named, ...]:
        if self.version == "1.0":
            return tuple([_split_pair(pair.text or "") for pair in elements])
        named = []
        for pair in elements:
            if len(pair) == 2:  # noqa: PLR2004  (the usual case, which half of all elements belong to)
                name, value = pair[0], pair[1]
                if name.tag == self._name_tag and value.tag == self._value_tag:
                    named.append(Named(name=(name.text or "").strip(BLANK), value=(value.text or "").strip(BLANK)))
                    continue
            get = _children(pair, self._pair)[0].get
            named.append(Named(name=get("name", ""), value=get("value", "")))
        return tuple(named)

    def _repaired(self, rule: Rule, message: str, element: etree._Element) -> None:
        if len(self.repairs) < MAX_REPAIRS:
            self.repairs.append(rule.finding(message, xpath=xpath(element), line=element.sourceline))


def _tokens(elements: list[etree._Element]) -> tuple[str, ...]:
    return tuple([(element.text or "").strip(BLANK) for element in elements])


def _split_pair(text: str) -> Named:
    """CAP 1.0's ``name=value``; only the first ``=`` divides, values may hold more of them."""
    name, _, value = text.partition("=")
    return Named(name=name.strip(BLANK), value=value.strip(BLANK))


def quoted_items(text: str) -> tuple[str, ...]:
    """The items of ``addresses`` or ``incidents``: apart by blanks, in double quotes where they hold some themselves."""
    found = islice(re.finditer(_QUOTED_OR_BARE, text), MAX_ITEMS)
    return tuple([match[1] or match[2] or "" for match in found])


def references(text: str, version: str) -> tuple[Reference, ...]:
    """The messages that ``references`` names; items that are no reference are left out."""
    return tuple([found for item in reference_items(text) if (found := reference(item, version))])


def reference_items(text: str) -> list[str]:
    """The items of ``references`` as they stand there, as many as are read."""
    return text.split(None, MAX_ITEMS)[:MAX_ITEMS]


def reference(item: str, version: str) -> Reference | None:
    """One ``sender,identifier,sent``, or ``None``. Without its ``sent`` it still names a message: to drop it could leave
    a cancelled alert on display. CAP 1.0 wrote ``identifier/sender``; an identifier may hold a slash, a sender (a name on
    the net) does not."""
    if version == "1.0":
        identifier, _, sender = item.rpartition("/")
        sent, more = Time(text="", instant=None), []
    else:
        sender, identifier, moment, *more = (*item.split(","), "", "")
        sent = time(moment)
    if not sender or not identifier or any(more):
        return None
    return Reference(sender=sender, identifier=identifier, sent=sent)
