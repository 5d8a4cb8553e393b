"""Incidents: what other senders say of the same child, and which place a card has among theirs.

::

    decision ─▶ its displays: rivals, found by traits ─▶ shown, linked or waiting
             └▶ its ends: the cards of the incident ────▶ end with it, or stay and are marked (held)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import bindparam, exists, or_, select

from capgateway import cap
from capgateway import cards as card_stage
from capgateway.cards import AMBER, CardState, Decision, Display, Draft, End, Traits, incident
from capgateway.cards.incident import Mate, Rival, Side
from capgateway.cards.life import STATEMENTS, standing
from capgateway.store import chains
from capgateway.store.dialect import upserts
from capgateway.store.many import Many
from capgateway.store.tables import alert_traits, alerts, cards

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import RowMapping

    from capgateway.cards import Change, Member, Policy, Situation
    from capgateway.store.write import Write

MOST_RIVALS = 200
"""Alerts that share a trait with one, those on display first. Where a hostile sender makes more, cards are shown side by side."""

_OF = "of_"
_CARD = [column.label(f"{_OF}{column.name}") for column in cards.c]
_other = cards.alias()
_SHARING = select(alert_traits.c.alert_id).where(alert_traits.c.trait.in_(bindparam("traits", expanding=True)))
_RIVALS = (
    select(*chains.MEMBER, alerts.c.draft, alerts.c.decided_at, *_CARD)
    .outerjoin(cards, cards.c.alert_id == alerts.c.id)
    .where(
        alerts.c.id.in_(_SHARING),
        alerts.c.sender_key != bindparam("sender"),
        or_(cards.c.id.is_not(None), ~exists().where(_other.c.chain_id == alerts.c.chain_id)),
    )
    .order_by((cards.c.state == "active").desc(), alerts.c.received_at.desc(), alerts.c.id)
    .limit(MOST_RIVALS)
)
_MATES = (
    select(*chains.MEMBER, alerts.c.draft, alerts.c.decided_at, *_CARD)
    .join(cards, cards.c.alert_id == alerts.c.id)
    .where(cards.c.incident_id == bindparam("incident"), cards.c.state != "ended")
    .order_by(cards.c.published_at, cards.c.id)
)
_SENDERS = select(cards.c.incident_id, cards.c.sender_key).where(
    cards.c.incident_id.in_(bindparam("incidents", expanding=True)), cards.c.state != "ended"
)
_TEXTS = select(alerts.c.draft, alerts.c.original).where(alerts.c.id == bindparam("alert"))
_REMEMBER = Many(upserts(alert_traits, lambda row: row.on_conflict_do_nothing()))


def remember(write: Write, alert_id: str, traits: Traits) -> None:
    """Keep by which facts an alert is found."""
    write.execute_many(_REMEMBER, [{"trait": trait, "alert_id": alert_id} for trait in sorted(set(traits.keys()))])


def settle(
    write: Write, situation: Situation, decision: Decision, drafts: Mapping[str, Draft], policy: Policy
) -> Decision:
    """The decision with its place among what other senders say. ``drafts`` are those of the alerts that it displays, and of the
    arrived one."""
    arrived = situation.arrived
    if incident.was_cancelled_unseen(decision, situation):
        return _ended_unseen(write, situation, decision, drafts.get(arrived.alert_id), policy)
    if decision.word == "unchanged" and _ends(arrived) and not situation.cards:
        return _ended_waiting(write, situation, decision, policy)
    if not decision.changes:
        return decision
    before = {card.card_id: card for card in situation.cards}
    changes: dict[str, Change] = {change.card_id: change for change in decision.changes}
    is_held = False
    for change in decision.changes:
        if isinstance(change, Display):
            changes[change.card_id] = _placed(write, situation, change, before.get(change.card_id), drafts, policy)
        elif change.reason == "cancelled":
            along, held = _along(write, situation, change, before[change.card_id], policy)
            changes = {**{end.card_id: end for end in along}, **changes}
            is_held = is_held or held
    ordered = [*(changes.pop(change.card_id) for change in decision.changes), *changes.values()]
    settled = incident.word(replace(decision, changes=tuple(ordered)), arrived.alert_id, before)
    return replace(settled, word="quarantined", reason="review") if is_held else settled


def mates_of(write: Write, incident_id: str) -> list[Mate]:
    """The open cards of an incident."""
    rivals = [_rival(row, frozenset()) for row in write.execute(_MATES, {"incident": incident_id}).mappings()]
    return [Mate(side=rival.side, card=rival.card) for rival in rivals if rival.card]


def displayed_for(write: Write, situation: Situation, statements: Iterable[Member], policy: Policy) -> list[str]:
    """The cards on display whose copies, statements of this sender, a take-down ended: other senders' cards of the incident."""
    own = {card.card_id: card for card in situation.cards}
    found = [
        mate.card.card_id
        for card in own.values()
        if card.end_reason == "cancelled"
        for mate in mates_of(write, card.incident_id)
        if mate.card.active and mate.card.card_id not in own
    ]
    if not own:
        drafts = ((member, stored_draft(write, member)) for member in statements)
        sides = (_unseen(write, member, draft, policy) for member, draft in drafts if draft)
        found += [
            rival.card.card_id
            for mine in sides
            for rival in _rivals(write, mine)
            if rival.card and rival.card.active and incident.tie(mine, rival.side) == "linked"
        ]
    return sorted(set(found))


