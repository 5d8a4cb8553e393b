"""Australia: the CAP-AU profile, with its list of events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from capgateway.cap.rule import Rule

if TYPE_CHECKING:
    from capgateway.cap.model import Alert, Info
    from capgateway.cap.rules.notes import Notes, Step

CODE_VALUE = "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0"
EVENT_LIST = "https://govshare.gov.au/xmlui/handle/10772/6495"
#: The Bureau of Meteorology names the same list so.
EVENT_LIST_URN = "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:AUeventLIST:1.0"
_REFERENCE = "CAP-AU 1.0"

CODE = Rule(
    id="cap-au.code",
    level="error",
    layer="profile",
    asks=f"A message of the profile has the code `{CODE_VALUE}`.",
    reference=_REFERENCE,
    source=("D-01",),
)
INFO = Rule(
    id="cap-au.info",
    level="error",
    layer="profile",
    asks="An Alert, Update or Cancel has an info.",
    reference=_REFERENCE,
    source=("D-02",),
)
SAME_INFOS = Rule(
    id="cap-au.info.same",
    level="error",
    layer="profile",
    asks="All infos have the same categories and the same eventCodes.",
    reference=_REFERENCE,
    source=("D-04",),
)
EVENT_CODE = Rule(
    id="cap-au.event-code",
    level="error",
    layer="profile",
    asks=f"Every info has exactly one eventCode of the Australian list, `{EVENT_LIST}`.",
    why="Whether the value is in the list is not checked: the list is not at hand.",
    reference=_REFERENCE,
    source=("D-05",),
)
EVENT = Rule(
    id="cap-au.event",
    level="error",
    layer="profile",
    asks="All infos of one language have the same event.",
    reference=_REFERENCE,
    source=("D-06",),
)
EFFECTIVE = Rule(
    id="cap-au.effective",
    level="error",
    layer="profile",
    asks="A Cancel has no effective.",
    reference=_REFERENCE,
    source=("D-07",),
)
AREA = Rule(
    id="cap-au.area",
    level="error",
    layer="profile",
    asks="Every info has an area.",
    reference=_REFERENCE,
    source=("D-08",),
)
RECOMMENDED = Rule(
    id="cap-au.recommended",
    level="warning",
    layer="profile",
    asks="sender is name@domain; an info has expires, senderName, responseType and instruction; an area a polygon or circle.",
    reference=_REFERENCE,
    source=("D-10",),
)

_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check(alert: Alert, notes: Notes) -> None:
    if CODE_VALUE not in alert.codes:
        notes.add(CODE, f"The message has no code `{CODE_VALUE}`; add it.")
    if not alert.infos and alert.msg_type in {"Alert", "Update", "Cancel"}:
        notes.add(INFO, f"A message of type {alert.msg_type} has an info.")
    if len({(frozenset(info.categories), frozenset(info.event_codes)) for info in alert.infos}) > 1:
        notes.add(SAME_INFOS, "The infos differ in categories or eventCodes; make them equal.")
    if not _MAILBOX.fullmatch(alert.sender):
        notes.add(RECOMMENDED, "sender is better written as name@domain.", "sender")
    events: dict[str, str] = {}
    for position, info in enumerate(alert.infos):
        _info(alert, info, notes, ("info", position))
        if events.setdefault(info.language.casefold(), info.event) != info.event:
            notes.add(EVENT, "Another info in this language has another event.", ("info", position), "event")


def _info(alert: Alert, info: Info, notes: Notes, here: Step) -> None:
    listed = [code for code in info.event_codes if code.name in {EVENT_LIST, EVENT_LIST_URN}]
    if len(listed) != 1:
        notes.add(
            EVENT_CODE, f"The info has {len(listed)} eventCodes of the Australian list; it has exactly one.", here
        )
    if info.effective and alert.msg_type == "Cancel":
        notes.add(EFFECTIVE, "A Cancel takes effect at once; leave effective out.", here, "effective")
    if not info.areas:
        notes.add(AREA, "The info has no area.", here)
    wanted = {
        "expires": info.expires,
        "senderName": info.sender_name,
        "responseType": info.response_types,
        "instruction": info.instruction,
    }
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        notes.add(RECOMMENDED, f"The info has no {', no '.join(missing)}.", here)
    for number, area in enumerate(info.areas):
        if not area.polygons and not area.circles:
            notes.add(RECOMMENDED, "The area has no polygon and no circle.", here, ("area", number))
