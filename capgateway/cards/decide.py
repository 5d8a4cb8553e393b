"""Situation in, Decision out: a pure function of the alert, its chain, the cards it made, the policy and the time.

Three gates, in this order::

    document    can this be used at all?            (readable, schema, identity, sender)
    address     is it said to the public, for real? (status, scope, BLOCKCHANNEL) else it takes no part in any chain
    chain       what should be on display now, and what does that change?
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from capgateway import cap, ids
from capgateway.cards import references, review, strands
from capgateway.cards.area import shown_codes
from capgateway.cards.decision import CardState, Change, Decision, Display, End, Situation, incident_of
from capgateway.cards.gist import key
from capgateway.cards.life import (
    STATEMENTS,
    Deferred,
    Shown,
    Silent,
    bar,
    judge,
    kinds_of,
    lives,
    outcome,
    place,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from capgateway.cap import Alert, Report
    from capgateway.cards.decision import EndReason, IgnoreReason, QuarantineReason
    from capgateway.cards.member import Member
    from capgateway.cards.policy import Policy

# Messages that the IPAWS programme office sends to prove its own channels carry this sender.
TEST_SENDERS = ("ipaws-pmo",)

MAX_NAME = 600
"""Characters of sender and identifier together. Real ones stay below 200; PostgreSQL's index rows end at 2,704 bytes,
and a character may take four."""


def unusable(
    alert: Alert | None,
    report: Report,
    *,
    senders: Sequence[str] = (),
    signature: str = "ignore",
    is_lenient: bool = False,
) -> QuarantineReason | None:
    """Why the document cannot be taken in at all, or ``None``. ``senders`` is the feed's allow list, empty for any;
    ``signature`` what the feed asks of signatures: ``ignore``, ``verify`` (none that is wrong) or ``require``. With
    ``is_lenient`` a violated schema is no reason."""
    if any(finding.rule == cap.UNJUDGED.id for finding in report.findings):
        return "undecided"
    if alert is None:
        return "unreadable"
    if not is_lenient and any(finding.layer == "schema" and finding.level == "error" for finding in report.findings):
        return "schema"
    if not alert.is_identifiable or len(alert.sender) + len(alert.identifier) > MAX_NAME:
        return "unidentifiable"
    found = report.signature.status if report.signature else "absent"
    if (signature == "verify" and found == "invalid") or (signature == "require" and found != "valid"):
        return "signature"
    return "sender" if senders and key(alert.sender) not in map(key, senders) else None


def not_for_public(member: Member, policy: Policy) -> IgnoreReason | None:
    """Why the alert is not addressed to the public by its own word, or ``None`` (CAP 1.2 §3.2.1 status, scope).

    A Cancel counts whatever its scope: taking down is always safe. Tests, drafts and system messages never do, an
    exercise where the policy or a rehearsing feed asks for it.
    """
    gist = member.gist
    if gist.sender_key.startswith(TEST_SENDERS):
        return "status"
    exercises = policy.exercises or member.rehearsal
    if gist.status != "Actual" and not (gist.status == "Exercise" and exercises):
        return "status"
    if gist.msg_type not in (*STATEMENTS, "Cancel"):
        return "status"  # Ack and Error speak to the sender's network, not to the public
    if gist.msg_type == "Cancel":
        return None
    if gist.is_test:
        return "status"  # by a marker of its sender's software
    if gist.scope != "Public":
        return "scope"
    return "blocked" if gist.is_blocked else None


def decide(situation: Situation, policy: Policy) -> Decision:
    """What becomes of an identifiable alert, and of the cards of its chain. The same facts give the same decision, in any
    order of arrival."""
    arrived = situation.arrived
    if arrived.gist.msg_type == "Cancel" and any(card.is_open for card in situation.cards):
        policy = msgspec.structs.replace(policy, exercises=True)  # what is on display can be ended, a drill too
    if reason := not_for_public(arrived, policy):
        return Decision(word="ignored", reason=reason)
    if _speaks_only_of_others(arrived) and not arrived.published_as:
        return _cross_sender(arrived, policy)
    each = stories(situation, policy) or [[arrived]]
    return _together([_of_one(story, situation, policy) for story in each])


def stories(situation: Situation, policy: Policy) -> list[list[Member]]:
    """The strands of its chain that the arrived alert is about."""
    return strands.about(situation.arrived, _chain(situation, policy), situation.cards, policy)


def _of_one(chain: Sequence[Member], situation: Situation, policy: Policy) -> Decision:
    """What the arrived alert makes of one strand of its chain: its statements, and the Cancels that are about it."""
    arrived = situation.arrived
    if barred := bar(arrived, chain, policy):
        return Decision(word="quarantined", reason=barred)
    made = [card for card in situation.cards if any(card.alert_id == member.alert_id for member in chain)]
    still = sorted((card for card in made if card.is_open), key=lambda card: (card.published_at, card.card_id))
    result = outcome(chain, policy, situation.now)
    changes: tuple[Change, ...] = ()
    if isinstance(result, Silent):
        changes = tuple(_silence(card, result, policy) for card in still)
    elif isinstance(result, Deferred):  # what is displayed stays, unless its issuer ended it
        stand = {member.alert_id for member in standing(chain, policy)}
        changes = tuple(_end(card, "cancelled") for card in still if card.alert_id not in stand)
    elif reason := _is_barred(result, chain, made, still, policy, situation.now):
        return Decision(word="quarantined", reason=reason)
    elif _is_other(result, still, situation):
        changes = _replace(result, still, chain, situation)
    if not isinstance(result, Shown) and changes:
        return Decision(word="ended", reason=_told(changes[0]), changes=changes)
    if still and not changes and (arrived.gist.msg_type == "Cancel" or arrived.gist.is_over):
        return Decision(word="quarantined", reason="review")  # it names the card, but came before what is displayed
    refusal = _refusal(arrived, chain, result, policy, situation.now)
    return msgspec.structs.replace(refusal, changes=changes) if refusal else _word(changes)


def _together(decisions: Sequence[Decision]) -> Decision:
    """One decision for an alert that is about several strands: what it ends counts first, then what a person has to look at."""
    if len(decisions) == 1:
        return decisions[0]
    rank = ("ended", "quarantined", "updated", "published", "ignored", "unchanged")
    first = min(decisions, key=lambda decision: rank.index(decision.word))
    return msgspec.structs.replace(first, changes=tuple(change for one in decisions for change in one.changes))


def _speaks_only_of_others(arrived: Member) -> bool:
    """A Cancel is read leniently: what is not clearly another's may be its own."""
    gist = arrived.gist
    if gist.msg_type == "Cancel":
        return bool(gist.references.strip()) and not references.own_text(gist)
    return gist.msg_type != "Alert" and gist.speaks_only_of_others


