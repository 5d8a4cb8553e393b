"""The operator's hand: each act is one unit of work of the store, logged with its actor and never with its reason, which may
contain a name. The reason is in the audit trail."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from capgateway import log
from capgateway.store import again, audit, cards, corrections, evidence, hand, pause, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from capgateway.cards import Policy
    from capgateway.store import Store, Taken
    from capgateway.store.arrivals import Arrival
    from capgateway.store.audit import Act
    from capgateway.store.corrections import Corrected
    from capgateway.store.evidence import Evidence
    from capgateway.store.hand import Restored
    from capgateway.store.pause import Paused
    from capgateway.store.publish import Published

LOGGER = logging.getLogger("capgateway.operate")


class Hand(ABC):
    """Acts of a person. What cannot be done raises ``LookupError`` or ``ValueError`` with a sentence for that person."""

    policy: Policy
    _store: Store
    _on_messages: Callable[[], None]

    @abstractmethod
    async def _examined(self, alert_id: str) -> Arrival | None:
        """A stored alert as its feed brought it, read again."""

    async def _decide(self, alert_id: str, *, is_for_later: bool = False) -> Taken:
        return await self._store.write_alone(again.decide_again, alert_id, self.policy, is_for_later=is_for_later)

    def _tell(self, taken: Taken) -> None:
        if taken.fault:
            log.event(LOGGER, "alert.undecided", level=logging.ERROR, alert=taken.alert_id, fault=taken.fault)
        elif taken.messages:
            log.event(LOGGER, "alert.decided", alert=taken.alert_id, again=True, decision=taken.decision.word)
            self._on_messages()

    async def verify(self, card_id: str, act: Act) -> None:
        """A card on display is still true."""
        await self._store.write_alone(hand.verify, card_id, act)
        _log("card.verified", act, card=card_id)

    async def withdraw(self, card_id: str, act: Act) -> None:
        """Take a card down, and let nothing of its case be displayed until it is restored."""
        await self._store.write_alone(hand.withdraw, card_id, self.policy, act)
        self._on_messages()
        _log("card.withdrawn", act, card=card_id)

    async def restore(self, card_id: str, act: Act) -> Restored:
        """Show again, as a new card, what a person withdrew."""
        restored = await self._store.write_alone(hand.restore, card_id, self.policy, act)
        self._on_messages()
        _log("card.restored", act, card=card_id, new_card=restored.card_id)
        return restored

    async def correct(self, card_id: str, pointers: Sequence[str], act: Act, revision: int | None = None) -> Corrected:
        """Remove facts from a card, in a new revision; not if it is no longer at the revision that was looked at."""
        corrected = await self._store.write_alone(corrections.correct, card_id, pointers, self.policy, act, revision)
        self._on_messages()
        _log("card.corrected", act, card=card_id, removed=",".join(pointers))
        return corrected

    async def hold(self, card_id: str, act: Act, *, lift: bool = False) -> None:
        """Keep the data of a card beyond the retention, or no longer."""
        await self._store.write_alone(hand.lift if lift else hand.hold, card_id, act)
        _log("card.hold_lifted" if lift else "card.held", act, card=card_id)

    async def publish(self, alert_id: str, programme: str | None, act: Act) -> Published:
        """Display a declined alert."""
        arrival = await self._examined(alert_id)
        published = await self._store.write_alone(publish.publish, alert_id, programme, arrival, self.policy, act)
        self._on_messages()
        _log("alert.published", act, alert=alert_id, card=published.card_id, programme=published.programme)
        return published

    async def pause(self, act: Act) -> Paused:
        """Let no display start from any gateway of this database. Take-downs continue."""
        paused = await self._store.write_alone(pause.pause, act)
        if paused.is_new:
            _log("gateway.paused", act, under_way=paused.under_way)
        return paused

    async def resume(self, act: Act) -> datetime | None:
        """Send displays again, and decide again what waited; since when they were paused, ``None`` where they were not. What
        waited is decided before anything is sent, so that the latest state is, and once more for what came meanwhile."""
        await self._decide_what_waits(await self._store.read(pause.since))
        since = await self._store.write_alone(pause.resume, act)
        if since is not None:
            _log("gateway.resumed", act, paused_since=since)
            self._on_messages()
            await self._decide_what_waits(since)
            if await self._store.write_alone(cards.route_again):
                self._on_messages()
        return since

    async def _decide_what_waits(self, since: datetime | None) -> None:
        for alert_id in await self._store.read(again.left_by_a_pause, since) if since else ():
            self._tell(await self._decide(alert_id, is_for_later=True))

    async def export(self, card_id: str, act: Act) -> Evidence:
        """All that is stored of a card and its chain."""
        found = await self._store.read(evidence.collect, card_id)
        if found is None:
            raise LookupError(f"there is no card {card_id}")
        await self._store.write(audit.record, act, "card.exported", card_id=card_id)
        _log("card.exported", act, card=card_id)
        return found

    async def record(self, act: Act, action: str, *, detail: dict[str, Any], alert_ids: Sequence[str] = ()) -> None:
        """Note in the audit trail what a person did through another walk: an entry for each of these alerts, or one."""

        def write(unit: Any) -> None:
            for alert_id in alert_ids or (None,):
                audit.record(unit, act, action, alert_id=alert_id, detail=detail)

        await self._store.write(write)


def _log(event: str, act: Act, **what: Any) -> None:
    log.event(LOGGER, event, actor=act.actor, **what)
