"""Review: which displays wait for a person, for how long, and for what doubt. Take-downs never do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards.gist import Gist

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.cards.member import Member
    from capgateway.cards.policy import Policy

DRILL = "drill"
"""A doubt over which time never decides: what says that it is a drill is displayed by a person or not at all."""


def doubts_of(gist: Gist) -> tuple[str, ...]:
    """What is doubtful about an alert by itself: ``words`` (it is recognised by them only), and what its gist has."""
    return (*(("words",) if gist.said and not gist.codes else ()), *gist.doubts)


def waits(head: Member, chain: Sequence[Member], life: Sequence[Member], rules: Policy, now: datetime) -> bool:
    """Whether a statement that is to be displayed has to wait; ``life`` is what was said in its life until then, ``rules`` the
    policy for its programme."""
    if head.was_dismissed:
        return True
    if head.is_approved or head.was_shown:
        return False
    if _says_drill(head):
        return True
    is_doubtful = bool(doubts_of(head.gist)) or _is_used_again(head, chain, life)
    is_asked_for = rules.review == "all" or (rules.review == "doubtful" and is_doubtful)
    return is_asked_for and not is_over(head, rules, now)


def is_over(head: Member, rules: Policy, now: datetime) -> bool:
    """Whether nobody answered in time, and what waits is then to be displayed."""
    if rules.review_default == "hold" or _says_drill(head) or head.was_dismissed:
        return False
    return head.waits_since is not None and head.waits_since + rules.review_timeout <= now


def _says_drill(head: Member) -> bool:
    """An exercise may say that it is one: it leaves only as an exercise."""
    return DRILL in head.gist.doubts and not head.is_exercise


def _is_used_again(head: Member, chain: Sequence[Member], life: Sequence[Member]) -> bool:
    """Whether its identifier was used before, by a statement of an earlier life."""
    mine = {member.alert_id for member in life}
    return any(
        member.gist.identifier_key == head.gist.identifier_key
        and member.alert_id not in mine
        and member.gist.msg_type != "Cancel"
        and not member.was_barred  # anybody may use a name
        and member.sent_at < head.sent_at
        for member in chain
    )
