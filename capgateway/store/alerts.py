"""Alerts: one transaction takes a document in, finds its chain, decides, and writes what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, delete, insert, or_, select, update

from capgateway import cap, ids
from capgateway.cards import Decision, Display, Member
from capgateway.store import alert_rows as rows
from capgateway.store import cards as card_rows
from capgateway.store import chains
from capgateway.store.dialect import upsert
from capgateway.store.records import Arrival, Decide, Taken
from capgateway.store.tables import alert_references, alerts, card_revisions, cards, sightings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.webhooks import Outlets

#: Why an alert takes no part in any chain: it is not said to the public.
_APART = frozenset({"status", "scope", "blocked"})
#: Why an alert that takes part is not shown, for what it says itself.
_NOT_SHOWN = frozenset({"not_amber", "expired", "area", "region", "jurisdiction"})
#: What follows from a document rather than stands in it.
_DECIDED = frozenset({"id", "decision", "reason", "decided_at", "card_id"})


def take_in(connection: Connection, arrival: Arrival, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    """Take one document in. Doing so twice is the same as once: the second time it is ``unchanged``."""
    card_rows.hold(connection)
    identity = rows.identity(arrival)
    known = connection.execute(select(alerts).where(alerts.c.identity == identity)).mappings().first()
    if known is None:
        return _take_new(connection, arrival, identity, decide, outlets, now)
    if arrival.gate is None and conflicts(known, arrival):
        if not _gives_way(connection, known, arrival, decide):
            return _take_conflict(connection, arrival, outlets, now)
        _hold_back(connection, known, now)
        see(connection, known["id"], arrival)
        return _take_better(connection, known, arrival, decide, outlets, now)
    see(connection, known["id"], arrival)
    if _deserves_better(connection, known, arrival, decide):
        return _take_better(connection, known, arrival, decide, outlets, now)
    return Taken(alert_id=known["id"], decision=Decision(word="unchanged"), is_new=False)


def decide_again(connection: Connection, alert_id: str, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    """Decide a stored alert anew, as after a change of policy, and write what follows from it. Where nothing changes
    the decision that stands keeps standing."""
    card_rows.hold(connection)
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().one()
    decision, written = _decide(connection, chains.member(connection, row), decide, outlets, now)
    if decision.changes:
        _save_decision(connection, alert_id, decision, written.card_id, now)
    return Taken(alert_id=alert_id, decision=decision, is_new=False, messages=written.messages)


def undecided_by_region(connection: Connection, now: datetime, since: datetime) -> list[str]:
    """Alerts that a change of the policy's regions may decide otherwise: the heads of live cards, and what was left
    out for its region but was received ``since`` then, so that it may still be live."""
    heads = select(cards.c.alert_id).where(cards.c.state == "active", cards.c.expires_at > now)
    left_out = and_(alerts.c.reason.in_(["region", "left_region"]), alerts.c.received_at >= since)
    query = select(alerts.c.id).where(or_(alerts.c.id.in_(heads), left_out), alerts.c.keyed)
    return list(connection.execute(query.order_by(alerts.c.sent_at)).scalars())


def see(connection: Connection, alert_id: str, arrival: Arrival) -> None:
    """Remember that this feed brought the alert, in these bytes."""
    row = {"alert_id": alert_id, "feed": arrival.feed, "sha256": rows.sha256(arrival.document)}
    connection.execute(
        upsert(connection, sightings).values(**row, seen_at=arrival.received_at).on_conflict_do_nothing()
    )


def _take_new(
    connection: Connection,
    arrival: Arrival,
    identity: str,
    decide: Decide,
    outlets: Outlets,
    now: datetime,
) -> Taken:
    alert_id = _alert_id(identity)
    decision = Decision(word="quarantined", reason=arrival.gate)
    connection.execute(insert(alerts).values(rows.row(arrival, alert_id, identity, decision, now)))
    see(connection, alert_id, arrival)
    if arrival.gate is not None or arrival.alert is None:
        return Taken(alert_id=alert_id, decision=decision, is_new=True)
    rows.add_references(connection, alert_id, arrival.alert)
    return _settle(connection, _member(arrival, alert_id, arrival.alert), decide, outlets, now)


def _member(arrival: Arrival, alert_id: str, alert: cap.Alert) -> Member:
    return Member(
        alert_id=alert_id,
        alert=alert,
        feed=arrival.feed,
        received_at=arrival.received_at,
        sha256=rows.sha256(arrival.document),
        profile=arrival.report.profile,
        signature=rows.signature(arrival),
        rehearsal=arrival.rehearsal,
    )


def _alert_id(identity: str) -> str:
    return ids.from_digest("alt", bytes.fromhex(identity))


def _take_conflict(connection: Connection, arrival: Arrival, outlets: Outlets, now: datetime) -> Taken:
    """The triple is another content's: this one is held back under the name of its bytes."""
    identity = rows.sha256(arrival.document)
    known = connection.execute(select(alerts.c.id).where(alerts.c.identity == identity)).scalar()
    held = msgspec.structs.replace(arrival, gate="conflict")
    if known is None:
        return _take_new(connection, held, identity, _never, outlets, now)
    see(connection, known, held)
    return Taken(alert_id=known, decision=Decision(word="unchanged"), is_new=False)


