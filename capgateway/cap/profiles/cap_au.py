"""Australia: the CAP-AU profile, with its list of events."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from capgateway.cap.profiles.au_events import TERMS
from capgateway.cap.profiles.country import AUSTRALIA, check_home
from capgateway.cap.profiles.every import check_alone, check_code, check_same, check_version
from capgateway.cap.rule import Rule
from capgateway.cap.rules.info import primary

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
    asks=f"A message of the profile has the code `{CODE_VALUE}`, in this spelling.",
    why="Receivers recognise messages of the profile by the code.",
    reference=_REFERENCE,
    source=("D-01",),
)
VERSION = Rule(
    id="cap-au.version",
    level="error",
    layer="profile",
    asks="A message of the profile is CAP 1.2.",
    why="The profile is for CAP 1.2, as its code says.",
    reference=_REFERENCE,
    source=("D-01",),
)
INFO = Rule(
    id="cap-au.info",
    level="error",
    layer="profile",
    asks="An Alert, Update or Cancel has an info.",
    why="A Cancel too says what ends, and where.",
    reference=_REFERENCE,
    source=("D-02",),
)
SAME_INFOS = Rule(
    id="cap-au.info.same",
    level="error",
    layer="profile",
    asks="All infos have the same categories and the same eventCodes.",
    why="A message is about one event.",
    reference=_REFERENCE,
    source=("D-04",),
)
EVENT_CODE = Rule(
    id="cap-au.event-code",
    level="error",
    layer="profile",
    asks=f"Every info has exactly one eventCode of the Australian list, with the valueName `{EVENT_LIST}` or "
    f"`{EVENT_LIST_URN}`, and its value is a code of AUeventLIST 1.0.",
    why="Receivers select alerts by it.",
    reference=_REFERENCE,
    source=("D-05",),
)
EVENT_LIST_NAME = Rule(
    id="cap-au.event-code.urn",
    level="info",
    layer="profile",
    asks=f"The valueName of the Australian list is `{EVENT_LIST}`.",
    why=f"The Bureau of Meteorology writes `{EVENT_LIST_URN}`, which is accepted. Receivers that compare the name exactly do "
    "not find the code.",
    reference=_REFERENCE,
    source=("D-05",),
)
EVENT = Rule(
    id="cap-au.event",
    level="error",
    layer="profile",
    asks="All infos in one language have the same event. In English it is the term of tier I or II that AUeventLIST 1.0 has for "
    "the eventCode.",
    why="The list has terms in English only.",
    reference=_REFERENCE,
    source=("D-06",),
)
EFFECTIVE = Rule(
    id="cap-au.effective",
    level="error",
    layer="profile",
    asks="A Cancel has no effective.",
    why="A Cancel takes effect at once.",
    reference=_REFERENCE,
    source=("D-07",),
)
AREA = Rule(
    id="cap-au.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    why="Receivers select alerts by their areas.",
    reference=_REFERENCE,
    source=("D-08",),
)
RECOMMENDED = Rule(
    id="cap-au.recommended",
    level="warning",
    layer="profile",
    asks="sender has the form name@domain. An info has expires, senderName, responseType and instruction. An area has a polygon or "
    "a circle, and a geocode of G-NAF, ISO 3166-2, the gazetteer, postcodes, or a scheme below the profile's own URN.",
    why="The profile recommends them. An area that has geocodes but no polygon or circle is reported by cap.geocode.only.",
    reference=_REFERENCE,
    source=("D-10",),
)

ABROAD = Rule(
    id="cap-au.abroad",
    level="warning",
    layer="profile",
    asks="At least one polygon or circle of a message is in Australia or its islands.",
    why="Otherwise latitude and longitude were most likely exchanged, or a minus is missing. The country is taken generously, "
    "with its waters.",
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
        notes.add(INFO, f"The {alert.msg_type} has no info; add one.")
    check_same(alert, notes, SAME_INFOS)
    if not _MAILBOX.fullmatch(alert.sender):
        notes.add(RECOMMENDED, f"sender is `{alert.sender[:80]}`; write name@domain.", "sender")
    events: dict[str, str] = {}
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        _info(alert, info, notes, here)
        event = " ".join(info.event.split())
        _event_code(info, event, notes, here)
        if events.setdefault(info.language.casefold(), event) != event:
            notes.add(EVENT, "Another info in this language has another event; make them equal.", here, "event")
        for number, area in enumerate(info.areas):
            _area(area, notes, here, ("area", number))
    check_home(alert, AUSTRALIA, notes, ABROAD)


def _info(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    if info.effective and alert.msg_type == "Cancel":
        notes.add(
            EFFECTIVE,
            "The Cancel has effective; leave it out, because a Cancel takes effect at once.",
            here,
            "effective",
        )
    if not info.areas:
        notes.add(AREA, "The info has no area; add one.", here)
    wanted = {
        "expires": info.expires,
        "senderName": (info.sender_name or "").strip(),
        "responseType": info.response_types,
        "instruction": (info.instruction or "").strip(),
    }
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        notes.add(RECOMMENDED, f"The info has no {' and no '.join(missing)}; add what is missing.", here)


def _event_code(info: Info, event: str, notes: Notes, here: Step) -> None:
    listed = [number for number, code in enumerate(info.event_codes) if code.name in {EVENT_LIST, EVENT_LIST_URN}]
    if not listed:
        message = f"The info has no eventCode of the Australian list; add one with the valueName `{EVENT_LIST}`."
        notes.add(EVENT_CODE, message, here)
    if len(listed) > 1:
        message = f"The info has {len(listed)} eventCodes of the Australian list; keep one."
        notes.add(EVENT_CODE, message, here, ("eventCode", listed[1]))
    for position in listed:
        code = info.event_codes[position]
        if code.name == EVENT_LIST_URN:
            message = f"The valueName names the Australian list by a URN, which is accepted; the profile writes `{EVENT_LIST}`."
            notes.add(EVENT_LIST_NAME, message, here, ("eventCode", position), "valueName")
        if code.value not in TERMS:
            notes.add(EVENT_CODE, _unlisted(code.value), here, ("eventCode", position), "value")
    terms = {term: None for position in listed for term in TERMS.get(info.event_codes[position].value, ())}
    if terms and primary(info.language) == "en" and event not in terms:
        codes = " or ".join(dict.fromkeys(f"`{info.event_codes[position].value}`" for position in listed))
        message = f"The event is `{event[:40]}`; for {codes} write {' or '.join(f'`{one}`' for one in terms)}."
        notes.add(EVENT, message, here, "event")


def _unlisted(value: str) -> str:
    if not value:
        return "The eventCode is empty; write a code of AUeventLIST 1.0, such as missingPer."
    near = next((code for code in TERMS if code.casefold() == value.casefold()), None)
    near = near or next(iter(get_close_matches(value[:20], TERMS, 1)), None)
    return f"`{value[:20]}` is not a code of AUeventLIST 1.0" + (
        f"; write `{near}`." if near else "; write one of its codes."
    )


def _area(area: Area, notes: Notes, *here: Step) -> None:
    if not area.polygons and not area.circles and not area.geocodes:  # with codes only, the rules of CAP have said so
        notes.add(RECOMMENDED, "The area has no polygon and no circle; add one.", *here)
    if not any(_SCHEME.fullmatch(code.name) for code in area.geocodes):
        message = "The area has no geocode of a scheme that the profile recognises; add the ISO 3166-2 code of its state, or its postcode."
        notes.add(RECOMMENDED, message, *here)
