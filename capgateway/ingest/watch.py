"""One feed being watched: what we know of its last bodies, and how it is doing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import structs

from capgateway import net
from capgateway.clock import monotonic, utc_now
from capgateway.feeds.health import is_gap
from capgateway.feeds.http.answer import Validators
from capgateway.feeds.pace import JITTER, interval_of
from capgateway.feeds.read.ipaws import SINCE
from capgateway.feeds.status import FeedStatus, Health
from capgateway.ingest.absence import Absence, Stamp
from capgateway.ingest.looks import Looks
from capgateway.ingest.parts import Part
from capgateway.ingest.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

    from capgateway.feeds import Feed, Question
    from capgateway.store import Arrival, Taken
    from capgateway.store.gaps import Gap, Sought


MOST_OFFSET_SECONDS = 60.0
"""A difference between our clock and a server's that is worth a word. Servers are often a few seconds off."""
GAP_SHOWN = timedelta(days=1)
"""How long a gap is mentioned after its end."""
MOST_A_POLL = timedelta(minutes=1)
"""What a poll may take; of one that took longer the rest was an absence, as when the machine slept meanwhile."""
GRACE = timedelta(seconds=5)
"""How much later than planned a poll may begin without anything being wrong."""
_MOMENTS = ("last_try", "last_success", "next_try", "newest_at", "retry_at")


class Tries(NamedTuple):
    """How often an announced alert was looked for in the archives, and when to look again."""

    failures: int = 0
    again_at: datetime | None = None


class Strangers(NamedTuple):
    """An answer that shows nothing of what the feed showed before ``since``: the keys of its entries, as long as none of their
    alerts turns out to be known. What came ``before`` then came in an earlier answer."""

    keys: frozenset[str]
    since: datetime
    before: datetime


