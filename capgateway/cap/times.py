"""CAP's dateTime texts as moments. Lenient: what senders write is read wherever it means one moment (CAP 1.2 §3.3.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from capgateway.cap.model import Time

#: Longer texts are no times, or dressed up; to remember them could fill memory.
LONGEST_REMEMBERED = 40
_STANDARD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_OFFSET = r"[+-]\d\d:?\d\d$|(?:[Zz]|UTC|GMT)$"
_STANDARD_LENGTH = len("2026-11-22T08:00:00-06:00")
# Patterns for what is rare are compiled when it comes (`re` keeps them): a fifth of the command's start went into compiling.
_LENIENT = (
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,20}))?\s?(?:([+-])(\d\d):?([0-5]\d)|([Zz]|UTC|GMT)?)"
)


def time(text: str) -> Time:
    """Read a dateTime. Besides the standard's form it understands ``Z``, fractions, a missing offset (taken as UTC) and
    ``24:00:00`` (the next midnight); ``instant`` is ``None`` when the text means no moment."""
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else _read(text)


def has_offset(moment: Time) -> bool:
    """Whether a time says its offset from UTC, as a number or a letter. Without one its instant is a guess, off by up to 14
    hours, on which no order of times may be built."""
    return bool(re.search(_OFFSET, moment.text, re.ASCII))


def is_standard(moment: Time) -> bool:
    """Whether a time that means a moment is written ``YYYY-MM-DDThh:mm:ssXzh:zm``, the only form the standard knows, and its
    offset is none beyond 14 hours."""
    text = moment.text
    return len(text) == _STANDARD_LENGTH and text[10] == "T" and text[16] == text[22] == ":" and text[20:] <= "14:00"


def _read(text: str) -> Time:
    text = text.strip()
    if _STANDARD.fullmatch(text):
        try:
            return Time(text=text, instant=datetime.fromisoformat(text).astimezone(UTC))
        except (ValueError, OverflowError):
            pass  # 24:00:00, a day that is not, or a moment outside the calendar
    return Time(text=text, instant=_instant(text))


# One message says the same time once for each language.
_remembered = lru_cache(maxsize=1_024)(_read)


def _instant(text: str) -> datetime | None:
    match = re.fullmatch(_LENIENT, text, re.ASCII)
    if match is None:
        return None
    day, clock, fraction, sign, hours, minutes, _zone = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    is_next_midnight = clock in {"24:00", "24:00:00"} and not (fraction or "").strip("0")
    if is_next_midnight:
        clock = "00:00:00"
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}").replace(
            microsecond=int((fraction or "0")[:6].ljust(6, "0")), tzinfo=timezone(-offset if sign == "-" else offset)
        )
        return (moment + timedelta(days=is_next_midnight)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
