"""What the gateway did with an alert, always with a named reason. The words are those of the published contract."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from capgateway.cards.member import ExpiresFrom, Member
from capgateway.places import Unit

Word = Literal["published", "updated", "ended", "unchanged", "linked", "ignored", "quarantined"]
CardWord = Literal["active", "linked", "waiting", "ended"]
"""The states of a card: on display, a copy of another card of its incident, a copy that waits for a person, over for good."""
EndReason = Literal["cancelled", "expired", "withdrawn", "left_region", "superseded", "erased"]
IgnoreReason = Literal["no_programme", "status", "scope", "region", "expired", "blocked", "stale", "erased"]
QuarantineReason = Literal[
    "unreadable",
    "schema",
    "unidentifiable",
    "signature",
    "sender",
    "jurisdiction",
    "cross_sender",
    "area",
    "conflict",
    "review",
    "withdrawn",
    "paused",
    "undecided",
]
Reason = EndReason | IgnoreReason | QuarantineReason


class Display(msgspec.Struct, frozen=True, kw_only=True):
    """Show the alert of ``alert_id`` as this card, a new one or a new revision of a known one, in these units;
    ``issued_at`` is when its story began. A card that is ``linked`` or ``waiting`` is a copy, which is stored and not shown. ``related`` are cards that may be about the
    same child; ``takes_over`` is the card of its incident that it takes the place of."""

    alert_id: str
    card_id: str
    incident_id: str
    revision: int
    issued_at: datetime
    expires_at: datetime
    expires_from: ExpiresFrom
    target: tuple[Unit, ...]
    state: Literal["active", "linked", "waiting"] = "active"
    programme: str = "amber"
    related: tuple[str, ...] = ()
    takes_over: str | None = None


class End(msgspec.Struct, frozen=True, kw_only=True):
    """Take this card down, for good. ``revision`` is the take-down's own, one above the last display's. ``by_policy``: it was
    withdrawn by another configuration and by no person, so what its chain says may be displayed again. ``by`` is the alert whose
    word it is, where it is one's."""

    card_id: str
    revision: int
    reason: EndReason
    by_policy: bool = False
    by: str | None = None


Change = Display | End


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """``word`` and ``reason`` are what console, log, metric and API show; ``changes`` is what becomes of cards.

    ``reason`` is ``None`` where the word says it all (published, updated, unchanged).
    """

    word: Word
    reason: Reason | None = None
    changes: tuple[Change, ...] = ()


class CardState(msgspec.Struct, frozen=True, kw_only=True):
    """What the store remembers of a card that an alert of this chain made. ``alert_id`` made its latest revision,
    ``target`` are the codes of the units that one is shown in. ``restored_at`` is when a person lifted its withdrawal, or when
    the policy withdrew it."""

    card_id: str
    incident_id: str
    revision: int
    state: CardWord = "active"
    programme: str = "amber"
    alert_id: str
    published_at: datetime
    target: tuple[str, ...] = ()
    end_reason: EndReason | None = None
    ended_at: datetime | None = None
    restored_at: datetime | None = None
    superseded_by: str | None = None

    @property
    def active(self) -> bool:
        """Whether it is on display."""
        return self.state == "active"

    @property
    def is_shown(self) -> bool:
        """Whether it is on display, and no other card is about to take its place."""
        return self.active and self.superseded_by is None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended: it is on display, or a copy of what is."""
        return self.state != "ended"


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """All that a decision depends on, beside the policy.

    ``chain`` is every stored alert tied to ``arrived`` by references of the same sender (``arrived`` may be among them),
    ``cards`` every card these ever made, ``deployment`` the name of this gateway's database. The cards of ``anew`` are to find
    their place again although nothing new was said of them.
    """

    arrived: Member
    chain: tuple[Member, ...] = ()
    cards: tuple[CardState, ...] = ()
    now: datetime
    deployment: str = ""
    anew: frozenset[str] = frozenset()

    @property
    def members(self) -> dict[str, Member]:
        """All alerts of the chain, the arrived one among them, by their ids."""
        return {member.alert_id: member for member in (*self.chain, self.arrived)}


def incident_of(card_id: str) -> str:
    """The incident of a card that is alone in it."""
    return card_id.replace("crd_", "inc_", 1)