def _never(*_: Any) -> Decision:
    raise AssertionError("a document held back at the gate is not decided")


def _decision(connection: Connection, arrived: Member, decide: Decide) -> Decision:
    known = chains.chain(connection, arrived)
    states = chains.card_states(connection, [arrived.alert_id, *(member.alert_id for member in known)])
    return decide(arrived, known, states, card_rows.deployment(connection))


def _settle(connection: Connection, arrived: Member, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    decision, written = _decide(connection, arrived, decide, outlets, now)
    _save_decision(connection, arrived.alert_id, decision, written.card_id, now)
    return Taken(alert_id=arrived.alert_id, decision=decision, is_new=True, messages=written.messages)


def _decide(
    connection: Connection, arrived: Member, decide: Decide, outlets: Outlets, now: datetime
) -> tuple[Decision, card_rows.Written]:
    decision = _decision(connection, arrived, decide)
    return decision, card_rows.apply(connection, decision.changes, outlets, now)


def _save_decision(
    connection: Connection, alert_id: str, decision: Decision, card_id: str | None, now: datetime
) -> None:
    told = {"decision": decision.word, "reason": decision.reason, "decided_at": now, "card_id": card_id}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**told))


def _deserves_better(connection: Connection, known: RowMapping, arrival: Arrival, decide: Decide) -> bool:
    """Whether the alert was refused for the way it came, and now comes another way: through a feed that may speak for its
    area, or in an envelope that does not call it a test."""
    if arrival.alert is None:
        return False
    if known["reason"] == "jurisdiction" and known["feed"] != arrival.feed:
        return _decision(connection, _member(arrival, known["id"], arrival.alert), decide).reason != "jurisdiction"
    return bool(known["reason"] == "status" and known["status"] != arrival.alert.status)


def _gives_way(connection: Connection, known: RowMapping, arrival: Arrival, decide: Decide) -> bool:
    """Whether the content that came first makes room for another one under the same name: an alert must not be lost
    because a feed brought something else before it. What was ever shown, or may end something, stays."""
    if arrival.alert is None or (known["signature"] == "valid" and rows.signature(arrival).status != "valid"):
        return False
    if known["reason"] not in _APART | _NOT_SHOWN or _made_a_card(connection, known["id"]):
        return False
    decision = _decision(connection, _member(arrival, known["id"], arrival.alert), decide)
    if known["reason"] in _APART:
        return decision.reason not in _APART
    stored = cap.parse(known["original"]).alert
    is_alike = stored is not None and (stored.msg_type, stored.references) == (
        arrival.alert.msg_type,
        arrival.alert.references,
    )
    return is_alike and any(isinstance(change, Display) for change in decision.changes)


def _made_a_card(connection: Connection, alert_id: str) -> bool:
    made = select(card_revisions.c.card_id).where(card_revisions.c.alert_id == alert_id)
    return connection.execute(made.limit(1)).first() is not None


def _take_better(
    connection: Connection, known: RowMapping, arrival: Arrival, decide: Decide, outlets: Outlets, now: datetime
) -> Taken:
    """Keep the alert as this feed brings it, and decide it as if it were new."""
    alert_id = known["id"]
    connection.execute(delete(alert_references).where(alert_references.c.alert_id == alert_id))
    rows.add_references(connection, alert_id, arrival.alert or cap.Alert())
    row = rows.row(arrival, alert_id, known["identity"], Decision(word="unchanged"), now)
    kept = {name: value for name, value in row.items() if name not in _DECIDED}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**kept))
    stored = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().one()
    return _settle(connection, chains.member(connection, stored), decide, outlets, now)


def _hold_back(connection: Connection, known: RowMapping, now: datetime) -> None:
    """Keep a content that gave way, under the name of its bytes, and who brought it."""
    identity = known["sha256"]
    held = {"id": _alert_id(identity), "identity": identity, "keyed": False, "card_id": None}
    told = {"decision": "quarantined", "reason": "conflict", "decided_at": now}
    connection.execute(upsert(connection, alerts).values(**{**known, **held, **told}).on_conflict_do_nothing())
    seen = connection.execute(select(sightings).where(sightings.c.alert_id == known["id"])).mappings().all()
    for one in seen:
        moved = upsert(connection, sightings).values(**{**one, "alert_id": held["id"]})
        connection.execute(moved.on_conflict_do_nothing())
    connection.execute(delete(sightings).where(sightings.c.alert_id == known["id"]))


def conflicts(known: RowMapping, arrival: Arrival) -> bool:
    """Whether the same triple came with other content. Other bytes alone are none: feeds wrap, sign and re-indent."""
    if known["original"] is None or known["sha256"] == rows.sha256(arrival.document):
        return False
    alert = cap.parse(known["original"]).alert
    if alert is None or arrival.alert is None:
        return True
    return msgspec.structs.replace(alert, status=arrival.alert.status) != arrival.alert  # an envelope's may differ
