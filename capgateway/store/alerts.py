"""Alerts: one transaction takes a document in, finds its chain, decides, and writes what follows from it."""

from __future__ import annotations

from base64 import b32encode
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, insert, or_, select, update

from capgateway import cap
from capgateway.cards import Decision, Member
from capgateway.store import alert_rows as rows
from capgateway.store import cards as card_rows
from capgateway.store import chains
from capgateway.store.dialect import upsert
from capgateway.store.records import Arrival, Decide, Taken
from capgateway.store.tables import alerts, cards, sightings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.webhooks import Outlets


def take_in(connection: Connection, arrival: Arrival, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    """Take one document in. Doing so twice is the same as once: the second time it is ``unchanged``."""
    card_rows.hold(connection)
    identity = rows.identity(arrival)
    known = connection.execute(select(alerts).where(alerts.c.identity == identity)).mappings().first()
    if known is None:
        return _take_new(connection, arrival, identity, decide, outlets, now)
    if arrival.gate is None and conflicts(known, arrival):
        return _take_conflict(connection, arrival, outlets, now)
    see(connection, known["id"], arrival)
    if _deserves_better(known, arrival):
        return _take_better(connection, known["id"], arrival, decide, outlets, now)
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
    alert_id = f"alt_{b32encode(bytes.fromhex(identity)).decode().lower()[:26]}"
    decision = Decision(word="quarantined", reason=arrival.gate)
    connection.execute(insert(alerts).values(rows.row(arrival, alert_id, identity, decision, now)))
    see(connection, alert_id, arrival)
    if arrival.gate is not None or arrival.alert is None:
        return Taken(alert_id=alert_id, decision=decision, is_new=True)
    rows.add_references(connection, alert_id, arrival.alert)
    arrived = Member(
        alert_id=alert_id,
        alert=arrival.alert,
        feed=arrival.feed,
        received_at=arrival.received_at,
        sha256=rows.sha256(arrival.document),
        profile=arrival.report.profile,
        signature=rows.signature(arrival),
        rehearsal=arrival.rehearsal,
    )
    return _settle(connection, arrived, decide, outlets, now)


def _take_conflict(connection: Connection, arrival: Arrival, outlets: Outlets, now: datetime) -> Taken:
    """The triple is taken by other content: the first is kept, this one is held back under the name of its bytes."""
    identity = rows.sha256(arrival.document)
    known = connection.execute(select(alerts.c.id).where(alerts.c.identity == identity)).scalar()
    held = msgspec.structs.replace(arrival, gate="conflict")
    if known is None:
        return _take_new(connection, held, identity, _never, outlets, now)
    see(connection, known, held)
    return Taken(alert_id=known, decision=Decision(word="unchanged"), is_new=False)


def _never(*_: Any) -> Decision:
    raise AssertionError("a document held back at the gate is not decided")


def _settle(connection: Connection, arrived: Member, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    decision, written = _decide(connection, arrived, decide, outlets, now)
    _save_decision(connection, arrived.alert_id, decision, written.card_id, now)
    return Taken(alert_id=arrived.alert_id, decision=decision, is_new=True, messages=written.messages)


def _decide(
    connection: Connection, arrived: Member, decide: Decide, outlets: Outlets, now: datetime
) -> tuple[Decision, card_rows.Written]:
    known = chains.chain(connection, arrived)
    states = chains.card_states(connection, [arrived.alert_id, *(member.alert_id for member in known)])
    decision = decide(arrived, known, states, card_rows.deployment(connection))
    return decision, card_rows.apply(connection, decision.changes, outlets, now)


def _save_decision(
    connection: Connection, alert_id: str, decision: Decision, card_id: str | None, now: datetime
) -> None:
    told = {"decision": decision.word, "reason": decision.reason, "decided_at": now, "card_id": card_id}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**told))


def _deserves_better(known: RowMapping, arrival: Arrival) -> bool:
    """Whether the alert was refused for the way it came, and now comes another way: through a feed that may not speak
    for its area, or in an envelope that called it a test."""
    if known["reason"] == "jurisdiction":
        return bool(known["feed"] != arrival.feed)
    is_enveloped = known["reason"] == "status" and arrival.alert is not None
    return is_enveloped and arrival.alert is not None and known["status"] != arrival.alert.status


def _take_better(
    connection: Connection, alert_id: str, arrival: Arrival, decide: Decide, outlets: Outlets, now: datetime
) -> Taken:
    """Keep the alert as this feed brings it, and decide it as if it were new."""
    row = rows.row(arrival, alert_id, rows.identity(arrival), Decision(word="unchanged"), now)
    kept = {name: row[name] for name in ("feed", "received_at", "sha256", "original", "status", "signature", "signer")}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**kept))
    stored = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().one()
    return _settle(connection, chains.member(connection, stored), decide, outlets, now)


def conflicts(known: RowMapping, arrival: Arrival) -> bool:
    """Whether the same triple came with other content. Other bytes alone are none: feeds wrap, sign and re-indent."""
    if known["original"] is None or known["sha256"] == rows.sha256(arrival.document):
        return False
    alert = cap.parse(known["original"]).alert
    if alert is None or arrival.alert is None:
        return True
    return msgspec.structs.replace(alert, status=arrival.alert.status) != arrival.alert  # an envelope's may differ
