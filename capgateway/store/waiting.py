"""Alerts in quarantine that would be on display if a person let them: nobody sees them, so operators have to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from capgateway import cards as card_stage
from capgateway.store import chains, operators
from capgateway.store.reasons import APART, NOT_SHOWN
from capgateway.store.tables import alerts
from capgateway.webhooks import OperatorData

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping

    from capgateway.cards import Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.records import Taken
    from capgateway.store.write import Write

_COPIES = select(*chains.MEMBER, alerts.c.msg_type).where(chains.IS_COPY)


def tell(write: Write, arrival: Arrival, taken: Taken, policy: Policy) -> int:
    """Tell operators of a quarantined alert that waits for a person, once for all copies of it that come the same way; how many
    messages that took."""
    return (
        operators.tell(write, "review_waiting", _said(arrival, taken)) if _waits(write, arrival, taken, policy) else 0
    )


def _waits(write: Write, arrival: Arrival, taken: Taken, policy: Policy) -> bool:
    """Whether a person has to look at a quarantined alert: it may have to be displayed, and no usable copy is known."""
    member = arrival.member(taken.alert_id)
    if not card_stage.waits_for_a_person(member, policy, write.now):
        return False
    copies = write.execute(_COPIES, chains.copied(member)).mappings().all()
    return not any(_stands_for(copy, arrival, policy, write.now) for copy in copies)


def _stands_for(copy: RowMapping, arrival: Arrival, policy: Policy, now: datetime) -> bool:
    """Whether a copy under the same triple is what people see instead, or what operators were told of instead. One that
    was left out for what it says, or a stranger's, is not."""
    if copy["decision"] != "quarantined":
        return copy["msg_type"] in card_stage.STATEMENTS and copy["reason"] not in APART | NOT_SHOWN
    is_same_way = copy["feed"] == arrival.feed and copy["gist"] is not None
    return is_same_way and card_stage.waits_for_a_person(chains.member(copy), policy, now)


def _said(arrival: Arrival, taken: Taken) -> OperatorData:
    """An alert that a person has to look at before anybody sees it."""
    return OperatorData(
        severity="warning" if taken.decision.reason == "paused" else "critical",
        feed=arrival.feed,
        message_type="card.published",
        since=arrival.received_at,
        advice=_advice(taken),
    )


def _advice(taken: Taken) -> str:
    """What to do about it. What a person caused is for that person to lift."""
    shown = f"Read it with `capgateway quarantine show {taken.alert_id}`"
    dismiss = f"`capgateway quarantine dismiss {taken.alert_id} --reason TEXT`"
    if taken.decision.reason == "paused":
        return (
            f"An alert of an enabled programme came while displays are paused. {shown}. It is displayed after `capgateway"
            " resume`, if it is still in force then."
        )
    if taken.decision.reason == "withdrawn":
        return (
            "An alert of an enabled programme belongs to a case whose card was withdrawn, and is not displayed."
            f" {shown}. To display the case again, run `capgateway cards restore CARD` for the withdrawn card; if it has to"
            f" stay down, {dismiss}."
        )
    return (
        f"An alert of an enabled programme is in quarantine ({taken.decision.reason}) and is not displayed. {shown}, and tell"
        f" its issuer what is wrong. To display it as it is, run `capgateway alerts publish {taken.alert_id} --reason TEXT`;"
        f" when it is settled, {dismiss}."
    )
