"""Alerts: one unit of work takes documents in, finds their chains, decides, and writes what follows.

::

    arrivals ─▶ known? ─▶ gather: the chain's gists and cards ─▶ decide ─▶ rows, messages, lanes
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import RowMapping, and_, bindparam, delete, or_, select, update
from sqlalchemy.exc import DBAPIError

from capgateway import cards as card_stage
from capgateway import ids
from capgateway.cards import Card, Decision, Display, Draft, End, EndReason, Gist, Situation
from capgateway.store import arrivals as rows
from capgateway.store import cards as card_rows
from capgateway.store import chains, feeds, gaps
from capgateway.store.chains import Ledger
from capgateway.store.dialect import upsert
from capgateway.store.records import Taken, TakenEntry
from capgateway.store.tables import alerts, card_revisions, cards, sightings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.cards import Member, Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.write import Write

#: Why an alert takes no part in any chain: it is not said to the public.
_APART = frozenset({"status", "scope", "blocked"})
#: Why an alert that takes part is not shown, for what it says itself.
_NOT_SHOWN = frozenset({"no_programme", "expired", "area", "region", "jurisdiction", "sender", "signature"})
#: Why it may not say what it says, for the way it came.
_BARRED = frozenset({"jurisdiction", "sender", "signature"})
#: What follows from a document, as opposed to what it contains.
_DECIDED = frozenset({"id", "decision", "reason", "decided_at", "card_id", "handled", "handled_at"})

_KNOWN = select(
    *(
        alerts.c[name]
        for name in [
            "id",
            "identity",
            "feed",
            "sha256",
            "content_sha256",
            "received_at",
            "status",
            "msg_type",
            "signature",
            "reason",
            "gist",
            "chain_id",
            "card_id",
        ]
    )
)
_BY_IDENTITY = _KNOWN.where(alerts.c.identity.in_(bindparam("identities", expanding=True)))
_DRAFT = select(alerts.c.draft).where(alerts.c.id == bindparam("alert"))
_DECIDE = update(alerts).where(alerts.c.id == bindparam("alert"))


Row = Mapping[str, Any] | RowMapping
"""What is known of a stored alert: a row as it was read, or as it was just written."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with the cards that it puts on display, by their ids; ``fault`` is the gateway's own."""

    decision: Decision
    shown: dict[str, Card] = {}
    fault: str | None = None


