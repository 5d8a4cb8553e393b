"""What a person does to a card: take it down, show it again, keep its data, confirm it. Each in one unit of work, together with
its entry in the audit trail. What cannot be done raises ``LookupError`` or ``ValueError`` with a sentence for that person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, or_, select, update

from capgateway.cards import Decision, Display, End
from capgateway.store import again, audit, chains, copies, gaps
from capgateway.store.outcomes import Outcome
from capgateway.store.tables import alerts, cards
from capgateway.store.tables import audit as audit_rows

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from capgateway.cards import Policy
    from capgateway.store.audit import Act
    from capgateway.store.write import Write

_ONE = select(cards).where(cards.c.id == bindparam("card"))
_SET = update(cards).where(cards.c.id == bindparam("card"))
_WITHDRAWN_BY_A_PERSON = select(audit_rows.c.id).where(
    audit_rows.c.card_id == bindparam("card"), audit_rows.c.action == "card.withdrawn"
)
_WAITING = (
    select(alerts.c.id)
    .where(
        alerts.c.chain_id == bindparam("chain"),
        alerts.c.decision == "quarantined",
        alerts.c.reason.in_(["withdrawn", "review"]),
        alerts.c.msg_type != "Cancel",
    )
    .order_by(alerts.c.sent_at.desc(), alerts.c.id)
)
_HAS_WORDS = select(alerts.c.id).where(
    alerts.c.id == bindparam("alert"), or_(alerts.c.draft.is_not(None), alerts.c.original.is_not(None))
)

_WHY_NOT = {
    "expired": "its time is over",
    "stale": "a Cancel or a later message of its issuer ended it meanwhile",
    "region": "it is meant for no region of the policy",
    "area": "its area is unknown",
    "no_programme": "its codes belong to no enabled programme",
    "withdrawn": "another card of its case was withdrawn",
    "erased": "its words are erased",
    "paused": "displays are paused; run `capgateway resume` first",
}


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """The card that took the place of a withdrawn one; ``state`` is ``linked`` where another card of its incident is displayed."""

    card_id: str
    state: str
    alert_id: str
    messages: int


def card(write: Write, card_id: str) -> RowMapping:
    """The row of a card. Raises ``LookupError`` where there is none."""
    row = write.execute(_ONE, {"card": card_id}).mappings().first()
    if row is None:
        raise LookupError(f"there is no card {card_id}")
    return row


def open_card(write: Write, card_id: str, what_for: str) -> RowMapping:
    """The row of a card that has not ended. Raises ``LookupError`` and ``ValueError``."""
    row = card(write, card_id)
    if row["state"] == "ended":
        raise ValueError(f"the card {card_id} has ended ({row['end_reason']}): there is nothing to {what_for}")
    return row


def why_not(reason: str | None) -> str:
    """Why nothing is displayed, in words."""
    return _WHY_NOT.get(reason or "", f"the decision is {reason}" if reason else "the issuer ended it meanwhile")


def withdraw(write: Write, card_id: str, policy: Policy, act: Act) -> int:
    """Take a card down. What its issuer says later is quarantined, until a person restores the card; how many messages that
    took."""
    row = open_card(write, card_id, "withdraw")
    end = End(card_id=card_id, revision=row["revision"] + 1, reason="withdrawn")
    ended = Outcome(decision=Decision(word="ended", reason="withdrawn", changes=(end,)))
    written = copies.apply(write, ended, row["chain_id"], policy)
    audit.record(write, act, "card.withdrawn", card_id=card_id, alert_id=row["alert_id"])
    return written.messages


def restore(write: Write, card_id: str, policy: Policy, act: Act) -> Restored:
    """Show again what a person withdrew, as a new card: the latest that its issuer said, by the ordinary decision."""
    row = card(write, card_id)
    _check_restorable(write, row)
    write.execute(_SET.values(restored_at=write.now), {"card": card_id})
    waiting = list(write.execute(_WAITING, {"chain": row["chain_id"]}).scalars())
    taken = [again.decide_again(write, alert_id, policy) for alert_id in dict.fromkeys([*waiting, row["alert_id"]])]
    shown = [change for one in taken for change in one.decision.changes if isinstance(change, Display)]
    if not shown:
        raise ValueError(f"the card {card_id} cannot be restored: {why_not(taken[-1].decision.reason)}")
    new = shown[0]
    if new.state == "waiting":
        new, messages = _answered(write, new, policy)
    else:
        messages = sum(one.messages for one in taken)
    detail = {"new_card": new.card_id}
    audit.record(write, act, "card.restored", card_id=card_id, alert_id=new.alert_id, detail=detail)
    return Restored(card_id=new.card_id, state=new.state, alert_id=new.alert_id, messages=messages)


def _answered(write: Write, waiting: Display, policy: Policy) -> tuple[Display, int]:
    """After a withdrawal the cards of its incident wait for a person to say whether the case goes on. Who restores one has said
    so: it is displayed."""
    approved = {"handled": "released", "handled_at": write.now}
    write.execute(update(alerts).where(alerts.c.id == waiting.alert_id).values(approved))
    taken = again.decide_again(write, waiting.alert_id, policy, anew=frozenset({waiting.card_id}))
    found = [one for one in taken.decision.changes if isinstance(one, Display) and one.state != "waiting"]
    if not found:
        raise ValueError(f"the alert {waiting.alert_id} cannot be displayed again: {why_not(taken.decision.reason)}")
    return found[0], taken.messages


def hold(write: Write, card_id: str, act: Act) -> None:
    """Keep the data of a card beyond the retention."""
    row = card(write, card_id)
    if row["erased_at"]:
        raise ValueError(f"the data of the card {card_id} is erased: there is nothing to hold")
    if row["held_at"]:
        raise ValueError(f"the card {card_id} is held already, since {row['held_at']:%Y-%m-%d %H:%M:%SZ}")
    write.execute(_SET.values(held_at=write.now), {"card": card_id})
    audit.record(write, act, "card.held", card_id=card_id)


def lift(write: Write, card_id: str, act: Act) -> None:
    """Let the retention count again for a card that is held."""
    if not card(write, card_id)["held_at"]:
        raise ValueError(f"the card {card_id} is not held: there is nothing to lift")
    write.execute(_SET.values(held_at=None), {"card": card_id})
    audit.record(write, act, "card.hold_lifted", card_id=card_id)


def verify(write: Write, card_id: str, act: Act) -> None:
    """Confirm that a card on display is still true."""
    row = open_card(write, card_id, "verify")
    if not gaps.verify(write, card_id):
        raise ValueError(f"the card {card_id} is not on display ({row['state']}): there is nothing to verify")
    audit.record(write, act, "card.verified", card_id=card_id)


def _check_restorable(write: Write, row: RowMapping) -> None:
    card_id = row["id"]
    if row["state"] != "ended":
        raise ValueError(f"the card {card_id} has not ended ({row['state']}): there is nothing to restore")
    by_a_person = write.execute(_WITHDRAWN_BY_A_PERSON, {"card": card_id}).first() is not None
    if row["end_reason"] != "withdrawn" or not by_a_person:
        raise ValueError(
            f"the card {card_id} was not withdrawn by a person, it ended as {row['end_reason']}: only what a person withdrew"
            " can be restored"
        )
    if row["restored_at"]:
        raise ValueError(f"the card {card_id} was restored already, at {row['restored_at']:%Y-%m-%d %H:%M:%SZ}")
    if row["erased_at"] or write.execute(_HAS_WORDS, {"alert": row["alert_id"]}).first() is None:
        raise ValueError(f"the card {card_id} cannot be restored: its words are erased")
    if write.paused_since:
        raise ValueError(f"the card {card_id} cannot be restored: {why_not('paused')}")
    if any(
        one.is_open
        for one in chains.card_states(write.connection, [row["chain_id"]])
        if one.alert_id == row["alert_id"]
    ):
        raise ValueError(f"the card {card_id} cannot be restored: another card displays its alert already")
