"""The words that the command line and the pages have in common: times, decisions, and the whole life of an alert, which
``capgateway explain`` and its page both say.

Everything here takes what the API answers with (``GET alerts/{id}/explain``) as decoded JSON, and gives lines. What they quote may
come from anyone, so they are made harmless where they are shown, for a terminal or a page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Item = dict[str, Any]

MINUTE, SHORT = 60, 0.1
UNITS = {"d": 86_400, "h": 3_600, "min": MINUTE, "s": 1}
STEPS = {
    "sent_to_received": "sent to received",
    "received_to_published": "received to published",
    "published_to_acknowledged": "published to acknowledged",
    "sent_to_acknowledged": "sent to acknowledged",
    "end_sent_to_received": "end sent to received",
    "end_to_acknowledged": "end to take-down acknowledged",
    "end_to_confirmed": "end to removal confirmed",
    "end_sent_to_acknowledged": "end sent to take-down acknowledged",
}
"""What the durations of a report mean, in the order of a card's life."""
CAUSES = {
    "challenge": "it did not prove that it has the secret",
    "snapshot": "it missed two snapshots in a row",
    "refused": "it refuses messages",
    "clock": "it refuses messages, and its clock is off",
    "moved": "it redirects",
    "blocked": "its address is not allowed",
    "failing": "it has failed for more than 5 minutes",
    "mismatch": "it says that it shows something else",
}
"""Why a receiver is degraded."""


class Section(NamedTuple):
    """One kind of things that happened: what they are, and the lines of each."""

    title: str
    items: list[list[str]]


def moment(value: Any) -> str:
    """A time of the API, in UTC and to the second; ``-`` for none."""
    if value is None:
        return "-"
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return f"{found.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
    except ValueError:
        return str(value)


def text(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text, value))
    return moment(value) if isinstance(value, datetime) else str(value)