class Intake:
    """The documents of one unit of work, and what the store knows of them."""

    def __init__(self, write: Write, arrivals: Sequence[Arrival], policy: Policy) -> None:
        self.write, self.policy = write, policy
        self.known: dict[str, Row] = {}
        identities = [arrival.identity for arrival in arrivals]
        for start in range(0, len(identities), chains.NAMES_AT_ONCE):
            some = identities[start : start + chains.NAMES_AT_ONCE]
            found = write.execute(_BY_IDENTITY, {"identities": some}).mappings()
            self.known.update({row["identity"]: row for row in found})
        self.ledger = Ledger(write, (one.names for one in arrivals if one.gate is None))

    def take(self, arrival: Arrival) -> Taken:
        """Take one document in. Doing so twice is the same as once: the second time it is ``unchanged``."""
        known = self.known.get(arrival.identity)
        if known is None:
            return self._take_new(arrival, arrival.identity)
        if arrival.gate is None and _conflicts(known, arrival):
            if not self._gives_way(known, arrival):
                return self._take_conflict(arrival)
            _set_aside(self.write, known)
            return self._take_better(known, arrival)
        if self._deserves_better(known, arrival):
            _see(self.write, known["id"], known)
            return self._take_better(known, arrival)
        _see_again(self.write, known, arrival)
        return Taken(alert_id=known["id"], decision=Decision(word="unchanged"), is_new=False)

    def take_again(self, alert_id: str, arrival: Arrival) -> Taken:
        """Decide a stored document that a fault of the gateway kept from being read, now that it can be. What came in
        under its name meanwhile stays; then this one changes nothing."""
        known = self.known.get(arrival.identity)
        if known is not None and known["id"] != alert_id:
            decision = Decision(word="unchanged")
            _save_decision(self.write, alert_id, decision, None)
            return Taken(alert_id=alert_id, decision=decision, is_new=False)
        if arrival.gate is not None:
            decision = Decision(word="quarantined", reason=arrival.gate)
            self._rewrite(alert_id, arrival, arrival.identity, None)
            _save_decision(self.write, alert_id, decision, None)
            return Taken(alert_id=alert_id, decision=decision, is_new=False, fault=arrival.fault)
        return self._take_better({"id": alert_id, "identity": arrival.identity}, arrival)

    def _take_new(self, arrival: Arrival, identity: str) -> Taken:
        alert_id = ids.from_digest("alt", bytes.fromhex(identity))
        if arrival.gate is not None:
            outcome, chain_id = Outcome(decision=Decision(word="quarantined", reason=arrival.gate)), None
        else:
            member = arrival.member(alert_id)
            outcome, chain_id = self._outcome(arrival, member), self.ledger.tie(alert_id, arrival.names)
        decision = outcome.decision
        card_id = decision.changes[0].card_id if decision.changes else None
        place = {"identity": identity, "decided_at": self.write.now, "chain_id": chain_id, "card_id": card_id}
        row = rows.row(arrival, alert_id, decision, **place)
        self.write.add(alerts, row)
        self.known[identity] = row
        written = card_rows.apply(self.write, decision.changes, outcome.shown, chain_id or "")
        if written.card_id != card_id:
            _save_decision(self.write, alert_id, decision, written.card_id)
        return Taken(
            alert_id=alert_id,
            decision=decision,
            is_new=True,
            messages=written.messages,
            fault=outcome.fault or arrival.fault,
        )

    def _outcome(self, arrival: Arrival, member: Member) -> Outcome:
        """What becomes of an alert that is not stored yet, or not in this form."""
        found = self.ledger.chains_of(arrival.names)
        made = outcome(self.write, member, found, self.policy, arrival.draft)
        if arrival.held_back is None or made.decision.word == "ended":
            return made
        return Outcome(decision=Decision(word="quarantined", reason=arrival.held_back), fault=made.fault)

    def _take_conflict(self, arrival: Arrival) -> Taken:
        """The triple is another content's: this one is held back under the hash of its bytes."""
        held = msgspec.structs.replace(arrival, gate="conflict")
        known = self.write.execute(_BY_IDENTITY, {"identities": [held.identity]}).mappings().first()
        if known is None:
            return self._take_new(held, held.identity)
        _see_again(self.write, known, held)
        return Taken(alert_id=known["id"], decision=Decision(word="unchanged"), is_new=False)

    def _deserves_better(self, known: Row, arrival: Arrival) -> bool:
        """Whether the alert was refused for the way it came, and now comes another way: through a feed that may speak for
        its area or about the card, validly signed, or in an envelope that does not call it a test."""
        if arrival.gate is not None or arrival.gist is None:
            return False
        came = (arrival.feed, arrival.signature.status)
        if known["reason"] in _BARRED and (known["feed"], known["signature"]) != came:
            return self._outcome(arrival, arrival.member(known["id"])).decision.reason not in _BARRED
        return bool(known["reason"] == "status" and known["status"] != arrival.gist.status)

    def _gives_way(self, known: Row, arrival: Arrival) -> bool:
        """Whether the content that came first makes room for another one under the same name: an alert must not be lost
        because a feed brought something else before it. What was ever shown, or may end something, stays; so does what
        is signed where the other is not."""
        if arrival.gist is None:
            return False
        are_cancels = known["msg_type"] == arrival.gist.msg_type == "Cancel"
        if are_cancels and known["card_id"] is None and known["reason"] not in _APART:
            return self._says_more(known, arrival)
        if known["signature"] == "valid" and arrival.signature.status != "valid":
            return False
        if known["reason"] not in _APART | _NOT_SHOWN or _made_a_card(self.write.connection, known["id"]):
            return False
        decision = self._outcome(arrival, arrival.member(known["id"])).decision
        if known["reason"] in _APART:
            return decision.reason not in _APART
        return _is_alike(known, arrival.gist) and any(isinstance(change, Display) for change in decision.changes)

    def _says_more(self, known: Row, arrival: Arrival) -> bool:
        """Of two copies of a Cancel, the first of which ended nothing: whether the second ends a card, or names alerts where
        the first names none, as when a relay lost its references."""
        if self._outcome(arrival, arrival.member(known["id"])).decision.word == "ended":
            return True
        names_none = not msgspec.json.decode(known["gist"], type=Gist).references.strip()
        return names_none and len(arrival.names.sure) + len(arrival.names.guesses) > 1

    def _take_better(self, known: Row, arrival: Arrival) -> Taken:
        """Keep the alert as this feed brings it, and decide it as if it were new."""
        alert_id, member = known["id"], arrival.member(known["id"])
        outcome, chain_id = self._outcome(arrival, member), self.ledger.tie(alert_id, arrival.names)
        self._rewrite(alert_id, arrival, known["identity"], chain_id)
        written = card_rows.apply(self.write, outcome.decision.changes, outcome.shown, chain_id)
        _save_decision(self.write, alert_id, outcome.decision, written.card_id)
        self.known[known["identity"]] = (
            self.write.execute(_BY_IDENTITY, {"identities": [known["identity"]]}).mappings().one()
        )
        return Taken(
            alert_id=alert_id,
            decision=outcome.decision,
            is_new=True,
            messages=written.messages,
            fault=outcome.fault,
        )

    def _rewrite(self, alert_id: str, arrival: Arrival, identity: str, chain_id: str | None) -> None:
        row = rows.row(arrival, alert_id, Decision(word="unchanged"), identity=identity, chain_id=chain_id)
        kept = {name: value for name, value in row.items() if name not in _DECIDED}
        self.write.execute(update(alerts).where(alerts.c.id == alert_id).values(**kept))


