"""The links of one feed on their way in: what is new goes first, retries and second looks beside it, and what comes within a
few seconds is decided together.

::

    announced ─▶ new, 4 at a time, little patience ──┬▶ concerns no card: stored at once
         │           │ slow: put aside               ├▶ ends others: stored at once
         │           ▼                               ├▶ may make or change one: kept for WINDOW, or until all
         │                                           │   that is new was tried, then decided as a whole
    read before ─▶ again, 4 at a time, patient ──────┘

The walk goes on beside the polls, so that a hundred dead links hold up neither the index nor each other. Everything that is
not taken in is remembered as missing by the store, so it may be stopped at any time.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from capgateway import log
from capgateway.clock import utc_now
from capgateway.errors import StoreError
from capgateway.feeds.pace import interval_of, next_poll
from capgateway.ingest.body import is_cancel, is_plain, take_together
from capgateway.ingest.hangs import Hangs
from capgateway.ingest.intake import LOGGER
from capgateway.ingest.links import Errand, run
from capgateway.masking import mask_paths
from capgateway.store import MissingEntry, TakenEntry, feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from capgateway.feeds.http.hosts import Lane
    from capgateway.ingest.body import Came
    from capgateway.ingest.followed import Followed
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.links import Brought

AT_A_TIME = 4
"""Documents of one feed that are fetched side by side in each lane."""
WINDOW = 5.0
"""Seconds for which an alert that may become a card waits for its neighbours: one of them may cancel it."""
SETTLES_WITHIN = 6.0
"""Seconds that a poll waits for what it announced; what takes longer goes on beside the next ones."""
LINGERS = 1.0
"""Seconds that a poll waits for retries and second looks."""
MOST_KEPT = 500
MOST_KEPT_BYTES = 50_000_000
"""Beyond these what was kept is decided early: a window must not fill the memory."""
MOST_TRIES = 100
"""Tries for an entry that stays missing; with the backoff that is more than a day."""
FIRST_RETRY = timedelta(seconds=5)
"""After a CAP document could not be fetched; later tries come ever more seldom. An AMBER Alert may wait behind it."""
ANNOUNCED_AT_ONCE = 1_000
"""Entries noted in one unit of work."""
ASIDE_COUNTS_FOR = 2 * WINDOW
"""Seconds after the last announcement in which alerts wait for links that were put aside."""
LOOK_SECONDS = 0.5
"""How often a walk that has something to decide looks whether it may."""


class Trip(NamedTuple):
    """An errand under way, and in which lane."""

    errand: Errand
    is_new: bool


class Walk:
    """The state of one feed's links. ``missing`` are all entries that were announced and not taken in, by address."""

    def __init__(self) -> None:
        self.missing: dict[str, MissingEntry] = {}
        self.reading = 0  # listings that are being read, whose links belong to the same window
        self.task: asyncio.Task[None] | None = None
        self._new: deque[Errand] = deque()
        self._again: deque[Errand] = deque()
        self._busy: set[str] = set()
        self._under_way: dict[asyncio.Task[Brought], Trip] = {}
        self._aside: set[str] = set()  # put aside, and not tried again yet
        self._fetched_at = 0.0
        self._kept: list[Came] = []
        self._kept_since = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        self._count = 0
        self._trouble: StoreError | None = None
        self._wake, self._is_settled = asyncio.Event(), asyncio.Event()
        self._hangs = Hangs()

    @property
    def is_busy(self) -> bool:
        """Whether anything is missing, under way, or not told yet."""
        return bool(self.missing or self._new or self._again or self._count or self._trouble) or (
            self.task is not None and not self.task.done()
        )

    @property
    def is_open(self) -> bool:
        """Whether something that was just announced is still to be tried; what was put aside counts for a moment only."""
        if self._new or self.reading or any(trip.is_new for trip in self._under_way.values()):
            return True
        return bool(self._aside) and time.monotonic() < self._fetched_at + ASIDE_COUNTS_FOR

    def recall(self, entries: Iterable[MissingEntry]) -> None:
        """What an earlier process left missing."""
        self.missing = {entry.address: entry for entry in entries}

    async def announce(self, intake: Intake, watch: Followed, fresh: Sequence[Errand]) -> None:
        """Remember entries before the first of them is fetched, then fetch them. Two listings that are read side by side may
        announce the same document: whoever comes first has it."""
        wanted = {one.address: one for one in fresh if one.address not in self.missing}
        self.missing.update({address: errand.entry for address, errand in wanted.items()})
        entries = [errand.entry for errand in wanted.values()]
        try:
            for start in range(0, len(entries), ANNOUNCED_AT_ONCE):
                some = entries[start : start + ANNOUNCED_AT_ONCE]
                await intake.store.write(feeds.entries_announced, watch.feed.name, some)
        except BaseException:
            for address in wanted:
                self.missing.pop(address, None)
            raise
        self.fetch(wanted.values())

    def fetch(self, errands: Iterable[Errand]) -> None:
        """Fetch these before what waits already, in their order."""
        wanted = self._idle(errands)
        self._new.extendleft(reversed(wanted))
        self._fetched_at = time.monotonic() if wanted else self._fetched_at

    def look_again(self, errands: Iterable[Errand]) -> None:
        """Fetch these beside what is new."""
        self._again.extend(self._idle(errands))

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: what waits waits for as long as before."""
        self.missing = {
            address: msgspec.structs.replace(entry, retry_at=entry.retry_at and entry.retry_at + by)
            for address, entry in self.missing.items()
        }

    def retry(self, now: datetime) -> None:
        """Try again what is missing and due."""
        if not self.missing:
            return
        self.look_again(
            Errand(address=address, entry=entry)
            for address, entry in self.missing.items()
            if entry.retry_at is not None and entry.retry_at <= now
        )

    def next_retry(self) -> datetime | None:
        """When something missing is due that is not under way."""
        idle = (entry.retry_at for address, entry in self.missing.items() if address not in self._busy)
        return min((moment for moment in idle if moment is not None), default=None)

    def go(self, intake: Intake, watch: Followed) -> None:
        """Let the walk go on, if there is anything to do."""
        if self._new or self._again or self._kept:
            self._wake.set()
            self._is_settled.clear()
            if self.task is None or self.task.done():
                self.task = asyncio.create_task(self._run(intake, watch))

    async def keep(self, intake: Intake, watch: Followed, kept: Sequence[Came]) -> None:
        """Decide alerts together with what the walk brings; returns when they are stored. Raises :class:`StoreError`."""
        if kept:
            stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._keep(kept)
            self._waiting.append(stored)
            self.go(intake, watch)
            await stored

    async def settle(self) -> int:
        """Wait a little until what is new was tried; how many alerts were new since the last time. Raises
        :class:`StoreError` when some could not be stored."""
        if self.task is not None and not self.task.done():
            settled = asyncio.ensure_future(self._is_settled.wait())
            await asyncio.wait({settled, self.task}, timeout=SETTLES_WITHIN, return_when=asyncio.FIRST_COMPLETED)
            settled.cancel()
            await asyncio.wait({self.task}, timeout=LINGERS)
        count, self._count = self._count, 0
        trouble, self._trouble = self._trouble, None
        if trouble:
            raise trouble
        return count

    async def _run(self, intake: Intake, watch: Followed) -> None:
        try:
            while True:
                self._start(intake, watch)
                if self._kept and self._is_over():
                    await self._decide(intake, watch)
                elif self._under_way or self._kept:
                    if not self.is_open and not self._kept:
                        self._is_settled.set()
                    await self._take(intake, watch, await self._next())
                else:
                    break
        finally:
            self._end(watch)

    def _end(self, watch: Followed) -> None:
        """Leave nothing behind that waits for this walk."""
        for task in self._under_way:
            task.cancel()
        self._under_way.clear()
        self._busy.clear()
        self._aside.clear()
        self._new.clear()
        self._kept.clear()
        self._again.clear()
        self._tell_waiting(StoreError("the walk over the links was ended"))
        self._is_settled.set()
        watch.retry_later(self.next_retry())

    def _idle(self, errands: Iterable[Errand]) -> list[Errand]:
        """Those that are not under way yet; from now on they are."""
        wanted: list[Errand] = []
        for errand in errands:
            if errand.address not in self._busy:
                self._busy.add(errand.address)
                wanted.append(errand)
        return wanted

    def _start(self, intake: Intake, watch: Followed) -> None:
        """Begin what may begin now."""
        while self._new and self._count_of(is_new=True) < AT_A_TIME:
            patience = self._hangs.patience(is_public=watch.is_public)
            self._begin(intake, watch, Trip(self._new.popleft(), is_new=True), patience)
        while self._again and self._count_of(is_new=False) < AT_A_TIME:
            errand = self._again.popleft()
            if self._hangs.left_alone(errand.entry.link, time.monotonic()):
                self._put_off(errand)
            else:
                self._begin(intake, watch, Trip(errand, is_new=False), self._hangs.longer(errand.entry.failures))

    def _begin(self, intake: Intake, watch: Followed, trip: Trip, patience: float) -> None:
        lane: Lane = "links" if trip.is_new else "again"
        task = asyncio.create_task(run(intake, watch, trip.errand, lane=lane, patience=patience))
        self._under_way[task] = trip

    def _count_of(self, *, is_new: bool) -> int:
        return sum(trip.is_new is is_new for trip in self._under_way.values())

    def _put_off(self, errand: Errand) -> None:
        """Leave the host of an errand alone for a while; that is no failure of the entry."""
        self._done_with(errand)
        if errand.address in self.missing:
            wait = timedelta(seconds=self._hangs.left_alone(errand.entry.link, time.monotonic()))
            self.missing[errand.address] = msgspec.structs.replace(errand.entry, retry_at=utc_now() + wait)

    def _done_with(self, errand: Errand) -> None:
        self._busy.discard(errand.address)
        self._aside.discard(errand.address)

    async def _next(self) -> list[tuple[Trip, Brought]]:
        """What is done next, or nothing when the window ends or there is more to begin."""
        self._wake.clear()
        woken = asyncio.ensure_future(self._wake.wait())
        left = max(0.0, min(self._kept_since + WINDOW - time.monotonic(), LOOK_SECONDS)) if self._kept else None
        try:
            await asyncio.wait({*self._under_way, woken}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        done = [task for task in self._under_way if task.done()]
        return [(self._under_way.pop(task), task.result()) for task in done]

    def _is_over(self) -> bool:
        """Whether what was kept is to be decided now."""
        if not self.is_open or time.monotonic() >= self._kept_since + WINDOW or len(self._kept) > MOST_KEPT:
            return True
        return sum(len(arrival.document) for arrival, _ in self._kept) > MOST_KEPT_BYTES

    def _keep(self, kept: Sequence[Came]) -> None:
        if not self._kept:
            self._kept_since = time.monotonic()
        self._kept += kept

    async def _take(self, intake: Intake, watch: Followed, came: Sequence[tuple[Trip, Brought]]) -> None:
        """What some trips brought: store what concerns no card, keep the rest, remember what failed."""
        plain: list[Came] = []
        unchanged: list[TakenEntry] = []
        missed: list[tuple[Errand, Brought]] = []
        for trip, brought in came:
            errand, is_slow = trip.errand, brought.is_slow
            self._hangs.note(errand.entry.link, watch.feed.url, time.monotonic(), is_slow=is_slow, was_new=trip.is_new)
            if trip.is_new and is_slow:  # others go first; it is tried again at once, with more patience
                self._aside.add(errand.address)
                self._again.append(errand)
                continue
            self._done_with(errand)
            together: list[Came] = [(arrival, brought.taken) for arrival in brought.arrivals]
            if brought.taken is None:
                if errand.known is None:
                    missed.append((errand, brought))
                    plain += together if errand.entry.failures == 0 else []  # what is not CAP is kept once
            elif not together:
                unchanged += [brought.taken] if brought.taken.key else []
                if errand.known and errand.known.alert_id and errand.entry.key:  # its entry is new, and it is as it was
                    watch.seen.add(errand.known.alert_id)
                self.missing.pop(errand.address, None)
            elif all(is_plain(arrival, intake.policy) or is_cancel(arrival) for arrival, _ in together):
                plain += together
            else:
                self._keep(together)
        await self._store(intake, watch, plain, unchanged, missed)

    async def _store(
        self,
        intake: Intake,
        watch: Followed,
        plain: Sequence[Came],
        unchanged: Sequence[TakenEntry],
        missed: Sequence[tuple[Errand, Brought]],
    ) -> None:
        try:
            if unchanged:
                await intake.store.write(feeds.entries_taken, unchanged)
            if missed:
                await self._miss(intake, watch, missed)
            self._count += await take_together(intake, watch, plain)
            self._forget(plain)
        except StoreError as error:  # all of it is still missing, and is tried again
            self._trouble = error

    async def _miss(self, intake: Intake, watch: Followed, missed: Sequence[tuple[Errand, Brought]]) -> None:
        """Try again later what could not be fetched or is not CAP."""
        rows = [(_later(watch, errand, brought), brought.trouble or "") for errand, brought in missed]
        for (errand, _), (entry, trouble) in zip(missed, rows, strict=True):
            if entry.retry_at is None:
                self.missing.pop(errand.address, None)
            else:
                self.missing[errand.address] = entry
            log.event(
                LOGGER,
                "entry.missing",
                level=logging.WARNING,
                feed=watch.feed.name,
                link=mask_paths(entry.link),
                failures=entry.failures,
                trouble=mask_paths(trouble),
            )
        await intake.store.write(feeds.entries_missing, watch.feed.name, rows)

    async def _decide(self, intake: Intake, watch: Followed) -> None:
        kept, self._kept = self._kept, []
        trouble: StoreError | None = None
        try:
            self._count += await take_together(intake, watch, kept)
            self._forget(kept)
        except StoreError as error:
            trouble = self._trouble = error
        self._tell_waiting(trouble)

    def _tell_waiting(self, trouble: StoreError | None) -> None:
        waiting, self._waiting = self._waiting, []
        for stored in waiting:
            if not stored.done():
                if trouble:
                    stored.set_exception(trouble)
                else:
                    stored.set_result(None)

    def _forget(self, came: Sequence[Came]) -> None:
        """These are missing no more."""
        for _, entry in came:
            if entry and entry.document:
                self.missing.pop(entry.document.address, None)


def _later(watch: Followed, errand: Errand, brought: Brought) -> MissingEntry:
    failures = errand.entry.failures + 1
    retry_at = next_poll(
        interval=min(FIRST_RETRY, interval_of(watch.feed)),
        failures=failures,
        now=utc_now(),
        chance=random.random(),  # noqa: S311  (spreads load, guards nothing)
        retry_at=brought.retry_at,
    )
    return msgspec.structs.replace(
        errand.entry, failures=failures, retry_at=retry_at if failures < MOST_TRIES else None
    )
