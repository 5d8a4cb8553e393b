"""Gaps: periods in which a feed may have announced what can no longer be fetched, and the cards that nobody has confirmed since.

::

    begin ─▶ its cards are unverified ─▶ operators are told, and reminded ─▶ end
                    └─ seen again, followed by a later alert, or confirmed by a person ─▶ verified

Absence ends no card: the mark only says that a take-down may have been missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, exists, func, or_, select, update

from capgateway.cards import Gist
from capgateway.store import feeds, operators
from capgateway.store.tables import addresses, alerts, cards, feed_status, gaps, sightings
from capgateway.webhooks.operator import OperatorData

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sqlalchemy import Connection, Row

    from capgateway.store.write import Write

REMIND_AFTER = (timedelta(minutes=5), timedelta(minutes=15))
"""When operators are told again of cards that are still unverified."""
KEPT = timedelta(days=30)
"""How long gaps are listed after they were noticed: long after the last card that one may have left behind has ended."""
_US_CODES = frozenset({"same", "nws"})
"""Schemes of the event codes that the National Weather Service can be asked for."""

_IS_UNVERIFIED = (cards.c.state == "active") & cards.c.unverified_since.is_not(None)
_SHOWN = cards.join(alerts, alerts.c.id == cards.c.alert_id)
_UNVERIFIED = (
    select(
        cards.c.id.label("card_id"),
        cards.c.chain_id,
        alerts.c.id.label("alert_id"),
        alerts.c.feed,
        alerts.c.sha256,
        alerts.c.gist,
        alerts.c.sent_at,
    )
    .select_from(_SHOWN)
    .where(_IS_UNVERIFIED)
)
_MARK = update(cards).where(cards.c.id == bindparam("card"), cards.c.unverified_since.is_(None))
_VERIFY = (
    update(cards)
    .where(cards.c.id == bindparam("card"), cards.c.state == "active")
    .values(unverified_since=None, verified_at=bindparam("now"))
)
_NEW = select(alerts.c.chain_id, alerts.c.sent_at).where(
    alerts.c.id.in_(bindparam("alerts", expanding=True)), alerts.c.msg_type != "Cancel"
)


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """``since`` is the last complete answer before it, ``ended_at`` the first after it; ``None`` while the source is away."""

    feed: str
    since: datetime
    noticed_at: datetime
    ended_at: datetime | None = None


class Begun(NamedTuple):
    """What came of a gap that somebody noticed: the gap, whether it was new, and the cards that it left unverified. Without a
    gap, ``complete_at`` is a later answer that another gateway had."""

    gap: Gap | None
    is_new: bool = False
    card_ids: tuple[str, ...] = ()
    complete_at: datetime | None = None


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """By what a feed's listing would show an alert whose card is unverified: the hash of its bytes, or the address of its
    document; each with the alert's id."""

    hashes: dict[str, str] = {}
    documents: dict[str, str] = {}


def begin(
    write: Write, feed: str, since: datetime, *, before: datetime | None = None, answered_at: datetime | None = None
) -> Begun:
    """Note that a feed has a gap, once however many gateways notice it; mark its cards and tell operators. Cards whose alert
    came ``before`` then are meant, or all of them. What an answer shows, which was ``answered_at`` then, begins with the last
    complete answer before it, whichever gateway had that."""
    complete_at = write.execute(select(feed_status.c.complete_at).where(feed_status.c.name == feed)).scalar()
    if complete_at is not None and complete_at > since:
        if answered_at is None or complete_at >= answered_at or _was_noticed(write, feed, since):
            return Begun(None, complete_at=complete_at)
        since = complete_at
    if (known := _open(write, feed, since)) is not None:
        return Begun(known)
    gap = Gap(feed=feed, since=since, noticed_at=write.now)
    write.add(gaps, {**msgspec.structs.asdict(gap), "reminders": 0})
    card_ids = _cards_of(write, feed, before)
    for card_id in card_ids:
        write.execute(_MARK.values(unverified_since=since), {"card": card_id})
    operators.tell(write, "feed_gap", _of_feed(gap, is_critical=bool(card_ids)))
    _tell(write, feed, since, card_ids)
    return Begun(gap, is_new=True, card_ids=tuple(card_ids))


_MISSED = (
    select(gaps.c.feed, gaps.c.since)
    .join(alerts, alerts.c.feed == gaps.c.feed)
    .where(alerts.c.id == bindparam("alert"), gaps.c.noticed_at > alerts.c.received_at)
    .order_by(gaps.c.since)
    .limit(1)
)


def displayed(write: Write, card_id: str, alert_id: str) -> int:
    """A new card is on display. If its alert came before a gap of its feed was noticed, and waited since, it is unverified from
    the beginning; how many messages that took."""
    if (row := write.execute(_MISSED, {"alert": alert_id}).first()) is None:
        return 0
    write.execute(_MARK.values(unverified_since=row.since), {"card": card_id})
    return _tell(write, row.feed, row.since, [card_id])


