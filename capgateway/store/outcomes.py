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
from capgateway.store.tables import alerts, corrections

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Row

    from capgateway.cards import Correction, Gist, Member, Policy
    from capgateway.store.write import Write

_TEXTS = select(alerts.c.draft, alerts.c.original).where(alerts.c.id == bindparam("alert"))

_CORRECTIONS = (
    select(corrections.c.pointer, corrections.c.value_sha256)
    .where(corrections.c.chain_id.in_(bindparam("chains", expanding=True)))
    .order_by(corrections.c.corrected_at, corrections.c.id)
)


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


def outcome(
    write: Write,
    arrived: Member,
    found: Collection[str],
    policy: Policy,
    draft: Draft | None,
    *,
    alert: cap.Alert | None = None,
    renewing: str | None = None,
    is_for_later: bool = False,
) -> Outcome:
    """Decide about an alert whose names belong to these chains, and make the cards that go on display. A fault of the gateway
    in either leaves the alert ``undecided``. The card ``renewing`` gets another revision although nothing new is
    said. ``alert`` is what arrived, where it is not stored yet. ``is_for_later``: in a pause, displays are written all the same, and sent when it is over."""
    try:
        situation = gather(write, arrived, found)
        if renewing:
            situation = _renewed(situation, renewing)
        decision = card_stage.decide(situation, policy)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it is: the alert is kept, its neighbours go on)
        return _undecided(error, "it was decided")
    if write.paused_since and not is_for_later:
        decision = _in_a_pause(arrived, decision)
    known = {member.alert_id: member for member in (*situation.chain, situation.arrived)}
    removed = _corrections(write, found) if decision.changes else ()
    shown: dict[str, Card] = {}
    for display in decision.changes:
        if isinstance(display, Display):
            member, is_arrived = known[display.alert_id], display.alert_id == situation.arrived.alert_id
            try:
                words = (draft if is_arrived else None) or _words(write, member, alert if is_arrived else None)
                if words is None:
                    return _instead(display, "erased")
                shown[display.card_id] = card_stage.convert(display, member, words, policy, removed)
            except Exception as error:  # noqa: BLE001
                if arrived.gist.msg_type != "Cancel":
                    return _undecided(error, "its card was made")
                fault = _undecided(error, "its card was made").fault  # what a Cancel ends is ended all the same
                return msgspec.structs.replace(_instead(display, "cancelled"), fault=fault)
    return Outcome(decision=decision, shown=shown)


def _words(write: Write, member: Member, alert: cap.Alert | None) -> Draft | None:
    """What a card of an alert would say that has no draft at hand: a stored one, or one that follows what a person published."""
    texts = write.execute(_TEXTS, {"alert": member.alert_id}).first()
    if texts is not None:
        return _draft_of(texts, member.gist)
    return card_stage.draft(alert, member.gist) if alert else None


def _renewed(situation: Situation, card_id: str) -> Situation:
    """The situation in which a card is shown nowhere, so that it is to be shown again."""
    states = (
        msgspec.structs.replace(state, target=()) if state.card_id == card_id else state for state in situation.cards
    )
    return msgspec.structs.replace(situation, cards=tuple(states))


def _in_a_pause(arrived: Member, decision: Decision) -> Decision:
    """What is done of a decision while displays are paused: what it ends is ended, and what it would display waits. What would
    make room for a display stays."""
    waiting = {one.alert_id for one in decision.changes if isinstance(one, Display) and one.state == "active"}
    if not waiting:
        return decision
    paused = Decision(word="quarantined", reason="paused")
    kept = tuple(
        one
        for one in decision.changes
        if (one.reason != "superseded" if isinstance(one, End) else one.state != "active")
    )
    ended = next((one.reason for one in kept if isinstance(one, End)), None)
    if ended:
        return Decision(word="ended", reason=ended, changes=kept)
    if arrived.alert_id in waiting:
        return msgspec.structs.replace(paused, changes=kept)
    if decision.word in ("published", "updated"):  # another alert than the one that came
        return Decision(word="unchanged", changes=kept)
    return msgspec.structs.replace(decision, changes=kept)


def _corrections(write: Write, found: Collection[str]) -> Sequence[Correction]:
    """What persons removed from cards of these chains, in that order."""
    rows = write.execute(_CORRECTIONS, {"chains": list(found)})
    return [card_stage.Correction(pointer=row.pointer, value_sha256=row.value_sha256) for row in rows]


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
