"""Take-downs that are held: they ended nothing, although they may be meant for a card.

::

    a take-down ─┬▶ names a live card that it may not end ─▶ that card is marked, operators are told
                 ├▶ names no alert we have ────────────────▶ its sender's live cards are marked, operators are told
                 └▶ and its sender has no live card ───────▶ remembered for when one comes

It is settled by the alert that it names, by the end of the card, or by a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, case, delete, func, select, update

from capgateway import cards as card_stage
from capgateway.cards import Decision, End
from capgateway.cards.gist import OTHER
from capgateway.store import audit, chains, copies, incidents, operators, outcomes, review
from capgateway.store.dialect import upsert
from capgateway.store.outcomes import Outcome
from capgateway.store.records import HeldFor
from capgateway.store.tables import alerts, attention, cards, held_take_downs
from capgateway.webhooks import OperatorData

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping

    from capgateway.cards import Member, Policy, Situation
    from capgateway.store.audit import Act
    from capgateway.store.write import Write

LOOKED_AT = 50
"""Held take-downs of one sender that a new alert of that sender is compared with, its own before those that name it, the newest
first. Real ones have one."""
LONGEST_LOOKED_AT, MAX_LOOKED_AT = 100_000, 500_000
"""Characters of one gist, and of all of them: the single writer reads them again, and a hostile sender's may have megabytes.
Real ones have a thousand."""

_TAKE_DOWN = select(
    *chains.MEMBER,
    *(alerts.c[name] for name in ("keyed", "chain_id", "sender_key")),
).where(alerts.c.id == bindparam("alert"))
_HELD_OF = (
    select(held_take_downs.c.alert_id, func.max(func.length(alerts.c.gist)).label("length"))
    .join(alerts, alerts.c.id == held_take_downs.c.alert_id)
    .where(
        held_take_downs.c.sender_key.in_(bindparam("senders", expanding=True)),
        func.length(alerts.c.gist) < LONGEST_LOOKED_AT,
    )
    .group_by(held_take_downs.c.alert_id)
    .order_by(
        func.max(case((alerts.c.sender_key == held_take_downs.c.sender_key, 1), else_=0)).desc(),
        func.max(held_take_downs.c.since).desc(),
        held_take_downs.c.alert_id,
    )
    .limit(LOOKED_AT)
)
_DISPLAYED = select(cards, alerts.c.sent_at).join(alerts, alerts.c.id == cards.c.alert_id)
_LIVE = _DISPLAYED.where(cards.c.state != "ended", cards.c.status == bindparam("status"))
_LIVE_OF = _LIVE.where(alerts.c.sender_key == bindparam("sender"))
_LIVE_IN = _LIVE.where(cards.c.chain_id.in_(bindparam("chains", expanding=True)))
_MARKS = select(attention.c.card_id).where(attention.c.alert_id == bindparam("alert"))

_MARKED_BY_COPIES = select(attention.c.card_id).join(alerts, alerts.c.id == attention.c.alert_id).where(chains.IS_COPY)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a take-down came to: its decision, where that is another one now; the cards that were marked just now;
    and how many messages that took."""

    decision: Decision | None = None
    marked: tuple[HeldFor, ...] = ()
    messages: int = 0


NOTHING = Held()


def look(write: Write, alert_id: str, policy: Policy, *, is_new: bool = True) -> Held:
    """Look at a take-down that ended nothing, when it came in or when something else of its sender did."""
    row = write.execute(_TAKE_DOWN, {"alert": alert_id}).mappings().one()
    if row["handled"] or row["gist"] is None:
        return NOTHING
    member = chains.member(row)
    known = chains.named(write, member, policy)
    situation = outcomes.gather(write, member, known.own)
    stories = card_stage.stories(situation, policy)
    if card_stage.is_matched(member, stories, policy) or known.others or known.is_stored:
        said = {one.alert_id: one.sent_at for story in stories for one in story}
        live = {card.card_id: said[card.alert_id] for card in situation.cards if card.is_open and card.alert_id in said}
        displayed = _displayed_for(write, situation, stories, policy)
        return _matched(write, row, member, known, live, policy, is_new=is_new, displayed=displayed)
    if card_stage.may_mean_a_card(member.gist, policy):
        return _unmatched(write, row, member, policy, is_new=is_new)
    return NOTHING


