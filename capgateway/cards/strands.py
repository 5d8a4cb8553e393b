"""Strands: what of a chain is one story.

A chain is found by names: whatever gives the same name is in it. But a Cancel may name the alerts of two children, or repeat a
list of old ones, and then it must not end, or hide, what it does not name; and a push feed may write anybody's name. So within a
chain only statements tie, by the word of who may change what they name: an Alert and the Updates that refer to each other
are a strand, and a Cancel is about the strands of which it names an alert.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway.cards import references
from capgateway.cards.life import STATEMENTS, may_not_change

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from capgateway.cards.decision import CardState
    from capgateway.cards.member import Member
    from capgateway.cards.policy import Policy


class Strand(msgspec.Struct, frozen=True):
    """Statements that refer to each other, and all identifiers, as keys, that they have or give."""

    statements: tuple[Member, ...]
    names: frozenset[str]


def about(arrived: Member, chain: Sequence[Member], cards: Sequence[CardState], policy: Policy) -> list[list[Member]]:
    """For each strand that an alert is about, the statements of it and the Cancels that are about it too, the alert among
    them; ``chain`` has the alert. None for a Cancel that names nothing we have."""
    if len(chain) == 1:
        return [] if _is_cancel(arrived) else [[arrived]]
    heads = {card.card_id: card.alert_id for card in cards}
    statements = [member for member in chain if not _is_cancel(member)]
    known = _known(chain)
    cancels = [(member, named_by(member, known)) for member in chain if _is_cancel(member)]
    bridges = _bridges(statements, cancels, policy)
    every = strands(statements, heads, policy, bridges)
    reached = [(member, _reached(named, bridges)) for member, named in cancels]
    stories = [
        [*strand.statements, *(one for one, named in reached if _is_about(one, named, strand, heads))]
        for strand in every
    ]
    mine = [story for story in stories if any(member is arrived for member in story)]
    if _is_cancel(arrived) or any(len(story) > 1 for story in mine):
        return mine
    named = arrived.gist.names_of_its_own()  # what it may not change, and is refused for
    refused = [story for story, strand in zip(stories, every, strict=True) if not strand.names.isdisjoint(named)]
    return [[*story, arrived] for story in refused if story not in mine] or mine


class Case(msgspec.Struct, frozen=True):
    """What of a chain is about some alerts: the members, the identifiers, as keys, that they have or give, and whether the
    chain has other cases beside."""

    members: tuple[Member, ...]
    names: frozenset[str]
    is_all: bool


def case_of(seeds: Collection[str], chain: Sequence[Member], cards: Sequence[CardState], policy: Policy) -> Case:
    """All strands of a chain that have one of these alerts, or that one of these Cancels is about, with the Cancels that are
    about them."""
    heads = {card.card_id: card.alert_id for card in cards}
    statements = [member for member in chain if not _is_cancel(member)]
    known = _known(chain)
    cancels = [(member, named_by(member, known)) for member in chain if _is_cancel(member)]
    bridges = _bridges(statements, cancels, policy)
    reached = [(member, _reached(named, bridges)) for member, named in cancels]
    asked = [(member, named) for member, named in reached if member.alert_id in seeds]
    every = strands(statements, heads, policy, bridges)
    mine = [
        strand
        for strand in every
        if any(member.alert_id in seeds for member in strand.statements)
        or any(_is_about(member, named, strand, heads) for member, named in asked)
    ]
    others = frozenset[str]().union(*(strand.names for strand in every if strand not in mine))
    about_them = [
        (member, named)
        for member, named in reached
        if member.alert_id in seeds or any(_is_about(member, named, strand, heads) for strand in mine)
    ]
    given = frozenset[str]().union(*(named for _, named in about_them)) - others
    return Case(
        members=(*(member for strand in mine for member in strand.statements), *(member for member, _ in about_them)),
        names=frozenset[str]().union(given, *(strand.names for strand in mine)),
        is_all=len(mine) == len(every),
    )


def _known(chain: Sequence[Member]) -> frozenset[str]:
    """The identifiers that a Cancel may name: those of the chain, and those that its statements give."""
    given = (() if _is_cancel(member) else member.gist.names_of_its_own() for member in chain)
    return frozenset(member.gist.identifier_key for member in chain).union(*given)


Bridges = dict[str, set[str]]
"""What Cancels name, by their own identifiers: who refers to a Cancel goes on with what that was about."""


def _bridges(statements: Sequence[Member], cancels: Sequence[tuple[Member, set[str]]], policy: Policy) -> Bridges:
    """Only Cancels that may end what they name, and whose identifier is not also that of a statement."""
    known: dict[str, list[Member]] = {}
    for member in statements:
        known.setdefault(member.gist.identifier_key, []).append(member)
    found: Bridges = {}
    for cancel, named in cancels:
        mine = cancel.gist.identifier_key
        if mine not in known:
            found.setdefault(mine, set()).update(
                name
                for name in named
                if name not in known or any(may_not_change(cancel, one, policy) is None for one in known[name])
            )
    return found


def _reached(names: Collection[str], bridges: Bridges) -> set[str]:
    """These names, and whatever Cancels of these names name."""
    found, left = set(names), list(names)
    while left:
        more = bridges.get(left.pop(), set()) - found
        found |= more
        left += more
    return found


def strands(statements: Sequence[Member], heads: dict[str, str], policy: Policy, bridges: Bridges) -> list[Strand]:
    """The statements by their strands. ``heads`` are the displayed alerts of cards, by the ids of these."""
    given = {
        member.alert_id: _reached({member.gist.identifier_key, *member.gist.names_of_its_own()}, bridges)
        for member in statements
    }
    groups: list[tuple[list[Member], set[str]]] = []
    for member in statements:
        names = given[member.alert_id]
        released = heads.get(member.card_id or "") if member.released_at else None
        tied = [
            group
            for group in groups
            if _has(group[0], released)
            or (not names.isdisjoint(group[1]) and any(_tie(member, other, given, policy) for other in group[0]))
        ]
        largest = max(tied, key=lambda group: len(group[1]), default=([], set[str]()))
        for group in tied:
            if group is not largest:
                largest[0].extend(group[0])
                largest[1].update(group[1])
        largest[0].append(member)
        largest[1].update(names)
        groups = [*(group for group in groups if not any(group is one for one in tied)), largest]
    return [Strand(tuple(members), frozenset(names)) for members, names in groups]


def _tie(one: Member, other: Member, given: dict[str, set[str]], policy: Policy) -> bool:
    """Whether two statements are one story by the word of somebody who may say so: who names the other has to be entitled to
    change it; of two that are named alike, either."""
    mine, theirs = one.gist.identifier_key, other.gist.identifier_key
    names, told = given[one.alert_id], given[other.alert_id]
    if names.isdisjoint(told):
        return False
    if mine != theirs and (theirs in names) != (mine in told):
        says, about = (one, other) if theirs in names else (other, one)
        return may_not_change(says, about, policy) is None
    return may_not_change(one, other, policy) is None or may_not_change(other, one, policy) is None


def named_by(cancel: Member, known: Collection[str]) -> set[str]:
    """The identifiers, as keys, that a Cancel names: its own, those in whole triples, and leniently those that are known."""
    gist = cancel.gist
    return {gist.identifier_key} | gist.surely_named() | references.matched(gist, known)


def _is_about(cancel: Member, named: Collection[str], strand: Strand, heads: dict[str, str]) -> bool:
    """Whether a Cancel names one of its alerts, or ended a card of it."""
    return not strand.names.isdisjoint(named) or _has(strand.statements, heads.get(cancel.card_id or ""))


def _has(members: Sequence[Member], alert_id: str | None) -> bool:
    return alert_id is not None and any(member.alert_id == alert_id for member in members)


def _is_cancel(member: Member) -> bool:
    return member.gist.msg_type not in STATEMENTS
