"""Review: statements that wait for a person before they are displayed, and what is displayed because nobody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, exists, select, update

from capgateway.cards import Display
from capgateway.store import chains, copies, outcomes
from capgateway.store.tables import alerts, cards

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
    ~exists().where(cards.c.alert_id == alerts.c.id, cards.c.state == "waiting"),
)
"""Of an alert that is a copy a person decides in another way: by publishing it."""

_WAITING_IN = select(*chains.MEMBER).where(*_WAITS, alerts.c.chain_id == bindparam("chain"))


def unanswered(connection: Connection, patience: timedelta, at: datetime) -> list[str]:
    """Statements that have waited for review so long, the oldest first."""
    query = select(alerts.c.id).where(*_WAITS, alerts.c.decided_at <= at - patience)
    return list(connection.execute(query.order_by(alerts.c.decided_at, alerts.c.id)).scalars())


def clock_stepped(write: Write, by: timedelta) -> None:
    """The wall clock was set, forward by so much: what waits has waited no longer for that."""
    rows = write.execute(select(alerts.c.id, alerts.c.decided_at).where(*_WAITS)).all()
    for row in rows:
        write.execute(update(alerts).where(alerts.c.id == row.id).values(decided_at=row.decided_at + by))


def settle(write: Write, chain_id: str, policy: Policy) -> None:
    """Something of this chain was displayed or ended: what waits in it and could no longer be displayed waits for nobody."""
    for row in write.execute(_WAITING_IN, {"chain": chain_id}).mappings().all():
        made = outcomes.outcome(write, chains.member(row), [chain_id], policy, None)
        if made.decision.word == "ignored" and not made.decision.changes:
            outcomes.save(write, row["id"], made.decision, None)


def approve(write: Write, row: RowMapping, policy: Policy) -> Decision:
    """A person lets a statement be displayed. Raises ``ValueError`` where that displays nothing."""
    if row["reason"] not in RELEASABLE or not row["keyed"] or row["chain_id"] is None:
        raise ValueError(_why_not(row))
    handled = {"handled": "released", "handled_at": write.now}
    member = msgspec.structs.replace(chains.member(row), released_at=write.now)
    made = outcomes.outcome(write, member, [row["chain_id"]], policy, None)
    shown = [change.alert_id for change in made.decision.changes if isinstance(change, Display)]
    if _is_copy(write, row["id"]):
        raise ValueError(f"this alert is a copy; `capgateway alerts publish {row['id']} --reason TEXT` displays it")
    if made.fault or row["id"] not in shown:
        raise ValueError(f"releasing this alert would display nothing: it would be {_said(made.decision)}")
    write.execute(update(alerts).where(alerts.c.id == row["id"]).values(**handled))
    written = copies.apply(write, made, row["chain_id"], policy)
    outcomes.save(write, row["id"], made.decision, written.card_id)
    settle(write, row["chain_id"], policy)
    return made.decision


def _is_copy(write: Write, alert_id: str) -> bool:
    """Whether it waits as a copy of what was on display."""
    found = select(cards.c.id).where(cards.c.alert_id == alert_id, cards.c.state == "waiting")
    return write.execute(found.limit(1)).first() is not None


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
