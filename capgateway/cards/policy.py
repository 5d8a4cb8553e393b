"""The operator's policy: which alerts become cards, for how long, with which calls to action."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import msgspec

from capgateway.cards import programmes
from capgateway.cards.codes import Code
from capgateway.cards.programmes import (
    AMBER,
    OWN_RULES,
    Fact,
    PolicyAction,
    Programme,
    Recognised,
    Review,
    Unanswered,
)
from capgateway.places import ATLAS, Atlas

if TYPE_CHECKING:
    from capgateway.cards.gist import Gist

CALL_911 = PolicyAction(
    type="call", value="911", label={"en-US": "Call 911", "es-US": "Llame al 911"}, regions=("US", "CA")
)


class FeedRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the alerts of one feed may do: the keys of ``[[feeds]]`` that decisions ask for. ``senders`` and ``jurisdiction``
    empty mean any and anywhere; of the cards of one incident, the one with the higher ``precedence`` is displayed. Their pictures
    come from ``media_hosts``, ``None`` meaning any."""

    is_push: bool = False
    senders: tuple[str, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    signature: Literal["ignore", "verify", "require"] = "verify"
    precedence: int = 10
    media_hosts: tuple[str, ...] | None = None


ANY_FEED = FeedRules()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Fields are the keys of ``[policy]``, except ``atlas`` and ``feeds``: what each feed may say, by its name. ``regions`` empty means
    everywhere; ``programmes`` are the enabled ones, in the order of the file. ``atlas`` has the units that areas are made of:
    those that ship, and those of ``[[places]]``."""

    regions: tuple[str, ...] = ()
    programmes: tuple[Programme, ...] = (AMBER,)
    default_lifetime: timedelta = timedelta(hours=24)
    max_lifetime: timedelta = timedelta(days=7)
    retention: timedelta = timedelta(hours=72)
    exercises: bool = False
    review: Review = "none"
    review_timeout: timedelta = timedelta(minutes=10)
    review_default: Unanswered = "hold"
    facts: tuple[Fact, ...] = ("children", "suspects", "vehicles", "last_seen")
    actions: tuple[PolicyAction, ...] = (CALL_911,)
    feeds: Mapping[str, FeedRules] = {}
    atlas: Atlas = ATLAS

    def rules_of(self, feed: str) -> FeedRules:
        """What a feed may say; anything for one that is not configured any more."""
        return self.feeds.get(feed, ANY_FEED)

    def programme(self, name: str) -> Programme | None:
        """The enabled programme of this name."""
        return next((one for one in self.programmes if one.id == name), None)

    def of(self, programme: str | None) -> Policy:
        """The policy for the cards of a programme: with the programme's own rules where it has any."""
        one = self.programme(programme) if programme else None
        own = {name: value for name in OWN_RULES if (value := getattr(one, name, None)) is not None}
        return msgspec.structs.replace(self, **own) if own else self

    def recognise(self, gist: Gist) -> Recognised | None:
        """Which enabled programme an alert is of by itself, or ``None``."""
        return programmes.recognise(gist.codes, gist.said, self.programmes)

    @property
    def phrases(self) -> frozenset[str]:
        """All phrases that are asked of an alert without codes."""
        return programmes.phrases_of(self.programmes)

    @property
    def codes(self) -> frozenset[Code]:
        """The event codes of all enabled programmes."""
        return frozenset(code for one in self.programmes for code in one.codes)

    @property
    def longest(self) -> timedelta:
        """The longest that any card lives."""
        return max(self.of(one.id).max_lifetime for one in (*self.programmes, AMBER))


def retention_of(programme: str, policy: Policy) -> timedelta:
    """How long the personal data of a programme's cards is kept after their end."""
    return policy.of(programme).retention


def shortest_retention(policy: Policy) -> timedelta:
    """The shortest of all programmes: for what may contain the words of any of them."""
    return min((policy.of(one.id).retention for one in policy.programmes), default=policy.retention)


USUAL = Policy()
"""What applies where a configuration says nothing."""

__all__ = [
    "CALL_911",
    "USUAL",
    "Fact",
    "FeedRules",
    "Policy",
    "PolicyAction",
    "Programme",
    "retention_of",
    "shortest_retention",
]