def of_senders(write: Write, sender_keys: Collection[str]) -> Sequence[str]:
    """Held take-downs that are of these senders, or name their alerts."""
    found, left = [], MAX_LOOKED_AT
    for row in write.execute(_HELD_OF, {"senders": sorted(sender_keys)}):
        left -= row.length
        if left >= 0:
            found.append(row.alert_id)
    return found


def dismiss(write: Write, alert_id: str, act: Act) -> None:
    """A person says that a quarantined alert means nothing. Raises ``LookupError`` and ``ValueError``."""
    row = _waiting(write, alert_id)
    _handle(write, row, "dismissed")
    audit.record(write, act, "quarantine.dismissed", alert_id=alert_id, detail={"reason": row["reason"]})


def release(write: Write, alert_id: str, card_id: str | None, policy: Policy, act: Act) -> Decision:
    """A person says that a quarantined take-down ends this card, without a card the only one that it marks; or that a
    quarantined statement may be displayed. Raises ``LookupError`` for an unknown alert or card, and ``ValueError`` where it
    cannot be."""
    row = _waiting(write, alert_id)
    if row["gist"] is not None and card_stage.is_take_down(chains.member(row).gist):
        decision = _release_take_down(write, row, card_id, policy)
    elif card_id is not None:
        raise ValueError("this alert is not a take-down, so it ends no card: release it without naming one")
    else:
        decision = review.approve(write, row, policy)
    concerned = decision.changes[0].card_id
    detail = {"reason": row["reason"], "decision": decision.word}
    audit.record(write, act, "quarantine.released", card_id=concerned, alert_id=alert_id, detail=detail)
    return decision


def _release_take_down(write: Write, row: RowMapping, card_id: str | None, policy: Policy) -> Decision:
    alert_id: str = row["id"]
    card = _card(write, alert_id, card_id)
    if card["status"] != _status(chains.member(row)):
        raise ValueError(
            "an exercise or a test cannot end a real card, and a real take-down cannot end the card of an exercise"
        )
    _handle(write, row, "released")
    chain_id = card["chain_id"]
    if card["sender_key"] == row["sender_key"]:  # another sender's story goes on by itself
        chain_id = chains.join(write, alert_id, {chain_id, row["chain_id"]} - {None})
    change = End(card_id=card["id"], revision=card["revision"] + 1, reason="cancelled", by=alert_id)
    decision = Decision(word="ended", reason="cancelled", changes=(change,))
    copies.apply(write, Outcome(decision=decision), chain_id, policy)
    outcomes.save(write, alert_id, decision, card["id"])
    return decision


def _matched(
    write: Write,
    row: RowMapping,
    member: Member,
    known: chains.Named,
    own: Mapping[str, datetime],
    policy: Policy,
    *,
    is_new: bool,
    displayed: Sequence[str] = (),
) -> Held:
    """It names alerts that we have, its sender's or others'; ``own`` are the live cards of its sender that it names, and when
    what they display was sent; ``displayed`` those of other senders of which the cards that it ended were copies."""
    parameters = {"status": _status(member), "chains": sorted(known.others)}
    others = [card["id"] for card in write.execute(_LIVE_IN, parameters).mappings()] if known.others else []
    live, decision = [*own, *others], None
    if displayed and not live:
        live = list(displayed)
        decision = None if row["decision"] == "quarantined" else Decision(word="quarantined", reason="review")
    elif live and row["decision"] != "quarantined":  # it names a card that came after it, or another sender's
        made = outcomes.outcome(write, member, known.own, policy, None)
        if made.decision.word == "ended":
            return _end(write, row, made, known.own, policy)
        decision = Decision(word="quarantined", reason="cross_sender") if others else made.decision
        if not is_new and decision.reason == "review" and all(sent_at > member.sent_at for sent_at in own.values()):
            decision = None  # what is on display was said after it, and came after it
    elif row["reason"] == "review" and not live:  # what it names came after it, and stays down
        decision = Decision(word="unchanged")
    if decision:
        outcomes.save(write, member.alert_id, decision, None)
    word = decision.word if decision else row["decision"]
    is_held = word == "quarantined"  # one that is in force is kept as well: something that it may not end may come yet
    return _mark(write, row, member, live if is_held else (), decision, is_kept=is_held or word == "unchanged")


