"""Alerts: one transaction takes a document in, finds its chain, decides, and writes what follows from it."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import insert, or_, select, update

from capgateway import cap
from capgateway.cards import MAX_NAME, CardState, Decision, Member, SignatureNote
from capgateway.store import cards as card_rows
from capgateway.store.dialect import upsert
from capgateway.store.records import Arrival, Decide, Taken
from capgateway.store.tables import alert_references, alerts, cards, sightings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.cards.decision import QuarantineReason
    from capgateway.webhooks import Outlets

MAX_REFERENCES = 500
"""References kept of one alert; real ones name some dozens at most, and each is a row."""
MAX_CHAIN = 500
"""Alerts of one chain that are looked at; a hostile sender could tie thousands together."""


def take_in(connection: Connection, arrival: Arrival, decide: Decide, outlets: Outlets, now: datetime) -> Taken:
    """Take one document in. Doing so twice is the same as once: the second time it is ``unchanged``."""
    card_rows.hold(connection)
    identity = _identity(arrival)
    known = connection.execute(select(alerts).where(alerts.c.identity == identity)).mappings().first()
    if known is None:
        return _take_new(connection, arrival, identity, decide, outlets, now)
    if arrival.gate is None and _conflicts(known, arrival):
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
    decision, written = _decide(connection, _member(connection, row), decide, outlets, now)
    if decision.changes:
        _save_decision(connection, alert_id, decision, written.card_id, now)
    return Taken(alert_id=alert_id, decision=decision, is_new=False, messages=written.messages)


def undecided_by_region(connection: Connection, now: datetime) -> list[str]:
    """Alerts that a change of the policy's regions may decide otherwise: the heads of live cards, and what was left
    out for its region and may still be live."""
    heads = select(cards.c.alert_id).where(cards.c.state == "active", cards.c.expires_at > now)
    left_out = or_(alerts.c.reason == "region", alerts.c.reason == "left_region")
    query = select(alerts.c.id).where(or_(alerts.c.id.in_(heads), left_out), alerts.c.keyed)
    return list(connection.execute(query.order_by(alerts.c.sent_at)).scalars())


def see(connection: Connection, alert_id: str, arrival: Arrival) -> None:
    """Remember that this feed brought the alert, in these bytes."""
    row = {"alert_id": alert_id, "feed": arrival.feed, "sha256": _sha256(arrival.document)}
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
    connection.execute(insert(alerts).values(_row(arrival, alert_id, identity, decision, now)))
    see(connection, alert_id, arrival)
    if arrival.gate is not None or arrival.alert is None:
        return Taken(alert_id=alert_id, decision=decision, is_new=True)
    _add_references(connection, alert_id, arrival.alert)
    arrived = Member(
        alert_id=alert_id,
        alert=arrival.alert,
        feed=arrival.feed,
        received_at=arrival.received_at,
        sha256=_sha256(arrival.document),
        profile=arrival.report.profile,
        signature=_signature(arrival),
        rehearsal=arrival.rehearsal,
    )
    return _settle(connection, arrived, decide, outlets, now)


def _take_conflict(connection: Connection, arrival: Arrival, outlets: Outlets, now: datetime) -> Taken:
    """The triple is taken by other content: the first is kept, this one is held back under the name of its bytes."""
    identity = _sha256(arrival.document)
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
    known = _chain(connection, arrived)
    states = _card_states(connection, [arrived.alert_id, *(member.alert_id for member in known)])
    decision = decide(arrived, known, states, card_rows.deployment(connection))
    return decision, card_rows.apply(connection, decision.changes, outlets, now)


def _save_decision(
    connection: Connection, alert_id: str, decision: Decision, card_id: str | None, now: datetime
) -> None:
    told = {"decision": decision.word, "reason": decision.reason, "decided_at": now, "card_id": card_id}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**told))


def _chain(connection: Connection, arrived: Member) -> list[Member]:
    """Every stored alert tied to this one by references of the same sender, in either direction, however many steps."""
    chain: dict[str, Member] = {}
    frontier = [arrived]
    while frontier and len(chain) < MAX_CHAIN:
        member = frontier.pop()
        for row in connection.execute(_neighbours(member)).mappings():
            if row["id"] != arrived.alert_id and row["id"] not in chain:
                chain[row["id"]] = _member(connection, row)
                frontier.append(chain[row["id"]])
    return list(chain.values())


def _neighbours(member: Member) -> Any:
    """Alerts that this one names, and alerts that name it or what it names: the first alert of a chain may never have
    reached us, and its Cancel must find its Update all the same. ``sent`` is not compared: producers rewrite it, and
    a sender's identifiers are unique by the standard."""
    alert = member.alert
    named = {item.identifier for item in alert.references[:MAX_REFERENCES] if item.sender == alert.sender}
    naming = select(alert_references.c.alert_id).where(
        alert_references.c.sender == alert.sender, alert_references.c.identifier.in_(named | {alert.identifier})
    )
    return (
        select(alerts)
        .where(alerts.c.keyed, alerts.c.sender == alert.sender, alerts.c.rehearsal == member.rehearsal)
        .where(or_(alerts.c.identifier.in_(named), alerts.c.id.in_(naming)))
        .limit(MAX_CHAIN)
    )


