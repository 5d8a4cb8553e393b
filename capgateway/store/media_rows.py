"""Which pictures a card shows or waits for, and at which address each is served.

::

    a display ─▶ look: which are ready ─▶ the card ─▶ keep: rows ─▶ the walk of pictures ─▶ the next revision
    an end ────▶ forget: nothing is left but that there was something at these addresses

A picture is deleted as soon as no live card shows it or waits for it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import and_, bindparam, delete, exists, func, select, update

from capgateway import cards as card_stage
from capgateway.cap import Finding
from capgateway.cards import Display, Media, Picture, Ready
from capgateway.cards.pictures import host_of
from capgateway.store.dialect import upserts
from capgateway.store.many import Many
from capgateway.store.tables import card_media, card_revisions, cards, pictures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from capgateway.cards import Card, Change, Draft, Policy
    from capgateway.cards.policy import Fact
    from capgateway.store.write import Write

TOKEN_BYTES = 24
"""192 bits: nobody guesses an address."""

IS_WANTED = and_(card_media.c.gone_at.is_(None), card_media.c.removed_at.is_(None))
_STORED = [pictures.c[name] for name in ("state", "mime_type", "width", "height", "sha256")]
_OF_CARD = select(card_media).where(card_media.c.card_id == bindparam("card"))
_READY = select(pictures.c.id, *_STORED).where(
    pictures.c.id.in_(bindparam("ids", expanding=True)), pictures.c.state == "ready"
)
_BODIES = select(card_revisions.c.body).where(
    card_revisions.c.card_id == bindparam("card"), card_revisions.c.body.is_not(None)
)
_REMOVED = (
    select(card_media.c.picture_id)
    .join(cards, cards.c.id == card_media.c.card_id)
    .where(cards.c.chain_id.in_(bindparam("chains", expanding=True)), card_media.c.removed_at.is_not(None))
)
_BEGIN = Many(upserts(pictures, lambda row: row.on_conflict_do_nothing()))
_ONCE_MORE = (
    update(pictures)
    .where(
        pictures.c.id.in_(bindparam("ids", expanding=True)),
        pictures.c.state == "failed",
        pictures.c.finding == "fetch",
    )
    .values(state="pending", due_at=bindparam("now"))
)
"""Another card announces what could not be fetched, perhaps in the name of another feed, which may have it."""
_MOVE = Many(
    update(card_media)
    .where(card_media.c.token == bindparam("of"))
    .values(alert_id=bindparam("alert"), info=bindparam("at_info"), resource=bindparam("at_resource"))
)
_DROP = delete(card_media).where(card_media.c.token.in_(bindparam("tokens", expanding=True)))
_DELETE_UNWANTED = delete(pictures).where(
    pictures.c.id.in_(bindparam("ids", expanding=True)),
    ~exists().where(card_media.c.picture_id == pictures.c.id, IS_WANTED),
)
_FINDING = select(pictures.c.finding).where(pictures.c.id == card_media.c.picture_id).scalar_subquery()
_GO = (
    update(card_media)
    .where(card_media.c.card_id == bindparam("card"), card_media.c.gone_at.is_(None))
    .values(gone_at=bindparam("now"), finding=_FINDING)
)
_REMOVE = (
    update(card_media)
    .where(card_media.c.card_id == bindparam("card"), card_media.c.number == bindparam("at"), IS_WANTED)
    .values(removed_at=bindparam("now"))
)
_SERVED = (
    select(card_media.c.gone_at, card_media.c.removed_at, pictures.c.state, pictures.c.mime_type, pictures.c.content)
    .outerjoin(pictures, pictures.c.id == card_media.c.picture_id)
    .where(card_media.c.token == bindparam("token"))
)
_FOUND = (
    select(
        card_media,
        func.coalesce(pictures.c.finding, card_media.c.finding).label("found"),
        pictures.c.state,
        pictures.c.trouble,
    )
    .outerjoin(pictures, pictures.c.id == card_media.c.picture_id)
    .where(card_media.c.card_id == bindparam("card"), card_media.c.removed_at.is_(None))
    .order_by(card_media.c.number)
)

FINDINGS = {
    "fetch": "The picture could not be fetched",
    "digest": "The digest of the picture is not that of its file",
    "type": "The picture is not a JPEG, PNG or WEBP file",
    "size": "The picture is too large or too small",
    "unsafe": "The picture cannot be shown safely",
}
"""What each finding says, whatever led to it."""


class _Listed(msgspec.Struct, frozen=True):
    id: str


class _Shown(msgspec.Struct, frozen=True):
    """The pictures in the body of a card."""

    media: tuple[_Listed, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of a card: the address at which it is served, or will be; ``ready`` is set when it can be shown,
    and ``is_removed`` where a person does not want the card to show it."""

    picture: Picture
    token: str
    number: int
    is_new: bool
    ready: Ready | None = None
    is_removed: bool = False


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What an address answers with."""

    mime_type: str
    content: bytes


def look(
    write: Write,
    card_id: str,
    feed: str,
    draft: Draft,
    policy: Policy,
    facts: Sequence[Fact],
    chain_ids: Collection[str],
) -> tuple[Entry, ...]:
    """The pictures that a card of this alert may show, in its order, without those that a person removed from a card of its
    chain. Nothing is written: whether the card is displayed is not decided yet."""
    wanted = [one for one in draft.pictures if card_stage.may_show(one.role, facts)]
    if not wanted:
        return ()
    rows = write.execute(_OF_CARD, {"card": card_id}).mappings().all()
    known = {row["picture_id"]: row for row in rows}
    removed = set(write.execute(_REMOVED, {"chains": sorted(chain_ids)}).scalars()) if chain_ids else set()
    ids = [one.id for one in wanted]
    ready = {row["id"]: row for row in write.execute(_READY, {"ids": ids}).mappings()}
    number, entries = max((row["number"] for row in rows), default=0), []
    if any(one.id not in known for one in wanted):
        number = max(number, _last_shown(write, card_id))
    for one in wanted:
        if one.id in removed:
            continue
        row = known.get(one.id)
        number += row is None
        token = row["token"] if row else secrets.token_urlsafe(TOKEN_BYTES)
        entry = Entry(picture=one, token=token, number=row["number"] if row else number, is_new=row is None)
        if one.id in ready and _may_come(one, feed, policy):
            entry = msgspec.structs.replace(entry, ready=_ready(write, entry, ready[one.id]))
        entries.append(entry)
    return tuple(entries)


def _last_shown(write: Write, card_id: str) -> int:
    """The highest number of a picture in any revision of a card: receivers may keep what was there by its id."""
    bodies = write.execute(_BODIES, {"card": card_id}).scalars()
    shown = (one for body in bodies for one in msgspec.json.decode(body, type=_Shown).media)
    return max((int(one.id.removeprefix("m")) for one in shown), default=0)


def without_removed(entries: Sequence[Entry], card: Card) -> tuple[Entry, ...]:
    """The pictures of a card, those marked that are ready and that corrections keep from it."""
    listed = {one.id for one in card.media}
    return tuple(
        msgspec.structs.replace(entry, is_removed=True) if entry.ready and entry.ready.id not in listed else entry
        for entry in entries
    )


def keep(write: Write, changes: Iterable[Change], shown: Mapping[str, Sequence[Entry]]) -> None:
    """Write down the pictures of the cards that are displayed or kept as copies. What a card no longer has is deleted."""
    for change in changes:
        if isinstance(change, Display) and (shown.get(change.card_id) or change.revision > 1):
            _keep(write, change.card_id, change.alert_id, shown.get(change.card_id, ()))


def forget(write: Write, card_id: str) -> None:
    """A card has ended: its pictures are deleted, and their addresses answer that they are gone."""
    _let_go(write, card_id, _GO)


def remove(write: Write, card_id: str, media_id: str) -> bool:
    """A person took a picture from a card: it is deleted, and no card of this chain shows it again; whether there was one."""
    number = int(media_id.removeprefix("m")) if media_id.removeprefix("m").isdecimal() else 0
    return _let_go(write, card_id, _REMOVE, at=number)


def succeed(write: Write, card: Card, successor: str) -> tuple[Media, ...]:
    """Give the pictures of a card to the one that takes its place, at new addresses; how that one lists them."""
    rows = write.execute(_OF_CARD, {"card": card.card_id}).mappings().all()
    fresh = {row["number"]: secrets.token_urlsafe(TOKEN_BYTES) for row in rows}
    for row in rows:
        write.add(card_media, {**row, "card_id": successor, "token": fresh[row["number"]]})
    moved = ((one, fresh.get(int(one.id.removeprefix("m")))) for one in card.media)
    return tuple(msgspec.structs.replace(one, url=_url(write, token)) for one, token in moved if token)


def serve(connection: Connection, token: str) -> Served | Literal["gone"] | None:
    """What is at an address: a picture, what was one until its card ended, or nothing that anybody may have."""
    row = connection.execute(_SERVED, {"token": token}).mappings().first()
    if row is None or row["removed_at"] is not None:
        return None
    if row["gone_at"] is not None:
        return "gone"
    return Served(mime_type=row["mime_type"], content=row["content"]) if row["state"] == "ready" else None


def findings(connection: Connection, card_id: str) -> list[tuple[str, Finding]]:
    """What is to be said of the pictures of a card, each with its alert's id."""
    rows = connection.execute(_FOUND, {"card": card_id}).mappings()
    return [(row["alert_id"], _finding(row)) for row in rows if row["found"]]