def take_in(
    write: Write, arrivals: Sequence[Arrival], policy: Policy, entries: Sequence[TakenEntry] = ()
) -> list[Taken]:
    """Take documents in as a whole, and note the entries that announced them. Take-downs are decided first, then what was
    sent last: so nothing is displayed that another of them ends or replaces."""
    intake = Intake(write, arrivals, policy)
    order = sorted(range(len(arrivals)), key=lambda place: urgency(arrivals[place]))
    taken = {place: intake.take(arrivals[place]) for place in order}
    if entries:
        feeds.entries_taken(write, entries)
    _confirm(write, [(arrivals[place], one) for place, one in taken.items()])
    return [taken[place] for place in range(len(arrivals))]


def _confirm(write: Write, came: Sequence[tuple[Arrival, Taken]]) -> None:
    """What came in may show that a card is still true whose feed had a gap."""
    again = {one.alert_id for arrival, one in came if not one.is_new and not arrival.is_second_look}
    unchanged = {one.alert_id for _, one in came if one.is_new and one.decision.word == "unchanged"}
    gaps.arrived(write, again, unchanged)


def urgency(arrival: Arrival) -> tuple[bool, float]:
    """What to decide first: take-downs, then what was sent last."""
    gist = arrival.gist or Gist()
    return gist.msg_type != "Cancel", -(gist.sent_at or arrival.received_at).timestamp()


def take_again(write: Write, alert_id: str, arrival: Arrival, policy: Policy) -> Taken:
    """Decide a stored document that could not be read before; ``arrival`` is what it is read as now."""
    return Intake(write, [arrival], policy).take_again(alert_id, arrival)


