"""Hypothesis makes valid messages of CAP 1.2, and breaks them in one known way."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from lxml import etree
from xmlschema import XMLSchema10

from capgateway import cap, shipped
from capgateway.cap.names import NAMESPACES
from capgateway.cap.schema import guard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: XML 1.0 has no control characters; a carriage return survives only because the writer escapes it.
TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs"), include_characters="\n\t\r"), max_size=60
)
WORD = st.text(st.sampled_from("abcXYZ019.-_@:ñ火"), min_size=1, max_size=20)
PLAIN = st.text(st.sampled_from("abc XYZ019ñ火'"), min_size=1, max_size=20).map(str.strip).filter(bool)
OPTIONAL_TEXT = st.none() | TEXT


def chosen(values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values.split())


@st.composite
def times(draw: st.DrawFn) -> cap.Time:
    moment = draw(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1))).replace(microsecond=0)
    offset = timezone(timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60))))
    text = moment.replace(tzinfo=offset).isoformat().replace("+00:00", "-00:00")
    return cap.Time(text=text, instant=moment.replace(tzinfo=offset).astimezone(UTC))


NAMED = st.builds(cap.Named, name=PLAIN, value=PLAIN)
REFERENCES = st.builds(cap.Reference, sender=WORD, identifier=WORD, sent=times())
DEGREES = st.integers(-8_000, 8_000).map(lambda number: f"{number / 100}")


@st.composite
def rings(draw: st.DrawFn) -> str:
    points = st.tuples(DEGREES, DEGREES).map(",".join)
    corners = draw(st.lists(points, min_size=3, max_size=9) | points.map(lambda point: [point] * 3))
    return " ".join([*corners, corners[0]])


RESOURCES = st.builds(
    cap.Resource,
    resource_desc=TEXT,
    mime_type=st.just("image/png"),
    size=st.none() | st.integers(0, 10**15 - 1),
    uri=st.none() | st.just("https://agency.example/a.png"),
    deref_uri=st.none() | st.just("aGVsbG8="),
    digest=st.none() | st.just("a" * 40),
)
AREAS = st.builds(
    cap.Area,
    area_desc=TEXT,
    polygons=st.lists(rings(), max_size=2).map(tuple),
    circles=st.lists(st.builds("{},{} {}".format, DEGREES, DEGREES, st.integers(0, 99)), max_size=2).map(tuple),
    geocodes=st.lists(NAMED, max_size=2).map(tuple),
    altitude=st.none() | DEGREES,
    ceiling=st.none() | DEGREES,
)
INFOS = st.builds(
    cap.Info,
    language=chosen("en-US fr-CA es x-klingon"),
    categories=st.lists(chosen("Geo Met Safety Rescue CBRNE Other"), min_size=1, max_size=3).map(tuple),
    event=TEXT,
    response_types=st.lists(chosen("Shelter Avoid AllClear None"), max_size=2).map(tuple),
    urgency=chosen("Immediate Expected Future Past Unknown"),
    severity=chosen("Extreme Severe Moderate Minor Unknown"),
    certainty=chosen("Observed Likely Possible Unlikely Unknown"),
    audience=OPTIONAL_TEXT,
    event_codes=st.lists(NAMED, max_size=2).map(tuple),
    effective=st.none() | times(),
    onset=st.none() | times(),
    expires=st.none() | times(),
    sender_name=OPTIONAL_TEXT,
    headline=OPTIONAL_TEXT,
    description=OPTIONAL_TEXT,
    instruction=OPTIONAL_TEXT,
    web=st.none() | st.just("https://agency.example/1"),
    contact=OPTIONAL_TEXT,
    parameters=st.lists(NAMED, max_size=3).map(tuple),
    resources=st.lists(RESOURCES, max_size=2).map(tuple),
    areas=st.lists(AREAS, max_size=2).map(tuple),
)
ALERTS = st.builds(
    cap.Alert,
    version=st.just("1.2"),
    identifier=WORD,
    sender=WORD,
    sent=times(),
    status=chosen("Actual Exercise System Test Draft"),
    msg_type=chosen("Alert Update Cancel Ack Error"),
    source=OPTIONAL_TEXT,
    scope=chosen("Public Restricted Private"),
    restriction=OPTIONAL_TEXT,
    addresses=st.lists(PLAIN, max_size=3).map(tuple),
    codes=st.lists(PLAIN, max_size=2).map(tuple),
    note=OPTIONAL_TEXT,
    references=st.lists(REFERENCES, max_size=3).map(tuple),
    incidents=st.lists(PLAIN, max_size=3).map(tuple),
    infos=st.lists(INFOS, max_size=3).map(tuple),
)

BROKEN_TEXTS = (
    *(
        "",
        " ",
        "nonsense",
        "Actual",
        "actual",
        "Very Likely",
        "en_US",
        "2026-02-30T00:00:00-06:00",
        "2026-01-01T00:00:00Z",
    ),
    *(
        "2026-01-01T24:00:00-06:00",
        "2026-01-01T00:00:00,06:00",
        "-3",
        "1e5",
        "INF",
        "9" * 30,
        "http://[::1",
        "%zz",
        "a b",
    ),
)


def mutants(document: bytes) -> list[bytes]:
    """The message with each element dropped, doubled, emptied, renamed, moved behind its neighbour, given an attribute,
    moved to another namespace, surrounded by text, and with each of the texts above in its place."""
    found = []
    count = len(list(etree.fromstring(document).iter()))
    for number in range(1, count):
        for change in _CHANGES:
            root = etree.fromstring(document)
            element = list(root.iter())[number]
            if change(element):
                found.append(etree.tostring(root))
        for text in BROKEN_TEXTS:
            root = etree.fromstring(document)
            element = list(root.iter())[number]
            if not len(element):
                element.text = text
                found.append(etree.tostring(root))
    return found


def _drop(element: etree._Element) -> bool:
    element.getparent().remove(element)  # type: ignore[union-attr]
    return True


def _double(element: etree._Element) -> bool:
    element.addnext(etree.fromstring(etree.tostring(element, with_tail=False)))
    return True


def _empty(element: etree._Element) -> bool:
    element[:] = []
    element.text = None
    return True


def _rename(element: etree._Element) -> bool:
    element.tag = f"{str(element.tag).partition('}')[0]}}}unheardOf"
    return True


def _swap(element: etree._Element) -> bool:
    following = element.getnext()
    if following is None:
        return False
    following.addnext(element)
    return True


def _attribute(element: etree._Element) -> bool:
    element.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    return True


def _type(element: etree._Element) -> bool:
    element.set("{http://www.w3.org/2001/XMLSchema-instance}type", "Status")
    return True


def _foreign(element: etree._Element) -> bool:
    element.tag = "{urn:example:other}" + str(element.tag).partition("}")[2]
    return True


def _signature(element: etree._Element) -> bool:
    element.addprevious(etree.Element("{http://www.w3.org/2000/09/xmldsig#}Signature"))
    return True


def _tail(element: etree._Element) -> bool:
    element.tail = "text between elements"
    return True


_CHANGES = (_drop, _double, _empty, _rename, _swap, _attribute, _type, _foreign, _signature, _tail)


def older(alert: cap.Alert, version: str) -> bytes:
    """The message as CAP 1.1 or 1.0 would have written it; what they have no value for gets another one."""
    root = etree.fromstring(cap.write(alert))
    for element in list(root.iter()):
        name = etree.QName(element).localname
        element.text = _OLDER_VALUES[version].get((name, element.text or ""), element.text)
        if version == "1.0" and name in {"responseType", "derefUri"}:
            _drop(element)
        elif version == "1.0" and name in {"eventCode", "parameter", "geocode"}:
            element.text = "=".join(child.text or "" for child in element)
            element[:] = []
        elif version == "1.0" and name == "references":
            element.text = " ".join(
                f"{item.split(',')[1]}/{item.split(',')[0]}" for item in (element.text or "").split()
            )
    return etree.tostring(root).replace(b"urn:oasis:names:tc:emergency:cap:1.2", NAMESPACES[version].encode())


_OLDER_VALUES = {
    "1.1": {("responseType", "Avoid"): "Shelter", ("responseType", "AllClear"): "None"},
    "1.0": {("certainty", "Observed"): "Very Likely", ("category", "CBRNE"): "Other", ("status", "Draft"): "Test"},
}


def disagreements(documents: Iterable[bytes], version: str) -> Iterator[bytes]:
    """The documents that we judge by the schema otherwise than libxml2 with our guard does or than xmlschema does, without
    those whose reason is known; and the valid ones that the model does not hold as they stand there."""
    files = shipped.cap_schemas()
    ours, libxml2 = cap.Schemas(files), etree.XMLSchema(etree.fromstring(files[version]))
    other = XMLSchema10(files[version], use_fallback=False)
    for document in documents:
        root = cap.read_xml(document).root
        if root is None or (version != "1.0" and b"Very Likely" in document):  # read as Likely, with a warning
            continue
        is_valid = ours.findings(root, version) == ()
        judges = [libxml2.validate(root) and not guard(root)]
        if not _is_known_to_differ(root):
            judges.append(other.is_valid(root))  # type: ignore[arg-type]  # lxml's elements are welcome
        alert = cap.parse(document).alert
        is_held = not is_valid or (alert is not None and _held(alert) == _written(root))
        if any(judge != is_valid for judge in judges) or not is_held:
            yield document


def _held(alert: cap.Alert) -> list[object]:
    """What the model says of a message, as far as :func:`_written` reads it too."""
    return [
        *(alert.identifier, alert.sender, alert.note, alert.codes),
        *((info.event, info.headline, info.description, info.instruction) for info in alert.infos),
        *([area.area_desc for area in info.areas] for info in alert.infos),
        *(len(info.parameters) + len(info.event_codes) + len(info.resources) for info in alert.infos),
    ]


def _written(root: etree._Element) -> list[object]:
    """The same, read from the tree in another way."""

    def text(parent: etree._Element, name: str) -> str | None:
        found = parent.find(f"{{*}}{name}")
        return None if found is None else found.text or ""

    infos = root.findall("{*}info")
    blank = " \t\r\n"
    return [
        *((text(root, "identifier") or "").strip(blank), (text(root, "sender") or "").strip(blank), text(root, "note")),
        tuple((code.text or "").strip(blank) for code in root.findall("{*}code")),
        *(tuple(text(info, name) for name in ("event", "headline", "description", "instruction")) for info in infos),
        *([text(area, "areaDesc") for area in info.findall("{*}area")] for info in infos),
        *(sum(len(info.findall(f"{{*}}{name}")) for name in ("parameter", "eventCode", "resource")) for info in infos),
    ]


def _is_known_to_differ(root: etree._Element) -> bool:
    """xmlschema lets any text be a URI and reads digits as Python does; it knows no guard against our type names, and
    stumbles over unknown ones."""
    if root.xpath("//@i:type", namespaces={"i": "http://www.w3.org/2001/XMLSchema-instance"}):
        return True
    uris = [element.text or "" for element in root.iter("{*}web", "{*}uri")]
    sizes = [element.text or "" for element in root.iter("{*}size")]
    return any(_NO_URI.search(uri) for uri in uris) or any("_" in size or not size.isascii() for size in sizes)


#: Brackets and percent signs outside their places, and other characters that RFC 3986 leaves out.
_NO_URI = re.compile(r"%(?![0-9A-Fa-f]{2})|[\[\]\"<>\\^`{|}]|[^\x00-\x7f]|#.*#|^[^/?#]*:(?!//)|://[^/]*:[^/0-9]")
