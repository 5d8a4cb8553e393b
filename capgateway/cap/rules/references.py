"""Rules about `references`: which messages a message replaces, withdraws, confirms or rejects (CAP 1.2 §3.2.1)."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from capgateway.cap.lists import MAX_ITEMS, reference
from capgateway.cap.rule import Rule
from capgateway.cap.rules.dates import UTC_SIGN, has_unlikely_year, is_certain, note_years
from capgateway.cap.rules.lists import BLANKS, check_length, named, unusual_blank
from capgateway.cap.times import has_offset, is_standard, time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capgateway.cap.model import Alert, Reference
    from capgateway.cap.rules.notes import Notes

REFERENCES_MISSING = Rule(
    id="cap.references.missing",
    level="error",
    asks="A message of type Update, Cancel, Ack or Error lists the messages that it refers to in references.",
    why="It replaces, withdraws, confirms or rejects them. Without references nobody knows which.",
    reference="CAP 1.2 §3.2.1",
    source=("A-31", "B-05", "C-12", "D-03"),
)
REFERENCES_FORM = Rule(
    id="cap.references.form",
    level="error",
    asks="Each item of references has the form sender,identifier,sent, or in CAP 1.0 identifier/sender. Items are separated by "
    "white space only, and contain none.",
    why="Receivers that cannot read a reference leave a replaced or cancelled alert on display.",
    reference="CAP 1.2 §3.2.1",
    source=("A-41", "A-80", "A-158"),
)
REFERENCES_SELF = Rule(
    id="cap.references.self",
    level="error",
    asks="A message does not refer to itself.",
    why="A message cannot replace, cancel or confirm itself. Most likely the identifier of the earlier message was meant.",
    reference="CAP 1.2 §3.2.1",
    source=("A-42",),
)
REFERENCES_LATER = Rule(
    id="cap.references.later",
    level="error",
    asks="A message refers only to messages that were not sent after it.",
    why="A later message cannot be replaced or cancelled yet. Times without an offset are not compared.",
    reference="CAP 1.2 §3.2.1",
    source=("A-42",),
)
REFERENCES_SENDER = Rule(
    id="cap.references.sender",
    level="warning",
    asks="An Update or Cancel has the same sender as the messages that it replaces or withdraws.",
    why="Whether a sender may end the alert of another one is an agreement that a receiver cannot see in the message.",
    reference="CAP 1.2 §3.2.1",
    source=("A-43",),
)

#: The types of messages that refer to others.
ANSWERS = frozenset({"Update", "Cancel", "Ack", "Error"})
#: Real items have at most some 150 characters and are quoted whole: the end of one, its time, is what is often wrong.
MAX_QUOTED = 200
#: Senders that are listed in a message.
MAX_SENDERS = 3

_WORD = re.compile(r"\S+")
_AS_A_TIME = "write it as 2026-11-22T08:00:00-06:00"
_GLUED = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d(?=[^\s,;|])"
_NAMES = ("sender", "identifier", "sent")
_PARTS = len(_NAMES)


class _Item(NamedTuple):
    """An item of references as written, and where it begins."""

    text: str
    start: int


class _Fault(NamedTuple):
    """What to say, and where in the text."""

    at: int
    message: str


def check_references(alert: Alert, notes: Notes) -> None:
    text = notes.texts.get("references", "")
    items = [_Item(word[0], word.start()) for word in islice(_WORD.finditer(text), MAX_ITEMS + 1)]
    check_length(items, "references", notes)
    if not items and alert.msg_type in ANSWERS:
        form = "identifier/sender" if alert.version == "1.0" else "sender,identifier,sent"
        message = (
            f"This {alert.msg_type} does not say to which message it refers; write {form} of each one in references."
        )
        notes.add(REFERENCES_MISSING, message, "references")
    at = unusual_blank(text)
    if at is not None:
        message = f"References are separated by {named(text[at])}; write a space."
        notes.add(BLANKS, message, "references", offset=at)
    for group in _groups(items, alert.version):
        for fault in _faults(group, alert.version):
            notes.add(REFERENCES_FORM, fault.message, "references", offset=fault.at)
    _referred(alert, items, notes)


def _groups(items: list[_Item], version: str) -> Iterator[list[_Item]]:
    """The items, those together that were one: a blank beside a comma, or in an identifier, has torn them apart."""
    group: list[_Item] = []
    for item in items:
        if group and (version == "1.0" or not (_is_bound(group, item) or _is_rest(group, item))):
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _is_bound(group: list[_Item], item: _Item) -> bool:
    return group[-1].text.endswith(",") or item.text.startswith(",")


def _is_rest(group: list[_Item], item: _Item) -> bool:
    """Whether an item, with those before it, makes a whole one: `a@b.example,KY` and `6,2026-11-22T08:00:00-06:00`."""
    head = " ".join(piece.text for piece in group)
    return head.count(",") == 1 and item.text.count(",") == 1 and _is_time(item.text.rpartition(",")[2])


def _faults(group: list[_Item], version: str) -> Iterator[_Fault]:
    if version == "1.0":
        yield from _old(group[0])
        return
    if len(group) > 1 and all(item.text.strip(",").count(",") == _PARTS - 1 for item in group):
        at = group[0].start + len(group[0].text) - group[0].text.endswith(",")
        yield _Fault(at, "Items of references are separated by a comma; separate them by a space only.")
        for item in group:
            left = len(item.text) - len(item.text.lstrip(","))
            yield from _parts(_Item(item.text.strip(","), item.start + left))
        return
    if len(group) > 1:
        first = group[0]
        shown = _quoted(" ".join(item.text for item in group))
        where = "after a comma" if first.text.endswith(",") else "before a comma"
        where = where if _is_bound(group[:1], group[1]) else "in its identifier"
        message = f"`{shown}` in references contains white space {where}; remove it."
        yield _Fault(first.start + len(first.text), message)
        yield from _joined(group)
        return
    yield from _parts(group[0])


def _joined(group: list[_Item]) -> Iterator[_Fault]:
    """What else is wrong with an item that blanks have torn apart, each fault at the piece it is in."""
    whole = _Item("".join(item.text for item in group), 0)
    for fault in _parts(whole):
        left = fault.at
        for item in group:
            if left < len(item.text) or item is group[-1]:
                yield _Fault(item.start + left, fault.message)
                break
            left -= len(item.text)


def _old(item: _Item) -> Iterator[_Fault]:
    shown = _quoted(item.text)
    if item.text.count(",") == _PARTS - 1:
        yield _Fault(
            item.start, f"`{shown}` in references has the form of CAP 1.1 and 1.2; in CAP 1.0 write identifier/sender."
        )
    elif reference(item.text, "1.0") is None or re.search(r"[,&<]", item.text):
        yield _Fault(item.start, f"`{shown}` in references does not have the form identifier/sender; write it so.")


def _parts(item: _Item) -> Iterator[_Fault]:
    parts = item.text.split(",")
    if len(parts) != _PARTS:
        glued = re.search(_GLUED, item.text) if len(parts) > _PARTS else None
        if glued:
            message = f"A space is missing after `{glued[0]}` in references; add it before the next item."
            yield _Fault(item.start + glued.end(), message)
        else:
            yield _Fault(item.start, _count(item.text, parts))
        return
    moments = [_is_time(part) for part in parts]
    if not moments[-1] and any(moments):
        message = (
            f"`{_quoted(item.text)}` in references has its parts in the wrong order; write sender,identifier,sent."
        )
        yield _Fault(item.start, message)
        return
    at = item.start
    for name, part in zip(_NAMES, parts, strict=True):
        if not part:
            yield _Fault(at, f"`{_quoted(item.text)}` in references has an empty {name}; write that of the message.")
        elif name == "sent":
            if wrong := _moment(part):
                yield _Fault(at, wrong)
        elif found := re.search(r"[&<]", part):
            message = f"`{_quoted(part)}` in references contains `{found[0]}`, which no {name} may contain; remove it."
            yield _Fault(at + found.start(), message)
        at += len(part) + 1


def _count(item: str, parts: list[str]) -> str:
    """What to say of an item with too few or too many parts."""
    shown = f"`{_quoted(item)}` in references"
    if len(parts) % _PARTS == 0 and all(map(_is_time, parts[_PARTS - 1 :: _PARTS])):
        return f"{shown} contains {len(parts) // _PARTS} items that are separated by a comma; separate them by a space."
    for mark in ";|":
        if all(piece.count(",") == _PARTS - 1 for piece in item.strip(mark).split(mark)):
            return f"{shown} contains items that are separated by `{mark}`; separate them by a space."
    if len(parts) > _PARTS:
        return (
            f"{shown} has {len(parts) - 1} commas; write sender,identifier,sent, without a comma in any of the three."
        )
    if len(parts) == 1 and "/" in item and "@" in item:
        return f"{shown} has the form of CAP 1.0; write sender,identifier,sent."
    missing = "sent" if len(parts) == _PARTS - 1 else "two of its three parts"
    return f"{shown} lacks {missing}; write sender,identifier,sent of the message."


def _is_time(part: str) -> bool:
    return time(part).instant is not None


def _is_in_order(item: str, version: str) -> bool:
    """Whether the parts of an item are what their places say."""
    parts = item.split(",")
    return version == "1.0" or not any(map(_is_time, parts[: _PARTS - 1]))


def _moment(part: str) -> str | None:
    """What is wrong with the third part of an item."""
    moment = time(part)
    if moment.instant is None:
        return f"`{_quoted(part)}` in references is not a time; {_AS_A_TIME}."
    if not has_offset(moment):
        return f"`{_quoted(part)}` in references has no offset from UTC; {_AS_A_TIME}."
    if not is_standard(moment):
        return f"`{_quoted(part)}` in references does not have the form of a time in CAP; {_AS_A_TIME}."
    return None


def _referred(alert: Alert, items: list[_Item], notes: Notes) -> None:
    senders = set()
    for item in items:
        referred = reference(item.text, alert.version)
        if referred is None or not _is_in_order(item.text, alert.version):
            continue
        senders.add(referred.sender)
        _of_time(alert, referred, item, notes)
    others = sorted(senders - {alert.sender})
    if alert.msg_type in {"Update", "Cancel"} and others:
        more = f" and {len(others) - MAX_SENDERS} more" if len(others) > MAX_SENDERS else ""
        message = (
            f"This {alert.msg_type} of {alert.sender or 'nobody'} refers to messages of "
            f"{', '.join(others[:MAX_SENDERS])}{more}; write references to messages of its own sender."
        )
        notes.add(REFERENCES_SENDER, message, "references")


def _of_time(alert: Alert, referred: Reference, item: _Item, notes: Notes) -> None:
    sent, moment = alert.sent, referred.sent
    at = item.start + item.text.rfind(",") + 1
    if alert.version == "1.2" and item.text.endswith("+00:00"):
        message = f"`{_quoted(moment.text)}` in references: CAP 1.2 writes UTC as -00:00, not +00:00."
        notes.add(UTC_SIGN, message, "references", offset=at)
    if has_unlikely_year(moment):
        note_years(alert, notes)
    is_certain_order = sent is not None and is_certain(sent) and is_certain(moment)
    is_same_name = referred.sender == alert.sender and referred.identifier == alert.identifier
    is_same_time = sent == moment or (is_certain_order and sent is not None and sent.instant == moment.instant)
    if is_same_name and (alert.version == "1.0" or is_same_time):
        message = "The message refers to itself; refer to the earlier message."
        notes.add(REFERENCES_SELF, message, "references", offset=item.start)
    elif is_certain_order and sent and sent.instant and moment.instant and moment.instant > sent.instant:
        message = f"The message referred to was sent at {moment.text}, after this one; correct the reference, or sent."
        notes.add(REFERENCES_LATER, message, "references", offset=at)


def _quoted(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
