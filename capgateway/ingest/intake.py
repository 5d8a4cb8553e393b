"""Documents into the store: parse, validate, decide, and everything that follows, in one durable step."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from capgateway import cap, cards, log
from capgateway.clock import utc_now
from capgateway.feeds import enveloped, read_entries
from capgateway.feeds.http.hosts import Hosts
from capgateway.store import Arrival

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from capgateway.cards import CardState, Decision, Member, Policy
    from capgateway.feeds import Feed
    from capgateway.metrics import Metrics
    from capgateway.store import Store, Taken
    from capgateway.webhooks import Outlets

T = TypeVar("T")
LOGGER = logging.getLogger("capgateway.ingest")
THREAD_ABOVE = 32_000
"""Bytes: below, parsing costs less than handing it to a thread; above, it would hold the loop up."""
EXPIRE_AT_ONCE = 100
"""Cards ended in one transaction."""


class Intake:
    """What every way in leads to. ``policy``, ``outlets`` and ``jurisdictions`` (of feeds, by name) may be replaced at
    run time."""

    def __init__(
        self,
        store: Store,
        schemas: cap.Schemas,
        policy: Policy,
        outlets: Outlets,
        *,
        metrics: Metrics,
        on_messages: Callable[[], None],
    ) -> None:
        self.store, self.metrics = store, metrics
        self.policy, self.outlets = policy, outlets
        self.jurisdictions: dict[str, tuple[str, ...]] = {}
        self.hosts = Hosts()
        self._schemas, self._on_messages = schemas, on_messages

    async def examine(self, document: bytes, feed: Feed, *, envelope_status: str | None = None) -> Arrival:
        """Parse and validate. Never raises for what the document holds. What an envelope says of its status weighs more
        than an ``Actual`` inside."""
        received_at = utc_now()

        def look() -> Arrival:
            parsed = cap.parse(document)
            report = self._report(parsed, feed, received_at)
            alert = parsed.alert and enveloped(parsed.alert, envelope_status)
            return Arrival(
                feed=feed.name,
                document=document,
                received_at=received_at,
                alert=alert,
                report=report,
                gate=cards.unusable(alert, report, senders=feed.senders, signature=feed.signature),
                rehearsal=feed.rehearsal,
            )

        return await off_loop(len(document), look)

    async def take(self, arrival: Arrival) -> Taken:
        """Decide and store one examined document; durable when this returns."""
        started = time.monotonic()
        taken = await self.store.take_in(arrival, self._decide, self.outlets)
        self._tell(taken, arrival, time.monotonic() - started)
        return taken

    async def take_in(self, document: bytes, feed: Feed, *, envelope_status: str | None = None) -> Taken:
        """:meth:`examine` and :meth:`take` in one."""
        return await self.take(await self.examine(document, feed, envelope_status=envelope_status))

    async def expire(self) -> int:
        """End every card whose time has come; how many there were."""
        ended = 0
        while (next_end := await self.store.next_expiry()) is not None and next_end <= utc_now():
            count = await self.store.expire(cards.expire, self.outlets, EXPIRE_AT_ONCE)
            ended += count
            log.event(LOGGER, "cards.expired", count=count)
            self._on_messages()
        return ended

    async def decide_again(self) -> int:
        """Decide anew what a change of the policy's regions may decide otherwise, and send live cards where receivers
        want them now; how many alerts were decided."""
        now = utc_now()
        alert_ids = await self.store.undecided_by_region(now, now - self.policy.max_lifetime)
        for alert_id in alert_ids:
            taken = await self.store.decide_again(alert_id, self._decide, self.outlets)
            if taken.messages:
                log.event(LOGGER, "alert.decided", alert=alert_id, again=True, decision=taken.decision.word)
                self._on_messages()
        if await self.store.route_again(self.outlets):
            self._on_messages()
        return len(alert_ids)

    def _report(self, parsed: cap.Parsed, feed: Feed, received_at: datetime) -> cap.Report:
        report = cap.validate(
            parsed,
            self._schemas,
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

    def _decide(
        self, arrived: Member, known: Sequence[Member], states: Sequence[CardState], deployment: str
    ) -> Decision:
        return cards.decide(
            self._placed(arrived),
            [self._placed(member) for member in known],
            states,
            self.policy,
            now=utc_now(),
            deployment=deployment,
        )

    def _placed(self, member: Member) -> Member:
        """With the jurisdiction that its feed has now."""
        return msgspec.structs.replace(member, jurisdiction=self.jurisdictions.get(member.feed, ()))

    def _tell(self, taken: Taken, arrival: Arrival, seconds: float) -> None:
        word, reason = taken.decision.word, taken.decision.reason
        self.metrics.decided(feed=arrival.feed, decision=word, reason=reason)
        for finding in arrival.report.findings:
            if taken.is_new and finding.rule == cap.UNJUDGED.id:
                log.event(LOGGER, "alert.unjudged", level=logging.ERROR, alert=taken.alert_id, message=finding.message)
        log.event(
            LOGGER,
            "alert.decided",
            level=logging.INFO if taken.is_new else logging.DEBUG,
            feed=arrival.feed,
            alert=taken.alert_id,
            decision=word,
            reason=reason,
            verdict=arrival.report.verdict,
            findings=len(arrival.report.findings),
            messages=taken.messages,
            seconds=round(seconds, 4),
        )
        if taken.messages:
            self._on_messages()


async def unwrap(document: bytes) -> list[tuple[bytes, str | None]]:
    """The messages in a document, each with the status its envelope gives it: those of an envelope or wrapper that has
    any, else the document itself, whatever it is."""
    index = await off_loop(len(document), lambda: read_entries(document, kind="push", base_url=""))
    inside = [(entry.document, entry.envelope_status) for entry in index.distinct if entry.document is not None]
    return inside or [(document, None)]


async def off_loop(size: int, work: Callable[[], T]) -> T:
    """Do small work here, large work in a thread."""
    return work() if size < THREAD_ABOVE else await asyncio.to_thread(work)
