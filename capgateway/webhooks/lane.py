"""The lane: the deliveries of one card to one receiver, of which only the newest counts.

R1  At most one request of a lane is under way.
R2  A request for a revision starts only if none for a higher one has started.
R3  A new revision supersedes all pending lower ones, at once and for good: replay and redrive bring none of them back.
R4  A take-down waits for no retry: it is due at once, and a display under way gets two seconds to end.
R5  Once a take-down is stored no display of its card starts, ever.
R6  The take-down is sent even where no display was ever attempted.
R7  Where a display ended in an unclear way, its take-down is sent once more, a minute after its acknowledgement, under
    another id: a receiver that only compares ids may have processed that display in between.

The store keeps the rules in the statement that hands out a :class:`Claim`; ``dispatch`` keeps the two seconds. This
module contains what both need to know.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum
from typing import Literal

import msgspec

Action = Literal["display", "take_down"]

OPERATOR = "operator."
"""How the types begin that are for the operators' own receiver: as urgent as a new card."""

REISSUE_AFTER = timedelta(seconds=60)
"""What a receiver may take to process a display of which we heard nothing. Whatever answers slower has timed out long ago."""
REMIND_AFTER = (timedelta(seconds=60), timedelta(minutes=5), timedelta(minutes=15))
"""How long after a take-down operators get a message, and further ones, that a receiver has not acknowledged it."""
TAKE_DOWN_PATIENCE = timedelta(hours=24)
"""How long a take-down outlives its card: a receiver that was away over the end still learns of it."""


class Priority(IntEnum):
    """What goes first; the lower, the sooner."""

    TAKE_DOWN = 0
    PUBLISHED = 1
    UPDATED = 2
    PASSING = 3  # snapshots, tests, challenges: the next one replaces it


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is ours to attempt until the lease ends.

    ``number`` counts its attempts from 1, this one included, and is the fencing token: what is recorded under an older
    number than the store's is refused. ``earlier`` of them were made before a person had it sent again. ``gone_at`` is when
    the receiver first answered 410 to it. ``is_suspended``: the receiver gets no displays, because it said that it is gone.
    ``reissue`` is 1 for a take-down that is sent once more; ``message_id`` is the id under which it is sent.
    """

    delivery_id: str
    message_id: str
    receiver: str
    card_id: str | None
    revision: int
    type: str
    action: Action | None
    body: bytes
    sha256: str = ""
    number: int
    created_at: datetime
    due_at: datetime | None = None
    deadline: datetime | None = None
    earlier: int = 0
    gone_at: datetime | None = None
    is_suspended: bool = False
    reissue: int = 0

    @property
    def tries(self) -> int:
        """Which attempt of its schedule this is, counted from 1."""
        return self.number - self.earlier

    @property
    def is_first_time(self) -> bool:
        """Whether nobody had it sent again, so that its age says how long the delivery took."""
        return not self.earlier and not self.reissue

    @property
    def priority(self) -> Priority:
        return priority(self.type, self.action)


def priority(message_type: str, action: Action | None) -> Priority:
    """The class of a message; the store orders by it, ``retry`` takes its schedule from it."""
    if action == "take_down":
        return Priority.TAKE_DOWN
    if message_type.endswith(".published") or message_type.startswith(OPERATOR):
        return Priority.PUBLISHED
    return Priority.UPDATED if message_type.endswith(".updated") else Priority.PASSING


def deadline(action: Action | None, *, expires_at: datetime, created_at: datetime) -> datetime:
    """When a delivery is given up: a display with its card, a take-down a day after the card's or its own beginning; what is
    about no card at its own end."""
    if action != "take_down":
        return expires_at
    return max(expires_at, created_at) + TAKE_DOWN_PATIENCE
