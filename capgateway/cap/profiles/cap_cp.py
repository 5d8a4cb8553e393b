"""Canada: the CAP-CP profile, with its event and location codes and its two languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Area, Info
    from capgateway.cap.rules.notes import Notes, Step

_REFERENCE = "CAP-CP 1.0"

CODE = Rule(
    id="cap-cp.code",
    level="error",
    layer="profile",
    asks="A message of the profile has a code `profile:CAP-CP:` with a version.",
    reference=_REFERENCE,
    source=("C-03",),
)
INFO = Rule(
    id="cap-cp.info",
    level="error",
    layer="profile",
    asks="A public Alert, Update or Cancel has an info.",
    reference=_REFERENCE,
    source=("C-04",),
)
LANGUAGE = Rule(
    id="cap-cp.language",
    level="error",
    layer="profile",
    asks="Every info names its language.",
    why="The profile knows no default, there are two.",
    reference=_REFERENCE,
    source=("C-05",),
)
EQUAL = Rule(
    id="cap-cp.languages.equal",
    level="error",
    layer="profile",
    asks="What is not free text is equal in all languages: category to certainty, codes, times and areas.",
    why="Nobody is told less for the language they read.",
    reference=_REFERENCE,
    source=("C-06",),
)
EVENT_CODE = Rule(
    id="cap-cp.event-code",
    level="error",
    layer="profile",
    asks="Every info has an eventCode `profile:CAP-CP:Event:` with a version, of 4 to 12 characters.",
    reference=_REFERENCE,
    source=("C-07", "C-23"),
)
ONE_EVENT = Rule(
    id="cap-cp.event",
    level="error",
    layer="profile",
    asks="All infos have the same event code of the profile.",
    why="A message is about one event.",
    reference=_REFERENCE,
    source=("C-02",),
)
AREA = Rule(
    id="cap-cp.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    reference=_REFERENCE,
    source=("C-09",),
)
AREA_SHAPE = Rule(
    id="cap-cp.area.shape",
    level="error",
    layer="profile",
    asks="An area has a polygon, a circle or a geocode, and one without shapes a location code of the profile.",
    reference=_REFERENCE,
    source=("C-10",),
)
AREA_CODE = Rule(
    id="cap-cp.area.code",
    level="warning",
    layer="profile",
    asks="An area has a location code of the profile even where it has a shape.",
    why="Readings of the profile differ; with the code a message satisfies both.",
    reference=_REFERENCE,
    source=("C-10",),
)
SGC = Rule(
    id="cap-cp.location",
    level="warning",
    layer="profile",
    asks="A location code is an SGC code of 2, 4 or 7 digits.",
    why="Province, census division or census subdivision.",
    reference=_REFERENCE,
    source=("C-11",),
)
RECOMMENDED = Rule(
    id="cap-cp.recommended",
    level="warning",
    layer="profile",
    asks="An info has expires and senderName, and a responseType where it has an instruction.",
    reference=_REFERENCE,
    source=("C-13",),
)
BILINGUAL = Rule(
    id="cap-cp.bilingual",
    level="info",
    layer="profile",
    asks="A message speaks English and French.",
    reference=_REFERENCE,
    source=("C-14",),
)
MARKS = Rule(
    id="cap-cp.parameter",
    level="warning",
    layer="profile",
    asks="AutoTranslated is yes or no and occurs once; MinorChange is one of its values and stands in every info of an Update.",
    reference=_REFERENCE,
    source=("C-15", "C-16"),
)

_PROFILE = re.compile(r"profile:CAP-CP:\d+(\.\d+)*", re.IGNORECASE | re.ASCII)
_EVENT_NAME = re.compile(r"profile:CAP-CP:Event:\S+", re.IGNORECASE)
_LOCATION_NAME = re.compile(r"profile:CAP-CP:Location:\S+", re.IGNORECASE)
_MARK_NAME = re.compile(r"profile:CAP-CP:[^:]+:(AutoTranslated|MinorChange)", re.IGNORECASE)
_EVENT = re.compile(r"\S{4,12}")
_SGC = re.compile(r"\d{2}|\d{4}|\d{7}", re.ASCII)
_MARKS = {"autotranslated": {"yes", "no"}, "minorchange": {"none", "text", "correction", "resource", "layer", "other"}}


def check(alert: Alert, notes: Notes) -> None:
    if not any(_PROFILE.fullmatch(code) for code in alert.codes):
        notes.add(CODE, "The message has no code `profile:CAP-CP:1.0`; add it.")
    if not alert.infos and alert.scope == "Public" and alert.msg_type in {"Alert", "Update", "Cancel"}:
        notes.add(INFO, f"A public {alert.msg_type} has an info, even when it ends an alert.")
    for position, info in enumerate(alert.infos):
        _info(alert, info, notes, ("info", position))
    events = {value.casefold() for info in alert.infos for value in _events(info)}
    if len(events) > 1:
        notes.add(ONE_EVENT, f"The infos have different event codes: {', '.join(sorted(events))[:80]}.")
    _languages(alert, notes)


def _info(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    if not notes.text(here, "language").strip():
        notes.add(LANGUAGE, "The info names no language; write en-CA or fr-CA.", here)
    if not any(_EVENT.fullmatch(value) for value in _events(info)):
        notes.add(EVENT_CODE, "The info has no eventCode `profile:CAP-CP:Event:0.4` of 4 to 12 characters.", here)
    if not info.areas:
        notes.add(AREA, "The info has no area.", here)
    for number, area in enumerate(info.areas):
        _area(area, notes, here, ("area", number))
    missing = [name for name, value in (("expires", info.expires), ("senderName", info.sender_name)) if not value]
    if info.instruction and not info.response_types:
        missing.append("responseType")
    if missing:
        notes.add(RECOMMENDED, f"The info has no {', no '.join(missing)}.", here)
    _marks(alert, info, notes, here)


def _area(area: Area, notes: Notes, *here: Step) -> None:
    locations = [code.value for code in area.geocodes if _LOCATION_NAME.fullmatch(code.name)]
    has_shape = bool(area.polygons or area.circles)
    if not has_shape and not locations:
        notes.add(
            AREA_SHAPE, "The area has no shape and no geocode `profile:CAP-CP:Location:0.3`; add one of them.", *here
        )
    elif not locations:
        notes.add(AREA_CODE, "The area has a shape but no geocode `profile:CAP-CP:Location:0.3`; add it.", *here)
    for value in locations:
        if not _SGC.fullmatch(value):
            notes.add(SGC, f"The location `{value[:20]}` is no SGC code of 2, 4 or 7 digits.", *here)


def _marks(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    seen: set[str] = set()
    for position, pair in enumerate(info.parameters):
        found = _MARK_NAME.fullmatch(pair.name)
        if not found:
            continue
        name = found[1].casefold()
        if pair.value.casefold() not in _MARKS[name]:
            message = f"{found[1]} is `{pair.value[:20]}`; it is one of {', '.join(sorted(_MARKS[name]))}."
            notes.add(MARKS, message, here, ("parameter", position))
        elif name in seen:
            notes.add(MARKS, f"{found[1]} occurs twice.", here, ("parameter", position))
        elif name == "minorchange" and (alert.msg_type != "Update" or not alert.references):
            notes.add(MARKS, "MinorChange belongs into an Update with references.", here, ("parameter", position))
        seen.add(name)
    if "minorchange" not in seen and any(
        _MARK_NAME.fullmatch(one.name) and "minor" in one.name.casefold()
        for other in alert.infos
        for one in other.parameters
    ):
        notes.add(MARKS, "Another info has MinorChange and this one has not.", here)


def _events(info: Info) -> list[str]:
    return [code.value for code in info.event_codes if _EVENT_NAME.fullmatch(code.name)]


def _languages(alert: Alert, notes: Notes) -> None:
    spoken: dict[str, list[object]] = {}
    for info in alert.infos:
        spoken.setdefault(info.language.casefold(), []).append(_facts(info))
    if {language[:2] for language in spoken} & {"en", "fr"} != {"en", "fr"} and alert.infos:
        notes.add(BILINGUAL, "The message does not speak both English and French.")
    said = [sorted(map(repr, facts)) for facts in spoken.values()]
    if any(facts != said[0] for facts in said[1:]):
        notes.add(EQUAL, "The languages differ in more than their texts; make codes, times and areas equal.")


def _facts(info: Info) -> tuple[object, ...]:
    """What an info says apart from its texts, in an order of its own."""
    moments = (info.effective, info.onset, info.expires)
    return (
        *(sorted(values) for values in (info.categories, info.response_types)),
        *(info.urgency, info.severity, info.certainty),
        sorted((code.name, code.value) for code in info.event_codes),
        *(moment and (moment.instant or moment.text) for moment in moments),
        sorted(
            (sorted(area.polygons), sorted(area.circles), sorted((code.name, code.value) for code in area.geocodes))
            for area in info.areas
        ),
    )
