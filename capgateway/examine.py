"""A document becomes an arrival: parsed, validated, its gist made, once and before any transaction.

::

    bytes ─▶ parse ─▶ Alert + report ─▶ usable? ─▶ Arrival: gist, draft, hashes

Nothing here raises for what a document contains. A fault of the gateway itself over one document keeps that document back
as ``undecided``, with its bytes; its neighbours go on, and it is decided again after an upgrade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, cards
from capgateway.cards.policy import USUAL, Policy
from capgateway.feeds import enveloped
from capgateway.store import Arrival, arrival

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cards.decision import QuarantineReason
    from capgateway.feeds import Feed


def examine(
    document: bytes,
    feed: Feed,
    schemas: cap.Schemas,
    *,
    received_at: datetime,
    envelope_status: str | None = None,
    policy: Policy = USUAL,
) -> Arrival:
    """What a feed brought, ready for the store. What an envelope says of its status outweighs an ``Actual`` inside. ``policy``
    says which programmes there are."""
    alert: cap.Alert | None = None
    held_back: QuarantineReason | None = None
    try:
        parsed = cap.parse(document)
        alert = parsed.alert and enveloped(parsed.alert, envelope_status)
        report = _report(parsed, feed, schemas, received_at)
        gate = cards.unusable(alert, report, senders=feed.senders, signature=feed.signature)
        if gate == "schema" and alert and cards.says_cancel(alert):  # a take-down is read leniently
            held_back = gate
            gate = cards.unusable(alert, report, senders=feed.senders, signature=feed.signature, is_lenient=True)
        if gate == "unreadable":  # whoever has to look at it should know what it was about
            alert = cap.remains(document)
    except Exception as error:  # noqa: BLE001  (whatever it is: the bytes must not be lost)
        report = _broken(error, feed)
        gate = "undecided"
    came = arrival(
        feed=feed,
        document=document,
        received_at=received_at,
        alert=alert,
        report=report,
        gate=gate,
        held_back=held_back,
        policy=policy,
    )
    if came.status is not None or envelope_status is None:
        return came
    return msgspec.structs.replace(
        came, status=cards.known_word(envelope_status)
    )  # a drill stays one when it is read again


def _report(parsed: cap.Parsed, feed: Feed, schemas: cap.Schemas, received_at: datetime) -> cap.Report:
    report = cap.validate(
        parsed,
        schemas,
        now=received_at,
        profile=feed.profile,
        trust=feed.trust,
        signed_at=received_at,
        source=feed.name,
    )
    if feed.signature != "ignore":
        return report
    findings = tuple(finding for finding in report.findings if finding.layer != "signature")
    return msgspec.structs.replace(report, signature=None, findings=findings, verdict=cap.verdict_on(findings))


def _broken(error: Exception, feed: Feed) -> cap.Report:
    return cap.Report(source=feed.name, position=1, kind="unknown", verdict="invalid", findings=(cap.unjudged(error),))
