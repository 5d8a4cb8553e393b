"""Alerts to make cards of, all invented, and the shortest ways to ask what becomes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from capgateway import cap, cards
from capgateway.cards import Card, CardState, Decision, Display, Member, Policy, Situation

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SENDER = "amber@dps.example.tx.us"
CAE = cap.Named(name="SAME", value="CAE")
ANYWHERE = Policy()
TEXAS = Policy(regions=("US-TX",))


def time(moment: datetime) -> cap.Time:
    return cap.Time(text=moment.isoformat(), instant=moment)


def same(*codes: str, **fields: Any) -> cap.Area:
    """An area block with these SAME codes."""
    geocodes = tuple(cap.Named(name="SAME", value=code) for code in codes)
    return cap.Area(**{"area_desc": "Dallas County, TX", "geocodes": geocodes} | fields)


def an_info(**fields: Any) -> cap.Info:
    made: dict[str, Any] = {
        "language": "en-US",
        "categories": ("Safety",),
        "event": "Child Abduction Emergency",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "event_codes": (CAE,),
        "expires": time(NOW + 6 * HOUR),
        "sender_name": "Example Department of Public Safety",
        "headline": "AMBER Alert for Ada Testchild",
        "areas": (same("048113"),),
    }
    return cap.Info(**made | fields)


def an_alert(*infos: cap.Info, **fields: Any) -> cap.Alert:
    made: dict[str, Any] = {
        "identifier": "A",
        "sender": SENDER,
        "sent": time(NOW - HOUR),
        "status": "Actual",
        "msg_type": "Alert",
        "scope": "Public",
        "infos": infos or (an_info(),),
    }
    return cap.Alert(**made | fields)


def following(first: cap.Alert, msg_type: str, *infos: cap.Info, **fields: Any) -> cap.Alert:
    """A message that refers to ``first``, sent half an hour after it. A Cancel says nothing more than that."""
    assert first.sent is not None
    assert first.sent.instant is not None
    made: dict[str, Any] = {
        "identifier": f"{first.identifier}-{msg_type}",
        "sent": time(first.sent.instant + HOUR / 2),
        "msg_type": msg_type,
        "references": (reference(first),),
        "infos": infos or (() if msg_type == "Cancel" else (an_info(),)),
    }
    return an_alert(**made | fields)


def reference(alert: cap.Alert) -> cap.Reference:
    assert alert.sent is not None
    return cap.Reference(sender=alert.sender, identifier=alert.identifier, sent=alert.sent)


def a_member(alert: cap.Alert, received_at: datetime = NOW) -> Member:
    """The alert as received; its name is that of its identity."""
    assert alert.sent is not None
    document = cap.write(alert)
    triple = f"{alert.sender} {alert.identifier} {alert.sent.instant}"
    return Member(
        alert_id=f"alt_{hashlib.sha256(triple.encode()).hexdigest()[:16]}",
        gist=cards.gist(alert),
        feed="ipaws",
        received_at=received_at,
        sha256=hashlib.sha256(document).hexdigest(),
    )


def decide(
    alert: cap.Alert,
    *earlier: cap.Alert,
    policy: Policy = ANYWHERE,
    states: Sequence[CardState] = (),
    now: datetime = NOW,
) -> Decision:
    """What becomes of an alert whose chain holds the earlier ones."""
    return decided(a_member(alert), [a_member(each) for each in earlier], states, policy, now=now)


def decided(
    arrived: Member,
    chain: Sequence[Member] = (),
    states: Sequence[CardState] = (),
    policy: Policy = ANYWHERE,
    *,
    now: datetime = NOW,
    deployment: str = "test",
) -> Decision:
    """What becomes of an alert in this situation."""
    situation = Situation(arrived=arrived, chain=tuple(chain), cards=tuple(states), now=now, deployment=deployment)
    return cards.decide(situation, policy)


def verdict(decision: Decision) -> tuple[str, str | None]:
    return decision.word, decision.reason


def card_of(alert: cap.Alert, policy: Policy = ANYWHERE) -> Card:
    """The card of an alert that makes one."""
    (change,) = decide(alert, policy=policy).changes
    assert isinstance(change, Display)
    return converted(change, alert, policy)


def converted(change: Display, alert: cap.Alert, policy: Policy = ANYWHERE, received_at: datetime = NOW) -> Card:
    """The card that a decision puts on display, made of this alert."""
    member = a_member(alert, received_at)
    return cards.convert(change, member, cards.draft(alert, member.gist), policy)