def stored_draft(write: Write, member: Member) -> Draft | None:
    """What a card of a stored alert would say; ``None`` once that is erased. Of an alert whose programme was enabled later the
    draft is made only now."""
    row = write.execute(_TEXTS, {"alert": member.alert_id}).first()
    if row is None or row.draft is not None:
        return msgspec.json.decode(row.draft, type=Draft) if row else None
    alert = cap.parse(row.original).alert if row.original is not None else None
    return card_stage.draft(alert, member.gist, profile=member.profile) if alert else None


def _placed(
    write: Write,
    situation: Situation,
    display: Display,
    current: CardState | None,
    drafts: Mapping[str, Draft],
    policy: Policy,
) -> Display:
    if display.alert_id not in drafts:
        return display
    mine = incident.side(
        situation.members[display.alert_id],
        drafts[display.alert_id].traits,
        programme=display.programme,
        ends=display.expires_at,
        since=display.issued_at,
    )
    return incident.placed(display, mine, current, _rivals(write, mine), policy)


def _along(write: Write, situation: Situation, ended: End, copy: CardState, policy: Policy) -> tuple[list[End], bool]:
    """Which cards on display end with a copy of theirs, and whether one stays although it may be meant."""
    ended_copy = situation.members[copy.alert_id]
    speakers = [situation.arrived] if _ends(situation.arrived) else incident.enders(situation)
    along, is_held = [], False
    for mate in mates_of(write, copy.incident_id):
        if not mate.card.active or mate.card.card_id == copy.card_id:
            continue
        if any(incident.ends_with(one, ended_copy, mate.side, policy) for one in speakers):
            along.append(incident.end(mate.card, ended))
        else:
            is_held = True
    return along, is_held


def _ends(member: Member) -> bool:
    return card_stage.is_take_down(member.gist)


def _ended_unseen(
    write: Write, situation: Situation, decision: Decision, draft: Draft | None, policy: Policy
) -> Decision:
    """An alert that was cancelled before anybody saw it ends its copies all the same."""
    if draft is None:
        return decision
    mine = _unseen(write, situation.arrived, draft, policy)
    speakers = incident.enders(situation)
    ends = [
        incident.end(rival.card, End(card_id="", revision=0, reason="cancelled"))
        for rival in _rivals(write, mine)
        if rival.card
        and rival.card.active
        and incident.tie(mine, rival.side) == "linked"
        and any(incident.ends_with(one, situation.arrived, rival.side, policy) for one in speakers)
    ]
    return replace(decision, changes=tuple(ends))


def _ended_waiting(write: Write, situation: Situation, decision: Decision, policy: Policy) -> Decision:
    """A take-down of what waited for the end of a pause, or for a person, ends its copies as well."""
    changes: dict[str, Change] = {}
    for story in card_stage.stories(situation, policy):
        stand = {member.alert_id for member in standing(story, policy)}
        for member in story:
            if member.gist.msg_type not in STATEMENTS or member.alert_id in stand or _ends(member):
                continue
            unseen = replace(situation, arrived=member, chain=(situation.arrived,))
            ended = _ended_unseen(write, unseen, decision, stored_draft(write, member), policy)
            changes |= {change.card_id: change for change in ended.changes}
    return replace(decision, word="ended", reason="cancelled", changes=tuple(changes.values())) if changes else decision


def _unseen(write: Write, member: Member, draft: Draft, policy: Policy) -> Side:
    """An alert without a card: it was over by now at the latest."""
    found = policy.recognise(member.gist)
    programme = found.programme.id if found else AMBER.id
    return incident.side(member, draft.traits, programme=programme, ends=write.now)


def _rivals(write: Write, mine: Side) -> list[Rival]:
    """What other senders said that shares a trait with an alert."""
    keys = mine.traits.keys()
    if not keys or mine.member.is_exercise:
        return []
    parameters = {"traits": sorted(keys), "sender": mine.member.gist.sender_key}
    rows = write.execute(_RIVALS, parameters).mappings().all()
    senders = _senders(write, {row[f"{_OF}incident_id"] for row in rows} - {None})
    return [_rival(row, senders.get(row[f"{_OF}incident_id"], frozenset())) for row in rows if row["gist"]]


def _senders(write: Write, incident_ids: Collection[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    if incident_ids:
        for row in write.execute(_SENDERS, {"incidents": sorted(incident_ids)}):
            found.setdefault(row.incident_id, set()).add(row.sender_key)
    return {incident_id: frozenset(senders) for incident_id, senders in found.items()}


def _rival(row: RowMapping, senders: frozenset[str]) -> Rival:
    card: dict[str, Any] = {name.removeprefix(_OF): value for name, value in row.items() if name.startswith(_OF)}
    is_seen = card["id"] is not None
    draft = msgspec.json.decode(row["draft"], type=Draft) if row["draft"] else None
    ends = (card["ended_at"] or card["expires_at"]) if is_seen else row["decided_at"]
    side = incident.side(
        chains.member(row),
        draft.traits if draft else Traits(),
        programme=card["programme"] or AMBER.id,
        ends=ends,
        since=card["published_at"],
    )
    return Rival(side=side, card=chains.state(card) if is_seen else None, senders=senders)
