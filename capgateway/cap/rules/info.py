"""Rules about what an info says: event, texts, links, named values (CAP 1.2 §3.2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgateway.cap.model import Alert, Info, Named
    from capgateway.cap.rules.notes import Notes, Step

#: What fits on the display of a phone or a sign (CAP 1.2 §3.2.2).
MAX_HEADLINE = 160

EVENT = Rule(
    id="cap.event.empty",
    level="error",
    asks="event says what happens.",
    reference="CAP 1.2 §3.2.2",
    source=("A-54",),
)
ASSESS = Rule(
    id="cap.response-type.assess",
    level="warning",
    asks="responseType Assess is not used in public warnings.",
    why="It asks specialists to evaluate; the public is told what to do.",
    reference="CAP 1.2 §3.2.2",
    source=("A-56",),
)
HEADLINE = Rule(
    id="cap.headline.length",
    level="info",
    asks="headline has at most 160 characters.",
    why="Displays cut longer ones.",
    reference="CAP 1.2 §3.2.2",
    source=("A-68",),
)
WEB = Rule(
    id="cap.web.absolute",
    level="error",
    asks="web is a full URI with scheme and host.",
    why="A reader elsewhere has nothing to resolve a partial one against.",
    reference="CAP 1.2 §3.2.2",
    source=("A-69",),
)
MARKUP = Rule(
    id="cap.text.markup",
    level="warning",
    asks="Texts hold neither HTML tags nor HTML entities.",
    why="Few displays interpret HTML; the others show it as it is written.",
    reference="CAP 1.2 §3.3.3",
    source=("A-73",),
)
PAIR = Rule(
    id="cap.pair.empty",
    level="warning",
    asks="eventCode, parameter and geocode have a name and a value.",
    why="An empty one says nothing; some feeds send them as place holders.",
    reference="CAP 1.2 §3.2.2",
    source=("A-61", "A-157"),
)
ACRONYM = Rule(
    id="cap.value-name.acronym",
    level="warning",
    asks="A valueName that is an acronym is written in capitals without full stops: SAME, FIPS, ZIP.",
    reference="CAP 1.2 §3.2.2",
    source=("A-62",),
)
SAME_TEXTS = Rule(
    id="cap.language.identical",
    level="warning",
    asks="Infos of different languages have different texts.",
    why="Identical ones were not translated, or carry the wrong language.",
    reference="CAP 1.2 §3.2.2",
    source=("A-74",),
)

_WEB = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s/?#@]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(?::\d*)?(?:[/?#]\S*)?"
)
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"
_TAGS = (
    "a|abbr|article|b|big|blockquote|body|br|center|cite|code|dd|del|div|dl|dt|em|embed|font|footer|form|h[1-6]|head|header|hr|"
    "html|i|iframe|img|input|ins|kbd|label|li|link|main|mark|meta|nav|object|o:p|ol|p|pre|q|s|script|section|small|span|strike|"
    "strong|style|sub|sup|svg|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video|wbr"
)
_MARKUP = rf"(?i:{_ENTITY}|</?(?:{_TAGS})(?:\s[^<>]{{0,200}})?/?>|<!--|<!DOCTYPE\s)"
_ACRONYMS = frozenset({"SAME", "FIPS", "ZIP", "UGC", "VTEC"})
_LONGEST_ACRONYM = len("S.A.M.E.")


def check_info(info: Info, alert: Alert, notes: Notes, here: Step) -> None:
    if not info.event.strip() and notes.has(here, "event"):
        notes.add(EVENT, "event is empty; say in a few words what happens.", here, "event")
    if info.headline and len(info.headline) > MAX_HEADLINE:
        message = f"headline has {len(info.headline)} characters; aim at {MAX_HEADLINE}."
        notes.add(HEADLINE, message, here, "headline")
    if info.web is not None and not _WEB.fullmatch(info.web):
        notes.add(
            WEB, blank_in("web", info.web) or "web is no full URI; begin it with https:// and the host.", here, "web"
        )
    if "Assess" in info.response_types and alert.scope == "Public":
        place = ("responseType", info.response_types.index("Assess"))
        notes.add(ASSESS, "Assess is for specialists; tell the public what to do instead.", here, place)
    if info.event_codes:
        check_pairs("eventCode", info.event_codes, notes, here)
    if info.parameters:
        check_pairs("parameter", info.parameters, notes, here)


def blank_in(name: str, uri: str) -> str | None:
    """What to say of a URI that is none for the blanks in it."""
    return f"{name} holds a blank; give one URI only, with %20 for blanks." if re.search(r"\S\s+\S", uri) else None


def check_pairs(element: str, pairs: Iterable[Named], notes: Notes, *here: Step) -> None:
    """Check the names and values of eventCodes, parameters or geocodes."""
    for position, pair in enumerate(pairs):
        name = pair.name
        if not name or not pair.value:
            missing = "value" if name else "valueName"
            message = f"{element} has an empty {missing}; fill it or leave the {element} out."
            notes.add(PAIR, message, *here, (element, position))
        if len(name) <= _LONGEST_ACRONYM and name not in _ACRONYMS:
            acronym = name.replace(".", "").upper()
            if acronym in _ACRONYMS:
                message = f"valueName `{name}` is written `{acronym}`."
                notes.add(ACRONYM, message, *here, (element, position), "valueName")


def check_translations(infos: tuple[Info, ...], notes: Notes) -> None:
    seen: dict[tuple[str | None, ...], str] = {}
    for position, info in enumerate(infos):
        texts = (info.event, info.headline, info.description, info.instruction)
        language = seen.setdefault(texts, info.language)
        if language.casefold() != info.language.casefold() and any((info.headline, info.description, info.instruction)):
            message = f"The texts in {info.language} are those in {language}; translate them or correct the language."
            notes.add(SAME_TEXTS, message, ("info", position), "language")


def check_markup(alert: Alert, notes: Notes) -> None:
    for text, place in _texts(alert):
        if text and ("<" in text or "&" in text) and (found := re.search(_MARKUP, text)):
            message = f"The text holds `{found[0][:40]}`, which is HTML; write plain text."
            notes.add(MARKUP, message, *place)


def _texts(alert: Alert) -> Iterator[tuple[str | None, tuple[Step, ...]]]:
    """Every text for people, and where it stands."""
    yield alert.note, ("note",)
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        yield info.event, (here, "event")
        yield info.audience, (here, "audience")
        yield info.sender_name, (here, "senderName")
        yield info.headline, (here, "headline")
        yield info.description, (here, "description")
        yield info.instruction, (here, "instruction")
        yield info.contact, (here, "contact")
        for number, pair in enumerate(info.parameters):
            yield pair.value, (here, ("parameter", number), "value")
        for number, resource in enumerate(info.resources):
            yield resource.resource_desc, (here, ("resource", number), "resourceDesc")
        for number, area in enumerate(info.areas):
            yield area.area_desc, (here, ("area", number), "areaDesc")
