"""What becomes of one member of a chain: the chain is gathered, the decision made, and the cards that go on display with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DBAPIError

from capgateway import cards as card_stage
from capgateway.cards import Card, Decision, Display, Draft, End, EndReason, Situation, Traits
from capgateway.store import chains, incidents, media_rows
from capgateway.store.tables import alerts, corrections

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from capgateway import cap
    from capgateway.cards import Correction, Member, Policy
    from capgateway.store.media_rows import Entry
    from capgateway.store.write import Write

_CORRECTIONS = (
    select(corrections.c.pointer, corrections.c.value_sha256)
    .where(corrections.c.chain_id.in_(bindparam("chains", expanding=True)))
    .order_by(corrections.c.corrected_at, corrections.c.id)
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with the cards that it displays or keeps as copies and their pictures, by their ids, and the traits by which
    alerts are to be found, by theirs; ``fault`` is the gateway's own."""

    decision: Decision
    shown: dict[str, Card] = {}
    pictures: dict[str, tuple[Entry, ...]] = {}
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
    alert: cap.Alert | None = None,
    anew: frozenset[str] = frozenset(),
    is_for_later: bool = False,
) -> Outcome:
    """Decide about an alert whose names belong to these chains, and make the cards that go on display. A fault of the gateway
    in either leaves the alert ``undecided``. ``alert`` is what arrived, where it is not stored yet. The cards of ``anew`` get
    another revision although nothing new is said. ``is_for_later``: in a pause, displays are written all the same, and sent when
    it is over."""
    try:
        situation = gather(write, arrived, found, anew=anew)
        decision = card_stage.decide(situation, policy)
        drafts = _drafts(write, situation, decision, draft, alert)
        settled = _by(incidents.settle(write, situation, decision, drafts, policy), situation)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it is: the alert is kept, its neighbours go on)
        return _undecided(error, "it was decided")
    if write.paused_since and not is_for_later:
        settled = _in_a_pause(arrived, settled)
    known = situation.members
    removed = _corrections(write, found) if settled.changes else ()
    shown: dict[str, Card] = {}
    pictures: dict[str, tuple[Entry, ...]] = {}
    for display in settled.changes:
        if isinstance(display, Display):
            if (words := drafts.get(display.alert_id)) is None:
                return _instead(display, "erased")
            try:
                member = known[display.alert_id]
                facts = policy.of(display.programme).facts
                entries = media_rows.look(write, display.card_id, member.feed, words, policy, facts, found)
                ready = [entry.ready for entry in entries if entry.ready]
                card = card_stage.convert(display, member, words, policy, removed, ready)
                shown[display.card_id] = card
                pictures[display.card_id] = media_rows.without_removed(entries, card)
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001
                if arrived.gist.msg_type != "Cancel":
                    return _undecided(error, "its card was made")
                fault = _undecided(error, "its card was made").fault  # what a Cancel ends is ended all the same
                return msgspec.structs.replace(_instead(display, "cancelled", arrived.alert_id), fault=fault)
    return Outcome(
        decision=settled, shown=shown, pictures=pictures, traits=_traits(situation, decision, settled, drafts)
    )


def _drafts(
    write: Write, situation: Situation, decision: Decision, draft: Draft | None, alert: cap.Alert | None
) -> dict[str, Draft]:
    """The drafts of what is to be displayed, and of the arrived alert, where they are not erased. One that follows what a
    person published has none, so it is made now."""
    arrived = situation.arrived
    found = {arrived.alert_id: draft} if draft else {}
    wanted = {change.alert_id for change in decision.changes if isinstance(change, Display)}
    if card_stage.was_cancelled_unseen(decision, situation):
        wanted.add(arrived.alert_id)
    known = situation.members
    for alert_id in wanted - found.keys():
        if stored := incidents.stored_draft(write, known[alert_id]):
            found[alert_id] = stored
        elif alert and alert_id == arrived.alert_id and arrived.gist.msg_type != "Cancel":
            found[alert_id] = card_stage.draft(alert, arrived.gist)
    return found


def _traits(situation: Situation, decision: Decision, settled: Decision, drafts: dict[str, Draft]) -> dict[str, Traits]:
    """By what those are found that are on display or a copy of it, or were cancelled before anybody saw them."""
    kept = {change.alert_id for change in settled.changes if isinstance(change, Display)}
    if card_stage.was_cancelled_unseen(decision, situation):
        kept.add(situation.arrived.alert_id)
    return {alert_id: drafts[alert_id].traits for alert_id in kept if alert_id in drafts}


def _by(decision: Decision, situation: Situation) -> Decision:
    """The decision, with the alert that arrived in each end that is its word. What is decided anew, as after a change of policy, is
    what a card displays."""
    arrived = situation.arrived.alert_id
    anew = {card.card_id for card in situation.cards if card.alert_id == arrived}
    changes = tuple(
        msgspec.structs.replace(one, by=arrived) if isinstance(one, End) and one.card_id not in anew else one
        for one in decision.changes
    )
    return msgspec.structs.replace(decision, changes=changes)


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


def _instead(display: Display, reason: EndReason, by: str | None = None) -> Outcome:
    """What is decided where a display cannot be made: nothing, or the end of the card that it was to change."""
    if display.revision == 1:
        return Outcome(decision=Decision(word="ignored", reason="erased"))
    end = End(card_id=display.card_id, revision=display.revision, reason=reason, by=by)
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
