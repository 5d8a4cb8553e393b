"""Alerts: one transaction takes a document in, finds its chain, decides, and writes what follows from it."""

from __future__ import annotations

from base64 import b32encode
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, delete, insert, or_, select, update

from capgateway import cap
from capgateway.cards import CardState, Decision, Member
from capgateway.store import alert_rows as rows
from capgateway.store import cards as card_rows
from capgateway.store import chains
from capgateway.store.dialect import upsert
from capgateway.store.records import Arrival, Decide, Taken
from capgateway.store.tables import alert_references, alerts, cards, sightings

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.webhooks import Outlets

#: Why an alert was left out for what it says itself, whatever other messages say.
_MADE_NO_CARD = frozenset({"not_amber", "status", "scope", "blocked", "expired", "area", "jurisdiction"})
#: What follows from a document rather than stands in it.
_DECIDED = frozenset({"id", "decision", "reason", "decided_at", "card_id"})


def take_in(connection: Connection, arrival: Arrival, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    """Take one document in. Doing so twice is the same as once: the second time it is ``unchanged``."""
    card_rows.hold(connection)
    identity = rows.identity(arrival)
    known = connection.execute(select(alerts).where(alerts.c.identity == identity)).mappings().first()
    if known is None:
        return _take_new(connection, arrival, identity, decide, outlets, now)
    is_other = arrival.gate is None and conflicts(known, arrival)
    if is_other and not (_is_better_signed(known, arrival) or _would_show(connection, known, arrival, decide)):
        return _take_conflict(connection, arrival, outlets, now)
    see(connection, known["id"], arrival)
    if is_other or _deserves_better(known, arrival):
        return _take_better(connection, known, arrival, decide, outlets, now, is_other=is_other)
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
    return f"alt_{b32encode(bytes.fromhex(identity)).decode().lower()[:26]}"


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


def _decision(connection: Connection, arrived: Member, decide: Decide, *, is_other: bool) -> Decision:
    """``is_other``: the cards of this alert show what another content of it said."""
    known = chains.chain(connection, arrived)
    states = chains.card_states(connection, [arrived.alert_id, *(member.alert_id for member in known)])
    if is_other:
        states = [_outdated(state) if state.alert_id == arrived.alert_id else state for state in states]
    return decide(arrived, known, states, card_rows.deployment(connection))


def _outdated(card: CardState) -> CardState:
    return msgspec.structs.replace(card, target=())


def _settle(
    connection: Connection, arrived: Member, decide: Decide, outlets: Outlets, now: datetime, *, is_other: bool = False
) -> Taken:
    decision, written = _decide(connection, arrived, decide, outlets, now, is_other=is_other)
    _save_decision(connection, arrived.alert_id, decision, written.card_id, now)
    return Taken(alert_id=arrived.alert_id, decision=decision, is_new=True, messages=written.messages)


def _decide(
    connection: Connection, arrived: Member, decide: Decide, outlets: Outlets, now: datetime, *, is_other: bool = False
) -> tuple[Decision, card_rows.Written]:
    decision = _decision(connection, arrived, decide, is_other=is_other)
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


def _is_better_signed(known: RowMapping, arrival: Arrival) -> bool:
    """Whether of two contents the later one is known to come from its signer, and the first is not."""
    return bool(rows.signature(arrival).status == "valid" != known["signature"])


def _would_show(connection: Connection, known: RowMapping, arrival: Arrival, decide: Decide) -> bool:
    """Whether the content that came first made no card and this one would: an alert must not be lost because another
    feed brought something else under its name."""
    stored = cap.parse(known["original"]).alert
    if known["reason"] not in _MADE_NO_CARD or known["signature"] == "valid" or stored is None or arrival.alert is None:
        return False
    if (stored.msg_type, stored.references) != (arrival.alert.msg_type, arrival.alert.references):
        return False  # the first one may end what a later one does not
    return bool(_decision(connection, _member(arrival, known["id"], arrival.alert), decide, is_other=True).changes)


def _take_better(
    connection: Connection,
    known: RowMapping,
    arrival: Arrival,
    decide: Decide,
    outlets: Outlets,
    now: datetime,
    *,
    is_other: bool,
) -> Taken:
    """Keep the alert as this feed brings it, and decide it as if it were new. Other content that was there is held back."""
    alert_id = known["id"]
    if is_other:
        _hold_back(connection, known, now)
        connection.execute(delete(alert_references).where(alert_references.c.alert_id == alert_id))
        rows.add_references(connection, alert_id, arrival.alert or cap.Alert())
    row = rows.row(arrival, alert_id, known["identity"], Decision(word="unchanged"), now)
    kept = {name: value for name, value in row.items() if name not in _DECIDED}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**kept))
    stored = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().one()
    return _settle(connection, chains.member(connection, stored), decide, outlets, now, is_other=is_other)


def _hold_back(connection: Connection, known: RowMapping, now: datetime) -> None:
    """Keep a content that gave way, under the name of its bytes."""
    identity = known["sha256"]
    held = {"id": _alert_id(identity), "identity": identity, "keyed": False, "card_id": None}
    told = {"decision": "quarantined", "reason": "conflict", "decided_at": now}
    connection.execute(upsert(connection, alerts).values(**{**known, **held, **told}).on_conflict_do_nothing())


def conflicts(known: RowMapping, arrival: Arrival) -> bool:
    """Whether the same triple came with other content. Other bytes alone are none: feeds wrap, sign and re-indent."""
    if known["original"] is None or known["sha256"] == rows.sha256(arrival.document):
        return False
    alert = cap.parse(known["original"]).alert
    if alert is None or arrival.alert is None:
        return True
    return msgspec.structs.replace(alert, status=arrival.alert.status) != arrival.alert  # an envelope's may differ
