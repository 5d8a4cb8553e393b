"""Copies: what becomes of the linked cards of an incident when the displayed one changes, ends, or gives way.

::

    the displayed card ─┬▶ cancelled, withdrawn ─▶ no copy is displayed: what is still live waits for a person
                        ├▶ expired, left the region ─▶ the next live copy is displayed
                        ├▶ gave way to another ─▶ its chain stays as a copy
                        └▶ changed ─▶ a copy that is about another child after all is displayed
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from capgateway.cards import Display, End, expire, incident
from capgateway.store import cards as card_rows
from capgateway.store import chains, incidents, media_rows, operators, outcomes
from capgateway.store.cards import Written
from capgateway.store.tables import alerts, cards, gateway, lanes
from capgateway.webhooks import OperatorData

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from capgateway.cards import CardState, Change, Policy
    from capgateway.cards.incident import Mate
    from capgateway.store.outcomes import Outcome
    from capgateway.store.write import Write

HAND_OVER = timedelta(seconds=30)
"""How long an old card stays while receivers have not acknowledged the one that takes its place."""

OPEN = ["active", "linked", "waiting"]
_ONE = select(cards).where(cards.c.id == bindparam("card"))
_TAKE_OVER = (
    update(cards)
    .where(cards.c.id == bindparam("card"), cards.c.superseded_by.is_(None))
    .values(superseded_by=bindparam("by"), supersede_at=bindparam("at"))
)
_STAY = update(cards).where(cards.c.superseded_by == bindparam("by")).values(superseded_by=None, supersede_at=None)
_WAIT = update(cards).where(cards.c.id == bindparam("card")).values(state="waiting")
_ASK = update(alerts).where(alerts.c.id == bindparam("alert")).values(decision="quarantined", reason="review")
_IS_UNANSWERED = exists().where(
    lanes.c.card_id == cards.c.superseded_by, lanes.c.due_at.is_not(None), lanes.c.action == "display"
)
_IS_GIVING_WAY = and_(cards.c.state == "active", cards.c.supersede_at.is_not(None))
_IS_SENT = exists().where(gateway.c.paused_since.is_(None))
"""Whether displays are sent: in a pause nobody has the card that takes the place of another."""
_IS_LATE = and_(cards.c.supersede_at <= bindparam("now", type_=cards.c.supersede_at.type), _IS_SENT)
_GIVEN_WAY = select(cards).where(_IS_GIVING_WAY, or_(_IS_LATE, ~_IS_UNANSWERED))
_OVERDUE = select(cards).where(
    cards.c.state.in_(OPEN), cards.c.expires_at <= bindparam("now", type_=cards.c.expires_at.type)
)


def apply(write: Write, made: Outcome, chain_id: str, policy: Policy) -> Written:
    """Write the changes of a decision, and what follows from them for the other cards of their incidents."""
    before = [_before(write, change) for change in made.decision.changes]
    media_rows.keep(write, made.decision.changes, made.pictures)
    written = card_rows.apply(write, made.decision.changes, made.shown, chain_id)
    for alert_id, traits in made.traits.items():
        incidents.remember(write, alert_id, traits)
    messages = sum(
        _follow(write, change, was, policy) for change, was in zip(made.decision.changes, before, strict=True)
    )
    return Written(written.card_id, written.messages + messages)


def next_end(connection: Connection, now: datetime) -> datetime | None:
    """When the next card ends by itself: its time is over, or another has taken its place."""
    if connection.execute(_GIVEN_WAY.limit(1), {"now": now}).first():
        return now
    ends = select(func.min(cards.c.expires_at)).where(cards.c.state.in_(OPEN))
    gives_way = select(func.min(cards.c.supersede_at)).where(_IS_GIVING_WAY, _IS_SENT)
    moments = [connection.execute(query).scalar() for query in (ends, gives_way)]
    return min((moment for moment in moments if moment is not None), default=None)


def end_overdue(write: Write, limit: int, policy: Policy) -> int:
    """End the cards whose time has come, the longest overdue first, and those that gave way; how many there were."""
    overdue = write.execute(_OVERDUE.order_by(cards.c.expires_at).limit(limit), {"now": write.now}).mappings().all()
    for row in overdue:
        _end(write, row, expire(chains.state(row)).changes, policy)
    gave_way = write.execute(_GIVEN_WAY.limit(limit), {"now": write.now}).mappings().all()
    for row in gave_way:
        superseded = End(card_id=row["id"], revision=row["revision"] + 1, reason="superseded")
        _end(write, row, (superseded,), policy)
    return len(overdue) + len(gave_way)


def _end(write: Write, row: RowMapping, changes: Sequence[Change], policy: Policy) -> None:
    card_rows.apply(write, changes, {}, row["chain_id"])
    for change in changes:
        _follow(write, change, chains.state(row), policy)


def _before(write: Write, change: Change) -> CardState | None:
    """The card as it is before a change; ``None`` for a new one."""
    if isinstance(change, Display) and change.revision == 1:
        return None
    row = write.execute(_ONE, {"card": change.card_id}).mappings().first()
    return chains.state(row) if row else None


def _follow(write: Write, change: Change, was: CardState | None, policy: Policy) -> int:
    """What a change of one card means for the others of its incident; how many messages that took."""
    if isinstance(change, Display):
        if change.takes_over:
            parameters = {"card": change.takes_over, "by": change.card_id, "at": write.now + HAND_OVER}
            write.execute(_TAKE_OVER, parameters)
        return _place_copies(write, change, policy) if was and change.state == "active" else 0
    if was is None or not was.active or change.by_policy:
        return 0  # a policy that ends one programme ends its copies as well
    mates = incidents.mates_of(write, was.incident_id)
    if change.reason in (*incident.BY_WORD, "erased"):
        return _close(write, change, mates)
    write.execute(_STAY, {"by": was.card_id})
    if was.superseded_by:
        return _place_anew(write, was, policy)
    return _promote(write, mates, policy)


def _place_copies(write: Write, shown: Display, policy: Policy) -> int:
    """A card on display says something else: copies that are not about the same child any more are displayed."""
    cards_there = [mate.card for mate in incidents.mates_of(write, shown.incident_id)]
    return sum(_place_anew(write, card, policy) for card in cards_there if card.state == "linked")


def _promote(write: Write, mates: Sequence[Mate], policy: Policy) -> int:
    """Display the next live copy: that of the highest precedence, of these the first. Where a card stays because what was to take
    its place has ended, only a copy of a higher precedence takes it."""
    copies = [mate for mate in mates if mate.card.state == "linked"]
    shown = [incident.precedence(mate.side.member, policy) for mate in mates if mate.card.active]
    for mate in sorted(copies, key=lambda mate: -incident.precedence(mate.side.member, policy)):
        if shown and incident.precedence(mate.side.member, policy) <= max(shown):
            break
        if messages := _place_anew(write, mate.card, policy):
            return messages
    return 0


def _close(write: Write, ended: End, mates: Sequence[Mate]) -> int:
    """Somebody ended the incident: what gives way to this card ends too, and what is a copy waits for a person. Where this one
    gave way to another, that is what the copies are copies of, and they stay."""
    messages = 0
    is_over = not any(mate.card.is_shown for mate in mates)
    for mate in mates:
        if mate.card.state == "waiting":
            continue
        if mate.card.active:
            if mate.card.superseded_by and (is_over or mate.card.superseded_by == ended.card_id):
                messages += card_rows.apply(write, (incident.end(mate.card, ended),), {}, "").messages
        elif is_over:
            messages += _wait(write, mate)
    return messages


def _wait(write: Write, mate: Mate) -> int:
    """A live copy of what somebody ended: only a person may display it."""
    write.execute(_WAIT, {"card": mate.card.card_id})
    write.execute(_ASK, {"alert": mate.side.member.alert_id})
    return operators.tell(write, "review_waiting", _said(mate))


def _said(mate: Mate) -> OperatorData:
    alert_id = mate.side.member.alert_id
    return OperatorData(
        severity="warning",
        card_id=mate.card.card_id,
        feed=mate.side.member.feed,
        message_type="card.published",
        since=mate.side.member.received_at,
        advice="Another sender's card of the same incident was ended, and this copy of it is still live. It is not displayed. Read"
        f" it with `capgateway alerts show {alert_id}` and ask its issuer. If the case goes on, run `capgateway alerts publish"
        f" {alert_id} --reason TEXT`.",
    )


def _place_anew(write: Write, card: CardState, policy: Policy) -> int:
    """Find the place of a card, or of the chain of one that ended, anew; how many messages that took. In a pause a display is
    written, and sent afterwards."""
    member, chain_id = chains.one(write.connection, card.alert_id)
    made = outcomes.outcome(write, member, [chain_id], policy, None, anew=frozenset({card.card_id}), is_for_later=True)
    shown = [change for change in made.decision.changes if isinstance(change, Display)]
    where = card.card_id, card.state, card.incident_id
    if card.is_open and all((one.card_id, one.state, one.incident_id) == where for one in shown):
        return 0
    written = apply(write, made, chain_id, policy)
    if any(change.state == "active" for change in shown):
        outcomes.save(write, member.alert_id, made.decision, written.card_id)
    return written.messages