def end(write: Write, feed: str, complete_at: datetime) -> datetime | None:
    """The feed has given a complete answer again, to a question of then: its gap is over, and when is returned if there was any.
    What the answer itself brought came after it. The answer is remembered with it, so that no other gateway begins the gap anew."""
    feeds.save_complete(write, {feed: complete_at})
    is_open = (gaps.c.feed == feed) & gaps.c.ended_at.is_(None)
    since = write.execute(select(func.max(gaps.c.since)).where(is_open)).scalar()
    if since is None:
        return None
    ended_at: datetime = complete_at if since < complete_at < write.now else write.now  # the clock may have gone back
    write.execute(update(gaps).where(is_open).values(ended_at=ended_at))
    return ended_at


def latest(connection: Connection) -> dict[str, Gap]:
    """The last gap of each feed that had any."""
    newest = select(gaps.c.feed, func.max(gaps.c.noticed_at).label("noticed_at")).group_by(gaps.c.feed).subquery()
    mine = (gaps.c.feed == newest.c.feed) & (gaps.c.noticed_at == newest.c.noticed_at)
    rows = connection.execute(select(gaps).join(newest, mine).order_by(gaps.c.since))
    return {row.feed: _gap(row) for row in rows}


def next_reminder(connection: Connection) -> datetime | None:
    """When operators are to be reminded next."""
    rows = connection.execute(select(gaps.c.noticed_at, gaps.c.reminders).where(gaps.c.reminders < len(REMIND_AFTER)))
    return min((noticed_at + REMIND_AFTER[reminders] for noticed_at, reminders in rows), default=None)


def remind(write: Write) -> int:
    """Tell operators again of cards that are still unverified, where the time has come; how many messages that took. Only the
    last gap of a feed reminds: its messages were about the cards of earlier ones too."""
    rows = write.execute(select(gaps).where(gaps.c.reminders < len(REMIND_AFTER))).all()
    last, told = latest(write.connection), 0
    for row in rows:
        if row.noticed_at + REMIND_AFTER[row.reminders] > write.now:
            continue
        is_last = last[row.feed].since == row.since
        passed = sum(row.noticed_at + after <= write.now for after in REMIND_AFTER)
        _set(write, row, reminders=passed)
        told += _tell(write, row.feed, row.since, _unverified_of(write, row.feed)) if is_last else 0
    return told


def verify(write: Write, card_id: str) -> bool:
    """A person confirms that an active card is still true; whether there is such a card."""
    return bool(write.execute(_VERIFY, {"card": card_id, "now": write.now}).rowcount)


def seen(write: Write, alert_ids: Collection[str]) -> list[str]:
    """These alerts were seen again: unverified cards that show one of them are verified. Which ones."""
    if not alert_ids:
        return []
    found = [row.card_id for row in write.execute(_UNVERIFIED) if row.alert_id in alert_ids]
    return _verified(write, found)


def arrived(
    write: Write, seen_again: Collection[str], unchanged: Collection[str], counts: Callable[[str], bool]
) -> list[str]:
    """Alerts came in: some that were known, and new ones that changed nothing. An unverified card is verified by its own alert,
    where that copy of it ``counts``, or by a later one of its chain; which ones are."""
    if not seen_again and not unchanged:
        return []
    rows = write.execute(_UNVERIFIED).all()
    if not rows:
        return []
    later = write.execute(_NEW, {"alerts": list(unchanged)}).all() if unchanged else []
    return _verified(
        write,
        [
            row.card_id
            for row in rows
            if (row.alert_id in seen_again and counts(row.alert_id))
            or any(row.chain_id == one.chain_id and _is_later(one, row) for one in later)
        ],
    )


def unverified(connection: Connection) -> tuple[dict[str, Sought], tuple[str, ...]]:
    """By feed, how its listing would show the alerts of unverified cards that it brought; and the event codes of all of them
    that the National Weather Service knows."""
    rows = connection.execute(_UNVERIFIED).all()
    if not rows:
        return {}, ()
    wanted = [row.alert_id for row in rows]
    copies = connection.execute(select(sightings).where(sightings.c.alert_id.in_(wanted))).all()
    documents = connection.execute(
        select(addresses.c.feed, addresses.c.address, addresses.c.alert_id).where(
            addresses.c.alert_id.in_(wanted), addresses.c.link.is_not(None)
        )
    ).all()
    sought: dict[str, Sought] = {}
    for row in (*rows, *copies):
        sought.setdefault(row.feed, Sought(hashes={}, documents={})).hashes[row.sha256] = row.alert_id
    for row in documents:
        sought.setdefault(row.feed, Sought(hashes={}, documents={})).documents[row.address] = row.alert_id
    return sought, _codes(row.gist for row in rows)


