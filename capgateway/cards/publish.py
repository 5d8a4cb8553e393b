"""What a person may let be displayed although it was declined: a real, public alert that is in force and meant for a known place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cards.area import target
from capgateway.cards.decide import not_for_public
from capgateway.cards.life import STATEMENTS
from capgateway.cards.member import expiry

if TYPE_CHECKING:
    from datetime import datetime

    from capgateway.cards.member import Member
    from capgateway.cards.policy import Policy


def never_published(member: Member, policy: Policy, now: datetime) -> str | None:
    """Why nobody may let an alert be displayed, in words; ``None`` where a person may. ``policy`` is that of the programme."""
    gist = member.gist
    if gist.msg_type not in STATEMENTS:
        return "it is not an Alert or an Update"
    if member.is_exercise:
        return "it is not actual: an exercise or a test is never displayed as real"
    if reason := not_for_public(member, msgspec.structs.replace(policy, exercises=False)):
        return {
            "scope": "its scope is not Public",
            "blocked": "its issuer excludes public distribution",
        }.get(reason, "it is not actual: its sender marks it as a test")
    if gist.is_over or expiry(member, policy)[0] <= now:
        return "it is over"
    where = target(member.meant, policy.regions)
    if where is None:
        return "its area is unknown"
    return None if where else "it is meant for no region of the policy"
