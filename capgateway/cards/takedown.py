"""Take-downs that end nothing by what they name, and displays that nobody sees: which of them a person has to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cards.area import shown_codes, target, together
from capgateway.cards.decide import not_for_public
from capgateway.cards.gist import OTHER
from capgateway.cards.life import STATEMENTS, is_of_sender
from capgateway.cards.member import expiry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.cards.decision import CardState
    from capgateway.cards.gist import Gist
    from capgateway.cards.member import Member
    from capgateway.cards.policy import Policy

_USUAL = {"msg_type": "Alert", "status": "Actual", "scope": "Public"}
"""What an alert may mean that does not say, or says it in no word of the standard."""


def is_take_down(gist: Gist) -> bool:
    """Whether an alert only ends what was said before: a Cancel, or infos that are all over (AllClear, Past)."""
    return gist.msg_type == "Cancel" or (gist.msg_type in STATEMENTS and gist.is_over)


def may_mean_a_card(gist: Gist, policy: Policy) -> bool:
    """Whether a take-down that matches nothing may be meant for a card: it is of an enabled programme, or does not say of
    which. The Cancel of a storm warning is not."""
    return policy.recognise(gist) is not None or not gist.infos


def is_matched(take_down: Member, stories: Sequence[Sequence[Member]], policy: Policy) -> bool:
    """Whether it names any statement that we have; ``stories`` are the strands that it is about. What a push feed brought under
    somebody's name is nothing that is meant."""
    return any(
        is_of_sender(member.feed, member.signature.status, take_down, policy)
        for story in stories
        for member in story
        if member.alert_id != take_down.alert_id and member.gist.msg_type in STATEMENTS
    )


def names_nothing(gist: Gist) -> bool:
    """Whether it is a Cancel without any reference."""
    return gist.msg_type == "Cancel" and not gist.references.strip()


def is_meant(cancel: Member, card: CardState, policy: Policy) -> bool:
    """Whether a Cancel that names nothing is meant for this card, its sender's only live one: it carries the programme's code
    and targets the same area."""
    gist = cancel.gist
    found = policy.recognise(gist)
    if not names_nothing(gist) or found is None or found.basis == "text" or found.programme.id != card.programme:
        return False
    where = target(together(gist.areas), policy.regions)
    return bool(where) and set(shown_codes(where or ())) == set(card.target)


def waits_for_a_person(member: Member, policy: Policy, now: datetime) -> bool:
    """Whether a quarantined alert would be on display if a person let it: it is of an enabled programme, for the public, for
    these regions (or nobody knows for which), and not over."""
    unsaid = {name: word for name, word in _USUAL.items() if getattr(member.gist, name) in ("", OTHER)}
    gist = msgspec.structs.replace(member.gist, **unsaid)
    member = msgspec.structs.replace(member, gist=gist)
    found = policy.recognise(gist)
    if found is None or gist.msg_type not in STATEMENTS or is_take_down(gist):
        return False
    if not_for_public(member, policy) or target(member.meant, policy.regions) == ():
        return False
    return expiry(member, policy.of(found.programme.id))[0] > now
