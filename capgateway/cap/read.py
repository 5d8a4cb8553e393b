"""An XML tree becomes an :class:`Alert`: read as far as it goes, whatever its faults, older versions read up to 1.2.

Where a wrong text can only mean one thing, the model has that meaning and a finding reports the repair.
"""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern
from typing import Any, NamedTuple

import msgspec
from lxml import etree

from capgateway.cap.finding import Finding
from capgateway.cap.lists import quoted_items, references
from capgateway.cap.model import Alert, Area, Info, Named, Resource, Time
from capgateway.cap.names import BLANK
from capgateway.cap.place import local, xpath
from capgateway.cap.rule import Rule
from capgateway.cap.times import time

VERY_LIKELY = Rule(
    id="cap.certainty.very-likely",
    level="warning",
    asks="certainty is `Likely`, not `Very Likely`, which is a value of CAP 1.0.",
    why="The standard asks receivers to read the old value as `Likely`, which is done here.",
    reference="CAP 1.2 §3.2.2",
    source=("A-60",),
)

EMPTY_SHAPE = Rule(
    id="cap.shape.empty",
    level="info",
    asks="A polygon or circle without coordinates is left out.",
    why="Many feeds send empty ones as placeholders. They are read as absent.",
    reference="CAP 1.2 §3.2.4",
    source=("A-116",),
)

SIZE = Rule(
    id="cap.size.range",
    level="warning",
    asks="size is a number of bytes that a file can have: 0 to 1,000,000,000,000,000.",
    why="Another number says nothing about the file. It is read as absent.",
    reference="CAP 1.2 §3.2.3",
    source=("A-92",),
)

LARGEST_FILE = 10**15
_DIGITS = len(str(LARGEST_FILE))

#: Repairs of one kind that are listed with their places; a message with more is full of the same.
MAX_REPAIRS = 25

#: What CAP 1.2 asks every resource to have and older versions left open (A-160).
UNKNOWN_MIME_TYPE = "application/octet-stream"

_INTEGER = r"[+-]?[0-9]+"


class _Part(NamedTuple):
    """One kind of element with children: which fields of the model they become, by their names with namespace: ``texts``
    of those that occur once, ``lists`` of the others. Of ``tokens`` XML collapses outer blanks."""

    texts: _Fields
    lists: _Fields
    tokens: tuple[str, ...]


class _Fields(dict[str, "str | None"]):
    """Elements that the model does not hold have no field; neither have those of another namespace, which are not CAP's."""

    def __missing__(self, name: str) -> None:
        return None


def _part(namespace: str, names: str, *, tokens: str = "", **lists: str) -> _Part:
    """Fields are called as the elements, in Python's manner, unless a list has another name."""
    return _Part(
        texts=_Fields((f"{{{namespace}}}{name}", _field(name)) for name in f"{names} {tokens}".split()),
        lists=_Fields((f"{{{namespace}}}{name}", intern(field)) for field, name in lists.items()),
        tokens=tuple(map(_field, tokens.split())),
    )


def _field(name: str) -> str:
    return intern(re.sub(r"([A-Z])", r"_\1", name).lower())  # as keywords are, which makes calls faster


class Parts(NamedTuple):
    """What the model contains of the elements of one namespace."""

    alert: _Part
    info: _Part
    resource: _Part
    area: _Part
    pair: _Part


@lru_cache(maxsize=16)
def parts_of(namespace: str) -> Parts:
    """How to read messages of a namespace."""
    return Parts(
        alert=_part(
            namespace,
            "identifier sender sent status msgType source scope restriction addresses note references incidents",
            codes="code",
            infos="info",
        ),
        info=_part(
            namespace,
            "event audience effective onset expires senderName headline description instruction contact",
            tokens="language urgency severity certainty web",
            categories="category",
            response_types="responseType",
            event_codes="eventCode",
            parameters="parameter",
            resources="resource",
            areas="area",
        ),
        resource=_part(namespace, "resourceDesc derefUri", tokens="mimeType size uri digest"),
        area=_part(
            namespace, "areaDesc", tokens="altitude ceiling", polygons="polygon", circles="circle", geocodes="geocode"
        ),
        pair=_part(namespace, "valueName value"),
    )


def _children(parent: etree._Element, part: _Part) -> tuple[dict[str, Any], dict[str, list[etree._Element]]]:
    """By field, the texts of the children as they stand, and the elements of those that may occur more often. Where one
    must be alone and is not, the last counts."""
    single = part.texts
    texts: dict[str, Any] = {}
    lists: dict[str, list[etree._Element]] = {}
    for child in parent:
        field = single[child.tag]  # type: ignore[index]  # lxml's tags are strings
        if field:
            texts[field] = child.text or ""
        elif field := part.lists[child.tag]:  # type: ignore[index]
            if field in lists:
                lists[field].append(child)
            else:
                lists[field] = [child]
    return texts, lists


