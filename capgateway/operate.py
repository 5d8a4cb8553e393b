"""The third walk: what a new policy, other receivers, an upgrade or an operator's hand changes in what is stored.

::

    stored alerts ─▶ decide again ─────────────▶ rows, messages, lanes
    an operator ─▶ verify, dismiss, release ─────────┘

It needs nothing but the store, so every process can do it, whatever roles it has. Like the other walks it calls
``on_messages`` when the store has messages to deliver.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, log
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.store import again, cards, gaps, held, lists

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from capgateway.cards import Decision, Policy
    from capgateway.store import Store, Taken

LOGGER = logging.getLogger("capgateway.operate")


class Operate:
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
        moved = await self._store.read(again.undecided_by_region, now, now - self.policy.max_lifetime)
        for alert_id in moved:
            self._tell(await self._decide(alert_id))
        if await self._store.write_alone(cards.route_again):
            self._on_messages()
        return len(undecided) + len(moved)

    async def verify(self, card_id: str, *, actor: str, reason: str) -> bool:
        """An operator confirms that an active card is still true; whether there is such a card."""
        is_verified = await self._store.write_alone(gaps.verify, card_id)
        if is_verified:
            log.event(LOGGER, "card.verified", actor=actor, card=card_id, reason=reason)
        return is_verified

    async def dismiss(self, alert_id: str, *, actor: str, reason: str) -> None:
        """An operator says that a quarantined alert is settled. Raises ``LookupError`` and ``ValueError`` as the store does."""
        await self._store.write_alone(held.dismiss, alert_id)
        log.event(LOGGER, "quarantine.dismissed", actor=actor, alert=alert_id, reason=reason)

    async def release(self, alert_id: str, card_id: str | None, *, actor: str, reason: str | None) -> Decision:
        """An operator says that a quarantined take-down ends this card. Raises ``LookupError`` and ``ValueError`` as the
        store does."""
        decision = await self._store.write_alone(held.release, alert_id, self.policy, card_id)
        self._on_messages()
        ended = ",".join(change.card_id for change in decision.changes)
        log.event(LOGGER, "quarantine.released", actor=actor, alert=alert_id, card=ended, reason=reason)
        return decision

    async def _decide(self, alert_id: str) -> Taken:
        return await self._store.write_alone(again.decide_again, alert_id, self.policy)

    async def _read_again(self, alert_id: str) -> Taken:
        """An alert that a fault kept from being read is examined again, as its feed brought it."""
        stored = await self._store.read(lists.one_alert, alert_id)
        document = await self._store.read(lists.original, alert_id)
        if stored is None or document is None:
            raise LookupError(alert_id)
        # A feed that is gone lends nobody trust; a rehearsal stays one.
        feed = self.feeds.get(stored.feed) or Feed(name=stored.feed, kind="push", signature="require")
        feed = msgspec.structs.replace(feed, rehearsal=stored.rehearsal)
        came = examine(document, feed, self._schemas, received_at=stored.received_at, envelope_status=stored.status)
        taken = await self._store.write_alone(again.take_again, alert_id, came, self.policy)
        if taken.decision.reason == "undecided" and not taken.fault:
            return msgspec.structs.replace(taken, fault="it still cannot be judged")
        return taken

    def _tell(self, taken: Taken) -> None:
        if taken.fault:
            log.event(LOGGER, "alert.undecided", level=logging.ERROR, alert=taken.alert_id, fault=taken.fault)
        elif taken.messages:
            log.event(LOGGER, "alert.decided", alert=taken.alert_id, again=True, decision=taken.decision.word)
            self._on_messages()
