"""Alerts: one unit of work takes documents in, finds their chains, decides, and writes what follows.

::

    arrivals ─▶ known? ─▶ gather: the chain's gists and cards ─▶ decide ─▶ rows, messages, lanes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import RowMapping, bindparam, delete, select, update

from capgateway import cards as card_stage
from capgateway import ids
from capgateway.cards import Decision, Display, Gist
from capgateway.store import arrivals as rows
from capgateway.store import chains, copies, erasure, feeds, gaps, held, outcomes, review, tombstones, waiting
from capgateway.store.chains import Ledger
from capgateway.store.dialect import upsert
from capgateway.store.outcomes import Outcome
from capgateway.store.reasons import APART, BARRED, NOT_SHOWN
from capgateway.store.records import Taken, TakenEntry
from capgateway.store.tables import alerts, card_revisions, sightings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from capgateway.cards import Member, Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.held import Held
    from capgateway.store.tombstones import Grave
    from capgateway.store.write import Write

#: What follows from a document, as opposed to what it contains.
_DECIDED = frozenset({"id", "decision", "reason", "decided_at", "card_id", "handled", "handled_at", "published_as"})

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
            "decision",
            "decided_at",
            "handled",
            "handled_at",
            "published_as",
        ]
    )
)
_BY_IDENTITY = _KNOWN.where(alerts.c.identity.in_(bindparam("identities", expanding=True)))
_FORGET_DISMISSAL = (
    update(alerts)
    .where(alerts.c.id == bindparam("alert_of"), alerts.c.handled == "dismissed")
    .values(handled=None, handled_at=None)
)
_STOOD = select(*(alerts.c[name] for name in ["decision", "reason", "decided_at", "card_id"])).where(
    alerts.c.id == bindparam("alert")
)


MOVES = frozenset({"published", "updated", "ended", "unchanged"})
"""Words of decisions after which something that waits in the chain may be out of date."""

ERASED = Decision(word="ignored", reason="erased")
"""What is decided of what comes after its chain was erased by order."""
Row = Mapping[str, Any] | RowMapping
"""What is known of a stored alert: a row as it was read, or as it was just written."""


class Intake:
    """The documents of one unit of work, and what the store knows of them."""

    def __init__(self, write: Write, arrivals: Sequence[Arrival], policy: Policy) -> None:
        self.write, self.policy = write, policy
        self.known: dict[str, Row] = {}
        self._ended_nothing: list[str] = []
        self._spoke: set[str] = set()
        identities = [arrival.identity for arrival in arrivals]
        for start in range(0, len(identities), chains.NAMES_AT_ONCE):
            some = identities[start : start + chains.NAMES_AT_ONCE]
            found = write.execute(_BY_IDENTITY, {"identities": some}).mappings()
            self.known.update({row["identity"]: row for row in found})
        self._graves = tombstones.are_any(write.connection)
        self.ledger = Ledger(write, (one.names for one in arrivals if one.gate is None))

    def take(self, arrival: Arrival) -> Taken:
        """Take one document in. Doing so twice is the same as once: the second time it is ``unchanged``."""
        taken = self._take(arrival)
        if taken.is_new:
            taken = self.watched(taken, arrival)
            chain_id = self.known[arrival.identity]["chain_id"] if arrival.identity in self.known else None
            if chain_id and taken.decision.word in MOVES:
                review.settle(self.write, chain_id, self.policy)
        return taken

    def finish(self) -> dict[str, Held]:
        """Now that all are taken in: what became of take-downs that ended nothing, by their ids. Those of an earlier day are
        looked at again where their sender said something new."""
        found = {alert_id: held.look(self.write, alert_id, self.policy) for alert_id in self._ended_nothing}
        for alert_id in held.of_senders(self.write, self._spoke) if self._spoke else ():
            if alert_id not in found:
                found[alert_id] = held.look(self.write, alert_id, self.policy, is_new=False)
        return found

    def watched(self, taken: Taken, arrival: Arrival) -> Taken:
        """Note what :meth:`finish` has to look at, and tell operators of a display that waits for a person."""
        gist, decision = arrival.gist, taken.decision
        if gist is None or decision.reason in APART:
            return taken
        if decision.word == "ended":
            if card_stage.is_take_down(gist):
                held.settle(self.write, taken.alert_id)
            return taken
        if card_stage.is_take_down(gist):
            if decision.reason != "no_programme" or gist.speaks_only_of_others:
                self._ended_nothing.append(taken.alert_id)
            return taken
        if self.policy.recognise(gist) or decision.word in ("published", "updated"):
            self._spoke.add(gist.sender_key)
        if decision.word != "quarantined":
            return taken
        told = waiting.tell(self.write, arrival.member(taken.alert_id), decision, self.policy)
        return msgspec.structs.replace(taken, messages=taken.messages + told) if told else taken

    def _take(self, arrival: Arrival) -> Taken:
        grave = self._grave(arrival)
        if grave.is_buried:
            return self._take_buried(arrival)
        arrival = msgspec.structs.replace(arrival, is_reuse=grave.is_reuse)
        known = self.known.get(arrival.identity)
        if known is None:
            return self._take_new(arrival, arrival.identity)
        if arrival.gate is None and _conflicts(known, arrival):
            if not self._gives_way(known, arrival):
                return self._take_conflict(arrival)
            _set_aside(self.write, known)
            return self._take_better(known, arrival, arrival.member(known["id"]))
        if self._has_more_right(known, arrival):
            return self._take_over(known, arrival)
        if self._deserves_better(known, arrival):
            _see(self.write, known["id"], known)
            return self._take_better(known, arrival, _again(arrival, known))
        _see_again(self.write, known, arrival)
        return Taken(alert_id=known["id"], decision=Decision(word="unchanged"), is_new=False)

    def take_again(self, alert_id: str, arrival: Arrival) -> Taken:
        """Decide a stored document that a fault of the gateway kept from being read, now that it can be. What came in
        under its name meanwhile stays; then this one changes nothing."""
        if self._grave(arrival).is_buried:
            erasure.wipe_alerts(self.write, [alert_id])
            outcomes.save(self.write, alert_id, ERASED, None)
            return Taken(alert_id=alert_id, decision=ERASED, is_new=False)
        known = self.known.get(arrival.identity)
        if known is not None and known["id"] != alert_id:
            decision = Decision(word="unchanged")
            outcomes.save(self.write, alert_id, decision, None)
            return Taken(alert_id=alert_id, decision=decision, is_new=False)
        if arrival.gate is not None:
            decision = Decision(word="quarantined", reason=arrival.gate)
            self._rewrite(alert_id, arrival, arrival.identity, None)
            outcomes.save(self.write, alert_id, decision, None)
            return Taken(alert_id=alert_id, decision=decision, is_new=False, fault=arrival.fault)
        return self._take_better({"id": alert_id, "identity": arrival.identity}, arrival, arrival.member(alert_id))

    def adopt(self, alert_id: str, arrival: Arrival) -> None:
        """Give a stored document its name, and tie it in."""
        known = self.known.get(arrival.identity)
        if known is not None and known["id"] != alert_id:
            raise ValueError(f"the same alert came another way as well: publish {known['id']}")
        self._rewrite(alert_id, arrival, arrival.identity, self.ledger.tie(alert_id, arrival.names))

    def _grave(self, arrival: Arrival) -> Grave:
        return tombstones.grave(self.write.connection, arrival) if self._graves else tombstones.NO_GRAVE

    def _take_buried(self, arrival: Arrival) -> Taken:
        """It is, or refers to, what was erased by order: only hashes and what decides are stored, and a tombstone of its own.
        A take-down may name other cards too: :meth:`finish` looks at it. What announced it may have its words."""
        feeds.forget(self.write, [arrival.feed])
        known = self.known.get(arrival.identity)
        if known is not None:
            return Taken(alert_id=known["id"], decision=ERASED, is_new=False)
        alert_id = ids.from_digest("alt", bytes.fromhex(arrival.identity))
        chain_id = self.ledger.tie(alert_id, arrival.names) if arrival.gate is None else None
        place = {"identity": arrival.identity, "decided_at": self.write.now, "chain_id": chain_id, "card_id": None}
        row = {**rows.row(arrival, alert_id, ERASED, **place), **erasure.BLANKS[alerts], "erased_at": self.write.now}
        self.write.add(alerts, row)
        self.known[arrival.identity] = row
        if arrival.gist is not None:
            tombstones.bury(self.write, tombstones.of_alert(arrival.gist, rehearsal=arrival.rehearsal))
        return Taken(alert_id=alert_id, decision=ERASED, is_new=True)

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
        written = copies.apply(self.write, outcome, chain_id or "", self.policy)
        if written.card_id != card_id:
            outcomes.save(self.write, alert_id, decision, written.card_id)
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
        made = outcomes.outcome(self.write, member, found, self.policy, arrival.draft, alert=arrival.alert)
        if arrival.is_reuse and any(isinstance(one, Display) and one.revision == 1 for one in made.decision.changes):
            return Outcome(decision=Decision(word="quarantined", reason="review"), fault=made.fault)
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
        its area or about the card, validly signed, or in an envelope that does not call it a test; or whether a Cancel that ended
        nothing ends a card this way."""
        if arrival.gate is not None or arrival.gist is None:
            return False
        if (known["feed"], known["signature"]) != (arrival.feed, arrival.signature.status):
            if known["reason"] in BARRED:
                return self._outcome(arrival, _again(arrival, known)).decision.reason not in BARRED
            if known["msg_type"] == "Cancel" and known["card_id"] is None and known["reason"] != "no_programme":
                return self._outcome(arrival, _again(arrival, known)).decision.word == "ended"
        return bool(known["reason"] == "status" and known["status"] != arrival.gist.status)

    def _has_more_right(self, known: Row, arrival: Arrival) -> bool:
        """Whether a stranger's copy came first, and now a feed brings the alert that may speak for its sender: the stranger must
        not be the one who may end it."""
        if arrival.gate is not None or arrival.gist is None or not self.policy.feeds or known["feed"] == arrival.feed:
            return False
        sender = arrival.gist.sender_key
        was_right = known["signature"] == "valid" or (
            known["feed"] in self.policy.feeds and card_stage.may_speak(known["feed"], sender, self.policy)
        )
        is_right = arrival.signature.status == "valid" or card_stage.may_speak(arrival.feed, sender, self.policy)
        return is_right and not was_right

    def _take_over(self, known: Row, arrival: Arrival) -> Taken:
        """Keep the alert as the feed's that may speak for its sender. What was decided stands where that changes nothing."""
        stood = self.write.execute(_STOOD, {"alert": known["id"]}).mappings().one()
        _see(self.write, known["id"], known)
        taken = self._take_better(known, arrival, _again(arrival, known))
        if taken.decision.changes or stood["reason"] is not None:
            return taken
        self.write.execute(update(alerts).where(alerts.c.id == known["id"]).values(**stood))
        return Taken(alert_id=known["id"], decision=Decision(word="unchanged"), is_new=False, fault=taken.fault)

    def _gives_way(self, known: Row, arrival: Arrival) -> bool:
        """Whether the content that came first makes room for another one under the same name: an alert must not be lost
        because a feed brought something else before it. What was ever shown, or may end something, stays; so does what
        is signed where the other is not."""
        if arrival.gist is None:
            return False
        are_cancels = known["msg_type"] == arrival.gist.msg_type == "Cancel"
        if are_cancels and known["card_id"] is None and known["reason"] not in APART:
            return self._says_more(known, arrival)
        if known["signature"] == "valid" and arrival.signature.status != "valid":
            return False
        if known["reason"] not in APART | NOT_SHOWN or _made_a_card(self.write.connection, known["id"]):
            return False
        decision = self._outcome(arrival, arrival.member(known["id"])).decision
        if known["reason"] in APART:
            return decision.reason not in APART
        does_more = decision.word == "ended" or any(isinstance(change, Display) for change in decision.changes)
        return does_more and _is_alike(known, arrival.gist)

    def _says_more(self, known: Row, arrival: Arrival) -> bool:
        """Of two copies of a Cancel, the first of which ended nothing: whether the second ends a card, or names alerts where
        the first names none, as when a relay lost its references."""
        if self._outcome(arrival, arrival.member(known["id"])).decision.word == "ended":
            return True
        names_none = not msgspec.json.decode(known["gist"], type=Gist).references.strip()
        return names_none and len(arrival.names.sure) + len(arrival.names.guesses) > 1

    def _take_better(self, known: Row, arrival: Arrival, member: Member) -> Taken:
        """Keep the alert as this feed brings it, and decide it as if it were new, but for what a person said of it."""
        alert_id = known["id"]
        outcome, chain_id = self._outcome(arrival, member), self.ledger.tie(alert_id, arrival.names)
        self._rewrite(alert_id, arrival, known["identity"], chain_id)
        if not member.was_dismissed:
            self.write.execute(_FORGET_DISMISSAL, {"alert_of": alert_id})
        written = copies.apply(self.write, outcome, chain_id, self.policy)
        outcomes.save(self.write, alert_id, outcome.decision, written.card_id)
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


