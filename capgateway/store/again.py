"""Alerts that are decided again: after a change of policy, an upgrade, or a fault of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from capgateway import cards as card_stage
from capgateway.cards import Decision, Display
from capgateway.store import chains, copies, held, outcomes
from capgateway.store.alerts import Intake, settled
from capgateway.store.records import Taken
from capgateway.store.tables import alerts, cards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.cards import Member, Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.held import Held
    from capgateway.store.write import Write


def take_again(write: Write, alert_id: str, arrival: Arrival, policy: Policy) -> Taken:
    """Decide a stored document that could not be read before; ``arrival`` is what it is read as now."""
    intake = Intake(write, [arrival], policy)
    taken = intake.watched(intake.take_again(alert_id, arrival), arrival)
    return settled([taken], intake.finish())[0]


def decide_again(write: Write, alert_id: str, policy: Policy) -> Taken:
    """Decide a stored alert anew, as after a change of policy or an upgrade, and write what follows from it. Where nothing
    changes the decision that stands keeps standing, unless there was none."""
    member, chain_id = chains.one(write.connection, alert_id)
    made = outcomes.outcome(write, member, [chain_id], policy, None)
    written = copies.apply(write, made, chain_id, policy)
    stood = write.execute(select(alerts.c.reason).where(alerts.c.id == alert_id)).scalar()
    if made.decision.changes or stood == "undecided":
        outcomes.save(write, alert_id, made.decision, written.card_id)
    taken = Taken(alert_id=alert_id, decision=made.decision, is_new=False, messages=written.messages, fault=made.fault)
    return settled([taken], _looked_at(write, member, made.decision, policy))[0]


def _looked_at(write: Write, member: Member, decision: Decision, policy: Policy) -> dict[str, Held]:
    """What becomes of take-downs that ended nothing, now that this was decided anew."""
    if card_stage.is_take_down(member.gist):
        is_quarantined = decision.word == "quarantined"
        return {member.alert_id: held.look(write, member.alert_id, policy)} if is_quarantined else {}
    if not any(isinstance(change, Display) for change in decision.changes):
        return {}
    earlier = held.of_senders(write, {member.gist.sender_key})
    return {alert_id: held.look(write, alert_id, policy, is_new=False) for alert_id in earlier}


def undecided(connection: Connection) -> list[tuple[str, bool]]:
    """Alerts that a fault of the gateway left undecided, the oldest first, and whether each takes part in a chain."""
    query = select(alerts.c.id, alerts.c.chain_id).where(alerts.c.reason == "undecided", alerts.c.original.is_not(None))
    return [
        (alert_id, chain_id is not None)
        for alert_id, chain_id in connection.execute(query.order_by(alerts.c.received_at))
    ]


def undecided_by_region(connection: Connection, now: datetime, since: datetime) -> list[str]:
    """Alerts that a change of the policy's regions may decide otherwise: the heads of live cards, and what was left
    out for its region but was received ``since`` then, so that it may still be live."""
    heads = select(cards.c.alert_id).where(cards.c.state != "ended", cards.c.expires_at > now)
    left_out = and_(alerts.c.reason.in_(["region", "left_region"]), alerts.c.received_at >= since)
    query = select(alerts.c.id).where(or_(alerts.c.id.in_(heads), left_out), alerts.c.chain_id.is_not(None))
    return list(connection.execute(query.order_by(alerts.c.sent_at)).scalars())
