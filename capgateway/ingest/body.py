"""The alerts that a body contains itself: examined in batches, decided as a whole.

::

    entries ─▶ examine a batch ─┬▶ cannot make or change a card: stored with its batch
                                └▶ may make or change one: kept until the body is read, then take-downs first

So what a body cancels is never displayed first, and a wrapper of thousands of weather alerts takes no memory for them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from capgateway.errors import StoreError
from capgateway.store import TakenEntry
from capgateway.store.alerts import urgency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.feeds import Entry
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch
    from capgateway.store import Arrival

AT_ONCE = 50
"""Alerts that are examined, and stored, together: enough to share the costs of both, few enough to let others in between."""

Came = tuple["Arrival", TakenEntry]


class Stored(NamedTuple):
    """How many were new, and what the database refused."""

    new: int
    troubles: list[StoreError]


async def take_body(intake: Intake, watch: Watch, entries: Sequence[Entry]) -> int:
    """Take in entries that carry their alert; how many were new. Raises :class:`StoreError` when some could not be stored:
    the others are, and the body is read again."""
    kept: list[Came] = []
    storing: asyncio.Task[Stored] | None = None
    new, troubles = 0, list[StoreError]()

    def note(stored: Stored) -> int:
        troubles.extend(stored.troubles)
        return stored.new

    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        documents = [(entry.document or b"", entry.envelope_status) for entry in some]
        arrivals = await intake.examine_all(documents, watch.feed)
        came = [
            (arrival, TakenEntry(feed=watch.feed.name, key=entry.key, link=entry.link))
            for arrival, entry in zip(arrivals, some, strict=True)
        ]
        kept += [one for one in came if not _is_plain(one[0])]
        new += note(await storing) if storing else 0
        storing = asyncio.create_task(_store(intake, watch, [one for one in came if _is_plain(one[0])]))
    new += note(await storing) if storing else 0
    kept.sort(key=lambda one: urgency(one[0]))
    for start in range(0, len(kept), AT_ONCE):
        new += note(await _store(intake, watch, kept[start : start + AT_ONCE]))
    if troubles:
        raise troubles[0]
    return new


def _is_plain(arrival: Arrival) -> bool:
    """Whether an alert can neither become a card nor change one, whatever else the body contains: it cannot be used, or is an
    Alert with a code that no programme asks for."""
    gist = arrival.gist
    if arrival.gate is not None or gist is None:
        return True
    return gist.msg_type == "Alert" and not gist.references and bool(gist.codes) and gist.basis is None


async def _store(intake: Intake, watch: Watch, came: Sequence[Came]) -> Stored:
    """Store some together. Where the database refuses them, each is tried by itself: what it takes is stored."""
    if not came:
        return Stored(0, [])
    try:
        taken = await intake.take_all([arrival for arrival, _ in came], [entry for _, entry in came])
    except StoreError as error:
        if len(came) == 1:
            return Stored(0, [error])
        each = [await _store(intake, watch, [one]) for one in came]
        return Stored(sum(one.new for one in each), [trouble for one in each for trouble in one.troubles])
    return Stored(sum(watch.took(arrival, one) for (arrival, _), one in zip(came, taken, strict=True)), [])
