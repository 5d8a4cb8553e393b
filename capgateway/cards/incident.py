"""Incidents: cards of different senders about the same child.

One of them is on display; the others are copies, which are stored and not shown. A wrong link would hide a child, so whatever
does not clearly agree stays on display and is only listed as ``related``; and what a link hides comes back when the link no
longer holds. A feed of lower precedence can neither take over a display nor end it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from capgateway.cards import traits as facts
from capgateway.cards.area import covers, overlap, target
from capgateway.cards.decision import CardState, Decision, Display, End, incident_of
from capgateway.cards.life import STATEMENTS
from capgateway.cards.member import Member, begun
from capgateway.cards.traits import Traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from capgateway.cards.decision import Situation
    from capgateway.cards.policy import Policy

BY_WORD = ("cancelled", "withdrawn")
"""Ends by somebody's word, after which no copy is displayed by itself."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as one side of a comparison: it lives from ``begins`` until ``ends``."""

    member: Member
    traits: Traits
    programme: str
    begins: datetime
    ends: datetime


class Rival(msgspec.Struct, frozen=True, kw_only=True):
    """What another sender said that shares a trait. ``card`` is the card that it made; ``None`` for an alert that was cancelled
    before anybody saw it. ``senders`` are those that have a card in its incident."""

    side: Side
    card: CardState | None = None
    senders: frozenset[str] = frozenset()

    @property
    def is_over_by_word(self) -> bool:
        """Whether somebody ended its incident, or a person has to say whether it goes on."""
        return self.card is None or self.card.state == "waiting" or self.card.end_reason in BY_WORD


class Mate(Rival, frozen=True, kw_only=True):
    """A rival that has a card."""

    card: CardState


def tie(one: Side, other: Side) -> Literal["linked", "related"] | None:
    """Whether two alerts of different senders are about the same child: surely, perhaps, or not as far as anybody can tell."""
    if one.member.gist.sender_key == other.member.gist.sender_key or one.member.is_exercise or other.member.is_exercise:
        return None
    agreeing = facts.agreeing(one.traits, other.traits)
    number = facts.share_a_number(one.traits, other.traits)
    if not number and not agreeing & {"plate", "name"} and len(agreeing) < 2:  # noqa: PLR2004  (two facts agree)
        return None
    is_sure = number or len(agreeing) >= 2  # noqa: PLR2004
    is_possible = (
        one.programme == other.programme
        and not facts.contradict(one.traits, other.traits)
        and overlap(one.member.meant, other.member.meant)
        and one.begins < other.ends
        and other.begins < one.ends
    )
    return "linked" if is_sure and is_possible else "related"


def placed(display: Display, mine: Side, current: CardState | None, rivals: Sequence[Rival], policy: Policy) -> Display:
    """A display with its place among the cards of other senders: shown, a copy, or waiting for a person. ``current`` is the
    card as it is, ``None`` for a new one."""
    ties = [(rival, tie(mine, rival.side)) for rival in rivals]
    display = _settled(display, mine, current, [rival for rival, kind in ties if kind == "linked"], policy)
    others = (rival.card for rival, kind in ties if kind and rival.card and rival.card.is_shown)
    related = sorted(card.card_id for card in others if card.incident_id != display.incident_id)
    return replace(display, related=tuple(related))


def _settled(
    display: Display, mine: Side, current: CardState | None, linked: Sequence[Rival], policy: Policy
) -> Display:
    if current and current.active:
        return display  # what people see is taken away by no link that comes later
    if shown := _shown(linked, mine, current):
        takes_over = _weight(mine.member, policy) > precedence(shown.side.member, policy) - _is_gone(
            shown.side.member, policy
        )
        return replace(
            display,
            incident_id=shown.card.incident_id,
            state="active" if takes_over else "linked",
            takes_over=shown.card.card_id if takes_over else None,
        )
    is_waiting = current is not None and current.state == "waiting"
    over = [
        rival
        for rival in linked
        if rival.is_over_by_word and (is_waiting or _would_end(rival.side.member, mine, policy))
    ]
    if over and not mine.member.is_approved:
        return replace(display, state="waiting", incident_id=_with_room(over, mine, display, current))
    if current and current.state == "linked" and any(one.incident_id == current.incident_id for one in _cards(linked)):
        return replace(display, state="active")  # its turn has come
    return replace(
        display, state="active", incident_id=incident_of(display.card_id) if current else display.incident_id
    )


