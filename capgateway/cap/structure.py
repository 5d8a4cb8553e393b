"""How a message is built, judged element by element along a schema: what is missing, unknown, doubled or out of order, text
and attributes where there may be none, and wrong values. All of it in one pass: neither libxml2 nor xmlschema reports more
than one missing element per parent."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from difflib import get_close_matches
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdElement, XsdGroup, XsdSimpleType

from capgateway.cap.names import BLANK, NAMESPACES, SCHEMA_LOCATIONS, XSI
from capgateway.cap.place import local, namespace_of, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Elements that are no longer, or never were, part of CAP, and what to say about each instead of the general message.
_SPECIAL = {
    "password": "CAP dropped `password` after version 1.0, because forwarding a message discloses it. Leave it out.",
    "EncryptedData": "The schema of CAP does not allow `EncryptedData`. Send the message unencrypted, over a secure channel.",
}
_MAX_QUOTED = 60
_LONGEST_REMEMBERED = 60
#: Of so many unknown children it is asked what may be meant; the question takes a tenth of a millisecond.
_MAX_MEANT = 50

_TIMES = frozenset({"sent", "effective", "onset", "expires"})
#: A text with the date and the clock of a time: what is between them, the fraction, and the offset in any form.
_NEARLY_A_TIME = r"\d{4}-\d\d-\d\d([T ]{1,2})\d\d:\d\d:\d\d([.,]\d{1,20})?[ ]?([A-Za-z]{1,5}|[+-]\d\d?:?\d{0,2})?"
_MAX_NAMES = 5
_URIS = frozenset({"web", "uri"})
_BLANK_INSIDE = r"[ \t\r\n]"
_SHAPED_AS_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
_ADVICE = {
    **dict.fromkeys(_TIMES, "write the time as 2026-11-22T08:00:00-06:00, and UTC with -00:00"),
    "language": "write an RFC 3066 tag such as en-US",
    "size": "write the number of bytes in digits",
    "altitude": "write feet above mean sea level as a decimal number, or leave the element out",
    "ceiling": "write feet above mean sea level as a decimal number, or leave the element out",
    "web": "write an absolute URI such as https://agency.example/alerts/1",
    "uri": "write an absolute URI such as https://agency.example/map.png",
}


class Fault(NamedTuple):
    """The element where it shows, and what to say."""

    element: etree._Element
    message: str


class _Part(NamedTuple):
    """What a schema says of an element with children: which there may be, in what order, and how often each."""

    children: dict[str, XsdElement]
    order: dict[str, int]
    wildcards: list[XsdAnyElement]


def faults(root: etree._Element, declared: XsdElement) -> Iterator[Fault]:
    """What is wrong with an element that the schema declares so, and with its descendants."""
    yield from _attributes(root)
    kind = declared.type
    if isinstance(kind, XsdSimpleType):
        yield from _value(root, kind, declared.default)
        return
    part = _part(kind.content) if isinstance(kind.content, XsdGroup) else None
    if part is None:
        return  # a schema of another make than CAP's: libxml2 must explain it
    yield from _texts(root)
    yield from _names(root, part)
    yield from _order(root, part)
    yield from _foreign(root, part)
    for child in root:
        if tag(child) in part.children:
            yield from faults(child, part.children[tag(child)])


def is_tolerated(element: etree._Element) -> bool:
    """Whether its value is no longer in the standard and is still understood (A-60); in CAP 1.0 it is one."""
    return (
        local(element) == "certainty"
        and (element.text or "").strip(BLANK) == "Very Likely"
        and namespace_of(element) != NAMESPACES["1.0"]
    )


def of_value(element: etree._Element, values: Sequence[str] = ()) -> str:
    """What to say of a value that the schema refuses; ``values`` are all that it allows, where they are few."""
    name, text = local(element), element.text or ""
    plain = " ".join(text.split())
    shown = f"`{_shown(text)}`" if text.strip(BLANK) else "empty"
    if plain in values:
        return f"`{name}` has white space around `{plain}`; remove it."
    if name in _URIS and re.search(_BLANK_INSIDE, text.strip(BLANK)):
        return f"`{name}` contains a space; write one URI only, and %20 for each space in it."
    if values:
        is_spelling = any(value.casefold() == plain.casefold() for value in values)
        return f"`{name}` is {shown}; write one of {', '.join(values)}{', in exactly this spelling' if is_spelling else ''}."
    if name in _TIMES and re.fullmatch(_SHAPED_AS_TIME, text.strip(BLANK), re.ASCII):
        return f"`{name}` is {shown}; the calendar or the clock has no such day, hour or offset."
    reason = (name in _TIMES and _why_no_time(text.strip(BLANK))) or "which the schema does not allow"
    return f"`{name}` is {shown}, {reason}{_advice(name)}."


def _advice(name: str) -> str:
    return f"; {_ADVICE[name]}" if name in _ADVICE else ""


def _why_no_time(text: str) -> str | None:
    """What a text lacks that is nearly a time."""
    match = re.fullmatch(_NEARLY_A_TIME, text, re.ASCII)
    if match is None:
        return None
    between, fraction, offset = match.groups()
    if between != "T":
        return "which has no `T` between date and time"
    if fraction:
        return "which has a fraction of a second"
    if not offset:
        return "which has no offset from UTC"
    return "which has a letter as its offset" if offset.isalpha() else "which has an offset in another form"


def _shown(text: str) -> str:
    """The text on one line, as much as is needed; a blank that XML counts as text is shown by its number."""
    line = " ".join(re.split(r"[ \t\r\n]+", text[: 2 * _MAX_QUOTED].strip(BLANK)))
    line = re.sub(r"[^\S ]", lambda blank: f"U+{ord(blank[0]):04X}", line)
    return line if len(line) <= _MAX_QUOTED else f"{line[:_MAX_QUOTED]}…"


def _value(element: etree._Element, kind: XsdSimpleType, default: str | None) -> Iterator[Fault]:
    text = element.text or default or ""
    if len(element):
        names = dict.fromkeys(f"`{local(child)[:_MAX_QUOTED]}`" for child in islice(element, _MAX_NAMES))
        yield Fault(element, f"`{local(element)}` contains text only; remove {' and '.join(names)} from it.")
    elif not is_tolerated(element) and not (_remembered if len(text) <= _LONGEST_REMEMBERED else _is_value)(kind, text):
        yield Fault(element, of_value(element, [str(value) for value in kind.enumeration or ()]))


def _is_value(kind: XsdSimpleType, text: str) -> bool:
    name = (kind.name or "").rpartition("}")[2]
    if name == "anyURI":  # what RFC 3986 does not allow, libxml2 refuses and xmlschema lets pass
        holder = etree.Element("uri")
        holder.text = text
        return _uri().validate(holder)
    if name == "integer" and not text.isascii():
        return False
    try:
        kind.decode(text)
    except Exception:  # noqa: BLE001  (no value, or one that makes the library stumble: a year of twenty digits)
        return False
    return True


#: A message says the same few short values again and again.
_remembered = lru_cache(maxsize=4096)(_is_value)


@cache
def _uri() -> etree.XMLSchema:
    schema = '<schema xmlns="http://www.w3.org/2001/XMLSchema"><element name="uri" type="anyURI"/></schema>'
    return etree.XMLSchema(etree.fromstring(schema))


def _part(group: XsdGroup) -> _Part | None:
    """``None`` when the children are not a plain sequence."""
    particles = _particles(group)
    if particles is None:
        return None
    named = {particle.name: particle for particle in particles if isinstance(particle, XsdElement)}
    wildcards = [particle for particle in particles if isinstance(particle, XsdAnyElement)]
    return _Part(named, {name: number for number, name in enumerate(named)}, wildcards)


def _particles(group: XsdGroup) -> list[XsdElement | XsdAnyElement] | None:
    if group.model != "sequence" or (group.min_occurs, group.max_occurs) != (1, 1):
        return None
    found: list[XsdElement | XsdAnyElement] = []
    for particle in group:
        inner = _particles(particle) if isinstance(particle, XsdGroup) else [particle]
        if inner is None:
            return None
        found += inner
    return found


def _attributes(element: etree._Element) -> Iterator[Fault]:
    for name in element.keys():  # noqa: SIM118  (an element is no dict)
        if str(name) == XSI + "type":
            yield Fault(element, f"`{local(element)}` names a type by xsi:type; remove the attribute.")
        elif str(name) not in SCHEMA_LOCATIONS:
            shown = str(name).rpartition("}")[2][:_MAX_QUOTED]
            yield Fault(
                element,
                f"`{local(element)}` has the attribute `{shown}`; remove it. Elements of CAP have no attributes.",
            )


def _texts(parent: etree._Element) -> Iterator[Fault]:
    for text, before in ((parent.text, None), *((child.tail, child) for child in parent)):
        if text and text.strip(BLANK):
            shown = _shown(text)
            where = f"after `{local(before)}`" if before is not None else "at its beginning"
            yield Fault(
                parent, f"`{local(parent)}` contains the text `{shown}` {where}; remove it, or put it into an element."
            )


def _names(parent: etree._Element, part: _Part) -> Iterator[Fault]:
    """Children that are unknown, too many or missing."""
    counts = Counter(map(tag, parent))
    seen: Counter[str] = Counter()
    unknown = 0
    for child in parent:
        name = tag(child)
        if name in part.children:
            seen[name] += 1
            most = part.children[name].max_occurs
            if most is not None and seen[name] == most + 1:
                often = "once" if most == 1 else f"{most} times"
                yield Fault(
                    child,
                    f"`{local(child)}` occurs more than {often} in `{local(parent)}`; keep {'one' if most == 1 else most}.",
                )
        elif not any(wildcard.is_matching(name) for wildcard in part.wildcards):
            unknown += 1
            meant = _meant(child, part, counts) if unknown <= _MAX_MEANT else None
            counts[meant or name] += 1
            yield Fault(child, _unknown(child, parent, meant))
    for name, particle in part.children.items():
        if counts[name] < particle.min_occurs:
            yield Fault(parent, f"`{local(parent)}` has no `{_local(name)}`; add it{_place(name, part)}.")


def _meant(child: etree._Element, part: _Part, counts: Counter[str]) -> str | None:
    """The missing child that an unknown one stands for: the same in another case or namespace, or nearly the same."""
    missing = {_local(name).casefold(): name for name in part.children if not counts[name]}
    written = local(child)[:_MAX_QUOTED].casefold()
    near = get_close_matches(written, missing, 1, 0.75)
    return missing.get(written) or (missing[near[0]] if near and not len(child) else None)


def _unknown(child: etree._Element, parent: etree._Element, meant: str | None) -> str:
    name, shown = local(child), local(child)[:_MAX_QUOTED]
    if name in _SPECIAL:
        return _SPECIAL[name]
    if meant and name == _local(meant):
        where = f"the namespace `{namespace_of(child)}`" if namespace_of(child) else "no namespace"
        return f"`{shown}` is in {where}; put it into `{namespace_of(parent)}`, as the other elements are."
    if meant:
        return f"`{local(parent)}` has no element `{shown}`; did you mean `{_local(meant)}`?"
    return (
        f"`{local(parent)}` has no element `{shown}` in this version of CAP; use a parameter for additions of your own."
    )


def _order(parent: etree._Element, part: _Part) -> Iterator[Fault]:
    """The fewest children that must move for the order to be right; of those that occur too often the first counts."""
    known: list[etree._Element] = []
    seen: set[str] = set()
    for child in parent:
        name = tag(child)
        if name in part.order and not (name in seen and part.children[name].max_occurs == 1):
            known.append(child)
            seen.add(name)
    places = [part.order[tag(child)] for child in known]
    if all(before <= after for before, after in pairwise(places)):
        return
    staying = _longest_rise(places)
    for number, child in enumerate(known):
        if number not in staying:
            yield Fault(child, f"`{local(child)}` is in the wrong place; move it{_place(tag(child), part)}.")


def _foreign(parent: etree._Element, part: _Part) -> Iterator[Fault]:
    """A Signature, or what else the schema lets stand behind all others, before one of them."""
    foreign = None
    for child in parent:
        if tag(child) in part.order and foreign is not None:
            yield Fault(
                foreign, f"`{local(foreign)}` comes before elements of CAP; move it to the end of `{local(parent)}`."
            )
            return
        if foreign is None and any(one.is_matching(tag(child)) for one in part.wildcards):
            foreign = child


def _longest_rise(places: list[int]) -> set[int]:
    """The positions of a longest subsequence that never falls (patience sorting)."""
    tops: list[int] = []
    at: list[int] = []
    before: list[int | None] = []
    for number, place in enumerate(places):
        pile = bisect_right(tops, place)
        before.append(at[pile - 1] if pile else None)
        tops[pile : pile + 1], at[pile : pile + 1] = [place], [number]
    rise, last = set(), at[-1] if at else None
    while last is not None:
        rise.add(last)
        last = before[last]
    return rise


def _place(name: str, part: _Part) -> str:
    """Between which elements one belongs."""
    names = list(part.order)
    number = part.order[name]
    after = f" after `{_local(names[number - 1])}`" if number else ""
    before = f" before `{_local(names[number + 1])}`" if number + 1 < len(names) else ""
    return f"{after}{' and' if after and before else ''}{before}"


def _local(name: str) -> str:
    return name.rpartition("}")[2]
