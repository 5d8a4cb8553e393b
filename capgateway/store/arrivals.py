"""An arrival: one document on its way into the store, with all that can be made of it before the transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from capgateway import cards
from capgateway.cap import Alert, Report
from capgateway.cards import VERSION, Decision, Draft, Gist, Member, SignatureNote
from capgateway.cards.decision import QuarantineReason
from capgateway.cards.gist import known_word
from capgateway.cards.policy import USUAL, Policy
from capgateway.store.chains import Names, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from capgateway.feeds import Feed


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One document that came in as an alert. ``gate`` says why it cannot be used at all, ``None`` if it can; ``alert`` and
    ``gist`` are present whenever ``gate`` is ``None``, and its identity is complete. ``rehearsal``: it came through a feed
    whose words leave only as exercise. ``status`` is the envelope's word, for when the document itself cannot be
    read; ``held_back`` is the reason for which it is quarantined unless it ends a card.
    ``is_reuse``: it uses a name again that was erased by order. ``fault`` is what went wrong in the gateway itself, where something
    did. A ``second_look`` asked for a document that no
    listing announced: that it is still there says nothing."""

    feed: str
    document: bytes
    received_at: datetime
    alert: Alert | None
    report: Report
    gate: QuarantineReason | None
    held_back: QuarantineReason | None = None
    rehearsal: bool = False
    status: str | None = None
    gist: Gist | None = None
    draft: Draft | None = None
    names: Names = Names()
    content_sha256: str | None = None
    sha256: str = ""
    triple_sha256: str = ""
    is_reuse: bool = False
    fault: str | None = None
    is_second_look: bool = False

    @property
    def identity(self) -> str:
        """The hash of the triple for what passed the gate, of the bytes for what did not: a broken copy never takes the
        place of a good one. Nor does a rehearsal take the place of the real thing."""
        return self.sha256 if self.gate is not None or self.gist is None else self.triple_sha256

    @property
    def signature(self) -> SignatureNote:
        found = self.report.signature
        return SignatureNote(status=found.status if found else "absent", signer=found.signer if found else None)

    def member(self, alert_id: str) -> Member:
        """The arrival as a member of its chain. Only for what passed the gate."""
        if self.gist is None:
            raise ValueError("what was held back at the gate is not a member of any chain")
        return Member(
            alert_id=alert_id,
            gist=self.gist,
            feed=self.feed,
            received_at=self.received_at,
            sha256=self.sha256,
            profile=self.report.profile,
            signature=self.signature,
            rehearsal=self.rehearsal,
        )


def arrival(
    *,
    feed: Feed,
    document: bytes,
    received_at: datetime,
    alert: Alert | None,
    report: Report,
    gate: QuarantineReason | None,
    held_back: QuarantineReason | None = None,
    policy: Policy = USUAL,
) -> Arrival:
    """The arrival with its gist, its draft and its hashes. A fault of the gateway in making them holds the document back as
    ``undecided``: it is decided again after an upgrade."""
    rehearsal = feed.rehearsal
    came = Arrival(
        feed=feed.name,
        document=document,
        received_at=received_at,
        alert=alert,
        report=report,
        gate=gate,
        held_back=held_back,
        rehearsal=rehearsal,
        status=known_word(alert.status) or None if alert else None,
        sha256=sha256(document),
    )
    if alert is None:
        return came
    try:
        profile, atlas = report.profile, policy.atlas
        gist = cards.gist(alert, policy.phrases, codes=policy.codes, profile=profile, atlas=atlas)
        is_shown = gate is None and cards.may_display(gist, policy)
        draft = cards.draft(alert, gist, profile=profile, atlas=atlas) if is_shown else None
        return msgspec.structs.replace(
            came,
            gist=gist,
            draft=draft,
            names=names_of(gist, rehearsal=rehearsal),
            triple_sha256=_triple_sha256(gist, rehearsal=rehearsal),
            content_sha256=content_sha256(alert),
        )
    except Exception as error:  # noqa: BLE001  (whatever it is: the bytes must not be lost)
        return msgspec.structs.replace(came, gate="undecided", fault=f"{type(error).__name__} while the gist was made")


def row(came: Arrival, alert_id: str, decision: Decision, **where: Any) -> Mapping[str, Any]:
    """The row of an arrival. ``where``: ``identity``, ``decided_at``, ``chain_id`` and ``card_id``."""
    alert, gist, report, signed = came.alert or Alert(), came.gist or Gist(), came.report, came.signature
    return {
        "id": alert_id,
        "keyed": came.gate is None,
        "rehearsal": came.rehearsal,
        "sender": _name(alert.sender, came.gate),
        "identifier": _name(alert.identifier, came.gate),
        "sent": alert.sent.text if alert.sent and alert.sent.instant else None,
        "sent_at": alert.sent.instant if alert.sent else None,
        "sender_key": gist.sender_key or None,
        "identifier_key": gist.identifier_key or None,
        "status": gist.status or came.status,
        "msg_type": gist.msg_type or None,
        "scope": gist.scope or None,
        "cap_version": report.cap_version,
        "event": alert.infos[0].event if alert.infos else None,
        "feed": came.feed,
        "received_at": came.received_at,
        "sha256": came.sha256,
        "content_sha256": came.content_sha256,
        "original": came.document,
        "gist": None if came.gist is None else encoded(came.gist),
        "gist_version": None if came.gist is None else VERSION,
        "draft": None if came.draft is None else encoded(came.draft),
        "profile": report.profile,
        "signature": signed.status,
        "signer": signed.signer,
        "verdict": report.verdict,
        "findings": encoded(report.findings) if report.findings else "[]",
        "decision": decision.word,
        "reason": decision.reason,
        "handled": None,
        "handled_at": None,
        "published_as": None,
        "erased_at": None,
        **where,
    }


def _triple_sha256(gist: Gist, *, rehearsal: bool) -> str:
    triple = (gist.sender, gist.identifier, str(gist.sent_at))
    return sha256("\0".join((*triple, "rehearsal" if rehearsal else "")).encode())


def content_sha256(alert: Alert) -> str:
    """The hash of what an alert says. Feeds wrap, sign and re-indent; an envelope may lessen the status. What a Cancel names
    in a way of its own is part of it: a copy may have lost that."""
    return sha256(
        msgspec.json.encode(msgspec.structs.replace(alert, status="", references_text=_in_its_own_way(alert)))
    )


def _in_its_own_way(alert: Alert) -> str | None:
    """The references of a Cancel, where they are no list of triples."""
    if alert.msg_type != "Cancel" or not alert.references_text:
        return None
    text = " ".join(alert.references_text.split())
    return None if text == " ".join(map(cards.reference_text, alert.references)) else text


def encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def sha256(document: bytes) -> str:
    return hashlib.sha256(document).hexdigest()


def _name(text: str, gate: QuarantineReason | None) -> str | None:
    """Sender or identifier: whole where chains are made of it, else short enough for the index."""
    return (text if gate is None else text[: cards.MAX_NAME // 2]) or None
