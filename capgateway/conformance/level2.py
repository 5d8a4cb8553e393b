"""Level 2: what a receiver says that it shows. Does it keep the order? How cards end otherwise is in ``ends``.

It can be observed where every answer confirms, also that to a repeated message: repeating one asks what is shown now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway import webhooks
from capgateway.conformance import ends
from capgateway.conformance.check import REPEATED, Fault, first, level_2, shows
from capgateway.conformance.ends import snapshot_of
from capgateway.conformance.sample import altered

if TYPE_CHECKING:
    from capgateway.conformance.bench import Bench


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


async def each_card(bench: Bench) -> Fault:
    """The messages of different cards come in any order, and also after a snapshot that is newer than they are."""
    late, later, start, then = bench.sample(), bench.sample(), bench.sequence(), bench.sequence()
    first_display, second_display = late.display(1, start), later.display(1, then)
    await bench.send(bench.sample().display(1, bench.sequence()))
    before = await bench.send(first_display)
    await bench.send(snapshot_of(bench, later, second_display))
    after = await bench.send(second_display)
    return first(
        shows(before, 1, "displayed", " of a card whose sequence is below that of another card"),
        shows(after, 1, "displayed", " of a card whose sequence is below that of the last snapshot, which lists it"),
    )


async def exact_sequence(bench: Bench) -> Fault:
    """Sequences as large as those of a gateway, next to each other: not every number type keeps them apart."""
    one, earlier = bench.sample(), bench.gateway_sequence()
    later, end = earlier + 1, earlier + 2
    update = await bench.send(one.display(2, later, is_new=False))
    late = await bench.send(one.display(1, earlier))
    ended = await bench.send(one.take_down(3, end))
    return first(
        shows(update, 2, "displayed"),
        shows(late, 2, "displayed", " when the sequence is lower by 1"),
        shows(ended, 3, "removed", " after a take-down whose sequence is higher by 1"),
    )


CHECKS = (
    level_2("confirms", "confirms a display, an update and a take-down", confirms),
    level_2("upsert", "displays a card whose first message is an update", upsert),
    level_2(REPEATED, "does not process the same id again", repeated),
    level_2("fence", "ignores what is older than what it shows", overtaken),
    level_2("fence-by-sequence", "compares the sequence, not the revision", by_sequence),
    level_2("fence-after-end", "ignores a display that comes after the take-down", after_the_end),
    level_2("end-first", "remembers the take-down of a card that it never saw", end_first),
    level_2("reissue", "stays removed when the take-down comes again", reissued),
    level_2("by-action", "obeys the action, whatever the type", by_action),
    *ends.CHECKS,
    level_2("each-card", "compares the sequence with that of the same card only", each_card),
    level_2("exact-sequence", "compares large sequences exactly", exact_sequence),
)