def duration(seconds: float | None) -> str | None:
    """So many seconds as people say it, in the two largest units: ``35 ms``, ``7.5 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds is None:
        return None
    if 0 < abs(seconds) < SHORT:
        return f"{seconds * 1000:.3g} ms"
    if abs(seconds) < MINUTE:
        return f"{seconds:.1f} s"
    sign, left = "-" if seconds < 0 else "", round(abs(seconds))
    parts: list[str] = []
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}")
    return sign + " ".join(part for part in parts[:2] if not part.startswith("0 "))


def decided(alert: Item) -> str:
    """The decision with its reason, and what a person made of it."""
    told = f"{alert['decision']}: {alert['reason']}" if alert["reason"] else str(alert["decision"])
    handled = "by a person" if alert.get("handled") == "published" else alert.get("handled")
    return f"{told} ({handled})" if handled else told


def of_alert(alert: Item) -> list[tuple[str, Any]]:
    """What an alert is and what became of it, by name; empty values are to be left out."""
    return [
        ("id", alert["id"]),
        ("identifier", alert["identifier"]),
        ("sender", alert["sender"]),
        ("sent", alert["sent"]),
        ("received", f"{moment(alert['received_at'])} through the feed {alert['feed']}"),
        ("message", " ".join(filter(None, (alert["status"], alert["msg_type"], alert["scope"])))),
        ("event", alert["event"]),
        ("version", " ".join(filter(None, ("CAP", alert["cap_version"], alert["profile"])))),
        ("verdict", alert["verdict"]),
        ("signature", alert["signature"]),
        ("decision", f"{decided(alert)}, at {moment(alert['decided_at'])}"),
        ("handled", moment(alert["handled_at"]) if alert.get("handled") else None),
        ("card", alert["card_id"]),
        ("sha256", alert["sha256"]),
        ("erased", moment(alert["erased_at"]) if alert.get("erased_at") else None),
    ]


def no_findings(alert: Item) -> str:
    """What is said in their place."""
    return "the findings were erased with the text" if alert.get("erased_at") else "no findings"


def of_life(life: Item) -> list[tuple[str, Any]]:
    """What only its whole life says of an alert, by name; empty values are to be left out."""
    return [("means", life["meaning"]), ("signer", life["signer"]), ("published as", life["published_as"])]


def remarks(life: Item) -> Iterator[str]:
    """What a person did with the alert, and what it waits for."""
    alert = life["alert"]
    if alert["handled"]:
        yield f"a person: {alert['handled']} at {moment(alert['handled_at'])}"
    if life["held_since"]:
        marked = ", ".join(life["marked_cards"]) or "no live card"
        yield f"held since {moment(life['held_since'])}; it may be meant for {marked}"


def sections(life: Item) -> list[Section]:
    """All that happened, by kind."""
    parts: list[tuple[str, str, Callable[[Item], Iterator[str]]]] = [
        ("documents in feeds", "entries", _entry),
        ("later copies", "sightings", _sighting),
        ("other alerts of its case", "chain", _other),
        ("cards", "cards", _card),
        ("messages", "messages", _message),
        ("deliveries", "deliveries", _delivery),
        ("gaps of its feed", "gaps", gap),
        ("what operators did", "audit", _act),
    ]
    return [Section(title, [list(lines(one)) for one in life[name]]) for title, name, lines in parts]


def unknown(name: str, gaps: list[Item]) -> Iterator[str]:
    """Why an alert may be missing that is not known."""
    yield f"there is no alert {name}"
    if not gaps:
        yield "no feed had a gap: the alert was not announced by any feed, or is older than this database"
        return
    yield "it may have been lost in a gap of these feeds:"
    for one in gaps:
        yield from (f"  {each}" for each in gap(one))


def gap(one: Item) -> Iterator[str]:
    """A period in which a feed may have announced what can no longer be fetched."""
    until = f"to {moment(one['ended_at'])}" if one["ended_at"] else "and is still away"
    yield f"{one['feed']}  from {moment(one['since'])} {until}"


def last_answer(delivery: Item) -> str:
    """How the last attempt ended, how many there were, and when the next one is."""
    attempts = delivery["attempts"]
    if not attempts:
        return (
            _waiting(delivery, "not tried yet") if delivery["state"] == "pending" else delivery["reason"] or "not sent"
        )
    last = attempts[-1]
    answer = f"answered {last['status']}" if last["status"] else last["outcome"]
    why = last["error"] if last["error"] != answer else None
    told = ": ".join(filter(None, (f"{answer} after {last['duration_ms']:.0f} ms", why)))
    if len(attempts) > 1:
        told += f"; {len(attempts)} attempts"
    if delivery["confirmed"]:
        told += "; confirmed"
    if delivery["reason"]:
        told += f"; {delivery['reason']}"
    return _waiting(delivery, told)


def about(act: Item) -> list[str]:
    """What an act of a person was about."""
    return [act["card_id"] or "", act["alert_id"] or "", *details(act["detail"] or {})]


def details(told: Item) -> list[str]:
    """The particulars of an act."""
    return [
        f"{name.replace('_', ' ')}: {(moment if name.endswith('_since') else text)(value)}"
        for name, value in told.items()
    ]


def _waiting(delivery: Item, told: str) -> str:
    return f"{told}; next attempt {moment(delivery['next_at'])}" if delivery["next_at"] else told


def _entry(one: Item) -> Iterator[str]:
    yield f"{moment(one['changed_at'])}  {one['feed']}  {one['link'] or 'in the feed itself'}"


def _sighting(one: Item) -> Iterator[str]:
    yield f"{moment(one['seen_at'])}  {one['feed']}  sha256 {one['sha256'][:16]}…"


def _other(one: Item) -> Iterator[str]:
    yield f"{moment(one['received_at'])}  {one['feed']}  {one['msg_type'] or '-'}  {decided(one)}"
    yield f"  {one['id']}  {one['identifier'] or ''}".rstrip()


def _card(one: Item) -> Iterator[str]:
    end = f"ended {one['end_reason']} {moment(one['ended_at'])}" if one["ended_at"] else one["state"]
    yield f"{one['card_id']}  {one['programme']}  {end}"
    for each in one["revisions"]:
        yield f"  revision {each['revision']}  {moment(each['created_at'])}  shows {each['alert_id']}"


def _message(one: Item) -> Iterator[str]:
    yield f"{moment(one['created_at'])}  {one['type']}  revision {one['revision']}  sequence {one['sequence']}"
    yield f"  {one['id']}"


def _delivery(one: Item) -> Iterator[str]:
    why = f" ({one['reason']})" if one["reason"] else ""
    yield f"{moment(one['created_at'])}  {one['receiver']}  {one['type']}  {one['state']}{why}"
    for each in one["attempts"]:
        answer = f"HTTP {each['status']}" if each["status"] else each["outcome"]
        yield f"  attempt {each['number']}  {moment(each['started_at'])}  {answer}  {each['duration_ms']:.0f} ms"
    if not one["attempts"]:
        yield f"  {last_answer(one)}"


def _act(one: Item) -> Iterator[str]:
    yield "  ".join((moment(one["at"]), one["actor"], one["action"]))
    yield "  " + "  ".join(filter(None, about(one)))
    if one["reason"]:
        yield f"  reason: {one['reason']}"