def _cross_sender(arrived: Member, policy: Policy) -> Decision:
    if arrived.gist.infos and policy.recognise(arrived.gist) is None:
        return Decision(word="ignored", reason="no_programme")
    return Decision(word="quarantined", reason="cross_sender")


def _chain(situation: Situation, policy: Policy) -> list[Member]:
    """Those that speak to the public as the arrived one does: an exercise never touches a real card."""
    arrived = situation.arrived
    others = [
        member
        for member in situation.chain
        if member.alert_id != arrived.alert_id
        and (member.gist.status, member.rehearsal) == (arrived.gist.status, arrived.rehearsal)
        and not not_for_public(member, policy)
    ]
    return [*others, arrived]


def _is_other(shown: Shown, still: Sequence[CardState], situation: Situation) -> bool:
    """Whether other cards are there than the one of this alert, in this place and of this programme (another policy shows it
    otherwise), or that one has to find its place anew."""
    what = shown.member.alert_id, shown_codes(shown.target), shown.programme.id
    known = [(card.alert_id, card.target, card.programme) for card in still]
    return known != [what] or still[0].card_id in situation.anew


def _replace(
    shown: Shown, still: Sequence[CardState], chain: Sequence[Member], situation: Situation
) -> tuple[Change, ...]:
    """Show it as the chain's card. A chain that changed its programme gets a new one, in the incident of the old."""
    current = next((card for card in still if card.programme == shown.programme.id), None)
    known, deployment = len(situation.cards), situation.deployment
    incident = still[0].incident_id if still else None
    display = _display(shown, current, chain, known, deployment, incident_id=incident)
    return (display, *(_end(card, "superseded") for card in still if card is not current))


def _silence(card: CardState, result: Silent, policy: Policy) -> End:
    """The end of a card. Where its own alert is of no enabled programme any more, the policy withdrew it, and no person."""
    is_other_policy = result.reason == "no_programme" and (
        policy.programme(card.programme) is None or (result.member and result.member.alert_id == card.alert_id)
    )
    if is_other_policy:
        return msgspec.structs.replace(_end(card, "withdrawn"), by_policy=True)
    return _end(card, result.end)


def _told(change: Change) -> EndReason | None:
    return change.reason if isinstance(change, End) else None


