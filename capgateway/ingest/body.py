"""The alerts that come together: examined in batches, decided as a whole.

::

    entries ─▶ examine a batch ─┬▶ cannot make or change a card: stored with its batch
                                └▶ may make or change one: kept until the body is read, then take-downs first

So what a body cancels is never displayed first, and a wrapper of thousands of weather alerts takes no memory for them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from capgateway.errors import StoreError
from capgateway.store import TakenEntry
from capgateway.store.alerts import urgency

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.feeds import Entry
    from capgateway.ingest.followed import Followed
    from capgateway.ingest.intake import Intake
    from capgateway.store import Arrival

AT_ONCE = 50
"""Alerts that are examined, and stored, together: enough to share the costs of both, few enough to let others in between."""

Came = tuple["Arrival", TakenEntry | None]
"""An alert, and the entry that is taken in with it: of several alerts of one entry the last to be stored has it."""


async def take_plain(intake: Intake, watch: Followed, entries: Sequence[Entry]) -> tuple[list[Came], int]:
    """Take in, of the entries that carry their alert, those that concern no card; the others, to be decided together, and how
    many were new. Raises :class:`StoreError` when some could not be stored: the body is then read again."""
    kept: list[Came] = []
    storing: asyncio.Task[int] | None = None
    new = 0
    for start in range(0, len(entries), AT_ONCE):
        some = entries[start : start + AT_ONCE]
        documents = [(entry.document or b"", entry.envelope_status) for entry in some]
        arrivals = await intake.examine_all(documents, watch.feed)
        came: list[Came] = [
            (arrival, TakenEntry(feed=watch.feed.name, key=entry.key, link=entry.link))
            for arrival, entry in zip(arrivals, some, strict=True)
        ]
        kept += [one for one in came if not is_plain(one[0])]
        new += await storing if storing else 0
        storing = asyncio.create_task(store(intake, watch, [one for one in came if is_plain(one[0])]))
    new += await storing if storing else 0
    return kept, new


async def take_together(intake: Intake, watch: Followed, came: Iterable[Came]) -> int:
    """Decide alerts as a whole, take-downs first; how many were new. Raises :class:`StoreError` when some could not be stored;
    the others are."""
    ordered = _last_has_entry(sorted(came, key=lambda one: urgency(one[0])))
    new, trouble = 0, None
    for start in range(0, len(ordered), AT_ONCE):
        try:
            new += await store(intake, watch, ordered[start : start + AT_ONCE])
        except StoreError as error:
            trouble = trouble or error
    if trouble:
        raise trouble
    return new


def is_cancel(arrival: Arrival) -> bool:
    """Whether an alert only ends others: it need not wait for what it may end."""
    return arrival.gate is None and arrival.gist is not None and arrival.gist.msg_type == "Cancel"


def is_plain(arrival: Arrival) -> bool:
    """Whether an alert can neither become a card nor change one, whatever else comes with it: it cannot be used, or is an
    Alert with a code that no programme asks for."""
    gist = arrival.gist
    if arrival.gate is not None or gist is None:
        return True
    return gist.msg_type == "Alert" and not gist.references and bool(gist.codes) and gist.basis is None


async def store(intake: Intake, watch: Followed, came: Sequence[Came]) -> int:
    """Store some together. Where the database refuses them, each is tried by itself."""
    if not came:
        return 0
    try:
        taken = await intake.take_all([arrival for arrival, _ in came], [entry for _, entry in came if entry])
    except StoreError:
        if len(came) == 1:
            raise
        return await _store_singly(intake, watch, came)
    return sum(watch.took(arrival, one) for (arrival, _), one in zip(came, taken, strict=True))


def _last_has_entry(came: Sequence[Came]) -> list[Came]:
    """An entry counts as taken when the last of its alerts is stored, not before."""
    seen, ordered = set[int](), list[Came]()
    for arrival, entry in reversed(came):
        ordered.append((arrival, None if id(entry) in seen else entry))
        seen.add(id(entry))
    return ordered[::-1]


async def _store_singly(intake: Intake, watch: Followed, came: Sequence[Came]) -> int:
    new, trouble = 0, None
    for one in came:
        try:
            new += await store(intake, watch, [one])
        except StoreError as error:  # its neighbours go on; this one is read again with the body
            trouble = trouble or error
    if trouble:
        raise trouble
    return new
