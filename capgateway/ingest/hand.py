"""Take in what somebody hands over: a partner's push, or a document by hand. It may be an envelope with several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.clock import utc_now
from capgateway.feeds.status import Submitted
from capgateway.ingest.intake import unwrap

if TYPE_CHECKING:
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch
    from capgateway.store import Arrival, Taken


async def submit(intake: Intake, watch: Watch, document: bytes) -> list[Submitted]:
    """What became of each alert in the document, durable when this returns. Handing the same over again is the same as
    once. An envelope without any alert, and what is not CAP at all, is kept as unreadable."""
    arrivals = await intake.examine_all(await unwrap(document), watch.feed)
    taken = await intake.take_all(arrivals)
    if watch.feed.kind == "push":  # what is submitted by hand says nothing about the source
        watch.succeeded(utc_now())
    return [_submitted(watch, arrival, one) for arrival, one in zip(arrivals, taken, strict=True)]


def _submitted(watch: Watch, arrival: Arrival, taken: Taken) -> Submitted:
    watch.took(arrival, taken)
    return Submitted(
        alert_id=taken.alert_id,
        decision=taken.decision.word,
        reason=taken.decision.reason,
        is_new=taken.is_new,
        verdict=arrival.report.verdict,
        identifier=arrival.report.identifier,
    )
