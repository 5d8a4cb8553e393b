"""A drill: an exercise goes the whole way, from CAP to the receivers' acknowledgements, and is taken down again.

::

    CAP, status Exercise ─▶ examine, as its feed would be ─▶ store ─▶ lanes ─▶ acknowledged? ─▶ Cancel ─▶ acknowledged?

It can never become real: what is examined is a rehearsal of the feed, so it is of other chains than the feed's alerts; every text
of it says what it is; and it is over by itself within minutes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from capgateway import cap, cards, log
from capgateway.cards.exercise import SENDER, exercise, exercise_over
from capgateway.clock import monotonic, utc_now
from capgateway.examine import examine
from capgateway.feeds import Feed
from capgateway.store import drills, lists
from capgateway.store.audit import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from capgateway.cards import Policy
    from capgateway.store import Arrival, Store, StoredDelivery
    from capgateway.webhooks import Receiver

LOGGER = logging.getLogger("capgateway.operate")
BUILT_IN = "drill"
"""The feed of a drill that goes through none of the configured ones."""
ELSEWHERE = "US"
"""Whom it is for where the policy's regions have no codes that an alert could name."""
LIFETIME = timedelta(minutes=5)
"""If the gateway dies meanwhile, the card ends by then at every receiver. Longer than what a drill waits for."""
ACKNOWLEDGED_WITHIN = 35.0
"""Seconds to wait for displays, and again for take-downs: a receiver that fails at first is retried within 30 s."""
LOOK_SECONDS = 0.05
MOST_DELIVERIES = 1_000
INTERRUPTED = Act(actor="gateway", reason="the drill was interrupted")


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver made of a message of the drill; ``seconds`` from the submission of its alert to the acknowledgement."""

    receiver: str
    state: str
    seconds: float | None
    attempts: int
    confirmed: bool
    last_status: int | None
    last_error: str | None


class Drilled(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a drill. ``passed``: every receiver acknowledged both messages."""

    passed: bool
    feed: str
    alert_id: str
    card_id: str
    started_at: datetime
    displays: list[Acknowledged]
    take_downs: list[Acknowledged]


