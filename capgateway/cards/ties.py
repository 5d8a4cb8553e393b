"""Which alerts of a chain hang together. Whoever names two alerts puts them into one chain, entitled or not: a push feed that
writes somebody's ``<sender>`` could so have the Cancel of one end the other, or have one replace the other. So each alert
is decided together with those that it names itself, and those that are tied to them by the word of somebody who may change
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capgateway.cards import references
from capgateway.cards.life import may_not_change

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from capgateway.cards.member import Member
    from capgateway.cards.policy import Policy

LONGEST_TEXT = 20_000
"""Characters of references that are read leniently here; in longer ones, a hostile sender's, whole triples and words count."""


def tied(arrived: Member, others: Sequence[Member], policy: Policy) -> list[Member]:
    """The others that are decided together with the arrived one."""
    told = {member.gist.identifier_key for member in others if member.gist.msg_type != "Cancel"}
    if not others or _was_joined(arrived, told):
        return list(others)
    joined = [member for member in others if _was_joined(member, told)]
    waiting = {member.alert_id: member for member in others if not _was_joined(member, told)}
    names = _names([arrived, *waiting.values()])
    reached = [arrived]
    for one in reached:  # grows while it is walked through
        if one.gist.msg_type == "Cancel" and one is not arrived:
            continue  # who ends two alerts does not make them one
        found = [other for other in waiting.values() if _are_tied(one, other, arrived, names, policy)]
        reached += found
        for other in found:
            del waiting[other.alert_id]
    key = arrived.gist.identifier_key
    strange = [
        other for other in waiting.values() if key in names[other.alert_id]
    ]  # so that it yields to what it named
    return [*reached[1:], *joined, *strange]


def _was_joined(member: Member, told: set[str]) -> bool:
    """Whether it is not in the chain for what it names: a person put it there, or it names nothing, and was meant for its
    sender's only card."""
    gist = member.gist
    names_nothing = gist.msg_type == "Cancel" and not gist.references.strip() and gist.identifier_key not in told
    return names_nothing or member.released_at is not None


def _names(members: Collection[Member]) -> dict[str, set[str]]:
    """By the alerts' ids, the identifiers that each gives, its own among them."""
    known = {member.gist.identifier_key for member in members}
    return {member.alert_id: {member.gist.identifier_key, *_named(member, known)} for member in members}


def _named(member: Member, known: set[str]) -> Iterable[str]:
    gist = member.gist
    if gist.msg_type != "Cancel":
        return gist.names_of_its_own()
    if len(gist.references) <= LONGEST_TEXT:
        return gist.surely_named() | references.matched(gist, known)
    return gist.surely_named() | (known & set(references.TOKEN.findall(references.own_text(gist))))


def _are_tied(one: Member, other: Member, arrived: Member, names: dict[str, set[str]], policy: Policy) -> bool:
    """Whether one names the other and may change it, or both name the same and one may change the other. What the arrived one
    names counts in any case: whether it may change that is decided later."""
    mine, theirs = names[one.alert_id], names[other.alert_id]
    if mine.isdisjoint(theirs):
        return False
    if one is arrived and other.gist.identifier_key in mine:
        return True
    if one.gist.identifier_key == other.gist.identifier_key or not {
        one.gist.identifier_key,
        other.gist.identifier_key,
    } & (mine & theirs):
        return may_not_change(one, other, policy) is None or may_not_change(other, one, policy) is None
    says, told = (one, other) if other.gist.identifier_key in mine else (other, one)
    return may_not_change(says, told, policy) is None