def _again(arrival: Arrival, known: Row) -> Member:
    """A known alert as another feed brings it: what a person said of it, and that it was on display, still counts."""
    shown, handled = known["decision"] in ("published", "updated", "linked"), known["handled"]
    return msgspec.structs.replace(
        arrival.member(known["id"]),
        released_at=known["handled_at"] if handled == "released" else None,
        was_shown=shown,
        was_dismissed=handled == "dismissed" and known["reason"] not in BARRED,  # the way it came is another one now
        published_as=known["published_as"],
        published_at=known["handled_at"] if handled == "published" else None,
        waits_since=known["decided_at"] if known["reason"] == "review" else None,
    )


def take_in(
    write: Write, arrivals: Sequence[Arrival], policy: Policy, entries: Sequence[TakenEntry] = ()
) -> list[Taken]:
    """Take documents in as a whole, and note the entries that announced them. Take-downs are decided first, then what was
    sent last: so nothing is displayed that another of them ends or replaces."""
    intake = Intake(write, arrivals, policy)
    order = sorted(range(len(arrivals)), key=lambda place: urgency(arrivals[place]))
    taken = {place: intake.take(arrivals[place]) for place in order}
    found = intake.finish()
    if entries:
        feeds.entries_taken(write, entries)
    _confirm(write, [(arrivals[place], one) for place, one in taken.items()], policy)
    return settled([taken[place] for place in range(len(arrivals))], found)