def decide_again(write: Write, alert_id: str, policy: Policy) -> Taken:
    """Decide a stored alert anew, as after a change of policy or an upgrade, and write what follows from it. Where nothing
    changes the decision that stands keeps standing, unless there was none."""
    member, chain_id = chains.one(write.connection, alert_id)
    made = outcome(write, member, [chain_id], policy, None)
    written = card_rows.apply(write, made.decision.changes, made.shown, chain_id)
    stood = write.execute(select(alerts.c.reason).where(alerts.c.id == alert_id)).scalar()
    if made.decision.changes or stood == "undecided":
        _save_decision(write, alert_id, made.decision, written.card_id)
    return Taken(alert_id=alert_id, decision=made.decision, is_new=False, messages=written.messages, fault=made.fault)


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
    heads = select(cards.c.alert_id).where(cards.c.state == "active", cards.c.expires_at > now)
    left_out = and_(alerts.c.reason.in_(["region", "left_region"]), alerts.c.received_at >= since)
    query = select(alerts.c.id).where(or_(alerts.c.id.in_(heads), left_out), alerts.c.chain_id.is_not(None))
    return list(connection.execute(query.order_by(alerts.c.sent_at)).scalars())


def _undecided(error: Exception, when: str) -> Outcome:
    """No word of the error itself: it may quote the alert."""
    return Outcome(
        decision=Decision(word="quarantined", reason="undecided"), fault=f"{type(error).__name__} while {when}"
    )


def _stored_draft(write: Write, alert_id: str) -> str | None:
    found: str | None = write.execute(_DRAFT, {"alert": alert_id}).scalar()
    return found


def _save_decision(write: Write, alert_id: str, decision: Decision, card_id: str | None) -> None:
    made = {"decision": decision.word, "reason": decision.reason, "decided_at": write.now, "card_id": card_id}
    write.execute(update(alerts).where(alerts.c.id == alert_id).values(**made))


def _conflicts(known: Row, arrival: Arrival) -> bool:
    """Whether the same triple came with other content. Other bytes alone are not: feeds wrap, sign and re-indent."""
    return known["content_sha256"] not in (None, arrival.content_sha256)


def _is_alike(known: Row, gist: Gist) -> bool:
    """Whether both speak of the same alerts in the same way."""
    stored = msgspec.json.decode(known["gist"], type=Gist)
    return (stored.msg_type, stored.named()) == (gist.msg_type, gist.named())


def _made_a_card(connection: Connection, alert_id: str) -> bool:
    made = select(card_revisions.c.card_id).where(card_revisions.c.alert_id == alert_id)
    return connection.execute(made.limit(1)).first() is not None


def _see_again(write: Write, known: Row, arrival: Arrival) -> None:
    """Remember that a feed brought a known alert, in these bytes, unless just that is in its row."""
    if (known["feed"], known["sha256"]) != (arrival.feed, arrival.sha256):
        seen = {"feed": arrival.feed, "sha256": arrival.sha256, "received_at": arrival.received_at}
        _see(write, known["id"], seen)


def _see(write: Write, alert_id: str, seen: Row) -> None:
    row = {"alert_id": alert_id, "feed": seen["feed"], "sha256": seen["sha256"], "seen_at": seen["received_at"]}
    write.execute(upsert(write.connection, sightings).values(**row).on_conflict_do_nothing())


def _set_aside(write: Write, known: Row) -> None:
    """Keep a content that gives way, under the hash of its bytes, and who brought it."""
    row = write.execute(select(alerts).where(alerts.c.id == known["id"])).mappings().one()
    held_id = ids.from_digest("alt", bytes.fromhex(row["sha256"]))
    held = {"id": held_id, "identity": row["sha256"], "keyed": False, "chain_id": None, "card_id": None}
    made = {"decision": "quarantined", "reason": "conflict", "decided_at": write.now}
    write.execute(upsert(write.connection, alerts).values(**{**row, **held, **made}).on_conflict_do_nothing())
    seen = write.execute(select(sightings).where(sightings.c.alert_id == known["id"])).mappings().all()
    for one in seen:
        moved = upsert(write.connection, sightings).values(**{**one, "alert_id": held_id})
        write.execute(moved.on_conflict_do_nothing())
    write.execute(delete(sightings).where(sightings.c.alert_id == known["id"]))