def _displayed_for(
    write: Write, situation: Situation, stories: Sequence[Sequence[Member]], policy: Policy
) -> list[str]:
    """The cards on display of which those that a take-down ended were copies."""
    ended = [member for story in stories for member in story if member.gist.msg_type in card_stage.STATEMENTS]
    return incidents.displayed_for(write, situation, ended, policy)


def _unmatched(write: Write, row: RowMapping, member: Member, policy: Policy, *, is_new: bool) -> Held:
    """It names no alert that we have: whatever its sender has on display may be meant. What was sent after it is not, where
    that came later."""
    found = write.execute(_LIVE_OF, {"status": _status(member), "sender": row["sender_key"]}).mappings().all()
    marked = set(write.execute(_MARKS, {"alert": member.alert_id}).scalars())
    live = [card for card in found if is_new or card["id"] in marked or card["sent_at"] <= member.sent_at]
    is_alone = row["keyed"] and len(found) == len(live) == 1
    if is_alone and (ended := _end_the_only_one(write, row, member, live[0], policy)):
        return ended
    decision = None
    if live and row["keyed"] and row["decision"] != "quarantined":
        decision = Decision(word="quarantined", reason="review")
        outcomes.save(write, member.alert_id, decision, None)
    return _mark(write, row, member, [card["id"] for card in live], decision, is_kept=True)


def _end_the_only_one(write: Write, row: RowMapping, cancel: Member, card: RowMapping, policy: Policy) -> Held | None:
    """A Cancel without any reference ends its sender's only live card, where it means the same programme and area and may end
    it at all."""
    if not card_stage.is_meant(cancel, chains.state(card), policy):
        return None
    meant = msgspec.structs.replace(cancel, card_id=card["id"])
    made = outcomes.outcome(write, meant, {card["chain_id"]}, policy, None)
    return _end(write, row, made, {card["chain_id"]}, policy) if made.decision.word == "ended" else None


def _end(write: Write, row: RowMapping, made: Outcome, named: Collection[str], policy: Policy) -> Held:
    """It ends a card after all. What else it may be meant for, when that comes, is of the same chain."""
    chain_id = chains.join(write, row["id"], {*named, row["chain_id"]} - {None})
    written = copies.apply(write, made, chain_id, policy)
    outcomes.save(write, row["id"], made.decision, written.card_id)
    settle(write, row["id"])
    return Held(decision=made.decision, messages=written.messages)


def _mark(
    write: Write,
    row: RowMapping,
    member: Member,
    live: Collection[str],
    decision: Decision | None,
    *,
    is_kept: bool,
) -> Held:
    """Let exactly these cards be marked, and tell operators of each that was not, once for all copies of the take-down."""
    before = set(write.execute(_MARKS, {"alert": member.alert_id}).scalars())
    wanted = set(live)
    if gone := before - wanted:
        write.execute(_unmark(member.alert_id).where(attention.c.card_id.in_(gone)))
    if not is_kept:
        write.execute(delete(held_take_downs).where(held_take_downs.c.alert_id == member.alert_id))
        return Held(decision=decision)
    _keep(write, row, member)
    marked = sorted(wanted - before)
    for card_id in marked:
        write.add(attention, {"card_id": card_id, "alert_id": member.alert_id, "since": write.now})
    reason = decision.reason if decision else row["reason"]
    told = _marked_by_a_copy(write, member) if marked else set()
    messages = sum(
        operators.tell(write, "takedown_held", _said(member, card_id, f"{reason}"))
        for card_id in marked
        if card_id not in told
    )
    return Held(
        decision=decision, marked=tuple(HeldFor(member.alert_id, card_id) for card_id in marked), messages=messages
    )