def settled(taken: Sequence[Taken], found: dict[str, Held]) -> list[Taken]:
    """What became of them in the end. What became of take-downs that came earlier is told with the last."""
    told = []
    for place, one in enumerate(taken):
        own = found.pop(one.alert_id, None)
        looked_at = [own] if own else []
        if place == len(taken) - 1:
            looked_at += found.values()
        decision = own.decision if own and own.decision else one.decision
        messages = one.messages + sum(each.messages for each in looked_at)
        held_for = tuple(pair for each in looked_at for pair in each.marked)
        told.append(msgspec.structs.replace(one, decision=decision, messages=messages, held=held_for))
    return told


def _confirm(write: Write, came: Sequence[tuple[Arrival, Taken]], policy: Policy) -> None:
    """What came in may show that a card is still true whose feed had a gap."""
    again: dict[str, list[Arrival]] = {}
    for arrival, one in came:
        if not one.is_new and not arrival.is_second_look and arrival.gate is None:
            again.setdefault(one.alert_id, []).append(arrival)
    unchanged = {one.alert_id for _, one in came if one.is_new and one.decision.word == "unchanged"}

    def counts(alert_id: str) -> bool:
        known, _ = chains.one(write.connection, alert_id)
        return any(_vouches(arrival, known, policy) for arrival in again[alert_id])

    gaps.arrived(write, again.keys(), unchanged, counts)


def _vouches(arrival: Arrival, known: Member, policy: Policy) -> bool:
    """Whether a copy of a known alert shows that it still holds: it is as real, and came in a way in which its end could come
    as well. Anybody may repeat an alert."""
    if arrival.gist is None or arrival.gist.status != known.gist.status:
        return False
    return card_stage.may_not_change(arrival.member(known.alert_id), known, policy) is None


def urgency(arrival: Arrival) -> tuple[bool, float]:
    """What to decide first: take-downs, then what was sent last."""
    gist = arrival.gist or Gist()
    return gist.msg_type != "Cancel", -(gist.sent_at or arrival.received_at).timestamp()


def _conflicts(known: Row, arrival: Arrival) -> bool:
    """Whether the same triple came with other content. Other bytes alone are not: feeds wrap, sign and re-indent."""
    return known["content_sha256"] not in (None, arrival.content_sha256)


def _is_alike(known: Row, gist: Gist) -> bool:
    """Whether both speak of the same alerts in the same way, or the known one lost its references on its way."""
    stored = msgspec.json.decode(known["gist"], type=Gist)
    return stored.msg_type == gist.msg_type and stored.named() in ([], gist.named())


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