class Watch:
    """The memory of one feed, for as long as this process watches it. ``busy`` keeps two polls apart; ``complete``, the time
    since the feed last gave a complete answer, outlives the process, and so does its last ``gap``. ``known`` is what servers
    said of its last bodies, by address. ``sought`` is by what its listing would show the alerts of unverified cards, ``seen``
    those that it did show, ``met`` the new entries whose alerts turned out to be known; ``reads_whole`` asks without conditions,
    and reads what it gets, until an answer is complete; ``sought_in_vain`` is what the last complete answer was searched for.
    While an answer of strangers is not judged, what came ``unjudged_since`` then counts as new. ``named`` are the alerts of a
    stream's last heartbeat. ``hurried_at`` is when it was last asked because of another feed's gap, by the monotonic clock."""

    def __init__(
        self,
        feed: Feed,
        session: aiohttp.ClientSession,
        known: Mapping[str, Validators],
        complete_at: datetime | None = None,
        gap: Gap | None = None,
    ) -> None:
        self.feed, self.session = feed, session
        self.busy = asyncio.Lock()
        self.known = dict(known)
        self.complete = Absence(complete_at) if complete_at else None
        self.gap = gap
        self.on_gap: Callable[[Watch], None] | None = None
        self.strangers: Strangers | None = None
        self.sought: Sought | None = None
        self.seen: set[str] = set()
        self.met: set[str] = set()
        self.unjudged_since: datetime | None = None
        self.is_judged = False
        self.named: frozenset[str] = frozenset()
        self.sought_in_vain: Sought | None = None
        self.reads_whole = False
        self.hurried_at = float("-inf")
        self.since_seam: dict[str, datetime] | None = {}
        self.failures = 0
        self.trouble: str | None = None
        self.last_try: datetime | None = None
        self.last_success: datetime | None = None
        self.next_try: datetime | None = None
        self.newest_at: datetime | None = None
        self.latency_seconds: float | None = None
        self.moved_to: str | None = None
        self.certificate_expires_at: datetime | None = None
        self.has_had = False
        self.tries: dict[str, Tries] = {}
        self.catching_up: asyncio.Task[None] | None = None
        self.not_recovered = 0
        self.retry_at: datetime | None = None
        self.on_retry: Callable[[Watch], None] | None = None
        self.parts: dict[str, Part] = {}
        self.dead_addresses: dict[str, str] = {}
        self.clock_offset_seconds: float | None = None
        self.hosts = {urlsplit(address).hostname for address in (feed.url, *feed.archives)} - {None}
        self.is_recalled = False
        self._held_up = timedelta()
        self._watched_from = monotonic()
        self._walk: Walk | None = None
        self._looks: Looks | None = None

    def clock_stepped(self, by: timedelta) -> None:
        """The wall clock was set: what happened is as long ago as before, what is to come as far ahead."""
        for name in _MOMENTS:
            moment = getattr(self, name)
            setattr(self, name, moment and moment + by)
        if self.complete:
            self.complete.clock_stepped()
        if self.clock_offset_seconds is not None:
            self.clock_offset_seconds += by.total_seconds()
        self.tries = {name: Tries(one.failures, one.again_at and one.again_at + by) for name, one in self.tries.items()}
        for part in self.parts.values():
            part.clock_stepped(by)
        if self._walk:
            self._walk.clock_stepped(by)

    @property
    def complete_at(self) -> datetime | None:
        """When the feed last gave a complete answer."""
        return self.complete.at if self.complete else None

    @complete_at.setter
    def complete_at(self, at: datetime | None) -> None:
        self.complete = Absence(at) if at else None

    def begin_poll(self) -> None:
        """What the last answer showed counts no more, unless it is still to be judged."""
        self.seen.clear()
        self.is_judged = False
        if self.strangers is None and self.unjudged_since is None:
            self.met.clear()

    @property
    def has_open_gap(self) -> bool:
        """Whether the feed has not answered completely since its gap began."""
        return self.gap is not None and self.gap.ended_at is None

    @property
    def is_overdue(self) -> bool:
        """Whether it has been away for so long that alerts may have come and gone, and that is not noted yet."""
        if self.complete is None or self.has_open_gap or not is_gap(self.feed, self.complete.length):
            return False
        return self.complete.length > self._planned

    @property
    def _planned(self) -> timedelta:
        """How long it is away when nothing is wrong: until it is asked again."""
        if self.failures or not self.last_success or not self.next_try:
            return timedelta()
        return self.next_try - self.last_success - self._held_up + interval_of(self.feed) * JITTER + GRACE

    def silent_since(self, now: datetime) -> datetime | None:
        """Since when it has not answered, if that is longer than its ``silent_after``. After a start it is asked first: what it
        did before says nothing of now."""
        if self.feed.kind == "push":
            return None  # it speaks when it has something to say
        watched = timedelta(seconds=monotonic() - self._watched_from)
        if self.last_success is None and not self.failures and watched <= self.feed.silent_after:
            return None
        heard = self.last_success or (self.complete.since_now if self.complete else now - watched)
        return heard if now - heard > self.feed.silent_after else None

    @property
    def last_answer(self) -> str | None:
        """How asking it failed last, without words of the source."""
        return next((part.answer for part in self._own_parts.values() if part.answer), None)

    @property
    def must_read(self) -> bool:
        """Whether "unchanged" is not a sufficient answer: what it lists is to be seen. What a complete answer did not show is
        waited for at the usual pace."""
        is_news = self.sought is not None and self.sought != self.sought_in_vain
        return is_news or self.has_open_gap or self.reads_whole or self.unjudged_since is not None

    @property
    def is_paused(self) -> bool:
        """Whether a server of the feed wants to be left alone."""
        return any(part.is_paused for part in self.parts.values())

    @property
    def is_public(self) -> bool:
        """Whether its servers are other people's, and not in the operator's own network."""
        return not self.feed.allow_networks

    @property
    def walk(self) -> Walk:
        """The feed's links on their way in; many feeds have none."""
        self._walk = self._walk or Walk()
        return self._walk

    @property
    def looks(self) -> Looks:
        """The documents that are asked for again."""
        self._looks = self._looks or Looks()
        return self._looks

    @property
    def is_walking(self) -> bool:
        """Whether some links are still to be taken in, or to be decided."""
        return self._walk is not None and self._walk.is_busy

    @property
    def has_looks(self) -> bool:
        """Whether there are documents to ask for again."""
        return self._looks is not None and self._looks.count > 0

    @property
    def missing(self) -> int:
        """Entries that were announced and are not taken in, those not begun included."""
        return (len(self._walk.missing) if self._walk else 0) + self.not_recovered

    @property
    def unusable(self) -> int:
        return sum(part.unusable for part in self.parts.values())

    @property
    def tasks(self) -> list[asyncio.Task[Any]]:
        """What goes on beside the polls."""
        walking = self._walk.task if self._walk else None
        tasks = [self.catching_up, walking, *(part.task for part in self.parts.values())]
        return [task for task in tasks if task is not None and not task.done()]

    def part(self, question: Question) -> Part:
        """The memory of one address."""
        found = self.parts.get(question.name)
        if found is None:
            found = self.parts[question.name] = Part()
            found.is_aside = question.is_aside
        return found

    @property
    def _own_parts(self) -> dict[str, Part]:
        """Without what is asked aside."""
        return {name: part for name, part in self.parts.items() if not part.is_aside}

    def validators(self, question: Question) -> Validators | None:
        """What to ask conditionally with. An address with a moment in it is another at each poll, and tags belong to one
        address: of these only the hash counts."""
        known = self.known.get(question.address)
        if known is None or SINCE not in self.feed.url:
            return known
        return Validators(sha256=known.sha256)

    def sum_up(self, stamp: Stamp) -> None:
        """How the feed is doing, from its parts: it is complete only when each of them is, and as old as the oldest."""
        now, own = stamp.at, self._own_parts
        self._held_up = max(timedelta(seconds=Stamp.now().seconds - stamp.seconds) - MOST_A_POLL, timedelta())
        parts = own.values()
        planned = [part.next_at for part in parts if part.next_at and not part.is_under_way]
        self.next_try = min(planned, default=now + interval_of(self.feed))
        failing = {name: part for name, part in own.items() if part.failures}
        late = [name for name, part in own.items() if part.is_under_way and name not in failing]
        if failing or late:
            troubles = [
                f"{name}: {part.trouble}" if len(own) > 1 else f"{part.trouble}" for name, part in failing.items()
            ]
            troubles += [f"{name}: no answer yet" for name in late]
            self.failures, self.last_try = max((part.failures for part in failing.values()), default=1), now
            self.trouble = "; ".join(troubles)
        else:
            self.succeeded(now)
            answers = [part.complete for part in parts if part.complete]
            if answers and len(answers) == len(own):
                found = max(answers, key=lambda one: one.length)
                if self.complete is None or found.length < self.complete.length:  # another gateway may have a later one
                    self.complete = found

    def completed(self, stamp: Stamp) -> None:
        """It answered completely, to a question of then."""
        self.complete = Absence.since(stamp)

    def wants_others_asked(self) -> None:
        """What this feed may have missed, others may know."""
        if self.on_gap is not None:
            self.on_gap(self)

    def gap_ended(self, at: datetime | None) -> None:
        """Its gap is over; another gateway may have ended it."""
        if self.gap is not None:
            self.gap = structs.replace(self.gap, ended_at=at or utc_now())

    def succeeded(self, now: datetime) -> None:
        """The feed answered usably."""
        self.failures, self.trouble, self.last_try, self.last_success = 0, None, now, now

    def failed(self, trouble: str, now: datetime) -> None:
        """The feed did not."""
        self.failures, self.trouble, self.last_try = self.failures + 1, trouble, now

    def lost(self, address: str, trouble: str, now: datetime) -> None:
        """One of a stream's addresses is dead, until it speaks again."""
        self.dead_addresses[address] = trouble
        if self.dead_addresses.keys() >= set(self.feed.urls):
            self.since_seam = {}  # what is heard from now on does not follow what was heard before
        self.failed(f"{address}: {trouble}", now)

    def spoke(self, address: str) -> None:
        """One of a stream's addresses is alive."""
        self.dead_addresses.pop(address, None)

    def retry_later(self, at: datetime | None) -> None:
        """Something missing is due then."""
        self.retry_at = at
        if at is not None and self.on_retry is not None:
            self.on_retry(self)

    def took(self, arrival: Arrival, taken: Taken, key: str = "") -> bool:
        """An alert came in, announced by the entry of this key; whether it was new. One that was known shows that the feed goes
        on where it was."""
        if not taken.is_new and key:
            self.met.add(key)
        if taken.is_new:
            self.newest_at = arrival.received_at
            sent_at = arrival.alert.sent.instant if arrival.alert and arrival.alert.sent else None
            if sent_at:
                self.latency_seconds = max(0.0, (arrival.received_at - sent_at).total_seconds())
        return taken.is_new

    @property
    def wants_other_time(self) -> bool:
        """Whether ``next_try`` is not what the interval alone would say: after a failure, where the server asks, while a card
        is on display, and where parts have their own times."""
        return any(part.is_moved for part in self.parts.values()) or len(self.parts) > 1

    def status(self, now: datetime) -> FeedStatus:
        """How the feed is doing."""
        gap = self._shown_gap(now)
        return FeedStatus(
            name=self.feed.name,
            kind=self.feed.kind,
            enabled=True,
            health=self._health(now),
            url=self.feed.address,
            last_try=self.last_try,
            last_success=self.last_success,
            next_try=self.next_try,
            consecutive_failures=self.failures,
            trouble=self.trouble or self._remark() or clock_trouble(self.clock_offset_seconds),
            newest_at=self.newest_at,
            latency_seconds=self.latency_seconds,
            missing=self.missing,
            unusable=self.unusable,
            wait_reason=self._wait_reason(now),
            gap_since=gap.since if gap else None,
            gap_ended_at=gap.ended_at if gap else None,
            moved_to=self.moved_to,
            certificate_expires_at=self.certificate_expires_at,
            client_certificate_expires_at=net.certificate_end(self.feed.client_cert) if self.feed.client_cert else None,
            clock_offset_seconds=self.clock_offset_seconds,
        )

    def _shown_gap(self, now: datetime) -> Gap | None:
        """Its gap, until a day after the end."""
        if self.gap is None or (self.gap.ended_at and abs(now - self.gap.ended_at) > GAP_SHOWN):
            return None
        return self.gap

    def _health(self, now: datetime) -> Health:
        if self.feed.kind == "push":
            return "ok"  # it speaks when it has something to say
        if self.last_success is None:
            return "failing" if self.failures else "waiting"
        if now - self.last_success > self.feed.silent_after:
            return "silent"
        return "failing" if self.failures or self.dead_addresses else "ok"

    def _remark(self) -> str | None:
        """What is not a failure of the feed as a whole."""
        said = [f"{address}: {trouble}" for address, trouble in self.dead_addresses.items()]
        said += [part.remark for part in self._own_parts.values() if part.remark]
        return "; ".join(said) or None

    def _wait_reason(self, now: datetime) -> str | None:
        """Why it is not asked at its usual pace; of several parts, which one waits for what."""
        own = self._own_parts
        waiting = {name: part.wait_reason for name, part in own.items() if part.wait_reason}
        if len(own) == 1 or not waiting:
            return next(iter(waiting.values()), None) if self.next_try and self.next_try > now else None
        return "; ".join(f"{name}: {reason}" for name, reason in waiting.items())


def differs(offset: float | None) -> bool:
    """Whether a server's clock says so much else than ours that one of them is wrong."""
    return offset is not None and abs(offset) > MOST_OFFSET_SECONDS


def clock_trouble(offset: float | None) -> str | None:
    """The difference in a sentence, where there is one."""
    if offset is None or not differs(offset):
        return None
    direction = "ahead of" if offset > 0 else "behind"
    return f"this machine's clock is {abs(offset):.0f} s {direction} the Date of the feed's server"
