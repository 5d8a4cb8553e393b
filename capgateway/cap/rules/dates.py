"""Rules about times: their form, and their order (CAP 1.2 §3.3.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule
from capgateway.cap.times import has_offset, is_standard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert, Info, Time
    from capgateway.cap.rules.notes import Notes, Step

#: Clocks differ; a message from further ahead than this was stamped wrongly.
CLOCK_SKEW = timedelta(minutes=10)
#: The Buddhist calendar is 543 years ahead, the Islamic one 579 behind, and Japan's eras begin at 1; no alert is about a year
#: of the Gregorian calendar outside these.
FIRST_LIKELY_YEAR, LAST_LIKELY_YEAR = "1990", "2200"

FORM = Rule(
    id="cap.time.form",
    level="error",
    asks="In CAP 1.1 a time has the form YYYY-MM-DDThh:mm:ss and a numeric offset such as -06:00, without letters and fractions.",
    why="The text of CAP 1.1 requires this form, although its schema accepts others. In CAP 1.2 the schema requires it, see "
    "cap.schema. A time without an offset can mean many different moments; it is read here as UTC, and no order of times "
    "is judged by it.",
    reference="CAP 1.2 §3.3.2",
    source=("A-80", "A-81", "A-151"),
)
OFFSET = Rule(
    id="cap.time.offset",
    level="warning",
    asks="In CAP 1.0 a time has an offset from UTC.",
    why="CAP 1.0 allows a time without one, which can mean many different moments. It is read here as UTC, and no order of "
    "times is judged by it.",
    reference="CAP 1.0 §3.2.1",
    source=("A-151",),
)
UTC_SIGN = Rule(
    id="cap.time.utc",
    level="warning",
    asks="UTC is written -00:00 in CAP 1.2, not +00:00.",
    why="Many European services write +00:00. The moment is the same, and receivers are asked to accept it.",
    reference="CAP 1.2 §3.3.2",
    source=("A-82", "A-154"),
)
MIDNIGHT = Rule(
    id="cap.time.midnight",
    level="info",
    asks="Midnight is written 00:00:00 of the next day, not 24:00:00.",
    why="Both are legal, but much software refuses 24:00:00. It is read here as the next midnight.",
    reference="CAP 1.2 §3.3.2",
    source=("A-84",),
)
YEAR = Rule(
    id="cap.time.year",
    level="warning",
    asks="The years of all times are of the Gregorian calendar and between 1990 and 2200.",
    why="Software set to the Buddhist calendar writes 2569 for 2026, and such an alert never ends. With a year of the Islamic "
    "calendar or of a Japanese era it never begins. All such times of a message are one finding, and no order of times is "
    "judged by them.",
    reference="CAP 1.2 §3.3.2",
    source=("A-83",),
)
FUTURE = Rule(
    id="cap.sent.future",
    level="warning",
    asks="sent is not in the future.",
    why="A difference of ten minutes is allowed, because clocks differ.",
    reference="CAP 1.2 §3.2.1",
    source=("A-26",),
)
EXPIRES = Rule(
    id="cap.expires.order",
    level="warning",
    asks="expires is after sent and effective, and not before onset.",
    why="Otherwise the alert is over before anyone can act on it.",
    reference="CAP 1.2 §3.2.2",
    source=("A-67",),
)

# Nearly every time: in the standard's form, of a likely year, not at 24:00:00, and UTC not written +00:00.
_USUAL = re.compile(
    r"(?:199|20\d|21\d)\d-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?!\+00:00)[+-](?:0\d|1[0-3]):\d\d", re.ASCII
)


def check_sent(alert: Alert, notes: Notes, now: datetime) -> None:
    sent = alert.sent
    if sent:
        _form(sent, alert, notes, "sent")
        if sent.instant and sent.instant > now and sent.instant > now + CLOCK_SKEW and is_certain(sent):
            message = f"sent is {sent.text}, which is in the future; correct the clock or the offset."
            notes.add(FUTURE, message, "sent")


def note_years(alert: Alert, notes: Notes) -> None:
    """Note the first time of an unlikely year, and how many more there are: one wrong calendar writes all of them."""
    if notes.has_noted(YEAR):
        return
    unlikely = [(time, place) for time, place in _times(alert) if has_unlikely_year(time)]
    time, place = unlikely[0]
    more = {1: "", 2: " Another time of the message has such a year too."}.get(
        len(unlikely), f" {len(unlikely) - 1:,} more times of the message have such years."
    )
    message = (
        f"The year of `{time.text[:40]}` is not likely; write that of the Gregorian calendar: 2026 is Buddhist 2569 and "
        f"Reiwa 8.{more}"
    )
    notes.add(YEAR, message, *place)


def _times(alert: Alert) -> Iterator[tuple[Time, tuple[Step, ...]]]:
    if alert.sent:
        yield alert.sent, ("sent",)
    for position, info in enumerate(alert.infos):
        for name, time in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
            if time:
                yield time, (("info", position), name)
    for reference in alert.references:
        yield reference.sent, ("references",)


def has_unlikely_year(moment: Time) -> bool:
    """Whether a time is one of a wrong calendar."""
    year = moment.text[:4]
    return not FIRST_LIKELY_YEAR <= year <= LAST_LIKELY_YEAR and year.isascii() and year.isdigit()


def is_certain(moment: Time) -> bool:
    """Whether an order of times may be judged by it: its offset is written, and its calendar is not in doubt."""
    return moment.instant is not None and has_offset(moment) and not has_unlikely_year(moment)


def check_times(info: Info, alert: Alert, notes: Notes, here: Step) -> None:
    if info.effective:
        _form(info.effective, alert, notes, here, "effective")
    if info.onset:
        _form(info.onset, alert, notes, here, "onset")
    if info.expires:
        _form(info.expires, alert, notes, here, "expires")
        _order(info, alert.sent, notes, here)


def _form(moment: Time, alert: Alert, notes: Notes, *place: Step) -> None:
    text, version = moment.text, alert.version
    if _USUAL.fullmatch(text):
        return
    if has_unlikely_year(moment):
        note_years(alert, notes)
    if text[-6:] == "+00:00" and version == "1.2":
        notes.add(UTC_SIGN, "UTC is written -00:00 in CAP 1.2, not +00:00.", *place)
    if moment.instant is None:
        return  # the schema has said so
    if version != "1.2" and not is_standard(moment):  # in 1.2 the schema says it
        if not has_offset(moment):
            message = f"`{text}` has no offset and is read as UTC; add the offset, such as -06:00."
            notes.add(FORM if version == "1.1" else OFFSET, message, *place)
        elif version == "1.1":  # CAP 1.0 asks only for ISO 8601
            notes.add(FORM, f"`{text}` does not have the form 2026-11-22T08:00:00-06:00; write it so.", *place)
    if text[11:13] == "24":
        notes.add(MIDNIGHT, f"`{text}` is read as the midnight that follows; write 00:00:00 of the next day.", *place)


def _order(info: Info, sent: Time | None, notes: Notes, here: Step) -> None:
    if info.expires is None:
        return
    for name, start in (("effective", info.effective), ("sent", sent)):
        if start and _is_after(start, info.expires, also_equal=True):
            message = f"expires is not after {name}, so the alert is over before it begins; correct one of the two."
            notes.add(EXPIRES, message, here, "expires")
            break
    if info.onset and _is_after(info.onset, info.expires):
        message = "onset is after expires, so the alert is over before the event begins; correct one of the two."
        notes.add(EXPIRES, message, here, "expires")


def _is_after(one: Time, other: Time, *, also_equal: bool = False) -> bool:
    """Whether a moment is after another one; not where that would be a guess."""
    if one.instant is None or other.instant is None or one.instant < other.instant:
        return False
    return (also_equal or one.instant > other.instant) and is_certain(one) and is_certain(other)
