"""The parameters that CAP-CP adds: AutoTranslated, and MinorChange, for an Update that changes little."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert, Info
    from capgateway.cap.rule import Rule
    from capgateway.cap.rules.notes import Notes

AUTO_TRANSLATED, MINOR_CHANGE = "autotranslated", "minorchange"
_NAME = re.compile(r"profile:CAP-CP:[^:]+:(AutoTranslated|MinorChange)", re.IGNORECASE)
_VALUES = {
    AUTO_TRANSLATED: ("no", "yes"),
    MINOR_CHANGE: ("correction", "layer", "none", "other", "resource", "text"),
}


def check_marks(alert: Alert, notes: Notes, rule: Rule) -> None:
    """Note marks with wrong values, out of place, twice in an info, or in some infos only."""
    marks = [_marks(info) for info in alert.infos]
    if not any(marks):
        return
    is_minor = any(MINOR_CHANGE in found.values() for found in marks)
    for number, (info, found) in enumerate(zip(alert.infos, marks, strict=True)):
        seen: set[str] = set()
        for position, name in found.items():
            for fault in _faults(alert, name, info.parameters[position].value, seen):
                notes.add(rule, fault, ("info", number), ("parameter", position))
            seen.add(name)
        if is_minor and MINOR_CHANGE not in seen:
            notes.add(rule, "Another info has MinorChange and this one does not; add it.", ("info", number))


def _marks(info: Info) -> dict[int, str]:
    """Which mark a parameter is, by position."""
    found = ((position, _NAME.fullmatch(pair.name)) for position, pair in enumerate(info.parameters))
    return {position: match[1].casefold() for position, match in found if match}


def _faults(alert: Alert, name: str, value: str, seen: set[str]) -> Iterator[str]:
    word = "MinorChange" if name == MINOR_CHANGE else "AutoTranslated"
    value = value.casefold()
    if value not in _VALUES[name]:
        yield f"{word} is `{value[:20]}`; write one of {', '.join(_VALUES[name])}."
    if name in seen:
        yield f"The info has more than one {word}; keep one."
    if name == AUTO_TRANSLATED:
        return
    if alert.msg_type != "Update" or not alert.references:
        yield "MinorChange is only for an Update with references; remove it."
    if value == "other" and not (alert.note or "").strip():
        yield "MinorChange is `other`; explain the change in note."
