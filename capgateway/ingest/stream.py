"""Hear a stream: each document goes in; a heartbeat says that all is well, and what we may have missed."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from capgateway import log
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.feeds.health import names_strangers
from capgateway.feeds.http.fetch import FetchFailed
from capgateway.feeds.pace import next_poll
from capgateway.feeds.stream import naads
from capgateway.feeds.stream.listen import recover
from capgateway.ingest import gaps
from capgateway.ingest.absence import Stamp
from capgateway.ingest.intake import LOGGER
from capgateway.ingest.watch import Tries
from capgateway.store import chains
from capgateway.tasks import Faults, Task

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway import cap
    from capgateway.feeds.http.fetch import Fetched
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch

HEARTBEAT = timedelta(minutes=1)
MOST_HEARD = 10_000
"""Alerts between the return of a stream and its next heartbeat; a stream without heartbeats has no gaps."""


async def hear(intake: Intake, watch: Watch, document: bytes, faults: Faults | None = None) -> None:
    """Take in one document of a stream. Two sites send the same alerts; the second is ``unchanged``. What a heartbeat says
    we missed is looked for aside, one look at a time: a slow archive must not hold up what the stream brings."""
    stamp = Stamp.now()
    watch.succeeded(stamp.at)
    arrival = await intake.examine(document, watch.feed)
    if arrival.alert is not None and naads.is_heartbeat(arrival.alert):
        if watch.catching_up is None or watch.catching_up.done():
            looking = _catch_up(intake, watch, arrival.alert, stamp, faults or Faults(intake.metrics))
            watch.catching_up = asyncio.create_task(looking)
        return
    if watch.since_seam is not None and arrival.alert is not None and len(watch.since_seam) < MOST_HEARD:
        watch.since_seam.setdefault(_key(arrival.alert.sender, arrival.alert.identifier), stamp.at)
    try:
        taken = await intake.take(arrival)
    except StoreError as error:  # the next heartbeat names it, and it is fetched from the archives
        log.event(LOGGER, "stream.not_stored", level=logging.ERROR, feed=watch.feed.name, trouble=str(error))
        return
    watch.took(arrival, taken)


async def _catch_up(intake: Intake, watch: Watch, heartbeat: cap.Alert, stamp: Stamp, faults: Faults) -> None:
    """Fetch from the archives what the heartbeat names and the store does not hold (C-46). One that fails by our own fault
    keeps us from no other; the next heartbeat names it again."""
    task = Task("catch-up", watch.feed.name)
    try:
        named, feed = naads.announced(heartbeat), watch.feed.name
        missing = [item for item in named if not await intake.store.read(chains.holds, item, feed)]
        await _look_for_gap(intake, watch, named, missing, stamp)
        watch.tries = {_name(item): watch.tries.get(_name(item), Tries()) for item in missing}
        watch.not_recovered = len(missing)
        ended = await asyncio.gather(*(_recover(intake, watch, item) for item in missing), return_exceptions=True)
        if failed := next((one for one in ended if isinstance(one, BaseException)), None):
            raise failed
        watch.completed(stamp)
        await gaps.settle(intake, watch, is_complete=True)
        faults.mended(task)
    except StoreError as error:  # the next heartbeat names them again
        log.event(LOGGER, "stream.not_stored", level=logging.ERROR, feed=watch.feed.name, trouble=str(error))
    except Exception as error:  # noqa: BLE001
        faults.note(task, error)


async def _look_for_gap(
    intake: Intake, watch: Watch, named: Sequence[cap.Reference], missing: Sequence[cap.Reference], stamp: Stamp
) -> None:
    """Begin a gap where the heartbeat reaches back to nothing that was held before the stream was lost, nor named by the
    heartbeat before: what was heard since then bridges nothing."""
    heard, absent, names = watch.since_seam or {}, {_name(item) for item in missing}, frozenset(map(_name, named))
    bridge = (names - absent - set(heard)) | (names & watch.named)
    if watch.complete_at and names_strangers(len(named), len(bridge)):
        before = min(heard.values(), default=None)
        await gaps.begin(intake, watch, watch.complete_at, before=before, answered_at=stamp.at)
    watch.since_seam, watch.named = None, names


async def _recover(intake: Intake, watch: Watch, reference: cap.Reference) -> None:
    """Look for one alert, a little later every time it is not there or cannot be used."""
    now, before = utc_now(), watch.tries[_name(reference)]
    if before.again_at and now < before.again_at:
        return
    found = await recover(watch.session, reference, watch.feed, now, hosts=intake.hosts)
    trouble = found.message if isinstance(found, FetchFailed) else await _take(intake, watch, reference, found)
    if trouble is None:
        watch.not_recovered -= 1
        log.event(LOGGER, "stream.recovered", feed=watch.feed.name, identifier=reference.identifier)
        return
    failures = before.failures + 1
    again_at = next_poll(interval=HEARTBEAT, failures=failures, now=now, chance=0)
    watch.tries[_name(reference)] = Tries(failures=failures, again_at=again_at)
    log.event(
        LOGGER,
        "stream.missing",
        level=logging.WARNING,
        feed=watch.feed.name,
        identifier=reference.identifier,
        failures=failures,
        trouble=trouble,
    )


async def _take(intake: Intake, watch: Watch, reference: cap.Reference, found: Fetched) -> str | None:
    """Take in what an archive has; what is wrong with it, if anything is."""
    arrival = await intake.examine(found.body, watch.feed)
    watch.took(arrival, await intake.take(arrival))
    return (
        None
        if await intake.store.read(chains.holds, reference, watch.feed.name)
        else "what the archive has under this name is not that alert"
    )


def _name(reference: cap.Reference) -> str:
    return _key(reference.sender, reference.identifier)


def _key(sender: str, identifier: str) -> str:
    return f"{sender},{identifier}"
