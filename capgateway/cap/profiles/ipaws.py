"""The United States: the IPAWS profile of CAP 1.2, and what EAS and WEA ask of a message."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway.cap import geometry
from capgateway.cap.profiles.country import UNITED_STATES, check_home
from capgateway.cap.profiles.every import check_alone, check_code, check_same, check_version
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Info, Time
    from capgateway.cap.rules.notes import Notes, Step

CODE_VALUE = "IPAWSv1.0"
_REFERENCE = "IPAWS profile 1.0"

CODE = Rule(
    id="ipaws.code",
    level="error",
    layer="profile",
    asks="A message of the profile has the code `IPAWSv1.0`.",
    reference=_REFERENCE,
    source=("B-01",),
)
VERSION = Rule(
    id="ipaws.version",
    level="warning",
    layer="profile",
    asks="A message of the profile is CAP 1.2.",
    why="The profile is older than CAP 1.2 itself, and its code has been sent in CAP 1.1 for years: no error.",
    reference=_REFERENCE,
    source=("B-01",),
)
SENT = Rule(
    id="ipaws.sent.offset",
    level="info",
    layer="profile",
    asks="sent carries the local offset of the sender.",
    why="Nobody in the United States lives at an offset of zero; some tools write it all the same.",
    reference=_REFERENCE,
    source=("B-03",),
)
EXPIRES = Rule(
    id="ipaws.expires",
    level="error",
    layer="profile",
    asks="Every info has expires.",
    reference=_REFERENCE,
    source=("B-04",),
)
EXPIRES_OFFSET = Rule(
    id="ipaws.expires.offset",
    level="info",
    layer="profile",
    asks="expires carries the local offset of the sender.",
    why="As for sent.",
    reference=_REFERENCE,
    source=("B-04",),
)
SAME_INFOS = Rule(
    id="ipaws.info.same",
    level="error",
    layer="profile",
    asks="All infos have the same categories and the same eventCodes.",
    why="They tell of one event in several languages.",
    reference=_REFERENCE,
    source=("B-06",),
)
EVENT_CODE = Rule(
    id="ipaws.event-code",
    level="error",
    layer="profile",
    asks="Every info has exactly one eventCode SAME, of three capital letters.",
    why="EAS, WEA and weather radios choose by it.",
    reference=_REFERENCE,
    source=("B-07", "B-08"),
)
AREA = Rule(
    id="ipaws.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    reference=_REFERENCE,
    source=("B-09",),
)
GEOCODE = Rule(
    id="ipaws.geocode",
    level="warning",
    layer="profile",
    asks="An area has a geocode SAME of six digits, PSSCCC.",
    why="EAS knows areas by these codes only; 000 for the county means the whole state.",
    reference=_REFERENCE,
    source=("B-10",),
)
TIMES = Rule(
    id="ipaws.effective",
    level="info",
    layer="profile",
    asks="effective and onset are left out.",
    why="They are ignored: alerts take effect when they are issued.",
    reference=_REFERENCE,
    source=("B-12",),
)
TEXTS = Rule(
    id="ipaws.texts",
    level="warning",
    layer="profile",
    asks="An info has a description and an instruction.",
    why="EAS makes its spoken text of them.",
    reference=_REFERENCE,
    source=("B-13", "B-14"),
)
EAS_ORG = Rule(
    id="ipaws.eas-org",
    level="error",
    layer="profile",
    asks="The parameter EAS-ORG occurs once at most and is CIV, WXR, EAS or PEP.",
    reference=_REFERENCE,
    source=("B-15",),
)
EAS_ORG_MISSING = Rule(
    id="ipaws.eas-org.missing",
    level="warning",
    layer="profile",
    asks="A message for EAS has the parameter EAS-ORG, unless BLOCKCHANNEL keeps it from there.",
    why="It must; whether a message is meant for EAS is seen only from the block.",
    reference=_REFERENCE,
    source=("B-15", "B-18"),
)
STATION = Rule(
    id="ipaws.eas-stn-id",
    level="warning",
    layer="profile",
    asks="The parameter EAS-STN-ID occurs once at most and has up to eight printable characters without - and +.",
    reference=_REFERENCE,
    source=("B-16",),
)
WEA_TEXT = Rule(
    id="ipaws.wea.text",
    level="error",
    layer="profile",
    asks="CMAMtext has at most 90 characters, CMAMlongtext 360.",
    why="More does not fit into a cell broadcast.",
    reference=_REFERENCE,
    source=("B-19", "B-20"),
)
WEA_LIFE = Rule(
    id="ipaws.wea.life",
    level="error",
    layer="profile",
    asks="A message for WEA, if it is not kept from it by BLOCKCHANNEL, expires within 24 hours.",
    reference=_REFERENCE,
    source=("B-22",),
)
WEA_POLYGON = Rule(
    id="ipaws.wea.polygon",
    level="error",
    layer="profile",
    asks="A polygon of a message for WEA, if it is not kept from it by BLOCKCHANNEL, has at most 100 points.",
    reference=_REFERENCE,
    source=("B-23",),
)

ABROAD = Rule(
    id="ipaws.abroad",
    level="warning",
    layer="profile",
    asks="Some polygon or circle of a message lies in the United States or its territories.",
    why="Otherwise latitude and longitude have most likely changed places, or a minus is missing.",
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
        notes.add(SENT, "sent has an offset of zero; write local time with its offset.", "sent")
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
        notes.add(EXPIRES, "The info has no expires; say when it ends.", here)
    elif _is_without_offset(info.expires):
        notes.add(EXPIRES_OFFSET, "expires has an offset of zero; write local time with its offset.", here, "expires")
    if not info.areas:
        notes.add(AREA, "The info has no area.", here)
    for name, moment in (("effective", info.effective), ("onset", info.onset)):
        if moment:
            notes.add(TIMES, f"{name} is ignored by IPAWS; leave it out.", here, name)
    missing = [name for name in ("description", "instruction") if not (getattr(info, name) or "").strip()]
    if missing:
        notes.add(TEXTS, f"The info has no {' and no '.join(missing)}.", here)
    for number, area in enumerate(info.areas):
        if not any(_AREA.fullmatch(code.value) and code.name.casefold() == "same" for code in area.geocodes):
            notes.add(GEOCODE, "The area has no geocode SAME of six digits.", here, ("area", number))


def _is_without_offset(time: Time) -> bool:
    return time.text.endswith(("+00:00", "-00:00", "Z"))


def _event_code(info: Info, notes: Notes, here: Step) -> None:
    positions = [number for number, code in enumerate(info.event_codes) if code.name.casefold() == "same"]
    if not positions:
        notes.add(EVENT_CODE, "The info has no eventCode SAME; it has exactly one, of three capital letters.", here)
        return
    if len(positions) > 1:
        message = f"The info has {len(positions)} eventCodes SAME; it has exactly one."
        notes.add(EVENT_CODE, message, here, ("eventCode", positions[1]))
    value = info.event_codes[positions[0]].value
    if not _EVENT.fullmatch(value):
        message = f"`{value[:20]}` is no SAME code; it has three capital letters."
        notes.add(EVENT_CODE, message, here, ("eventCode", positions[0]), "value")


def _eas(info: Info, names: list[str], blocked: set[str], notes: Notes, here: Step) -> None:
    if "eas-org" in names:
        for number, position in enumerate(_positions(names, "eas-org")):
            value = info.parameters[position].value
            if number:
                notes.add(EAS_ORG, "EAS-ORG occurs once.", here, ("parameter", position))
            elif not _ORIGINATOR.fullmatch(value):
                message = f"EAS-ORG is `{value[:20]}`; it is CIV, WXR, EAS or PEP."
                notes.add(EAS_ORG, message, here, ("parameter", position), "value")
    elif "eas" not in blocked:
        notes.add(EAS_ORG_MISSING, "EAS will not take the message: add EAS-ORG, or BLOCKCHANNEL with EAS.", here)
    for number, position in enumerate(_positions(names, "eas-stn-id")):
        value = info.parameters[position].value
        if number:
            notes.add(STATION, "EAS-STN-ID occurs once.", here, ("parameter", position))
        elif not _STATION.fullmatch(value):
            message = f"EAS-STN-ID is `{value[:20]}`; it has up to eight characters without - and +."
            notes.add(STATION, message, here, ("parameter", position), "value")


def _positions(names: list[str], name: str) -> list[int]:
    return [position for position, one in enumerate(names) if one == name] if name in names else []


def _wea_texts(info: Info, names: list[str], notes: Notes, here: Step) -> None:
    for position, name in enumerate(names):
        limit, pair = _WEA_LENGTHS.get(name), info.parameters[position]
        if limit and len(pair.value) > limit:
            message = f"{pair.name} has {len(pair.value)} characters; at most {limit} are sent."
            notes.add(WEA_TEXT, message, here, ("parameter", position), "value")


def _wea_limits(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    sent = alert.sent.instant if alert.sent else None
    expires = info.expires.instant if info.expires else None
    if sent and expires and expires - sent > _WEA_LIFETIME:
        notes.add(WEA_LIFE, "The info lives longer than the 24 hours that WEA allows.", here, "expires")
    for number, area in enumerate(info.areas):
        for index, text in enumerate(area.polygons):
            # As many commas as points, and one that only closes the ring is not written.
            if text.count(",") > _WEA_POINTS and geometry.polygon(text).points:
                place = (here, ("area", number), ("polygon", index))
                notes.add(WEA_POLYGON, f"polygon has more than {_WEA_POINTS} points; simplify it.", *place)
