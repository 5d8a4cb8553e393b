"""An alert that was declined is displayed because a person says so. What may never be displayed is refused, and the ordinary
decision has the last word: a Cancel that ended it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import bindparam, select, update

from capgateway import cards as card_stage
from capgateway.cards import Display
from capgateway.store import again, audit, hand, held
from capgateway.store.arrivals import encoded
from capgateway.store.tables import alerts, cards

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from capgateway.cards import Member, Policy
    from capgateway.store.arrivals import Arrival
    from capgateway.store.audit import Act
    from capgateway.store.write import Write

_ONE = select(alerts).where(alerts.c.id == bindparam("alert"))
_CARD = select(cards.c.state, cards.c.end_reason).where(cards.c.id == bindparam("card"))
_OTHERWISE = {
    "unreadable": "it cannot be read",
    "schema": "it violates the CAP schema",
    "unidentifiable": "it has no sender, identifier or time of sending",
    "undecided": "a fault of the gateway kept it from being judged",
    "conflict": "another alert has the same sender, identifier and time",
    "withdrawn": "the card of its case was withdrawn; run `capgateway cards restore CARD`",
    "paused": "it waits for the end of the pause; run `capgateway resume`",
}
"""Reasons of quarantine for which publishing is no answer."""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The card that displays the alert, as an alert of which programme, and how many messages that took."""

    card_id: str
    programme: str
    decision: str
    messages: int


def publish(
    write: Write, alert_id: str, programme: str | None, arrival: Arrival | None, policy: Policy, act: Act
) -> Published:
    """Display a declined alert. ``arrival`` is how it is read from its bytes now, ``None`` where these are erased. Raises
    ``LookupError`` and ``ValueError``."""
    row = write.execute(_ONE, {"alert": alert_id}).mappings().first()
    if row is None:
        raise LookupError(f"there is no alert {alert_id}")
    _check_declined(write, row)
    if arrival is None or arrival.gist is None:
        raise ValueError(f"the alert {alert_id} cannot be published: its bytes are erased or cannot be read")
    member = arrival.member(alert_id)
    name = _programme(member, programme, policy)
    if why := card_stage.never_published(member, policy.of(name), write.now):
        raise ValueError(f"the alert {alert_id} cannot be published: {why}")
    if not row["keyed"]:
        again.adopt(write, alert_id, arrival, policy)
    done = {"published_as": name, "handled": "published", "handled_at": write.now, "draft": _draft(arrival)}
    write.execute(update(alerts).where(alerts.c.id == alert_id).values(**done))
    return _displayed(write, row, name, policy, act)


def _draft(arrival: Arrival) -> str | None:
    """What its card says; one that was declined has none yet."""
    if arrival.alert is None or arrival.gist is None:
        return None
    return encoded(arrival.draft or card_stage.draft(arrival.alert, arrival.gist))


def _check_declined(write: Write, row: RowMapping) -> None:
    alert_id, reason = row["id"], row["reason"]
    card = write.execute(_CARD, {"card": row["card_id"]}).first() if row["card_id"] else None
    if card is not None and card.state == "active":
        raise ValueError(f"the alert {alert_id} is displayed already, as the card {row['card_id']}")
    if card is not None and card.state == "linked":
        raise ValueError(f"the alert {alert_id} is a copy: another card of its incident is displayed")
    if card is not None and card.state == "ended":
        hint = "; run `capgateway cards restore`" if card.end_reason == "withdrawn" else ""
        raise ValueError(f"the card {row['card_id']} of this alert has ended ({card.end_reason}){hint}")
    if row["decision"] == "quarantined" and reason in _OTHERWISE:
        raise ValueError(f"the alert {alert_id} cannot be published: {_OTHERWISE[reason]}")
    if write.paused_since:
        raise ValueError(f"the alert {alert_id} cannot be published: {hand.why_not('paused')}")


def _programme(member: Member, given: str | None, policy: Policy) -> str:
    """The programme as which it is displayed: the given one, its own, or where it has no code the only one that is enabled."""
    enabled = [one.id for one in policy.programmes]
    if given is not None:
        if given not in enabled:
            raise ValueError(f'the programme "{given}" is not enabled; enabled are {", ".join(enabled) or "none"}')
        return given
    if found := policy.recognise(member.gist):
        return str(found.programme.id)
    if len(enabled) == 1 and not member.gist.codes:
        return enabled[0]
    raise ValueError(
        "its codes belong to no enabled programme; if it has to be displayed all the same, say with --programme as which one:"
        f" {', '.join(enabled) or 'none is enabled'}"
    )


def _displayed(write: Write, row: RowMapping, programme: str, policy: Policy, act: Act) -> Published:
    alert_id = row["id"]
    waiting = frozenset({row["card_id"]} if row["card_id"] else ())  # a copy that waits, if there is one
    taken = again.decide_again(write, alert_id, policy, anew=waiting)
    shown = [one for one in taken.decision.changes if isinstance(one, Display) and one.state == "active"]
    if not any(one.alert_id == alert_id for one in shown):
        why = taken.fault or hand.why_not(taken.decision.reason)
        raise ValueError(f"the alert {alert_id} cannot be published: {why}")
    held.settle(write, alert_id)
    card_id = write.execute(select(alerts.c.card_id).where(alerts.c.id == alert_id)).scalar_one()
    was = f"{row['decision']} {row['reason'] or ''}".strip()
    detail = {"programme": programme, "was": was}
    audit.record(write, act, "alert.published", card_id=card_id, alert_id=alert_id, detail=detail)
    return Published(card_id=card_id, programme=programme, decision=taken.decision.word, messages=taken.messages)