def _card_states(connection: Connection, alert_ids: Sequence[str]) -> list[CardState]:
    rows = connection.execute(select(cards).where(cards.c.alert_id.in_(alert_ids))).mappings()
    return [card_rows.state(row) for row in rows]


def _member(connection: Connection, row: RowMapping) -> Member:
    return Member(
        alert_id=row["id"],
        alert=_alert(connection, row),
        feed=row["feed"],
        received_at=row["received_at"],
        sha256=row["sha256"],
        profile=row["profile"],
        signature=SignatureNote(status=row["signature"], signer=row["signer"]),
        rehearsal=row["rehearsal"],
    )


def _alert(connection: Connection, row: RowMapping) -> cap.Alert:
    """The alert from its bytes; once these are erased, what the row remembers: enough to keep its chain together."""
    if row["original"] is not None and (alert := cap.parse(row["original"]).alert) is not None:
        return msgspec.structs.replace(alert, status=row["status"])  # an envelope's may weigh more
    named = connection.execute(select(alert_references).where(alert_references.c.alert_id == row["id"])).mappings()
    return cap.Alert(
        identifier=row["identifier"],
        sender=row["sender"],
        sent=cap.Time(text=row["sent"], instant=row["sent_at"]),
        status=row["status"],
        msg_type=row["msg_type"],
        scope=row["scope"],
        references=tuple(
            cap.Reference(sender=item["sender"], identifier=item["identifier"], sent=cap.Time(text="", instant=None))
            for item in named
        ),
    )


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
    row = _row(arrival, alert_id, _identity(arrival), Decision(word="unchanged"), now)
    kept = {name: row[name] for name in ("feed", "received_at", "sha256", "original", "status", "signature", "signer")}
    connection.execute(update(alerts).where(alerts.c.id == alert_id).values(**kept))
    stored = connection.execute(select(alerts).where(alerts.c.id == alert_id)).mappings().one()
    return _settle(connection, _member(connection, stored), decide, outlets, now)


def holds(connection: Connection, reference: cap.Reference) -> bool:
    """Whether the message a reference names was taken in."""
    query = select(alerts.c.id).where(
        alerts.c.keyed, alerts.c.sender == reference.sender, alerts.c.identifier == reference.identifier
    )
    return connection.execute(query.limit(1)).first() is not None


def _conflicts(known: RowMapping, arrival: Arrival) -> bool:
    """Whether the same triple came with other content. Other bytes alone are none: feeds wrap, sign and re-indent."""
    if known["original"] is None or known["sha256"] == _sha256(arrival.document):
        return False
    return cap.parse(known["original"]).alert != arrival.alert


def _add_references(connection: Connection, alert_id: str, alert: cap.Alert) -> None:
    rows = [
        {"alert_id": alert_id, "position": position, "sender": item.sender, "identifier": item.identifier}
        for position, item in enumerate(alert.references[:MAX_REFERENCES])
        if len(item.sender) + len(item.identifier) <= MAX_NAME
    ]
    if rows:
        connection.execute(insert(alert_references), rows)


def _row(arrival: Arrival, alert_id: str, identity: str, decision: Decision, now: datetime) -> dict[str, Any]:
    alert = arrival.alert or cap.Alert()
    signature = _signature(arrival)
    return {
        "id": alert_id,
        "identity": identity,
        "keyed": arrival.gate is None,
        "rehearsal": arrival.rehearsal,
        "sender": _name(alert.sender, arrival.gate),
        "identifier": _name(alert.identifier, arrival.gate),
        "sent": alert.sent.text if alert.sent else None,
        "sent_at": alert.sent.instant if alert.sent else None,
        "status": _word(alert.status),
        "msg_type": _word(alert.msg_type),
        "scope": _word(alert.scope),
        "cap_version": arrival.report.cap_version,
        "event": alert.infos[0].event if alert.infos else None,
        "feed": arrival.feed,
        "received_at": arrival.received_at,
        "sha256": _sha256(arrival.document),
        "original": arrival.document,
        "profile": arrival.report.profile,
        "signature": signature.status,
        "signer": signature.signer,
        "verdict": arrival.report.verdict,
        "findings": msgspec.json.encode(arrival.report.findings).decode(),
        "decision": decision.word,
        "reason": decision.reason,
        "decided_at": now,
        "card_id": None,
    }


def _name(text: str, gate: QuarantineReason | None) -> str | None:
    """Sender or identifier: whole where chains are made of it, else short enough for the index."""
    return (text if gate is None else text[: MAX_NAME // 2]) or None


def _word(text: str) -> str | None:
    """A code of the standard, cut to its column: a document that breaks the schema may say anything there."""
    return text[:20] or None


def _signature(arrival: Arrival) -> SignatureNote:
    found = arrival.report.signature
    return SignatureNote(status=found.status if found else "absent", signer=found.signer if found else None)


def _identity(arrival: Arrival) -> str:
    """The hash of the triple for what passed the gate, of the bytes for what did not: a broken copy never takes the
    place of a good one. Nor does a rehearsal take the place of the real thing."""
    if arrival.gate is not None or arrival.alert is None or arrival.alert.sent is None:
        return _sha256(arrival.document)
    triple = (arrival.alert.sender, arrival.alert.identifier, str(arrival.alert.sent.instant))
    return _sha256("\0".join((*triple, "rehearsal" if arrival.rehearsal else "")).encode())


def _sha256(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()
