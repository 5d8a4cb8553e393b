"""Review: statements that wait for a person before they are displayed, and what is displayed because nobody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select, update

from capgateway.store import cards as card_rows
from capgateway.store import chains, outcomes
from capgateway.store.tables import alerts

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, RowMapping
    from sqlalchemy.sql.elements import ColumnElement

    from capgateway.cards import Decision, Policy
    from capgateway.store.write import Write

RELEASABLE = frozenset({"review", "jurisdiction", "sender"})
"""Reasons for which a person may let a statement be displayed: it is usable, and somebody has to answer for it. What cannot be
read or placed, what the feed's ``signature`` refuses and what speaks of other senders' alerts only, cannot be released."""

_WAITS: tuple[ColumnElement[bool], ...] = (
    alerts.c.decision == "quarantined",
    alerts.c.reason == "review",
    alerts.c.handled.is_(None),
    alerts.c.chain_id.is_not(None),
    alerts.c.msg_type != "Cancel",
)


def unanswered(connection: Connection, patience: timedelta, at: datetime) -> list[str]:
    """Statements that have waited for review so long, the oldest first."""
    query = select(alerts.c.id).where(*_WAITS, alerts.c.decided_at <= at - patience)
    return list(connection.execute(query.order_by(alerts.c.decided_at, alerts.c.id)).scalars())


def clock_stepped(write: Write, by: timedelta) -> None:
    """The wall clock was set, forward by so much: what waits has waited no longer for that."""
    rows = write.execute(select(alerts.c.id, alerts.c.decided_at).where(*_WAITS)).all()
    for row in rows:
        write.execute(update(alerts).where(alerts.c.id == row.id).values(decided_at=row.decided_at + by))


def approve(write: Write, row: RowMapping, policy: Policy) -> Decision:
    """A person lets a statement be displayed. Raises ``ValueError`` where that displays nothing."""
    if row["reason"] not in RELEASABLE or not row["keyed"] or row["chain_id"] is None:
        raise ValueError(_why_not(row))
    handled = {"handled": "released", "handled_at": write.now}
    member = msgspec.structs.replace(chains.member(row), released_at=write.now)
    made = outcomes.outcome(write, member, [row["chain_id"]], policy, None)
    if made.fault or not any(change.card_id in made.shown for change in made.decision.changes):
        raise ValueError(f"releasing this alert would display nothing: it would be {_said(made.decision)}")
    write.execute(update(alerts).where(alerts.c.id == row["id"]).values(**handled))
    written = card_rows.apply(write, made.decision.changes, made.shown, row["chain_id"])
    outcomes.save(write, row["id"], made.decision, written.card_id)
    return made.decision


def _said(decision: Decision) -> str:
    return f"{decision.word} ({decision.reason})" if decision.reason else decision.word


def _why_not(row: RowMapping) -> str:
    return {
        "area": "it is not known where this alert is meant, so it cannot be displayed; ask its issuer for an Update",
        "sender": "this feed does not accept the sender; add it to the feed's senders, and submit the alert again",
        "signature": "the feed accepts only validly signed alerts; nobody can release another one",
        "cross_sender": "this alert speaks only of other senders' alerts; ask its issuer for an alert of its own",
        "withdrawn": "the card was withdrawn; `capgateway cards restore` makes a new one",
        "paused": "displays are paused; after `capgateway resume` it is displayed",
        "undecided": "a fault of the gateway kept this alert from being decided; it is decided again after an upgrade",
    }.get(row["reason"] or "", f"an alert that is quarantined for this reason ({row['reason']}) cannot be released")
