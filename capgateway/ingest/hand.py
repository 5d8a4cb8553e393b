"""Take in what somebody hands over: a partner's push, or a document by hand. It may be an envelope with several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.clock import utc_now
from capgateway.feeds.status import Submitted
from capgateway.ingest.intake import unwrap

if TYPE_CHECKING:
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch


async def submit(intake: Intake, watch: Watch, document: bytes) -> list[Submitted]:
    """What became of each alert in the document, durable when this returns. Handing the same over again is the same as
    once. An envelope without any alert, and what is no CAP at all, is kept as unreadable."""
    return [await _take(intake, watch, inside, status) for inside, status in await unwrap(document)]


async def _take(intake: Intake, watch: Watch, document: bytes, envelope_status: str | None) -> Submitted:
    arrival = await intake.examine(document, watch.feed, envelope_status=envelope_status)
    taken = await intake.take(arrival)
    watch.succeeded(utc_now())
    watch.took(arrival, taken)
    return Submitted(
        alert_id=taken.alert_id,
        decision=taken.decision.word,
        reason=taken.decision.reason,
        is_new=taken.is_new,
        verdict=arrival.report.verdict,
        identifier=arrival.report.identifier,
    )
