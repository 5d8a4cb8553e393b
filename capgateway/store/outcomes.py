"""What becomes of one member of a chain: the chain is gathered, the decision made, and the cards that go on display with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from capgateway import cards as card_stage
from capgateway.cards import Card, Decision, Display, Draft, End, EndReason, Situation
from capgateway.store import chains
from capgateway.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Collection

    from capgateway.cards import Member, Policy
    from capgateway.store.write import Write

_DRAFT = select(alerts.c.draft).where(alerts.c.id == bindparam("alert"))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with the cards that it puts on display, by their ids; ``fault`` is the gateway's own."""

    decision: Decision
    shown: dict[str, Card] = {}
    fault: str | None = None


def gather(write: Write, arrived: Member, found: Collection[str]) -> Situation:
    """The situation of an alert whose names belong to these chains."""
    if not found:
        return Situation(arrived=arrived, now=write.now, deployment=write.deployment)
    connection = write.connection
    states = chains.card_states(connection, found)
    heads = [state.alert_id for state in states if state.active]
    return Situation(
        arrived=arrived,
        chain=chains.members(connection, found, but=arrived.alert_id, heads=heads),
        cards=states,
        now=write.now,
        deployment=write.deployment,
    )


def outcome(write: Write, arrived: Member, found: Collection[str], policy: Policy, draft: Draft | None) -> Outcome:
    """Decide about an alert whose names belong to these chains, and make the cards that go on display. A fault of the gateway
    in either leaves the alert ``undecided``."""
    try:
        situation = gather(write, arrived, found)
        decision = card_stage.decide(situation, policy)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it is: the alert is kept, its neighbours go on)
        return _undecided(error, "it was decided")
    known = {member.alert_id: member for member in (*situation.chain, situation.arrived)}
    shown: dict[str, Card] = {}
    for display in decision.changes:
        if isinstance(display, Display):
            is_arrived = display.alert_id == situation.arrived.alert_id
            text = draft if is_arrived and draft else _stored_draft(write, display.alert_id)
            if text is None:
                return _instead(display, "erased")
            try:
                words = msgspec.json.decode(text, type=Draft) if isinstance(text, str) else text
                shown[display.card_id] = card_stage.convert(display, known[display.alert_id], words, policy)
            except Exception as error:  # noqa: BLE001
                if arrived.gist.msg_type != "Cancel":
                    return _undecided(error, "its card was made")
                fault = _undecided(error, "its card was made").fault  # what a Cancel ends is ended all the same
                return msgspec.structs.replace(_instead(display, "cancelled"), fault=fault)
    return Outcome(decision=decision, shown=shown)


def _instead(display: Display, reason: EndReason) -> Outcome:
    """What is decided where a display cannot be made: nothing, or the end of the card that it was to change."""
    if display.revision == 1:
        return Outcome(decision=Decision(word="ignored", reason="erased"))
    end = End(card_id=display.card_id, revision=display.revision, reason=reason)
    return Outcome(decision=Decision(word="ended", reason=reason, changes=(end,)))


def _undecided(error: Exception, when: str) -> Outcome:
    """No word of the error itself: it may quote the alert."""
    return Outcome(
        decision=Decision(word="quarantined", reason="undecided"), fault=f"{type(error).__name__} while {when}"
    )


def save(write: Write, alert_id: str, decision: Decision, card_id: str | None) -> None:
    """Store what was decided about an alert that is stored already."""
    made = {"decision": decision.word, "reason": decision.reason, "decided_at": write.now, "card_id": card_id}
    write.execute(update(alerts).where(alerts.c.id == alert_id).values(**made))


def _stored_draft(write: Write, alert_id: str) -> str | None:
    found: str | None = write.execute(_DRAFT, {"alert": alert_id}).scalar()
    return found