def _finding(row: RowMapping) -> Finding:
    more = f": {row['trouble']}" if row["trouble"] else ""
    again = " It is tried again while the card is live." if row["state"] == "pending" else ""
    used = " It is shown all the same, because the alert itself contains it." if row["state"] == "ready" else ""
    return Finding(
        rule=f"media.{row['found']}",
        level="warning",
        layer="standard",
        xpath=f"/alert/info[{row['info'] + 1}]/resource[{row['resource'] + 1}]",
        message=f"{FINDINGS[row['found']]}{more}.{used}{again}",
        reference="CAP 1.2 §3.2.3",
    )


def _keep(write: Write, card_id: str, alert_id: str, entries: Sequence[Entry]) -> None:
    tokens = {entry.token for entry in entries}
    rows = write.execute(_OF_CARD, {"card": card_id}).mappings().all()
    left = [row for row in rows if row["token"] not in tokens and row["removed_at"] is None and row["gone_at"] is None]
    if left:
        write.execute(_DROP, {"tokens": [row["token"] for row in left]})
        _delete_unwanted(write, (row["picture_id"] for row in left))
    write.execute_many(_BEGIN, [_new_picture(write, entry.picture) for entry in entries])
    write.execute(_ONCE_MORE, {"ids": [one.picture.id for one in entries if one.is_new], "now": write.now})
    for entry in entries:
        if entry.is_new:
            write.add(card_media, _new_row(card_id, alert_id, entry))
    moved = [
        {"of": one.token, "alert": alert_id, "at_info": one.picture.info, "at_resource": one.picture.resource}
        for one in entries
        if not one.is_new
    ]
    write.execute_many(_MOVE, moved)
    for entry in entries:
        if entry.is_removed:
            remove(write, card_id, f"m{entry.number}")


