"""Level 2: what a receiver says that it shows. Does it keep the order, end cards by itself, and obey snapshots?

It can be observed where every answer confirms, also that to a repeated message: repeating one asks what is shown now.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway import ids, webhooks
from capgateway.clock import utc_now
from capgateway.conformance.check import Check, Fault, first, shows
from capgateway.conformance.sample import altered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from capgateway.conformance.bench import Bench
    from capgateway.conformance.sample import Sample
    from capgateway.webhooks import Message

LOOK_SECONDS = 0.5
REPEATED = "not-repeated"


async def is_observable(bench: Bench) -> bool:
    """Whether the receiver confirms every message, repeated ones too."""
    message = bench.new()
    return all([(await bench.send(message)).said is not None for _ in range(2)])


async def confirms(bench: Bench) -> Fault:
    """A display, its update, and its end."""
    one, n = bench.sample(), bench.sequence
    return first(
        shows(await bench.send(one.display(1, n())), 1, "displayed"),
        shows(await bench.send(one.display(2, n(), is_new=False)), 2, "displayed", " after an update"),
        shows(await bench.send(one.take_down(3, n())), 3, "removed", " after the take-down"),
    )


async def upsert(bench: Bench) -> Fault:
    update = bench.sample().display(3, bench.sequence(), is_new=False)
    return shows(await bench.send(update), 3, "displayed")


async def repeated(bench: Bench) -> Fault:
    """The same id again, after something newer."""
    one, n = bench.sample(), bench.sequence
    earlier, later = one.display(1, n()), one.display(2, n(), is_new=False)
    await bench.send(earlier)
    await bench.send(later)
    return shows(await bench.send(earlier), 2, "displayed", " when revision 1 comes again after revision 2")


async def overtaken(bench: Bench) -> Fault:
    """An older revision that was never seen, after a newer one."""
    one, earlier, later = bench.sample(), bench.sequence(), bench.sequence()
    await bench.send(one.display(2, later, is_new=False))
    return shows(await bench.send(one.display(1, earlier)), 2, "displayed", " when revision 1 comes after revision 2")


async def by_sequence(bench: Bench) -> Fault:
    """A database that was restored counts revisions again; the sequence goes on."""
    one, n = bench.sample(), bench.sequence
    await bench.send(one.display(2, n(), is_new=False))
    again = one.display(1, n())
    return shows(await bench.send(again), 1, "displayed", " when a lower revision has a higher sequence")


async def after_the_end(bench: Bench) -> Fault:
    one = bench.sample()
    start, late, end = bench.sequence(), bench.sequence(), bench.sequence()
    await bench.send(one.display(1, start))
    await bench.send(one.take_down(3, end))
    answer = await bench.send(one.display(2, late, is_new=False))
    return shows(answer, 3, "removed", " when a late display comes after the take-down")


async def end_first(bench: Bench) -> Fault:
    """The take-down of a card that was never seen raises the fence too."""
    one, start, end = bench.sample(), bench.sequence(), bench.sequence()
    ended = shows(await bench.send(one.take_down(2, end)), 2, "removed")
    late = await bench.send(one.display(1, start))
    return first(ended, shows(late, 2, "removed", " when the display comes after its take-down"))


async def reissued(bench: Bench) -> Fault:
    """The same take-down under another id."""
    one, n = bench.sample(), bench.sequence
    await bench.send(one.display(1, n()))
    end = one.take_down(2, n())
    await bench.send(end)
    again = msgspec.structs.replace(end, id=webhooks.sent_as(end.id, 1))
    return shows(await bench.send(again), 2, "removed", " when the take-down comes again under another id")


async def by_action(bench: Bench) -> Fault:
    one, n = bench.sample(), bench.sequence
    shown = altered(one.display(1, n()), as_type="exercise.card.corrected")
    ended = altered(one.take_down(2, n()), as_type="exercise.card.retracted")
    return first(
        shows(await bench.send(shown), 1, "displayed", " after an unknown type with the action display"),
        shows(await bench.send(ended), 2, "removed", " after an unknown type with the action take_down"),
    )


async def expired(bench: Bench) -> Fault:
    over = bench.now.replace(microsecond=0) - timedelta(minutes=1)
    answer = await bench.send(bench.sample().display(1, bench.sequence(), expires_at=over))
    return shows(answer, 1, "removed", " of a card whose time was over before it came")


async def expires(bench: Bench) -> Fault:
    """The card is asked for until it is gone, or the patience is over."""
    end = bench.ends_in(bench.limits.life)
    message = bench.sample().display(1, bench.sequence(), expires_at=end)
    if fault := shows(await bench.send(message), 1, "displayed"):
        return fault
    await asyncio.sleep((end - utc_now()).total_seconds())
    patience = time.monotonic() + bench.limits.grace
    while (
        fault := shows(await bench.send(message), 1, "removed", " after expires_at")
    ) and time.monotonic() < patience:
        await asyncio.sleep(LOOK_SECONDS)
    return fault


async def snapshot(bench: Bench) -> Fault:
    listed, stale = bench.sample(), bench.sample()
    messages = [await _shown(bench, one) for one in (listed, stale)]
    await bench.send(_snapshot(bench, listed, messages[0]))
    return first(
        shows(await bench.send(messages[1]), 1, "removed", " of a card that a snapshot does not list"),
        shows(await bench.send(messages[0]), 1, "displayed", " of a card that a snapshot lists"),
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


def _snapshot(bench: Bench, sample: Sample, message: Message) -> Message:
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


def _check(name: str, title: str, run: Callable[[Bench], Awaitable[Fault]], *, asks_again: bool = False) -> Check:
    return Check(name=name, level=2, title=title, run=run, asks_again=asks_again)


CHECKS = (
    _check("confirms", "confirms a display, an update and a take-down", confirms),
    _check("upsert", "displays a card whose first message is an update", upsert),
    _check(REPEATED, "does not process the same id again", repeated),
    _check("fence", "ignores what is older than what it shows", overtaken),
    _check("fence-by-sequence", "compares the sequence, not the revision", by_sequence),
    _check("fence-after-end", "ignores a display that comes after the take-down", after_the_end),
    _check("end-first", "remembers the take-down of a card that it never saw", end_first),
    _check("reissue", "stays removed when the take-down comes again", reissued),
    _check("by-action", "obeys the action, whatever the type", by_action),
    _check("expired", "does not display a card whose time is over", expired),
    _check("expires", "removes a card at its expires_at by itself", expires, asks_again=True),
    _check("snapshot", "removes a card that a snapshot does not list", snapshot, asks_again=True),
    _check("fence-after-snapshot", "does not display again what a snapshot removed", after_a_snapshot),
    _check("older-snapshot", "keeps a card that is newer than a snapshot", older_snapshot, asks_again=True),
)