def _shown(linked: Iterable[Rival], mine: Side, current: CardState | None) -> Mate | None:
    """The earliest displayed of them whose incident has room: two cards of one sender are never in one incident."""
    sender, own = mine.member.gist.sender_key, current.incident_id if current else ""
    found = [
        Mate(side=rival.side, card=rival.card, senders=rival.senders)
        for rival in linked
        if rival.card and rival.card.is_shown and (rival.card.incident_id == own or sender not in rival.senders)
    ]
    return min(found, key=lambda rival: (rival.card.published_at, rival.card.card_id), default=None)


def _with_room(over: Iterable[Rival], mine: Side, display: Display, current: CardState | None) -> str:
    """The incident of the first of these that has no other card of this sender; where there is none, its own."""
    sender, own = mine.member.gist.sender_key, current.incident_id if current else display.incident_id
    found = [
        rival.card.incident_id
        for rival in over
        if rival.card and (rival.card.incident_id == own or sender not in rival.senders)
    ]
    return next(iter(found), own)


def _cards(rivals: Iterable[Rival]) -> Iterable[CardState]:
    return (rival.card for rival in rivals if rival.card)


def ends_with(cancel: Member, copy: Member, displayed: Side, policy: Policy) -> bool:
    """Whether the end of a copy, by this take-down, is the end of the card on display too: it came through a feed of no lower
    precedence, and the copy was meant for all of the displayed target."""
    return _weight(cancel, policy) >= precedence(displayed.member, policy) and _is_covered(
        copy, displayed.member, policy
    )


def _would_end(ended: Member, mine: Side, policy: Policy) -> bool:
    """Whether the end of one alert would have been the end of this one, had it been on display."""
    return ends_with(ended, ended, mine, policy)


def _is_covered(copy: Member, displayed: Member, policy: Policy) -> bool:
    where = target(displayed.meant, policy.regions) or displayed.meant.units
    return covers(copy.meant.units, where)


def precedence(member: Member, policy: Policy) -> int:
    """That of the feed that brought it."""
    return policy.rules_of(member.feed).precedence


def _weight(speaker: Member, policy: Policy) -> int:
    """The precedence of what takes over or ends another card: removing a feed gives nothing that it said more weight."""
    return -1 if _is_gone(speaker, policy) else precedence(speaker, policy)


def _is_gone(member: Member, policy: Policy) -> bool:
    """Whether the feed that brought it is not configured any more. What it displays then gives way to a feed of equal precedence:
    its own may have been lower."""
    return bool(policy.feeds) and member.feed not in policy.feeds


def was_cancelled_unseen(decision: Decision, situation: Situation) -> bool:
    """Whether the arrived alert was ended before anybody saw it, because its Cancel or AllClear came first."""
    return (
        (decision.word, decision.reason) == ("ignored", "stale")
        and situation.arrived.gist.msg_type in STATEMENTS
        and not situation.cards
        and bool(enders(situation))
    )


def enders(situation: Situation) -> list[Member]:
    """What of a chain ends what was said before."""
    return [member for member in situation.chain if member.gist.msg_type == "Cancel" or member.gist.is_over]


def side(member: Member, traits: Traits, *, programme: str, ends: datetime, since: datetime | None = None) -> Side:
    """An alert as a side; ``since`` is when its life began, if earlier than itself."""
    begins = min(begun(member), since or begun(member))
    return Side(member=member, traits=traits, programme=programme, begins=begins, ends=ends)


def word(decision: Decision, alert_id: str, before: dict[str, CardState]) -> Decision:
    """The decision about an alert, now that it is known where its card has its place; ``before`` are the cards as they were."""
    shown = next((one for one in decision.changes if isinstance(one, Display) and one.alert_id == alert_id), None)
    if shown is None:
        return decision
    if shown.state == "linked":
        return replace(decision, word="linked", reason=None)
    if shown.state == "waiting":
        return replace(decision, word="quarantined", reason="review")
    was = before.get(shown.card_id)
    return replace(decision, word="updated" if was and was.active else "published", reason=None)


def end(card: CardState, like: End) -> End:
    """The end of another card for the same reason."""
    return End(card_id=card.card_id, revision=card.revision + 1, reason=like.reason, by=like.by)
