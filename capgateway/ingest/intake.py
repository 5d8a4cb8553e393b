"""Documents into the store: examined, decided, and everything that follows, in one durable step."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

import msgspec

from capgateway import cap, log, threads
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.examine import examine
from capgateway.feeds import read_entries
from capgateway.feeds.http.hosts import Hosts
from capgateway.ingest.live import Live
from capgateway.store import alerts, copies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from capgateway.cards import Policy
    from capgateway.feeds import Feed
    from capgateway.metrics import Metrics
    from capgateway.store import Arrival, Store, Taken, TakenEntry

T = TypeVar("T")
LOGGER = logging.getLogger("capgateway.ingest")
THREAD_ABOVE = 32_000
"""Bytes: below, parsing costs less than handing it to a thread; above, it would hold the loop up."""
EXPIRE_AT_ONCE = 10
"""Cards ended in one transaction."""


class Intake:
    """What every way in leads to. ``policy`` may be replaced at run time."""

    def __init__(
        self,
        store: Store,
        schemas: cap.Schemas,
        policy: Policy,
        *,
        metrics: Metrics,
        on_messages: Callable[[], None],
    ) -> None:
        self.store, self.metrics, self.policy = store, metrics, policy
        self.hosts, self.live = Hosts(), Live(store)
        self._schemas, self._on_messages = schemas, on_messages

    async def examine(self, document: bytes, feed: Feed, *, envelope_status: str | None = None) -> Arrival:
        """Parse, validate, make the gist. Never raises for what the document contains."""
        (arrival,) = await self.examine_all([(document, envelope_status)], feed)
        return arrival

    async def examine_all(self, documents: Sequence[tuple[bytes, str | None]], feed: Feed) -> list[Arrival]:
        """The same for several documents, each with what an envelope says of its status."""
        received_at, policy = utc_now(), self.policy
        return await off_loop(
            sum(len(document) for document, _ in documents),
            lambda: [
                examine(
                    document,
                    feed,
                    self._schemas,
                    received_at=received_at,
                    envelope_status=status,
                    policy=policy,
                )
                for document, status in documents
            ],
        )

    async def take(self, arrival: Arrival) -> Taken:
        """Decide and store one examined document; durable when this returns."""
        (taken,) = await self.take_all([arrival])
        return taken

    async def take_all(self, arrivals: Sequence[Arrival], entries: Sequence[TakenEntry] = ()) -> list[Taken]:
        """Decide and store examined documents as a whole, and note the entries that announced them; durable when this
        returns. What one of them cancels is never displayed first, in whichever order they come."""
        started = time.monotonic()
        taken = await self._stored(arrivals, entries)
        seconds = (time.monotonic() - started) / max(len(arrivals), 1)
        for one, arrival in zip(taken, arrivals, strict=True):
            self._tell(one, arrival, seconds)
        if any(one.messages for one in taken):
            self.live.changed()
            self._on_messages()
        return taken

    async def _stored(self, arrivals: Sequence[Arrival], entries: Sequence[TakenEntry]) -> list[Taken]:
        """Take them in as a whole. Should a fault of ours break that, each is taken in by itself, and the one over which it
        breaks is kept as undecided."""
        try:
            return await self.store.write_alone(alerts.take_in, arrivals, self.policy, entries)
        except StoreError:
            raise
        except Exception as error:
            if len(arrivals) > 1:
                taken = [one for arrival in arrivals for one in await self._stored([arrival], ())]
                await self.store.write_alone(alerts.take_in, [], self.policy, entries)
                return taken
            (arrival,) = arrivals
            if arrival.gate is not None:
                raise
            fault = f"{type(error).__name__} while it was stored"
            held = msgspec.structs.replace(arrival, gate="undecided", gist=None, draft=None, fault=fault)
            return await self.store.write_alone(alerts.take_in, [held], self.policy, entries)

    def told(self) -> None:
        """Operators were told something, and cards became unverified or were so for a while."""
        self.live.renew()
        self._on_messages()

    async def take_in(self, document: bytes, feed: Feed, *, envelope_status: str | None = None) -> Taken:
        """:meth:`examine` and :meth:`take` in one."""
        return await self.take(await self.examine(document, feed, envelope_status=envelope_status))

    async def expire(self) -> int:
        """End every card whose time has come; how many there were."""
        ended = 0
        while (end := await self.store.read(copies.next_end, utc_now())) is not None and end <= utc_now():
            count = await self.store.write_alone(copies.end_overdue, EXPIRE_AT_ONCE, self.policy)
            ended += count
            log.event(LOGGER, "cards.expired", count=count)
            self.live.changed()
            self._on_messages()
        return ended

    def _tell(self, taken: Taken, arrival: Arrival, seconds: float) -> None:
        word, reason = taken.decision.word, taken.decision.reason
        self.metrics.decided(feed=arrival.feed, decision=word, reason=reason)
        on_the_way = _on_the_way(arrival)
        if taken.is_new:
            self.metrics.found((one.rule, one.level) for one in arrival.report.findings)
            self.metrics.arrived(decision=word, on_the_way=on_the_way, to_store=utc_now() - arrival.received_at)
        if reason == "erased":  # the listing that announced it was erased with it
            self.store.is_dirty = True
        if taken.fault or (taken.is_new and reason == "undecided"):
            log.event(
                LOGGER,
                "alert.undecided",
                level=logging.ERROR,
                feed=arrival.feed,
                alert=taken.alert_id,
                fault=taken.fault or _fault(arrival),
            )
        for held in taken.held:
            log.event(LOGGER, "take_down.held", level=logging.WARNING, alert=held.alert_id, card=held.card_id)
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
            on_the_way=round(on_the_way.total_seconds(), 1) if on_the_way is not None else None,
            bytes=len(arrival.document),
            messages=taken.messages,
            seconds=round(seconds, 4),
        )


def _on_the_way(arrival: Arrival) -> timedelta | None:
    """From ``sent`` to the arrival; ``None`` where the alert does not say when it was sent."""
    sent_at = arrival.alert.sent.instant if arrival.alert and arrival.alert.sent else None
    return None if sent_at is None else arrival.received_at - sent_at


def _fault(arrival: Arrival) -> str | None:
    """What the report says of a fault of ours. Other findings may quote the alert."""
    return next((one.message for one in arrival.report.findings if one.rule == cap.UNJUDGED.id), None)


async def unwrap(document: bytes) -> list[tuple[bytes, str | None]]:
    """The messages in a document, each with the status its envelope gives it: those of an envelope or wrapper that has
    any, else the document itself, whatever it is."""
    index = await off_loop(len(document), lambda: read_entries(document, kind="push", base_url=""))
    inside = [(entry.document, entry.envelope_status) for entry in index.distinct if entry.document is not None]
    return inside or [(document, None)]


async def off_loop(size: int, work: Callable[[], T]) -> T:
    """Do small work here, large work in a thread."""
    return work() if size < THREAD_ABOVE else await threads.parse(work)
