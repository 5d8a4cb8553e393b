"""What becomes of one member of a chain: the chain is gathered, the decision made, and the cards that go on display with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from capgateway import cap
from capgateway import cards as card_stage
from capgateway.cards import Card, Decision, Display, Draft, End, EndReason, Situation
from capgateway.store import chains
from capgateway.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Row

    from capgateway.cards import Gist, Member, Policy
    from capgateway.store.write import Write

_TEXTS = select(alerts.c.draft, alerts.c.original).where(alerts.c.id == bindparam("alert"))


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
            member, is_arrived = known[display.alert_id], display.alert_id == situation.arrived.alert_id
            texts = None if is_arrived and draft else write.execute(_TEXTS, {"alert": display.alert_id}).first()
            try:
                words = draft if texts is None else _draft_of(texts, member.gist)
                if words is None:
                    return _instead(display, "erased")
                shown[display.card_id] = card_stage.convert(display, member, words, policy)
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


def _draft_of(texts: Row[Any], gist: Gist) -> Draft | None:
    """What a card of a stored alert would say; ``None`` once that is erased. Of an alert whose programme was enabled later the
    draft is made only now."""
    if texts.draft is not None:
        return msgspec.json.decode(texts.draft, type=Draft)
    alert = cap.parse(texts.original).alert if texts.original is not None else None
    return card_stage.draft(alert, gist) if alert else None
