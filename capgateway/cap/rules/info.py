"""Rules about what an info says: event, texts, links, named values (CAP 1.2 §3.2.2)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

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

_WEB = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]+[^\s]*")
_MARKUP = (
    r"&(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});|</?[A-Za-z][A-Za-z0-9]{0,15}(?:\s[^<>]{0,200})?/?>"
)
_ACRONYMS = frozenset({"SAME", "FIPS", "ZIP", "UGC", "VTEC"})
_TEXTS = ("event", "headline", "description", "instruction", "senderName", "audience", "contact")


def check_infos(alert: Alert, notes: Notes) -> None:
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        if not info.event.strip():
            notes.add(EVENT, "event is empty; say in a few words what happens.", here, "event")
        if info.headline and len(info.headline) > MAX_HEADLINE:
            notes.add(
                HEADLINE, f"headline has {len(info.headline)} characters; aim at {MAX_HEADLINE}.", here, "headline"
            )
        if info.web and not _WEB.fullmatch(info.web):
            notes.add(WEB, "web is no full URI; begin it with https:// and the host.", here, "web")
        if "Assess" in info.response_types and alert.scope == "Public":
            place = ("responseType", info.response_types.index("Assess"))
            notes.add(ASSESS, "Assess is for specialists; tell the public what to do instead.", here, place)
        _markup(info, notes, here)
        _pairs("eventCode", info.event_codes, notes, here)
        _pairs("parameter", info.parameters, notes, here)
        for number, area in enumerate(info.areas):
            if area.geocodes:
                _pairs("geocode", area.geocodes, notes, here, ("area", number))
    if len(alert.infos) > 1:
        _translations(alert.infos, notes)


def _markup(info: Info, notes: Notes, here: Step) -> None:
    texts = (
        info.event,
        info.headline,
        info.description,
        info.instruction,
        info.sender_name,
        info.audience,
        info.contact,
    )
    everything = "".join([text for text in texts if text])
    if "&" not in everything and "<" not in everything:
        return
    for name, text in zip(_TEXTS, texts, strict=True):
        found = re.search(_MARKUP, text or "")
        if found:
            message = f"The text holds `{found[0][:40]}`, which is HTML; write plain text."
            notes.add(MARKUP, message, here, name)


def _pairs(element: str, pairs: Iterable[Named], notes: Notes, *here: Step) -> None:
    for position, pair in enumerate(pairs):
        if not pair.name or not pair.value:
            missing = "valueName" if not pair.name else "value"
            message = f"{element} has an empty {missing}; fill it or leave the {element} out."
            notes.add(PAIR, message, *here, (element, position))
        acronym = _acronym(pair.name)
        if acronym:
            message = f"valueName `{pair.name}` is written `{acronym}`."
            notes.add(ACRONYM, message, *here, (element, position), "valueName")


@lru_cache(maxsize=1024)
def _acronym(name: str) -> str | None:
    """The acronym that a name is another spelling of, or ``None``. Senders use few names, again and again."""
    plain = name.replace(".", "").upper()
    return plain if plain in _ACRONYMS and name != plain else None


def _translations(infos: tuple[Info, ...], notes: Notes) -> None:
    seen: dict[tuple[str | None, ...], str] = {}
    for position, info in enumerate(infos):
        texts = (info.event, info.headline, info.description, info.instruction)
        language = seen.setdefault(texts, info.language)
        if language.casefold() != info.language.casefold() and any((info.headline, info.description, info.instruction)):
            message = f"The texts in {info.language} are those in {language}; translate them or correct the language."
            notes.add(SAME_TEXTS, message, ("info", position), "language")
