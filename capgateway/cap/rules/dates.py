"""Rules about times: their form, and that they follow one another (CAP 1.2 §3.3.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule
from capgateway.cap.times import is_standard

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Info, Time
    from capgateway.cap.rules.notes import Notes, Step

#: Clocks differ; a message from further ahead than this was stamped wrongly.
CLOCK_SKEW = timedelta(minutes=10)
#: The Buddhist calendar runs 543 years ahead, the Islamic one 579 behind, Japan's eras begin at 1; by the Gregorian calendar
#: nobody sends alerts for years outside these.
FIRST_LIKELY_YEAR, LAST_LIKELY_YEAR = "1990", "2200"

FORM = Rule(
    id="cap.time.form",
    level="error",
    asks="A time is written YYYY-MM-DDThh:mm:ss with a numeric offset such as -06:00, without letters and fractions.",
    why="The schemas of CAP 1.1 and 1.0 let other forms pass; the text of CAP 1.1 and 1.2 does not.",
    reference="CAP 1.2 §3.3.2",
    source=("A-80", "A-81", "A-151"),
)
OFFSET = Rule(
    id="cap.time.offset",
    level="warning",
    asks="A time says its offset from UTC.",
    why="Without one it names 24 different moments; it is read here as UTC.",
    reference="CAP 1.2 §3.3.2",
    source=("A-151",),
)
UTC_SIGN = Rule(
    id="cap.time.utc",
    level="warning",
    asks="UTC is written -00:00 in CAP 1.2, not +00:00.",
    why="Much of Europe writes +00:00; the moment is the same and the message is read all the same.",
    reference="CAP 1.2 §3.3.2",
    source=("A-82", "A-154"),
)
MIDNIGHT = Rule(
    id="cap.time.midnight",
    level="info",
    asks="Midnight is better written 00:00:00 of the next day than 24:00:00.",
    why="Both are legal, but much software refuses the latter; it is read here as the next midnight.",
    reference="CAP 1.2 §3.3.2",
    source=("A-84",),
)
YEAR = Rule(
    id="cap.time.year",
    level="warning",
    asks="The year of a time is one of the Gregorian calendar and near.",
    why="Software set to the Buddhist calendar writes 2569 for 2026: such an alert would never end. By the Islamic calendar "
    "or in years of a Japanese era it would never begin.",
    reference="CAP 1.2 §3.3.2",
    source=("A-83",),
)
FUTURE = Rule(
    id="cap.sent.future",
    level="warning",
    asks="sent is not in the future.",
    why="Ten minutes are allowed for clocks that differ.",
    reference="CAP 1.2 §3.2.1",
    source=("A-26",),
)
EXPIRES = Rule(
    id="cap.expires.order",
    level="warning",
    asks="A message expires after it was sent and took effect, and after the event begins.",
    why="Otherwise it is over before anyone may read it.",
    reference="CAP 1.2 §3.2.2",
    source=("A-67",),
)

# Nearly every time: in the standard's form, of a likely year, not at 24:00:00, and UTC not written +00:00.
_USUAL = re.compile(
    r"(?:199|20\d|21\d)\d-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?!\+00:00)[+-](?:0\d|1[0-3]):\d\d", re.ASCII
)
_NO_OFFSET = r"[^Tt ]*[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?"


def check_sent(alert: Alert, notes: Notes, now: datetime) -> None:
    sent = alert.sent
    if sent:
        _form(sent, alert.version, notes, "sent")
        if sent.instant and sent.instant > now and sent.instant > now + CLOCK_SKEW:
            notes.add(FUTURE, f"sent is {sent.text}, which is in the future; set the clock right.", "sent")


def check_times(info: Info, alert: Alert, notes: Notes, here: Step) -> None:
    if info.effective:
        _form(info.effective, alert.version, notes, here, "effective")
    if info.onset:
        _form(info.onset, alert.version, notes, here, "onset")
    if info.expires:
        _form(info.expires, alert.version, notes, here, "expires")
        _order(info, alert.sent, notes, here)


def _form(moment: Time, version: str, notes: Notes, *place: Step) -> None:
    text = moment.text
    if _USUAL.fullmatch(text):
        return
    if text[-6:] == "+00:00" and version == "1.2":
        notes.add(UTC_SIGN, "UTC is written -00:00 in CAP 1.2, not +00:00.", *place)
    if not FIRST_LIKELY_YEAR <= text[:4] <= LAST_LIKELY_YEAR and text[:4].isdigit():
        message = (
            f"The year of `{text}` is far away; write that of the Gregorian calendar: 2026 is Buddhist 2569, Reiwa 8."
        )
        notes.add(YEAR, message, *place)
    if moment.instant is None:
        return  # the schema has said so
    if not is_standard(moment):
        if re.fullmatch(_NO_OFFSET, text, re.ASCII):
            notes.add(OFFSET, f"`{text}` has no offset and is read as UTC; write one, such as -06:00.", *place)
        if version == "1.1":  # in 1.2 the schema says it, CAP 1.0 asked for no more than ISO 8601
            notes.add(FORM, f"`{text}` is not written as 2026-11-22T08:00:00-06:00.", *place)
    if text[11:13] == "24":
        notes.add(MIDNIGHT, f"`{text}` is read as the midnight that follows; write 00:00:00 of the next day.", *place)


def _order(info: Info, sent: Time | None, notes: Notes, here: Step) -> None:
    end = info.expires.instant if info.expires else None
    if end is None:
        return
    for name, start in (("effective", info.effective), ("sent", sent)):
        if start and start.instant and end <= start.instant:
            notes.add(EXPIRES, f"expires is not after {name}: the alert is over before it begins.", here, "expires")
            break
    if info.onset and info.onset.instant and info.onset.instant > end:
        notes.add(EXPIRES, "onset is after expires: the alert is over before the event begins.", here, "expires")
