"""Alerts that are decided again: after a change of policy, an upgrade, or a fault of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import and_, bindparam, or_, select

from capgateway import cards as card_stage
from capgateway.cards import Decision, Display
from capgateway.store import chains, copies, held, outcomes, review, waiting
from capgateway.store.alerts import Intake, settled
from capgateway.store.records import Taken
from capgateway.store.tables import alerts, cards, gateway

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.sql.elements import ColumnElement

    from capgateway.cards import Member, Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.held import Held
    from capgateway.store.write import Write

FOR_LATER = frozenset({"undecided", "paused", "withdrawn"})
"""Reasons that hold until the gateway is mended, the pause is over, or a person lifts the withdrawal."""
BY_POLICY = frozenset({"region", "no_programme", "review"})
"""Reasons that are the policy's: under another one they may be others."""
_STOOD = select(alerts.c.decision, alerts.c.reason).where(alerts.c.id == bindparam("alert"))
_MAY_BE_SHOWN = or_(
    and_(
        alerts.c.decision == "ended", alerts.c.reason == "withdrawn"
    ),  # by the policy; a person's withdrawal is sticky
    and_(alerts.c.decision == "quarantined", alerts.c.reason == "review", alerts.c.handled.is_(None)),
)


def adopt(write: Write, alert_id: str, arrival: Arrival, policy: Policy) -> None:
    """Let an alert take part in its chain that was kept out of it for the way it came. Raises ``ValueError`` where the same
    alert came another way as well."""
    Intake(write, [usable := msgspec.structs.replace(arrival, gate=None)], policy).adopt(alert_id, usable)


def take_again(write: Write, alert_id: str, arrival: Arrival, policy: Policy) -> Taken:
    """Decide a stored document that could not be read before; ``arrival`` is what it is read as now."""
    intake = Intake(write, [arrival], policy)
    taken = intake.watched(intake.take_again(alert_id, arrival), arrival)
    return settled([taken], intake.finish())[0]


def decide_again(
    write: Write,
    alert_id: str,
    policy: Policy,
    *,
    is_for_later: bool = False,
    anew: frozenset[str] = frozenset(),
) -> Taken:
    """Decide a stored alert anew, as after a change of policy, an upgrade or an act of a person, and write what follows from
    it. Where nothing changes the decision that stands keeps standing, unless it was for later, or another configuration made
    it. ``is_for_later``: in a pause, write displays all the same. The cards of ``anew`` get another revision."""
    member, chain_id = chains.one(write.connection, alert_id)
    stood = write.execute(_STOOD, {"alert": alert_id}).one()
    made = outcomes.outcome(write, member, [chain_id], policy, None, anew=anew, is_for_later=is_for_later)
    written = copies.apply(write, made, chain_id, policy)
    is_other = (made.decision.word, made.decision.reason) != (stood.decision, stood.reason)
    is_news = is_other and stood.reason in BY_POLICY and made.decision.word in ("quarantined", "ignored")
    is_news = is_news and made.decision.reason != "paused"
    is_paused = made.decision.reason == "paused" and stood.reason != "review"  # a review goes on after the pause
    if made.decision.changes or is_news or is_paused or stood.reason in FOR_LATER:
        outcomes.save(write, alert_id, made.decision, written.card_id)
    if made.decision.changes:
        review.settle(write, chain_id, policy)
    told = waiting.tell(write, member, made.decision, policy) if is_news and _waits(made.decision) else 0
    taken = Taken(
        alert_id=alert_id,
        decision=made.decision,
        is_new=False,
        messages=written.messages + told,
        fault=made.fault,
    )
    return settled([taken], _looked_at(write, member, made.decision, policy))[0]


def _waits(decision: Decision) -> bool:
    return decision.word == "quarantined" and not decision.changes


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


def left_behind(connection: Connection) -> list[str]:
    """Alerts that still wait for the end of a pause that is over: the gateway was stopped while it decided them."""
    over = select(gateway.c.id).where(gateway.c.paused_since.is_(None)).exists()
    query = select(alerts.c.id).where(alerts.c.reason == "paused", alerts.c.chain_id.is_not(None), over)
    return list(connection.execute(query.order_by(alerts.c.sent_at.desc(), alerts.c.id)).scalars())


def left_by_a_pause(connection: Connection, since: datetime) -> list[str]:
    """Alerts that a pause, which began then, may have kept from being displayed, the newest first: what was to be displayed,
    and what came meanwhile and let another alert be displayed."""
    came = and_(
        alerts.c.received_at >= since,
        or_(alerts.c.decision.in_(["unchanged", "ended"]), alerts.c.reason == "stale"),
    )
    query = select(alerts.c.id).where(or_(alerts.c.reason == "paused", came), alerts.c.chain_id.is_not(None))
    return list(connection.execute(query.order_by(alerts.c.sent_at.desc(), alerts.c.id)).scalars())


def undecided_by_policy(connection: Connection, now: datetime, policy: Policy) -> list[str]:
    """Alerts that another policy may decide otherwise: the heads of live cards; and what was left out, or waits, for its
    region, its programme or a review, and was received so lately that it may still be live."""
    heads = select(cards.c.alert_id).where(cards.c.state != "ended", cards.c.expires_at > now)
    left_out = alerts.c.reason.in_(["region", "left_region"]) | _MAY_BE_SHOWN
    foreign = and_(alerts.c.reason == "no_programme", or_(*_of_programmes(policy)))
    is_late = alerts.c.received_at >= now - policy.longest
    query = select(alerts.c.id).where(
        or_(alerts.c.id.in_(heads), and_(or_(left_out, foreign), is_late)), alerts.c.chain_id.is_not(None)
    )
    return list(connection.execute(query.order_by(alerts.c.sent_at)).scalars())


def _of_programmes(policy: Policy) -> list[ColumnElement[bool]]:
    """Whether a gist may have a code, or said a phrase, of an enabled programme. A feed may bring thousands of storms a day, and
    none of them is worth deciding again."""
    codes = {code for programme in policy.programmes for code in programme.codes}
    marks = [f'["{code.scheme}","{code.value}"]' for code in codes]
    return [alerts.c.gist.contains(mark, autoescape=True) for mark in (*sorted(marks), '"said":[')]