class Drill:
    """One drill. ``feed`` is the configured feed that it goes through, ``None`` for none of them."""

    def __init__(
        self, store: Store, schemas: cap.Schemas, policy: Policy, feed: Feed | None, on_messages: Callable[[], None]
    ) -> None:
        self._store, self._schemas, self._on_messages = store, schemas, on_messages
        self._feed, self._policy = rehearsed(feed), permitting(policy, feed)

    async def run(self, receivers: Sequence[Receiver], act: Act) -> Drilled:
        """Display, wait, take down, wait. ``ValueError`` says why it cannot be displayed. Whatever happens, it is taken down."""
        started_at = utc_now()
        alert = exercise(started_at, f"DRILL-{secrets.token_hex(8)}", self._region(receivers), lifetime=LIFETIME)
        alert_id, card_id = await self._start(alert, receivers, act)
        try:
            displays = await self._acknowledged(card_id, "display", len(receivers), started_at)
        finally:
            ended_at = utc_now()
            await asyncio.shield(asyncio.ensure_future(self.end(alert, act, card_id)))
        take_downs = await self._acknowledged(card_id, "take_down", len(receivers), ended_at)
        return Drilled(
            passed=all(one.state == "delivered" for one in (*displays, *take_downs)),
            feed=self._feed.name,
            alert_id=alert_id,
            card_id=card_id,
            started_at=started_at,
            displays=displays,
            take_downs=take_downs,
        )

    async def _start(self, alert: cap.Alert, receivers: Sequence[Receiver], act: Act) -> tuple[str, str]:
        arrival = self._examined(alert)
        alert_id, card_id = await self._store.write_alone(drills.start, arrival, self._policy, receivers, act)
        self._on_messages()
        names = ",".join(one.name for one in receivers)
        log.event(LOGGER, "drill.started", actor=act.actor, feed=self._feed.name, card=card_id, receivers=names)
        return alert_id, card_id

    async def end(self, alert: cap.Alert, act: Act, card_id: str | None = None) -> None:
        """Cancel it, as its issuer would."""
        arrival = self._examined(exercise_over(utc_now(), alert))
        await self._store.write_alone(drills.end, arrival, self._policy, act, card_id)
        self._on_messages()
        log.event(LOGGER, "drill.ended", actor=act.actor, feed=self._feed.name, card=card_id)

    def _examined(self, alert: cap.Alert) -> Arrival:
        now = utc_now()
        return examine(cap.write(alert), self._feed, self._schemas, received_at=now, policy=self._policy)

    def _region(self, receivers: Sequence[Receiver]) -> str:
        """Whom it is for: somewhere that feed, policy and receivers have in common, if their first regions do."""
        jurisdiction = self._policy.rules_of(self._feed.name).jurisdiction
        wanted = [*jurisdiction, *self._policy.regions, *(region for one in receivers for region in one.regions)]
        return next((region for region in wanted if cards.has_code(region)), ELSEWHERE)

    async def _acknowledged(
        self, card_id: str, action: Literal["display", "take_down"], count: int, since: datetime
    ) -> list[Acknowledged]:
        """What the receivers made of it, once none is pending or time is up."""
        end = monotonic() + ACKNOWLEDGED_WITHIN
        while True:
            page = await self._store.read(lists.delivery_page, card_id=card_id, limit=MOST_DELIVERIES)
            found = [one for one in page.items if one.action == action and not one.reissue]
            is_done = len(found) >= count and all(one.state != "pending" for one in found)
            if is_done or monotonic() >= end:
                return sorted((_acknowledged(one, since) for one in found), key=lambda one: one.receiver)
            await asyncio.sleep(LOOK_SECONDS)


def rehearsed(feed: Feed | None) -> Feed:
    """The feed as a drill goes through it: what it says leaves only as exercise. Nobody can send in an issuer's name, or sign for
    one, so ``senders`` and ``signature`` do not apply."""
    if feed is None:
        return Feed(name=BUILT_IN, kind="push", rehearsal=True)
    return msgspec.structs.replace(feed, rehearsal=True, senders=(), signature="ignore")


def permitting(policy: Policy, feed: Feed | None) -> Policy:
    """The policy under which a drill is displayed: for AMBER Alerts, without waiting for a person."""
    regions = policy.regions if any(cards.has_code(region) for region in policy.regions) else ()
    rules = policy.rules_of(feed.name) if feed else cards.FeedRules()
    own = msgspec.structs.replace(rules, senders=(), signature="ignore")
    return msgspec.structs.replace(
        policy,
        regions=regions,
        programmes=(cards.AMBER,),
        review="none",
        feeds={**policy.feeds, feed.name if feed else BUILT_IN: own},
    )


def alert_of(left: drills.Left) -> cap.Alert:
    """The alert of a drill that an earlier process left on display, as far as its Cancel names it."""
    alert = exercise(left.sent_at, left.identifier, ELSEWHERE, lifetime=LIFETIME)
    return msgspec.structs.replace(alert, sender=SENDER, sent=cap.Time(text=left.sent, instant=left.sent_at))


def _acknowledged(delivery: StoredDelivery, since: datetime) -> Acknowledged:
    last = delivery.attempts[-1] if delivery.attempts else None
    is_there = delivery.state == "delivered" and delivery.ended_at is not None
    return Acknowledged(
        receiver=delivery.receiver,
        state=delivery.state,
        seconds=round((delivery.ended_at - since).total_seconds(), 3) if is_there and delivery.ended_at else None,
        attempts=len(delivery.attempts),
        confirmed=delivery.confirmed,
        last_status=last.status if last else None,
        last_error=last.error if last else None,
    )
