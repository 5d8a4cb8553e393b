"""The United States: the IPAWS profile of CAP 1.2, and what EAS and WEA ask of a message."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway.cap import geometry
from capgateway.cap.profiles.country import UNITED_STATES, check_home
from capgateway.cap.profiles.every import check_alone, check_code, check_same, check_version
from capgateway.cap.rule import Rule
from capgateway.cap.rules.dates import is_certain

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Info, Time
    from capgateway.cap.rules.notes import Notes, Step

CODE_VALUE = "IPAWSv1.0"
_REFERENCE = "IPAWS profile 1.0"

CODE = Rule(
    id="ipaws.code",
    level="error",
    layer="profile",
    asks="A message of the profile has the code `IPAWSv1.0`, in this spelling.",
    why="IPAWS recognises messages of its profile by the code.",
    reference=_REFERENCE,
    source=("B-01",),
)
VERSION = Rule(
    id="ipaws.version",
    level="warning",
    layer="profile",
    asks="A message of the profile is CAP 1.2.",
    why="The profile is older than CAP 1.2, and its code was sent in CAP 1.1 for years, so this is not an error.",
    reference=_REFERENCE,
    source=("B-01",),
)
SENT = Rule(
    id="ipaws.sent.offset",
    level="info",
    layer="profile",
    asks="sent has the local offset of the sender, not zero.",
    why="No place in the United States has an offset of zero, although some tools write it.",
    reference=_REFERENCE,
    source=("B-03",),
)
EXPIRES = Rule(
    id="ipaws.expires",
    level="error",
    layer="profile",
    asks="Every info has expires.",
    why="EAS and WEA need to know when an alert ends.",
    reference=_REFERENCE,
    source=("B-04",),
)
EXPIRES_OFFSET = Rule(
    id="ipaws.expires.offset",
    level="info",
    layer="profile",
    asks="expires has the local offset of the sender, not zero.",
    why="See ipaws.sent.offset.",
    reference=_REFERENCE,
    source=("B-04",),
)
SAME_INFOS = Rule(
    id="ipaws.info.same",
    level="error",
    layer="profile",
    asks="All infos have the same categories and the same eventCodes.",
    why="The infos describe one event in several languages.",
    reference=_REFERENCE,
    source=("B-06",),
)
EVENT_CODE = Rule(
    id="ipaws.event-code",
    level="error",
    layer="profile",
    asks="Every info has exactly one eventCode with the valueName SAME, and its value is three capital letters.",
    why="EAS, WEA and weather radios select alerts by it.",
    reference=_REFERENCE,
    source=("B-07", "B-08"),
)
AREA = Rule(
    id="ipaws.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    why="EAS and WEA send an alert only to its areas.",
    reference=_REFERENCE,
    source=("B-09",),
)
GEOCODE = Rule(
    id="ipaws.geocode",
    level="warning",
    layer="profile",
    asks="Every area has a geocode with the valueName SAME and a value of six digits, PSSCCC.",
    why="EAS selects areas only by these codes. 000 for the county means the whole state.",
    reference=_REFERENCE,
    source=("B-10",),
)
TIMES = Rule(
    id="ipaws.effective",
    level="info",
    layer="profile",
    asks="An info has neither effective nor onset.",
    why="IPAWS ignores them, because alerts take effect when they are issued.",
    reference=_REFERENCE,
    source=("B-12",),
)
TEXTS = Rule(
    id="ipaws.texts",
    level="warning",
    layer="profile",
    asks="Every info has a description and an instruction.",
    why="EAS creates its spoken text from them.",
    reference=_REFERENCE,
    source=("B-13", "B-14"),
)
EAS_ORG = Rule(
    id="ipaws.eas-org",
    level="error",
    layer="profile",
    asks="An info has at most one parameter EAS-ORG, and its value is CIV, WXR, EAS or PEP.",
    why="It is the originator in the EAS header. EAS equipment refuses other values.",
    reference=_REFERENCE,
    source=("B-15",),
)
EAS_ORG_MISSING = Rule(
    id="ipaws.eas-org.missing",
    level="warning",
    layer="profile",
    asks="Every info has the parameter EAS-ORG, unless it has the parameter BLOCKCHANNEL with the value EAS.",
    why="EAS requires it. Only BLOCKCHANNEL shows that a message is not for EAS.",
    reference=_REFERENCE,
    source=("B-15", "B-18"),
)
STATION = Rule(
    id="ipaws.eas-stn-id",
    level="warning",
    layer="profile",
    asks="An info has at most one parameter EAS-STN-ID, and its value is one to eight printable ASCII characters without - and +.",
    why="It is the station in the EAS header, in which - and + are separators.",
    reference=_REFERENCE,
    source=("B-16",),
)
WEA_TEXT = Rule(
    id="ipaws.wea.text",
    level="error",
    layer="profile",
    asks="CMAMtext has at most 90 characters, and CMAMlongtext at most 360.",
    why="A cell broadcast has no room for more.",
    reference=_REFERENCE,
    source=("B-19", "B-20"),
)
WEA_LIFE = Rule(
    id="ipaws.wea.life",
    level="error",
    layer="profile",
    asks="An info for WEA expires at most 24 hours after sent.",
    why="WEA refuses a longer life. An info is for WEA if it has a parameter CMAMtext, CMAMlongtext or WEAHandling, and none "
    "BLOCKCHANNEL with the value CMAS.",
    reference=_REFERENCE,
    source=("B-22",),
)
WEA_POLYGON = Rule(
    id="ipaws.wea.polygon",
    level="error",
    layer="profile",
    asks="A polygon of an info for WEA has at most 100 points, the closing pair included.",
    why="WEA refuses more. See ipaws.wea.life for which infos are for WEA.",
    reference=_REFERENCE,
    source=("B-23",),
)

ABROAD = Rule(
    id="ipaws.abroad",
    level="warning",
    layer="profile",
    asks="At least one polygon or circle of a message is in the United States or its territories.",
    why="Otherwise latitude and longitude were most likely exchanged, or a minus is missing. The country is taken generously, "
    "with its waters.",
    source=("A-112",),
)

_EVENT = re.compile(r"[A-Z]{3}")
_AREA = re.compile(r"\d{6}", re.ASCII)
_ORIGINATOR = re.compile(r"CIV|WXR|EAS|PEP")
_STATION = re.compile(r"[!-*,./0-~ ]{1,8}")
_WEA_LENGTHS = {"cmamtext": 90, "cmamlongtext": 360}
_WEA_NAMES = frozenset({"cmamtext", "cmamlongtext", "weahandling"})
_WEA_LIFETIME = timedelta(hours=24)
_WEA_POINTS = 100


def check(alert: Alert, notes: Notes) -> None:
    check_code(alert, CODE_VALUE, notes, CODE)
    check_alone(alert, "ipaws", notes)
    check_version(alert, notes, VERSION)
    if alert.sent and _is_without_offset(alert.sent):
        notes.add(SENT, "sent has an offset of zero; write the local time with its offset.", "sent")
    check_same(alert, notes, SAME_INFOS)
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        names = [pair.name.casefold() for pair in info.parameters]
        blocked = {info.parameters[number].value.casefold() for number in _positions(names, "blockchannel")}
        _info(info, notes, here)
        _event_code(info, notes, here)
        _eas(info, names, blocked, notes, here)
        if not _WEA_NAMES.isdisjoint(names):
            _wea_texts(info, names, notes, here)
            if "cmas" not in blocked:
                _wea_limits(alert, info, notes, here)
    check_home(alert, UNITED_STATES, notes, ABROAD)


def _info(info: Info, notes: Notes, here: Step) -> None:
    if info.expires is None:
        notes.add(EXPIRES, "The info has no expires; add the time when it ends.", here)
    elif _is_without_offset(info.expires):
        notes.add(
            EXPIRES_OFFSET, "expires has an offset of zero; write the local time with its offset.", here, "expires"
        )
    if not info.areas:
        notes.add(AREA, "The info has no area; add one.", here)
    for name, moment in (("effective", info.effective), ("onset", info.onset)):
        if moment:
            notes.add(TIMES, f"IPAWS ignores {name}; leave it out.", here, name)
    missing = [name for name in ("description", "instruction") if not (getattr(info, name) or "").strip()]
    if missing:
        notes.add(TEXTS, f"The info has no {' and no '.join(missing)}; add what is missing.", here)
    for number, area in enumerate(info.areas):
        if not any(_AREA.fullmatch(code.value) and code.name.casefold() == "same" for code in area.geocodes):
            notes.add(
                GEOCODE, "The area has no geocode SAME of six digits; add one, such as 048113.", here, ("area", number)
            )


def _is_without_offset(time: Time) -> bool:
    return time.text.endswith(("+00:00", "-00:00", "Z"))


def _event_code(info: Info, notes: Notes, here: Step) -> None:
    positions = [number for number, code in enumerate(info.event_codes) if code.name.casefold() == "same"]
    if not positions:
        notes.add(EVENT_CODE, "The info has no eventCode SAME; add one, such as CAE.", here)
    if len(positions) > 1:
        message = f"The info has {len(positions)} eventCodes SAME; keep one."
        notes.add(EVENT_CODE, message, here, ("eventCode", positions[1]))
    for position in positions:
        value = info.event_codes[position].value
        if not _EVENT.fullmatch(value):
            message = f"The eventCode SAME is {_shown(value)}; write three capital letters, such as CAE."
            notes.add(EVENT_CODE, message, here, ("eventCode", position), "value")


def _eas(info: Info, names: list[str], blocked: set[str], notes: Notes, here: Step) -> None:
    if "eas-org" in names:
        for number, position in enumerate(_positions(names, "eas-org")):
            value = info.parameters[position].value
            if number:
                notes.add(EAS_ORG, "The info has more than one EAS-ORG; keep one.", here, ("parameter", position))
            if not _ORIGINATOR.fullmatch(value):
                message = f"EAS-ORG is {_shown(value)}; write CIV, WXR, EAS or PEP."
                notes.add(EAS_ORG, message, here, ("parameter", position), "value")
    elif "eas" not in blocked:
        message = "The info has no EAS-ORG, which EAS requires; add it, or add BLOCKCHANNEL with the value EAS."
        notes.add(EAS_ORG_MISSING, message, here)
    for number, position in enumerate(_positions(names, "eas-stn-id")):
        value = info.parameters[position].value
        if number:
            notes.add(STATION, "The info has more than one EAS-STN-ID; keep one.", here, ("parameter", position))
        if not _STATION.fullmatch(value):
            message = f"EAS-STN-ID is {_shown(value)}; write one to eight ASCII characters without - and +."
            notes.add(STATION, message, here, ("parameter", position), "value")


def _shown(value: str) -> str:
    return f"`{value[:20]}`" if value else "empty"


def _positions(names: list[str], name: str) -> list[int]:
    return [position for position, one in enumerate(names) if one == name] if name in names else []


def _wea_texts(info: Info, names: list[str], notes: Notes, here: Step) -> None:
    for position, name in enumerate(names):
        limit, pair = _WEA_LENGTHS.get(name), info.parameters[position]
        if limit and len(pair.value) > limit:
            message = f"{pair.name} has {len(pair.value)} characters; write at most {limit}."
            notes.add(WEA_TEXT, message, here, ("parameter", position), "value")


def _wea_limits(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    sent, expires = alert.sent, info.expires
    if sent and expires and is_certain(sent) and is_certain(expires) and _life(sent, expires) > _WEA_LIFETIME:
        message = "expires is more than 24 hours after sent, which WEA does not allow; write an earlier time."
        notes.add(WEA_LIFE, message, here, "expires")
    for number, area in enumerate(info.areas):
        for index, text in enumerate(area.polygons):
            # As many commas as points, and one that only closes the ring is not written.
            if text.count(",") > _WEA_POINTS and geometry.polygon(text).points:
                place = (here, ("area", number), ("polygon", index))
                message = f"The polygon has more than {_WEA_POINTS} points, which WEA does not allow; simplify it."
                notes.add(WEA_POLYGON, message, *place)


def _life(sent: Time, expires: Time) -> timedelta:
    assert sent.instant  # noqa: S101  (a certain time has one)
    assert expires.instant  # noqa: S101
    return expires.instant - sent.instant
