"""Chains: every stored alert tied to one at hand by references of the same sender, and the cards they made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import or_, select

from capgateway import cap
from capgateway.cards import CardState, Member, SignatureNote
from capgateway.store import cards as card_rows
from capgateway.store.alert_rows import MAX_REFERENCES
from capgateway.store.tables import alert_references, alerts, cards

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, RowMapping

MAX_CHAIN = 500
"""Alerts of one chain that are looked at; a hostile sender could tie thousands together."""


def chain(connection: Connection, arrived: Member) -> list[Member]:
    """Every stored alert tied to this one by references of the same sender, in either direction, however many steps."""
    found: dict[str, Member] = {}
    frontier = [arrived]
    while frontier and len(found) < MAX_CHAIN:
        for row in connection.execute(_neighbours(frontier.pop())).mappings():
            if row["id"] != arrived.alert_id and row["id"] not in found:
                found[row["id"]] = member(connection, row)
                frontier.append(found[row["id"]])
    return list(found.values())


def _neighbours(one: Member) -> Any:
    """Alerts that this one names, and alerts that name it or what it names: the first alert of a chain may never have
    reached us, and its Cancel must find its Update all the same. ``sent`` is not compared: producers rewrite it, and
    a sender's identifiers are unique by the standard."""
    alert = one.alert
    named = {item.identifier for item in alert.references[:MAX_REFERENCES] if item.sender == alert.sender}
    naming = select(alert_references.c.alert_id).where(
        alert_references.c.sender == alert.sender, alert_references.c.identifier.in_(named | {alert.identifier})
    )
    return (
        select(alerts)
        .where(alerts.c.keyed, alerts.c.sender == alert.sender, alerts.c.rehearsal == one.rehearsal)
        .where(or_(alerts.c.identifier.in_(named), alerts.c.id.in_(naming)))
        .limit(MAX_CHAIN)
    )


def card_states(connection: Connection, alert_ids: Sequence[str]) -> list[CardState]:
    rows = connection.execute(select(cards).where(cards.c.alert_id.in_(alert_ids))).mappings()
    return [card_rows.state(row) for row in rows]


def member(connection: Connection, row: RowMapping) -> Member:
    return Member(
        alert_id=row["id"],
        alert=_alert(connection, row),
        feed=row["feed"],
        received_at=row["received_at"],
        sha256=row["sha256"],
        profile=row["profile"],
        signature=SignatureNote(status=row["signature"], signer=row["signer"]),
        rehearsal=row["rehearsal"],
    )


def _alert(connection: Connection, row: RowMapping) -> cap.Alert:
    """The alert from its bytes; once these are erased, what the row remembers: enough to keep its chain together."""
    if row["original"] is not None and (alert := cap.parse(row["original"]).alert) is not None:
        return msgspec.structs.replace(alert, status=row["status"])  # an envelope's may weigh more
    named = connection.execute(select(alert_references).where(alert_references.c.alert_id == row["id"])).mappings()
    return cap.Alert(
        identifier=row["identifier"],
        sender=row["sender"],
        sent=cap.Time(text=row["sent"], instant=row["sent_at"]),
        status=row["status"],
        msg_type=row["msg_type"],
        scope=row["scope"],
        references=tuple(
            cap.Reference(sender=item["sender"], identifier=item["identifier"], sent=cap.Time(text="", instant=None))
            for item in named
        ),
    )


def holds(connection: Connection, reference: cap.Reference) -> bool:
    """Whether the message a reference names was taken in."""
    query = select(alerts.c.id).where(
        alerts.c.keyed, alerts.c.sender == reference.sender, alerts.c.identifier == reference.identifier
    )
    return connection.execute(query.limit(1)).first() is not None
