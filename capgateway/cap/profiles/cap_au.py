"""Australia: the CAP-AU profile, with its list of events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.profiles.au_events import TERMS
from capgateway.cap.profiles.country import AUSTRALIA, check_home
from capgateway.cap.profiles.every import check_alone, check_code, check_same, check_version, primary
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Area, Info
    from capgateway.cap.rules.notes import Notes, Step

CODE_VALUE = "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0"
EVENT_LIST = "https://govshare.gov.au/xmlui/handle/10772/6495"
#: The Bureau of Meteorology names the same list so.
EVENT_LIST_URN = "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:AUeventLIST:1.0"
_REFERENCE = "CAP-AU 1.0"

CODE = Rule(
    id="cap-au.code",
    level="error",
    layer="profile",
    asks=f"A message of the profile has the code `{CODE_VALUE}`.",
    reference=_REFERENCE,
    source=("D-01",),
)
VERSION = Rule(
    id="cap-au.version",
    level="error",
    layer="profile",
    asks="A message of the profile is CAP 1.2.",
    why="The profile is one of CAP 1.2; its code says so.",
    reference=_REFERENCE,
    source=("D-01",),
)
INFO = Rule(
    id="cap-au.info",
    level="error",
    layer="profile",
    asks="An Alert, Update or Cancel has an info.",
    reference=_REFERENCE,
    source=("D-02",),
)
SAME_INFOS = Rule(
    id="cap-au.info.same",
    level="error",
    layer="profile",
    asks="All infos have the same categories and the same eventCodes.",
    reference=_REFERENCE,
    source=("D-04",),
)
EVENT_CODE = Rule(
    id="cap-au.event-code",
    level="error",
    layer="profile",
    asks=f"Every info has exactly one eventCode of the Australian list, `{EVENT_LIST}`, with a value of AUeventLIST 1.0.",
    reference=_REFERENCE,
    source=("D-05",),
)
EVENT = Rule(
    id="cap-au.event",
    level="error",
    layer="profile",
    asks="All infos of one language have the same event; in English it is the list's term of tier I or II for the eventCode.",
    why="The list has no terms in other languages.",
    reference=_REFERENCE,
    source=("D-06",),
)
EFFECTIVE = Rule(
    id="cap-au.effective",
    level="error",
    layer="profile",
    asks="A Cancel has no effective.",
    reference=_REFERENCE,
    source=("D-07",),
)
AREA = Rule(
    id="cap-au.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    reference=_REFERENCE,
    source=("D-08",),
)
RECOMMENDED = Rule(
    id="cap-au.recommended",
    level="warning",
    layer="profile",
    asks="sender is name@domain; an info has expires, senderName, responseType and instruction; an area has a polygon or circle and a geocode of G-NAF, ISO 3166-2, the gazetteer or postcodes.",
    reference=_REFERENCE,
    source=("D-10",),
)

ABROAD = Rule(
    id="cap-au.abroad",
    level="warning",
    layer="profile",
    asks="Some polygon or circle of a message lies in Australia or its islands.",
    why="Otherwise latitude and longitude have most likely changed places, or a minus is missing.",
    source=("A-112",),
)

_MAILBOX = re.compile(r"[^@\s]+@[^@\s][^.@\s]*\.[^@\s]+")
#: Names of the geocode schemes the profile recognises: their pages, or names below the profile's own, as some states write.
_SCHEME = re.compile(
    r"https?://www\.(psma\.com\.au/\?product=(g-naf|postcode-boundaries)|iso\.org/iso/country_codes\.html|ga\.gov\.au/place-name/)"
    r"|urn:oasis:names:tc:emergency:cap:1\.2:profile:CAP-AU:1\.0:\S+",
    re.IGNORECASE,
)


def check(alert: Alert, notes: Notes) -> None:
    check_code(alert, CODE_VALUE, notes, CODE)
    check_alone(alert, "cap-au", notes)
    check_version(alert, notes, VERSION)
    if not alert.infos and alert.msg_type in {"Alert", "Update", "Cancel"}:
        notes.add(INFO, f"A message of type {alert.msg_type} has an info.")
    check_same(alert, notes, SAME_INFOS)
    if not _MAILBOX.fullmatch(alert.sender):
        notes.add(RECOMMENDED, "sender is better written as name@domain.", "sender")
    events: dict[str, str] = {}
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        _info(alert, info, notes, here)
        event = " ".join(info.event.split())
        _event_code(info, event, notes, here)
        if events.setdefault(info.language.casefold(), event) != event:
            notes.add(EVENT, "Another info in this language has another event.", here, "event")
        for number, area in enumerate(info.areas):
            _area(area, notes, here, ("area", number))
    check_home(alert, AUSTRALIA, notes, ABROAD)


def _info(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    if info.effective and alert.msg_type == "Cancel":
        notes.add(EFFECTIVE, "A Cancel takes effect at once; leave effective out.", here, "effective")
    if not info.areas:
        notes.add(AREA, "The info has no area.", here)
    wanted = {
        "expires": info.expires,
        "senderName": (info.sender_name or "").strip(),
        "responseType": info.response_types,
        "instruction": (info.instruction or "").strip(),
    }
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        notes.add(RECOMMENDED, f"The info has no {', no '.join(missing)}.", here)


def _event_code(info: Info, event: str, notes: Notes, here: Step) -> None:
    listed = [number for number, code in enumerate(info.event_codes) if code.name in {EVENT_LIST, EVENT_LIST_URN}]
    if len(listed) != 1:
        message = f"The info has {len(listed)} eventCodes of the Australian list; it has exactly one."
        notes.add(EVENT_CODE, message, here, *([("eventCode", listed[1])] if listed else []))
        return
    value = info.event_codes[listed[0]].value
    terms = TERMS.get(value)
    if terms is None:
        notes.add(EVENT_CODE, _unlisted(value), here, ("eventCode", listed[0]), "value")
    elif primary(info.language) == "en" and event not in terms:
        message = f"The event is `{event[:40]}`; for `{value}` the list has {' or '.join(f'`{one}`' for one in terms)}."
        notes.add(EVENT, message, here, "event")


def _unlisted(value: str) -> str:
    code = next((code for code in TERMS if code.casefold() == value.casefold()), None)
    return f"`{value[:20]}` is not in AUeventLIST 1.0" + (f"; write `{code}`." if code else ".")


def _area(area: Area, notes: Notes, *here: Step) -> None:
    if not area.polygons and not area.circles:
        notes.add(RECOMMENDED, "The area has no polygon and no circle.", *here)
    if not any(_SCHEME.fullmatch(code.name) for code in area.geocodes):
        message = "The area has no geocode of a scheme that the profile recognises; add its state by ISO 3166-2 or its postcode."
        notes.add(RECOMMENDED, message, *here)