def _new_picture(write: Write, picture: Picture) -> dict[str, Any]:
    empty = dict.fromkeys(["finding", "trouble", "mime_type", "width", "height", "sha256", "source_sha256", "content"])
    begun = {"state": "pending", "attempts": 0, "failures": 0, "due_at": write.now}
    return {"id": picture.id, "uri": picture.uri, "digest": picture.digest} | begun | empty


def _new_row(card_id: str, alert_id: str, entry: Entry) -> dict[str, Any]:
    where = {"alert_id": alert_id, "info": entry.picture.info, "resource": entry.picture.resource}
    what = {"token": entry.token, "card_id": card_id, "picture_id": entry.picture.id, "number": entry.number}
    return what | where | dict.fromkeys(["finding", "removed_at", "gone_at"])


def _let_go(write: Write, card_id: str, how: Any, **which: int) -> bool:
    ids = [row["picture_id"] for row in write.execute(_OF_CARD, {"card": card_id}).mappings()]
    if not ids:
        return False
    changed = write.execute(how, {"card": card_id, "now": write.now} | which).rowcount
    _delete_unwanted(write, ids)
    return bool(changed)


def _delete_unwanted(write: Write, ids: Iterable[str]) -> None:
    if write.execute(_DELETE_UNWANTED, {"ids": sorted(set(ids))}).rowcount:
        write.leaves_traces()


def _may_come(picture: Picture, feed: str, policy: Policy) -> bool:
    """Whether this feed's pictures may come from there: another feed's may have."""
    hosts = policy.rules_of(feed).media_hosts
    return picture.uri is None or hosts is None or card_stage.is_listed(host_of(picture.uri), hosts)


def _ready(write: Write, entry: Entry, row: RowMapping) -> Ready:
    return Ready(
        id=f"m{entry.number}",
        picture=entry.picture,
        url=_url(write, entry.token),
        **{name: row[name] for name in ("sha256", "mime_type", "width", "height")},
    )


def _url(write: Write, token: str) -> str:
    return f"{write.outlets.public_url}/media/{token}"
