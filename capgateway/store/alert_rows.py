"""An arrival as rows: what is kept of a document, under which name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import insert

from capgateway import cap
from capgateway.cards import MAX_NAME, Decision, SignatureNote
from capgateway.store.tables import alert_references

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from capgateway.cards.decision import QuarantineReason
    from capgateway.store.records import Arrival

MAX_REFERENCES = 500
"""References kept of one alert; real ones name some dozens at most, and each is a row."""


def add_references(connection: Connection, alert_id: str, alert: cap.Alert) -> None:
    found = [
        {"alert_id": alert_id, "position": position, "sender": item.sender, "identifier": item.identifier}
        for position, item in enumerate(alert.references[:MAX_REFERENCES])
        if len(item.sender) + len(item.identifier) <= MAX_NAME
    ]
    if found:
        connection.execute(insert(alert_references), found)


def row(arrival: Arrival, alert_id: str, name: str, decision: Decision, now: datetime) -> dict[str, Any]:
    alert = arrival.alert or cap.Alert()
    signed = signature(arrival)
    return {
        "id": alert_id,
        "identity": name,
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
        "sha256": sha256(arrival.document),
        "original": arrival.document,
        "profile": arrival.report.profile,
        "signature": signed.status,
        "signer": signed.signer,
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


def signature(arrival: Arrival) -> SignatureNote:
    found = arrival.report.signature
    return SignatureNote(status=found.status if found else "absent", signer=found.signer if found else None)


def identity(arrival: Arrival) -> str:
    """The hash of the triple for what passed the gate, of the bytes for what did not: a broken copy never takes the
    place of a good one. Nor does a rehearsal take the place of the real thing."""
    if arrival.gate is not None or arrival.alert is None or arrival.alert.sent is None:
        return sha256(arrival.document)
    triple = (arrival.alert.sender, arrival.alert.identifier, str(arrival.alert.sent.instant))
    return sha256("\0".join((*triple, "rehearsal" if arrival.rehearsal else "")).encode())


def sha256(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()