def _marked_by_a_copy(write: Write, take_down: Member) -> set[str]:
    """The cards that operators were told of for another copy of the same take-down: each feed that it may not come through
    holds one of its own, and some relays change every copy."""
    return set(write.execute(_MARKED_BY_COPIES, chains.copied(take_down)).scalars())


def _keep(write: Write, row: RowMapping, member: Member) -> None:
    mine = row["sender_key"] or ""
    others = {sender for sender, _ in member.gist.named()} - {mine}
    for sender in (mine, *sorted(others)[:LOOKED_AT]):
        kept = {"alert_id": member.alert_id, "sender_key": sender, "since": write.now}
        write.execute(upsert(write.connection, held_take_downs).values(**kept).on_conflict_do_nothing())


def _said(take_down: Member, card_id: str, reason: str) -> OperatorData:
    exercise = "exercise." if take_down.is_exercise else ""
    return OperatorData(
        severity="critical",
        card_id=card_id,
        feed=take_down.feed,
        message_type=f"{exercise}card.cancelled",
        since=take_down.received_at,
        advice=f"A take-down may be meant for this card but was not applied ({reason}), and the card stays on display. Read it"
        f" with `capgateway quarantine show {take_down.alert_id}`, and ask the issuer of the card. If the case is over, run"
        f" `capgateway quarantine release {take_down.alert_id} --card {card_id} --reason TEXT`; if not, `capgateway quarantine"
        f" dismiss {take_down.alert_id} --reason TEXT`.",
    )


def _waiting(write: Write, alert_id: str) -> RowMapping:
    row = write.execute(_TAKE_DOWN, {"alert": alert_id}).mappings().first()
    if row is None:
        raise LookupError(f"there is no alert {alert_id}")
    if row["handled"]:
        raise ValueError(f"this alert was {row['handled']} already")
    if row["decision"] != "quarantined":
        raise ValueError(f"this alert is not in quarantine: its decision is {row['decision']}")
    return row


def _card(write: Write, alert_id: str, card_id: str | None) -> RowMapping:
    marked = sorted(write.execute(_MARKS, {"alert": alert_id}).scalars())
    if card_id is None:
        if len(marked) != 1:
            found = f"{len(marked)} live cards" if marked else "no card in particular"
            raise ValueError(f"say with --card which card it ends: it may be meant for {found}")
        (card_id,) = marked
    card = write.execute(select(cards).where(cards.c.id == card_id)).mappings().first()
    if card is None:
        raise LookupError(f"there is no card {card_id}")
    if card["state"] != "active":
        raise ValueError(f"the card {card_id} has ended already")
    if (
        marked and card_id not in marked
    ):  # a slip would end somebody else's card, and a card that has ended never comes back
        raise ValueError(f"this take-down may be meant for {', '.join(marked)}, not for {card_id}; nothing was changed")
    return card


def _handle(write: Write, row: RowMapping, how: str) -> None:
    write.execute(update(alerts).where(alerts.c.id == row["id"]).values(handled=how, handled_at=write.now))
    settle(write, row["id"])


def settle(write: Write, alert_id: str) -> None:
    """It is held no more, and marks no card."""
    write.execute(_unmark(alert_id))
    write.execute(delete(held_take_downs).where(held_take_downs.c.alert_id == alert_id))


def _unmark(alert_id: str) -> Any:
    return delete(attention).where(attention.c.alert_id == alert_id)


def _status(member: Member) -> str:
    """Where it does not say, or in no word of the standard, it may mean a real card."""
    is_real = not member.rehearsal and member.gist.status in ("Actual", "", OTHER)
    return "actual" if is_real else "exercise"
