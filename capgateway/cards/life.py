"""The life of a card: Alert → Update → Cancel → expiry, in whatever order the messages arrive.

A chain is every alert tied to the one at hand by references of the same sender. What should be on display is worked
out from the whole chain each time, never from the order of arrival, so a Cancel that comes before its Alert, or an
old Update after a new one, ends in the same place. An ended card never comes back: what an issuer says after the end
becomes a new card.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from capgateway.cards import review
from capgateway.cards.area import Meant, lies_within, target
from capgateway.cards.decision import EndReason, IgnoreReason, QuarantineReason
from capgateway.cards.gist import key
from capgateway.cards.member import ExpiresFrom, Member, begun, expiry
from capgateway.cards.programmes import Programme
from capgateway.places import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capgateway.cards.policy import Policy

Kinds = dict[str, Programme | None]
"""Of which enabled programme each alert of a chain is, by its id."""

STATEMENTS = ("Alert", "Update")
MAX_AHEAD = timedelta(minutes=5)
"""A clock may be ahead by this; a ``sent`` further in the future is a mistake."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """This member of the chain is to be on display, here, as an alert of this programme; ``life`` is all that was said since the
    chain's last end."""

    member: Member
    programme: Programme
    target: tuple[Unit, ...]
    expires_at: datetime
    expires_from: ExpiresFrom
    life: tuple[Member, ...]


class Deferred(msgspec.Struct, frozen=True, kw_only=True):
    """This member would be on display, but waits for a person; what was shown before it stays."""

    member: Member
    reason: QuarantineReason


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing of this chain is to be on display. ``end`` is what a card on display is told, ``reason`` what an alert
    that never made one is told; ``member`` is the one that settled it, ``None`` when there was no statement at all."""

    end: EndReason
    reason: IgnoreReason
    member: Member | None = None


def outcome(chain: Sequence[Member], policy: Policy, now: datetime) -> Shown | Deferred | Silent:
    """What of a chain should be on display at ``now``: its newest statement that no Cancel withdraws and that need
    not wait for a person. Where all have to wait, the newest of them."""
    kinds = kinds_of(chain, policy)
    stand = standing(chain, policy)
    said = lives(stand, policy, kinds)
    waits: Deferred | None = None
    for member in reversed(stand):
        result = judge(member, chain, said[member.alert_id], policy, now, kinds)
        if not isinstance(result, Deferred):
            return result
        waits = waits or result
    return waits or Silent(end="cancelled", reason="stale")


def _newness(member: Member, chain: Sequence[Member]) -> tuple[datetime, bool, str]:
    return place(member, chain), member.gist.msg_type == "Update", member.alert_id


def standing(chain: Sequence[Member], policy: Policy) -> list[Member]:
    """The statements of a chain that may say what they say, that no Cancel names by their whole triple, and that were sent
    after every Cancel (F-20: whatever a Cancel leaves out, nothing older than it stays on display). An identifier that is used
    again after a Cancel is a new alert. Only a Cancel that may end a statement counts for it."""
    cancels = [
        (cancel, place(cancel, chain), cancel.gist.triples_named())
        for cancel in chain
        if cancel.gist.msg_type == "Cancel"
    ]
    return [member for member in _admitted(chain, policy) if not _is_ended(member, cancels, chain, policy)]


def _admitted(chain: Sequence[Member], policy: Policy) -> list[Member]:
    """The statements, the oldest first, without those that may not replace what was displayed before them."""
    admitted: list[Member] = []
    statements = (member for member in chain if member.gist.msg_type in STATEMENTS)
    for member in sorted(statements, key=lambda member: _newness(member, chain)):
        if not admitted or may_not_change(member, admitted[-1], policy) is None:
            admitted.append(member)
    return admitted


def _is_ended(
    member: Member,
    cancels: Sequence[tuple[Member, datetime, set[tuple[str, datetime]]]],
    chain: Sequence[Member],
    policy: Policy,
) -> bool:
    where = place(member, chain) if cancels else member.sent_at
    return any(
        (is_ahead(member) or where <= at or (member.gist.identifier_key, member.sent_at) in named)
        and may_not_change(cancel, member, policy) is None
        for cancel, at, named in cancels
    )


def may_not_change(speaker: Member, about: Member, policy: Policy) -> QuarantineReason | None:
    """Why an alert may not change or end the display of another of its chain, or ``None`` where it may: it came through the
    same feed, or is validly signed, or came through another feed that may speak for this sender and for all that is
    displayed. A push feed has to name the sender."""
    if speaker.is_approved or speaker.signature.status == "valid" or (speaker.feed == about.feed and not policy.feeds):
        return None
    if policy.rules_of(about.feed).signature == "require":
        return "signature"
    if speaker.was_barred and speaker.feed not in policy.feeds:
        return "sender"  # removing a feed gives nothing that it said more weight
    if speaker.feed == about.feed:
        return None
    if policy.feeds and speaker.feed not in policy.feeds and not speaker.had_effect:
        return "sender"  # nor does what it said in advance count for more than before
    rules = policy.rules_of(speaker.feed)
    if not may_speak(speaker.feed, speaker.gist.sender_key, policy):
        return "sender"
    if not rules.jurisdiction:
        return None
    shown = Meant(target(about.meant, policy.regions) or about.meant.units)
    return None if lies_within(shown, rules.jurisdiction) else "jurisdiction"


def may_speak(feed: str, sender_key: str, policy: Policy) -> bool:
    """Whether a feed may speak for a sender about what another feed brought: a push feed has to name the sender."""
    rules = policy.rules_of(feed)
    return not (rules.is_push or rules.senders) or sender_key in map(key, rules.senders)


def is_of_sender(feed: str, signature: str, speaker: Member, policy: Policy) -> bool:
    """Whether what a feed brought under the name of a speaker's sender may be taken for that sender's: it came through the
    speaker's feed, is validly signed, or came through a feed that may speak for the sender."""
    return feed == speaker.feed or signature == "valid" or may_speak(feed, speaker.gist.sender_key, policy)


