"""Hear a stream: each document goes in; a heartbeat says that all is well, and what we may have missed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway import cap, log
from capgateway.errors import StoreError
from capgateway.feeds import naads
from capgateway.feeds.fetch import Fetched
from capgateway.feeds.listen import recover
from capgateway.feeds.pace import next_poll
from capgateway.ingest.intake import LOGGER
from capgateway.ingest.watch import Tries
from capgateway.store import utc_now

if TYPE_CHECKING:
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch

HEARTBEAT = timedelta(minutes=1)


async def hear(intake: Intake, watch: Watch, document: bytes) -> None:
    """Take in one document of a stream. Two sites send the same alerts; the second is ``unchanged``."""
    watch.succeeded(utc_now())
    alert = cap.parse(document).alert
    if alert is not None and naads.is_heartbeat(alert):
        await _catch_up(intake, watch, alert)
        return
    arrival = await intake.examine(document, watch.feed)
    try:
        taken = await intake.take(arrival)
    except StoreError as error:  # the next heartbeat names it, and it is fetched from the archives
        log.event(LOGGER, "stream.not_stored", level=logging.ERROR, feed=watch.feed.name, trouble=str(error))
        return
    if taken.is_new:
        watch.brought(arrival.received_at, alert.sent.instant if alert and alert.sent else None)


async def _catch_up(intake: Intake, watch: Watch, heartbeat: cap.Alert) -> None:
    """Fetch from the archives what the heartbeat names and the store does not hold (C-46), each a little later every
    time it is not there."""
    missing = [item for item in naads.announced(heartbeat) if not await intake.store.holds(item)]
    tries = {_name(item): watch.tries.get(_name(item), Tries()) for item in missing}
    watch.tries, watch.missing = tries, len(missing)
    for reference in missing:
        now, before = utc_now(), tries[_name(reference)]
        if before.again_at and now < before.again_at:
            continue
        found = await recover(watch.session, reference, watch.feed, now)
        if isinstance(found, Fetched):
            await intake.take_in(found.body, watch.feed)
            watch.missing -= 1
            log.event(LOGGER, "stream.recovered", feed=watch.feed.name, identifier=reference.identifier)
            continue
        failures = before.failures + 1
        again_at = next_poll(interval=HEARTBEAT, failures=failures, now=now, chance=0)
        tries[_name(reference)] = Tries(failures=failures, again_at=again_at)
        log.event(
            LOGGER,
            "stream.missing",
            level=logging.WARNING,
            feed=watch.feed.name,
            identifier=reference.identifier,
            failures=failures,
            trouble=found.message,
        )


def _name(reference: cap.Reference) -> str:
    return f"{reference.sender},{reference.identifier}"
