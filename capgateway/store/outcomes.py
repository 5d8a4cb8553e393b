"""What becomes of one member of a chain: the chain is gathered, the decision made, and the cards that go on display with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from capgateway import cards as card_stage
from capgateway.cards import Card, Decision, Display, Draft, End, EndReason, Situation, Traits
from capgateway.store import chains, incidents
from capgateway.store.tables import alerts

if TYPE_CHECKING:
    from collections.abc import Collection

    from capgateway.cards import Member, Policy
    from capgateway.store.write import Write


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with the cards that it displays or keeps as copies, by their ids, and the traits by which alerts are to be
    found, by theirs; ``fault`` is the gateway's own."""

    decision: Decision
    shown: dict[str, Card] = {}
    traits: dict[str, Traits] = {}
    fault: str | None = None


def gather(write: Write, arrived: Member, found: Collection[str], *, anew: frozenset[str] = frozenset()) -> Situation:
    """The situation of an alert whose names belong to these chains. The cards of ``anew`` find their place again."""
    if not found:
        return Situation(arrived=arrived, now=write.now, deployment=write.deployment)
    connection = write.connection
    states = chains.card_states(connection, found)
    heads = [state.alert_id for state in states if state.is_open]
    return Situation(
        arrived=arrived,
        chain=chains.members(connection, found, but=arrived.alert_id, heads=heads),
        cards=states,
        now=write.now,
        deployment=write.deployment,
        anew=anew,
    )


def outcome(
    write: Write,
    arrived: Member,
    found: Collection[str],
    policy: Policy,
    draft: Draft | None,
    *,
    anew: frozenset[str] = frozenset(),
) -> Outcome:
    """Decide about an alert whose names belong to these chains, and make the cards that go on display. A fault of the gateway
    in either leaves the alert ``undecided``."""
    try:
        situation = gather(write, arrived, found, anew=anew)
        decision = card_stage.decide(situation, policy)
        drafts = _drafts(write, situation, decision, draft)
        settled = incidents.settle(write, situation, decision, drafts, policy)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it is: the alert is kept, its neighbours go on)
        return _undecided(error, "it was decided")
    known = {member.alert_id: member for member in (*situation.chain, situation.arrived)}
    shown: dict[str, Card] = {}
    for display in settled.changes:
        if isinstance(display, Display):
            if (words := drafts.get(display.alert_id)) is None:
                return _instead(display, "erased")
            try:
                shown[display.card_id] = card_stage.convert(display, known[display.alert_id], words, policy)
            except Exception as error:  # noqa: BLE001
                if arrived.gist.msg_type != "Cancel":
                    return _undecided(error, "its card was made")
                fault = _undecided(error, "its card was made").fault  # what a Cancel ends is ended all the same
                return msgspec.structs.replace(_instead(display, "cancelled"), fault=fault)
    return Outcome(decision=settled, shown=shown, traits=_traits(situation, decision, settled, drafts))


def _drafts(write: Write, situation: Situation, decision: Decision, draft: Draft | None) -> dict[str, Draft]:
    """The drafts of what is to be displayed, and of the arrived alert, where they are not erased."""
    found = {situation.arrived.alert_id: draft} if draft else {}
    wanted = {change.alert_id for change in decision.changes if isinstance(change, Display)}
    if card_stage.was_cancelled_unseen(decision, situation):
        wanted.add(situation.arrived.alert_id)
    for alert_id in wanted - found.keys():
        if stored := incidents.stored_draft(write, alert_id):
            found[alert_id] = stored
    return found


def _traits(situation: Situation, decision: Decision, settled: Decision, drafts: dict[str, Draft]) -> dict[str, Traits]:
    """By what those are found that are on display or a copy of it, or were cancelled before anybody saw them."""
    kept = {change.alert_id for change in settled.changes if isinstance(change, Display)}
    if card_stage.was_cancelled_unseen(decision, situation):
        kept.add(situation.arrived.alert_id)
    return {alert_id: drafts[alert_id].traits for alert_id in kept if alert_id in drafts}


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
