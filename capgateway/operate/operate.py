"""The third walk: what a new policy, other receivers, an upgrade or an operator's hand changes in what is stored.

::

    stored alerts ─▶ decide again ─────────────▶ rows, messages, lanes
    an operator ─▶ dismiss, release, erase, and ``hand`` ─┘

It needs nothing but the store, so every process can do it, whatever roles it has. Like the other walks it calls
``on_messages`` when the store has messages to deliver.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, log
from capgateway.clock import monotonic, utc_now
from capgateway.errors import StoreError
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.operate.drill import INTERRUPTED, Drill, Drilled, alert_of
from capgateway.operate.hand import Hand
from capgateway.store import again, cards, drills, gists, held, lists, review
from capgateway.store import erase as erasing
from capgateway.store.audit import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from capgateway.cards import Decision, Policy
    from capgateway.store import Arrival, Store, Taken
    from capgateway.webhooks import Receiver

LOGGER = logging.getLogger("capgateway.operate")
ACKNOWLEDGED_WITHIN = 15.0
"""Seconds that an erasure waits for receivers: for a few quick retries of a take-down. Then it says who is missing."""
LOOK_SECONDS = 0.1
LARGEST_REWRITTEN = 1_000_000_000
"""Bytes of a SQLite file that is rewritten after an order; that takes some ten seconds, in which nothing else is written."""
SCRUB_TRIES, SCRUB_AGAIN = 5, 0.5


class Operate(Hand):
    """``policy`` and ``feeds``, by name, may be replaced at run time."""

    def __init__(
        self,
        store: Store,
        schemas: cap.Schemas,
        policy: Policy,
        feeds: Mapping[str, Feed],
        *,
        on_messages: Callable[[], None],
    ) -> None:
        self.policy, self.feeds = policy, feeds
        self._store, self._schemas, self._on_messages = store, schemas, on_messages
        self._tried, self._tried_under = set[str](), policy

    async def reconsider(self) -> int:
        """Decide again whatever this policy or this version of the gateway may decide otherwise, and send live cards where
        receivers want them now; how many alerts were decided."""
        now = utc_now()
        undecided = await self._store.read(again.undecided)
        for alert_id, is_tied in undecided:
            try:
                self._tell(await (self._decide(alert_id) if is_tied else self._read_again(alert_id)))
            except StoreError:
                raise
            except Exception as error:  # noqa: BLE001  (one that still cannot be decided keeps no other from it)
                log.event(LOGGER, "alert.undecided", level=logging.ERROR, alert=alert_id, fault=type(error).__name__)
        for alert_id in await self._store.read(again.left_behind):
            self._tell(await self._decide(alert_id))
        await self._ask_again(now)
        moved = await self._store.read(again.undecided_by_policy, now, self.policy)
        for alert_id in moved:
            self._tell(await self._decide(alert_id))
        if await self._store.write_alone(cards.route_again):
            self._on_messages()
        return len(undecided) + len(moved)

    async def dismiss(self, alert_id: str, *, actor: str, reason: str) -> None:
        """An operator says that a quarantined alert is settled. Raises ``LookupError`` and ``ValueError`` as the store does."""
        await self._store.write_alone(held.dismiss, alert_id, Act(actor=actor, reason=reason))
        log.event(LOGGER, "quarantine.dismissed", actor=actor, alert=alert_id)

    async def release(self, alert_id: str, card_id: str | None, *, actor: str, reason: str | None) -> Decision:
        """An operator says that a quarantined take-down ends this card, or that a quarantined statement may be displayed. Raises
        ``LookupError`` and ``ValueError`` as the store does."""
        act = Act(actor=actor, reason=reason)
        decision = await self._store.write_alone(held.release, alert_id, card_id, self.policy, act)
        self._on_messages()
        concerned = ",".join(change.card_id for change in decision.changes)
        log.event(LOGGER, "quarantine.released", actor=actor, alert=alert_id, card=concerned)
        return decision

    async def erase(self, *, card_id: str | None, identifier: str | None, actor: str, reason: str) -> erasing.Report:
        """An operator has everything erased that a card, or the alerts of an identifier, are about; what was shown is taken
        down. Waits a while for the receivers. Raises ``LookupError`` and ``ValueError`` as the store does."""
        act = Act(actor=actor, reason=reason)
        erased = await self._store.write_alone(erasing.erase, act, self.policy, card_id=card_id, identifier=identifier)
        self._store.is_dirty = True
        self._on_messages()
        cards_told = ",".join(erased.card_ids)
        log.event(LOGGER, "incident.erased", actor=actor, cards=cards_told, alerts=len(erased.alert_ids))
        take_downs = await self._acknowledged(erased)
        return erasing.Report(
            cards=erased.card_ids,
            ended=erased.ended,
            alerts=len(erased.alert_ids),
            take_downs=take_downs,
            files=await self._scrubbed(),
        )

    async def _acknowledged(self, erased: erasing.Erased) -> list[erasing.TakenDown]:
        """What receivers made of the take-downs, once none is pending or time is up."""
        end = monotonic() + ACKNOWLEDGED_WITHIN
        while True:
            found = await self._store.read(erasing.acknowledgements, erased.card_ids)
            if all(one.state != "pending" for one in found) or monotonic() >= end:
                return found
            await asyncio.sleep(LOOK_SECONDS)

    async def _scrubbed(self) -> erasing.Files:
        """Remove what was erased from the files; a reader may hold them for a moment."""
        for _ in range(SCRUB_TRIES):
            scrubbed = await self._store.scrub(LARGEST_REWRITTEN)
            if scrubbed.is_done:
                return (
                    "rewritten" if scrubbed.is_rewritten else "too_large" if self._store.is_ours_alone else "vacuumed"
                )
            await asyncio.sleep(SCRUB_AGAIN)
        return "pending"

    async def drill(self, feed: Feed | None, receivers: Sequence[Receiver], act: Act) -> Drilled:
        """Send an exercise card the whole way to these receivers, and take it down again. Raises ``ValueError`` where it cannot be
        displayed."""
        drill = Drill(self._store, self._schemas, self.policy, feed, self._on_messages)
        return await drill.run(receivers, act)

    async def end_drills(self) -> None:
        """Take down what a drill left on display that nobody waits for any more."""
        for left in await self._store.read(drills.left):
            feed = self.feeds.get(left.feed)
            drill = Drill(self._store, self._schemas, self.policy, feed, self._on_messages)
            await drill.end(alert_of(left), INTERRUPTED)

    async def publish_unanswered(self) -> None:
        """Display what waits for review and nobody answered for in time, where the policy says so."""
        rules = [self.policy.of(one.id) for one in self.policy.programmes]
        patience = [one.review_timeout for one in rules if one.review_default == "publish"]
        if self._tried_under is not self.policy:
            self._tried_under, self._tried = self.policy, set()
        if not patience:
            return
        now = utc_now()
        last = set(await self._store.read(review.unanswered, max(patience), now))
        for alert_id in await self._store.read(review.unanswered, min(patience), now):
            if alert_id not in self._tried:
                taken = await self._decide(alert_id)
                self._tell(taken)
                if alert_id in last and taken.decision.reason != "paused":
                    self._tried.add(alert_id)  # what is not displayed by now waits for a person

    async def _ask_again(self, now: datetime) -> None:
        """Make the gists of alerts without codes again where other phrases name programmes now."""
        after: str | None = ""
        while after is not None:
            since = now - self.policy.longest
            renewed, after = await self._store.read(gists.asked_otherwise, self.policy, since, after)
            await self._store.write_alone(gists.save, renewed)

    async def _read_again(self, alert_id: str) -> Taken:
        """An alert that a fault kept from being read is examined again."""
        if (came := await self._examined(alert_id)) is None:
            raise LookupError(alert_id)
        taken = await self._store.write_alone(again.take_again, alert_id, came, self.policy)
        if taken.decision.reason == "undecided" and not taken.fault:
            return msgspec.structs.replace(taken, fault="it still cannot be judged")
        return taken

    async def _examined(self, alert_id: str) -> Arrival | None:
        """A stored alert as its feed brought it, read again; ``None`` where it is unknown or its bytes are erased."""
        stored = await self._store.read(lists.one_alert, alert_id)
        document = await self._store.read(lists.original, alert_id)
        if stored is None or document is None:
            return None
        # A feed that is gone lends nobody trust; a rehearsal stays one.
        feed = self.feeds.get(stored.feed) or Feed(name=stored.feed, kind="push", signature="require")
        feed = msgspec.structs.replace(feed, rehearsal=stored.rehearsal)
        return examine(
            document,
            feed,
            self._schemas,
            received_at=stored.received_at,
            envelope_status=stored.status,
            policy=self.policy,
        )
