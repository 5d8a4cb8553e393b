"""Stored alerts go through the code of this version once more, in a database of its own that is thrown away: nothing is sent,
and the gateway's database is not touched.

::

    stored alerts, as received ─▶ examine ─▶ take in, at the times of then ─▶ compare decisions and cards

What persons did is not repeated, so their cases are not compared.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from capgateway.cards import Card
from capgateway.examine import examine
from capgateway.store import Arrival, Store, StoredAlert, StoredCard, alerts, chains, copies, lists
from capgateway.store import cards as card_rows
from capgateway.store.audit import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from capgateway import cap
    from capgateway.cards import Policy
    from capgateway.feeds import Feed

EXPIRED_AT_ONCE = 1_000
WAITS = "quarantined: review"
OF_THIS_DATABASE = frozenset({"card_id", "incident_id", "revision", "state", "related", "media"})
"""What of a card depends on the database, or on what was displayed when; pictures are fetched."""


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What is replayed: alerts, the bytes of those that are not erased, the cards as they are, and what persons did."""

    alerts: list[StoredAlert]
    documents: dict[str, bytes]
    cards: list[StoredCard]
    acts: list[Entry]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What would differ for one alert: the decision, or these parts of the card that shows it."""

    alert_id: str
    identifier: str | None
    feed: str
    received_at: datetime
    stored: str
    now: str
    card_differs_in: list[str] = []


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts were compared, what differs, and why others were not compared."""

    compared: int
    differences: list[Difference]
    not_compared: dict[str, int]


async def replay(
    material: Material,
    *,
    since: datetime,
    policy: Policy,
    feeds: Mapping[str, Feed],
    schemas: cap.Schemas,
    progress: Callable[[int], None],
) -> Replayed:
    """Replay all of the material, and compare what came in ``since`` then."""
    with tempfile.TemporaryDirectory(prefix="capgateway-replay-") as folder:
        store = Store.open(f"sqlite:///{Path(folder, 'replay.db')}")
        try:
            names = await _take_in(store, material, policy, feeds, schemas, progress)
            return await _compare(store, material, names, since, feeds)
        finally:
            store.close()


async def _take_in(
    store: Store,
    material: Material,
    policy: Policy,
    feeds: Mapping[str, Feed],
    schemas: cap.Schemas,
    progress: Callable[[int], None],
) -> dict[str, str]:
    """Take everything in, what was decided together together; the ids of the alerts there, by their ids here."""
    usable = [one for one in material.alerts if one.id in material.documents and one.feed in feeds]
    names: dict[str, str] = {}
    ordered = sorted(usable, key=lambda one: (one.received_at, one.decided_at))
    for _, group in groupby(ordered, key=lambda one: one.decided_at):
        some = list(group)
        moment = max(one.received_at for one in some)
        store.clock = partial(_at, moment)
        arrivals = [_arrival(one, material.documents[one.id], feeds[one.feed], schemas, policy) for one in some]
        await store.write_alone(copies.end_overdue, EXPIRED_AT_ONCE, policy)
        taken = await store.write_alone(alerts.take_in, arrivals, policy)
        names |= {one.id: each.alert_id for one, each in zip(some, taken, strict=True)}
        progress(len(names))
    return names


def _at(moment: datetime) -> datetime:
    return moment


def _arrival(one: StoredAlert, document: bytes, feed: Feed, schemas: cap.Schemas, policy: Policy) -> Arrival:
    feed = msgspec.structs.replace(feed, rehearsal=one.rehearsal)
    return examine(document, feed, schemas, received_at=one.received_at, envelope_status=one.status, policy=policy)


async def _compare(
    store: Store, material: Material, names: dict[str, str], since: datetime, feeds: Mapping[str, Feed]
) -> Replayed:
    touched = await _touched(store, material, names)
    shown = {_triple(one.card): one.card for one in material.cards if one.card and one.state != "waiting"}
    why: Counter[str] = Counter()
    found: list[Difference] = []
    compared = 0
    for one in material.alerts:
        if one.received_at < since:
            continue
        if reason := _why_not(one, material, touched, feeds):
            why[reason] += 1
            continue
        difference = await _difference(store, one, names[one.id], shown)
        if difference and difference.now == WAITS and one.decision in ("published", "updated"):
            why["they were displayed because nobody answered their review"] += 1
            continue
        compared += 1
        if difference:
            found.append(difference)
    return Replayed(compared=compared, differences=found, not_compared=dict(why))


def _why_not(one: StoredAlert, material: Material, touched: set[str], feeds: Mapping[str, Feed]) -> str | None:
    if one.id not in material.documents:
        return "their bytes are erased"
    if one.feed not in feeds:
        return "their feed is not configured"
    if one.id in touched or one.reason == "paused":
        return "a person acted on their case"
    return None


async def _touched(store: Store, material: Material, names: dict[str, str]) -> set[str]:
    """The alerts whose chain a person did something to."""
    acted = {each for act in material.acts for each in (act.alert_id, act.card_id) if each and _changes(act)}
    mine = {one.id for one in material.alerts if one.handled or one.id in acted or one.card_id in acted}
    chain_of = {one: await store.read(chains.chain_of, names[one]) for one in names}
    concerned = {chain_of[one] for one in mine if one in names} - {None}
    return mine | {one for one, chain_id in chain_of.items() if chain_id in concerned}


def _changes(act: Entry) -> bool:
    return act.action not in {"alert.submitted", "card.exported", "card.held", "card.hold_lifted", "card.verified"}


async def _difference(
    store: Store, one: StoredAlert, name: str, shown: Mapping[tuple[str, ...], Card]
) -> Difference | None:
    now = await store.read(lists.one_alert, name)
    stored, would_be = decided(one), decided(now) if now else "missing"
    before, after = shown.get((one.sender or "", one.identifier or "", one.sent or "")), await _card(store, name)
    fields = _differing(before, after) if before and after else []
    if stored == would_be and not fields:
        return None
    return Difference(
        alert_id=one.id,
        identifier=one.identifier,
        feed=one.feed,
        received_at=one.received_at,
        stored=stored,
        now=would_be,
        card_differs_in=fields,
    )


def decided(one: StoredAlert) -> str:
    """Decision and reason, as people read them."""
    return f"{one.decision}: {one.reason}" if one.reason else one.decision


async def _card(store: Store, alert_id: str) -> Card | None:
    body = await store.read(card_rows.shown_by, alert_id)
    return msgspec.json.decode(body, type=Card) if body else None


def _differing(before: Card, after: Card) -> list[str]:
    one, other = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return sorted(name for name in one if name not in OF_THIS_DATABASE and one[name] != other[name])


def _triple(card: Card) -> tuple[str, ...]:
    return card.source.sender, card.source.identifier, card.source.sent


def lead_in(policy: Policy, since: datetime) -> datetime:
    """From when on alerts may belong to a story that goes on ``since`` then."""
    return since - policy.longest


def matters(received_at: datetime, decision: str, since: datetime) -> bool:
    """Whether an alert is replayed: it came ``since`` then, or belongs to a story that may go on then."""
    return received_at >= since or decision != "ignored"
