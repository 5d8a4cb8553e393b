"""The alerts that come together: examined in batches, decided as a whole.

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
    from collections.abc import Iterable, Sequence

    from capgateway.cards import Policy
    from capgateway.feeds import Entry
    from capgateway.ingest.followed import Followed
    from capgateway.ingest.intake import Intake
    from capgateway.store import Arrival

AT_ONCE = 50
"""Alerts that are examined, and stored, together: enough to share the costs of both, few enough to let others in between."""

Came = tuple["Arrival", TakenEntry | None]
"""An alert, and the entry that is taken in with it: of several alerts of one entry the last to be stored has it."""


class Stored(NamedTuple):
    """How many were new, and what the database refused."""

    new: int
    troubles: list[StoreError]

    def checked(self) -> int:
        """How many were new. Raises :class:`StoreError` when some could not be stored: they are to be read again."""
        if self.troubles:
            raise self.troubles[0]
        return self.new


async def take_plain(intake: Intake, watch: Followed, entries: Sequence[Entry]) -> tuple[list[Came], Stored]:
    """Store, of the entries that carry their alert, those that concern no card; the others, to be decided together, and how
    it went."""
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
        came: list[Came] = [
            (arrival, TakenEntry(feed=watch.feed.name, key=entry.key, link=entry.link))
            for arrival, entry in zip(arrivals, some, strict=True)
        ]
        kept += [one for one in came if not is_plain(one[0], intake.policy)]
        new += note(await storing) if storing else 0
        storing = asyncio.create_task(_store(intake, watch, [one for one in came if is_plain(one[0], intake.policy)]))
    new += note(await storing) if storing else 0
    return kept, Stored(new, troubles)


async def take_together(intake: Intake, watch: Followed, came: Iterable[Came]) -> int:
    """Decide alerts as a whole, take-downs first; how many were new. Raises :class:`StoreError` when some could not be stored;
    the others are."""
    ordered = _last_has_entry(sorted(came, key=lambda one: urgency(one[0])))
    parts = [await _store(intake, watch, ordered[start : start + AT_ONCE]) for start in range(0, len(ordered), AT_ONCE)]
    return Stored(sum(part.new for part in parts), [trouble for part in parts for trouble in part.troubles]).checked()


def is_cancel(arrival: Arrival) -> bool:
    """Whether an alert only ends others: it need not wait for what it may end."""
    return arrival.gate is None and arrival.gist is not None and arrival.gist.msg_type == "Cancel"


def is_plain(arrival: Arrival, policy: Policy) -> bool:
    """Whether an alert can neither become a card nor change one, whatever else comes with it: it cannot be used, or is an
    Alert with a code that no programme asks for."""
    gist = arrival.gist
    if arrival.gate is not None or gist is None:
        return True
    return gist.msg_type == "Alert" and not gist.references and bool(gist.codes) and policy.recognise(gist) is None


async def store(intake: Intake, watch: Followed, came: Sequence[Came]) -> int:
    """Store some together; how many were new. Raises :class:`StoreError` when some could not be stored; the others are."""
    return (await _store(intake, watch, came)).checked()


async def _store(intake: Intake, watch: Followed, came: Sequence[Came]) -> Stored:
    """Where the database refuses them together, each is tried by itself: what it takes is stored."""
    if not came:
        return Stored(0, [])
    try:
        taken = await intake.take_all([arrival for arrival, _ in came], [entry for _, entry in came if entry])
    except StoreError as error:
        if len(came) == 1:
            return Stored(0, [error])
        each = [await _store(intake, watch, [one]) for one in came]
        return Stored(sum(one.new for one in each), [trouble for one in each for trouble in one.troubles])
    new = sum(
        watch.took(arrival, one, entry.key if entry else "") for (arrival, entry), one in zip(came, taken, strict=True)
    )
    return Stored(new, [])


def _last_has_entry(came: Sequence[Came]) -> list[Came]:
    """An entry counts as taken when the last of its alerts is stored, not before."""
    seen, ordered = set[int](), list[Came]()
    for arrival, entry in reversed(came):
        ordered.append((arrival, None if id(entry) in seen else entry))
        seen.add(id(entry))
    return ordered[::-1]