class Reader(msgspec.Struct, kw_only=True):
    """Reads one document: knows its version and namespace and gathers the repairs made on the way.

    ``texts`` are those of the alert's own elements as they stand there, after :meth:`alert` was called.
    """

    root: etree._Element
    version: str
    parts: Parts
    repairs: list[Finding] = []
    texts: dict[str, str] = {}

    def alert(self) -> Alert:
        texts, lists = _children(self.root, self.parts.alert)
        self.texts = texts
        get = texts.get
        return Alert(
            version=self.version,
            identifier=get("identifier", "").strip(BLANK),
            sender=get("sender", "").strip(BLANK),
            sent=_time(get("sent", "")),
            status=get("status", "").strip(BLANK),
            msg_type=get("msg_type", "").strip(BLANK),
            source=get("source"),
            scope=get("scope", "").strip(BLANK),
            restriction=get("restriction"),
            addresses=quoted_items(texts["addresses"]) if "addresses" in texts else (),
            codes=_tokens(lists["codes"]) if "codes" in lists else (),
            note=get("note"),
            references=references(texts["references"], self.version) if "references" in texts else (),
            references_text=get("references"),
            incidents=quoted_items(texts["incidents"]) if "incidents" in texts else (),
            infos=tuple([self._info(info) for info in lists["infos"]]) if "infos" in lists else (),
        )

    def _info(self, element: etree._Element) -> Info:
        part = self.parts.info
        fields, lists = _children(element, part)
        for field in part.tokens:
            if field in fields:
                fields[field] = fields[field].strip(BLANK)
        if "language" in fields and not fields["language"]:
            del fields["language"]
        if "certainty" in fields and fields["certainty"] == "Very Likely":
            fields["certainty"] = self._likely(element)
        for field in ("effective", "onset", "expires"):
            if field in fields:
                fields[field] = _time(fields[field])
        for field, elements in lists.items():
            fields[field] = self._list(field, elements)
        return Info(**fields)

    def _list(self, field: str, elements: list[etree._Element]) -> tuple[object, ...]:
        if field in {"event_codes", "parameters"}:
            return self._named(elements)
        if field == "areas":
            return tuple([self._area(area) for area in elements])
        if field == "resources":
            return tuple([self._resource(resource) for resource in elements])
        return _tokens(elements)

    def _likely(self, info: etree._Element) -> str:
        if self.version != "1.0":
            element = next(info.iterchildren("{*}certainty"))
            message = "certainty is `Very Likely`, a value of CAP 1.0, and is read as `Likely`; write `Likely`."
            self._repaired(VERY_LIKELY, message, element)
        return "Likely"

    def _resource(self, element: etree._Element) -> Resource:
        texts, _ = _children(element, self.parts.resource)
        for field in self.parts.resource.tokens:
            if field in texts:
                texts[field] = texts[field].strip(BLANK)
        get = texts.get
        return Resource(
            resource_desc=get("resource_desc", ""),
            mime_type=get("mime_type", None if self.version == "1.2" else UNKNOWN_MIME_TYPE),
            size=self._size(get("size"), element),
            uri=get("uri") or None,
            deref_uri=get("deref_uri"),
            digest=get("digest") or None,
        )

    def _size(self, text: str | None, resource: etree._Element) -> int | None:
        if text is None or not re.fullmatch(_INTEGER, text):
            return None  # the schema has said so
        if len(text.lstrip("+-0")) <= _DIGITS and 0 <= (size := int(text)) <= LARGEST_FILE:
            return size
        element = next(resource.iterchildren("{*}size"))
        message = (
            f"size is `{text[:40]}`, which is not a number of bytes that a file can have; correct it or leave it out."
        )
        self._repaired(SIZE, message, element)
        return None

    def _area(self, element: etree._Element) -> Area:
        texts, lists = _children(element, self.parts.area)
        get = texts.get
        return Area(
            area_desc=get("area_desc", ""),
            polygons=self._shapes(lists["polygons"]) if "polygons" in lists else (),
            circles=self._shapes(lists["circles"]) if "circles" in lists else (),
            geocodes=self._named(lists["geocodes"]) if "geocodes" in lists else (),
            altitude=get("altitude", "").strip(BLANK) or None,
            ceiling=get("ceiling", "").strip(BLANK) or None,
        )

    def _shapes(self, elements: list[etree._Element]) -> tuple[str, ...]:
        """The texts as received of the shapes that are not blank."""
        texts = []
        for element in elements:
            text = element.text or ""
            if text.strip(BLANK):
                texts.append(text)
            else:
                message = f"{local(element)} is empty and is read as absent; leave the element out."
                self._repaired(EMPTY_SHAPE, message, element)
        return tuple(texts)

    def _named(self, elements: list[etree._Element]) -> tuple[Named, ...]:
        if self.version == "1.0":
            return tuple([_split_pair(pair.text or "") for pair in elements])
        name_tag, value_tag = self.parts.pair.texts
        named = []
        for pair in elements:
            if len(pair) == 2:  # noqa: PLR2004  (the usual case, which half of all elements belong to)
                name, value = pair[0], pair[1]
                if name.tag == name_tag and value.tag == value_tag:
                    named.append(Named((name.text or "").strip(BLANK), (value.text or "").strip(BLANK)))
                    continue
            get = _children(pair, self.parts.pair)[0].get
            named.append(Named(get("value_name", "").strip(BLANK), get("value", "").strip(BLANK)))
        return tuple(named)

    def _repaired(self, rule: Rule, message: str, element: etree._Element) -> None:
        told = sum(repair.rule == rule.id for repair in self.repairs)
        if told < MAX_REPAIRS:
            self.repairs.append(rule.finding(message, xpath=xpath(element), line=element.sourceline))
        elif told == MAX_REPAIRS:
            self.repairs.append(
                rule.finding("The same fault occurs at more places, which are not listed.", xpath=xpath(self.root))
            )


def _tokens(elements: list[etree._Element]) -> tuple[str, ...]:
    return tuple([(element.text or "").strip(BLANK) for element in elements])


def _time(text: str) -> Time | None:
    return time(text) if text.strip(BLANK) else None


def _split_pair(text: str) -> Named:
    """CAP 1.0's ``name=value``; only the first ``=`` divides, values may hold more of them."""
    name, _, value = text.partition("=")
    return Named(name=name.strip(BLANK), value=value.strip(BLANK))
