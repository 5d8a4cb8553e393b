"""The least that a store does for the life cycle: remember alerts and cards, find chains, apply what is decided.

It asserts, at every step, what no order of arrival may break: revisions grow by one, an ended card never comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from card_samples import ANYWHERE, NOW, a_member, decided

from capgateway import cap, cards
from capgateway.cards import Card, CardState, Decision, Display, End, Member, Policy


class Table:
    """Alerts and cards of one gateway."""

    def __init__(self, policy: Policy = ANYWHERE, now: datetime = NOW) -> None:
        self.policy, self.now = policy, now
        self.members: dict[str, Member] = {}
        self.drafts: dict[str, cards.Draft] = {}
        self.states: dict[str, CardState] = {}
        self.shown: dict[str, Card] = {}

    def take_in(self, alert: cap.Alert) -> Decision:
        """What a store does with an alert: once, and the second time nothing."""
        member = a_member(alert)
        if member.alert_id in self.members:
            return Decision(word="unchanged")
        self.members[member.alert_id] = member
        self.drafts[member.alert_id] = cards.draft(alert, member.gist)
        return self.decide(member)

    def decide(self, member: Member) -> Decision:
        known = self.chain(member)
        ids = {each.alert_id for each in known}
        states = [state for state in self.states.values() if state.alert_id in ids]
        decision = decided(member, known, states, self.policy, now=self.now)
        self.apply(decision)
        return decision

    def chain(self, arrived: Member) -> list[Member]:
        """Everything tied by names of the same sender: own ones and named ones, known or not, however many steps."""
        found, names = {arrived.alert_id: arrived}, _names(arrived)
        while more := [m for m in self.members.values() if m.alert_id not in found and _names(m) & names]:
            found |= {member.alert_id: member for member in more}
            names = names.union(*map(_names, more))
        return list(found.values())

    def apply(self, decision: Decision) -> None:
        for change in decision.changes:
            if isinstance(change, Display):
                self._display(change)
            else:
                self._end(change)

    def withdraw(self, card_id: str) -> None:
        """The operator's take-down."""
        self._end(End(card_id=card_id, revision=self.states[card_id].revision + 1, reason="withdrawn"))

    def live(self) -> list[CardState]:
        return [state for state in self.states.values() if state.active]

    def display(self) -> list[tuple[str, Card]]:
        """What viewers see: which alert, and its card but for the card's own name and revision."""
        return sorted(
            (
                state.alert_id,
                msgspec.structs.replace(self.shown[state.card_id], card_id="", incident_id="", revision=1),
            )
            for state in self.live()
        )

    def _display(self, change: Display) -> None:
        member = self.members[change.alert_id]
        card = cards.convert(change, member, self.drafts[change.alert_id], self.policy)
        state = self.states.get(card.card_id)
        assert card.revision == (state.revision + 1 if state else 1)
        assert state is None or state.active, "an ended card never comes back"
        self.shown[card.card_id] = card
        self.states[card.card_id] = CardState(
            card_id=card.card_id,
            incident_id=card.incident_id,
            revision=card.revision,
            state="active",
            programme=card.kind,
            alert_id=change.alert_id,
            published_at=state.published_at if state else self.now,
            target=tuple(target.code for target in card.area.target),
        )

    def _end(self, change: End) -> None:
        state = self.states[change.card_id]
        assert state.active, "a card ends once"
        assert change.revision == state.revision + 1
        self.states[change.card_id] = msgspec.structs.replace(
            state,
            state="ended",
            revision=change.revision,
            end_reason=change.reason,
            ended_at=self.now,
            restored_at=self.now if change.by_policy else None,
        )


def after(alerts: Iterable[cap.Alert], policy: Policy = ANYWHERE, now: datetime = NOW) -> Table:
    """The table when these have arrived, in this order."""
    table = Table(policy, now)
    for alert in alerts:
        table.take_in(alert)
    return table


def _names(member: Member) -> set[tuple[str, str]]:
    gist = member.gist
    return {(gist.sender, identifier) for identifier in gist.names_of_its_own() | {gist.identifier_key}}