def bar(arrived: Member, chain: Sequence[Member], policy: Policy) -> QuarantineReason | None:
    """Why an alert may change nothing of its chain, or ``None``."""
    others = [member for member in _admitted(chain, policy) if member is not arrived]
    if arrived.gist.msg_type == "Cancel":
        reasons = [may_not_change(arrived, member, policy) for member in others]
        return reasons[-1] if reasons and all(reasons) else None
    if not others or any(member is arrived for member in _admitted(chain, policy)):
        return None
    return may_not_change(arrived, others[-1], policy)


def is_ahead(member: Member) -> bool:
    """Whether its ``sent`` lies so far after its receipt that it does not count."""
    return member.sent_at > member.received_at + MAX_AHEAD


def place(member: Member, chain: Sequence[Member]) -> datetime:
    """Where an alert stands in the order of its chain: at its ``sent``. One from the future stands directly after the newest
    that it references, or at its receipt where it references none; a take-down that a person released, after what was said
    until then."""
    if member.released_at and (member.gist.msg_type == "Cancel" or member.gist.is_over):
        return max(member.sent_at, member.released_at)
    if not is_ahead(member):
        return member.sent_at
    names = member.gist.names_of_its_own()
    before = [
        other.sent_at
        for other in chain
        if other is not member and not is_ahead(other) and other.gist.identifier_key in names
    ]
    return max(before) + timedelta(microseconds=1) if before else member.received_at


def kinds_of(chain: Sequence[Member], policy: Policy) -> Kinds:
    """Of which programme each alert of a chain is: by its own codes, or because a person published it so. One without any code,
    or with no other than what a person published had, is what it follows: the alert before it that is of a programme. Words
    count where no alert of the chain has a code."""
    ordered = sorted(chain, key=lambda member: (member.sent_at, member.alert_id))
    own = {member.alert_id: _own(member, policy) for member in ordered}
    sure = {name: programme for name, (programme, is_sure) in own.items() if programme and is_sure}
    leads = sure or {name: programme for name, (programme, _) in own.items() if programme}
    published = {code for member in ordered if member.published_as for code in member.gist.codes}
    last = next((leads[member.alert_id] for member in ordered if member.alert_id in leads), None)
    kinds: Kinds = {}
    for member in ordered:
        if member.alert_id in leads:
            last = leads[member.alert_id]
            kinds[member.alert_id] = last
        else:
            kinds[member.alert_id] = last if published.issuperset(member.gist.codes) else None
    return kinds


def _own(member: Member, policy: Policy) -> tuple[Programme | None, bool]:
    """The programme of an alert by itself, and whether more than words say so."""
    if member.published_as:
        return policy.programme(member.published_as), True
    found = policy.recognise(member.gist)
    return (found.programme, found.basis != "text") if found else (None, False)


def lives(stand: Sequence[Member], policy: Policy, kinds: Kinds) -> dict[str, Sequence[Member]]:
    """For each statement, by its id, what was said in its life until then; ``stand`` is in order. An Alert that was sent after
    the end of what was said before begins another life."""
    found: dict[str, Sequence[Member]] = {}
    first, start, end = 0, None, None
    for number, member in enumerate(stand):
        if start is None or (end and member.gist.msg_type == "Alert" and member.sent_at > end):
            first, start = number, begun(member)
        start = min(start, begun(member))
        rules = rules_for(member, policy, kinds)
        end = member.sent_at if member.gist.is_over else expiry(member, rules, since=start)[0]
        found[member.alert_id] = stand[first : number + 1]
    return found


def rules_for(member: Member, policy: Policy, kinds: Kinds) -> Policy:
    """The policy for the programme that an alert of a chain is of."""
    programme = kinds[member.alert_id]
    return policy.of(programme.id) if programme else policy


def judge(
    head: Member, chain: Sequence[Member], life: Sequence[Member], policy: Policy, now: datetime, kinds: Kinds
) -> Shown | Deferred | Silent:
    """What one statement asks for, were it the newest of its chain; ``life`` is what was said in its life until then."""
    programme = kinds[head.alert_id]
    if programme is None:
        return Silent(end="superseded", reason="no_programme", member=head)
    if head.gist.is_over:
        return Silent(end="cancelled", reason="expired", member=head)
    rules = policy.of(programme.id)
    expires_at, expires_from = expiry(head, rules, since=min(map(begun, life)))
    if expires_at <= now:
        return Silent(end="expired", reason="expired", member=head)
    meant = head.meant
    where = target(meant, policy.regions)
    if where is None:
        return Deferred(member=head, reason="area")
    if not head.is_approved and not lies_within(meant, policy.rules_of(head.feed).jurisdiction):
        return Deferred(member=head, reason="jurisdiction")
    if not where:
        return Silent(end="left_region", reason="region", member=head)
    if review.waits(head, chain, life, rules, now):
        return Deferred(member=head, reason="review")
    return Shown(
        member=head,
        programme=programme,
        target=where,
        expires_at=expires_at,
        expires_from=expires_from,
        life=tuple(life),
    )
