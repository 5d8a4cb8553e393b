"""Whether a text is a time, as XML Schema writes it: in Atom feeds and in envelopes. Pure.

CAP's own times are in another module: they are read as moments, and in fewer forms.
"""

from __future__ import annotations

import calendar
import re

#: More digits for a year are no year that anyone means.
_FORM = re.compile(
    r"-?(\d{4}|[1-9]\d{4,8})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-](\d\d):([0-5]\d))?", re.ASCII
)
_FARTHEST = 14 * 60  # minutes from UTC


def is_date(text: str, *, needs_zone: bool = False) -> bool:
    """Whether this is an xs:dateTime (XML Schema 1.0): fractions and a missing zone are right, and so is 24:00:00."""
    match = _FORM.fullmatch(text)
    if match is None or (needs_zone and match[8] is None):
        return False
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    if not year or not 1 <= month <= 12 or not 1 <= day <= _days(year, month):  # noqa: PLR2004
        return False
    is_midnight = (hour, minute, second, (match[7] or "").strip("0")) == (24, 0, 0, "")
    is_clock = hour < 24 and minute < 60 and second < 60  # noqa: PLR2004
    return (is_clock or is_midnight) and int(match[9] or 0) * 60 + int(match[10] or 0) <= _FARTHEST


def _days(year: int, month: int) -> int:
    return calendar.monthrange(2000 + year % 400, month)[1]  # the calendar repeats; Python's ends in the year 9999
