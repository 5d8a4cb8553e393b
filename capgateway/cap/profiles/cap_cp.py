"""Canada: the CAP-CP profile, with its event and location codes and its two languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.profiles.country import CANADA, check_home
from capgateway.cap.profiles.every import check_alone, check_version, primary
from capgateway.cap.profiles.languages import check_languages
from capgateway.cap.profiles.marks import check_marks
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
VERSION = Rule(
    id="cap-cp.version",
    level="error",
    layer="profile",
    asks="A message of the profile is CAP 1.2.",
    why="Its rule set names CAP 1.2 as the standard it refers to, and what it adds to it presumes it.",
    reference=_REFERENCE,
    source=("C-01",),
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
    asks="AutoTranslated is yes or no and occurs once; MinorChange is one of its values, stands in every info of an Update, and `other` is explained in note.",
    reference=_REFERENCE,
    source=("C-15", "C-16"),
)

ABROAD = Rule(
    id="cap-cp.abroad",
    level="warning",
    layer="profile",
    asks="Some polygon or circle of a message lies in Canada.",
    why="Otherwise latitude and longitude have most likely changed places, or a minus is missing.",
    source=("A-112",),
)

_PROFILE = re.compile(r"profile:CAP-CP:\d+(\.\d+)*", re.IGNORECASE | re.ASCII)
_EVENT_NAME = re.compile(r"profile:CAP-CP:Event:\S+", re.IGNORECASE)
_LOCATION_NAME = re.compile(r"profile:CAP-CP:Location:\S+", re.IGNORECASE)
_EVENT = re.compile(r"\S{4,12}")
_SGC = re.compile(r"\d{2}|\d{4}|\d{7}", re.ASCII)
_NEEDS_INFO = {
    "Alert": "A public Alert has an info: what happened, where, and what to do.",
    "Update": "A public Update has an info: what is so now.",
    "Cancel": "A public Cancel has an info, although it ends an alert.",
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
        notes.add(LANGUAGE, "The info names no language; write en-CA or fr-CA.", here)
    if not any(_EVENT.fullmatch(value) for value in events.values()):
        message = "The info has no eventCode `profile:CAP-CP:Event:0.4` of 4 to 12 characters."
        place: tuple[Step, ...] = (here, ("eventCode", next(iter(events))), "value") if events else (here,)
        notes.add(EVENT_CODE, message, *place)
    if not info.areas:
        notes.add(AREA, "The info has no area.", here)
    for number, area in enumerate(info.areas):
        _area(area, notes, here, ("area", number))
    wanted = {"expires": info.expires, "senderName": (info.sender_name or "").strip()}
    missing = [name for name, value in wanted.items() if not value]
    if not info.response_types and (info.instruction or "").strip():
        missing.append("responseType")
    if missing:
        notes.add(RECOMMENDED, f"The info has no {', no '.join(missing)}.", here)


def _area(area: Area, notes: Notes, *here: Step) -> None:
    has_location = False
    for position, code in enumerate(area.geocodes):
        if _LOCATION_NAME.fullmatch(code.name):
            has_location = True
            if not _SGC.fullmatch(code.value):
                message = f"The location `{code.value[:20]}` is no SGC code of 2, 4 or 7 digits."
                notes.add(SGC, message, *here, ("geocode", position), "value")
    if has_location:
        return
    if area.polygons or area.circles:
        notes.add(AREA_CODE, "The area has a shape but no geocode `profile:CAP-CP:Location:0.3`; add it.", *here)
    else:
        message = "The area has no shape and no geocode `profile:CAP-CP:Location:0.3`; add one of them."
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
                message = (
                    f"The event code is `{value[:20]}` and was `{subject[:20]}` before; a message is about one event."
                )
                notes.add(ONE_EVENT, message, ("info", number), ("eventCode", position), "value")


def _bilingual(alert: Alert, notes: Notes) -> None:
    spoken = {primary(info.language) for info in alert.infos}
    if spoken and not spoken >= {"en", "fr"}:
        notes.add(BILINGUAL, "The message does not speak both English and French.")
