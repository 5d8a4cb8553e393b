"""One alert of a chain as the gateway received it: its gist, and the facts about its coming in."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from capgateway.cards.area import Meant, together
from capgateway.cards.card import SignatureNote
from capgateway.cards.gist import Gist

if TYPE_CHECKING:
    from capgateway.cards.policy import Policy

ExpiresFrom = Literal["cap", "default", "max"]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """``feed`` brought it first; ``rehearsal`` says that the feed's words are only practice. ``released_at`` is when a person
    said that a take-down ends the card of its chain, or that a statement may be displayed; ``was_dismissed`` that a person said
    that it means nothing; ``published_as`` is the programme as which a person published it, ``published_at`` when. ``was_barred`` says that it was
    refused for the way it came, ``had_effect`` that it showed or ended something, ``was_shown`` that it is on display or was, or is a copy;
    ``card_id`` is the card that it made, changed or ended; ``waits_since`` is since when it waits for review."""

    alert_id: str
    gist: Gist
    feed: str
    received_at: datetime
    sha256: str = ""
    profile: str | None = None
    signature: SignatureNote = SignatureNote(status="absent", signer=None)
    rehearsal: bool = False
    released_at: datetime | None = None
    was_barred: bool = False
    card_id: str | None = None
    had_effect: bool = True
    was_shown: bool = False
    was_dismissed: bool = False
    published_as: str | None = None
    published_at: datetime | None = None
    waits_since: datetime | None = None

    @property
    def is_exercise(self) -> bool:
        """Whether it may leave only as ``exercise.*``: by its own status, or because its feed rehearses."""
        return self.rehearsal or self.gist.status != "Actual"

    @property
    def is_approved(self) -> bool:
        """Whether a person said that it may be displayed."""
        return self.released_at is not None or self.published_as is not None

    @property
    def sent_at(self) -> datetime:
        """The instant of ``sent``; a member is identifiable, so it has one."""
        return self.gist.sent_at or self.received_at

    @property
    def meant(self) -> Meant:
        """Where its live info blocks are meant, clipped to nothing."""
        places = dict.fromkeys(info.area for info in self.gist.live_infos)
        return together(self.gist.areas[place] for place in places)


def begun(member: Member) -> datetime:
    """From when on an alert lives: from ``sent``, or from its receipt where that was earlier."""
    return min(member.sent_at, member.received_at)


def expiry(member: Member, policy: Policy, *, since: datetime | None = None) -> tuple[datetime, ExpiresFrom]:
    """When the alert ends, and who says so: its last live ``expires``, or the policy where it gives none.

    An alert none of whose info blocks says when it ends lives ``default_lifetime`` from ``sent``; none outlives
    ``max_lifetime`` (CAP 1.2 §3.2.2: without ``expires`` each recipient sets its own policy). What was sent "in the
    future" lives from when it was received: a sender's wrong year must not keep a child on display until then. The longest
    life is that of a chain: ``since`` is when its first statement came.
    """
    start = begun(member)
    latest = min(start, since or start) + policy.max_lifetime
    given = [info.expires for info in member.gist.live_infos if info.expires]
    if not given:
        return min(start + policy.default_lifetime, latest), "default"
    return (max(given), "cap") if max(given) <= latest else (latest, "max")
