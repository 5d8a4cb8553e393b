"""Rules about the message as a whole: who sent it, to whom, and which messages it speaks of (CAP 1.2 §3.2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.lists import MAX_ITEMS, reference, reference_items
from capgateway.cap.names import XMLDSIG
from capgateway.cap.rule import Rule
from capgateway.cap.rules.dates import UTC_SIGN
from capgateway.cap.times import is_standard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes

IDENTIFIER = Rule(
    id="cap.identifier.characters",
    level="error",
    asks="identifier is not empty and holds no white space, comma, `<` or `&`.",
    why="References are written sender,identifier,sent with blanks between them: nobody could refer to this message.",
    reference="CAP 1.2 §3.2.1",
    source=("A-21", "A-22", "B-02"),
)
SENDER = Rule(
    id="cap.sender.characters",
    level="error",
    asks="sender is not empty and holds no white space, comma, `<` or `&`.",
    why="As for identifier. It need not be an e-mail address: senders of IPAWS are often digits only.",
    reference="CAP 1.2 §3.2.1",
    source=("A-23", "B-02"),
)
NO_INFO = Rule(
    id="cap.info.missing",
    level="warning",
    asks="A message of type Alert or Update has an info, unless its status is System.",
    why="Without one it tells nobody anything; that is for Ack, Cancel and the network's own use.",
    reference="CAP 1.2 §1.3",
    source=("A-10", "A-11"),
)
EXERCISE_NOTE = Rule(
    id="cap.note.exercise",
    level="warning",
    asks="A message of status Exercise names the exercise in note.",
    reference="CAP 1.2 §3.2.1",
    source=("A-29",),
)
ERROR_NOTE = Rule(
    id="cap.note.error",
    level="warning",
    asks="A message of type Error says in note what was wrong.",
    reference="CAP 1.2 §3.2.1",
    source=("A-32",),
)
RESTRICTION_MISSING = Rule(
    id="cap.restriction.missing",
    level="error",
    asks="A message of scope Restricted says in restriction who may have it.",
    reference="CAP 1.2 §3.2.1",
    source=("A-35",),
)
RESTRICTION_SCOPE = Rule(
    id="cap.restriction.scope",
    level="warning",
    asks="restriction is used with scope Restricted only; an empty one does no harm.",
    why="Canada's national feed sends an empty restriction with every public alert.",
    reference="CAP 1.2 §3.2.1",
    source=("A-36",),
)
ADDRESSES_MISSING = Rule(
    id="cap.addresses.missing",
    level="error",
    asks="A message of scope Private names its recipients in addresses.",
    reference="CAP 1.2 §3.2.1",
    source=("A-37",),
)
ADDRESSES_QUOTES = Rule(
    id="cap.addresses.quotes",
    level="error",
    asks="addresses are apart by blanks, and one that holds blanks stands in double quotes.",
    reference="CAP 1.2 §3.2.1",
    source=("A-38",),
)
INCIDENTS_QUOTES = Rule(
    id="cap.incidents.quotes",
    level="error",
    asks="incidents are apart by blanks, and a name that holds blanks stands in double quotes.",
    reference="CAP 1.2 §3.2.1",
    source=("A-45",),
)
REFERENCES_MISSING = Rule(
    id="cap.references.missing",
    level="error",
    asks="A message of type Update, Cancel, Ack or Error names the messages it speaks of in references.",
    why="It replaces, withdraws, confirms or rejects them; without a reference nobody knows which.",
    reference="CAP 1.2 §3.2.1",
    source=("A-31", "B-05", "C-12", "D-03"),
)
REFERENCES_FORM = Rule(
    id="cap.references.form",
    level="error",
    asks="Each item of references is sender,identifier,sent, and items are apart by white space.",
    why="In CAP 1.0 an item is identifier/sender.",
    reference="CAP 1.2 §3.2.1",
    source=("A-41", "A-80", "A-158"),
)
LISTS = Rule(
    id="cap.list.length",
    level="error",
    asks="references, addresses and incidents have at most 10,000 items each.",
    why="More are not read: a list without end would cost each receiver time.",
    reference="CAP 1.2 §3.2.1",
    source=("A-15",),
)
REFERENCES_SELF = Rule(
    id="cap.references.self",
    level="error",
    asks="A message does not refer to itself.",
    reference="CAP 1.2 §3.2.1",
    source=("A-42",),
)
REFERENCES_LATER = Rule(
    id="cap.references.later",
    level="error",
    asks="A message refers to messages sent before it.",
    reference="CAP 1.2 §3.2.1",
    source=("A-42",),
)
REFERENCES_SENDER = Rule(
    id="cap.references.sender",
    level="warning",
    asks="An Update or Cancel comes from the sender of the message it replaces or withdraws.",
    why="Who may end another's alert is a matter of trust between the two, which a receiver cannot see in the message.",
    reference="CAP 1.2 §3.2.1",
    source=("A-43",),
)
BLANKS = Rule(
    id="cap.blank.unusual",
    level="warning",
    asks="Pairs of coordinates and references are apart by blanks, tabs and line breaks, the white space of XML.",
    why="Others, such as the no-break space of a spreadsheet, are read here as blanks; many receivers take them for text.",
    reference="CAP 1.2 §3.2",
    source=("A-41", "A-113", "A-117"),
)
PASSWORD = Rule(
    id="cap.password",
    level="info",
    asks="password, an element of CAP 1.0, is never passed on.",
    why="CAP 1.1 dropped it; whoever forwards or logs it gives it away.",
    reference="CAP 1.0 §3.2.1",
    source=("A-159",),
)

SIGNED_1_1 = Rule(
    id="cap.signature.version",
    level="info",
    asks="A signed message is better sent as CAP 1.2.",
    why="The text of CAP 1.1 allows a signature, its published schema has no place for one: strict receivers refuse it.",
    reference="CAP 1.1 §3.3.2",
    source=("A-153",),
)

_NAME = re.compile(r"[^\s,<&]+")
_ANSWERS = frozenset({"Update", "Cancel", "Ack", "Error"})
_SHOWN = 80


def check_message(alert: Alert, notes: Notes) -> None:
    _name(IDENTIFIER, "identifier", notes)
    _name(SENDER, "sender", notes)
    _recipients(alert, notes)
    if "incidents" in notes.texts:
        _items(alert.incidents, INCIDENTS_QUOTES, "incidents", notes)
    if "references" in notes.texts or alert.msg_type in _ANSWERS:
        _references(alert, notes)
    if not alert.infos and alert.msg_type in {"Alert", "Update"} and alert.status != "System":
        notes.add(NO_INFO, f"This {alert.msg_type} has no info and so tells nothing; add one.")
    if alert.status == "Exercise" and not (alert.note or "").strip():
        notes.add(EXERCISE_NOTE, "This is an Exercise; say in note which one.", "note")
    if alert.msg_type == "Error" and not (alert.note or "").strip():
        notes.add(ERROR_NOTE, "This rejects a message; say in note why.", "note")
    if alert.version == "1.1" and next(notes.root.iterchildren(f"{{{XMLDSIG}}}*"), None) is not None:
        notes.add(SIGNED_1_1, "The published schema of CAP 1.1 has no place for a Signature; send CAP 1.2.")
    if alert.version == "1.0" and notes.text("password"):
        notes.add(PASSWORD, "The message carries a password; it is not read, stored or passed on.", "password")


def _name(rule: Rule, name: str, notes: Notes) -> None:
    text = notes.texts.get(name)
    if text is None:
        return  # the schema has said so
    if not text.strip():
        notes.add(rule, f"{name} is empty; every message needs one.", name)
    elif not _NAME.fullmatch(text):
        notes.add(rule, f"{name} holds white space, a comma, `<` or `&`; leave them out.", name)


def _recipients(alert: Alert, notes: Notes) -> None:
    has_restriction = bool(alert.restriction and alert.restriction.strip())
    if alert.scope == "Restricted" and not has_restriction:
        message = "scope is Restricted; say in restriction who may have the message."
        notes.add(RESTRICTION_MISSING, message, "restriction")
    if has_restriction and alert.scope != "Restricted":
        scope = alert.scope or "missing"
        message = f"scope is {scope}, so restriction has no meaning; make it Restricted or drop the text."
        notes.add(RESTRICTION_SCOPE, message, "restriction")
    if alert.scope == "Private" and not any(alert.addresses):
        notes.add(ADDRESSES_MISSING, "scope is Private; name the recipients in addresses.", "addresses")
    if "addresses" in notes.texts:
        _items(alert.addresses, ADDRESSES_QUOTES, "addresses", notes)


def _items(items: Sequence[object], quotes: Rule, name: str, notes: Notes) -> None:
    if notes.texts[name].count('"') % 2:
        notes.add(quotes, f"A double quote in {name} has no partner.", name)
    _length(items, name, notes)


def has_unusual_blank(text: str) -> bool:
    """Whether Python takes a character for a blank that XML takes for text."""
    return not text.isascii() and any(character.isspace() and not character.isascii() for character in text)


def _length(items: Sequence[object], name: str, notes: Notes) -> None:
    if len(items) > MAX_ITEMS:
        notes.add(LISTS, f"{name} has more than {MAX_ITEMS:,} items; only the first ones are read.", name)


def _references(alert: Alert, notes: Notes) -> None:
    items = reference_items(notes.texts.get("references", ""))
    _length(items, "references", notes)
    if not items and alert.msg_type in _ANSWERS:
        message = f"This {alert.msg_type} names no message in references; write sender,identifier,sent of each one."
        notes.add(REFERENCES_MISSING, message, "references")
    if has_unusual_blank(notes.texts.get("references", "")):
        notes.add(BLANKS, "References are apart by an unusual blank; write a plain one.", "references")
    for item in items:
        _form(item, alert.version, notes)
    _referred(alert, notes)


def _form(item: str, version: str, notes: Notes) -> None:
    found = reference(item, version)
    shown = item if len(item) <= _SHOWN else item[:_SHOWN] + "…"
    commas, form = (0, "identifier/sender") if version == "1.0" else (2, "sender,identifier,sent")
    if found is None or item.count(",") != commas or "&" in item or "<" in item:
        notes.add(REFERENCES_FORM, f"`{shown}` in references is not {form}.", "references")
    elif version == "1.0":
        return
    elif found.sent.instant is None or not is_standard(found.sent):
        message = f"`{shown}` in references ends with no time such as 2026-11-22T08:00:00-06:00."
        notes.add(REFERENCES_FORM, message, "references")
    elif version == "1.2" and item.endswith("+00:00"):
        notes.add(UTC_SIGN, f"`{shown}` in references: UTC is written -00:00 in CAP 1.2, not +00:00.", "references")


def _referred(alert: Alert, notes: Notes) -> None:
    sent = alert.sent.instant if alert.sent else None
    senders = set()
    for referred in alert.references:
        senders.add(referred.sender)
        is_same_name = referred.sender == alert.sender and referred.identifier == alert.identifier
        if is_same_name and (alert.version == "1.0" or referred.sent.instant == sent):
            notes.add(REFERENCES_SELF, "The message refers to itself.", "references")
        elif sent and referred.sent.instant and referred.sent.instant > sent:
            message = f"The message referred to was sent at {referred.sent.text}, after this one."
            notes.add(REFERENCES_LATER, message, "references")
    if alert.msg_type in {"Update", "Cancel"} and senders - {alert.sender}:
        others = ", ".join(sorted(senders - {alert.sender})[:3])
        message = f"This {alert.msg_type} is by {alert.sender or 'nobody'} and refers to messages by {others}."
        notes.add(REFERENCES_SENDER, message, "references")
