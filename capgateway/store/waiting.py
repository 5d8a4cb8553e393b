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

    from capgateway.cards import Decision, Member, Policy
    from capgateway.store.write import Write

_COPIES = select(*chains.MEMBER, alerts.c.msg_type).where(chains.IS_COPY)


def tell(write: Write, member: Member, decision: Decision, policy: Policy) -> int:
    """Tell operators of a quarantined alert that waits for a person, once for all copies of it that come the same way; how many
    messages that took."""
    if not _waits(write, member, decision, policy):
        return 0
    return operators.tell(write, "review_waiting", _said(member, decision, policy))


def _waits(write: Write, member: Member, decision: Decision, policy: Policy) -> bool:
    """Whether a person has to look at a quarantined alert: it may have to be displayed, and no usable copy is known."""
    if decision.reason != "review" and not card_stage.waits_for_a_person(member, policy, write.now):
        return False
    copies = write.execute(_COPIES, chains.copied(member)).mappings().all()
    return not any(_stands_for(copy, member, policy, write.now) for copy in copies)


def _stands_for(copy: RowMapping, member: Member, policy: Policy, now: datetime) -> bool:
    """Whether a copy under the same triple is what people see instead, or what operators were told of instead. One that
    was left out for what it says, or a stranger's, is not."""
    if copy["decision"] != "quarantined":
        return copy["msg_type"] in card_stage.STATEMENTS and copy["reason"] not in APART | NOT_SHOWN
    is_same_way = copy["feed"] == member.feed and copy["gist"] is not None
    return is_same_way and card_stage.waits_for_a_person(chains.member(copy), policy, now)


def _said(member: Member, decision: Decision, policy: Policy) -> OperatorData:
    """An alert that a person has to look at before anybody sees it."""
    exercise = "exercise." if member.is_exercise else ""
    return OperatorData(
        severity="warning" if decision.reason == "paused" else "critical",
        feed=member.feed,
        message_type=f"{exercise}card.published",
        since=member.received_at,
        advice=f"An alert of an enabled programme is in quarantine ({decision.reason}) and is not displayed. Read it with"
        f" `capgateway quarantine show {member.alert_id}`. {_advice(member, decision, policy)}",
    )


def _advice(member: Member, decision: Decision, policy: Policy) -> str:
    dismiss = f"`capgateway quarantine dismiss {member.alert_id} --reason TEXT`"
    if decision.reason == "paused":
        return "Displays are paused. After `capgateway resume` it is displayed, if it is still in force then."
    if decision.reason == "withdrawn":
        return (
            "A person withdrew the card of its case. To display the case again, run `capgateway cards restore CARD` for that"
            f" card; if it has to stay down, {dismiss}."
        )
    if decision.reason != "review":
        return (
            "Tell its issuer what is wrong. To display it as it is, run `capgateway alerts publish"
            f" {member.alert_id} --reason TEXT`; when it is settled, {dismiss}."
        )
    release = f"`capgateway quarantine release {member.alert_id} --reason TEXT`"
    found = policy.recognise(member.gist)
    rules = policy.of(found.programme.id if found else None)
    is_published = rules.review_default == "publish" and "drill" not in member.gist.doubts
    then = f" If nobody answers within {_minutes(rules)}, it is displayed." if is_published else ""
    return f"If it is right, run {release}; if it must not be displayed, {dismiss}.{then}"


def _minutes(rules: Policy) -> str:
    seconds = int(rules.review_timeout.total_seconds())
    return f"{seconds // 60} minutes" if seconds >= 2 * 60 else f"{seconds} seconds"
