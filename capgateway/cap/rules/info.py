"""Rules about what an info says: event, texts, links, named values (CAP 1.2 §3.2.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.names import HTML_TAGS
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from capgateway.cap.model import Alert, Info, Named
    from capgateway.cap.rules.notes import Notes, Step

#: What fits on the display of a phone or a sign (CAP 1.2 §3.2.2).
MAX_HEADLINE = 160
#: Longer texts of a stranger are cut in messages.
MAX_QUOTED = 80

EVENT = Rule(
    id="cap.event.empty",
    level="error",
    asks="event is not empty.",
    why="event is the name of what happens, which every receiver shows.",
    reference="CAP 1.2 §3.2.2",
    source=("A-54",),
)
ASSESS = Rule(
    id="cap.response-type.assess",
    level="warning",
    asks="responseType is not Assess in a message with scope Public.",
    why="Assess asks experts to evaluate the situation. The public needs to know what to do.",
    reference="CAP 1.2 §3.2.2",
    source=("A-56",),
)
HEADLINE = Rule(
    id="cap.headline.length",
    level="info",
    asks="headline has at most 160 characters.",
    why="Phones and signs cut longer headlines.",
    reference="CAP 1.2 §3.2.2",
    source=("A-68",),
)
WEB = Rule(
    id="cap.web.absolute",
    level="error",
    asks="web is an absolute URI with a scheme and a host.",
    why="A receiver has no base address to complete a relative URI with.",
    reference="CAP 1.2 §3.2.2",
    source=("A-69",),
)
EMPTY_URI = Rule(
    id="cap.uri.empty",
    level="error",
    asks="web, uri and derefUri are not empty.",
    why="All three are optional. An element without content is not the absolute URI, or the file, that the standard requires.",
    reference="CAP 1.2 §3.2.2, §3.2.3",
    source=("A-69", "A-93", "A-94"),
)
MARKUP = Rule(
    id="cap.text.markup",
    level="warning",
    asks="Texts contain neither HTML tags nor HTML entities.",
    why="Most displays do not interpret HTML and show it as written.",
    reference="CAP 1.2 §3.3.3",
    source=("A-73",),
)
PAIR = Rule(
    id="cap.pair.empty",
    level="warning",
    asks="eventCode, parameter and geocode have a name and a value, in CAP 1.0 written name=value.",
    why="A pair without one of the two has no meaning. Some feeds send empty pairs as placeholders.",
    reference="CAP 1.2 §3.2.2",
    source=("A-61", "A-157"),
)
ACRONYM = Rule(
    id="cap.value-name.acronym",
    level="warning",
    asks="The valueNames SAME, FIPS, ZIP, UGC and VTEC are written in capitals without full stops.",
    why="The standard asks for this form of acronyms. Some receivers compare names exactly.",
    reference="CAP 1.2 §3.2.2",
    source=("A-62",),
)
SAME_TEXTS = Rule(
    id="cap.language.identical",
    level="warning",
    asks="Infos in different languages do not have the same description or instruction.",
    why="Identical texts were not translated, or one of them has the wrong language.",
    reference="CAP 1.2 §3.2.2",
    source=("A-74",),
)

_WEB = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s/?#@]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]]+)(?::\d*)?(?:[/?#]\S*)?"
)
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"
_MARKUP = rf"(?i:{_ENTITY}|</?(?:{HTML_TAGS})(?:\s[^<>]{{0,200}})?/?>|<!--|<!DOCTYPE\s)"
_EXAMPLES = {"eventCode": "SAME=CAE", "parameter": "zone=4", "geocode": "SAME=048113"}
_ACRONYMS = frozenset({"SAME", "FIPS", "ZIP", "UGC", "VTEC"})
_LONGEST_ACRONYM = len("S.A.M.E.")


def check_info(info: Info, alert: Alert, notes: Notes, here: Step) -> None:
    if not info.event.strip() and notes.has(here, "event"):
        notes.add(EVENT, "event is empty; name in a few words what happens.", here, "event")
    if info.headline and len(info.headline) > MAX_HEADLINE:
        message = f"headline has {len(info.headline)} characters; write at most {MAX_HEADLINE}."
        notes.add(HEADLINE, message, here, "headline")
    if info.web is not None and not _WEB.fullmatch(info.web):
        _web(info.web, notes, here)
    if "Assess" in info.response_types and alert.scope == "Public":
        place = ("responseType", info.response_types.index("Assess"))
        notes.add(ASSESS, "responseType is Assess, which is for experts; write what the public is to do.", here, place)
    if info.event_codes:
        check_pairs("eventCode", info.event_codes, notes, here)
    if info.parameters:
        check_pairs("parameter", info.parameters, notes, here)


def _web(web: str, notes: Notes, here: Step) -> None:
    if not web:
        notes.add(EMPTY_URI, "web is empty; leave the element out, or write an absolute URI.", here, "web")
        return
    message = (
        f"web is `{web[:MAX_QUOTED]}`, which is not an absolute URI with a host; write one that begins with https://."
    )
    notes.add(WEB, blank_in("web", web) or message, here, "web")


def blank_in(name: str, uri: str) -> str | None:
    """What to say of a URI that is not one because of the blanks in it."""
    has_blank = re.search(r"\S\s+\S", uri)
    return f"{name} contains a space; write one URI only, and %20 for each space in it." if has_blank else None


def check_pairs(element: str, pairs: Iterable[Named], notes: Notes, *here: Step) -> None:
    """Check the names and values of eventCodes, parameters or geocodes."""
    for position, pair in enumerate(pairs):
        name = pair.name
        if not name or not pair.value:
            place = (*here, (element, position))
            notes.add(PAIR, _incomplete(element, pair, notes.text(*place), notes.version), *place)
        if len(name) <= _LONGEST_ACRONYM and name not in _ACRONYMS:
            acronym = name.replace(".", "").upper()
            if acronym in _ACRONYMS:
                message = f"valueName is `{name}`; write `{acronym}`."
                notes.add(ACRONYM, message, *here, (element, position), "valueName")


def _incomplete(element: str, pair: Named, text: str, version: str) -> str:
    """What to say of a pair that lacks its name, its value, or both; ``text`` is that of the element, a pair in CAP 1.0."""
    if version == "1.0" and text.strip() and "=" not in text:
        shown = " ".join(text.split())[:MAX_QUOTED]
        return f"{element} is `{shown}`; write name=value, such as {_EXAMPLES[element]}."
    names = ("name", "value") if version == "1.0" else ("valueName", "value")
    missing = " and an empty ".join(name for name, said in zip(names, (pair.name, pair.value), strict=True) if not said)
    return f"{element} has an empty {missing}; fill it in, or leave the {element} out."


def check_translations(infos: tuple[Info, ...], notes: Notes) -> None:
    """Note each info that repeats the description or the instruction of an info in another language."""
    texts = [text for info in infos for text in (info.description, info.instruction) if text]
    if len(texts) == len(set(texts)):
        return  # nearly always
    first: dict[tuple[str, str], str] = {}
    for position, info in enumerate(infos):
        repeated: dict[str, list[str]] = {}
        for name, text in (("description", info.description), ("instruction", info.instruction)):
            if text and text.strip():
                language = first.setdefault((name, text), info.language)
                if language != info.language and primary(language) != primary(info.language):
                    repeated.setdefault(language, []).append(name)
        for language, names in repeated.items():
            message = (
                f"The info in {info.language[:20]} has the same {' and '.join(names)} as that in {language[:20]}; translate "
                "it, or correct the language."
            )
            notes.add(SAME_TEXTS, message, ("info", position), "language")


def primary(language: str) -> str:
    """The language itself of a tag, without region: `fr` of `fr-CA`, and of `fr_CA`, which some write."""
    return language.replace("_", "-").partition("-")[0].casefold()


def check_markup(alert: Alert, notes: Notes) -> None:
    for text, place in _texts(alert):
        if text and ("<" in text or "&" in text) and (found := re.search(_MARKUP, text)):
            message = f"The text contains `{found[0][:MAX_QUOTED]}`, which is HTML; write plain text."
            notes.add(MARKUP, message, *place, offset=found.start())


def _texts(alert: Alert) -> Iterator[tuple[str | None, tuple[Step, ...]]]:
    """Every text for people, and where it is."""
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
