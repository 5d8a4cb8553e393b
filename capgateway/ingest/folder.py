"""Sweep a watched folder: each file that is complete goes in, and is put away only when it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from capgateway import threads
from capgateway.clock import SYSTEM, utc_now
from capgateway.errors import FetchError, StoreError
from capgateway.feeds import directory
from capgateway.feeds.status import PollResult
from capgateway.ingest.absence import Stamp
from capgateway.ingest.hand import submit
from capgateway.ingest.poll import NO_CHANGE, tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from capgateway.feeds.status import Submitted
    from capgateway.ingest.intake import Intake
    from capgateway.ingest.watch import Watch

T = TypeVar("T")
DISK_SECONDS = 30.0
"""What a disk may take over one step. One that is slower hangs, as network shares do."""
_disks = threads.Lonely()


async def sweep(intake: Intake, watch: Watch) -> PollResult:
    """Look once. A file that holds no usable alert goes to ``failed/``; what the store cannot take now stays. A file that
    cannot be read or put away holds up no other."""
    async with watch.busy:
        now, began, new, trouble = utc_now(), SYSTEM.monotonic(), 0, None
        stamp = Stamp.now()
        watch.next_try = now + watch.feed.interval
        try:
            for file in await _ask(watch, lambda: directory.waiting(watch.feed.path, now=now)):
                submitted, fault = await _take(intake, watch, file)
                new, trouble = new + sum(one.is_new for one in submitted), trouble or fault
        except (FetchError, StoreError) as error:
            trouble = str(error)
        if trouble:
            watch.failed(trouble, now)
        else:
            watch.succeeded(now)
            watch.completed(stamp)
        outcome = "folder" if trouble else "ok" if new else NO_CHANGE
        result = PollResult(feed=watch.feed.name, outcome=outcome, new=new, trouble=trouble)
        tell(intake, watch, result, SYSTEM.monotonic() - began)
        return result


async def _take(intake: Intake, watch: Watch, file: Path) -> tuple[list[Submitted], str | None]:
    """What the file held, and what is wrong with the file itself."""
    submitted: list[Submitted] = []
    try:
        try:
            document = await _ask(watch, lambda: directory.read(file))
        except FetchError as error:
            if error.reason != "too_large":
                raise
        else:
            submitted = await submit(intake, watch, document)
        is_useless = all(one.reason == "unreadable" for one in submitted)
        await _ask(watch, lambda: directory.put_away(file, failed=is_useless))
    except FetchError as error:
        return submitted, None if error.reason == "vanished" else str(error)
    return submitted, None


async def _ask(watch: Watch, work: Callable[[], T]) -> T:
    """Do what a disk may delay for ever."""
    try:
        return await _disks.do(watch.feed.name, work, seconds=DISK_SECONDS)
    except threads.Hangs:
        raise FetchError("the folder does not answer: its disk hangs", reason="folder") from None
