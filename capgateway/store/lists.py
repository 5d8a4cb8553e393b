"""The lists that API and command line show: newest first, a page at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, case, func, or_, select

from capgateway import webhooks
from capgateway.cap import Finding
from capgateway.cards import Card, Draft, Gist, doubts_of, evidence, is_take_down
from capgateway.store.records import (
    Attention,
    NeedsPerson,
    Page,
    Quarantined,
    StoredAlert,
    StoredAttempt,
    StoredCard,
    StoredDelivery,
    Waiting,
)
from capgateway.store.review import RELEASABLE
from capgateway.store.tables import (
    EPOCH,
    WAITS_FOR_A_PERSON,
    alerts,
    attempts,
    attention,
    card_revisions,
    cards,
    deliveries,
    lanes,
    messages,
    microseconds,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Connection, RowMapping, Select

    from capgateway.cards.card import Evidence

DOUBTS = {
    "control": "It contains control or bidirectional characters, so it may read otherwise than it is written.",
    "drill": "Its title says that it is a test, a drill or an exercise, although its status is Actual.",
    "languages": "What it says in one language contradicts what it says in another.",
    "words": "It has no event code: its programme is known by its words only.",
}
"""What is said of each doubt to whoever has to decide."""
LISTED = [alerts.c[name] for name in StoredAlert.__struct_fields__]
NEVER_SHOWN = frozenset({"unreadable", "schema", "unidentifiable", "area", "undecided", "conflict"})
"""Reasons for which a person cannot let an alert be displayed."""
_MARKED = (
    select(attention)
    .join(cards, cards.c.id == attention.c.card_id)
    .where(cards.c.state == "active")
    .order_by(attention.c.since, attention.c.alert_id, attention.c.card_id)
)
#: Of a card's row; the rest of what is listed comes from elsewhere.
_OF_A_CARD = [name for name in StoredCard.__struct_fields__ if name in cards.c]


_DURATIONS = {
    "duration_ms": "microseconds",
    "queued_ms": "queued",
    "lookup_ms": "looked_up",
    "connect_ms": "connected",
    "answer_ms": "answered",
}
"""How the API names what a part of an attempt took, and where that is kept."""


def alert_page(
    connection: Connection,
    *,
    decision: str | None = None,
    feed: str | None = None,
    identifier: str | None = None,
    card_id: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page[StoredAlert]:
    """Alerts as they came in, the newest first. A made-up cursor is a ``ValueError``, here and below."""
    query = select(*LISTED)
    wanted = {"decision": decision, "feed": feed, "identifier": identifier, "card_id": card_id}
    for name, value in wanted.items():
        query = query if value is None else query.where(alerts.c[name] == value)
    query = query if since is None else query.where(alerts.c.received_at >= since)
    rows, following = _page(connection, query, alerts.c.received_at, alerts.c.id, limit, after)
    return Page(items=[alert_of(row) for row in rows], next=following)


def one_alert(connection: Connection, alert_id: str) -> StoredAlert | None:
    """The alert of that id, or ``None``."""
    row = connection.execute(select(*LISTED).where(alerts.c.id == alert_id)).mappings().first()
    return None if row is None else alert_of(row)


def original(connection: Connection, alert_id: str) -> bytes | None:
    """The bytes as received; ``None`` for an unknown alert, and for one whose bytes are erased."""
    return connection.execute(select(alerts.c.original).where(alerts.c.id == alert_id)).scalar()


def card_page(
    connection: Connection,
    *,
    state: str | None = None,
    is_unverified: bool = False,
    limit: int = 50,
    after: str | None = None,
) -> Page[StoredCard]:
    """Cards, the newest first. Only live ones can be unverified."""
    state = "active" if is_unverified else state
    query = select(cards) if state is None else select(cards).where(cards.c.state == state)
    query = query.where(cards.c.unverified_since.is_not(None)) if is_unverified else query
    rows, following = _page(connection, query, cards.c.published_at, cards.c.id, limit, after)
    return Page(items=_cards(connection, rows), next=following)


def one_card(connection: Connection, card_id: str) -> StoredCard | None:
    """The card of that id, or ``None``."""
    row = connection.execute(select(cards).where(cards.c.id == card_id)).mappings().first()
    return None if row is None else _cards(connection, [row])[0]


def cards_of(connection: Connection, card_ids: Collection[str]) -> dict[str, StoredCard]:
    """The cards of these ids that exist."""
    rows = connection.execute(select(cards).where(cards.c.id.in_(card_ids))).mappings().all()
    return {one.card_id: one for one in _cards(connection, rows)}


def evidence_of(connection: Connection, card: Card) -> dict[str, Evidence]:
    """Where the facts of a card were read, in the alert that made it. Nothing once either is erased."""
    made_by = select(cards.c.alert_id).where(cards.c.id == card.card_id).scalar_subquery()
    draft = connection.execute(select(alerts.c.draft).where(alerts.c.id == made_by)).scalar()
    return {} if draft is None else evidence(card, msgspec.json.decode(draft, type=Draft).facts)


def quarantine_page(
    connection: Connection,
    *,
    feed: str | None = None,
    reason: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page[Quarantined]:
    """Quarantined alerts that wait for a person, the newest first."""
    query = select(*LISTED, alerts.c.gist).where(WAITS_FOR_A_PERSON)
    for name, value in {"feed": feed, "reason": reason}.items():
        query = query if value is None else query.where(alerts.c[name] == value)
    rows, following = _page(connection, query, alerts.c.received_at, alerts.c.id, limit, after)
    return Page(items=_quarantined(connection, rows), next=following)


def one_quarantined(connection: Connection, alert_id: str) -> Quarantined | None:
    """The alert of that id, if it waits for a person."""
    row = (
        connection.execute(select(*LISTED, alerts.c.gist).where(alerts.c.id == alert_id, WAITS_FOR_A_PERSON))
        .mappings()
        .first()
    )
    return None if row is None else _quarantined(connection, [row])[0]


def needs_person(connection: Connection) -> NeedsPerson:
    """What operators have to look at: live cards that are unverified, and held take-downs that mark a live card."""
    unverified = select(func.count()).where(cards.c.state == "active", cards.c.unverified_since.is_not(None))
    marked = _MARKED.with_only_columns(attention.c.alert_id).order_by(None).distinct().subquery()
    held = select(func.count()).select_from(marked)
    return NeedsPerson(
        unverified=connection.execute(unverified).scalar_one(), held=connection.execute(held).scalar_one()
    )


def delivery_page(
    connection: Connection,
    *,
    state: str | None = None,
    receiver: str | None = None,
    card_id: str | None = None,
    limit: int = 50,
    after: str | None = None,
) -> Page[StoredDelivery]:
    """Deliveries with their attempts, the newest first."""
    query = (
        select(deliveries, messages.c.type, messages.c.sequence, lanes.c.due_at.label("next_at"))
        .join(messages, messages.c.id == deliveries.c.message_id)
        .outerjoin(lanes, lanes.c.delivery_id == deliveries.c.id)
    )
    wanted = ((deliveries.c.state, state), (deliveries.c.receiver, receiver), (deliveries.c.card_id, card_id))
    for column, value in wanted:
        query = query if value is None else query.where(column == value)
    rows, following = _page(connection, query, deliveries.c.created_at, deliveries.c.id, limit, after)
    tries = _attempts(connection, [row["id"] for row in rows])
    return Page(items=[_delivery(row, tries.get(row["id"], [])) for row in rows], next=following)


def shown_to(connection: Connection, receiver: str, card_ids: Sequence[str]) -> set[str]:
    """Of these cards, those that the receiver is to display: the newest of their lane is a display."""
    mine = select(lanes.c.card_id).where(lanes.c.receiver == receiver, lanes.c.action == "display")
    return set(connection.execute(mine.where(lanes.c.subject.in_(card_ids))).scalars())


def waiting(connection: Connection) -> Waiting:
    """What operators watch: the lanes whose newest delivery waits, and since when the oldest take-down does."""
    rows = connection.execute(
        select(lanes.c.receiver, func.count(), func.min(case((lanes.c.action == "take_down", lanes.c.since))))
        .where(lanes.c.due_at.is_not(None))
        .group_by(lanes.c.receiver)
    ).all()
    return Waiting(
        pending={receiver: count for receiver, count, _ in rows},
        oldest_take_down={receiver: oldest for receiver, _, oldest in rows if oldest},
    )


def _page(
    connection: Connection, query: Select[Any], moment: Column[Any], key: Column[str], limit: int, after: str | None
) -> tuple[list[RowMapping], str | None]:
    """One page by keyset: a cursor names the last row seen, so rows that come in meanwhile shift nothing."""
    if after is not None:
        at, row_id = _cursor(after)
        query = query.where(or_(moment < at, and_(moment == at, key < row_id)))
    rows = connection.execute(query.order_by(moment.desc(), key.desc()).limit(limit + 1)).mappings().all()
    if len(rows) <= limit:
        return list(rows), None
    last = rows[limit - 1]
    return list(rows[:limit]), f"{microseconds(last[moment.name])}~{last[key.name]}"


def _cursor(text: str) -> tuple[datetime, str]:
    """The place a cursor names; a made-up one is a ``ValueError``."""
    stamp, mark, row_id = text.partition("~")
    is_moment = stamp.isascii() and stamp.isdigit() and len(stamp) <= len("9999999999999999")
    if not (mark and is_moment and row_id.isascii() and row_id.isprintable()):
        raise ValueError(f"{text[:40]!r} is not a cursor of a list")
    return EPOCH + timedelta(microseconds=int(stamp)), row_id


def alert_of(row: Mapping[Any, Any]) -> StoredAlert:
    """A row of an alert, as lists show it."""
    fields = {column.name: row[column.name] for column in LISTED}
    return StoredAlert(**fields | {"findings": msgspec.json.decode(row["findings"], type=list[Finding])})


def _quarantined(connection: Connection, rows: Sequence[RowMapping]) -> list[Quarantined]:
    marked: dict[str, list[str]] = {}
    for mark in connection.execute(_MARKED.where(attention.c.alert_id.in_([row["id"] for row in rows]))):
        marked.setdefault(mark.alert_id, []).append(mark.card_id)
    return [_one_quarantined(row, marked.get(row["id"], [])) for row in rows]


def _one_quarantined(row: RowMapping, card_ids: list[str]) -> Quarantined:
    alert = alert_of(row)
    gist = msgspec.json.decode(row["gist"], type=Gist) if row["gist"] else Gist()
    doubts = list(doubts_of(gist))
    return Quarantined(
        **msgspec.structs.asdict(alert),
        references=gist.references or None,
        cards=card_ids,
        doubts=doubts,
        advice=_advice(alert, gist, card_ids),
    )


def _advice(alert: StoredAlert, gist: Gist, card_ids: list[str]) -> str:
    dismiss = f"`capgateway quarantine dismiss {alert.id} --reason TEXT`"
    if card_ids:
        cards_are = "this live card" if len(card_ids) == 1 else "one of these live cards"
        return (
            f"This take-down may be meant for {cards_are}: ask the issuer of the card. If the case is over, run `capgateway"
            f" quarantine release {alert.id} --card {card_ids[0] if len(card_ids) == 1 else 'CARD'} --reason TEXT`; if not,"
            f" {dismiss}."
        )
    if alert.msg_type == "Cancel":
        return (
            "This take-down marks no live card. If the issuer names a card that it ends, run `capgateway quarantine"
            f" release {alert.id} --card CARD --reason TEXT`; otherwise {dismiss}."
        )
    shows = f"`capgateway alerts show {alert.id}` shows its findings"
    doubts = "".join(f" {DOUBTS[doubt]}" for doubt in doubts_of(gist))
    if alert.reason in RELEASABLE and not alert.card_id and not is_take_down(gist):
        release = f"`capgateway quarantine release {alert.id} --reason TEXT`"
        return f"This alert is not displayed. {shows}.{doubts} If it is right, run {release}; if it must not be displayed, {dismiss}."
    if alert.reason == "paused":
        return f"This alert is displayed after `capgateway resume`, if it is still in force then. {shows}."
    if alert.reason == "withdrawn":
        return (
            f"A person withdrew the card of this alert. {shows}. To display the case again, run `capgateway cards restore CARD`"
            f" for the withdrawn card; if it has to stay down, {dismiss}."
        )
    if alert.reason in NEVER_SHOWN or is_take_down(gist):
        return f"This alert cannot be displayed. {shows}. When you have dealt with it, run {dismiss}."
    return (
        f"This alert is not displayed. {shows}. If it has to be displayed as it is, run `capgateway alerts publish {alert.id}"
        f" --reason TEXT`; when you have dealt with it, run {dismiss}."
    )


def _cards(connection: Connection, rows: Sequence[RowMapping]) -> list[StoredCard]:
    """The cards with their texts and marks, each of which takes one query for all of them."""
    card_ids = [row["id"] for row in rows]
    bodies, marks = _latest_bodies(connection, card_ids), _attention(connection, card_ids)
    return [_card(row, bodies.get(row["id"]), marks.get(row["id"], [])) for row in rows]


def _card(row: RowMapping, body: str | None, marks: list[Attention]) -> StoredCard:
    fields = {name: row[name] for name in _OF_A_CARD}
    card = None if body is None else msgspec.structs.replace(msgspec.json.decode(body, type=Card), state=row["state"])
    return StoredCard(card_id=row["id"], card=card, attention=marks, **fields)


def _attention(connection: Connection, card_ids: list[str]) -> dict[str, list[Attention]]:
    """What live cards are marked for, the oldest first."""
    found: dict[str, list[Attention]] = {}
    for mark in connection.execute(_MARKED.where(attention.c.card_id.in_(card_ids))):
        found.setdefault(mark.card_id, []).append(Attention(since=mark.since, alert_id=mark.alert_id))
    return found


def _latest_bodies(connection: Connection, card_ids: list[str]) -> dict[str, str | None]:
    """The text of each card's latest display; a take-down's revision has none of its own."""
    others = card_revisions.alias()
    latest = select(func.max(others.c.revision)).where(others.c.card_id == card_revisions.c.card_id).scalar_subquery()
    query = select(card_revisions.c.card_id, card_revisions.c.body)
    query = query.where(card_revisions.c.card_id.in_(card_ids), card_revisions.c.revision == latest)
    return {card_id: body for card_id, body in connection.execute(query)}


def _delivery(row: RowMapping, tries: list[StoredAttempt]) -> StoredDelivery:
    fields = {name: row[name] for name in StoredDelivery.__struct_fields__ if name not in ("attempts", "next_at")}
    fields["message_id"] = webhooks.sent_as(row["message_id"], row["reissue"])
    return StoredDelivery(attempts=tries, next_at=row["next_at"] if row["state"] == "pending" else None, **fields)


def _attempts(connection: Connection, delivery_ids: list[str]) -> dict[str, list[StoredAttempt]]:
    query = select(attempts).where(attempts.c.delivery_id.in_(delivery_ids)).order_by(attempts.c.number)
    found: dict[str, list[StoredAttempt]] = {}
    for row in connection.execute(query).mappings():
        fields = {name: row[name] for name in StoredAttempt.__struct_fields__ if name not in _DURATIONS}
        times = {name: row[column] for name, column in _DURATIONS.items()}
        tried = StoredAttempt(**fields, **{name: time and time / 1000 for name, time in times.items()})
        found.setdefault(row["delivery_id"], []).append(tried)
    return found
