"""Gaps as they are noticed: by the time that a feed is away, or by what it lists when it is back.

::

    away for longer than its window, or nothing known is left ─▶ begin ─▶ other feeds are asked
    a complete answer ─▶ what it lists is seen again ─▶ end ─▶ other feeds are asked once more
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from capgateway import log
from capgateway.ingest.intake import LOGGER
from capgateway.store import feeds as stored_feeds
from capgateway.store import gaps

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch


async def notice(intake: Intake, watch: Watch) -> None:
    """Begin the gap of a feed that has been away for too long; costs nothing where it has not. Raises
    :class:`StoreError`."""
    if watch.is_overdue and watch.complete_at is not None:
        await begin(intake, watch, watch.complete_at)


async def begin(
    intake: Intake,
    watch: Watch,
    since: datetime,
    *,
    before: datetime | None = None,
    answered_at: datetime | None = None,
) -> None:
    """Begin a gap, unless another gateway has read the feed since; what an answer shows that was ``answered_at`` then counts
    from the last complete one of all gateways. Raises :class:`StoreError`."""
    feed = watch.feed.name
    begun = await intake.store.write_alone(gaps.begin, feed, since, before=before, answered_at=answered_at)
    if begun.gap is None:
        watch.complete_at = begun.complete_at
        return
    watch.gap = begun.gap
    if not begun.is_new:
        return
    log.event(LOGGER, "feed.gap", level=logging.WARNING, feed=feed, since=since, cards=len(begun.card_ids))
    for card_id in begun.card_ids:
        log.event(LOGGER, "card.unverified", level=logging.WARNING, card=card_id, feed=feed)
    intake.told()
    if begun.card_ids:
        watch.wants_others_asked()


async def settle(intake: Intake, watch: Watch, *, is_complete: bool) -> None:
    """After an answer: begin the gap that it shows, verify the cards whose alerts it lists, and end the gap if it is
    complete. Raises :class:`StoreError`, and goes on where it was the next time."""
    if strangers := watch.strangers:
        if not strangers.keys & watch.met:
            at = strangers.before
            await begin(intake, watch, strangers.since, before=at, answered_at=at)
        watch.strangers = None
    if watch.is_judged and watch.unjudged_since is not None:
        await intake.store.write(stored_feeds.forget_unjudged, watch.feed.name)
        watch.unjudged_since = None
    if not is_complete:
        return
    if watch.seen and not (watch.is_walking and watch.walk.is_open):  # what was just announced may say otherwise
        await _confirm(intake, watch)
    if watch.has_open_gap and watch.gap and watch.complete_at:
        ended_at = await intake.store.write(gaps.end, watch.feed.name, watch.complete_at)
        watch.gap_ended(ended_at)
        log.event(LOGGER, "feed.gap_over", feed=watch.feed.name, since=watch.gap.since)
        if await intake.live.are_sought():
            watch.wants_others_asked()


async def _confirm(intake: Intake, watch: Watch) -> None:
    verified = await intake.store.write(gaps.seen, frozenset(watch.seen))
    watch.seen.clear()
    for card_id in verified:
        log.event(LOGGER, "card.verified", card=card_id, feed=watch.feed.name)
    if verified:
        intake.live.renew()


async def remind(intake: Intake, now: datetime) -> None:
    """Tell operators again of cards that are still unverified, when it is time. Raises :class:`StoreError`."""
    due = await intake.store.read(gaps.next_reminder)
    if due is None or due > now:
        return
    told = await intake.store.write_alone(gaps.remind)
    if told:
        intake.told()