def _is_barred(
    shown: Shown,
    chain: Sequence[Member],
    made: Sequence[CardState],
    still: Sequence[CardState],
    policy: Policy,
    now: datetime,
) -> QuarantineReason | None:
    """An operator's take-down, by withdrawal or erasure, is sticky: later updates of the chain wait for a person. So does an Alert
    that was sent after it, and what follows that, but as a new card that waits for review."""
    head = shown.member
    ends = [card for card in made if card.end_reason in ("withdrawn", "erased") and card.restored_at is None]
    if still or not ends:
        return None
    last = max((card.ended_at for card in ends if card.ended_at), default=None)
    if any(card.end_reason == "erased" for card in ends):  # what was erased never returns, whoever published it
        is_new = last is not None and _is_renewed(head, chain, last)
        return (None if head.released_at else "review") if is_new else "withdrawn"
    if head.published_as and (last is None or (head.published_at is not None and head.published_at > last)):
        return None  # a person published it since
    if last is None or not _is_renewed(head, chain, last):
        return "withdrawn"
    if head.released_at or review.is_over(head, policy.of(shown.programme.id), now):
        return None
    return "review"


def _is_renewed(head: Member, chain: Sequence[Member], last: datetime) -> bool:
    """Whether the chain has a new Alert since a person withdrew its cards, which the one to be shown is or follows."""
    where = place(head, chain)
    return any(member.gist.msg_type == "Alert" and last < place(member, chain) <= where for member in chain)


def _word(changes: tuple[Change, ...]) -> Decision:
    shown = next((change for change in changes if isinstance(change, Display)), None)
    if shown is None:
        return Decision(word="unchanged", changes=changes)
    return Decision(word="published" if shown.revision == 1 else "updated", changes=changes)


def _refusal(
    arrived: Member, chain: Sequence[Member], result: Shown | Deferred | Silent, policy: Policy, now: datetime
) -> Decision | None:
    """Why the arrived alert is not what is on display, or ``None`` when it is, or when it is a Cancel."""
    gist, is_cancel, kinds = arrived.gist, arrived.gist.msg_type == "Cancel", kinds_of(chain, policy)
    if kinds[arrived.alert_id] is None and (gist.infos or not is_cancel):
        return Decision(word="ignored", reason="no_programme")
    if is_cancel and len(chain) == 1 and not gist.references.strip():
        return Decision(word="quarantined", reason="review")  # somebody has to say what it cancels
    if is_cancel:
        return None  # kept, so that an Alert it names stays down when it comes late
    if result.member is not None and result.member.alert_id == arrived.alert_id and not isinstance(result, Deferred):
        return Decision(word="ignored", reason=result.reason) if isinstance(result, Silent) else None
    stand = standing(chain, policy)
    order = [member.alert_id for member in stand]
    if arrived.alert_id not in order:
        return Decision(word="ignored", reason="stale")
    own = judge(arrived, chain, lives(stand, policy, kinds)[arrived.alert_id], policy, now, kinds)
    is_older = isinstance(result, Shown) and order.index(arrived.alert_id) < order.index(result.member.alert_id)
    if isinstance(own, Deferred) and not (own.reason == "review" and is_older):
        return Decision(word="quarantined", reason=own.reason)
    return Decision(word="ignored", reason="stale")  # nobody has to look at what is out of date


def expire(card: CardState) -> Decision:
    """The end of a card whose time has come, without any message."""
    return Decision(word="ended", reason="expired", changes=(_end(card, "expired"),))


def _end(card: CardState, reason: EndReason) -> End:
    return End(card_id=card.card_id, revision=card.revision + 1, reason=reason)


def _display(
    shown: Shown,
    current: CardState | None,
    chain: Sequence[Member],
    known: int,
    deployment: str,
    *,
    incident_id: str | None,
) -> Display:
    card_id = current.card_id if current else _card_id(deployment, chain, known)
    return Display(
        alert_id=shown.member.alert_id,
        card_id=card_id,
        incident_id=incident_id or incident_of(card_id),
        revision=current.revision + 1 if current else 1,
        issued_at=_issued_at(shown.life),
        expires_at=shown.expires_at,
        expires_from=shown.expires_from,
        target=shown.target,
        programme=shown.programme.id,
    )


def _issued_at(statements: Sequence[Member]) -> datetime:
    """When the story began: the first alert may not have reached us, but later ones say when it was sent."""
    moments = [member.gist.first_named_at for member in statements]
    return min([*(member.sent_at for member in statements), *(moment for moment in moments if moment)])


def _card_id(deployment: str, chain: Sequence[Member], known: int) -> str:
    """A name that taking the same alert in again would give again, so that a database restored from a backup does not
    show twins. ``known`` counts the chain's earlier cards: a card after an ended one is a new card. What a rehearsing
    feed says is another card than the same alert from a real one."""
    start = min(chain, key=lambda member: (member.sent_at, member.alert_id))
    apart = ("rehearsal",) if start.rehearsal else ()
    return ids.derived("crd", deployment, start.gist.sender, start.gist.identifier, start.gist.sent, str(known), *apart)
