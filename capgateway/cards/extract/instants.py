"""The moment that the words for a time mean, where it can be told for sure: a clock time with its half of the day, a day, and a
zone that the text names or that the alert was sent in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from capgateway.cards.extract.text import folded

LONGEST_AGO = timedelta(days=30)
"""Before the alert was sent. What is longer ago is a date of something else."""
MARCH, NOVEMBER = 3, 11
"""Months in which clocks change, so that the alert's zone may not be the other day's."""
FIRST_OF_AFTERNOON = 13
"""A clock time from this hour on needs no word for the half of the day."""
NOON, MINUTES = 12, 60

ZONES = {
    "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
_MONTHS = (
    "january jan janvier enero ene;february feb fevrier febrero;march mar mars marzo;april apr avril abril abr;may mai mayo;june jun juin junio;"
    "july jul juillet julio;august aug aout agosto ago;september sept sep septembre septiembre setiembre;october oct octobre octubre;"
    "november nov novembre noviembre;december dec decembre diciembre dic"
)
MONTHS = {word: number for number, words in enumerate(_MONTHS.split(";"), 1) for word in words.split()}
_DAYS = "monday mon lundi lunes;tuesday tue tues mardi martes;wednesday wed mercredi miercoles;thursday thu thurs jeudi jueves;friday fri vendredi viernes;saturday sat samedi sabado;sunday sun dimanche domingo"
DAYS = {word: number for number, words in enumerate(_DAYS.split(";")) for word in words.split()}
TODAY = frozenset("today tonight hoy aujourd".split())
YESTERDAY = frozenset("yesterday hier ayer".split())

_THIS = re.compile(
    r"\b(?:this|ce|cet|cette|esta) (?:morning|afternoon|evening|matin|soir|midi|apres|manana|tarde|noche)\b"
)
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)$")
_HALF = re.compile(r"\b(\d{1,2})(?::(\d\d))?\s*([ap])\.?\s?m\b")
_FULL = re.compile(r"\b(\d{1,2})\s?(?:h|:)\s?(\d\d)\b(?!\s*[ap]\.?\s?m\b)")
_HOURS = re.compile(r"\b([01]\d|2[0-3])([0-5]\d)\s*(?:hours|hrs)\b")
_NUMERIC = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
_MONTH_DAY = re.compile(r"\b([a-z]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?\b(?!:)")
_DAY_MONTH = re.compile(r"\b(\d{1,2})(?: de)? ([a-z]{3,10})(?:,?(?: de)? (\d{4}))?\b")


class Day(NamedTuple):
    """A date; ``is_written`` where the text gives it whole, with its year."""

    date: datetime
    is_written: bool


def local(text: str, moment: datetime | None) -> datetime | None:
    """A moment in the offset that its text was written with."""
    written = _OFFSET.search(text)
    if moment is None or written is None:
        return moment
    ahead = timedelta(hours=int(written[2]), minutes=int(written[3]))
    return moment.astimezone(timezone(-ahead if written[1] == "-" else ahead))


def instant(text: str, sent: datetime | None) -> datetime | None:
    """The moment that a text means in an alert that was sent then, or ``None`` where it leaves anything open."""
    words = " ".join(map(folded, text.replace("\u2019", "'").split()))
    clock = _clock(words)
    zone = next((ZONES[word] for word in re.findall(r"[a-z]+", words) if word in ZONES), None)
    if clock is None or (sent is None and zone is None):
        return None
    here = _zone(zone, sent)
    local = sent.astimezone(here) if sent and here else None
    day = _day(words, local) if here else None
    if day is None or here is None:
        return None
    found = day.date.replace(hour=clock[0], minute=clock[1], tzinfo=here)
    return found if _is_sure(found, day, local, has_zone=zone is not None) else None


def _zone(hours: float | None, sent: datetime | None) -> timezone | None:
    """The zone that the text names, or the alert's, if that is a local one."""
    if hours is not None:
        return timezone(timedelta(hours=hours))
    offset = sent.utcoffset() if sent else None
    return timezone(offset) if offset else None


def _is_sure(found: datetime, day: Day, sent: datetime | None, *, has_zone: bool) -> bool:
    if sent is None:
        return day.is_written
    if not timedelta() <= sent - found <= LONGEST_AGO:
        return False
    return has_zone or found.date() == sent.date() or sent.month not in {MARCH, NOVEMBER}


def _clock(words: str) -> tuple[int, int] | None:
    """Hour and minute, if the text gives one clock time and it is the only one."""
    found = set()
    for match in _HALF.finditer(words):
        hour, minute = int(match[1]), int(match[2] or 0)
        if 1 <= hour <= NOON:
            found.add((hour % NOON + NOON * (match[3] == "p"), minute))
    for match in _HOURS.finditer(words):
        found.add((int(match[1]), int(match[2])))
    for match in _FULL.finditer(words):
        hour, minute = int(match[1]), int(match[2])
        is_open = hour < FIRST_OF_AFTERNOON and "h" not in match[0]
        if is_open or hour >= 2 * NOON or minute >= MINUTES:
            return None
        found.add((hour, minute))
    return found.pop() if len(found) == 1 else None


def _day(words: str, sent: datetime | None) -> Day | None:
    """The date that the text gives, or that follows from the day on which the alert was sent."""
    written = _written(words, sent)
    if written is not None or sent is None:
        return written
    tokens = re.findall(r"[a-z]+", words)
    days_ago = {(sent.weekday() - DAYS[word]) % 7 for word in tokens if word in DAYS}
    days_ago |= {0 for word in tokens if word in TODAY} | ({0} if _THIS.search(words) else set())
    days_ago |= {1 for word in tokens if word in YESTERDAY}
    return Day(sent - timedelta(days=days_ago.pop()), is_written=False) if len(days_ago) == 1 else None


def _written(words: str, sent: datetime | None) -> Day | None:
    for match in _NUMERIC.finditer(words):
        return _date(int(match[3]), int(match[1]), int(match[2]), is_written=True)
    for pattern, name, number in ((_MONTH_DAY, 1, 2), (_DAY_MONTH, 2, 1)):
        for match in pattern.finditer(words):
            if month := MONTHS.get(match[name]):
                year = int(match[3]) if match[3] else sent.year if sent else None
                return _date(year, month, int(match[number]), is_written=bool(match[3])) if year else None
    return None


def _date(year: int, month: int, day: int, *, is_written: bool) -> Day | None:
    try:
        return Day(datetime(year, month, day), is_written=is_written)
    except ValueError:
        return None
