"""The operator's policy: which alerts become cards, for how long, with which calls to action."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

import msgspec

Fact = Literal["children", "suspects", "vehicles", "last_seen", "race"]


class PolicyAction(msgspec.Struct, frozen=True, kw_only=True):
    """A call to action that the operator adds to every card of its ``regions``; ``label`` is by language tag."""

    type: Literal["call", "open"]
    value: str
    label: dict[str, str]
    regions: tuple[str, ...] = ()


CALL_911 = PolicyAction(
    type="call", value="911", label={"en-US": "Call 911", "es-US": "Llame al 911"}, regions=("US", "CA")
)


class FeedRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the alerts of one feed may do: the keys of ``[[feeds]]`` that decisions ask for. ``senders`` and ``jurisdiction``
    empty mean any and anywhere; of the cards of one incident, the one with the higher ``precedence`` is displayed."""

    is_push: bool = False
    senders: tuple[str, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    signature: Literal["ignore", "verify", "require"] = "verify"
    precedence: int = 10


ANY_FEED = FeedRules()


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Fields are the keys of ``[policy]``, except ``feeds``: what each feed may say, by its name. ``regions`` empty means
    everywhere."""

    regions: tuple[str, ...] = ()
    default_lifetime: timedelta = timedelta(hours=24)
    max_lifetime: timedelta = timedelta(days=7)
    retention: timedelta = timedelta(hours=72)
    exercises: bool = False
    review: Literal["none", "doubtful", "all"] = "none"
    review_timeout: timedelta = timedelta(minutes=10)
    review_default: Literal["hold", "publish"] = "hold"
    facts: tuple[Fact, ...] = ("children", "suspects", "vehicles", "last_seen")
    actions: tuple[PolicyAction, ...] = (CALL_911,)
    feeds: Mapping[str, FeedRules] = {}

    def rules_of(self, feed: str) -> FeedRules:
        """What a feed may say; anything for one that is not configured any more."""
        return self.feeds.get(feed, ANY_FEED)
