"""Rules about the message as a whole: its sender, its recipients, its notes (CAP 1.2 §3.2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.names import XMLDSIG
from capgateway.cap.rule import Rule
from capgateway.cap.rules.lists import check_length, named
from capgateway.cap.rules.references import ANSWERS, check_references

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cap.model import Alert
    from capgateway.cap.rules.notes import Notes

IDENTIFIER = Rule(
    id="cap.identifier.characters",
    level="error",
    asks="identifier is not empty and contains no white space, comma, `<` or `&`.",
    why="References have the form sender,identifier,sent and are separated by white space, so no message could refer to this "
    "one.",
    reference="CAP 1.2 §3.2.1",
    source=("A-21", "A-22", "B-02"),
)
SENDER = Rule(
    id="cap.sender.characters",
    level="error",
    asks="sender is not empty and contains no white space, comma, `<` or `&`.",
    why="See cap.identifier.characters. An e-mail address is not required: many senders of IPAWS are digits only.",
    reference="CAP 1.2 §3.2.1",
    source=("A-23", "B-02"),
)
NO_INFO = Rule(
    id="cap.info.missing",
    level="warning",
    asks="A message of type Alert or Update has an info, unless its status is System.",
    why="Without an info the message has no content. Only Ack, Cancel, Error and system messages do without.",
    reference="CAP 1.2 §1.3",
    source=("A-10", "A-11"),
)
EXERCISE_NOTE = Rule(
    id="cap.note.exercise",
    level="warning",
    asks="A message with status Exercise names the exercise in note.",
    why="Recipients who do not take part must be able to recognise it.",
    reference="CAP 1.2 §3.2.1",
    source=("A-29",),
)
ERROR_NOTE = Rule(
    id="cap.note.error",
    level="warning",
    asks="A message of type Error explains the error in note.",
    why="Otherwise the sender of the rejected message cannot correct it.",
    reference="CAP 1.2 §3.2.1",
    source=("A-32",),
)
RESTRICTION_MISSING = Rule(
    id="cap.restriction.missing",
    level="error",
    asks="A message with scope Restricted describes in restriction who may receive it.",
    why="Without a restriction nobody knows to whom the message may be shown.",
    reference="CAP 1.2 §3.2.1",
    source=("A-35",),
)
RESTRICTION_SCOPE = Rule(
    id="cap.restriction.scope",
    level="warning",
    asks="restriction is used only with scope Restricted.",
    why="With another scope its text has no meaning. An empty restriction is accepted, because Canada's national feed sends "
    "one with every public alert.",
    reference="CAP 1.2 §3.2.1",
    source=("A-36",),
)
ADDRESSES_MISSING = Rule(
    id="cap.addresses.missing",
    level="error",
    asks="A message with scope Private lists its recipients in addresses.",
    why="Without addresses nobody knows who the message is for.",
    reference="CAP 1.2 §3.2.1",
    source=("A-37",),
)
ADDRESSES_QUOTES = Rule(
    id="cap.addresses.quotes",
    level="error",
    asks="Every double quote in addresses is closed.",
    why="addresses are separated by white space, and one that contains white space is enclosed in double quotes.",
    reference="CAP 1.2 §3.2.1",
    source=("A-38",),
)
INCIDENTS_QUOTES = Rule(
    id="cap.incidents.quotes",
    level="error",
    asks="Every double quote in incidents is closed.",
    why="incidents are separated by white space, and one that contains white space is enclosed in double quotes.",
    reference="CAP 1.2 §3.2.1",
    source=("A-45",),
)
PASSWORD = Rule(
    id="cap.password",
    level="info",
    asks="A message has no password, an element of CAP 1.0.",
    why="Forwarding or logging the message discloses it; CAP 1.1 dropped the element. It is not read, stored or passed on here.",
    reference="CAP 1.0 §3.2.1",
    source=("A-159",),
)

SIGNED_1_1 = Rule(
    id="cap.signature.version",
    level="info",
    asks="A signed message is CAP 1.2, not CAP 1.1.",
    why="The text of CAP 1.1 allows a signature, but its published schema does not. Strict receivers refuse the message.",
    reference="CAP 1.1 §3.3.2",
    source=("A-153",),
)

#: Characters that do not belong in a name and are listed in a message.
MAX_SHOWN = 10

_NAME = re.compile(r"[^\s,<&]+")
_NOT_IN_NAMES = re.compile(r"[\s,<&]")


def check_message(alert: Alert, notes: Notes) -> None:
    _name(IDENTIFIER, "identifier", notes)
    _name(SENDER, "sender", notes)
    _recipients(alert, notes)
    if "incidents" in notes.texts:
        _items(alert.incidents, INCIDENTS_QUOTES, "incidents", notes)
    if "references" in notes.texts or alert.msg_type in ANSWERS:
        check_references(alert, notes)
    if not alert.infos and alert.msg_type in {"Alert", "Update"} and alert.status != "System":
        notes.add(NO_INFO, f"This {alert.msg_type} has no info and so no content; add one.")
    if alert.status == "Exercise" and not (alert.note or "").strip():
        notes.add(EXERCISE_NOTE, "The status is Exercise; name the exercise in note.", "note")
    if alert.msg_type == "Error" and not (alert.note or "").strip():
        notes.add(ERROR_NOTE, "The message type is Error; explain the error in note.", "note")
    if alert.version == "1.1" and next(notes.root.iterchildren(f"{{{XMLDSIG}}}*"), None) is not None:
        notes.add(SIGNED_1_1, "The published schema of CAP 1.1 does not allow a Signature; send CAP 1.2.")
    if alert.version == "1.0" and notes.text("password"):
        notes.add(
            PASSWORD,
            "The message contains a password, which is not read, stored or passed on here; remove it.",
            "password",
        )


def _name(rule: Rule, name: str, notes: Notes) -> None:
    text = notes.texts.get(name)
    if text is None:
        return  # the schema has said so
    if not text.strip():
        notes.add(rule, f"{name} is empty; every message needs one.", name)
    elif not _NAME.fullmatch(text):
        wrong = list(_NOT_IN_NAMES.finditer(text))
        what = " and ".join(dict.fromkeys(named(one[0]) for one in wrong[:MAX_SHOWN]))
        notes.add(rule, f"{name} contains {what}; remove each.", name, offset=wrong[0].start())


def _recipients(alert: Alert, notes: Notes) -> None:
    has_restriction = bool(alert.restriction and alert.restriction.strip())
    if alert.scope == "Restricted" and not has_restriction:
        message = "scope is Restricted; describe in restriction who may receive the message."
        notes.add(RESTRICTION_MISSING, message, "restriction")
    if has_restriction and alert.scope in {"Public", "Private"}:  # any other is for the schema to report
        message = f"scope is {alert.scope}, so restriction has no meaning; write scope Restricted or remove the text."
        notes.add(RESTRICTION_SCOPE, message, "restriction")
    if alert.scope == "Private" and not any(alert.addresses):
        notes.add(ADDRESSES_MISSING, "scope is Private; list the recipients in addresses.", "addresses")
    if "addresses" in notes.texts:
        _items(alert.addresses, ADDRESSES_QUOTES, "addresses", notes)


def _items(items: Sequence[object], quotes: Rule, name: str, notes: Notes) -> None:
    if notes.texts[name].count('"') % 2:
        at = notes.texts[name].rindex('"')
        notes.add(quotes, f"{name} contains a double quote that is not closed; close or remove it.", name, offset=at)
    check_length(items, name, notes)
