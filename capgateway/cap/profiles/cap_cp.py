"""Canada: the CAP-CP profile, with its event and location codes and its two languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.profiles.country import CANADA, check_home
from capgateway.cap.profiles.every import check_alone, check_version
from capgateway.cap.profiles.languages import check_languages
from capgateway.cap.profiles.marks import check_marks
from capgateway.cap.rule import Rule
from capgateway.cap.rules.info import primary

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Area, Info
    from capgateway.cap.rules.notes import Notes, Step

_REFERENCE = "CAP-CP 1.0"

CODE = Rule(
    id="cap-cp.code",
    level="error",
    layer="profile",
    asks="A message of the profile has a code `profile:CAP-CP:` with a version, such as `profile:CAP-CP:0.4`.",
    why="Receivers recognise messages of the profile by the code.",
    reference=_REFERENCE,
    source=("C-03",),
)
VERSION = Rule(
    id="cap-cp.version",
    level="error",
    layer="profile",
    asks="A message of the profile is CAP 1.2.",
    why="The profile is a set of additions to CAP 1.2.",
    reference=_REFERENCE,
    source=("C-01",),
)
INFO = Rule(
    id="cap-cp.info",
    level="error",
    layer="profile",
    asks="An Alert, Update or Cancel with scope Public has an info.",
    why="A Cancel too says what ends, and where.",
    reference=_REFERENCE,
    source=("C-04",),
)
LANGUAGE = Rule(
    id="cap-cp.language",
    level="error",
    layer="profile",
    asks="Every info has a language that is not empty.",
    why="The profile has no default language, because Canada has two.",
    reference=_REFERENCE,
    source=("C-05",),
)
EQUAL = Rule(
    id="cap-cp.languages.equal",
    level="error",
    layer="profile",
    asks="category, responseType, urgency, severity, certainty, eventCode, effective, onset, expires, and the shapes, codes and "
    "heights of areas are equal in all languages.",
    why="Readers of every language learn the same. Up to 20 languages are compared with the first one.",
    reference=_REFERENCE,
    source=("C-06",),
)
EVENT_CODE = Rule(
    id="cap-cp.event-code",
    level="error",
    layer="profile",
    asks="Every info has an eventCode with the valueName `profile:CAP-CP:Event:` and a version, and its value is 4 to 12 "
    "characters without white space.",
    why="Receivers in Canada select alerts by it.",
    reference=_REFERENCE,
    source=("C-07", "C-23"),
)
ONE_EVENT = Rule(
    id="cap-cp.event",
    level="error",
    layer="profile",
    asks="All infos have the same event code of the profile, compared without case.",
    why="A message is about one event.",
    reference=_REFERENCE,
    source=("C-02",),
)
AREA = Rule(
    id="cap-cp.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    why="Receivers select alerts by their areas.",
    reference=_REFERENCE,
    source=("C-09",),
)
AREA_SHAPE = Rule(
    id="cap-cp.area.shape",
    level="error",
    layer="profile",
    asks="An area has a polygon, a circle or a geocode `profile:CAP-CP:Location:` with a version.",
    why="Without any of them nobody can find the area.",
    reference=_REFERENCE,
    source=("C-10",),
)
AREA_CODE = Rule(
    id="cap-cp.area.code",
    level="warning",
    layer="profile",
    asks="An area with a polygon or a circle also has a geocode `profile:CAP-CP:Location:` with a version.",
    why="The profile can be read in two ways. With the code, a message satisfies both.",
    reference=_REFERENCE,
    source=("C-10",),
)
SGC = Rule(
    id="cap-cp.location",
    level="warning",
    layer="profile",
    asks="The value of a geocode `profile:CAP-CP:Location:` is an SGC code of 2, 4 or 7 digits.",
    why="The SGC has codes of provinces (2), census divisions (4) and census subdivisions (7).",
    reference=_REFERENCE,
    source=("C-11",),
)
RECOMMENDED = Rule(
    id="cap-cp.recommended",
    level="warning",
    layer="profile",
    asks="An info has expires and senderName, and with an instruction also a responseType.",
    why="The profile recommends them.",
    reference=_REFERENCE,
    source=("C-13",),
)
BILINGUAL = Rule(
    id="cap-cp.bilingual",
    level="info",
    layer="profile",
    asks="A message has infos in English and in French.",
    why="The profile recommends both languages.",
    reference=_REFERENCE,
    source=("C-14",),
)
MARKS = Rule(
    id="cap-cp.parameter",
    level="warning",
    layer="profile",
    asks="A parameter AutoTranslated is yes or no. A parameter MinorChange is none, text, correction, resource, layer or other, is "
    "in an Update with references, is in every info, and other is explained in note. An info has each of them at most once.",
    why="Receivers decide by MinorChange whether to alert again.",
    reference=_REFERENCE,
    source=("C-15", "C-16"),
)

ABROAD = Rule(
    id="cap-cp.abroad",
    level="warning",
    layer="profile",
    asks="At least one polygon or circle of a message is in Canada.",
    why="Otherwise latitude and longitude were most likely exchanged, or a minus is missing. The country is taken generously, "
    "with its waters.",
    source=("A-112",),
)

_PROFILE = re.compile(r"profile:CAP-CP:\d+(\.\d+)*", re.IGNORECASE | re.ASCII)
_EVENT_NAME = re.compile(r"profile:CAP-CP:Event:\S+", re.IGNORECASE)
_LOCATION_NAME = re.compile(r"profile:CAP-CP:Location:\S+", re.IGNORECASE)
_EVENT = re.compile(r"\S{4,12}")
_SGC = re.compile(r"\d{2}|\d{4}|\d{7}", re.ASCII)
_NEEDS_INFO = {
    "Alert": "The Alert is public and has no info; add one that says what happened, where, and what to do.",
    "Update": "The Update is public and has no info; add one that describes the present situation.",
    "Cancel": "The Cancel is public and has no info; add one that says what has ended, and where.",
}


def check(alert: Alert, notes: Notes) -> None:
    if alert.status == "System" and not alert.infos:
        return  # a heartbeat: the network speaks to itself (A-28, C-44)
    if not any(_PROFILE.fullmatch(code) for code in alert.codes):
        notes.add(CODE, "The message has no code `profile:CAP-CP:1.0`; add it.")
    check_alone(alert, "cap-cp", notes)
    check_version(alert, notes, VERSION)
    if not alert.infos and alert.scope == "Public" and alert.msg_type in _NEEDS_INFO:
        notes.add(INFO, _NEEDS_INFO[alert.msg_type])
    events = [_events(info) for info in alert.infos]
    for position, info in enumerate(alert.infos):
        _info(info, events[position], notes, ("info", position))
    _one_event(events, notes)
    check_marks(alert, notes, MARKS)
    _bilingual(alert, notes)
    check_languages(alert, notes, EQUAL)
    check_home(alert, CANADA, notes, ABROAD)


def _info(info: Info, events: dict[int, str], notes: Notes, here: Step) -> None:
    if info.language == "en-US" and not notes.text(here, "language").strip():  # the model's word for no language
        notes.add(LANGUAGE, "The info has no language; write en-CA or fr-CA.", here)
    if not events:
        notes.add(EVENT_CODE, "The info has no eventCode `profile:CAP-CP:Event:0.4`; add one, such as amber.", here)
    for position, value in events.items():
        if not _EVENT.fullmatch(value):
            shown = f"`{value[:20]}`" if value else "empty"
            message = f"The event code is {shown}; write 4 to 12 characters without white space, such as amber."
            notes.add(EVENT_CODE, message, here, ("eventCode", position), "value")
    if not info.areas:
        notes.add(AREA, "The info has no area; add one.", here)
    for number, area in enumerate(info.areas):
        _area(area, notes, here, ("area", number))
    wanted = {"expires": info.expires, "senderName": (info.sender_name or "").strip()}
    missing = [name for name, value in wanted.items() if not value]
    if not info.response_types and (info.instruction or "").strip():
        missing.append("responseType")
    if missing:
        notes.add(RECOMMENDED, f"The info has no {' and no '.join(missing)}; add what is missing.", here)


def _area(area: Area, notes: Notes, *here: Step) -> None:
    has_location = False
    for position, code in enumerate(area.geocodes):
        if _LOCATION_NAME.fullmatch(code.name):
            has_location = True
            if not _SGC.fullmatch(code.value):
                message = f"The location code is `{code.value[:20]}`; write an SGC code of 2, 4 or 7 digits."
                notes.add(SGC, message, *here, ("geocode", position), "value")
    if has_location:
        return
    if area.polygons or area.circles:
        notes.add(AREA_CODE, "The area has a shape but no geocode `profile:CAP-CP:Location:0.3`; add one.", *here)
    else:
        message = "The area has no polygon, no circle and no geocode `profile:CAP-CP:Location:0.3`; add one of them."
        notes.add(AREA_SHAPE, message, *here)


def _events(info: Info) -> dict[int, str]:
    """The profile's event codes of an info by position."""
    return {position: code.value for position, code in enumerate(info.event_codes) if _EVENT_NAME.fullmatch(code.name)}


def _one_event(events: list[dict[int, str]], notes: Notes) -> None:
    subject: str | None = None
    for number, found in enumerate(events):
        for position, value in found.items():
            subject = subject or value
            if value.casefold() != subject.casefold():
                message = f"The event code is `{value[:20]}`, but `{subject[:20]}` before; send one message per event."
                notes.add(ONE_EVENT, message, ("info", number), ("eventCode", position), "value")


def _bilingual(alert: Alert, notes: Notes) -> None:
    spoken = {primary(info.language) for info in alert.infos}
    if spoken and not spoken >= {"en", "fr"}:
        notes.add(BILINGUAL, "The message does not have infos in both English and French; add the missing one.")