def clock_stepped(write: Write, by: timedelta) -> None:
    """The clock went back: reminders come after as long as before."""
    if by >= timedelta(0):
        return
    for row in write.execute(select(gaps).where(gaps.c.noticed_at > write.now)).all():
        _set(write, row, noticed_at=row.noticed_at + by)


def not_ahead(write: Write) -> int:
    """The clock may have gone back while no gateway ran: what seems to be noticed in the future was noticed just now. How many
    gaps were."""
    ahead = write.execute(select(gaps).where(gaps.c.noticed_at > write.now)).all()
    for row in ahead:
        _set(write, row, noticed_at=write.now)
    return len(ahead)


def prune(write: Write) -> int:
    """Delete gaps that ended long ago, but for those in which a card was live: reports have them for good. How many."""
    is_reported = exists().where(
        cards.c.published_at < gaps.c.ended_at, or_(cards.c.ended_at.is_(None), cards.c.ended_at > gaps.c.since)
    )
    old = delete(gaps).where(gaps.c.noticed_at < write.now - KEPT, gaps.c.ended_at.is_not(None), ~is_reported)
    return write.execute(old).rowcount


def _open(write: Write, feed: str, since: datetime) -> Gap | None:
    """The gap that is open already, or was noted with just this beginning."""
    query = select(gaps).where(gaps.c.feed == feed, gaps.c.ended_at.is_(None) | (gaps.c.since == since))
    row = write.execute(query.order_by(gaps.c.ended_at.is_not(None))).first()
    return _gap(row) if row else None


def _set(write: Write, row: Row[Any], **values: Any) -> None:
    mine = (gaps.c.feed == row.feed) & (gaps.c.since == row.since)
    write.execute(update(gaps).where(mine).values(**values))


def _was_noticed(write: Write, feed: str, since: datetime) -> bool:
    """Whether another gateway has noticed, since then, that alerts may have been missed."""
    found = select(gaps.c.feed).where(gaps.c.feed == feed, gaps.c.noticed_at > since).limit(1)
    return write.execute(found).first() is not None


def _gap(row: Row[Any]) -> Gap:
    return Gap(feed=row.feed, since=row.since, noticed_at=row.noticed_at, ended_at=row.ended_at)


def _cards_of(write: Write, feed: str, before: datetime | None) -> list[str]:
    """The cards on display whose alert came through a feed."""
    query = select(cards.c.id).select_from(_SHOWN).where(cards.c.state == "active", alerts.c.feed == feed)
    if before is not None:
        query = query.where(alerts.c.received_at < before)
    return list(write.execute(query.order_by(cards.c.id)).scalars())


def _unverified_of(write: Write, feed: str) -> list[str]:
    return sorted(row.card_id for row in write.execute(_UNVERIFIED) if row.feed == feed)


def _verified(write: Write, card_ids: Collection[str]) -> list[str]:
    for card_id in card_ids:
        write.execute(_VERIFY, {"card": card_id, "now": write.now})
    return list(card_ids)


def _is_later(one: Row[Any], shown: Row[Any]) -> bool:
    return one.sent_at is not None and shown.sent_at is not None and bool(one.sent_at > shown.sent_at)


def _codes(gists: Iterable[str | None]) -> tuple[str, ...]:
    found = {
        code.value.upper()
        for gist in gists
        if gist
        for code in msgspec.json.decode(gist, type=Gist).codes
        if code.scheme in _US_CODES and code.value.isalnum()
    }
    return tuple(sorted(found))


def _tell(write: Write, feed: str, since: datetime, card_ids: Iterable[str]) -> int:
    """One message per card."""
    return sum(operators.tell(write, "cards_unverified", _of_card(card_id, feed, since)) for card_id in card_ids)


def _of_feed(gap: Gap, *, is_critical: bool) -> OperatorData:
    return OperatorData(
        severity="critical" if is_critical else "warning",
        feed=gap.feed,
        since=gap.since,
        advice="The feed may have announced alerts and take-downs that can no longer be fetched: look for them at another"
        f" source, such as the pages of its issuers. `capgateway feeds show {gap.feed}` says whether the feed is back.",
    )


def _of_card(card_id: str, feed: str, since: datetime) -> OperatorData:
    return OperatorData(
        severity="critical",
        card_id=card_id,
        feed=feed,
        since=since,
        advice="A take-down of this card may have been missed: ask its issuer. If the alert is still in force, run "
        f"`capgateway cards verify {card_id} --reason TEXT`; if the case is over, submit the issuer's Cancel with `capgateway"
        f" feeds submit {feed} FILE`.",
    )
