"""How does a card end without a take-down? By its time, and by a snapshot."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway import ids, webhooks
from capgateway.clock import utc_now
from capgateway.conformance.check import REPEATED, Check, Fault, accepted, first, level_2, shows

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.conformance.bench import Bench
    from capgateway.conformance.sample import Sample
    from capgateway.webhooks import Message

LOOK_SECONDS = 0.5
EXPIRES = "expires"


async def expired(bench: Bench) -> Fault:
    over = bench.now.replace(microsecond=0) - timedelta(minutes=1)
    answer = await bench.send(bench.sample().display(1, bench.sequence(), expires_at=over))
    return shows(answer, 1, "removed", " of a card whose time was over before it came")


async def expires(bench: Bench) -> Fault:
    end = bench.ends_in(bench.limits.life)
    message = bench.sample().display(1, bench.sequence(), expires_at=end)
    if fault := shows(await bench.send(message), 1, "displayed"):
        return fault
    return await _gone(bench, message, end)


async def _gone(bench: Bench, message: Message, end: datetime) -> Fault:
    """The card of a message is asked for until it is gone, or the patience is over."""
    await asyncio.sleep((end - utc_now()).total_seconds())
    patience = time.monotonic() + bench.limits.grace
    while (
        fault := shows(await bench.send(message), message.revision, "removed", " after expires_at")
    ) and time.monotonic() < patience:
        await asyncio.sleep(LOOK_SECONDS)
    return fault


async def latest_end(bench: Bench) -> Fault:
    """An update may bring the end of one card nearer, and put that of another off."""
    nearer, off, n = bench.sample(), bench.sample(), bench.sequence
    end = bench.ends_in(bench.limits.life)
    await bench.send(nearer.display(1, n()))
    await bench.send(off.display(1, n(), expires_at=end))
    ending = nearer.display(2, n(), is_new=False, expires_at=end)
    staying = off.display(2, n(), is_new=False)
    for message in (ending, staying):
        await bench.send(message)
    return first(
        await _gone(bench, ending, end),
        shows(await bench.send(staying), 2, "displayed", " of a card whose expires_at an update put off"),
    )


async def after_expiry(bench: Bench) -> Fault:
    """What ended by itself has a fence like any other: an older revision may have lived longer."""
    one, end, earlier, later = bench.sample(), bench.ends_in(bench.limits.life), bench.sequence(), bench.sequence()
    message = one.display(2, later, is_new=False, expires_at=end)
    await bench.send(message)
    await _gone(bench, message, end)
    return shows(
        await bench.send(one.display(1, earlier)), 2, "removed", " when an older display comes after expires_at"
    )


async def snapshot(bench: Bench) -> Fault:
    listed, stale = bench.sample(), bench.sample()
    messages = [await _shown(bench, one) for one in (listed, stale)]
    return first(
        accepted(await bench.send(snapshot_of(bench, listed, messages[0])), " to a snapshot"),
        shows(await bench.send(messages[1]), 1, "removed", " of a card that a snapshot does not list"),
        shows(await bench.send(messages[0]), 1, "displayed", " of a card that a snapshot lists"),
        accepted(await bench.send(webhooks.snapshot(bench.passing(), ())), " to an empty snapshot"),
        shows(await bench.send(messages[0]), 1, "removed", " after an empty snapshot"),
    )


async def after_a_snapshot(bench: Bench) -> Fault:
    """What a snapshot removed has a fence like any other."""
    message = await _shown(bench, bench.sample())
    await bench.send(webhooks.snapshot(bench.passing(), ()))
    answer = await bench.send(_again(message))
    return shows(answer, 1, "removed", " when the display of a card that a snapshot removed comes again")


async def older_snapshot(bench: Bench) -> Fault:
    before = webhooks.snapshot(bench.passing(), ())
    message = await _shown(bench, bench.sample())
    await bench.send(before)
    return shows(await bench.send(message), 1, "displayed", " of a card that is newer than a snapshot")


async def _shown(bench: Bench, sample: Sample) -> Message:
    message = sample.display(1, bench.sequence())
    await bench.send(message)
    return message


def snapshot_of(bench: Bench, sample: Sample, message: Message) -> Message:
    """A snapshot that lists one card, as its message says."""
    card = webhooks.ActiveCard(
        card_id=sample.id,
        revision=message.revision,
        sequence=message.sequence,
        expires_at=sample.expires_at,
        verified_at=bench.now,
    )
    return webhooks.snapshot(bench.passing(), (card,))


def _again(message: Message) -> Message:
    return msgspec.structs.replace(message, id=ids.derived("msg", message.id, "again"))


CHECKS: tuple[Check, ...] = (
    level_2("expired", "does not display a card whose time is over", expired),
    level_2(EXPIRES, "removes a card at its expires_at by itself", expires, REPEATED),
    level_2("latest-expiry", "obeys the expires_at of the newest display", latest_end, REPEATED, EXPIRES),
    level_2("fence-after-expiry", "ignores an older display after expires_at", after_expiry, REPEATED, EXPIRES),
    level_2("snapshot", "removes a card that a snapshot does not list", snapshot, REPEATED),
    level_2("fence-after-snapshot", "does not display again what a snapshot removed", after_a_snapshot),
    level_2("older-snapshot", "keeps a card that is newer than a snapshot", older_snapshot, REPEATED),
)
