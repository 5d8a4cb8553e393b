"""Drills: an exercise card that goes to chosen receivers only, whatever the policy and their ``messages`` say.

Everything else is as for any alert: the same unit of work decides, writes and posts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from capgateway.cards import Display
from capgateway.cards.exercise import SENDER
from capgateway.cards.gist import key
from capgateway.store import alerts, audit
from capgateway.store.tables import alerts as alert_rows
from capgateway.store.tables import cards

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.cards import Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.audit import Act
    from capgateway.store.write import Write
    from capgateway.webhooks import Receiver

START, END = "drill.started", "drill.ended"
_LEFT = (
    select(alert_rows.c.identifier, alert_rows.c.sent, alert_rows.c.sent_at, alert_rows.c.feed)
    .join(cards, cards.c.alert_id == alert_rows.c.id)
    .where(alert_rows.c.sender_key == key(SENDER), cards.c.status == "exercise", cards.c.state != "ended")
    .order_by(alert_rows.c.sent_at, alert_rows.c.id)
)


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A drill whose card is live: its alert, and the feed that it is said to come from."""

    identifier: str
    sent: str
    sent_at: datetime
    feed: str


def start(write: Write, arrival: Arrival, policy: Policy, receivers: Sequence[Receiver], act: Act) -> tuple[str, str]:
    """Take the alert of a drill in and display its card at these receivers; the ids of the alert and of the card.
    ``ValueError`` says why it is not displayed; then nothing is stored."""
    if write.paused_since:
        raise ValueError("displays are paused: a drill would wait with them; `capgateway resume` sends them again")
    chosen = tuple(_open(one) for one in receivers)
    write.outlets = msgspec.structs.replace(write.outlets, receivers=chosen)
    (taken,) = alerts.take_in(write, [arrival], policy)
    shown = next((one for one in taken.decision.changes if isinstance(one, Display)), None)
    if shown is None or shown.state != "active":
        why = " ".join(filter(None, (taken.decision.word, taken.decision.reason)))
        raise ValueError(f"the alert of the drill was not displayed, but {why}")
    detail = {"feed": arrival.feed, "receivers": [one.name for one in receivers]}
    audit.record(write, act, START, card_id=shown.card_id, alert_id=taken.alert_id, detail=detail)
    return taken.alert_id, shown.card_id


def end(write: Write, arrival: Arrival, policy: Policy, act: Act, card_id: str | None = None) -> bool:
    """Take the Cancel of a drill in; whether it ended a card. Its take-down goes to whoever was to get the card."""
    (taken,) = alerts.take_in(write, [arrival], policy)
    audit.record(write, act, END, card_id=card_id, alert_id=taken.alert_id)
    return taken.decision.word == "ended"


def left(connection: Connection) -> list[Left]:
    """The drills that are on display."""
    return [Left(**row) for row in connection.execute(_LEFT).mappings()]


def _open(receiver: Receiver) -> Receiver:
    """The receiver as one that gets exercises, of every programme and region."""
    return msgspec.structs.replace(receiver, messages=("exercise.card.*",), programmes=("*",), regions=())
