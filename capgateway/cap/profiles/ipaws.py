"""The United States: the IPAWS profile of CAP 1.2, and what EAS and WEA ask of a message."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway.cap import geometry
from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Info
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
    asks="A message for WEA expires within 24 hours.",
    reference=_REFERENCE,
    source=("B-22",),
)
WEA_POLYGON = Rule(
    id="ipaws.wea.polygon",
    level="error",
    layer="profile",
    asks="A polygon of a message for WEA has at most 100 points.",
    reference=_REFERENCE,
    source=("B-23",),
)

_EVENT = re.compile(r"[A-Z]{3}")
_AREA = re.compile(r"\d{6}", re.ASCII)
_STATION = re.compile(r"[!-*,./0-~ ]{1,8}")
_ORIGINATORS = frozenset({"CIV", "WXR", "EAS", "PEP"})
_WEA_LENGTHS = {"cmamtext": 90, "cmamlongtext": 360}
_WEA_LIFETIME = timedelta(hours=24)
_WEA_POINTS = 100


def check(alert: Alert, notes: Notes) -> None:
    if CODE_VALUE not in alert.codes:
        notes.add(CODE, f"The message has no code `{CODE_VALUE}`; add it.")
    if alert.sent and alert.sent.text.endswith(("+00:00", "-00:00", "Z")):
        notes.add(SENT, "sent has an offset of zero; write local time with its offset.", "sent")
    statements = {(frozenset(info.categories), frozenset(info.event_codes)) for info in alert.infos}
    if len(statements) > 1:
        notes.add(SAME_INFOS, "The infos differ in categories or eventCodes; make them equal.")
    for position, info in enumerate(alert.infos):
        here = ("info", position)
        _info(info, notes, here)
        _parameters(info, notes, here)
        if any(pair.name.casefold() in {"cmamtext", "cmamlongtext", "weahandling"} for pair in info.parameters):
            _wea(alert, info, notes, here)


def _info(info: Info, notes: Notes, here: Step) -> None:
    if info.expires is None:
        notes.add(EXPIRES, "The info has no expires; say when it ends.", here)
    codes = [pair.value for pair in info.event_codes if pair.name.casefold() == "same"]
    if len(codes) != 1 or not _EVENT.fullmatch(codes[0]):
        message = (
            f"The info has {len(codes)} eventCodes SAME" if len(codes) != 1 else f"`{codes[0][:20]}` is no SAME code"
        )
        notes.add(EVENT_CODE, f"{message}; it has exactly one, of three capital letters.", here)
    if not info.areas:
        notes.add(AREA, "The info has no area.", here)
    if info.effective or info.onset:
        notes.add(TIMES, "effective and onset are ignored by IPAWS; leave them out.", here)
    missing = [name for name in ("description", "instruction") if not (getattr(info, name) or "").strip()]
    if missing:
        notes.add(TEXTS, f"The info has no {' and no '.join(missing)}.", here)
    for number, area in enumerate(info.areas):
        if not any(code.name == "SAME" and _AREA.fullmatch(code.value) for code in area.geocodes):
            notes.add(GEOCODE, "The area has no geocode SAME of six digits.", here, ("area", number))


def _parameters(info: Info, notes: Notes, here: Step) -> None:
    values: dict[str, list[str]] = {}
    for position, pair in enumerate(info.parameters):
        name = pair.name.casefold()
        values.setdefault(name, []).append(pair.value)
        limit = _WEA_LENGTHS.get(name)
        if limit and len(pair.value) > limit:
            message = f"{pair.name} has {len(pair.value)} characters; at most {limit} are sent."
            notes.add(WEA_TEXT, message, here, ("parameter", position))
    originators = values.get("eas-org", [])
    if len(originators) > 1 or any(value not in _ORIGINATORS for value in originators):
        notes.add(EAS_ORG, "EAS-ORG occurs once and is CIV, WXR, EAS or PEP.", here)
    if not originators and "EAS" not in values.get("blockchannel", []):
        notes.add(EAS_ORG_MISSING, "EAS will not take the message: add EAS-ORG, or BLOCKCHANNEL with EAS.", here)
    stations = values.get("eas-stn-id", [])
    if len(stations) > 1 or any(not _STATION.fullmatch(value) for value in stations):
        notes.add(STATION, "EAS-STN-ID occurs once and has up to eight characters without - and +.", here)


def _wea(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    sent = alert.sent.instant if alert.sent else None
    expires = info.expires.instant if info.expires else None
    if sent and expires and expires - sent > _WEA_LIFETIME:
        notes.add(WEA_LIFE, "The info lives longer than the 24 hours that WEA allows.", here, "expires")
    for number, area in enumerate(info.areas):
        for index, text in enumerate(area.polygons):
            if len(geometry.polygon(text).points) > _WEA_POINTS:
                place = (here, ("area", number), ("polygon", index))
                notes.add(WEA_POLYGON, f"polygon has more than {_WEA_POINTS} points; simplify it.", *place)
